//! Flags of Flux's helm-controller, and where we keep release records.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use skein_helm::release::StorageDriver;
use skein_object::GoDuration;
use skein_runtime::FeatureGates;

use crate::roles::memory_watch::{MemoryWatch, MemoryWatchOptions};

/// What concerns the helm controller alone.
#[derive(Args, Clone, Debug)]
pub struct HelmArguments {
    /// Where release records are kept: secret, configmap or memory (Flux: secret)
    #[arg(long, default_value = "secret")]
    pub helm_storage_driver: StorageDriver,
    /// Share of the memory limit at which the process stops in good order, in percent (gate `OOMWatch`)
    #[arg(long, default_value_t = 95)]
    pub oom_watch_memory_threshold: u8,
    /// How often memory is looked at (gate `OOMWatch`)
    #[arg(long, default_value = "500ms")]
    pub oom_watch_interval: GoDuration,
    /// File with the memory limit (gate `OOMWatch`); default: that of the control group
    #[arg(long)]
    pub oom_watch_max_memory_path: Option<PathBuf>,
    /// File with the memory in use (gate `OOMWatch`); default: that of the control group
    #[arg(long)]
    pub oom_watch_current_memory_path: Option<PathBuf>,
}

impl HelmArguments {
    /// The watch over memory, where the gate `OOMWatch` asks for one.
    pub fn memory_watch(&self, gates: &FeatureGates) -> Result<Option<MemoryWatch>> {
        if !gates.enabled("OOMWatch") {
            return Ok(None);
        }
        let options = MemoryWatchOptions {
            threshold_percent: self.oom_watch_memory_threshold,
            interval: self.oom_watch_interval.as_std(),
            limit_file: self.oom_watch_max_memory_path.clone(),
            usage_file: self.oom_watch_current_memory_path.clone(),
        };
        let watch = MemoryWatch::new(&options).context("setting up the gate OOMWatch")?;
        Ok(Some(watch))
    }
}
