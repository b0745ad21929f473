//! The SSH transport: one connection, one `git-upload-pack` on the other side.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use russh::Channel;
use russh::client::{self, Config, Handle};
use russh::keys::PublicKeyOrCertificate;
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::AnswerStream;
use super::known_hosts::{self, Verdict};
use crate::access::{Access, Credentials, SshIdentity};
use crate::error::{TransportError, UNUSABLE_KEY};
use crate::remote_url::RemoteUrl;
use crate::upload_pack::{Advertisement, shown};

/// Longest silence on a connection.
const INACTIVITY_TIMEOUT: Duration = Duration::from_secs(120);

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A repository behind SSH.
pub(crate) struct SshConnection {
    stream: Option<Box<dyn Duplex>>,
    // Dropping the handle closes the connection: it must outlive the stream.
    session: Arc<Handle<HostCheck>>,
}

#[derive(Debug)]
enum SshError {
    Host(Verdict),
    Russh(russh::Error),
}

impl From<russh::Error> for SshError {
    fn from(error: russh::Error) -> Self {
        Self::Russh(error)
    }
}

impl From<SshError> for TransportError {
    fn from(error: SshError) -> Self {
        Self::Ssh(match error {
            SshError::Host(Verdict::Mismatch) => {
                "handshake failed: knownhosts: key mismatch".into()
            }
            SshError::Host(Verdict::Revoked) => {
                "handshake failed: knownhosts: key is revoked".into()
            }
            SshError::Host(_) => "handshake failed: knownhosts: key is unknown".into(),
            SshError::Russh(error) => format!("handshake failed: {}", shown(&error.to_string())),
        })
    }
}

/// Checks the server's key against the known hosts.
struct HostCheck {
    known_hosts: String,
    host: String,
    port: u16,
}

impl client::Handler for HostCheck {
    type Error = SshError;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, SshError> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Err(SshError::Host(Verdict::Unknown));
        };
        match known_hosts::check(&self.known_hosts, &self.host, self.port, key) {
            Verdict::Trusted => Ok(true),
            verdict => Err(SshError::Host(verdict)),
        }
    }
}

impl SshConnection {
    /// Connects, starts the program and reads the list of refs.
    pub(super) async fn open(
        url: &RemoteUrl,
        access: &Access,
    ) -> Result<(Self, Advertisement), TransportError> {
        let Credentials::Ssh(identity) = &access.credentials else {
            let text = "invalid 'ssh' auth option: 'identity' is required";
            return Err(TransportError::Material(text.into()));
        };
        if identity.known_hosts.len() > known_hosts::MAX_KNOWN_HOSTS_BYTES {
            let limit = format!("{} bytes", known_hosts::MAX_KNOWN_HOSTS_BYTES);
            return Err(TransportError::Limit {
                what: "known_hosts",
                limit,
            });
        }
        let key = private_key(identity)?;
        let socket = connect_socket(url, access).await?;
        let port = url.effective_port();
        let check = HostCheck {
            known_hosts: identity.known_hosts.clone(),
            host: url.host.clone(),
            port,
        };
        let mut config = config(&identity.known_hosts, &url.host, port);
        access.ssh_algorithms.apply_to(&mut config.preferred);
        let config = Arc::new(config);
        let mut session = client::connect_stream(config, socket, check)
            .await
            .map_err(TransportError::from)?;
        authenticate(&mut session, &identity.username, key).await?;
        let channel = start_program(&session, &url.path).await?;
        let mut stream: Box<dyn Duplex> = Box::new(channel.into_stream());
        let list = match Advertisement::read(&mut stream).await {
            // The program says on its error stream why it ends; git hosts mean a missing repository.
            Ok(list) if list.is_empty() && !list.has("side-band-64k") => {
                return Err(TransportError::NotFound {
                    body: String::new(),
                });
            }
            result => result?,
        };
        Ok((
            Self {
                stream: Some(stream),
                session: Arc::new(session),
            },
            list,
        ))
    }

    /// Sends the request; the answer comes on the same stream.
    pub(super) async fn send(&mut self, body: Vec<u8>) -> Result<AnswerStream, TransportError> {
        let gone = |error: std::io::Error| TransportError::Ssh(error.to_string());
        let mut stream = self
            .stream
            .take()
            .ok_or_else(|| TransportError::Ssh("the connection was already used".to_owned()))?;
        stream.write_all(&body).await.map_err(gone)?;
        stream.flush().await.map_err(gone)?;
        Ok(Box::new(Held {
            stream,
            _session: Arc::clone(&self.session),
        }))
    }
}

/// A stream that keeps its session alive.
struct Held {
    stream: Box<dyn Duplex>,
    _session: Arc<Handle<HostCheck>>,
}

