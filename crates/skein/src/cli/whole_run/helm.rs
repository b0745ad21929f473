//! Bad input of `skein helm`: every case ends with a message that names the place, and touches nothing else.

use std::fs;
use std::path::Path;

use super::*;

/// A folder with helm's files in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Names a repository and gives it an index.
    fn repository(&self, url: &str, index: &str) {
        self.write(
            "repositories.yaml",
            &format!("repositories:\n- name: local\n  url: {url}\n"),
        );
        self.write("cache/local-index.yaml", index);
    }

    async fn helm(&self, line: &str) -> Run {
        skein_cluster::install_crypto_provider();
        let path = self.path().display();
        let line = format!(
            "skein helm {line} --repository-config {path}/repositories.yaml --repository-cache {path}/cache --registry-config {path}/none"
        );
        run_words(
            line.replace("HOME", &path.to_string())
                .split(' ')
                .map(Into::into)
                .collect(),
        )
        .await
    }

    /// The errors of a line that must fail.
    async fn problem(&self, line: &str) -> String {
        let run = self.helm(line).await;
        assert_eq!(run.code, Ok(ExitCode::FAILURE), "{line}: {}", run.out);
        run.err
    }
}

const INDEX: &str = "apiVersion: v1\nentries:\n  app:\n  - ~\n  - {name: app, version: not a version, urls: [a.tgz]}\n  \
    - {apiVersion: v2, name: app, version: 1.0.0, urls: [\"app-1.0.0.tgz\"]}\n";

