//! Settings of the source controller.

use skein_runtime::ControllerOptions;

use crate::rewrite::UrlRewrites;

/// Settings of the source controller.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// Settings that all controllers share.
    pub controller: ControllerOptions,
    /// Addresses that are served from this machine instead.
    pub rewrites: UrlRewrites,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self {
            controller: ControllerOptions {
                concurrent: 2,
                ..ControllerOptions::default()
            },
            rewrites: UrlRewrites::default(),
        }
    }
}
