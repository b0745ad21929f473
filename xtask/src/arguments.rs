//! Flags of the sub-commands: `--name`, `--name value`, `--name=value`, and the rest in order.

use anyhow::{Context, Result, bail};

/// Arguments from which each sub-command takes what it knows; what is left over is an error or passed on.
#[derive(Debug)]
pub struct Arguments {
    left: Vec<String>,
}

impl Arguments {
    /// Over the arguments after the sub-command.
    pub fn new(arguments: &[String]) -> Self {
        Self {
            left: arguments.to_vec(),
        }
    }

    /// Takes `--name` if it is there.
    pub fn switch(&mut self, name: &str) -> bool {
        let before = self.left.len();
        self.left.retain(|argument| argument != name);
        self.left.len() != before
    }

    /// Takes `--name value` or `--name=value`.
    pub fn value(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        if let Some(at) = self.left.iter().position(|a| a.starts_with(&prefix)) {
            let argument = self.left.remove(at);
            return Ok(Some(argument[prefix.len()..].to_owned()));
        }
        let Some(at) = self.left.iter().position(|a| a == name) else {
            return Ok(None);
        };
        self.left.remove(at);
        if at >= self.left.len() {
            bail!("{name} needs a value");
        }
        Ok(Some(self.left.remove(at)))
    }

    /// What nobody took.
    pub fn rest(self) -> Vec<String> {
        self.left
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<()> {
        let first = self.left.first();
        first
            .is_none()
            .then_some(())
            .with_context(|| format!("unknown argument {:?}", first.map_or("", String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_switches_and_values_in_any_order() {
        let words = ["a", "--x=1", "--y", "2", "--z", "b"].map(String::from);
        let mut arguments = Arguments::new(&words);
        assert_eq!(arguments.value("--y").unwrap().as_deref(), Some("2"));
        assert_eq!(arguments.value("--x").unwrap().as_deref(), Some("1"));
        assert!(arguments.switch("--z") && !arguments.switch("--z"));
        assert_eq!(arguments.rest(), ["a", "b"]);
    }
}
