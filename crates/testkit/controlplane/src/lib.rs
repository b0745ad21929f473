//! Real surroundings for tests: a Kubernetes control plane, Git servers, a registry of charts and our own binary, everything on 127.0.0.1.
//!
//! Whatever is started here ends with the value that started it, and with the test process if that dies first.

mod api;
mod certificates;
mod charts;
mod control_plane;
mod controllers;
mod daemon;
mod git;
mod target;

pub use api::{Api, ApiError, status_of};
pub use certificates::{Authority, Identity};
pub use charts::{ChartFiles, ChartRegistry, Helm, write_chart};
pub use control_plane::{ControlPlane, Options, SERVICE_ADDRESSES};
pub use controllers::{COMPONENTS, ControllerOptions, Controllers};
pub use daemon::{Daemon, free_port};
pub use git::http::{Access, GitHttpServer, GitRequest};
pub use git::repository::{Commit, Repository};
pub use git::ssh::GitSshServer;
pub use target::{Target, until};
