//! What Helm says about flags themselves: old ones, and values that they do not take.

use anyhow::{anyhow, bail};
use skein_helm::Warning;
use skein_object::GoDuration;

use super::TemplateArguments;
use crate::go_flags::go_bool;

/// What `--dry-run` without a value stands for.
pub(super) const BARE_DRY_RUN: &str = "unchanged";
/// What becomes of flags that `helm template` no longer looks at.
const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";

/// Checks the values of flags, and gives the lines that Helm writes about them.
pub(super) fn notes(arguments: &TemplateArguments) -> anyhow::Result<Vec<String>> {
    let ignored = &arguments.ignored;
    if let Some(text) = &ignored.timeout {
        text.parse::<GoDuration>().map_err(|error| {
            anyhow!("invalid argument {text:?} for \"--timeout\" flag: {error}")
        })?;
    }
    let wait = ignored.wait.as_deref().map(wait_note).transpose()?;
    let mut lines = Vec::new();
    for (is_set, flag, remedy) in [
        (ignored.force, "force", "use --force-replace instead"),
        (
            ignored.atomic,
            "atomic",
            "use --rollback-on-failure instead",
        ),
        (ignored.hide_notes, "hide-notes", NO_EFFECT),
        (
            ignored.render_subchart_notes,
            "render-subchart-notes",
            NO_EFFECT,
        ),
        (
            arguments.validate,
            "validate",
            "use '--dry-run=server' instead",
        ),
    ] {
        if is_set {
            lines.push(format!("Flag --{flag} has been deprecated, {remedy}"));
        }
    }
    let dry_run = arguments.dry_run.as_deref();
    let dry_run = dry_run.map(dry_run_note).transpose()?;
    let warnings = [wait, dry_run].into_iter().flatten().flatten();
    lines.extend(warnings.map(|text| Warning::warn(text).to_string()));
    Ok(lines)
}

fn wait_note(value: &str) -> anyhow::Result<Option<String>> {
    let instead = match value {
        "watcher" | "hookOnly" | "legacy" => return Ok(None),
        "true" => "watcher",
        "false" => "hookOnly",
        _ => bail!(
            "invalid argument {value:?} for \"--wait\" flag: invalid wait input {value:?}. Valid inputs are watcher, hookOnly, and legacy"
        ),
    };
    Ok(Some(format!(
        "--wait={value} is deprecated (boolean value) and can be replaced with --wait={instead}"
    )))
}

fn dry_run_note(value: &str) -> anyhow::Result<Option<String>> {
    match value {
        "client" | "server" => return Ok(None),
        BARE_DRY_RUN => {
            let text = "--dry-run is deprecated and should be replaced with '--dry-run=client'";
            return Ok(Some(text.to_owned()));
        }
        _ => {}
    }
    match go_bool(value) {
        Some(true) => Ok(Some(format!(
            "boolean '--dry-run={value}' flag is deprecated and must be replaced with '--dry-run=client'"
        ))),
        None if value != "none" => {
            bail!("invalid dry-run value ({value:?}). Must be \"none\", \"server\", or \"client\"")
        }
        _ => bail!("invalid dry-run value ({value:?}). Must be \"server\" or \"client\""),
    }
}
