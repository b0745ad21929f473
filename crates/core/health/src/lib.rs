//! Is an object healthy: kstatus rules, Flux's overrides, health expressions and the wait for many objects.
//!
//! Pure: the object and the present time come in, a verdict goes out. Nothing here waits.

mod compute;
mod expressions;
mod fields;
mod status;
mod wait;
mod workloads;

pub use compute::health;
pub use expressions::{Evaluate, HealthExpressionError, HealthExpressions};
pub use status::{Health, Status};
pub use wait::{WaitVerdict, Waited, judge};
