//! Which charts lie below some folders, and what is run with each.

use std::path::{Path, PathBuf};

/// Commands that need nothing but the chart, which `CHART` stands for.
pub const COMMANDS: [&str; 6] = [
    "lint CHART",
    "lint CHART --strict --with-subcharts --quiet",
    "show all CHART",
    "show crds CHART",
    "dependency list CHART",
    "package CHART",
];

/// Every chart in a folder that is not below another chart.
pub fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("Chart.yaml").is_file() {
        found.push(folder.to_owned());
        return;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths
        .iter()
        .filter(|path| path.is_dir() && !path.is_symlink())
    {
        find(path, found);
    }
}
