//! Indexes good and bad.

use super::*;

const GOOD: &str = r#"
apiVersion: v1
entries:
  app:
  - {apiVersion: v2, name: app, version: 1.0.0, appVersion: '1', urls: [app-1.0.0.tgz], created: "2026-01-01T00:00:00.500Z", digest: aa}
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
    let text = "apiVersion: v1\nentries:\n  app:\n  - {name: app, version: 1.0.0}\n  - {name: app, version: not-semver}\n  - null\n  - {version: 1.3.0}\n  - {name: a/b, version: 1.3.0}\n  - {name: app, version: 1.4.0, maintainers: [null]}\n  empty: []\n  nothing:\n";
    let read = ChartIndex::parse(text.as_bytes()).unwrap();
    assert_eq!(read.warnings.len(), 5, "{:?}", read.warnings);
    assert_eq!(found(&read.index, "*"), "1.0.0");
    let entries = read.index.entries.unwrap();
    assert_eq!(entries["empty"], Some(Vec::new()));
    assert_eq!(entries["nothing"], None);
}

#[test]
fn fields_of_older_helms_are_kept() {
    let text = "apiVersion: v1\nserverInfo: {contextPath: /x}\nentries:\n  app:\n  - {name: app, version: 1.0.0, engine: gotpl, tillerVersion: '>2', checksum: a, url: u}\n";
    let read = ChartIndex::parse(text.as_bytes()).unwrap();
    assert!(read.warnings.is_empty());
    let json = String::from_utf8(read.index.to_json().unwrap()).unwrap();
    assert!(
        json.starts_with("{\n  \"serverInfo\": {\n    \"contextPath\""),
        "{json}"
    );
    let end = "\"checksum\": \"a\",\n        \"engine\": \"gotpl\",\n        \"tillerVersion\": \"\\u003e2\",\n        \"url\": \"u\"";
    assert!(json.contains(end), "{json}");
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
fn another_shape_is_told_in_words_of_go() {
    const YAML: &str = "error unmarshaling JSON: while decoding JSON: ";
    let entry = |fields: &str| format!("apiVersion: v1\nentries:\n  app:\n  - {{{fields}}}\n");
    for (text, message) in [
        (
            entry("deprecated: 'yes', version: 1"),
            "json: cannot unmarshal string into Go struct field ChartVersion.entries.Metadata.deprecated of type bool",
        ),
        (
            entry("urls: a.tgz"),
            "json: cannot unmarshal string into Go struct field ChartVersion.entries.urls of type []string",
        ),
        (
            entry("maintainers: [{name: [a]}]"),
            "json: cannot unmarshal array into Go struct field Maintainer.entries.Metadata.maintainers.name of type string",
        ),
        (
            entry("maintainers: [me]"),
            "json: cannot unmarshal string into Go struct field ChartVersion.entries.Metadata.maintainers of type v2.Maintainer",
        ),
        (
            entry("dependencies: {a: b}"),
            "json: cannot unmarshal object into Go struct field ChartVersion.entries.Metadata.dependencies of type []*v2.Dependency",
        ),
        (
            entry("created: yesterday, deprecated: 1"),
            "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"",
        ),
        (entry("colour: red"), "json: unknown field \"colour\""),
        (
            entry("annotations: {a: 1}, urls: [1], digest: 5"),
            "json: cannot unmarshal number into Go struct field ChartVersion.entries.Metadata.annotations of type string",
        ),
        (
            "apiVersion: v1\nentries:\n  app: text\n".to_owned(),
            "json: cannot unmarshal string into Go struct field IndexFile.entries of type repo.ChartVersions",
        ),
    ] {
        let error = ChartIndex::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("{YAML}{message}"), "{text}");
    }
    // JSON is read less strictly, but there a number is no text.
    let json = r#"{"apiVersion": "v1", "more": 1, "entries": {"app": [{"name": "app", "version": "1.0.0"}]}}"#;
    assert!(ChartIndex::parse(json.as_bytes()).is_ok());
    let json = r#"{"apiVersion": "v1", "entries": {"app": [{"name": "app", "version": 1}]}}"#;
    assert_eq!(
        ChartIndex::parse(json.as_bytes()).unwrap_err().to_string(),
        "json: cannot unmarshal number into Go struct field ChartVersion.entries.Metadata.version of type string"
    );
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let text = "apiVersion: v1\nentries:\n  app: []\n  app:\n  - name: app\n";
    assert_eq!(
        ChartIndex::parse(text.as_bytes()).unwrap_err().to_string(),
        "error converting YAML to JSON: yaml: unmarshal errors:\n  line 5: key \"app\" already set in map"
    );
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
