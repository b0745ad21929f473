//! Charts and values that mean harm: each ends with a clear error, in bounded time and memory.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use skein_helm::archive::{ArchiveError, unpack};
use skein_helm::{
    Chart, File, FileTree, RenderOptions, Values, load, load_archive, render, values,
};
use skein_template::FixedEnvironment;

const CHART: &str = "apiVersion: v2\nname: bad\nversion: 1.0.0\n";

fn file(name: &str, data: impl AsRef<[u8]>) -> File {
    File {
        name: name.to_owned(),
        data: Arc::from(data.as_ref()),
        modified: None,
    }
}

pub fn chart(files: &[(&str, &str)]) -> Chart {
    let mut tree: FileTree = vec![file("Chart.yaml", CHART)];
    tree.extend(files.iter().map(|(name, text)| file(name, text)));
    load(tree).expect("the chart loads")
}

/// The error of a rendering.
pub fn failure(chart: &Chart, values: &str) -> String {
    let values = values::read_documents(values.as_bytes()).expect("values are YAML");
    let options = RenderOptions {
        release_name: "r".to_owned(),
        namespace: "n".to_owned(),
        revision: 1,
        ..RenderOptions::default()
    };
    let mut environment = FixedEnvironment::default();
    render(chart, &values, &options, &mut environment)
        .expect_err("it does not render")
        .to_string()
}

#[test]
fn template_bombs_end_with_an_error() {
    for (template, word) in [
        (
            "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
            "nested reference",
        ),
        (
            "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
            "depth",
        ),
        ("{{ tpl .Values.t . }}", "t"),
        ("{{ range until 1000000000 }}x{{ end }}", "until"),
        ("{{ repeat 1000000000 \"x\" }}", "repeat"),
        ("{{ printf \"%1000000000d\" 1 }}", "YAML parse error"),
    ] {
        let chart = chart(&[("templates/a.yaml", template)]);
        let error = failure(&chart, "t: '{{ tpl .Values.t . }}'");
        assert!(error.contains("bad/templates/a.yaml"), "{error}");
        assert!(error.contains(word), "{template}: {error}");
        assert!(error.len() < 4_000_000, "{template}: {} bytes", error.len());
    }
}

#[test]
fn value_bombs_are_refused() {
    let mut values = Values::new();
    let error = values::set("a[2147483647]=1", &mut values).expect_err("is refused");
    assert!(
        error.to_string().contains("maximum supported index"),
        "{error}"
    );
    values.clear();
    let deep = vec!["a"; 40].join(".") + "=1";
    let error = values::set(&deep, &mut values).expect_err("is refused");
    assert!(error.to_string().contains("nested level"), "{error}");
    let indexes = format!("a{}=1", "[0]".repeat(100_000));
    assert!(values::set(&indexes, &mut values).is_err());
    let nested = "[".repeat(100_000);
    assert!(values::set_json(&format!("a={nested}"), &mut values).is_err());
    let yaml = format!("a: {}", "{b: ".repeat(5_000));
    assert!(values::read_documents(yaml.as_bytes()).is_err());
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='j').zip('a'..) {
        let items = vec![format!("*{before}"); 10].join(", ");
        laughs.push_str(&format!("{name}: &{name} [{items}]\n"));
    }
    assert!(values::read_documents(laughs.as_bytes()).is_err());
}

/// A gzipped tar of entries with these names and this many zeros each.
fn archive(entries: &[(&str, u64)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, size) in entries {
        let mut header = tar::Header::new_gnu();
        // Written directly, because the builder refuses names that climb.
        let bytes = name.as_bytes();
        header.as_gnu_mut().expect("a GNU header").name[..bytes.len()].copy_from_slice(bytes);
        header.set_size(*size);
        header.set_mode(0o644);
        header.set_cksum();
        let zeros = std::io::Read::take(std::io::repeat(0), *size);
        builder
            .append(&header, zeros)
            .expect("the entry is written");
    }
    let gzip = builder.into_inner().expect("the archive ends");
    gzip.finish().expect("the archive is packed")
}

#[test]
fn archives_stay_within_their_folder_and_their_size() {
    for (name, expected) in [
        ("x/../../etc/passwd", ArchiveError::ParentFolder),
        ("x//etc/passwd", ArchiveError::AbsolutePath),
        ("x/c:/windows", ArchiveError::DriveName),
        (
            "Chart.yaml",
            ArchiveError::OutsideBase("Chart.yaml".to_owned()),
        ),
        ("alone", ArchiveError::OutsideBase("alone".to_owned())),
    ] {
        assert_eq!(unpack(&archive(&[(name, 1)])), Err(expected), "{name}");
    }
    let bomb = archive(&[("x/a", 60 << 20), ("x/b", 60 << 20)]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(unpack(&bomb), Err(ArchiveError::TooLarge));
    assert_eq!(unpack(b"PK and more"), Err(ArchiveError::NotGzip));
    let short = Err(ArchiveError::Broken("unexpected EOF".to_owned()));
    assert_eq!(unpack(b"PK"), short);
    let mut cut = archive(&[("x/Chart.yaml", 100_000)]);
    cut.truncate(cut.len() / 2);
    assert!(matches!(unpack(&cut), Err(ArchiveError::Broken(_))));
}

#[test]
fn packed_charts_share_one_limit() {
    // Five charts of 90 MiB each, packed into one small archive.
    let inner = archive(&[("x/zeros", 90 << 20)]);
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut add = |name: &str, data: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, data)
            .expect("is written");
    };
    add("bad/Chart.yaml", CHART.as_bytes());
    for at in 0..5 {
        add(&format!("bad/charts/x{at}.tgz"), &inner);
    }
    let mut gzip = builder.into_inner().expect("the archive ends");
    gzip.flush().expect("is flushed");
    let bytes = gzip.finish().expect("is packed");
    let error = load_archive(&bytes).expect_err("is refused").to_string();
    assert!(error.contains("unpacking subchart"), "{error}");
}

