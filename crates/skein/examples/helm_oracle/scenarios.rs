//! What is run: command lines in a folder of charts, each scenario in a folder of its own.

use std::fs;
use std::path::Path;

/// Command lines of one scenario; `REPO` and `OCI` stand for the addresses of the chart repository and of the registry.
pub const SCENARIOS: &[&[&str]] = &[
    &["pull OCI/sub --plain-http"],
    &["pull OCI/sub --plain-http --version 9.9.9"],
    &["pull OCI/sub --plain-http --version >=9"],
    &["pull OCI/none --plain-http --version 1.0.0"],
    &["pull OCI/sub:1.0.0 --plain-http"],
    &["pull OCI/sub:1.0.0 --version 1.1.0 --plain-http"],
    &["pull OCI/sub:1.2.0+build.5 --plain-http"],
    &["pull OCI/sub --plain-http --version 1.2.0+build.5"],
    &["pull OCI/sub --plain-http --version ^1.0 --untar --untardir new"],
    &["pull sub --repo REPO"],
    &["pull sub --repo REPO --devel"],
    &["pull sub --repo REPO --version 1.0"],
    &["pull sub --repo REPO --version 7"],
    &["pull none --repo REPO"],
    &["pull none --repo REPO/x"],
    &["pull REPO/sub-1.0.0.tgz"],
    &["pull REPO/sub-1.0.9.tgz"],
    &["pull nolocal/sub"],
    &["pull foo"],
    &["pull local/sub"],
    &["pull local/none"],
    &["pull local/sub --version 1.0.9"],
    &[
        "pull local/sub --untar --untardir a/b",
        "pull local/sub --untar --untardir a/b",
    ],
    &["pull local/sub local/sub --version 1"],
    &["show chart OCI/sub --plain-http"],
    &["show chart local/sub --version >1"],
    &["show chart local/sub --version 1"],
    &["show chart sub --repo REPO"],
    &["show all sub"],
    &["show values app"],
    &[
        "show values paths --jsonpath {.image.tag}",
        "show values paths --jsonpath {.image}-{.ports}",
        "show values paths --jsonpath {.ports[*].port}",
        "show values paths --jsonpath {range(.ports[*])}",
        "show values paths --jsonpath {.ports[?(@.name=='b')].port}",
        "show values paths --jsonpath {.big}{.half}{.none}{.html}",
        "show values paths --jsonpath {.nothing}",
        "show values paths --jsonpath a{.nothing}",
        "show values paths --jsonpath {.ports[9]}",
        "show values paths --jsonpath {.image.tag",
        "show values paths --jsonpath {.ports[x]}",
        "show values paths --jsonpath {.ports[-1:].name}",
        "show values paths --jsonpath {..port}",
        "show values paths --jsonpath plain",
        "show values paths --jsonpath {.image['tag','name']}",
    ],
    &["show chart paths --jsonpath {.name}"],
    &["show chart ./nope"],
    &["show readme full"],
    &["show crds full"],
    &["show all full"],
    &["template x local/sub2"],
    &["template app"],
    &["template app --dependency-update"],
    &[
        "template app --output-dir o",
        "template app --dependency-update --output-dir o",
    ],
    &["template bad"],
    &["template bad --debug"],
    &["template r full --show-only templates/cm.yaml"],
    &["template r full -s templates/no.yaml"],
    &["template r full --include-crds --output-dir out --release-name"],
    &["template r full --debug --set fail=yes"],
    &["template r full --labels a=b -l c=d,e=f -l g="],
    &["template r full --labels a=b,owner=me"],
    &["template r full --labels nothing"],
    &["template r full --labels a=b,c=d,e"],
    &["template r bad -l name=x"],
    // The scaffold has texts of its own; of a starter both make the same.
    &[
        "create new -p ../../../scenario/full",
        "template r new",
        "create new -p ../../../scenario/full",
    ],
    &["create held2 --starter ../../../scenario/held"],
    &["create new -p none"],
    &["create nowhere/new"],
    &["create b@d"],
    &["create sub/Chart.yaml"],
    &["create sub/Chart.yaml/new"],
    &["dependency list app"],
    &["dependency list sub"],
    &[
        "dependency update app",
        "dependency list app",
        "dependency build app",
        "dep up app",
    ],
    &["dependency build app"],
    &["dependency update web", "dependency list web"],
    &["dependency build web"],
    &["dependency update ali", "dependency build ali"],
    &["dependency update noali"],
    &["dependency update bare"],
    &[
        "dependency update oci --plain-http",
        "dependency list oci",
        "dependency build oci --plain-http",
    ],
    &["dependency update ocino --plain-http"],
    &["dependency update norange"],
    &["dependency update nomatch"],
    &["dependency update nodir"],
    &["dependency update emptydeps"],
    &["dependency update held", "dependency list held"],
    &["dependency update heldbad"],
    &["dependency update v1", "dependency build v1"],
    &["dependency update stale", "dependency list stale"],
    &["dependency update sub"],
    &["dependency update ali --skip-refresh"],
    &["dependency list full --max-col-width 10"],
    &["dependency build outofsync"],
    &["dependency update cyc1", "dependency list cyc1"],
    &["package sub"],
    &["package sub --version 9.1.0 --app-version 3 -d out/x"],
    &["package sub --version bad"],
    &["package app"],
    &["package app -u"],
    &["package nope"],
    &["package"],
    &["package full sub"],
    &["package v1 -u"],
    &["lint sub full app"],
    &["lint full --quiet"],
    &["lint full --strict"],
    &["lint app --with-subcharts"],
    &["lint none"],
    &[
        "dependency update app",
        "lint app --with-subcharts --strict",
    ],
    &["package full", "lint full-1.0.0.tgz"],
    &["template r full -f REPO/values.yaml"],
    &["template r full -f REPO/none.yaml"],
    &["template r full --set-file data=REPO/values.yaml"],
    &[
        "repo list",
        "repo list -o json",
        "repo ls -o yaml",
        "repo list --no-headers",
    ],
    &[
        "repo list --repository-config new.yaml",
        "repo add one REPO --repository-config new.yaml --repository-cache kept",
        "repo add one REPO --repository-config new.yaml --repository-cache kept",
        "repo add one REPO/ --repository-config new.yaml --repository-cache kept",
        "repo add one REPO/ --repository-config new.yaml --repository-cache kept --force-update",
        "repo add two REPO --repository-config new.yaml --repository-cache kept --username u --password p --pass-credentials --insecure-skip-tls-verify",
        "repo list --repository-config new.yaml",
        "repo update two --repository-config new.yaml --repository-cache kept",
        "repo update three --repository-config new.yaml --repository-cache kept",
        "repo rm one --repository-config new.yaml --repository-cache kept",
        "repo remove one --repository-config new.yaml --repository-cache kept",
    ],
    &["repo add bad REPO/none"],
    &["repo add a/b REPO"],
    &["repo add x ftp://example.com"],
    &["repo add x example.com"],
    &["repo add stable https://kubernetes-charts.storage.googleapis.com"],
    &["repo remove none"],
    &[
        "repo remove local",
        "repo list",
        "repo update",
        "repo remove local",
        "search repo",
    ],
    &[
        "repo list --repository-config none.yaml -o json",
        "repo update --repository-config none.yaml",
    ],
    &["repo update", "repo up local"],
    &[
        "pull REPO/sub-1.0.0.tgz",
        "pull REPO/sub-1.1.0.tgz -d stored",
        "pull REPO/sub-1.1.0.tgz -d sub",
        "repo index .",
        "repo index sub --url http://example.com/charts/ --merge index.yaml",
        "repo index . --url http://example.com",
        "repo index . --url /some/path --json",
        "repo index stored --merge none.yaml",
    ],
    &["repo index nowhere"],
    &[
        "search repo",
        "search repo sub",
        "search repo SUB --versions",
        "search repo sub -l --devel",
        "search repo sub --version ^1.0",
        "search repo sub --version <0.1",
        "search repo sub --version nonsense",
        "search repo local/s.b -r -o yaml",
        "search repo sub -o json",
        "search repo [ --regexp",
        "search repo other",
        "search repo other -o json",
        "search repo other --fail-on-no-result",
        "search repo sub --max-col-width 6",
    ],
    &[
        "push packed.tgz OCI --plain-http",
        "pull OCI/sub --plain-http --version 1.2.0+build.5",
    ],
    &["push sub OCI --plain-http"],
    &["push none.tgz OCI --plain-http"],
    &["push packed.tgz https://example.com"],
    &["push packed.tgz example.com/x"],
    &["push sub/Chart.yaml OCI --plain-http"],
    &[
        "registry login HOST -u me -p secret --plain-http --registry-config logins.json",
        "registry logout HOST --registry-config logins.json",
        "registry logout HOST --registry-config logins.json",
    ],
    &["registry login HOST/team -u me -p secret --plain-http --registry-config logins.json"],
    &["registry logout nowhere.example --registry-config none.json"],
];

