//! Git's packet lines: four hexadecimal digits of length, then the bytes; 0000 is a flush.

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::error::TransportError;

/// Longest packet of the protocol, in bytes, length digits included.
pub(crate) const MAX_PACKET_BYTES: usize = 65_520;
const LENGTH_DIGITS: usize = 4;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// End of a section.
    Flush,
    /// A line or chunk.
    Data(Vec<u8>),
}

/// Reads the next packet; `None` at the end of the stream.
pub(crate) async fn read_packet(
    input: &mut (impl AsyncRead + Unpin + ?Sized),
) -> Result<Option<Packet>, TransportError> {
    let mut digits = [0u8; LENGTH_DIGITS];
    match input.read(&mut digits[..1]).await {
        Ok(0) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(broken(&error.to_string())),
    }
    let read = |error: std::io::Error| broken(&error.to_string());
    input.read_exact(&mut digits[1..]).await.map_err(read)?;
    let text = std::str::from_utf8(&digits).map_err(|_| broken("no packet length"))?;
    let length = usize::from_str_radix(text, 16).map_err(|_| broken("no packet length"))?;
    match length {
        0 => Ok(Some(Packet::Flush)),
        LENGTH_DIGITS..=MAX_PACKET_BYTES => {
            let mut data = vec![0; length - LENGTH_DIGITS];
            input.read_exact(&mut data).await.map_err(read)?;
            Ok(Some(Packet::Data(data)))
        }
        _ => Err(broken("a packet has an impossible length")),
    }
}

/// Appends a packet with a text.
pub(crate) fn write_packet(output: &mut Vec<u8>, text: &str) {
    output.extend_from_slice(format!("{:04x}", text.len() + LENGTH_DIGITS).as_bytes());
    output.extend_from_slice(text.as_bytes());
}

/// Appends a flush.
pub(crate) fn write_flush(output: &mut Vec<u8>) {
    output.extend_from_slice(b"0000");
}

fn broken(reason: &str) -> TransportError {
    TransportError::Protocol(reason.to_owned())
}
