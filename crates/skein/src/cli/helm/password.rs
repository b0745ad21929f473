//! Passwords from standard input: piped in, or asked for at a terminal that does not show them.

use std::io::{IsTerminal, Read, Write};

use anyhow::bail;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal;

/// Longest password that is read, in bytes.
const MAX_PASSWORD_BYTES: u64 = 64 << 10;

/// All of standard input; the last line end is no part of the password.
pub(super) fn from_input() -> anyhow::Result<String> {
    let mut text = String::new();
    let input = std::io::stdin().lock();
    input.take(MAX_PASSWORD_BYTES).read_to_string(&mut text)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// Asks for one line, which is shown only if it is no secret. `None` when nobody sits there.
pub(super) fn ask(prompt: &str, is_secret: bool) -> anyhow::Result<Option<String>> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "{prompt}")?;
    terminal.flush()?;
    if !is_secret {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return Ok(Some(line.trim().to_owned()));
    }
    terminal::enable_raw_mode()?;
    let line = read_hidden();
    terminal::disable_raw_mode()?;
    writeln!(terminal)?;
    line.map(Some)
}

fn read_hidden() -> anyhow::Result<String> {
    let mut line = String::new();
    loop {
        let Event::Key(key) = crossterm::event::read()? else {
            continue;
        };
        match step(&mut line, key) {
            Step::More => {}
            Step::Done => return Ok(line),
            Step::Stop => bail!("interrupted"),
        }
    }
}

/// What a key leads to.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    More,
    Done,
    Stop,
}

fn step(line: &mut String, key: KeyEvent) -> Step {
    if key.kind == KeyEventKind::Release {
        return Step::More;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => return Step::Done,
        KeyCode::Char('c' | 'd') if is_control => return Step::Stop,
        KeyCode::Char('u') if is_control => line.clear(),
        KeyCode::Char(character) if !is_control => {
            let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
            if length < MAX_PASSWORD_BYTES {
                line.push(character);
            }
        }
        KeyCode::Backspace => {
            line.pop();
        }
        _ => {}
    }
    Step::More
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_line_can_be_corrected_and_left() {
        let mut line = String::new();
        let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
        let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        for code in [
            KeyCode::Char('s'),
            KeyCode::Char('x'),
            KeyCode::Backspace,
            KeyCode::Char('É'),
        ] {
            assert_eq!(step(&mut line, plain(code)), Step::More);
        }
        assert_eq!(line, "sÉ");
        assert_eq!(step(&mut line, control('u')), Step::More);
        assert_eq!(line, "");
        assert_eq!(step(&mut line, control('c')), Step::Stop);
        assert_eq!(step(&mut line, plain(KeyCode::Enter)), Step::Done);
    }
}