/// The version whose package is pushed.
pub const PUSHED: &str = "1.2.0+build.5";

/// Versions of the chart `sub` in the repository and in the registry.
pub const PUBLISHED: [&str; 4] = ["1.0.0", "1.1.0", "1.2.0+build.5", "2.0.0-rc.1"];

const CONFIG_MAP: (&str, &str) = (
    "templates/cm.yaml",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
);

/// Writes the charts of a scenario.
pub fn write_charts(folder: &Path, repository: &str, registry: &str) -> std::io::Result<()> {
    let one = |version: &str, url: &str| dependency("sub", version, url);
    let sub = format!(
        "{}  alias: one\n- {{name: sub, version: ^1, repository: 'file://../sub'}}\n",
        one(">=1.0.0 <2", "file://../sub")
    );
    let ali = format!(
        "{}- {{name: sub, version: '1.0.0', repository: 'alias:local', alias: two}}\n",
        one("~1.1", "@local")
    );
    let simple = [
        ("sub", String::new()),
        ("app", sub),
        ("web", one("^1.0", repository)),
        ("ali", ali),
        ("noali", one("^1", "@nope")),
        ("bare", one("^1", "stable")),
        ("oci", one("^1.0", registry)),
        ("ocino", one("^9", registry)),
        ("norange", one("a b", registry)),
        ("nomatch", one("^9", repository)),
        ("nodir", one("^9", "file://../nope")),
        ("emptydeps", "dependencies: []\n".to_owned()),
        ("held", one("^1", "")),
        ("heldbad", one("^2", "")),
        ("cyc1", dependency("cyc2", "*", "file://../cyc2")),
        ("cyc2", dependency("cyc1", "*", "file://../cyc1")),
        ("stale", one("^1.0", "file://../sub")),
        ("outofsync", one("^1.0", "file://../sub")),
    ];
    for (name, more) in &simple {
        chart(&folder.join(name), name, "v2", more, &[CONFIG_MAP])?;
    }
    for parent in ["held", "heldbad"] {
        chart(
            &folder.join(parent).join("charts/sub"),
            "sub",
            "v2",
            "",
            &[CONFIG_MAP],
        )?;
    }
    let lock = "dependencies:\n- name: sub\n  repository: file://../sub\n  version: 1.0.0\ndigest: sha256:00\ngenerated: \"2020-01-01T00:00:00Z\"\n";
    fs::write(folder.join("outofsync/Chart.lock"), lock)?;
    fs::create_dir_all(folder.join("stale/charts"))?;
    fs::write(folder.join("stale/charts/junk.tgz"), "junk")?;
    let requirements = one("^1.0", "file://../sub");
    chart(
        &folder.join("v1"),
        "v1",
        "v1",
        "",
        &[CONFIG_MAP, ("requirements.yaml", &requirements)],
    )?;
    chart(
        &folder.join("bad"),
        "bad",
        "v2",
        "",
        &[
            ("templates/a.yaml", "a: [\n"),
            ("templates/NOTES.txt", "hi"),
        ],
    )?;
    let values = "image: {name: web, tag: v1}\nports: [{name: a, port: 80}, {name: b, port: 443}]\nbig: 12345678\nhalf: 0.5\nnone: ~\nhtml: [<a>]\n";
    chart(
        &folder.join("paths"),
        "paths",
        "v2",
        "",
        &[("values.yaml", values)],
    )?;
    full(&folder.join("full"))
}

