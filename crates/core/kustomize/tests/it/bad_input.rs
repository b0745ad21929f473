//! Every kind of bad input, two kustomizations deep: the error names file, line, field and object, and the way that led there.

use skein_kustomize::{BuildError, FileTree, LoadRestrictions, Options, build};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: main\n        image: nginx\n";
const CONTAINER_FUNCTION: &str = "apiVersion: example.com/v1\nkind: F\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: example.com/function:v1}\n";

const PREFIX: &str = "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x}\n";

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
    /// The kustomizations from the root on.
    way: &'static str,
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
            way: "prod -> middle -> base",
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

    /// Without a file that others have.
    fn without(mut self, path: &str) -> Self {
        self.files.retain(|(other, _)| *other != path);
        self
    }

    /// What is wrong is so only where nothing stands above.
    fn only_root(mut self) -> Self {
        self.way = "base";
        self
    }

    /// The way that is told, when it goes on beyond the base.
    fn reaches(mut self, way: &'static str) -> Self {
        self.way = way;
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
        let root = self.way.split(" -> ").next().expect("a first part");
        build(&tree, root, &options).err()
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
        // Of the root alone there is no way to tell.
        let is_root = self.way == "base";
        let chain = place.chain.join(" -> ");
        expect(chain == self.way || is_root && chain.is_empty(), "chain");
        expect(text.contains(self.words), "words");
        // Whoever prints causes would print the problem twice.
        expect(std::error::Error::source(&error).is_none(), "a cause");
        expect(
            is_root || text.contains(&format!("built through {})", self.way)),
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
        .file("sub/x.yaml", CONFIG_MAP)
        .reaches("prod -> middle -> base -> base/sub"),
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
        Bad::resource("alias bomb", alias_bomb(), "aliases").line(12),
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
        with("a number that is too large", "replicas:\n- name: web\n  count: 9223372036854775808\n", "a whole number of 64 bits but found 9223372036854775808")
            .line(6).field("replicas[0].count"),
        with("broken YAML", "images: [\n", "line 5").line(5),
        with("conflicting patches", "patches:\n- patch: |-\n    [{\"op\": \"test\", \"path\": \"/spec/replicas\", \"value\": 1}]\n  target: {kind: Deployment}\n", "test")
            .line(6).field("patches[0]").object("Deployment/web"),
        with("a patch without a match", "patches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: gone}\n", "no matches for Id")
            .line(6).field("patches[0]").object("ConfigMap/gone"),
        with("a patch of a file without a match", "patches:\n- path: p.yaml\n", "no matches for Id").blames("base/p.yaml").line(2).object("ConfigMap/gone")
            .file("p.yaml", "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n"),
        with("a target without a match", "patches:\n- target: {kind: Deployment}\n  patch: |-\n    [{\"op\": \"remove\", \"path\": \"/spec/gone\"}]\n", "gone")
            .line(7).field("patches[0]").object("Deployment/web"),
        with("an operation of an inline patch", "patches:\n- target: {kind: Deployment}\n  patch: |\n\n    - {op: add, path: /metadata/x, value: y}\n    - op: remove\n      path: /spec/gone\n", "gone")
            .line(9).field("patches[0]").object("Deployment/web"),
        with("an operation of an old inline patch", "patchesJson6902:\n- target: {version: v1, kind: ConfigMap, name: a}\n  patch: |-\n    - {op: add, path: /metadata/x, value: y}\n    - {op: adds, path: /spec}\n", "Unexpected kind")
            .line(8).field("patchesJson6902[0]").object("ConfigMap/a"),
        with("an operation in quotes", "patches:\n- target: {kind: Deployment}\n  patch: \"- {op: remove,\\n  path: /spec/gone}\"\n", "gone")
            .line(5).field("patches[0]").object("Deployment/web"),
        with("an inline patch that is no YAML", "patches:\n- patch: |-\n    apiVersion: v1\n    kind: [\n    metadata: {}\n", "flow")
            .line(9).field("patches[0]"),
        with("the second of two inline patches without a match", "patches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    ---\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: gone}\n", "no matches for Id")
            .line(10).field("patches[0]").object("ConfigMap/gone"),
        with("a patch that is none", "patches:\n- patch: just words\n", "patch").line(5).field("patches[0]"),
        with("a patch file that is not there", "patches:\n- path: gone.yaml\n", "no such file").line(5).field("patches[0]"),
        with("a bad expression", "patches:\n- target: {name: '('}\n  patch: |-\n    [{\"op\": \"remove\", \"path\": \"/x\"}]\n", "regular expression").line(5).field("patches[0]"),
        with("an ambiguous target", "replacements:\n- source: {kind: ConfigMap|Deployment}\n  targets: []\n", "source").line(5).field("replacements[0]"),
        with("a source without a match", "replacements:\n- source: {kind: Secret, name: gone}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [spec.x]\n", "nothing selected")
            .line(5).field("replacements[0].source"),
        with("a target field that is missing", "replacements:\n- source: {kind: ConfigMap, fieldPath: data.k}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [spec.gone]\n", "spec.gone")
            .line(8).field("replacements[0].targets[0].fieldPaths[0]").object("Deployment/web"),
        with("an ambiguous generator", "configMapGenerator:\n- name: a\n  literals: [k=w]\n", "exists").line(5).field("configMapGenerator[0]").object("ConfigMap/a"),
        with("a literal without =", "configMapGenerator:\n- name: b\n  literals: [k]\n", "literal").line(6).field("configMapGenerator[0].literals[0]").object("ConfigMap/b"),
        with("a missing file of a generator", "secretGenerator:\n- name: b\n  files: [gone.txt]\n", "no such file").line(6).field("secretGenerator[0].files[0]").object("Secret/b"),
        with("replicas of nothing", "replicas:\n- name: gone\n  count: 2\n", "resource with name gone").line(5).field("replicas[0]"),
        with("huge integers", "replicas:\n- name: web\n  count: 99999999999999999999999\n", "count").line(6).field("replicas[0].count"),
        with("a missing component", "components:\n- gone\n", "no such file or directory").line(5).field("components[0]"),
        with("a base as a component", "components:\n- sub\n", "Component").line(5).field("components[0]").file("sub/kustomization.yaml", "resources: []\n"),
        with("a program", "transformers:\n- f.yaml\n", "external plugins").line(5).field("transformers[0]").object("F/f")
            .file("f.yaml", "apiVersion: example.com/v1\nkind: F\nmetadata: {name: f}\n"),
        with("a function in a container", "transformers:\n- f.yaml\n", "external plugins").line(5).field("transformers[0]").object("F/f")
            .file("f.yaml", CONTAINER_FUNCTION),
        with("a generating function in a container", "generators:\n- f.yaml\n", "external plugins").line(5).field("generators[0]").object("F/f")
            .file("f.yaml", CONTAINER_FUNCTION),
        with("a patch that undoes what another tests", "patches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data: {k: w}\n- target: {kind: ConfigMap}\n  patch: |-\n    [{\"op\": \"test\", \"path\": \"/data/k\", \"value\": \"v\"}]\n", "testing value /data/k failed")
            .line(12).field("patches[1]").object("ConfigMap/a"),
        with("a broken patch file", "patches:\n- path: p.yaml\n", "").blames("base/p.yaml").line(3)
            .file("p.yaml", "kind: ConfigMap\nmetadata: [\n"),
        with("a variable without an object", "vars:\n- name: X\n  objref: {kind: Secret, name: gone, apiVersion: v1}\n", "cannot be mapped").line(5).field("vars[0]"),
    ]
}

