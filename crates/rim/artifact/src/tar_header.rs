//! Tar headers exactly as Go's archive/tar writes them for normalised entries.

/// Size of a tar block, in bytes.
pub(crate) const BLOCK_BYTES: usize = 512;
const NAME_BYTES: usize = 100;
const PREFIX_BYTES: usize = 155;

/// What the header says about an entry; owner, group and time are always zero.
#[derive(Clone, Copy)]
pub(crate) struct HeaderFields<'a> {
    pub name: &'a str,
    pub mode: u32,
    pub size: u64,
    pub kind: u8,
}

/// Type flag of a regular file.
pub(crate) const KIND_FILE: u8 = b'0';
/// Type flag of a directory.
pub(crate) const KIND_DIRECTORY: u8 = b'5';
const KIND_EXTENDED: u8 = b'x';

/// The header blocks of an entry: one USTAR block, or PAX records before it when the name is too
/// long to split or not ASCII.
pub(crate) fn header_blocks(fields: HeaderFields<'_>) -> Vec<u8> {
    if let Some((prefix, name)) = fit_ustar(fields.name) {
        return block(prefix, HeaderFields { name, ..fields }, true).to_vec();
    }
    let record = pax_record("path", fields.name);
    let (directory, file) = fields.name.rsplit_once('/').unwrap_or(("", fields.name));
    let pax_name = if directory.is_empty() {
        format!("PaxHeaders.0/{file}")
    } else {
        format!("{directory}/PaxHeaders.0/{file}")
    };
    let pax_name = ascii_only(&pax_name);
    let pax_name = pax_name[..pax_name.len().min(NAME_BYTES)].trim_end_matches('/');
    let size = record.len() as u64;
    let pax = HeaderFields {
        name: pax_name,
        mode: 0,
        size,
        kind: KIND_EXTENDED,
    };
    let mut blocks = block("", pax, false).to_vec();
    blocks.extend_from_slice(record.as_bytes());
    blocks.resize(blocks.len() + padding(size), 0);
    let name = ascii_only(fields.name);
    let name = &name[..name.len().min(NAME_BYTES)];
    blocks.extend_from_slice(&block("", HeaderFields { name, ..fields }, true));
    blocks
}

/// Zero bytes after content of that size, up to the next block.
pub(crate) fn padding(size: u64) -> usize {
    let over = (size % BLOCK_BYTES as u64) as usize;
    if over == 0 { 0 } else { BLOCK_BYTES - over }
}

/// Prefix and name of a name that fits a USTAR header.
fn fit_ustar(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() {
        return None;
    }
    if name.len() <= NAME_BYTES {
        return Some(("", name));
    }
    let searched = &name[..name.len().min(PREFIX_BYTES + 1)];
    let at = searched.rfind('/')?;
    let rest = name.len() - at - 1;
    let fits = at > 0 && rest > 0 && rest <= NAME_BYTES && at <= PREFIX_BYTES;
    fits.then(|| (&name[..at], &name[at + 1..]))
}

/// `length key=value\n`, where the length counts its own digits.
fn pax_record(key: &str, value: &str) -> String {
    let body = key.len() + value.len() + 3;
    let mut length = body + body.to_string().len();
    if length.to_string().len() != body.to_string().len() {
        length = body + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

fn ascii_only(text: &str) -> String {
    text.chars().filter(char::is_ascii).collect()
}

fn block(prefix: &str, fields: HeaderFields<'_>, with_device: bool) -> [u8; BLOCK_BYTES] {
    let mut block = [0u8; BLOCK_BYTES];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, fields.name.as_bytes());
    put(100, format!("{:07o}\0", fields.mode).as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", fields.size).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[fields.kind]);
    put(257, b"ustar\x0000");
    if with_device {
        put(329, b"0000000\0");
        put(337, b"0000000\0");
    }
    put(345, prefix.as_bytes());
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
