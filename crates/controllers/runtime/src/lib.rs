//! What every controller shares: queue, backoff, driver, status and event writers, feature gates, metrics.
//!
//! A controller is a [`Reconciler`] over keys. [`run`] takes keys from its [`Queue`], never works on one key twice at a time, and
//! puts the key back as the reconciler's [`Next`] says. Waiting holds no worker: a reconciler that waits returns, and a
//! watch or a deadline wakes its key.

pub mod driver;
pub mod events;
pub mod gates;
pub mod health_expression;
pub mod metrics;
pub mod observed;
pub mod options;
mod presence;
pub mod queue;
pub mod referrers;
pub mod refusal;
pub mod rights;
pub mod status;
pub mod targets;
pub mod unreadable;

pub use driver::{Next, Reconciler, run};
pub use events::{Event, EventRecorder, EventSink, Severity};
pub use gates::FeatureGates;
pub use health_expression::HealthExpression;
pub use metrics::{CacheEvent, Metrics};
pub use options::{ControllerOptions, DriftDetection};
pub use queue::Queue;
pub use refusal::dry_run_refused;
pub use status::{StatusWriter, merge_patch_between};
pub use unreadable::unreadable_status;
