//! Makes the hub follow builds of the web page. It never builds the page: `npm run build` in `web` does, which `cargo xtask up` calls.

use std::path::Path;

/// Where `npm run build` puts the page.
const DIST: &str = "../../../web/dist";

fn main() {
    // The folder is watched below and embedded by the code; without it, a page that is built later would go unnoticed.
    if !Path::new(DIST).exists()
        && let Err(error) = std::fs::create_dir_all(DIST)
    {
        println!("cargo::warning=the web page is not embedded: cannot make {DIST}: {error}");
    }
    println!("cargo::rerun-if-changed={DIST}");
}
