//! `upstream`: builds real components into the cache.

use std::time::Instant;

use anyhow::Result;
use skein_upstream::{COMPONENTS, Component, Progress};

/// Builds the named components, or all.
pub fn run(arguments: &[String]) -> Result<()> {
    let components: Vec<&Component> = if arguments.is_empty() {
        all()
    } else {
        let named: Result<_> = arguments
            .iter()
            .map(|name| skein_upstream::find(name))
            .collect();
        named?
    };
    build(&components)
}

/// Builds these in order and says what takes the time.
pub fn build(components: &[&Component]) -> Result<()> {
    for (index, component) in components.iter().enumerate() {
        let start = Instant::now();
        let mut built = false;
        let path = skein_upstream::ensure(component, &mut |progress| match progress {
            Progress::Present(_) => {}
            Progress::Building(component, version) => {
                built = true;
                let (number, total) = (index + 1, components.len());
                println!("[{number}/{total}] building {} {version}", component.name);
            }
        })?;
        let took = if built {
            format!("built in {} s", start.elapsed().as_secs())
        } else {
            "there".to_owned()
        };
        println!("{:<24} {took:<16} {}", component.name, path.display());
    }
    Ok(())
}

/// Every component.
pub fn all() -> Vec<&'static Component> {
    COMPONENTS.iter().collect()
}

/// What a real control plane is made of.
pub fn control_plane() -> Result<Vec<&'static Component>> {
    skein_upstream::CONTROL_PLANE
        .iter()
        .map(|name| skein_upstream::find(name))
        .collect()
}