/// What other files say that a kustomization names.
fn other_files() -> Vec<Bad> {
    let resources = "resources:\n- a.yaml\n- d.yaml\n";
    let with =
        |name, more: &str, words| Bad::kustomization(name, &format!("{resources}{more}"), words);
    let patch = "# first\n\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n";
    let json = "- {op: add, path: /data/x, value: y}\n- {op: replace, path: /gone/x, value: y}\n- {op: add, path: /data/z, value: y}\n";
    let by_json = "patches:\n- target: {kind: ConfigMap}\n  path: p.yaml\n";
    let replaced = "- source: {kind: ConfigMap, fieldPath: data.k}\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.k]\n  - select: {kind: Deployment}\n    fieldPaths:\n    - spec.gone\n";
    let var = "{name: X, objref: {kind: ConfigMap, name: a, apiVersion: v1}}";
    vec![
        with("an old patch of a file without a match", "patchesStrategicMerge:\n- a.yaml\n- p.yaml\n", "no matches for Id")
            .file("p.yaml", patch).blames("base/p.yaml").line(3).object("ConfigMap/gone"),
        with("an old patch in place without a match", "patchesStrategicMerge:\n- a.yaml\n- |-\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: gone}\n", "no matches for Id")
            .line(6).field("patchesStrategicMerge[1]").object("ConfigMap/gone"),
        with("an old patch that is not there", "patchesStrategicMerge:\n- a.yaml\n- p.yaml\n", "no such file").line(6).field("patchesStrategicMerge[1]"),
        with("a field of a transformer", "transformers:\n- t.yaml\n", "expected a string")
            .file("t.yaml", format!("# first\n{PREFIX}prefix: [1]\n")).blames("base/t.yaml").line(5).field("prefix").object("PrefixTransformer/x"),
        with("a field of a transformer in place", "transformers:\n- t.yaml\n- |-\n  apiVersion: builtin\n  kind: PrefixTransformer\n  metadata: {name: y}\n  prefix: [1]\n", "expected a string")
            .file("t.yaml", format!("{PREFIX}prefix: x-\nfieldSpecs: [{{path: metadata/name}}]\n")).line(6).field("transformers[1].prefix").object("PrefixTransformer/y"),
        with("a transformer that is none", "transformers:\n- t.yaml\n", "no builtin transformer")
            .file("t.yaml", PREFIX.replace("Prefix", "Nope")).blames("base/t.yaml").line(2).field("kind").object("NopeTransformer/x"),
        with("a transformer that lacks a field", "transformers:\n- t.yaml\n", "fieldSpecs")
            .file("t.yaml", PREFIX).blames("base/t.yaml").line(1).object("PrefixTransformer/x"),
        with("a transformer of a base that fails", "transformers:\n- t\n", "expected a string")
            .file("t/kustomization.yaml", "resources: [t.yaml]\n").file("t/t.yaml", format!("{PREFIX}prefix: [1]\n"))
            .blames("base/t/t.yaml").line(4).field("prefix").object("PrefixTransformer/x").reaches("prod -> middle -> base -> base/t"),
        with("a transformer that fails on an object", "transformers:\n- t.yaml\n", "spec.gone")
            .file("t.yaml", format!("apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {{name: x}}\nreplacements:\n{replaced}"))
            .blames("base/t.yaml").line(11).field("replacements[0].targets[1].fieldPaths[0]").object("Deployment/web"),
        with("a field of a generator", "generators:\n- g.yaml\n", "expected a list")
            .file("g.yaml", "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\nliterals: a=b\n")
            .blames("base/g.yaml").line(4).field("literals").object("ConfigMapGenerator/x"),
        with("a field of a validator", "validators:\n- t.yaml\n", "expected a string")
            .file("t.yaml", format!("{PREFIX}prefix: [1]\n")).blames("base/t.yaml").line(4).field("prefix").object("PrefixTransformer/x"),
        with("a generator that is not there", "generators:\n- gone.yaml\n", "no such file").line(5).field("generators[0]"),
        with("a replacement of a file", "replacements:\n- path: r.yaml\n", "spec.gone")
            .file("r.yaml", replaced).blames("base/r.yaml").line(7).field("[0].targets[1].fieldPaths[0]").object("Deployment/web"),
        with("a replacement that is a file", "replacements:\n- path: r.yaml\n", "nothing selected")
            .file("r.yaml", "source: {kind: Secret}\ntargets: [{select: {kind: Deployment}}]\n").blames("base/r.yaml").line(1).field("source"),
        with("a field of a replacement", "replacements:\n- path: r.yaml\n", "expected a list")
            .file("r.yaml", "- source: {kind: ConfigMap}\n  targets: x\n").blames("base/r.yaml").line(2).field("[0].targets"),
        with("the second replacement", &format!("replacements:\n- source: {{kind: ConfigMap}}\n  targets: [{{select: {{kind: ConfigMap}}}}]\n{replaced}"), "spec.gone")
            .line(13).field("replacements[1].targets[1].fieldPaths[0]").object("Deployment/web"),
        with("replacements that are not there", "replacements:\n- path: gone.yaml\n", "no such file").line(5).field("replacements[0]"),
        with("a schema that is not there", "openapi:\n  path: gone.json\n", "no such file").line(4).field("openapi"),
        with("a version that is not built in", "openapi:\n  version: v0\n", "version").line(4).field("openapi"),
        with("an operation of a file", by_json, "missing path").file("p.yaml", json).blames("base/p.yaml").line(2).field("[1]").object("ConfigMap/a"),
        with("an operation that there is not", by_json, "adds").file("p.yaml", json.replace("op: add,", "op: adds,"))
            .blames("base/p.yaml").line(1).field("[0]").object("ConfigMap/a"),
        with("an operation that is none", by_json, "expected a map").file("p.yaml", "- {op: remove, path: /data/k}\n\n- 5\n").blames("base/p.yaml").line(3).field("[1]"),
        with("an operation of an old patch", "patchesJson6902:\n- target: {version: v1, kind: ConfigMap, name: a}\n  path: p.yaml\n", "missing path")
            .file("p.yaml", json).blames("base/p.yaml").line(2).field("[1]").object("ConfigMap/a"),
        with("a field of a configuration", "configurations:\n- c.yaml\n", "expected a list").file("c.yaml", "# first\nnameReference: 5\n")
            .blames("base/c.yaml").line(2).field("nameReference"),
        with("an unknown field of a configuration", "configurations:\n- c.yaml\n", "unknown field").file("c.yaml", "images: []\nnameReferences: []\n")
            .blames("base/c.yaml").line(2).field("nameReferences"),
        with("an unknown field within a configuration", "configurations:\n- c.yaml\n", "unknown field").file("c.yaml", "images:\n- path: a\n- paths: b\n")
            .blames("base/c.yaml").line(3).field("images[1].paths"),
        with("a configuration that is not there", "configurations:\n- c.yaml\n- gone.yaml\n", "no such file").file("c.yaml", "images: []\n").line(6).field("configurations[1]"),
        with("definitions that are not there", "crds:\n- c.yaml\n- gone.yaml\n", "no such file").file("c.yaml", "{}\n").line(6).field("crds[1]"),
        with("definitions that are none", "crds:\n- c.yaml\n", "OpenAPI definitions").file("c.yaml", "- x\n").blames("base/c.yaml"),
        with("a variable twice", &format!("vars:\n- {var}\n- {var}\n"), "already encountered").line(6).field("vars[1]"),
        with("an order that there is not", "sortOptions:\n  order: first\n", "one of [fifo, legacy]").only_root().line(5).field("sortOptions.order"),
        with("an order with too much", "sortOptions:\n  order: fifo\n  legacySortOptions:\n    orderFirst: [a]\n", "not 'legacy'").only_root().line(6).field("sortOptions.legacySortOptions"),
    ]
}

