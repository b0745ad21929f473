//! The upload-pack conversation, version 0: what the server lists, what we ask, what comes back.

use std::collections::BTreeMap;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::error::TransportError;
use crate::packet::{Packet, read_packet, write_flush, write_packet};
use crate::store::MAX_OBJECT_BYTES;

/// A SHA-1 object id.
pub(crate) type ObjectId = gix_hash::ObjectId;

/// Most refs that are read from one server.
pub const MAX_REFS: usize = 1_000_000;
/// Longest ref name, in bytes.
const MAX_REF_NAME_BYTES: usize = 1024;
/// Largest pack that is taken, in bytes.
pub const MAX_PACK_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Longest text of the server that is shown, in characters.
const MAX_SHOWN_CHARACTERS: usize = 300;
/// Program name that is told to servers.
pub(crate) const AGENT: &str = concat!("skein/", env!("CARGO_PKG_VERSION"));

/// What a server lists: refs with their objects, and its capabilities.
#[derive(Clone, Debug, Default)]
pub(crate) struct Advertisement {
    refs: BTreeMap<String, ObjectId>,
    peeled: BTreeMap<String, ObjectId>,
    capabilities: Vec<String>,
}

impl Advertisement {
    /// Reads the list, up to its flush.
    pub(crate) async fn read(
        input: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Result<Self, TransportError> {
        let mut list = Self::default();
        let mut first = true;
        while let Some(Packet::Data(data)) = read_packet(input).await? {
            let line = String::from_utf8_lossy(&data);
            let line = line.trim_end_matches('\n');
            if let Some(message) = line.strip_prefix("ERR ") {
                return Err(TransportError::Refused(shown(message)));
            }
            list.add_line(line, first)?;
            first = false;
            if list.refs.len() > MAX_REFS {
                let limit = format!("{MAX_REFS} refs");
                return Err(TransportError::Limit {
                    what: "the list of refs",
                    limit,
                });
            }
        }
        Ok(list)
    }

    fn add_line(&mut self, line: &str, first: bool) -> Result<(), TransportError> {
        let (line, capabilities) = line.split_once('\0').unwrap_or((line, ""));
        if first {
            self.capabilities = capabilities.split(' ').map(str::to_owned).collect();
        }
        let broken = || TransportError::Protocol(format!("unexpected line {:?}", shown(line)));
        let (id, name) = line.split_once(' ').ok_or_else(broken)?;
        if id == "version" || id == "shallow" {
            return Ok(());
        }
        let id = ObjectId::from_hex(id.as_bytes()).map_err(|_| broken())?;
        if name.len() > MAX_REF_NAME_BYTES {
            return Err(broken());
        }
        match name.strip_suffix("^{}") {
            // An empty repository lists its capabilities under this name.
            Some("capabilities") => {}
            Some(tag) => {
                self.peeled.insert(tag.to_owned(), id);
            }
            None => {
                self.refs.insert(name.to_owned(), id);
            }
        }
        Ok(())
    }

    /// Whether nothing is listed.
    pub(crate) fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Names of the refs.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.refs.keys().map(String::as_str)
    }

    /// The object of a ref: a tag object for annotated tags.
    pub(crate) fn object(&self, name: &str) -> Option<ObjectId> {
        self.refs.get(name).copied()
    }

    /// The commit of a ref, tags followed.
    pub(crate) fn commit(&self, name: &str) -> Option<ObjectId> {
        let name = name.strip_suffix("^{}").unwrap_or(name);
        self.peeled
            .get(name)
            .or_else(|| self.refs.get(name))
            .copied()
    }

    /// Whether the object is listed itself, so that it can be asked for.
    pub(crate) fn lists(&self, id: &ObjectId) -> bool {
        self.refs
            .values()
            .chain(self.peeled.values())
            .any(|listed| listed == id)
    }

    /// Whether any object can be asked for.
    pub(crate) fn allows_any_commit(&self) -> bool {
        self.has("allow-reachable-sha1-in-want") || self.has("allow-any-sha1-in-want")
    }

    pub(crate) fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|c| c == capability)
    }
}

/// What is asked from the server.
#[derive(Clone, Debug)]
pub(crate) struct PackRequest {
    /// Objects that are wanted.
    pub wants: Vec<ObjectId>,
    /// Number of commits of history; all when `None`.
    pub depth: Option<u32>,
    /// What of them.
    pub content: Content,
}

/// Which objects of the commits are wanted, where the server can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Content {
    /// Everything but files that are too large for us.
    #[default]
    Files,
    /// The commits alone.
    Commits,
}

