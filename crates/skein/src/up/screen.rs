//! Draws the fleet: a tree that is drawn anew on a terminal, plain lines of news elsewhere.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crossterm::style::{Color, Stylize as _};
use crossterm::{cursor, queue, terminal};
use jiff::Timestamp;
use skein_graph::CauseGroup;
use skein_hub::fleet::Snapshot;
use skein_hub::fleet::node::{Node, NodeStatus};

use super::view::{News, causes, tree};

/// Columns when the terminal does not tell.
const DEFAULT_COLUMNS: u16 = 100;
/// Rows when the terminal does not tell.
const DEFAULT_ROWS: u16 = 40;

/// Where the fleet is shown.
pub struct Screen {
    is_terminal: bool,
    has_colour: bool,
    drawn: Vec<String>,
    news: News,
    /// Why something failed, as of the revision `explained`.
    causes: Vec<String>,
    explained: Option<u64>,
}

impl Screen {
    /// A screen; without a terminal only news are printed.
    pub fn new(is_terminal: bool) -> Self {
        Self {
            is_terminal,
            // https://no-color.org
            has_colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            drawn: Vec::new(),
            news: News::default(),
            causes: Vec::new(),
            explained: None,
        }
    }

    /// Shows a snapshot, and below it why something failed. A terminal that is gone is no reason to stop.
    pub fn show(
        &mut self,
        snapshot: &Snapshot,
        elapsed: Duration,
        time: Timestamp,
        ask_causes: impl FnOnce() -> Vec<CauseGroup>,
    ) {
        if !self.is_terminal {
            for line in self.news.lines(snapshot, elapsed.as_secs_f64()) {
                println!("{line}");
            }
            return;
        }
        let (columns, rows) = terminal::size().unwrap_or((DEFAULT_COLUMNS, DEFAULT_ROWS));
        let width = usize::from(columns);
        let mut lines = tree(snapshot, width, time);
        self.renew_causes(snapshot, width, ask_causes);
        let room = usize::from(rows).saturating_sub(2 + self.causes.len());
        let room = room.max(1);
        if lines.len() > room {
            let hidden = lines.len() - room + 1;
            lines.truncate(room - 1);
            lines.push(format!("… {hidden} more lines; see the web page"));
        }
        lines.extend(self.causes.iter().cloned());
        lines.push(format!("{:.0} s", elapsed.as_secs_f64()));
        if lines != self.drawn {
            let _ = self.draw(lines);
        }
    }

    /// Causes are asked for when something failed, and again when something changed.
    fn renew_causes(
        &mut self,
        snapshot: &Snapshot,
        width: usize,
        ask: impl FnOnce() -> Vec<CauseGroup>,
    ) {
        if self.explained == Some(snapshot.revision) {
            return;
        }
        self.explained = Some(snapshot.revision);
        let is_broken =
            |node: &&Arc<Node>| matches!(node.status, NodeStatus::Failed | NodeStatus::Missing);
        self.causes = match snapshot.nodes.iter().any(|node| is_broken(&node)) {
            true => causes(&ask(), width),
            false => Vec::new(),
        };
    }

    fn draw(&mut self, lines: Vec<String>) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let up = u16::try_from(self.drawn.len()).unwrap_or(u16::MAX);
        if up > 0 {
            queue!(out, cursor::MoveToPreviousLine(up))?;
        }
        queue!(out, terminal::Clear(terminal::ClearType::FromCursorDown))?;
        for line in &lines {
            match self.has_colour.then(|| colour_of(line)).flatten() {
                Some(colour) => {
                    let start = line.len() - line.trim_start().len();
                    let (indent, rest) = line.split_at(start);
                    let glyph = rest.chars().next().map_or(0, char::len_utf8);
                    let (glyph, rest) = rest.split_at(glyph);
                    writeln!(out, "{indent}{}{rest}", glyph.with(colour))?;
                }
                None => writeln!(out, "{line}")?,
            }
        }
        out.flush()?;
        self.drawn = lines;
        Ok(())
    }
}

/// The colour of a line's sign.
fn colour_of(line: &str) -> Option<Color> {
    match line.trim_start().chars().next()? {
        '✔' => Some(Color::Green),
        '✗' | '?' => Some(Color::Red),
        '◎' => Some(Color::Blue),
        '‖' | '⌫' => Some(Color::Yellow),
        _ => None,
    }
}
