//! Bad input is refused with a name, and bombs do not go off.

use skein_kustomize::{FileTree, LoadRestrictions, Options, Problem, RemoteSource, build};

fn tree(files: &[(&str, &str)]) -> FileTree {
    let mut tree = FileTree::new();
    for (path, text) in files {
        tree.insert(path, text.as_bytes().to_vec()).expect("fits");
    }
    tree
}

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

fn error(files: &[(&str, &str)], root: &str) -> String {
    build(&tree(files), root, &Options::default())
        .expect_err("a broken root")
        .to_string()
}

#[test]
fn paths_stay_in_the_tree() {
    assert!(FileTree::new().insert("../x", Vec::new()).is_err());
    for path in ["../../etc/passwd", "/etc/passwd", "a/../../x"] {
        let text = error(
            &[("k/kustomization.yaml", &format!("resources: ['{path}']\n"))],
            "k",
        );
        assert!(
            text.starts_with("k/kustomization.yaml:1: resources[0]: "),
            "{text}"
        );
    }
}

#[test]
fn files_outside_the_kustomization_only_without_restriction() {
    let files = tree(&[
        ("k/kustomization.yaml", "resources: [../a.yaml]\n"),
        ("a.yaml", CONFIG_MAP),
    ]);
    assert!(build(&files, "k", &Options::default()).is_ok());
    let strict = Options {
        load_restrictions: LoadRestrictions::RootOnly,
        ..Options::default()
    };
    let error = build(&files, "k", &strict).unwrap_err();
    assert!(matches!(error.problem, Problem::Refused(_)));
}

#[test]
fn cycles_and_self_reference() {
    let two = [
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ];
    let text = error(&two, "a");
    assert!(text.contains("cycle detected"), "{text}");
    assert!(
        text.starts_with("b/kustomization.yaml:1: resources[0]"),
        "{text}"
    );
    assert!(error(&[("kustomization.yaml", "resources: [.]\n")], "").contains("cycle detected"));
}

#[test]
fn a_deep_chain_of_bases_is_refused() {
    let mut files = FileTree::new();
    for level in 0..200 {
        let text = format!("resources: [../l{}]\n", level + 1);
        files
            .insert(&format!("l{level}/kustomization.yaml"), text.into_bytes())
            .unwrap();
    }
    let error = build(&files, "l0", &Options::default()).unwrap_err();
    assert!(matches!(error.problem, Problem::Limit(_)), "{error}");
    assert!(error.place.chain.len() > 10, "the chain is named");
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from(
        "apiVersion: v1\nkind: Foo\nmetadata:\n  name: a\na0: &a0 [x, x, x, x, x, x, x, x, x]\n",
    );
    for level in 1..12 {
        let refs = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    let text = error(
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", &text),
        ],
        "",
    );
    assert!(
        text.starts_with("a.yaml: line ") && text.contains("aliases"),
        "{text}"
    );
}

#[test]
fn errors_name_file_line_and_field() {
    let text = error(
        &[
            ("kustomization.yaml", "resources: [a.yaml]\nnamespace: 5\n"),
            ("a.yaml", CONFIG_MAP),
        ],
        "",
    );
    assert_eq!(
        text,
        "kustomization.yaml:2: namespace: expected a string (quote it) but found a number"
    );
    let text = error(
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", "# x\n---\na: [\n"),
        ],
        "",
    );
    assert!(text.starts_with("a.yaml: line "), "{text}");
    let twice = format!("{CONFIG_MAP}---\n{CONFIG_MAP}");
    let text = error(
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", &twice),
        ],
        "",
    );
    assert!(
        text.contains("already registered id") && text.contains("ConfigMap/a"),
        "{text}"
    );
}

/// Serves one file and one base.
struct Remote;

impl RemoteSource for Remote {
    fn file(&self, url: &str) -> Result<Vec<u8>, String> {
        if url.ends_with("cm.yaml") {
            Ok(CONFIG_MAP.into())
        } else {
            Err("not found".to_owned())
        }
    }

    fn directory(&self, _url: &str) -> Result<(FileTree, String), String> {
        let base = CONFIG_MAP.replace("name: a", "name: b");
        Ok((
            tree(&[
                ("x/kustomization.yaml", "resources: [cm.yaml]\n"),
                ("x/cm.yaml", &base),
            ]),
            "x".to_owned(),
        ))
    }
}

#[test]
fn remote_bases_come_from_the_caller_or_not_at_all() {
    let text = "resources:\n- https://example.com/cm.yaml\n- https://github.com/org/repo//x?ref=v1\nnamePrefix: p-\n";
    let files = tree(&[("kustomization.yaml", text)]);
    let error = build(&files, "", &Options::default()).unwrap_err();
    assert!(matches!(error.problem, Problem::Refused(_)), "{error}");
    let built = build(
        &files,
        "",
        &Options {
            remote: Some(&Remote),
            ..Options::default()
        },
    )
    .unwrap();
    let names: Vec<_> = built
        .values
        .iter()
        .map(|v| v["metadata"]["name"].clone())
        .collect();
    assert_eq!(names, ["p-a", "p-b"]);
}

