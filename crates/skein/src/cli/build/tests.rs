//! `build kustomization --dry-run` over real repositories equals what `flux build kustomization --dry-run` 2.9.4 printed.

use std::fs;

use super::*;

fn real() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/real")
}

fn objects_below(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            objects_below(&path, out);
        } else if path.to_string_lossy().ends_with(".object.yaml") {
            out.push(path);
        }
    }
}

fn documents(text: &[u8]) -> Vec<Value> {
    let documents = skein_yaml::documents(text).expect("YAML");
    documents
        .into_iter()
        .map(|d| d.value)
        .filter(|value| !value.is_null())
        .collect()
}

/// The built text, or the error.
fn build(object_file: &Path, repository: &Path) -> Result<Vec<Object>, String> {
    let object = documents(&fs::read(object_file).expect("readable")).remove(0);
    let object = Object::from_value(object).expect("an object");
    let path = object
        .str_at(&["spec", "path"])
        .unwrap_or_default()
        .trim_start_matches('/')
        .to_owned();
    let options = BuildOptions {
        path: repository.join(path),
        ..BuildOptions::default()
    };
    build_kustomization(&object, &options).map_err(|error| format!("{error:#}"))
}

#[test]
fn real_repositories_build_as_with_flux() {
    let expected = real().join("expected/flux-build");
    let mut files = Vec::new();
    objects_below(&expected, &mut files);
    if files.is_empty() {
        println!("skipped: no recorded builds of Flux beside the repository");
        return;
    }
    files.sort();
    let mut counts = Counts::default();
    let mut differences = Vec::new();
    for file in &files {
        let relative = file.strip_prefix(&expected).expect("below");
        let repository = relative.components().next().expect("a repository");
        let recorded =
            |ending: &str| fs::read(file.to_string_lossy().replace(".object.yaml", ending)).ok();
        let built = build(file, &real().join("flux-repos").join(repository));
        match (recorded(".out.yaml"), recorded(".err"), built) {
            (None, None, _) => counts.unrecorded += 1,
            (Some(theirs), _, Ok(ours)) => {
                let ours: Vec<Value> = ours.iter().map(Object::to_value).collect();
                counts.equal += usize::from(ours == documents(&theirs));
                if ours != documents(&theirs) {
                    differences.push(format!("{}: differs", relative.display()));
                }
            }
            (None, Some(_), Err(_)) => counts.refused += 1,
            // The repositories were stored without their scripts.
            (Some(_), _, Err(error)) if error.contains(".sh': no such file") => {
                counts.incomplete += 1
            }
            (Some(_), _, Err(error)) => {
                differences.push(format!("{}: {error}", relative.display()));
            }
            (None, Some(_), Ok(_)) => {
                differences.push(format!("{}: Flux refuses it", relative.display()));
            }
        }
    }
    println!("{counts:?} of {}", files.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(counts.equal > 200 && counts.incomplete < 5, "{counts:?}");
}

#[derive(Debug, Default)]
struct Counts {
    equal: usize,
    refused: usize,
    /// Neither output nor error was recorded.
    unrecorded: usize,
    /// The input lacks a file.
    incomplete: usize,
}

fn kustomization(spec: Value) -> Object {
    Object::from_value(serde_json::json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"}, "spec": spec,
    }))
    .expect("an object")
}

/// Files of a test in a folder of their own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("skein-build-{name}-{}", std::process::id()));
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, content).expect("written");
        }
        Self(root)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\ndata:\n  v: ${VALUE:=none}\n";

#[test]
fn a_build_reaches_bases_and_components_outside_of_its_directory() {
    let folder = Folder::new(
        "reach",
        &[
            ("base/map.yaml", &CONFIG_MAP.replace("NAME", "base")),
            (
                "base/kustomization.yaml",
                "resources: [map.yaml, ../common]\n",
            ),
            (
                "common/kustomization.yaml",
                "configMapGenerator: [{name: gen, files: [a=../secret/../data.txt]}]\n",
            ),
            ("data.txt", "hello"),
            (
                "components/labels/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {team: x}\n",
            ),
            (
                "apps/staging/kustomization.yaml",
                "resources: [../../base]\n",
            ),
            ("elsewhere/big.yaml", "not: read"),
        ],
    );
    let spec = serde_json::json!({"components": ["../../components/labels"], "postBuild": {"substitute": {"VALUE": "one"}}});
    let options = BuildOptions {
        path: folder.0.join("apps/staging"),
        ..BuildOptions::default()
    };
    let objects = build_kustomization(&kustomization(spec), &options).expect("builds");
    let names: Vec<&str> = objects.iter().map(Object::name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(objects[0].str_at(&["data", "v"]), Some("one"));
    assert!(
        objects
            .iter()
            .all(|object| object.annotation("team") == Some("x"))
    );
    assert!(
        objects
            .iter()
            .all(|o| o.label("kustomize.toolkit.fluxcd.io/name") == Some("apps"))
    );
}

#[test]
fn ignored_files_stay_out_and_strict_substitution_fails() {
    let folder = Folder::new(
        "ignore",
        &[
            ("a.yaml", &CONFIG_MAP.replace("NAME", "a")),
            (
                "b.yaml",
                &CONFIG_MAP.replace("NAME", "b").replace(":=none", ""),
            ),
            ("c.yaml", "this: is no object\n"),
            (".sourceignore", "/c.yaml\n"),
        ],
    );
    let mut options = BuildOptions {
        path: folder.0.clone(),
        ignore_paths: vec!["b.yaml".into()],
        strict_substitute: true,
        ..BuildOptions::default()
    };
    let object = kustomization(serde_json::json!({"postBuild": {"substitute": {"X": "y"}}}));
    let built = build_kustomization(&object, &options).expect("builds");
    assert_eq!(built.iter().map(Object::name).collect::<Vec<_>>(), ["a"]);
    options.ignore_paths.clear();
    let error = build_kustomization(&object, &options).expect_err("is refused");
    assert!(format!("{error:#}").contains("VALUE"), "{error:#}");
}
