//! Command lines as flag libraries of Go read them: switches may have a value, errors end with code 1.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command};

/// The same commands, whose flags take the next word as their value whatever it begins with.
pub fn with_any_values(command: Command) -> Command {
    let takes_one = |argument: &Arg| {
        let is_named = argument.get_long().is_some() || argument.get_short().is_some();
        let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
        let is_optional = argument
            .get_num_args()
            .is_some_and(|range| range.min_values() == 0);
        is_named && takes && !is_optional
    };
    command
        .mut_args(|argument| {
            if takes_one(&argument) {
                argument.allow_hyphen_values(true)
            } else {
                argument
            }
        })
        .mut_subcommands(with_any_values)
}

/// Takes the values of switches away: `--wait=true` becomes `--wait`, `--wait=false` nothing.
pub fn without_switch_values(
    whole: &Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Vec<OsString> {
    let mut path = vec![whole];
    let mut out = Vec::new();
    let mut is_behind_separator = false;
    for (place, argument) in arguments.into_iter().enumerate() {
        let Some(text) = argument
            .to_str()
            .filter(|_| place > 0 && !is_behind_separator)
        else {
            out.push(argument);
            continue;
        };
        is_behind_separator = text == "--";
        if let Some(command) = path.last().and_then(|last| subcommand(last, text)) {
            path.push(command);
        } else if let Some((flag, value)) = text.split_once('=')
            && is_switch(&path, flag)
            && let Some(is_set) = go_bool(value)
        {
            if is_set {
                out.push(flag.into());
            }
            continue;
        }
        out.push(argument);
    }
    out
}

fn subcommand<'a>(command: &'a Command, text: &str) -> Option<&'a Command> {
    command
        .get_subcommands()
        .find(|sub| sub.get_name() == text || sub.get_all_aliases().any(|alias| alias == text))
}

/// Whether the flag of the last command, or a global one of those before it, takes no value.
fn is_switch(path: &[&Command], flag: &str) -> bool {
    let named = |argument: &&Arg| match flag.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => argument
            .get_short()
            .is_some_and(|short| flag == format!("-{short}")),
    };
    path.iter()
        .rev()
        .enumerate()
        .find_map(|(distance, command)| {
            let found = command.get_arguments().find(named)?;
            (distance == 0 || found.is_global_set()).then_some(found)
        })
        .is_some_and(|argument| matches!(argument.get_action(), ArgAction::SetTrue))
}

/// What Go reads as a boolean.
pub(crate) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Tells what is wrong with a command line, or shows the help that it asks for; returns the exit code.
pub fn tell(error: &clap::Error) -> ExitCode {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_help {
        // A command of a group alone shows what there is, as it does in Flux.
        print!("{}", error.render());
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    eprint!("✗ {}", text.strip_prefix("error: ").unwrap_or(&text));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(words: &str) -> String {
        let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
        let whole = Command::new("skein").subcommand(
            Command::new("create")
                .arg(switch("export").global(true))
                .arg(switch("own"))
                .subcommand(
                    Command::new("kustomization")
                        .alias("ks")
                        .arg(switch("prune"))
                        .arg(switch("all").short('A'))
                        .arg(Arg::new("path").long("path")),
                ),
        );
        let words = without_switch_values(&whole, words.split(' ').map(OsString::from));
        let words: Vec<String> = words
            .into_iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        words.join(" ")
    }

    #[test]
    fn switches_lose_their_values() {
        assert_eq!(
            cleaned("skein create ks --prune=true --export=false -A=1 --path=true"),
            "skein create ks --prune -A --path=true"
        );
        assert_eq!(
            cleaned("skein create ks --prune=maybe --own=true -- --prune=true"),
            "skein create ks --prune=maybe --own=true -- --prune=true"
        );
    }
}
