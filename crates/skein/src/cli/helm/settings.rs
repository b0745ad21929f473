//! Where helm keeps repositories, caches and logins on this machine: the same files, found by the same flags and variables.

use std::env;
use std::path::PathBuf;

use clap::Args;

/// Flags that name helm's files.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct SettingsArguments {
    /// File with the names and addresses of chart repositories
    #[arg(long, global = true, env = "HELM_REPOSITORY_CONFIG")]
    repository_config: Option<PathBuf>,
    /// Folder with the indexes of chart repositories
    #[arg(long, global = true, env = "HELM_REPOSITORY_CACHE")]
    repository_cache: Option<PathBuf>,
    /// File with the logins of registries
    #[arg(long, global = true, env = "HELM_REGISTRY_CONFIG")]
    registry_config: Option<PathBuf>,
    /// Accepted for compatibility: charts are not kept in a cache
    #[arg(long, global = true, hide = true, env = "HELM_CONTENT_CACHE")]
    content_cache: Option<PathBuf>,
}

/// Helm's files.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// `repositories.yaml`.
    pub repository_config: PathBuf,
    /// Folder of `<name>-index.yaml`.
    pub repository_cache: PathBuf,
    /// Logins, in the form of Docker's configuration; earlier files win.
    pub registry_configs: Vec<PathBuf>,
    /// Folder of charts that new charts start from.
    pub starters: PathBuf,
}

impl SettingsArguments {
    /// The files that are meant.
    pub(super) fn settings(&self) -> Settings {
        let config = folder("HELM_CONFIG_HOME", "XDG_CONFIG_HOME", CONFIG_HOME);
        let cache = folder("HELM_CACHE_HOME", "XDG_CACHE_HOME", CACHE_HOME);
        let registry = self.registry_config.clone();
        let mut registry_configs = vec![registry.unwrap_or(config.join("registry/config.json"))];
        let docker = match variable("DOCKER_CONFIG") {
            Some(folder) => Some(folder),
            None => variable("HOME").map(|home| home.join(".docker")),
        };
        registry_configs.extend(docker.map(|folder| folder.join("config.json")));
        Settings {
            repository_config: self
                .repository_config
                .clone()
                .unwrap_or(config.join("repositories.yaml")),
            repository_cache: self
                .repository_cache
                .clone()
                .unwrap_or(cache.join("repository")),
            registry_configs,
            starters: folder("HELM_DATA_HOME", "XDG_DATA_HOME", DATA_HOME).join("starters"),
        }
    }
}

/// Folder of settings below the home folder.
const CONFIG_HOME: &str = if cfg!(target_os = "macos") {
    "Library/Preferences"
} else {
    ".config"
};
/// Folder of data below the home folder.
const DATA_HOME: &str = if cfg!(target_os = "macos") {
    "Library"
} else {
    ".local/share"
};
/// Folder of caches below the home folder.
const CACHE_HOME: &str = if cfg!(target_os = "macos") {
    "Library/Caches"
} else {
    ".cache"
};

/// Helm's own variable names its folder, the general one the folder above.
fn folder(own: &str, general: &str, below_home: &str) -> PathBuf {
    if let Some(folder) = variable(own) {
        return folder;
    }
    let above =
        variable(general).unwrap_or_else(|| variable("HOME").unwrap_or_default().join(below_home));
    above.join("helm")
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
