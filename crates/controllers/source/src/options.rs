//! Settings of the source controller.

use skein_git::SshAlgorithms;
use skein_registry::chart_repository::MAX_INDEX_BYTES;
use skein_runtime::ControllerOptions;

use crate::helm_chart::ChartLimits;
use crate::rewrite::UrlRewrites;

/// Settings of the source controller.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// Settings that all controllers share.
    pub controller: ControllerOptions,
    /// Addresses that are served from this machine instead.
    pub rewrites: UrlRewrites,
    /// Largest index of a chart repository, in bytes.
    pub helm_index_max_bytes: u64,
    /// How large charts may be.
    pub chart_limits: ChartLimits,
    /// Algorithms that Git servers behind ssh are offered.
    pub ssh_algorithms: SshAlgorithms,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self {
            controller: ControllerOptions {
                concurrent: 2,
                ..ControllerOptions::default()
            },
            rewrites: UrlRewrites::default(),
            helm_index_max_bytes: MAX_INDEX_BYTES,
            chart_limits: ChartLimits::default(),
            ssh_algorithms: SshAlgorithms::default(),
        }
    }
}
