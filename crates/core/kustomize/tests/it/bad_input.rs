//! Every kind of bad input, two kustomizations deep: the error names file, line, field and object, and the way that led there.

use skein_kustomize::{BuildError, FileTree, LoadRestrictions, Options, build};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: main\n        image: nginx\n";
const CONTAINER_FUNCTION: &str = "apiVersion: example.com/v1\nkind: F\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: example.com/function:v1}\n";

/// A bad input: files of `base`, and what must be told.
struct Bad {
    name: &'static str,
    kustomization: String,
    files: Vec<(&'static str, Vec<u8>)>,
    /// The file that is to blame.
    file: &'static str,
    line: Option<u64>,
    field: Option<&'static str>,
    object: Option<&'static str>,
    words: &'static str,
}

impl Bad {
    /// Something wrong in the kustomization itself.
    fn kustomization(name: &'static str, text: &str, words: &'static str) -> Self {
        Self {
            name,
            kustomization: text.to_owned(),
            files: vec![("a.yaml", CONFIG_MAP.into()), ("d.yaml", DEPLOYMENT.into())],
            file: "base/kustomization.yaml",
            line: None,
            field: None,
            object: None,
            words,
        }
    }

    /// Something wrong in the file of a resource.
    fn resource(name: &'static str, text: impl Into<Vec<u8>>, words: &'static str) -> Self {
        Self {
            files: vec![("a.yaml", text.into())],
            file: "base/a.yaml",
            ..Self::kustomization(name, "resources:\n- a.yaml\n", words)
        }
    }

    fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    fn no_field(mut self) -> Self {
        self.field = None;
        self
    }

    fn object(mut self, object: &'static str) -> Self {
        self.object = Some(object);
        self
    }

    fn file(mut self, path: &'static str, text: impl Into<Vec<u8>>) -> Self {
        self.files.push((path, text.into()));
        self
    }

    fn blames(mut self, file: &'static str) -> Self {
        self.file = file;
        self
    }

    fn error(&self) -> Option<BuildError> {
        let mut tree = FileTree::new();
        let mut put = |path: &str, text: Vec<u8>| tree.insert(path, text).expect("fits");
        put(
            "prod/kustomization.yaml",
            b"resources: [../middle]\n".to_vec(),
        );
        put(
            "middle/kustomization.yaml",
            b"resources: [../base]\n".to_vec(),
        );
        put(
            "base/kustomization.yaml",
            self.kustomization.clone().into_bytes(),
        );
        for (path, text) in &self.files {
            put(&format!("base/{path}"), text.clone());
        }
        let options = Options {
            load_restrictions: LoadRestrictions::RootOnly,
            ..Options::default()
        };
        build(&tree, "prod", &options).err()
    }

    /// What the error does not tell, or tells differently.
    fn gaps(&self) -> Vec<String> {
        let Some(error) = self.error() else {
            return vec![format!("{}: builds", self.name)];
        };
        let place = &error.place;
        let text = error.to_string();
        let mut gaps = Vec::new();
        let mut expect = |is_there: bool, what: &str| {
            if !is_there {
                gaps.push(format!("{}: {what}: {text} {place:?}", self.name));
            }
        };
        expect(place.file.as_deref() == Some(self.file), "file");
        expect(place.line == self.line, "line");
        expect(place.field.as_deref() == self.field, "field");
        expect(place.object.as_deref() == self.object, "object");
        expect(
            place
                .chain
                .starts_with(&["prod", "middle", "base"].map(str::to_owned)),
            "chain",
        );
        expect(text.contains(self.words), "words");
        // Whoever prints causes would print the problem twice.
        expect(std::error::Error::source(&error).is_none(), "a cause");
        expect(
            text.contains("built through prod -> middle -> base"),
            "the way in words",
        );
        gaps
    }
}

fn alias_bomb() -> String {
    let mut text = format!("{CONFIG_MAP}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let references = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{references}]\n"));
    }
    text
}

