//! Indexes good and bad.

use super::*;

const GOOD: &str = r#"
apiVersion: v1
entries:
  app:
  - {apiVersion: v2, name: app, version: 1.0.0, appVersion: 1.0, urls: [app-1.0.0.tgz], created: "2026-01-01T00:00:00.500Z", digest: aa}
  - {apiVersion: v2, name: app, version: 1.10.0, description: "a <b> & c", urls: [app-1.10.0.tgz], created: "2026-01-01T00:00:00Z"}
  - {name: app, version: 1.2.0, urls: [x.tgz]}
generated: "2026-01-01T00:00:00Z"
"#;

fn good() -> ChartIndex {
    ChartIndex::parse(GOOD.as_bytes()).unwrap().index
}

fn found(index: &ChartIndex, range: &str) -> String {
    match index.find("app", range) {
        Ok(entry) => entry.metadata.version.clone(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_index_is_sorted_and_written_as_it_is_stored() {
    let expected = r#"{
  "apiVersion": "v1",
  "generated": "2026-01-01T00:00:00Z",
  "entries": {
    "app": [
      {
        "name": "app",
        "version": "1.10.0",
        "description": "a \u003cb\u003e \u0026 c",
        "apiVersion": "v2",
        "urls": [
          "app-1.10.0.tgz"
        ],
        "created": "2026-01-01T00:00:00Z"
      },
      {
        "name": "app",
        "version": "1.2.0",
        "apiVersion": "v1",
        "urls": [
          "x.tgz"
        ],
        "created": "0001-01-01T00:00:00Z"
      },
      {
        "name": "app",
        "version": "1.0.0",
        "apiVersion": "v2",
        "appVersion": "1",
        "urls": [
          "app-1.0.0.tgz"
        ],
        "created": "2026-01-01T00:00:00.5Z",
        "digest": "aa"
      }
    ]
  }
}"#;
    let json = good().to_json().unwrap();
    assert_eq!(String::from_utf8_lossy(&json), expected);
    assert_eq!(ChartIndex::from_json(&json).unwrap(), good());
}

#[test]
fn versions_are_found_by_range() {
    let index = good();
    for (range, version) in [
        ("*", "1.10.0"),
        ("", "1.10.0"),
        ("1.0.0", "1.0.0"),
        ("~1.2", "1.2.0"),
        ("v1.2.0", "1.2.0"),
        (">=9", "no 'app' chart with version matching '>=9' found"),
        ("a b", "improper constraint: \"a b\""),
    ] {
        assert_eq!(found(&index, range), version, "{range}");
    }
    let missing = index.find("nope", "*").unwrap_err();
    assert_eq!(missing.to_string(), "no chart name found");
}

#[test]
fn of_equal_versions_the_newest_counts() {
    let text = "apiVersion: v1\nentries:\n  a:\n  - {name: a, version: 1.0.0+1, created: '2026-01-01T00:00:00Z'}\n  - {name: a, version: 1.0.0+2, created: '2026-01-02T00:00:00Z'}\n";
    let index = ChartIndex::parse(text.as_bytes()).unwrap().index;
    let newest = index.find("a", "*").unwrap();
    assert_eq!(newest.metadata.version, "1.0.0+2");
}

#[test]
fn bad_entries_are_left_out_and_others_work() {
    let text = "apiVersion: v1\nentries:\n  app:\n  - {name: app, version: 1.0.0}\n  - {name: app, version: not-semver}\n  - null\n  - {version: 1.3.0}\n  - {name: a/b, version: 1.3.0}\n  - {name: app, version: 1.3.0, created: yesterday}\n  - {name: [], version: 1.3.0}\n  - {name: app, version: 1.4.0, maintainers: [null]}\n  empty: []\n  nothing:\n";
    let read = ChartIndex::parse(text.as_bytes()).unwrap();
    assert_eq!(read.warnings.len(), 7, "{:?}", read.warnings);
    assert_eq!(found(&read.index, "*"), "1.0.0");
    let entries = read.index.entries.unwrap();
    assert_eq!(entries["empty"], Some(Vec::new()));
    assert_eq!(entries["nothing"], None);
}

#[test]
fn what_is_no_index_is_refused() {
    for (text, message) in [
        ("", "empty index.yaml file"),
        ("entries: {}\n", "no API version specified"),
        (
            "just text",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go value of type repo.IndexFile",
        ),
        (
            "apiVersion: v1\nentries: []\n",
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field IndexFile.entries of type map[string]repo.ChartVersions",
        ),
        (
            "apiVersion: v1\nentries: [\n",
            "error converting YAML to JSON: yaml: line 2: did not find expected node content",
        ),
    ] {
        let error = ChartIndex::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message, "{text:?}");
    }
}

#[test]
fn deep_and_repeated_yaml_is_bounded() {
    let deep = format!("apiVersion: v1\nentries: {}", "[".repeat(100_000));
    assert!(ChartIndex::parse(deep.as_bytes()).is_err());
    let mut bomb = "apiVersion: v1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            below.trim_end_matches(", ")
        ));
    }
    assert!(ChartIndex::parse(bomb.as_bytes()).is_err());
}

#[test]
fn strict_versions() {
    for (text, is_strict) in [
        ("1.2.3", true),
        ("v1.2.3-rc.1+b", true),
        ("1.2", false),
        ("01.2.3", false),
        ("latest", false),
    ] {
        assert_eq!(parse_strict(text).is_some(), is_strict, "{text}");
    }
}
