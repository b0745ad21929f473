//! Gzip whose bytes are those of Go's compress/gzip at its default level.
//!
//! The digest of an artifact covers the compressed bytes. With Go's choices of matches and block
//! types, equal files get the digest that Flux gives them, so that a takeover changes nothing.
//! DEFLATE leaves these choices open; they are facts of Go 1.22 to 1.26 here, not a format.

mod block;
mod huffman;
mod matches;

use std::io::{self, Write};

use flate2::Crc;

use block::BitSink;
use matches::Matcher;

/// Magic, method 8, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// Where the flags are.
const FLAGS_AT: usize = 3;
const HAS_EXTRA: u8 = 4;
const HAS_COMMENT: u8 = 16;

/// Compresses what is written. The result depends on how writes are cut only where Go's does too
/// (around multiples of 32 KiB); [`GzipWriter::finish`] must be called.
pub struct GzipWriter<W: Write> {
    output: W,
    sink: BitSink,
    matcher: Matcher,
    checksum: Crc,
    /// What is written before the first bytes; empty once it is.
    header: Vec<u8>,
}

impl<W: Write> GzipWriter<W> {
    /// A writer at level 6.
    pub fn new(output: W) -> Self {
        Self {
            output,
            sink: BitSink::default(),
            matcher: Matcher::new(),
            checksum: Crc::new(),
            header: HEADER.to_vec(),
        }
    }

    /// A writer whose header has an extra field (of up to 65,535 bytes) and a comment.
    pub fn with_header(output: W, extra: &[u8], comment: &str) -> Self {
        let mut header = HEADER.to_vec();
        header[FLAGS_AT] = HAS_EXTRA | HAS_COMMENT;
        let length = u16::try_from(extra.len()).unwrap_or(u16::MAX);
        header.extend_from_slice(&length.to_le_bytes());
        header.extend_from_slice(&extra[..usize::from(length)]);
        header.extend_from_slice(comment.as_bytes());
        header.push(0);
        Self {
            header,
            ..Self::new(output)
        }
    }

    /// Writes the end of the stream and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.start()?;
        self.matcher.finish(&mut self.sink);
        self.sink.stored_header(0, true);
        self.sink.align();
        self.drain()?;
        self.output.write_all(&self.checksum.sum().to_le_bytes())?;
        self.output
            .write_all(&self.checksum.amount().to_le_bytes())?;
        Ok(self.output)
    }

    fn start(&mut self) -> io::Result<()> {
        self.output.write_all(&std::mem::take(&mut self.header))
    }

    fn drain(&mut self) -> io::Result<()> {
        self.output.write_all(&self.sink.take())
    }
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.start()?;
        self.checksum.update(buffer);
        self.matcher.add(buffer, &mut self.sink);
        self.drain()?;
        Ok(buffer.len())
    }

    /// Does nothing: a flush in the middle would change the bytes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