/// Objects that are wrong only after the build changed them, or whose parts are of other kinds than they should be.
fn objects() -> Vec<Bad> {
    let two = format!(
        "{CONFIG_MAP}---\n{}",
        CONFIG_MAP.replace("name: a", "name: b")
    );
    let renaming = |patch: &str| {
        format!(
            "namePrefix: x-\nresources:\n- a.yaml\npatches:\n- target: {{name: b}}\n  options: {{allowNameChange: true}}\n  patch: |-\n{patch}"
        )
    };
    let json = renaming("    - {op: replace, path: /metadata/name, value: a}\n");
    let strategic = renaming("    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n");
    let renamed = |name, text: &str, object| {
        Bad::kustomization(name, text, "already registered id")
            .without("a.yaml")
            .file("a.yaml", two.clone())
            .line(5)
            .field("patches[0]")
            .object(object)
    };
    let moved = "namespace: z\nresources:\n- a.yaml\n";
    let in_namespace = |namespace: &str| {
        CONFIG_MAP.replace(
            "  name: a\n",
            &format!("  name: a\n  namespace: {namespace}\n"),
        )
    };
    let literal = |literals: &str| {
        let text = format!("configMapGenerator:\n- name: g\n  literals:\n{literals}");
        Bad::kustomization(
            "a literal with a number as its key",
            &text,
            "the key 123 is not a string",
        )
        .field("configMapGenerator[0].literals[1]")
        .line(5)
    };
    let object = |name, text: &str, words| Bad::resource(name, text.as_bytes(), words);
    vec![
        renamed("a patch that renames", &json, "ConfigMap/x-a"),
        renamed("a strategic patch that renames", &strategic, "ConfigMap/a"),
        Bad::kustomization("a namespace that joins", moved, "ID conflict")
            .without("a.yaml")
            .file(
                "a.yaml",
                format!("{}---\n{}", in_namespace("x"), in_namespace("y")),
            )
            .line(1)
            .field("namespace")
            .object("ConfigMap/a"),
        literal("  - a=b\n  - 123=y\n").object("ConfigMap/g-f659f8dg8m"),
        object(
            "metadata that is a list",
            "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: []\n",
            "metadata is a list, not a map (kind ConfigMap)",
        )
        .line(4),
        object(
            "metadata that is a text",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: a\n",
            "metadata is a single value, not a map",
        )
        .line(3),
        object(
            "a name that is a map",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {a: b}\n",
            "metadata.name is a map, not a single value",
        )
        .line(4),
        object(
            "a name that is a list",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name:\n  - b\n",
            "metadata.name is a list",
        )
        .line(5),
        object(
            "a name that is empty",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ''\n",
            "metadata.name is missing",
        )
        .line(1),
        object(
            "a name that is null",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name:\n",
            "metadata.name is missing",
        )
        .line(1),
    ]
}

