//! A packed chart is the chart.

use std::path::PathBuf;

use jiff::Timestamp;
use skein_helm::pack::pack;
use skein_helm::{Chart, load_archive};

use crate::run::load;

/// What packing keeps, without times and raw files.
fn contents(chart: &Chart) -> (String, Vec<(String, usize)>, usize) {
    let metadata = serde_json::to_string(&chart.metadata).expect("is JSON");
    let files = chart.templates.iter().chain(&chart.files);
    let files = files
        .map(|file| (file.name.clone(), file.data.len()))
        .collect();
    (metadata, files, chart.dependencies.len())
}

#[test]
fn a_packed_chart_loads_as_the_same_chart() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/charts/charts");
    for name in [
        "alias",
        "crds",
        "files",
        "import-chain",
        "v1-requirements",
        "schema-sub",
    ] {
        let chart = load(&folder.join(name)).expect("the chart loads");
        let bytes = pack(&chart, Timestamp::UNIX_EPOCH).expect("the chart is packed");
        let back = load_archive(&bytes).expect("the archive loads");
        assert_eq!(contents(&chart), contents(&back), "{name}");
        assert_eq!(chart.values, back.values, "{name}");
        assert_eq!(chart.schema, back.schema, "{name}");
    }
}
