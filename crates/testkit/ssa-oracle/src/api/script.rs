//! The language of the scripts: one step a line, with alternatives that multiply.
//!
//! ```text
//! # comment
//! NAME = METHOD PATH [-H 'Header: value'].. [BODY]   NAME is optional; more lines of the body are indented
//! & NAME = GET PATH                                  in the background; `join NAME` compares what came
//! kubectl ARGUMENTS [<<< BODY]                       split at spaces; 'quotes' keep them
//! pause SECONDS
//! ```
//!
//! `<<a|b|c>>` anywhere stands for one step per alternative. `$ns` is a namespace of the script's own,
//! `$(NAME.rv)`, `$(NAME.uid)`, `$(NAME.continue)`, `$(NAME.name)` come from the last answer of that name.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::api::mask::Names;
use crate::client::{self, Exchange};

/// How many steps one line may stand for.
const MAX_ALTERNATIVES: usize = 5_000;
/// How long a script may pause at once, in seconds.
const MAX_PAUSE_SECONDS: f64 = 30.0;

/// One step.
pub enum Step {
    Request(Request),
    Join { line: usize, name: String },
    Kubectl(Kubectl),
    Pause(Duration),
}

/// An HTTP request.
#[derive(Clone)]
pub struct Request {
    line: usize,
    pub name: String,
    pub background: bool,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// A command of kubectl.
#[derive(Clone)]
pub struct Kubectl {
    line: usize,
    arguments: Vec<String>,
    input: String,
}

impl Step {
    /// The line in the script, from 1.
    pub fn line(&self) -> usize {
        match self {
            Self::Request(request) => request.line,
            Self::Join { line, .. } => *line,
            Self::Kubectl(command) => command.line,
            Self::Pause(_) => 0,
        }
    }

    /// Whether it is a watch, which takes its time and changes nothing.
    pub fn is_watch(&self) -> bool {
        matches!(self, Self::Request(request)
            if !request.background && request.method == "GET" && request.target.contains("watch"))
    }

    /// What a report says.
    pub fn title(&self) -> String {
        match self {
            Self::Request(request) => {
                let headers: Vec<String> = request
                    .headers
                    .iter()
                    .map(|(name, value)| format!(" {name}: {value}"))
                    .collect();
                format!(
                    "{} {}{} {:.300}",
                    request.method,
                    request.target,
                    headers.concat(),
                    request.body
                )
            }
            Self::Join { name, .. } => format!("join {name}"),
            Self::Kubectl(command) => {
                format!(
                    "kubectl {} {:.300}",
                    command.arguments.join(" "),
                    command.input
                )
            }
            Self::Pause(_) => String::new(),
        }
    }
}

impl Request {
    /// With the values of one side.
    pub fn fill(&self, names: &Names) -> Self {
        let mut filled = self.clone();
        filled.target = names.fill(&self.target);
        filled.body = names.fill(&self.body);
        filled
    }

    /// Sends it through the proxy at an address.
    pub fn send(&self, address: &str) -> Result<Exchange> {
        client::exchange(
            address,
            &self.method,
            &self.target,
            &self.headers,
            &self.body,
        )
    }
}

impl Kubectl {
    /// With the values of one side.
    pub fn fill(&self, names: &Names) -> Self {
        Self {
            line: self.line,
            arguments: self.arguments.iter().map(|word| names.fill(word)).collect(),
            input: names.fill(&self.input),
        }
    }

    /// Runs it; the code is the exit code, the body what it printed.
    pub fn run(&self, kubectl: &str, kubeconfig: &str) -> Result<Exchange> {
        let mut child = Command::new(kubectl)
            .args(["--kubeconfig", kubeconfig])
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {kubectl}"))?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(self.input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Exchange {
            code: u16::try_from(output.status.code().unwrap_or(-1)).unwrap_or(u16::MAX),
            headers: vec![("stderr".to_owned(), text(&output.stderr))],
            body: text(&output.stdout),
        })
    }
}