fn paths() -> Vec<Bad> {
    let resource = |name, path: &str, words| {
        let text = format!("namePrefix: x-\nresources:\n- a.yaml\n- {path}\n");
        Bad::kustomization(name, &text, words)
            .line(4)
            .field("resources[1]")
    };
    vec![
        resource("cycle", "../middle", "cycle detected"),
        resource("self-reference", ".", "cycle detected"),
        resource(
            "out of the root by ..",
            "../../../etc/passwd",
            "out of the root",
        ),
        resource("an absolute path", "/etc/passwd", "absolute path"),
        resource("out of the kustomization", "../other.yaml", "security")
            .file("../other.yaml", CONFIG_MAP),
        resource("a missing file", "gone.yaml", "no such file"),
        resource("a missing base", "./gone", "no such file or directory"),
        resource(
            "a directory without a kustomization",
            "sub",
            "unable to find one of",
        )
        .file("sub/x.yaml", CONFIG_MAP),
        resource("the same file again", "a.yaml/", "already registered id")
            .blames("base/a.yaml")
            .line(1)
            .no_field()
            .object("ConfigMap/a"),
    ]
}

fn resources() -> Vec<Bad> {
    let twice = format!("{CONFIG_MAP}---\n{CONFIG_MAP}");
    let deep = format!(
        "{CONFIG_MAP}deep: {}{}\n",
        "[".repeat(2000),
        "]".repeat(2000)
    );
    vec![
        Bad::resource("depth bomb", deep, "levels deep").line(7),
        Bad::resource("alias bomb", alias_bomb(), "aliases").line(13),
        Bad::resource("duplicate ids", twice, "already registered id")
            .line(8)
            .object("ConfigMap/a"),
        Bad::resource(
            "non-string keys",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  ? [1, 2]\n  : x\n",
            "key",
        )
        .line(6)
        .object("ConfigMap/a"),
        Bad::resource(
            "tabs",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n",
            "tabs cannot indent",
        )
        .line(4),
        Bad::resource(
            "an unknown anchor",
            format!("{CONFIG_MAP}x: *gone\n"),
            "anchor",
        )
        .line(7),
        Bad::resource(
            "invalid UTF-8",
            [CONFIG_MAP.as_bytes(), b"x: \xFF\n"].concat(),
            "UTF-8",
        )
        .line(7),
        Bad::resource(
            "a control character",
            format!("{CONFIG_MAP}x: \u{1}\n"),
            "control characters",
        )
        .line(7),
        Bad::resource("no kind", "metadata:\n  name: a\n", "kind is missing").line(1),
        Bad::resource(
            "no name",
            "# one\n---\napiVersion: v1\nkind: ConfigMap\n",
            "metadata.name is missing",
        )
        .line(3),
        Bad::resource(
            "a list instead of an object",
            "- a\n- b\n",
            "a map with apiVersion",
        )
        .line(1),
        Bad::resource(
            "a text instead of an object",
            "just text\n",
            "a map with apiVersion",
        )
        .line(1),
        Bad::resource(
            "duplicate keys",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n  k: w\n",
            "already",
        )
        .line(7)
        .object("ConfigMap/a"),
    ]
}

