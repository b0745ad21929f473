//! The commands on a small repository on disk.

mod charts;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clap::Parser;

use super::{KustomizeArguments, run};
use crate::output::Output;

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    kustomize: KustomizeArguments,
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("UTF-8")
    }
}

/// Output, errors and whether it went well.
fn skein(words: &[&str]) -> (String, String, bool) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let line = CommandLine::parse_from(["kustomize"].iter().chain(words));
    let mut output = Output::new(out.clone(), err.clone());
    let code = run(&line.kustomize, &mut output).expect("errors are told");
    let good = format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS);
    (out.text(), err.text(), good)
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

const APP: &str =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  replicas: 1\n";
const OVERLAY: &str = "namespace: shop\nresources:\n- ../base\npatches:\n- target:\n    kind: Deployment\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 3\n";

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[
            ("base/app.yaml", APP),
            ("base/kustomization.yaml", "resources: [app.yaml]\n"),
            ("overlay/kustomization.yaml", OVERLAY),
        ],
    );
    folder
}

#[test]
fn build_prints_or_writes_the_objects() {
    let folder = repository();
    let overlay = folder.path().join("overlay").display().to_string();
    let (text, _, good) = skein(&["build", &overlay]);
    assert!(good);
    let wanted = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\n  namespace: shop\nspec:\n  replicas: 3\n";
    assert_eq!(text, wanted);
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let (text, _, good) = skein(&["build", &overlay, "-o", &out.display().to_string()]);
    assert!(good && text.is_empty());
    let written = fs::read_to_string(out.join("apps_v1_deployment_app.yaml"));
    assert_eq!(written.expect("the file"), wanted);
}

#[test]
fn output_is_one_file_or_a_file_for_each_object() {
    let folder = repository();
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: app\n";
    write(
        folder.path(),
        &[
            ("base/service.yaml", service),
            (
                "base/kustomization.yaml",
                "resources: [app.yaml, service.yaml]\n",
            ),
        ],
    );
    let base = folder.path().join("base").display().to_string();
    let (printed, _, good) = skein(&["build", &base]);
    assert!(good && printed.contains("\n---\n"), "{printed}");
    // A path where no directory is names a file, which is made or replaced.
    let file = folder.path().join("all.yaml");
    for before in [None, Some("longer ".repeat(1000))] {
        if let Some(text) = before {
            fs::write(&file, text).expect("a file");
        }
        let shown = file.display().to_string();
        let (text, error, good) = skein(&["build", &base, "--output", &shown]);
        assert!(good && text.is_empty() && error.is_empty(), "{text}{error}");
        assert_eq!(fs::read_to_string(&file).expect("the file"), printed);
    }
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    fs::write(out.join("other.yaml"), "stays").expect("a file");
    let (text, error, good) = skein(&["build", &base, "-o", &out.display().to_string()]);
    assert!(good && text.is_empty() && error.is_empty(), "{text}{error}");
    let read = |name: &str| fs::read_to_string(out.join(name)).expect("the file");
    assert_eq!(read("apps_v1_deployment_app.yaml"), APP);
    assert_eq!(read("v1_service_app.yaml"), service);
    assert_eq!(read("other.yaml"), "stays");
    assert_eq!(fs::read_dir(&out).expect("the folder").count(), 3);
    // What cannot be written is told with its path, and a build that fails writes nothing.
    let nowhere = folder.path().join("gone/all.yaml").display().to_string();
    let (_, error, good) = skein(&["build", &base, "-o", &nowhere]);
    assert!(!good && error.contains("gone/all.yaml"), "{error}");
    write(
        folder.path(),
        &[("base/kustomization.yaml", "resources: [gone.yaml]\n")],
    );
    let untouched = folder.path().join("none.yaml");
    let (_, _, good) = skein(&["build", &base, "-o", &untouched.display().to_string()]);
    assert!(!good && !untouched.exists());
}

#[test]
fn errors_begin_as_those_of_kustomize_and_name_the_file() {
    let folder = repository();
    write(
        folder.path(),
        &[("base/kustomization.yaml", "resources: [gone.yaml]\n")],
    );
    let overlay = folder.path().join("overlay").display().to_string();
    let (_, error, good) = skein(&["build", &overlay]);
    assert!(!good);
    assert!(error.starts_with("Error: "), "{error}");
    assert!(
        error.contains("base/kustomization.yaml:1: resources[0]"),
        "{error}"
    );
    let remote = "https://example.com/org/repo//x?ref=main";
    let (_, error, good) = skein(&["build", remote, "--no-remote-bases"]);
    assert!(!good && error.contains("remote"), "{error}");
}

