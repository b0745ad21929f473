//! What `helm template` prints of a rendered chart.

use thiserror::Error;

use crate::manifest::{HookEvent, split_documents};
use crate::render::{Rendered, push_source};
use crate::wildcard;

/// What of a rendered chart is printed.
#[derive(Clone, Debug, Default)]
pub struct PrintOptions {
    /// The files of crds/ in front (`--include-crds`).
    pub include_crds: bool,
    /// No hooks (`--no-hooks`).
    pub no_hooks: bool,
    /// No test hooks (`--skip-tests`).
    pub skip_tests: bool,
    /// Only these templates, as paths or patterns below the chart (`--show-only`).
    pub show_only: Vec<String>,
}

/// A template that `--show-only` names and that printed nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("could not find template {0} in chart")]
pub struct NotFound(pub String);

impl Rendered {
    /// The text that `helm template` prints.
    pub fn print(&self, options: &PrintOptions) -> Result<String, NotFound> {
        let mut text = String::new();
        if options.include_crds {
            for crd in &self.crds {
                push_source(&mut text, &crd.path, &String::from_utf8_lossy(&crd.data));
            }
        }
        text.push_str(&self.manifest);
        let mut text = format!("{}\n", text.trim());
        for hook in &self.hooks {
            let is_skipped = options.skip_tests && hook.events.contains(&HookEvent::Test);
            if !options.no_hooks && !is_skipped {
                push_source(&mut text, &hook.path, &hook.manifest);
            }
        }
        if options.show_only.is_empty() {
            return Ok(text);
        }
        show_only(&text, &options.show_only)
    }
}

fn show_only(text: &str, wanted: &[String]) -> Result<String, NotFound> {
    let documents = split_documents(text);
    let mut shown = String::new();
    for pattern in wanted {
        let before = shown.len();
        for document in &documents {
            let is_wanted = source_below_chart(document)
                .is_some_and(|path| wildcard::matches(pattern, path).unwrap_or(false));
            if is_wanted {
                shown.push_str("---\n");
                shown.push_str(document);
                shown.push('\n');
            }
        }
        if shown.len() == before {
            return Err(NotFound(pattern.clone()));
        }
    }
    Ok(shown)
}

/// The first path that a comment of a document names, without the chart's name.
fn source_below_chart(document: &str) -> Option<&str> {
    document.match_indices("# Source: ").find_map(|(at, mark)| {
        let line = document[at + mark.len()..].lines().next()?;
        let (chart, path) = line.split_once('/')?;
        (!chart.is_empty() && !path.is_empty()).then_some(path)
    })
}
