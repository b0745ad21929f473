//! What is measured: sizes of fleets, rates of the built-in controllers, the binary.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Requests a second that kube-controller-manager may send, so that it does not limit what is measured.
const FAST_RATE: u32 = 500;
/// Its own default, which limits every system to about five Deployments a second.
const DEFAULT_RATE: u32 = 20;

/// One fleet and what it runs on.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Kustomizations.
    pub count: usize,
    /// Requests a second that kube-controller-manager may send.
    pub rate: u32,
}

impl std::fmt::Display for Size {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} Kustomizations, kube-controller-manager at {} requests/s",
            self.count, self.rate
        )
    }
}

/// The flags.
pub struct Arguments {
    /// The fleets.
    pub sizes: Vec<Size>,
    /// Namespaces, each with an account, over which the Kustomizations are spread.
    pub namespaces: usize,
    /// Objects that are changed by somebody else, one after the other.
    pub drifts: usize,
    /// The skein binary.
    pub program: PathBuf,
    /// `up`, `fleet` or `releases`; nothing for all.
    only: Option<String>,
}

impl Arguments {
    /// From the command line.
    pub fn read() -> Result<Self> {
        let (mut counts, mut at_default_rate) = (vec![100, 500, 1000], vec![100]);
        let mut arguments = Self {
            sizes: Vec::new(),
            namespaces: 10,
            drifts: 21,
            program: default_program()?,
            only: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words
                .next()
                .with_context(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--count" => counts = numbers(&value)?,
                "--count-at-default-rate" => at_default_rate = numbers(&value)?,
                "--namespaces" => arguments.namespaces = one(&value)?,
                "--drifts" => arguments.drifts = one(&value)?,
                "--program" => arguments.program = value.into(),
                "--only" => arguments.only = Some(value),
                _ => bail!("unknown flag {word}"),
            }
        }
        let fast = counts.into_iter().map(|count| (count, FAST_RATE));
        let slow = at_default_rate
            .into_iter()
            .map(|count| (count, DEFAULT_RATE));
        arguments.sizes = fast
            .chain(slow)
            .filter(|(count, _)| *count > 0)
            .map(|(count, rate)| Size { count, rate })
            .collect();
        Ok(arguments)
    }

    /// The fleets whose measurement kube-controller-manager does not limit.
    pub fn fast_sizes(&self) -> impl Iterator<Item = Size> {
        let fast = self.sizes.iter().filter(|size| size.rate == FAST_RATE);
        fast.copied()
    }

    /// Whether this part is wanted.
    pub fn measures(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == part)
    }
}

fn numbers<T: std::str::FromStr>(text: &str) -> Result<Vec<T>> {
    text.split(',').map(one).collect()
}

fn one<T: std::str::FromStr>(text: &str) -> Result<T> {
    let number = text.trim().parse().ok();
    number.with_context(|| format!("{text:?} is no number"))
}

/// The binary that cargo built beside us.
fn default_program() -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding our own binary")?;
    let folder = own.parent().map(Path::to_owned);
    Ok(folder
        .context("our binary lies in no folder")?
        .join("skein"))
}
