//! The flags that give values: files, here or behind HTTP, and `--set` in its kinds.

use std::fs;
use std::io::Read;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use skein_helm::{Values, values};
use skein_registry::Access;
use skein_registry::chart_repository::ChartRepository;
use tokio::runtime::Handle;

/// Largest file of values, in bytes.
const MAX_VALUES_BYTES: u64 = 64 << 20;

/// Values from the command line.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ValueArguments {
    /// Values from a YAML file, an address, or - for standard input
    #[arg(short = 'f', long, value_name = "FILE")]
    values: Vec<String>,
    /// Values as NAME=VALUE,NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// As --set, but every value is a string
    #[arg(long, value_name = "NAME=VALUE")]
    set_string: Vec<String>,
    /// As --set, but every value is JSON; or one JSON object
    #[arg(long, value_name = "NAME=JSON")]
    set_json: Vec<String>,
    /// As --set, but every value is the content of a file
    #[arg(long, value_name = "NAME=FILE")]
    set_file: Vec<String>,
    /// One name and its value, which is taken as it is
    #[arg(long, value_name = "NAME=VALUE")]
    set_literal: Vec<String>,
}

impl ValueArguments {
    /// Everything together: files first, then JSON, typed, strings, files' contents and literals.
    pub(super) async fn merge(&self) -> anyhow::Result<Values> {
        let mut all = Values::new();
        // A flag may name several files, and nothing names none.
        let given = self.values.iter().filter(|text| !text.is_empty());
        for path in given.flat_map(|text| text.split(',')) {
            let text = read(path).await?;
            let read = values::read_documents(&text)
                .map_err(|problem| anyhow!("failed to parse {path}: {problem}"))?;
            values::merge_over(&mut all, read);
        }
        for text in &self.set_json {
            values::set_json_or_object(text, &mut all)?;
        }
        for text in &self.set {
            values::set(text, &mut all).context("failed parsing --set data")?;
        }
        for text in &self.set_string {
            values::set_string(text, &mut all).context("failed parsing --set-string data")?;
        }
        for text in &self.set_file {
            // Addresses are known only once the text is parsed.
            let runtime = Handle::current();
            let mut content = |path: &str| {
                let bytes = tokio::task::block_in_place(|| runtime.block_on(read(path)));
                bytes.map_err(|error| error.to_string())
            };
            values::set_file(text, &mut all, &mut content)
                .context("failed parsing --set-file data")?;
        }
        for text in &self.set_literal {
            values::set_literal(text, &mut all).context("failed parsing --set-literal data")?;
        }
        Ok(all)
    }
}

async fn read(path: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.trim() == "-" {
        std::io::stdin()
            .lock()
            .take(MAX_VALUES_BYTES + 1)
            .read_to_end(&mut bytes)?;
    } else if path.starts_with("http://") || path.starts_with("https://") {
        let client = ChartRepository::new(path, &Access::default(), false)?;
        return Ok(client.fetch_chart(path, MAX_VALUES_BYTES).await?);
    } else {
        let file = fs::File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => anyhow!("open {path}: no such file or directory"),
            _ => anyhow!("open {path}: {error}"),
        })?;
        file.take(MAX_VALUES_BYTES + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_VALUES_BYTES {
        bail!("{path} is larger than {MAX_VALUES_BYTES} bytes");
    }
    Ok(bytes)
}
