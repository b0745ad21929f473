//! What Flux objects refer to, the order of their dependencies, and the first broken link on the way from a source to a healthy object.
//!
//! Pure: what is known of the clusters goes in through [`View`]; links, cycles and explanations come out. `skein up`, the hub's API and
//! page, and the command line all tell what [`explain`] finds.

mod causes;
mod depends;
mod explain;
mod index;
mod links;
mod place;
mod standing;
mod view;

pub use causes::{CauseGroup, root_causes};
pub use depends::{Cycle, DependencyGraph};
pub use explain::{Broken, Cause, Explanation, Link, Part, Urgency, age, explain};
pub use index::{FleetIndex, ObjectIndex};
pub use links::{
    ConnectionRef, Reference, connection_of, dependencies_of, health_checks_of, inventory_of,
    owners_of, references_of, source_of, sources_of,
};
pub use place::Place;
pub use standing::{Standing, Summary, flux_health, summarise};
pub use view::{Contact, Sight, Target, View, Warning};
