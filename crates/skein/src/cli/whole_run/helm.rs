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