fn kustomizations() -> Vec<Bad> {
    let resources = "resources:\n- a.yaml\n- d.yaml\n";
    let with =
        |name, more: &str, words| Bad::kustomization(name, &format!("{resources}{more}"), words);
    vec![
        with("an unknown field", "resource: [a]\n", "unknown field").line(4).field("resource"),
        with("a field of another type", "namespace: 5\n", "expected a string").line(4).field("namespace"),
        with("broken YAML", "images: [\n", "line 5").line(5),
        with("conflicting patches", "patches:\n- patch: |-\n    [{\"op\": \"test\", \"path\": \"/spec/replicas\", \"value\": 1}]\n  target: {kind: Deployment}\n", "test")
            .line(5).field("patches[0]").object("Deployment/web"),
        with("a patch without a match", "patches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: gone}\n", "no matches for Id")
            .line(5).field("patches[0]").object("ConfigMap/gone"),
        with("a patch of a file without a match", "patches:\n- path: p.yaml\n", "no matches for Id").blames("base/p.yaml").line(2).object("ConfigMap/gone")
            .file("p.yaml", "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n"),
        with("a target without a match", "patches:\n- target: {kind: Deployment}\n  patch: |-\n    [{\"op\": \"remove\", \"path\": \"/spec/gone\"}]\n", "gone")
            .line(5).field("patches[0]").object("Deployment/web"),
        with("a patch that is none", "patches:\n- patch: just words\n", "patch").line(5).field("patches[0]"),
        with("a patch file that is not there", "patches:\n- path: gone.yaml\n", "no such file").line(5).field("patches[0]"),
        with("a bad expression", "patches:\n- target: {name: '('}\n  patch: |-\n    [{\"op\": \"remove\", \"path\": \"/x\"}]\n", "regular expression").line(5).field("patches[0]"),
        with("an ambiguous target", "replacements:\n- source: {kind: ConfigMap|Deployment}\n  targets: []\n", "source").line(4).field("replacements"),
        with("a source without a match", "replacements:\n- source: {kind: Secret, name: gone}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [spec.x]\n", "nothing selected")
            .line(4).field("replacements"),
        with("a target field that is missing", "replacements:\n- source: {kind: ConfigMap, fieldPath: data.k}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [spec.gone]\n", "spec.gone")
            .line(4).field("replacements").object("Deployment/web"),
        with("an ambiguous generator", "configMapGenerator:\n- name: a\n  literals: [k=w]\n", "exists").line(5).field("configMapGenerator[0]").object("ConfigMap/a"),
        with("a literal without =", "configMapGenerator:\n- name: b\n  literals: [k]\n", "literal").line(6).field("configMapGenerator[0].literals[0]").object("ConfigMap/b"),
        with("a missing file of a generator", "secretGenerator:\n- name: b\n  files: [gone.txt]\n", "no such file").line(6).field("secretGenerator[0].files[0]").object("Secret/b"),
        with("replicas of nothing", "replicas:\n- name: gone\n  count: 2\n", "resource with name gone").line(5).field("replicas[0]"),
        with("huge integers", "replicas:\n- name: web\n  count: 99999999999999999999999\n", "count").line(6).field("replicas[0].count"),
        with("a missing component", "components:\n- gone\n", "no such file or directory").line(5).field("components[0]"),
        with("a base as a component", "components:\n- sub\n", "Component").line(5).field("components[0]").file("sub/kustomization.yaml", "resources: []\n"),
        with("a program", "transformers:\n- f.yaml\n", "external plugins").line(4).field("transformers").object("F/f")
            .file("f.yaml", "apiVersion: example.com/v1\nkind: F\nmetadata: {name: f}\n"),
        with("a function in a container", "transformers:\n- f.yaml\n", "external plugins").line(4).field("transformers").object("F/f")
            .file("f.yaml", CONTAINER_FUNCTION),
        with("a generating function in a container", "generators:\n- f.yaml\n", "external plugins").line(4).field("generators").object("F/f")
            .file("f.yaml", CONTAINER_FUNCTION),
        with("a patch that undoes what another tests", "patches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data: {k: w}\n- target: {kind: ConfigMap}\n  patch: |-\n    [{\"op\": \"test\", \"path\": \"/data/k\", \"value\": \"v\"}]\n", "testing value /data/k failed")
            .line(10).field("patches[1]").object("ConfigMap/a"),
        with("a broken patch file", "patches:\n- path: p.yaml\n", "").blames("base/p.yaml").line(3)
            .file("p.yaml", "kind: ConfigMap\nmetadata: [\n"),
        with("a variable without an object", "vars:\n- name: X\n  objref: {kind: Secret, name: gone, apiVersion: v1}\n", "cannot be mapped").line(5).field("vars"),
    ]
}

#[test]
fn every_error_names_file_line_field_object_and_the_way() {
    let all: Vec<Bad> = paths()
        .into_iter()
        .chain(resources())
        .chain(kustomizations())
        .collect();
    let gaps: Vec<String> = all.iter().flat_map(Bad::gaps).collect();
    assert!(all.len() > 40);
    assert!(gaps.is_empty(), "{} gaps:\n{}", gaps.len(), gaps.join("\n"));
}

#[test]
fn what_only_looks_odd_builds() {
    for text in [
        format!("\u{FEFF}{CONFIG_MAP}"),
        CONFIG_MAP.replace('\n', "\r\n"),
        format!("{CONFIG_MAP}big: 123456789012345678901234567890\n"),
    ] {
        let mut tree = FileTree::new();
        tree.insert("kustomization.yaml", b"resources: [a.yaml]\n".to_vec())
            .expect("fits");
        tree.insert("a.yaml", text.into_bytes()).expect("fits");
        let built = build(&tree, "", &Options::default());
        assert!(built.is_ok(), "{built:?}");
    }
}