fn full(folder: &Path) -> std::io::Result<()> {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.x.org}\n";
    let hook = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: h\n  annotations: {helm.sh/hook: test}\n";
    let files = [
        CONFIG_MAP,
        ("values.yaml", "# c\na: 1\n"),
        ("README.md", "# hi\n"),
        ("crds/x.yaml", definition),
        ("templates/NOTES.txt", "n"),
        (
            "templates/f.yaml",
            "{{ if .Values.fail }}{{ fail \"no\" }}{{ end }}",
        ),
        ("templates/hook.yaml", hook),
        ("extra.txt", "x"),
        (".helmignore", "*.bak\n"),
        ("a.bak", "x"),
    ];
    chart(
        folder,
        "full",
        "v2",
        "appVersion: \"1\"\nicon: https://x.org/i.png\n",
        &files,
    )
}

fn dependency(name: &str, version: &str, repository: &str) -> String {
    format!(
        "dependencies:\n- name: {name}\n  version: \"{version}\"\n  repository: \"{repository}\"\n"
    )
}

/// Writes a chart; its version is 1.0.0.
pub fn chart(
    folder: &Path,
    name: &str,
    api_version: &str,
    more: &str,
    files: &[(&str, &str)],
) -> std::io::Result<()> {
    let metadata = format!("apiVersion: {api_version}\nname: {name}\nversion: 1.0.0\n{more}");
    for (path, text) in files.iter().chain([&("Chart.yaml", metadata.as_str())]) {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}