#[tokio::test(flavor = "multi_thread")]
async fn broken_entries_of_an_index_are_told_and_the_others_work() {
    let home = Home::new();
    home.repository("http://127.0.0.1:1/charts", INDEX);
    let text = home.problem("show chart local/app").await;
    assert!(
        text.contains("level=WARN msg=\"skipping loading invalid entry for chart\""),
        "{text}"
    );
    // The good one was chosen; nobody serves it.
    assert!(
        text.contains("Error: Get \"http://127.0.0.1:1/charts/app-1.0.0.tgz\""),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_and_their_addresses_have_limits() {
    let home = Home::new();
    home.repository("http://127.0.0.1:1/charts", "[]\n");
    let text = home.problem("show chart local/app").await;
    for part in [
        "no cached repo found. (try 'helm repo update'): error loading ",
        "local-index.yaml: json: cannot unmarshal array into Go value of type repo.IndexFile",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let file = fs::File::create(home.path().join("cache/local-index.yaml")).unwrap();
    file.set_len(skein_registry::chart_repository::MAX_INDEX_BYTES + 1)
        .unwrap();
    let text = home.problem("show chart local/app").await;
    assert!(text.contains("local-index.yaml is larger than"), "{text}");

    for (url, wanted) in [
        ("file:///etc/passwd", "scheme \"file\" not supported"),
        (
            "http://127.0.0.1:1/x/%2e%2e%2fy",
            "does not end with the name of a file",
        ),
    ] {
        home.repository(
            "http://127.0.0.1:1/charts",
            &INDEX.replace("\"app-1.0.0.tgz\"", &format!("'{url}'")),
        );
        let text = home.problem("pull local/app -d HOME").await;
        assert!(text.contains(wanted), "{url}: {text}");
    }
    home.write("repositories.yaml", "repositories: 7\n");
    let text = home.problem("pull local/app").await;
    assert!(text.contains("couldn't load repositories file"), "{text}");
    home.write(
        "repositories.yaml",
        "repositories:\n- {name: ../../x, url: 'http://127.0.0.1:1'}\n",
    );
    let text = home.problem("dependency update HOME").await;
    assert!(text.contains("Chart.yaml file is missing"), "{text}");
}

/// A gzipped tar with one file of a name and a size that its header claims.
fn archive(name: &str, claimed: u64) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let mut header = tar::Header::new_gnu();
    header.set_size(claimed);
    header.set_mode(0o644);
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    builder.append(&header, &b"x"[..]).unwrap();
    builder.into_inner().unwrap().finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_that_lie_are_refused_by_every_command() {
    let home = Home::new();
    for (name, claimed, wanted) in [
        ("app/big", 200 << 20, "larger than the maximum size"),
        ("app/../../x", 1, "parent directory"),
        ("app//etc/x", 1, "absolute paths"),
        ("Chart.yaml", 1, "content outside the base directory"),
    ] {
        fs::write(home.path().join("bad.tgz"), archive(name, claimed)).unwrap();
        for line in ["show chart HOME/bad.tgz", "template HOME/bad.tgz"] {
            let text = home.problem(line).await;
            assert!(text.contains(wanted), "{line}: {text}");
        }
        let run = home.helm("lint HOME/bad.tgz").await;
        assert_eq!(run.code, Ok(ExitCode::FAILURE));
        assert!(
            run.out.contains("Error unable to extract tarball: "),
            "{}",
            run.out
        );
    }
    fs::write(home.path().join("bad.tgz"), "no gzip").unwrap();
    let text = home.problem("show chart HOME/bad.tgz").await;
    assert!(
        text.contains("does not appear to be a gzipped archive"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_that_depend_on_each_other_end() {
    let home = Home::new();
    for (name, other) in [("one", "two"), ("two", "one")] {
        home.write(
            &format!("{name}/Chart.yaml"),
            &format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\ndependencies:\n- {{name: {other}, version: '*', repository: 'file://../{other}'}}\n"),
        );
    }
    for _ in 0..2 {
        for name in ["one", "two"] {
            let run = home.helm(&format!("dependency update HOME/{name}")).await;
            assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{}", run.err);
        }
    }
    home.write("self/Chart.yaml", "apiVersion: v2\nname: self\nversion: 1.0.0\ndependencies:\n- {name: self, version: '*', repository: 'file://.'}\n");
    let run = home.helm("dependency update HOME/self").await;
    assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_chart_lints_and_renders_whatever_is_switched_on() {
    let home = Home::new();
    let run = home.helm("create HOME/web-app").await;
    assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{}", run.err);
    let run = home.helm("lint --strict HOME/web-app").await;
    assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{}{}", run.out, run.err);
    let switches = "ingress.enabled=true,httpRoute.enabled=true,autoscaling.enabled=true,serviceAccount.annotations.a=b,podLabels.c=d,imagePullSecrets[0].name=e";
    let run = home
        .helm(&format!("template shop HOME/web-app --set {switches}"))
        .await;
    assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{}", run.err);
    for kind in [
        "ServiceAccount",
        "Service",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "HTTPRoute",
        "Pod",
    ] {
        assert!(run.out.contains(&format!("kind: {kind}\n")), "{kind}");
    }
    assert!(run.out.contains("name: shop-web-app\n"), "{}", run.out);
    assert!(!run.out.contains("CHART_NAME"), "{}", run.out);
    // Again: what is there is named and written over, other files stay.
    home.write("web-app/more.txt", "more");
    let run = home.helm("create HOME/web-app").await;
    assert_eq!(run.out.matches("already exists. Overwriting.").count(), 12);
    assert!(home.path().join("web-app/more.txt").exists());
    for line in [
        "create HOME/b@d",
        "create HOME/none/app",
        "create HOME/web-app/Chart.yaml",
    ] {
        assert!(home.problem(line).await.starts_with("Error: "), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_built_is_refused() {
    let home = Home::new();
    home.write(
        "app/Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    );
    for (line, wanted) in [
        (
            "package HOME/app --sign",
            "--sign: packages are not signed yet",
        ),
        (
            "pull local/app --prov",
            "--prov: provenance files are not fetched yet",
        ),
        (
            "pull local/app --verify",
            "--verify: signatures of charts are not verified yet",
        ),
        (
            "template HOME/app --verify",
            "--verify: signatures of charts are not verified yet",
        ),
        (
            "verify HOME/app-1.0.0.tgz --keyring x",
            "signatures of charts are not verified yet",
        ),
        ("search hub app --list-repo-url", "hubs are not asked"),
        (
            "dependency build HOME/app --verify",
            "--verify: signatures of charts are not verified yet",
        ),
    ] {
        let text = home.problem(line).await;
        assert!(text.contains(wanted), "{line}: {text}");
    }
}

/// Writes a chart with one template.
fn chart(home: &Home, folder: &str) {
    home.write(
        &format!("{folder}/Chart.yaml"),
        "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    );
    home.write(
        &format!("{folder}/templates/a.yaml"),
        "v: {{ .Values.q | default \"\" | b64enc }}\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_are_taken_and_told_as_helm_does() {
    let home = Home::new();
    chart(&home, "c");
    const OLD_NOTES: &str = "has been deprecated, this flag has no effect for 'helm template' and will be removed in Helm 5";
    for (flags, wanted) in [
        ("--kube-version=", String::new()),
        ("--values=", String::new()),
        ("--rollback-on-failure --server-side", String::new()),
        (
            "--atomic",
            "Flag --atomic has been deprecated, use --rollback-on-failure instead\n".to_owned(),
        ),
        (
            "--hide-notes --render-subchart-notes",
            format!("Flag --hide-notes {OLD_NOTES}\nFlag --render-subchart-notes {OLD_NOTES}\n"),
        ),
        (
            "--dry-run",
            "level=WARN msg=\"--dry-run is deprecated and should be replaced with '--dry-run=client'\"\n"
                .to_owned(),
        ),
        (
            "--wait=false",
            "level=WARN msg=\"--wait=false is deprecated (boolean value) and can be replaced with --wait=hookOnly\"\n"
                .to_owned(),
        ),
    ] {
        let run = home.helm(&format!("template r HOME/c {flags}")).await;
        assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{flags}: {}", run.err);
        assert!(run.err.ends_with(&wanted), "{flags}: {}", run.err);
        assert!(run.out.ends_with("\nv:\n"), "{flags}: {}", run.out);
    }
    for (line, wanted) in [
        (
            "template r HOME/c --timeout x",
            "Error: invalid argument \"x\" for \"--timeout\" flag: time: invalid duration \"x\"\n",
        ),
        (
            "template r HOME/c --dry-run=foo",
            "Error: invalid dry-run value (\"foo\"). Must be \"none\", \"server\", or \"client\"\n",
        ),
        (
            "template r HOME/c --dry-run=false",
            "Error: invalid dry-run value (\"false\"). Must be \"server\" or \"client\"\n",
        ),
        (
            "template r_x HOME/c",
            "level=ERROR msg=\"release name check failed\" error=\"release name \\\"r_x\\\": invalid release name",
        ),
        ("pull ftp://x/y", "Error: scheme \"ftp\" not supported\n"),
        ("pull file:///x", "Error: repo  not found\n"),
        (
            "pull oci://",
            "Error: non-absolute URLs should be in form of repo_name/path_to_chart, got: oci:\n",
        ),
        (
            "pull oci://host",
            "Error: invalid reference: missing registry or repository\n",
        ),
        ("pull oci://127.0.0.1:1/c", "127.0.0.1:1/v2/c/tags/list"),
    ] {
        let text = home.problem(line).await;
        assert!(text.contains(wanted), "{line}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_files_reach_the_templates() {
    let home = Home::new();
    chart(&home, "c");
    let bytes: Vec<u8> = (0..=255).collect();
    fs::write(home.path().join("x.bin"), &bytes).unwrap();
    let run = home.helm("template r HOME/c --set-file q=HOME/x.bin").await;
    let wanted = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
    assert!(run.out.contains(&wanted), "{}{}", run.out, run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_files_of_dependencies_are_told() {
    const MOVED: &str =
        "level=INFO msg=\"Warning: Dependencies are handled in Chart.yaml since apiVersion";
    let home = Home::new();
    chart(&home, "c");
    home.write("c/requirements.yaml", "dependencies: []\n");
    for (line, times) in [
        ("dependency list HOME/c", 1),
        ("show chart HOME/c", 1),
        ("lint HOME/c", 2),
    ] {
        let run = home.helm(line).await;
        assert_eq!(run.err.matches(MOVED).count(), times, "{line}: {}", run.err);
    }
    // An empty lock is none.
    home.write("c/Chart.lock", "");
    let run = home.helm("dependency build HOME/c --skip-refresh").await;
    assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{}", run.err);
    for repository in ["alias:foo", "ftp://x/"] {
        home.write(
            "d/Chart.yaml",
            &format!(
                "apiVersion: v2\nname: d\nversion: 1.0.0\ndependencies: [{{name: x, version: 1.0.0, repository: '{repository}'}}]\n"
            ),
        );
        let text = home.problem("dependency update HOME/d").await;
        let scheme = repository.split(':').next().unwrap();
        let wanted = format!("Error: could not find protocol handler for: {scheme}\n");
        assert!(text.contains(&wanted), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_package_is_told_as_helm_does() {
    let home = Home::new();
    home.write("short.txt", "short");
    home.write("long.txt", &"long".repeat(200));
    fs::write(
        home.path().join("nameless.tgz"),
        archive("x/values.yaml", 1),
    )
    .unwrap();
    let mut cut = archive("x/Chart.yaml", 1);
    cut.truncate(cut.len() / 2);
    fs::write(home.path().join("cut.tgz"), cut).unwrap();
    for (line, wanted) in [
        ("template HOME/short.txt", "got 'application/octet-stream'"),
        ("template HOME/long.txt", "got 'text/plain; charset=utf-8'"),
        ("show chart HOME/cut.tgz", "Error: unexpected EOF\n"),
    ] {
        let text = home.problem(line).await;
        assert!(text.contains(wanted), "{line}: {text}");
    }
    let run = home.helm("lint HOME/nameless.tgz").await;
    let wanted = "Error unable to extract tarball: chart name not specified\n";
    assert!(run.out.contains(wanted), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_namespace_is_that_of_the_flag_or_of_the_kubeconfig() {
    let home = Home::new();
    home.write(
        "app/Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    );
    home.write("app/templates/a.yaml", "in: {{ .Release.Namespace }}\n");
    home.write(
        "kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: one\ncontexts:\n- {name: one, context: {cluster: c, user: u, namespace: shop}}\n\
         - {name: two, context: {cluster: c, user: u}}\n",
    );
    for (flags, wanted) in [
        ("--kubeconfig HOME/kubeconfig", "in: shop"),
        ("--kubeconfig HOME/kubeconfig -n bar", "in: bar"),
        ("--kubeconfig HOME/kubeconfig --namespace=", "in: shop"),
        (
            "--kubeconfig HOME/kubeconfig --kube-context two",
            "in: default",
        ),
        (
            "--kubeconfig HOME/kubeconfig --kube-context three",
            "in: default",
        ),
        ("--kubeconfig HOME/none", "in: default"),
    ] {
        let run = home.helm(&format!("template HOME/app {flags}")).await;
        assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{flags}: {}", run.err);
        assert!(run.out.contains(wanted), "{flags}: {}", run.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_helm_takes_everywhere_are_taken() {
    let home = Home::new();
    home.write(
        "app/Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    );
    home.write("app/templates/a.yaml", "a: 1\n");
    for flags in [
        "--burst-limit 7 --qps 1.5 --color never --colour always",
        "--kube-apiserver http://127.0.0.1:1 --kube-token x --kube-as-user x --kube-as-group a --kube-as-group b",
        "--kube-ca-file HOME/none --kube-tls-server-name x --kube-insecure-skip-tls-verify -n x",
    ] {
        for command in ["template", "lint", "show chart", "dependency list"] {
            let run = home.helm(&format!("{command} HOME/app {flags}")).await;
            assert_eq!(
                run.code,
                Ok(ExitCode::SUCCESS),
                "{command} {flags}: {}",
                run.err
            );
        }
    }
    let run = home
        .helm("template HOME/app --repo= --post-renderer-args --x")
        .await;
    assert_eq!(run.code, Ok(ExitCode::SUCCESS), "{}", run.err);
    let text = home
        .problem("template HOME/app --dry-run=server --kube-apiserver http://127.0.0.1:1")
        .await;
    assert!(text.contains("kubernetes cluster unreachable"), "{text}");
}
