//! `version`: of this program and of the controllers in a cluster.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value};

use crate::arguments::ClusterArguments;
use crate::check;
use crate::output::Output;

/// `version`.
#[derive(Args, Clone, Debug)]
pub struct VersionArguments {
    /// Only of this program
    #[arg(long)]
    client: bool,
    /// Format of the answer
    #[arg(short, long, default_value = "yaml")]
    output: String,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Yaml,
    Json,
}

/// Runs `version`.
pub(crate) async fn run(arguments: VersionArguments, output: &mut Output) -> anyhow::Result<()> {
    let format = match arguments.output.as_str() {
        "yaml" => Format::Yaml,
        "json" => Format::Json,
        other => bail!("--output must be json or yaml, not {other}"),
    };
    let mut controllers = BTreeMap::new();
    if !arguments.client {
        let session = arguments.cluster.connect().await?;
        let found = check::deployments(&session).await?;
        if found.is_empty() {
            bail!("no deployments found in {} namespace", session.namespace);
        }
        for image in found.iter().flat_map(check::images) {
            let (name, tag) = split_image(image)
                .with_context(|| format!("missing image tag in image {image}"))?;
            controllers.insert(name.to_owned(), tag.to_owned());
        }
    }
    output.print(&text(format, &controllers))?;
    Ok(())
}

fn text(format: Format, controllers: &BTreeMap<String, String>) -> String {
    let own = concat!("v", env!("CARGO_PKG_VERSION"));
    match format {
        Format::Yaml => {
            let lines = controllers
                .iter()
                .map(|(name, tag)| format!("{name}: {tag}\n"));
            std::iter::once(format!("skein: {own}\n"))
                .chain(lines)
                .collect()
        }
        Format::Json => {
            let mut map: Map<String, Value> = controllers
                .iter()
                .map(|(name, tag)| (name.clone(), tag.as_str().into()))
                .collect();
            map.insert("skein".into(), own.into());
            format!("{:#}\n", Value::Object(map))
        }
    }
}

/// Last part of the name, and tag, of an image; the registry may have a port, and a digest may follow.
fn split_image(image: &str) -> Option<(&str, &str)> {
    let last = image.rsplit('/').next()?;
    let (name, tag) = last.split_once(':')?;
    let is_digest = name.contains('@');
    (!is_digest).then_some((name, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_names_and_tags() {
        assert_eq!(
            split_image("ghcr.io:443/fluxcd/source-controller:v1.9.4@sha256:00"),
            Some(("source-controller", "v1.9.4@sha256:00"))
        );
        assert_eq!(split_image("ghcr.io:443/fluxcd/source-controller"), None);
        assert_eq!(split_image("source-controller@sha256:00"), None);
    }
}