#[test]
fn charts_are_rendered_when_enabled() {
    let folder = repository();
    let chart = "apiVersion: v2\nname: app\nversion: 1.0.0\n";
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\ndata:\n  a: {{ .Values.a | quote }}\n  b: {{ .Values.b | quote }}\n";
    let kustomization = "namespace: shop\nhelmCharts:\n- name: app\n  releaseName: r\n  valuesInline: {b: 2}\n  additionalValuesFiles: [more.yaml]\n";
    write(
        folder.path(),
        &[
            ("base/kustomization.yaml", kustomization),
            ("base/more.yaml", "a: 3\n"),
            ("base/charts/app/Chart.yaml", chart),
            ("base/charts/app/values.yaml", "a: 1\nb: 1\n"),
            ("base/charts/app/templates/cm.yaml", template),
        ],
    );
    let base = folder.path().join("base").display().to_string();
    let (_, error, good) = skein(&["build", &base]);
    assert!(!good && error.contains("helmCharts[0]"), "{error}");
    let (text, error, good) = skein(&["build", &base, "--enable-helm"]);
    assert!(good, "{error}");
    let wanted = "apiVersion: v1\ndata:\n  a: \"3\"\n  b: \"2\"\nkind: ConfigMap\nmetadata:\n  name: r\n  namespace: shop\n";
    assert_eq!(text, wanted);
    let (text, error, good) = skein(&["explain", "ConfigMap/r", &base, "--enable-helm"]);
    assert!(good && text.contains("helmCharts[0]"), "{text}{error}");
}

#[test]
fn deprecated_fields_are_told_in_the_words_of_kustomize() {
    let folder = repository();
    let text = "resources: [app.yaml]\nvars: []\ncommonLabels: {a: b}\n";
    write(folder.path(), &[("base/kustomization.yaml", text)]);
    let base = folder.path().join("base").display().to_string();
    let (_, error, good) = skein(&["build", &base]);
    assert!(good);
    assert_eq!(
        error,
        "# Warning: 'commonLabels' is deprecated. Please use 'labels' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n\
         # Warning: 'vars' is deprecated. Please use 'replacements' instead. [EXPERIMENTAL] Run 'kustomize edit fix' to update your Kustomization automatically.\n"
    );
}

#[test]
fn unused_vars_and_deprecated_flags_are_told_in_the_words_of_kustomize() {
    let folder = repository();
    let text = "resources: [app.yaml]
vars:
- {name: B, objref: {apiVersion: apps/v1, kind: Deployment, name: app}}
- {name: A, objref: {apiVersion: apps/v1, kind: Deployment, name: app}}
";
    write(folder.path(), &[("base/kustomization.yaml", text)]);
    let base = folder.path().join("base").display().to_string();
    let flags = ["--reorder=none", "--enable-managedby-label"];
    let (_, error, good) = skein(&["build", &base, flags[0], flags[1]]);
    assert!(good, "{error}");
    let lines: Vec<&str> = error.lines().collect();
    let [reorder, label, _, unused] = lines[..] else {
        panic!("{error}");
    };
    assert!(reorder.starts_with("Flag --reorder has been deprecated, use the new"));
    assert!(label.starts_with("Flag --enable-managedby-label has been deprecated, The flag"));
    assert_eq!(unused, "well-defined vars that were never replaced: A,B");
}

