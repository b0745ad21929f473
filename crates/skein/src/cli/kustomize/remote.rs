//! Remote bases on the command line: what they are reached with, and roots that are remote themselves.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;
use skein_bases::{RemoteBases, SshAccess};
use skein_kustomize::{Files, LoadRestrictions, Options, RemoteAddress, RemoteSource};

use super::disk::{self, Disk};
use crate::late_runtime;

/// Names of private keys in `~/.ssh`, in the order in which they are taken.
const KEY_NAMES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Flags about remote bases.
#[derive(Args, Clone, Debug)]
pub(super) struct RemoteFlags {
    /// Refuse remote bases and files instead of fetching them
    #[arg(long)]
    no_remote_bases: bool,
}

impl RemoteFlags {
    /// The source of remote bases, unless they are refused.
    pub(super) fn allowed<'a>(&self, remote: &'a RemoteBases) -> Option<&'a dyn RemoteSource> {
        (!self.no_remote_bases).then_some(remote)
    }
}

/// Remote bases, with the user's own SSH key.
pub(super) fn bases() -> RemoteBases {
    RemoteBases::new(late_runtime::handle, ssh_access)
}

/// The first key of `~/.ssh`. Keys with a passphrase and agents are not used.
fn ssh_access() -> Option<SshAccess> {
    let folder = PathBuf::from(std::env::var_os("HOME")?).join(".ssh");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let private_key = KEY_NAMES.iter().find_map(|name| read(name))?;
    Some(SshAccess {
        private_key,
        passphrase: String::new(),
        known_hosts: read("known_hosts").unwrap_or_default(),
    })
}

/// Does something with the root that a word of the command line means: a directory, or an address.
pub(super) fn with_root<T>(
    directory: &Path,
    disk: &Disk,
    options: &Options<'_>,
    deed: impl FnOnce(&dyn Files, &str, &Options<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let text = directory.to_string_lossy();
    if RemoteAddress::parse(&text).is_none() {
        return deed(disk, &disk::root(directory)?, options);
    }
    let Some(remote) = options.remote else {
        bail!("'{text}' is a remote kustomization, and remote bases are refused");
    };
    let (tree, root) = remote
        .directory(&text)
        .map_err(|error| anyhow!("cannot load '{text}': {error}"))?;
    let options = Options {
        load_restrictions: LoadRestrictions::RootOnly,
        ..*options
    };
    deed(&tree, &root, &options)
}
