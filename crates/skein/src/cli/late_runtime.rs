//! The async runtime of commands on files, which starts when one of them first has to wait: most never do.

use std::io;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime of this process, to block on. Its work is dropped at the end of the process, so none of it holds up the exit.
pub(crate) fn handle() -> io::Result<Handle> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle().clone());
    }
    skein_cluster::install_crypto_provider();
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime).handle().clone())
}
