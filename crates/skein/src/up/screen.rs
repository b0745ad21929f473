//! Draws the fleet: a tree that is drawn anew on a terminal, plain lines of news elsewhere.

use std::io::Write as _;
use std::time::Duration;

use crossterm::{cursor, queue, terminal};
use skein_hub::fleet::Snapshot;

use super::view::{News, tree};

/// Columns when the terminal does not tell.
const DEFAULT_COLUMNS: u16 = 100;
/// Rows when the terminal does not tell.
const DEFAULT_ROWS: u16 = 40;

/// Where the fleet is shown.
pub struct Screen {
    is_terminal: bool,
    drawn: Vec<String>,
    news: News,
}

impl Screen {
    /// A screen; without a terminal only news are printed.
    pub fn new(is_terminal: bool) -> Self {
        Self {
            is_terminal,
            drawn: Vec::new(),
            news: News::default(),
        }
    }

    /// Shows a snapshot. A terminal that is gone is no reason to stop.
    pub fn show(&mut self, snapshot: &Snapshot, elapsed: Duration) {
        if !self.is_terminal {
            for line in self.news.lines(snapshot, elapsed.as_secs_f64()) {
                println!("{line}");
            }
            return;
        }
        let (columns, rows) = terminal::size().unwrap_or((DEFAULT_COLUMNS, DEFAULT_ROWS));
        let mut lines = tree(snapshot, usize::from(columns));
        let room = usize::from(rows).saturating_sub(2).max(1);
        if lines.len() > room {
            let hidden = lines.len() - room + 1;
            lines.truncate(room - 1);
            lines.push(format!("… {hidden} more lines; see the web page"));
        }
        lines.push(format!("{:.0} s", elapsed.as_secs_f64()));
        if lines != self.drawn {
            let _ = self.draw(lines);
        }
    }

    fn draw(&mut self, lines: Vec<String>) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let up = u16::try_from(self.drawn.len()).unwrap_or(u16::MAX);
        if up > 0 {
            queue!(out, cursor::MoveToPreviousLine(up))?;
        }
        queue!(out, terminal::Clear(terminal::ClearType::FromCursorDown))?;
        for line in &lines {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        self.drawn = lines;
        Ok(())
    }
}