#[test]
fn every_error_names_file_line_field_object_and_the_way() {
    let all: Vec<Bad> = paths()
        .into_iter()
        .chain(resources())
        .chain(kustomizations())
        .chain(other_files())
        .chain(objects())
        .collect();
    let gaps: Vec<String> = all.iter().flat_map(Bad::gaps).collect();
    assert!(all.len() > 85);
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

#[test]
fn values_of_secrets_are_not_told() {
    for (kind, is_told) in [("Secret", false), ("ConfigMap", true)] {
        let object =
            format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\ndata: {{p: aGlkZGVu}}\n");
        let kustomization = format!(
            "resources: [a.yaml]
replacements:
- source: {{kind: {kind}, fieldPath: data.p, options: {{delimiter: '/', index: 3}}}}
  targets: [{{select: {{kind: {kind}}}, fieldPaths: [data.q]}}]
"
        );
        let mut tree = FileTree::new();
        tree.insert("a.yaml", object.into_bytes()).unwrap();
        tree.insert("kustomization.yaml", kustomization.into_bytes())
            .unwrap();
        let error = build(&tree, "", &Options::default()).unwrap_err();
        let words = [error.to_string(), error.upstream_message("")];
        for text in words {
            assert!(text.contains("index 3 is out of bounds"), "{text}");
            assert_eq!(text.contains("aGlkZGVu"), is_told, "{text}");
        }
    }
}