#[test]
fn charts_in_charts_in_charts_end() {
    let path = "charts/a/".repeat(100);
    let mut tree: FileTree = vec![file("Chart.yaml", CHART)];
    for depth in 1..=100 {
        let name = format!("{}Chart.yaml", &path[..depth * "charts/a/".len()]);
        tree.push(file(&name, CHART));
    }
    let error = load(tree).expect_err("is refused").to_string();
    assert!(error.contains("levels deep"), "{error}");
}

#[test]
fn files_do_not_lead_out_of_the_chart() {
    let chart = chart(&[(
        "templates/a.yaml",
        "a: {{ .Files.Get \"../../../etc/passwd\" | quote }}{{ .Files.Get \"/etc/passwd\" }}",
    )]);
    let options = RenderOptions {
        release_name: "r".to_owned(),
        ..RenderOptions::default()
    };
    let mut environment = FixedEnvironment::default();
    let rendered = render(&chart, &Values::new(), &options, &mut environment).expect("renders");
    assert!(
        rendered.manifest.contains("a: \"\""),
        "{}",
        rendered.manifest
    );
}

#[test]
fn schema_bombs_end_with_an_error() {
    let double = |name: &str, next: &str| {
        format!(
            "\"{name}\": {{\"allOf\": [{{\"$ref\": \"#/$defs/{next}\"}}, {{\"$ref\": \"#/$defs/{next}\"}}]}}"
        )
    };
    let names: Vec<String> = (0..60).map(|at| format!("d{at}")).collect();
    let mut definitions: Vec<String> = names.windows(2).map(|w| double(&w[0], &w[1])).collect();
    definitions.push("\"d59\": {\"type\": \"object\"}".to_owned());
    let multiplying = format!(
        "{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{{}}}}}",
        definitions.join(",")
    );
    let circle = "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"$ref\": \"#/$defs/a\"}}}";
    let remote = "{\"$ref\": \"https://example.com/schema.json\"}";
    let local = "{\"$ref\": \"file:///etc/passwd\"}";
    let lost = "{\"$ref\": \"#/$defs/none\"}";
    for (schema, word) in [
        (multiplying.as_str(), "too complex"),
        (circle, "cycle"),
        (remote, "failing loading"),
        (local, "failing loading"),
        (lost, "not found"),
        (
            "{\"pattern\": \"(\", \"properties\": {\"a\": {\"pattern\": \"(\"}}}",
            "not valid regex",
        ),
        (
            "{\"$schema\": \"https://example.com/draft\"}",
            "failing loading",
        ),
    ] {
        let chart = chart(&[("values.schema.json", schema), ("values.yaml", "a: x\n")]);
        let error = failure(&chart, "");
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn invalid_yaml_names_its_template() {
    let chart = chart(&[(
        "templates/deep/bad.yaml",
        "kind: A\nmetadata:\n  name: [x\n",
    )]);
    let error = failure(&chart, "");
    assert!(
        error.starts_with("YAML parse error on bad/templates/deep/bad.yaml: "),
        "{error}"
    );
    assert!(error.contains("line 3"), "{error}");
}

#[test]
fn an_alias_that_names_its_parent_is_no_circle() {
    let requirements = format!("{CHART}dependencies:\n- name: bad\n  version: '*'\n  alias: bad\n");
    let tree = vec![
        file("Chart.yaml", &requirements),
        file("charts/bad/Chart.yaml", CHART),
        file("charts/bad/values.yaml", "bad: {bad: {bad: 1}}\n"),
        file(
            "templates/a.yaml",
            "kind: A\nvalues: {{ toJson .Values }}\n",
        ),
    ];
    let chart = load(tree).expect("loads");
    let options = RenderOptions {
        release_name: "r".to_owned(),
        ..RenderOptions::default()
    };
    let mut environment = FixedEnvironment::default();
    let rendered = render(&chart, &Values::new(), &options, &mut environment).expect("renders");
    assert!(
        rendered.manifest.contains("{\"bad\":{\"bad\":{\"bad\":1}}"),
        "{}",
        rendered.manifest
    );
}