#[test]
fn messages_in_the_words_of_kustomize() {
    let message = |files: &[(&str, &str)]| {
        let error = build(&tree(files), "", &Options::default()).unwrap_err();
        error.upstream_message("<tmp>")
    };
    assert_eq!(
        message(&[("kustomization.yaml", "resources: [nothing.yaml]\n")]),
        "accumulating resources: accumulation err='accumulating resources from 'nothing.yaml': open <tmp>/nothing.yaml: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '<tmp>/nothing.yaml' : lstat <tmp>/nothing.yaml: no such file or directory"
    );
    assert_eq!(
        message(&[
            (
                "kustomization.yaml",
                "components: [gone]\nresources: [a.yaml]\n"
            ),
            ("a.yaml", CONFIG_MAP)
        ]),
        "accumulating components: loader.New \"must build at directory: not a valid directory: evalsymlink failure on '<tmp>/gone' : lstat <tmp>/gone: no such file or directory\""
    );
    let patch = "resources: [a.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: absent}\n";
    assert_eq!(
        message(&[("kustomization.yaml", patch), ("a.yaml", CONFIG_MAP)]),
        "no resource matches strategic merge patch \"ConfigMap.v1.[noGrp]/absent.[noNs]\": no matches for Id ConfigMap.v1.[noGrp]/absent.[noNs]; failed to find unique target for patch ConfigMap.v1.[noGrp]/absent.[noNs]"
    );
    let remove = "resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: '[{\"op\":\"remove\",\"path\":\"/data/absent\"}]'\n";
    let with_data = format!("{CONFIG_MAP}data: {{x: \"1\"}}\n");
    assert_eq!(
        message(&[("kustomization.yaml", remove), ("a.yaml", &with_data)]),
        "error in remove for path: '/data/absent': Unable to remove nonexistent key: absent: missing value"
    );
    assert_eq!(
        message(&[
            ("kustomization.yaml", "resources: [b]\n"),
            ("b/kustomization.yaml", "resources: [x]\n")
        ]),
        "accumulating resources: accumulation err='accumulating resources from 'b': read <tmp>/b: is a directory': recursed accumulation of path '<tmp>/b': accumulating resources: accumulation err='accumulating resources from 'x': open <tmp>/b/x: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '<tmp>/b/x' : lstat <tmp>/b/x: no such file or directory"
    );
}

#[test]
fn documents_at_the_depth_limit_build_and_deeper_ones_are_refused() {
    let nested = |depth: usize| {
        let (open, close) = ("{a: ".repeat(depth), "}".repeat(depth));
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec: {open}1{close}\n"
        )
    };
    let kustomization = "resources: [a.yaml]\nnamePrefix: p-\nimages: [{name: x, newTag: v2}]\npatches:\n- path: a.yaml\n- target: {kind: Deployment}\n  patch: '[{\"op\":\"add\",\"path\":\"/x\",\"value\":1}]'\n";
    let deep = nested(250);
    let files = tree(&[("kustomization.yaml", kustomization), ("a.yaml", &deep)]);
    let built = build(&files, "", &Options::default()).unwrap();
    assert!(built.to_yaml().len() > 250 * 250);
    let text = error(
        &[
            ("kustomization.yaml", kustomization),
            ("a.yaml", &nested(2000)),
        ],
        "",
    );
    assert!(text.contains("levels deep"), "{text}");
}

/// Builds on a thread with little more stack than the threads of a controller have.
fn error_on_a_small_stack(files: Vec<(&'static str, String)>) -> String {
    let run = move || {
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (*p, t.as_str())).collect();
        error(&files, "")
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run);
    thread.expect("a thread").join().expect("no panic")
}

fn with_kustomization(fields: &str) -> Vec<(&'static str, String)> {
    vec![
        ("a.yaml", format!("{CONFIG_MAP}data:\n  a: b\n")),
        (
            "kustomization.yaml",
            format!("resources: [a.yaml]\n{fields}"),
        ),
    ]
}

#[test]
fn fields_are_not_made_deeper_than_they_can_be_read() {
    let (dots, slashes) = (vec!["a"; 3_000].join("."), vec!["a"; 3_000].join("/"));
    let moves = "    - {op: add, path: /n, value: {}}
    - {op: move, from: /m, path: /n/m}
    - {op: move, from: /n, path: /m}
";
    for fields in [
        format!(
            "replacements:\n- sourceValue: q\n  targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [{dots}], options: {{create: true}}}}]\n"
        ),
        format!("labels: [{{pairs: {{a: b}}, fields: [{{path: {slashes}, create: true}}]}}]\n"),
        format!(
            "patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    - {{op: add, path: /m, value: {{}}}}\n{}",
            moves.repeat(5_000)
        ),
    ] {
        let text = error_on_a_small_stack(with_kustomization(&fields));
        assert!(text.contains("deeper than 256 levels"), "{text}");
    }
}

#[test]
fn copies_of_copies_end() {
    let operations: String = (0..40)
        .map(|n| format!("    - {{op: copy, from: /data, path: /data/c{n}}}\n"))
        .collect();
    let replacements: String = (0..40)
        .map(|n| {
            format!("- source: {{kind: ConfigMap, fieldPath: data}}\n  targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.c{n}], options: {{create: true}}}}]\n")
        })
        .collect();
    let texts: String = (0..60)
        .map(|_| "- source: {kind: ConfigMap, fieldPath: data.a}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a], options: {delimiter: '/', index: 1}}]\n")
        .collect();
    let references = "$(A)".repeat(10_000);
    let long = "b".repeat(1 << 16);
    for fields in [
        format!("patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{operations}"),
        format!("replacements:\n{replacements}"),
        format!("replacements:\n{texts}"),
        format!(
            "configMapGenerator: [{{name: v, literals: [a={long}]}}]
resources: [a.yaml, p.yaml]
vars: [{{name: A, objref: {{apiVersion: v1, kind: ConfigMap, name: v}}, fieldref: {{fieldpath: data.a}}}}]
"
        ),
    ] {
        let mut files = with_kustomization(&fields);
        if fields.starts_with("configMapGenerator") {
            files[1].1.clone_from(&fields);
            files.push(("p.yaml", format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    args: ['{references}']\n")));
        }
        let text = error_on_a_small_stack(files);
        assert!(text.contains("more than 256 MiB"), "{text}");
    }
}