impl PackRequest {
    /// The bytes of the request, by what the server can do.
    pub(crate) fn encode(&self, server: &Advertisement) -> Vec<u8> {
        let ours = [
            "multi_ack_detailed",
            "side-band-64k",
            "ofs-delta",
            "no-progress",
            "include-tag",
        ];
        let mut capabilities: Vec<String> = ours
            .iter()
            .filter(|c| server.has(c))
            .map(|c| (*c).to_owned())
            .collect();
        if self.depth.is_some() && server.has("shallow") {
            capabilities.push("shallow".into());
        }
        // What is too large for us need not travel; the file is named when it is read.
        let filters = server.has("filter");
        if filters {
            capabilities.push("filter".into());
        }
        capabilities.push(format!("agent={AGENT}"));
        let mut bytes = Vec::new();
        for (index, want) in self.wants.iter().enumerate() {
            let suffix = if index == 0 {
                format!(" {}", capabilities.join(" "))
            } else {
                String::new()
            };
            write_packet(&mut bytes, &format!("want {want}{suffix}\n"));
        }
        if let Some(depth) = self.depth {
            write_packet(&mut bytes, &format!("deepen {depth}\n"));
        }
        if filters {
            let filter = match self.content {
                Content::Files => format!("filter blob:limit={MAX_OBJECT_BYTES}\n"),
                Content::Commits => "filter tree:0\n".to_owned(),
            };
            write_packet(&mut bytes, &filter);
        }
        write_flush(&mut bytes);
        write_packet(&mut bytes, "done\n");
        bytes
    }
}

/// Copies the pack of an answer to the output. Answers the number of bytes.
pub(crate) async fn receive_pack(
    input: &mut (impl AsyncRead + Unpin + ?Sized),
    output: &mut (impl AsyncWrite + Unpin),
    request: &PackRequest,
    server: &Advertisement,
) -> Result<u64, TransportError> {
    read_acknowledgement(input, request.depth.is_some()).await?;
    let mut received = 0;
    if !server.has("side-band-64k") {
        let mut limited = tokio::io::AsyncReadExt::take(input, MAX_PACK_BYTES + 1);
        received = tokio::io::copy(&mut limited, output)
            .await
            .map_err(|e| pack(&e))?;
        check_size(received)?;
    } else {
        while let Some(Packet::Data(data)) = read_packet(input).await? {
            match data.split_first() {
                Some((1, chunk)) => {
                    received += chunk.len() as u64;
                    check_size(received)?;
                    output.write_all(chunk).await.map_err(|e| pack(&e))?;
                }
                Some((2, _)) | None => {}
                Some((_, message)) => {
                    let message = String::from_utf8_lossy(message);
                    return Err(TransportError::Refused(shown(&message)));
                }
            }
        }
    }
    output.flush().await.map_err(|e| pack(&e))?;
    Ok(received)
}

/// Skips the shallow section and the NAK before the pack.
async fn read_acknowledgement(
    input: &mut (impl AsyncRead + Unpin + ?Sized),
    shallow: bool,
) -> Result<(), TransportError> {
    let mut in_shallow = shallow;
    loop {
        match read_packet(input).await? {
            None => return Err(TransportError::Protocol("the answer ends too early".into())),
            Some(Packet::Flush) if in_shallow => in_shallow = false,
            Some(Packet::Flush) => {}
            Some(Packet::Data(data)) => {
                let line = String::from_utf8_lossy(&data);
                if let Some(message) = line.strip_prefix("ERR ") {
                    return Err(TransportError::Refused(shown(message)));
                }
                if line.starts_with("NAK") || line.starts_with("ACK") {
                    return Ok(());
                }
                if !line.starts_with("shallow ") && !line.starts_with("unshallow ") {
                    let reason = format!("unexpected line {:?}", shown(&line));
                    return Err(TransportError::Protocol(reason));
                }
            }
        }
    }
}

fn check_size(received: u64) -> Result<(), TransportError> {
    if received > MAX_PACK_BYTES {
        let limit = format!("{MAX_PACK_BYTES} bytes");
        return Err(TransportError::Limit {
            what: "the pack",
            limit,
        });
    }
    Ok(())
}

fn pack(error: &std::io::Error) -> TransportError {
    TransportError::Pack(error.to_string())
}

/// A text of the server, shortened and without control characters.
pub(crate) fn shown(text: &str) -> String {
    let clean = text
        .trim_end()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c });
    clean.take(MAX_SHOWN_CHARACTERS).collect()
}