/// All steps of a script.
pub fn steps(text: &str) -> Result<Vec<Step>> {
    let mut out = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut whole = line.trim_end().to_owned();
        while let Some((_, more)) = lines.next_if(|(_, next)| next.starts_with(' ')) {
            whole.push('\n');
            whole.push_str(more);
        }
        let number = index + 1;
        for line in alternatives(&whole).with_context(|| format!("line {number}"))? {
            out.push(step(number, &line).with_context(|| format!("line {number}: {line}"))?);
        }
    }
    Ok(out)
}

/// Every text that the alternatives of a line stand for.
fn alternatives(line: &str) -> Result<Vec<String>> {
    let Some((before, rest)) = line
        .split_once("<<")
        .filter(|(_, rest)| !rest.starts_with('<'))
    else {
        return Ok(vec![line.to_owned()]);
    };
    let (choices, after) = rest.split_once(">>").context("`<<` without `>>`")?;
    let tails = alternatives(after)?;
    let mut out = Vec::new();
    for choice in choices.split('|') {
        for tail in &tails {
            out.push(format!("{before}{choice}{tail}"));
        }
    }
    if out.len() > MAX_ALTERNATIVES {
        bail!("more than {MAX_ALTERNATIVES} alternatives");
    }
    Ok(out)
}

fn step(line: usize, text: &str) -> Result<Step> {
    let (background, text) = match text.strip_prefix("& ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if let Some(name) = text.strip_prefix("join ") {
        let name = name.trim().to_owned();
        return Ok(Step::Join { line, name });
    }
    if let Some(seconds) = text.strip_prefix("pause ") {
        let seconds: f64 = seconds.trim().parse()?;
        let time = Duration::from_secs_f64(seconds.clamp(0.0, MAX_PAUSE_SECONDS));
        return Ok(Step::Pause(time));
    }
    if let Some(rest) = text.strip_prefix("kubectl ") {
        let (words, input) = rest.split_once(" <<< ").unwrap_or((rest, ""));
        return Ok(Step::Kubectl(Kubectl {
            line,
            arguments: split(words),
            input: input.to_owned(),
        }));
    }
    let (name, rest) = match text.split_once(" = ") {
        Some((name, rest)) if !name.contains(' ') => (name, rest),
        _ => ("", text),
    };
    let (method, rest) = rest.split_once(' ').context("no path")?;
    let (target, mut rest) = rest.split_once([' ', '\n']).unwrap_or((rest, ""));
    let mut headers = Vec::new();
    while let Some(quoted) = rest.trim_start().strip_prefix("-H '") {
        let (header, more) = quoted
            .split_once('\'')
            .context("a header without its end")?;
        let (name, value) = header
            .split_once(": ")
            .context("a header without a value")?;
        headers.push((name.to_owned(), value.to_owned()));
        rest = more;
    }
    Ok(Step::Request(Request {
        line,
        name: name.to_owned(),
        background,
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: rest.trim().to_owned(),
    }))
}

/// Words of a command; single quotes keep spaces.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\n' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::{alternatives, split, steps};

    #[test]
    fn alternatives_multiply() {
        let all = alternatives("a<<1|2>>b<<|x>>").expect("alternatives");
        assert_eq!(all, ["a1b", "a1bx", "a2b", "a2bx"]);
        assert!(alternatives("a<<1").is_err());
        assert_eq!(alternatives("kubectl apply <<< {}").expect("none").len(), 1);
    }

    #[test]
    fn words_and_bodies_are_read() {
        assert_eq!(split("get 'a b' c"), ["get", "a b", "c"]);
        let text = "# note\na = POST /x -H 'Accept: text' {\n  \"b\": 1}\njoin a\n";
        let steps = steps(text).expect("steps");
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].line(), steps[1].line()), (2, 4));
    }
}
