//! Where a command writes: results to one stream, what it does to the other, with Flux's marks.

use std::io::{self, Write};

/// The two streams of a command.
pub struct Output {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
}

impl Output {
    /// Standard output and standard error.
    pub fn terminal() -> Self {
        Self::new(io::stdout(), io::stderr())
    }

    /// Any two streams.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
        }
    }

    /// A part of the result.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// A line to the second stream, as it is.
    pub fn note_line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.err, "{text}")
    }

    /// Something begins.
    pub fn action(&mut self, text: &str) -> io::Result<()> {
        self.note("►", text)
    }

    /// Something is made.
    pub fn generate(&mut self, text: &str) -> io::Result<()> {
        self.note("✚", text)
    }

    /// Something is waited for.
    pub fn waiting(&mut self, text: &str) -> io::Result<()> {
        self.note("◎", text)
    }

    /// Something went well.
    pub fn success(&mut self, text: &str) -> io::Result<()> {
        self.note("✔", text)
    }

    /// Something is odd.
    pub fn warning(&mut self, text: &str) -> io::Result<()> {
        self.note("⚠️", text)
    }

    /// Something failed.
    pub fn failure(&mut self, text: &str) -> io::Result<()> {
        self.note("✗", text)
    }

    fn note(&mut self, mark: &str, text: &str) -> io::Result<()> {
        writeln!(self.err, "{mark} {text}")
    }
}