impl AsyncRead for Held {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

fn private_key(identity: &SshIdentity) -> Result<PrivateKey, TransportError> {
    let passphrase = (!identity.passphrase.is_empty()).then_some(identity.passphrase.as_str());
    russh::keys::decode_secret_key(&identity.private_key, passphrase).map_err(|error| {
        let text = match (error, passphrase) {
            (russh::keys::Error::KeyIsEncrypted, None) => {
                "this private key is passphrase protected; set its passphrase as password in the Secret"
            }
            (_, Some(_)) => "cannot read the private key: wrong passphrase or damaged key",
            (_, None) if !identity.private_key.contains("-----BEGIN") => "ssh: no key found",
            (_, None) => "cannot read the private key: it is encrypted without a password in the Secret, or no key",
        };
        TransportError::Material(format!("{UNUSABLE_KEY}{text}"))
    })
}

fn config(known_hosts: &str, host: &str, port: u16) -> Config {
    let mut config = Config {
        inactivity_timeout: Some(INACTIVITY_TIMEOUT),
        ..Config::default()
    };
    let listed = known_hosts::listed_algorithms(known_hosts, host, port);
    // RSA keys are listed without the hash that is used with them.
    let usable = |algorithm: &russh::keys::Algorithm| {
        listed
            .iter()
            .any(|l| l == algorithm || (is_rsa(l) && is_rsa(algorithm)))
    };
    let preferred: Vec<_> = config
        .preferred
        .key
        .iter()
        .filter(|a| usable(a))
        .cloned()
        .collect();
    if !preferred.is_empty() {
        config.preferred.key = Cow::Owned(preferred);
    }
    config
}

fn is_rsa(algorithm: &russh::keys::Algorithm) -> bool {
    matches!(algorithm, russh::keys::Algorithm::Rsa { .. })
}

async fn connect_socket(
    url: &RemoteUrl,
    access: &Access,
) -> Result<Box<dyn Duplex>, TransportError> {
    let target = format!("{}:{}", url.host, url.effective_port());
    let Some(proxy) = &access.proxy else {
        let socket = tokio::net::TcpStream::connect(&target)
            .await
            .map_err(|error| {
                TransportError::Ssh(match error.kind() {
                    std::io::ErrorKind::ConnectionRefused => {
                        format!("dial tcp {target}: connect: connection refused")
                    }
                    _ => format!("dial tcp {target}: {error}"),
                })
            })?;
        return Ok(Box::new(socket));
    };
    let Some(address) = proxy.address.strip_prefix("socks5://") else {
        let text = "only a socks5 proxy can be used for ssh";
        return Err(TransportError::Material(text.into()));
    };
    let failed = |error: std::io::Error| TransportError::Ssh(format!("the proxy failed: {error}"));
    let socket = tokio::net::TcpStream::connect(address.trim_end_matches('/'))
        .await
        .map_err(failed)?;
    let user = (proxy.username.as_str(), proxy.password.as_str());
    let connected = socks5(socket, user, &url.host, url.effective_port())
        .await
        .map_err(failed)?;
    Ok(Box::new(connected))
}

/// RFC 1928 and 1929: connect through a proxy by host name.
async fn socks5(
    mut socket: tokio::net::TcpStream,
    (user, password): (&str, &str),
    host: &str,
    port: u16,
) -> std::io::Result<tokio::net::TcpStream> {
    use tokio::io::AsyncReadExt;
    let refused = |what: &str| std::io::Error::other(what.to_owned());
    let length = |text: &str| u8::try_from(text.len()).map_err(|_| refused("a name is too long"));
    let method = if user.is_empty() { 0 } else { 2 };
    socket.write_all(&[5, 1, method]).await?;
    let mut chosen = [0; 2];
    socket.read_exact(&mut chosen).await?;
    if chosen != [5, method] {
        return Err(refused("it does not accept the way to authenticate"));
    }
    if method == 2 {
        let mut login = vec![1, length(user)?];
        login.extend_from_slice(user.as_bytes());
        login.push(length(password)?);
        login.extend_from_slice(password.as_bytes());
        socket.write_all(&login).await?;
        socket.read_exact(&mut chosen).await?;
        if chosen[1] != 0 {
            return Err(refused("it refused the user name or password"));
        }
    }
    let host = host.trim_matches(['[', ']']);
    let mut request = vec![5, 1, 0, 3, length(host)?];
    request.extend_from_slice(host.as_bytes());
    request.extend_from_slice(&port.to_be_bytes());
    socket.write_all(&request).await?;
    let mut head = [0; 4];
    socket.read_exact(&mut head).await?;
    if head[1] != 0 {
        return Err(refused("it cannot reach the host"));
    }
    let address_bytes = match head[3] {
        1 => 4,
        4 => 16,
        _ => usize::from(socket.read_u8().await?),
    };
    let mut bound = vec![0; address_bytes + 2];
    socket.read_exact(&mut bound).await?;
    Ok(socket)
}

async fn authenticate(
    session: &mut Handle<HostCheck>,
    user: &str,
    key: PrivateKey,
) -> Result<(), TransportError> {
    let handshake = |error: russh::Error| TransportError::from(SshError::Russh(error));
    let hash = if key.algorithm().is_rsa() {
        session
            .best_supported_rsa_hash()
            .await
            .map_err(handshake)?
            .flatten()
    } else {
        None
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    let result = session
        .authenticate_publickey(user, key)
        .await
        .map_err(handshake)?;
    if result.success() {
        return Ok(());
    }
    let text = "handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain";
    Err(TransportError::Ssh(text.into()))
}

async fn start_program(
    session: &Handle<HostCheck>,
    path: &str,
) -> Result<Channel<client::Msg>, TransportError> {
    let failed = |error: russh::Error| TransportError::Ssh(shown(&error.to_string()));
    let channel = session.channel_open_session().await.map_err(failed)?;
    channel
        .exec(true, format!("git-upload-pack {}", quote(path)))
        .await
        .map_err(failed)?;
    Ok(channel)
}

/// The path as one word for the shell of the other side.
fn quote(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''").replace('!', "'\\!'"))
}
