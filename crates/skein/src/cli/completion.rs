//! `completion`: scripts for shells; those of bash, zsh and fish ask `__complete`, so that names of objects are completed too.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::output::Output;

const BASH: &str = r#"_skein() {
    local line word
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
            :0) compopt -o default 2>/dev/null ;;
            :*) ;;
            *) word="${line%%$'\t'*}"; COMPREPLY+=("$word") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _skein skein
"#;

const ZSH: &str = r#"#compdef skein
_skein() {
    local line word about
    local -a found
    local files=0
    while IFS= read -r line; do
        case "$line" in
            :0) files=1 ;;
            :*) ;;
            *)
                word="${line%%$'\t'*}"
                about="${line#*$'\t'}"
                found+=("${word//:/\\:}:${about}")
                ;;
        esac
    done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ${#found} )) && _describe 'skein' found
    (( files )) && _files
}
compdef _skein skein
"#;

const FISH: &str = r#"function __skein_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c skein -f -a '(__skein_complete)'
"#;

/// `completion`.
#[derive(Args, Clone, Debug)]
pub struct CompletionArguments {
    /// The shell
    shell: Shell,
}

/// Runs `completion` for the whole command line.
pub(crate) fn run(
    arguments: &CompletionArguments,
    mut whole: Command,
    output: &mut Output,
) -> anyhow::Result<()> {
    let own = match arguments.shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        // The others know commands and flags, not the names of objects.
        shell => {
            let mut script = Vec::new();
            let name = whole.get_name().to_owned();
            clap_complete::generate(shell, &mut whole, name, &mut script);
            output.print(&String::from_utf8_lossy(&script))?;
            return Ok(());
        }
    };
    Ok(output.print(own)?)
}
