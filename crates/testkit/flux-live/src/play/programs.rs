//! Actions on programs: the helm command, and controllers that start anew.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use skein_testkit::COMPONENTS;

use super::Play;
use crate::scenario::text;

impl Play<'_> {
    /// `helm`: the command of Helm 4 in the folder of the scenario, against the cluster.
    pub(super) fn helm(&self, argument: &Value) -> Result<()> {
        let words = argument.as_array().context("helm takes a list")?;
        let words: Result<Vec<String>> =
            words.iter().map(|word| self.expand(&text(word))).collect();
        let folder = tempfile::tempdir().context("creating a folder for helm")?;
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, self.world.target.kubeconfig()?)
            .context("writing a kubeconfig for helm")?;
        let output = Command::new(skein_upstream::binary("helm")?)
            .args(words?)
            .current_dir(&self.scenario.folder)
            .env("KUBECONFIG", &kubeconfig)
            .env("HELM_NAMESPACE", &self.scenario.namespace)
            .env("HELM_CACHE_HOME", folder.path())
            .env("HELM_CONFIG_HOME", folder.path())
            .env("HELM_DATA_HOME", folder.path())
            .output()
            .context("starting helm")?;
        if !output.status.success() {
            bail!("helm: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// `restart`: the named controllers end and start again, all when none is named.
    pub(super) fn restart(&self, argument: &Value) -> Result<()> {
        let named: Vec<String> = match argument {
            Value::Array(names) => names.iter().map(text).collect(),
            Value::String(name) => vec![name.clone()],
            _ => Vec::new(),
        };
        for (component, account) in COMPONENTS {
            let is_meant = |name: &String| name == component || name == account;
            if named.is_empty() || named.iter().any(is_meant) {
                self.world.restart(component)?;
            }
        }
        Ok(())
    }
}
