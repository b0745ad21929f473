//! Actions on chart repositories and on the OCI registry.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Play;
use crate::pack;
use crate::scenario::text;
use crate::servers::{ChartServer, Layer, Published};

/// Media types of what the recorder pushes.
const FLUX_CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";
const FLUX_LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

impl Play<'_> {
    /// `helm_repo`: packs charts and writes the index, or serves the given index.
    pub(super) fn helm_repo(&self, argument: &Value) -> Result<()> {
        let repository = self.served_name(&text(&argument["repo"]));
        let server = self.chart_server(&argument["server"]);
        if let Some(credentials) = argument["auth"].as_str() {
            server.set_credentials(&repository, credentials);
        }
        if let Some(index) = argument["index"].as_str() {
            let path = self.scenario.folder.join(index);
            let content =
                fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            let content = self.expand(&content)?;
            server.put(&repository, "index.yaml", content.into_bytes());
            return Ok(());
        }
        let charts_server = match &argument["charts_server"] {
            Value::Null => server,
            number => self.chart_server(number),
        };
        let mut charts = Vec::new();
        for folder in argument["charts"].as_array().into_iter().flatten() {
            let chart = self.chart(&text(folder))?;
            if argument["no_upload"] != true {
                charts_server.put(&repository, &chart.file, chart.package.clone());
            }
            charts.push(chart);
        }
        let base = if argument["absolute"] == true {
            format!("http://{}/{repository}/", charts_server.address())
        } else {
            String::new()
        };
        server.write_index(&repository, &charts, &base)
    }

    /// `push_chart`: a chart as Helm pushes it, below the repository's name.
    pub(super) fn push_chart(&mut self, argument: &Value) -> Result<()> {
        let chart = self.chart(&text(&argument["chart"]))?;
        let metadata = skein_yaml::from_slice(&chart.metadata).context("reading Chart.yaml")?;
        let repository = self.served_name(&text(&argument["repo"]));
        let repository = format!("{repository}/{}", text(&metadata["name"]));
        let tag = match argument["tag"].as_str() {
            Some(tag) => tag.to_owned(),
            None => text(&metadata["version"]).replace('+', "_"),
        };
        let config = Layer {
            media_type: CHART_CONFIG.to_owned(),
            content: metadata.to_string().into_bytes(),
        };
        let layer = Layer {
            media_type: CHART_LAYER.to_owned(),
            content: chart.package,
        };
        let registry = &self.world.registry;
        let digest = registry.push(
            &repository,
            &tag,
            &config,
            &[layer],
            &argument["annotations"],
        );
        self.pushed = digest;
        Ok(())
    }

    /// `push`: layers of folders and files under a tag.
    pub(super) fn push(&mut self, argument: &Value) -> Result<()> {
        let mut layers = Vec::new();
        for layer in argument["layers"].as_array().into_iter().flatten() {
            layers.push(self.layer(layer)?);
        }
        let config = Layer {
            media_type: FLUX_CONFIG.to_owned(),
            content: b"{}".to_vec(),
        };
        self.pushed = self.world.registry.push(
            &self.served_name(&text(&argument["repo"])),
            &text(&argument["tag"]),
            &config,
            &layers,
            &argument["annotations"],
        );
        Ok(())
    }

    /// `untag`.
    pub(super) fn untag(&self, argument: &Value) {
        let repository = self.served_name(&text(&argument["repo"]));
        let registry = &self.world.registry;
        registry.untag(&repository, &text(&argument["tag"]));
    }

    /// `oci_auth`: demands basic authentication.
    pub(super) fn oci_auth(&self, argument: &Value) {
        let credentials = match argument["auth"].as_str() {
            Some(both) => both.to_owned(),
            None => format!(
                "{}:{}",
                text(&argument["user"]),
                text(&argument["password"])
            ),
        };
        let repository = self.served_name(&text(&argument["repo"]));
        let registry = &self.world.registry;
        registry.set_credentials(&repository, &credentials);
    }

    fn layer(&self, layer: &Value) -> Result<Layer> {
        let media_type = layer["mediaType"].as_str().unwrap_or(FLUX_LAYER).to_owned();
        let content = match (layer["tree"].as_str(), layer["file"].as_str()) {
            (Some(tree), _) => pack::folder(&self.scenario.folder.join(tree), "")?,
            (None, Some(file)) => {
                let path = self.scenario.folder.join(file);
                fs::read(&path).with_context(|| format!("reading {}", path.display()))?
            }
            (None, None) => match layer["chart"].as_str() {
                Some(chart) => self.chart(chart)?.package,
                None => bail!("a layer is made of a tree, a file or a chart"),
            },
        };
        Ok(Layer {
            media_type,
            content,
        })
    }

    fn chart(&self, folder: &str) -> Result<Published> {
        let folder = self.scenario.folder.join(folder);
        let file = folder.join("Chart.yaml");
        let metadata = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        let fields = skein_yaml::from_slice(&metadata)
            .with_context(|| format!("parsing {}", file.display()))?;
        let (name, version) = (text(&fields["name"]), text(&fields["version"]));
        Ok(Published {
            package: pack::folder(&folder, &name)?,
            file: format!("{name}-{version}.tgz"),
            metadata,
        })
    }

    fn chart_server(&self, number: &Value) -> &ChartServer {
        if text(number) == "2" {
            &self.world.charts_2
        } else {
            &self.world.charts
        }
    }
}