#[test]
fn objects_with_one_file_name_are_told() {
    let folder = repository();
    let twice = format!("{APP}---\n{}", APP.replace("name: app", "name: APP"));
    write(folder.path(), &[("base/app.yaml", &twice)]);
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let base = folder.path().join("base").display().to_string();
    let (_, error, good) = skein(&["build", &base, "-o", &out.display().to_string()]);
    assert!(
        good && error.contains("apps_v1_deployment_app.yaml"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_around_the_load_restrictor() {
    let folder = repository();
    write(folder.path(), &[("secret.yaml", APP)]);
    std::os::unix::fs::symlink("../secret.yaml", folder.path().join("base/link.yaml"))
        .expect("a link");
    write(
        folder.path(),
        &[("base/kustomization.yaml", "resources: [link.yaml]\n")],
    );
    let base = folder.path().join("base").display().to_string();
    let (_, error, good) = skein(&["build", &base]);
    assert!(!good && error.contains("security"), "{error}");
    let (_, _, good) = skein(&["build", &base, "--load-restrictor", "LoadRestrictionsNone"]);
    assert!(good);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_told_as_what_it_is() {
    let folder = repository();
    let base = folder.path().join("base");
    let at = |name: &str| base.join(name);
    std::os::unix::fs::symlink("loop", at("loop")).expect("a link");
    std::os::unix::fs::symlink("gone.yaml", at("dangling")).expect("a link");
    std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
    let large = fs::File::create(at("large")).expect("a file");
    large
        .set_len((64 << 20) + 1)
        .expect("a long file without content");
    let shown = base.display().to_string();
    for (name, words) in [
        (
            "loop",
            "'loop': is a link to 'loop' that cannot be followed",
        ),
        (
            "dangling",
            "'dangling': is a link to 'gone.yaml', where nothing is",
        ),
        (
            "socket",
            "'socket': is a pipe, socket or device, not a file",
        ),
        (
            "large",
            "'large': has 67108865 bytes, the limit of a file is 67108864",
        ),
        ("none", "'none': no such file or directory"),
    ] {
        for field in ["resources", "components", "crds", "configurations"] {
            let text = format!("{field}: [{name}]\n");
            write(folder.path(), &[("base/kustomization.yaml", &text)]);
            let (_, error, good) = skein(&["build", &shown]);
            let place = format!("base/kustomization.yaml:1: {field}[0]: ");
            assert!(!good && error.contains(&place), "{error}");
            // A file is no component, however large it is.
            let is_told = name == "large" && field == "components";
            let is_file = name == "none" && error.contains("'none': no such file");
            assert!(is_told || is_file || error.contains(words), "{error}");
        }
    }
    // The kustomization itself.
    fs::remove_file(at("kustomization.yaml")).expect("was there");
    std::os::unix::fs::symlink("gone", at("kustomization.yaml")).expect("a link");
    let (_, error, good) = skein(&["build", &shown]);
    assert!(
        !good && error.contains("'kustomization.yaml' is a link to 'gone', where nothing is"),
        "{error}"
    );
    fs::remove_file(at("kustomization.yaml")).expect("was there");
    write(folder.path(), &[("out.yaml", "resources: []\n")]);
    std::os::unix::fs::symlink("../out.yaml", at("kustomization.yaml")).expect("a link");
    let (_, error, good) = skein(&["build", &shown]);
    assert!(
        !good && error.contains("base/kustomization.yaml: security; file '"),
        "{error}"
    );
    assert!(error.contains("/out.yaml' is not in or below '"), "{error}");
}

#[test]
fn explain_shows_origins_and_the_history_of_a_field() {
    let folder = repository();
    let overlay = folder.path().join("overlay").display().to_string();
    let (text, error, good) = skein(&["explain", "deployment/app", &overlay]);
    assert!(good, "{error}");
    let line = text
        .lines()
        .find(|l| l.contains("replicas"))
        .expect("a line");
    assert!(
        line.contains("overlay/kustomization.yaml:8 patches[0], was 1 ("),
        "{text}"
    );
    assert!(line.contains("base/app.yaml:6)"), "{text}");
    let field = [
        "explain",
        "Deployment/app",
        &overlay,
        "--field",
        "spec.replicas",
    ];
    let (text, _, _) = skein(&field);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[1].contains("base/app.yaml:6") && lines[2].contains("patches[0]"),
        "{text}"
    );
    let (text, _, _) = skein(&["explain", "Deployment/app", &overlay, "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["namespace"], "shop");
    let (_, error, good) = skein(&["explain", "Deployment/none", &overlay]);
    assert!(!good && error.contains("it has: Deployment/app"), "{error}");
}

#[test]
fn programs_are_never_run_whatever_the_flags_say() {
    let folder = repository();
    let flags = [
        "--enable-alpha-plugins",
        "--enable-exec",
        "--network",
        "--as-current-user",
        "--env=A=b",
        "--mount=type=bind,src=/,dst=/",
        "--network-name=host",
        "--stack-trace",
    ];
    let overlay = folder.path().join("overlay").display().to_string();
    let plain = skein(&["build", &overlay]);
    let mut words = vec!["build", overlay.as_str()];
    words.extend(flags);
    assert!(plain.2);
    assert_eq!(skein(&words), plain);
    let function = "apiVersion: example.com/v1\nkind: Any\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./touch.sh}\n";
    let kustomization = "resources: [app.yaml]\ntransformers: [function.yaml]\n";
    write(
        folder.path(),
        &[
            ("base/function.yaml", function),
            ("base/touch.sh", "#!/bin/sh\ntouch was-run\n"),
            ("base/kustomization.yaml", kustomization),
        ],
    );
    let base = folder.path().join("base").display().to_string();
    words[1] = &base;
    let (_, error, good) = skein(&words);
    assert!(
        !good && error.contains("base/kustomization.yaml"),
        "{error}"
    );
    assert!(
        error.contains("transformers") && error.contains("Any/f"),
        "{error}"
    );
}

#[test]
fn a_file_may_be_named_by_its_absolute_path_a_directory_not() {
    let folder = repository();
    let base = folder.path().join("base").canonicalize().expect("is there");
    let resource = base.join("app.yaml").display().to_string();
    let kustomization = format!("resources: [{resource}]\n");
    write(
        folder.path(),
        &[("base/kustomization.yaml", &kustomization)],
    );
    let shown = base.display().to_string();
    let (text, error, good) = skein(&["build", &shown]);
    assert!(good && text == APP, "{error}");
    let kustomization = format!("resources: [{shown}]\n");
    write(
        folder.path(),
        &[("overlay/kustomization.yaml", &kustomization)],
    );
    let overlay = folder.path().join("overlay").display().to_string();
    let (_, error, good) = skein(&["build", &overlay]);
    assert!(!good && error.contains("absolute path"), "{error}");
    let elsewhere = format!("resources: [{resource}]\n");
    write(folder.path(), &[("overlay/kustomization.yaml", &elsewhere)]);
    let (_, error, good) = skein(&["build", &overlay]);
    assert!(!good && error.contains("security"), "{error}");
}
