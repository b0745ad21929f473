//! `envsubst`: replaces variables of the environment in a text, as the post-build substitution does.

use std::io::Read;

use anyhow::Context;
use clap::Args;

use crate::output::Output;

/// Longest text that is taken from standard input, in bytes.
const MAX_INPUT_BYTES: u64 = 64 << 20;

/// `envsubst`.
#[derive(Args, Clone, Debug)]
pub struct EnvsubstArguments {
    /// Fail when a variable has neither value nor default
    #[arg(long)]
    strict: bool,
}

/// Runs `envsubst`.
pub(crate) fn run(arguments: &EnvsubstArguments, output: &mut Output) -> anyhow::Result<()> {
    let mut input = String::new();
    let stdin = std::io::stdin().lock();
    let read = stdin.take(MAX_INPUT_BYTES + 1).read_to_string(&mut input)?;
    if read as u64 > MAX_INPUT_BYTES {
        anyhow::bail!("the input is larger than {MAX_INPUT_BYTES} bytes");
    }
    let environment: std::collections::HashMap<String, String> = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
        .collect();
    output.print(&lines(&input, arguments.strict, &|name| {
        environment.get(name).map(String::as_str)
    })?)?;
    Ok(())
}

/// Line by line, so that an error names its line.
fn lines<'v>(
    input: &str,
    strict: bool,
    lookup: &dyn Fn(&str) -> Option<&'v str>,
) -> anyhow::Result<String> {
    let lookup = |name: &str| lookup(name).or(if strict { None } else { Some("") });
    let mut out = String::with_capacity(input.len());
    for (number, line) in input.lines().enumerate() {
        let bytes = skein_render::envsubst::substitute(line, &lookup)
            .with_context(|| format!("line {}", number + 1))?;
        out.push_str(&String::from_utf8_lossy(&bytes));
        out.push('\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_line_by_line() {
        let lookup = |name: &str| (name == "NAME").then_some("app");
        let text =
            lines("a: ${NAME}\nb: ${OTHER:=x}${NONE}\n", false, &lookup).expect("substitutes");
        assert_eq!(text, "a: app\nb: x\n");
        let error = lines("a\n${NONE}", true, &lookup).expect_err("is refused");
        assert_eq!(
            format!("{error:#}"),
            "line 2: variable not set (strict mode): \"NONE\""
        );
    }
}
