//! What `skein up` promises to a newcomer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use futures::StreamExt as _;
use skein_testkit::{Commit, GitHttpServer, Repository};

use crate::place::{Files, config_map};
use crate::up::Bench;

/// Real repositories that run side by side.
const REAL_AT_A_TIME: usize = 3;
/// Address in the sync objects; nobody answers there.
const REMOTE: &str = "ssh://git@fleet.example.com/team/fleet";

/// Sync objects that look again once a day: what arrives sooner came as an event.
fn sync(cluster: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: flux-system, namespace: flux-system}}\n\
         spec: {{interval: 24h, url: '{REMOTE}', ref: {{branch: main}}}}\n---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: flux-system, namespace: flux-system}}\n\
         spec: {{interval: 24h, prune: true, path: ./clusters/{cluster}, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
    )
}

fn map(name: &str, value: &str) -> String {
    config_map(name, value).replace("metadata:\n", "metadata:\n  namespace: default\n")
}

/// A repository with one cluster `a` and the ConfigMap `one` in it.
fn one_cluster(bench: &Bench) -> Result<(Repository, PathBuf)> {
    let mut repository = Repository::create(bench.folder(), "fleet")?;
    let (sync, one) = (sync("a"), map("one", "blue"));
    let files = Files::from([
        ("clusters/a/flux-system/gotk-sync.yaml", Some(sync.as_str())),
        ("clusters/a/one.yaml", Some(one.as_str())),
    ]);
    repository.commit(&files, &Commit::default())?;
    let top = repository.work_tree().to_owned();
    Ok((repository, top))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// A commit arrives as an event; and the kubeconfig serves the real kubectl.
pub async fn takes_commits_as_events(bench: Bench) -> Result<()> {
    let (mut repository, top) = one_cluster(&bench)?;
    let mut up = bench.start("state", &[text(&top)?, "--listen="])?;
    up.value("a", "one", "blue").await?;
    let red = map("one", "red");
    let commit = repository.commit(
        &Files::from([("clusters/a/one.yaml", Some(red.as_str()))]),
        &Commit::default(),
    )?;
    up.value("a", "one", "red").await?;
    let path =
        "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/flux-system";
    up.find("a", path, |object| {
        let revision = object["status"]["lastAppliedRevision"].as_str();
        revision.is_some_and(|revision| revision.contains(&commit))
    })
    .await?;

    let output = Command::new(skein_upstream::binary("kubectl")?)
        .arg("--kubeconfig")
        .arg(up.kubeconfig("a"))
        .args(["get", "kustomizations", "-A"])
        .output()
        .context("starting kubectl")?;
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        table.contains("READY") && table.contains(&commit),
        "{table}"
    );
    Ok(())
}

/// What is not committed is named and left out; `--worktree` takes it, and what changes later.
pub async fn names_or_takes_uncommitted_changes(bench: Bench) -> Result<()> {
    let (_repository, top) = one_cluster(&bench)?;
    fs::write(top.join("clusters/a/one.yaml"), map("one", "red"))?;
    let mut up = bench.start("plain", &[text(&top)?, "--listen=", "--ephemeral"])?;
    up.value("a", "one", "blue").await?;
    let output = up.output();
    ensure!(
        output.contains("clusters/a/one.yaml") && output.contains("--worktree"),
        "{output}"
    );
    up.stop();

    let words = [text(&top)?, "--listen=", "--ephemeral", "--worktree"];
    let mut up = bench.start("worktree", &words)?;
    up.value("a", "one", "red").await?;
    fs::write(top.join("clusters/a/one.yaml"), map("one", "green"))?;
    up.value("a", "one", "green").await?;
    Ok(())
}

/// A check-out on no branch, as CI makes them of pull requests: what is checked out is served under the wanted branch, and followed.
pub async fn serves_a_detached_head(bench: Bench) -> Result<()> {
    let (repository, top) = one_cluster(&bench)?;
    for arguments in [
        ["checkout", "--quiet", "--detach"].as_slice(),
        &["branch", "--quiet", "-D", "main"],
    ] {
        repository.run(arguments, None)?;
    }
    let words = [text(&top)?, "--listen=", "--ephemeral"];
    let run = bench.run("once", &words).await?;
    ensure!(
        run.is_ready && run.output.contains("HEAD is on no branch"),
        "{}",
        run.output
    );
    let mut up = bench.start("state", &words)?;
    up.value("a", "one", "blue").await?;
    fs::write(top.join("clusters/a/one.yaml"), map("one", "red"))?;
    repository.run(&["commit", "--quiet", "--all", "--message", "red"], None)?;
    up.value("a", "one", "red").await?;
    repository.run(&["checkout", "--quiet", "--detach", "HEAD~1"], None)?;
    up.value("a", "one", "blue").await?;
    up.stop();

    // Objects that we make follow what is checked out, too.
    repository.run(&["rm", "--quiet", "-r", "clusters/a/flux-system"], None)?;
    repository.run(&["commit", "--quiet", "--message", "no sync objects"], None)?;
    let run = bench.run("made", &words).await?;
    ensure!(run.is_ready, "{}", run.output);
    Ok(())
}

/// A clone of one branch alone, which is not the wanted one: it is served as that, and followed.
pub async fn serves_a_clone_of_one_branch(bench: Bench) -> Result<()> {
    let (repository, top) = one_cluster(&bench)?;
    repository.run(&["branch", "--quiet", "--move", "feature"], None)?;
    for words in [
        [text(&top)?, "--listen=", "--ephemeral"].as_slice(),
        &[text(&top)?, "--listen=", "--ephemeral", "--worktree"],
    ] {
        let run = bench.run("once", words).await?;
        let told = "the branch feature is served as main, too";
        ensure!(run.is_ready && run.output.contains(told), "{}", run.output);
    }
    let mut up = bench.start("state", &[text(&top)?, "--listen=", "--ephemeral"])?;
    up.value("a", "one", "blue").await?;
    fs::write(top.join("clusters/a/one.yaml"), map("one", "red"))?;
    repository.run(&["commit", "--quiet", "--all", "--message", "red"], None)?;
    up.value("a", "one", "red").await?;
    up.stop();
    Ok(())
}

/// A repository without work tree: its HEAD is served, and what is pushed to it.
pub async fn serves_a_bare_repository(bench: Bench) -> Result<()> {
    let (mut repository, _) = one_cluster(&bench)?;
    let bare = text(repository.path())?.to_owned();
    let mut up = bench.start("state", &[&bare, "--listen=", "--ephemeral"])?;
    up.value("a", "one", "blue").await?;
    let red = map("one", "red");
    repository.commit(
        &Files::from([("clusters/a/one.yaml", Some(red.as_str()))]),
        &Commit::default(),
    )?;
    up.value("a", "one", "red").await?;
    up.stop();
    let run = bench.run("worktree", &[&bare, "--worktree"]).await?;
    ensure!(
        !run.is_ready && run.output.contains("is a bare repository"),
        "{}",
        run.output
    );
    repository.run_bare(&["symbolic-ref", "HEAD", "refs/heads/none"])?;
    let run = bench.run("unborn", &[&bare]).await?;
    ensure!(
        !run.is_ready && run.output.contains("names no commit"),
        "{}",
        run.output
    );
    Ok(())
}

/// What cannot be served is said before anything starts, with what to do.
pub async fn refuses_what_it_cannot_serve(bench: Bench) -> Result<()> {
    let (_repository, top) = one_cluster(&bench)?;
    let other = bench.folder().join("sha256");
    fs::create_dir(&other)?;
    let made = Command::new("git")
        .args(["init", "--quiet", "--object-format=sha256"])
        .arg(&other)
        .status()
        .context("starting git")?;
    ensure!(made.success(), "git init failed");
    for (words, told) in [
        (
            [text(&other)?, "--listen="],
            "has the object format sha256, and only sha1 is supported",
        ),
        ([text(&top)?, "--path=../.."], "leads out of the repository"),
        ([text(&top)?, "--path=/etc"], "is absolute"),
    ] {
        let run = bench.run("refused", &words).await?;
        ensure!(
            !run.is_ready && run.output.contains(told) && !run.output.contains("not ready"),
            "{}",
            run.output
        );
    }
    Ok(())
}

/// The first cluster runs the others.
pub async fn runs_spokes_from_a_hub(bench: Bench) -> Result<()> {
    let mut repository = Repository::create(bench.folder(), "fleet")?;
    let (hub, one, two) = (map("hub", "here"), map("one", "north"), map("one", "south"));
    // What a user says to whoever applies a Flux object stays.
    let inner = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {name: apps, namespace: flux-system, annotations: {kustomize.toolkit.fluxcd.io/ssa: Merge}}\n\
         spec: {interval: 1h, prune: true, path: ./apps/north, sourceRef: {kind: GitRepository, name: flux-system}}\n";
    let files = Files::from([
        ("clusters/a-hub/hub.yaml", Some(hub.as_str())),
        ("clusters/north/apps.yaml", Some(inner)),
        ("apps/north/one.yaml", Some(one.as_str())),
        ("clusters/south/one.yaml", Some(two.as_str())),
    ]);
    repository.commit(&files, &Commit::default())?;
    let top = text(repository.work_tree())?.to_owned();
    let mut up = bench.start("state", &[&top, "--hub", "--listen=", "--ephemeral"])?;
    up.value("a-hub", "hub", "here").await?;
    up.value("north", "one", "north").await?;
    up.value("south", "one", "south").await?;
    let path = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/north/kustomizations/apps";
    up.find("a-hub", path, |object| {
        object["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/ssa"] == "Merge"
    })
    .await?;
    for (cluster, some) in [("a-hub", true), ("north", false), ("south", false)] {
        let path = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations";
        let list = up.api(cluster)?.get(path).await?;
        let count = list["items"].as_array().map_or(0, Vec::len);
        ensure!((count > 0) == some, "{cluster} has {count} Kustomizations");
    }
    Ok(())
}

/// An address instead of a folder.
pub async fn takes_an_address(bench: Bench) -> Result<()> {
    let (_repository, _) = one_cluster(&bench)?;
    let server = GitHttpServer::start(bench.folder()).await?;
    let words = [&server.url("fleet"), "--listen=", "--ephemeral"];
    let run = bench.run("state", &words).await?;
    ensure!(run.is_ready, "{}", run.output);
    ensure!(run.output.contains("all is ready"), "{}", run.output);
    Ok(())
}

/// State survives a restart, with its kubeconfig; `--ephemeral` starts anew.
pub async fn keeps_its_state_unless_told_not_to(bench: Bench) -> Result<()> {
    let (_repository, top) = one_cluster(&bench)?;
    let uid = |object: &serde_json::Value| object["metadata"]["uid"].clone();
    let words = [text(&top)?, "--listen="];
    let mut up = bench.start("kept", &words)?;
    let before = up.value("a", "one", "blue").await?;
    let old = fs::read_to_string(up.kubeconfig("a"))?;
    up.stop();
    let mut up = bench.start("kept", &words)?;
    let after = up.value("a", "one", "blue").await?;
    ensure!(uid(&before) == uid(&after), "made anew");
    ensure!(
        old == fs::read_to_string(up.kubeconfig("a"))?,
        "another kubeconfig"
    );
    up.stop();

    let words = [text(&top)?, "--listen=", "--ephemeral"];
    let mut up = bench.start("gone", &words)?;
    let before = up.value("a", "one", "blue").await?;
    up.stop();
    fs::remove_file(bench.folder().join("gone/a.kubeconfig"))?;
    let mut up = bench.start("gone", &words)?;
    let after = up.value("a", "one", "blue").await?;
    ensure!(uid(&before) != uid(&after), "something was kept");
    Ok(())
}

/// 0 when all is ready; else 1, with the first broken link: the cause, not what waits for it.
pub async fn tells_ci_the_first_broken_link(bench: Bench) -> Result<()> {
    let (mut repository, top) = one_cluster(&bench)?;
    let words = [text(&top)?, "--listen=", "--ephemeral"];
    let run = bench.run("good", &words).await?;
    ensure!(run.is_ready, "{}", run.output);

    let kustomization = |name: &str, more: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{interval: 1h, prune: true, path: ./{name}, sourceRef: {{kind: GitRepository, name: flux-system}}{more}}}\n"
        )
    };
    let apps = kustomization("apps", ", dependsOn: [{name: base}]");
    let base = kustomization("base", "");
    let one = map("two", "blue");
    let files = Files::from([
        ("clusters/a/apps.yaml", Some(apps.as_str())),
        ("clusters/a/base.yaml", Some(base.as_str())),
        ("apps/two.yaml", Some(one.as_str())),
        ("base/broken.yaml", Some("apiVersion: v1\nkind: [\n")),
    ]);
    repository.commit(&files, &Commit::default())?;
    let run = bench.run("bad", &words).await?;
    ensure!(!run.is_ready, "{}", run.output);
    let verdict = run.output.split("✗ not ready").nth(1).unwrap_or_default();
    let first = verdict.lines().nth(1).unwrap_or_default();
    for word in ["a: ", "Kustomization flux-system/base", "broken.yaml"] {
        ensure!(
            first.contains(word),
            "{first:?} lacks {word:?}; {}",
            run.output
        );
    }
    Ok(())
}

/// Other repositories of this machine under their addresses; what nobody serves is named.
pub async fn serves_other_addresses_from_folders(bench: Bench) -> Result<()> {
    let (mut repository, top) = one_cluster(&bench)?;
    let mut other = Repository::create(bench.folder(), "other")?;
    let two = map("two", "blue");
    other.commit(
        &Files::from([("two.yaml", Some(two.as_str()))]),
        &Commit::default(),
    )?;
    let objects = |url: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: other, namespace: flux-system}}\n\
             spec: {{interval: 1h, timeout: 5s, url: '{url}', ref: {{branch: main}}}}\n---\n\
             apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: other, namespace: flux-system}}\n\
             spec: {{interval: 1h, prune: true, path: ./, sourceRef: {{kind: GitRepository, name: other}}}}\n"
        )
    };
    let address = "https://127.0.0.1:1/team/other.git";
    let file = objects(address);
    let files = Files::from([("clusters/a/other.yaml", Some(file.as_str()))]);
    repository.commit(&files, &Commit::default())?;
    let pair = format!("--instead-of={address}={}", other.work_tree().display());
    let words = [text(&top)?, "--listen=", "--ephemeral", &pair];
    let mut up = bench.start("served", &words)?;
    up.value("a", "two", "blue").await?;
    up.stop();

    let run = bench
        .run("missing", &[text(&top)?, "--listen=", "--ephemeral"])
        .await?;
    ensure!(!run.is_ready, "{}", run.output);
    let verdict = run.output.split("✗ not ready").nth(1).unwrap_or_default();
    let first = verdict.lines().nth(1).unwrap_or_default();
    for word in ["GitRepository flux-system/other", address] {
        ensure!(
            first.contains(word),
            "{first:?} lacks {word:?}; {}",
            run.output
        );
    }
    Ok(())
}

/// The example with charts: of a registry that a folder answers for, of the repository itself, and one that needs the definitions of another.
pub async fn runs_the_homelab_without_a_network(bench: Bench) -> Result<()> {
    let homelab = skein_upstream::repository_root().join("examples/homelab");
    let words = [text(&homelab)?, "--listen=", "--ephemeral"];
    let run = bench.run("homelab", &words).await?;
    ensure!(run.is_ready, "{}", run.output);
    for release in ["ingress/edge", "home/wiki", "home/weather"] {
        let line = format!("✔ HelmRelease {release}");
        ensure!(run.output.contains(&line), "{release}: {}", run.output);
    }
    Ok(())
}

/// A registry from a folder: an OCIRepository of manifests for a Kustomization, one with a chart and a HelmRepository for releases.
pub async fn serves_registries_from_folders(bench: Bench) -> Result<()> {
    let (mut repository, top) = one_cluster(&bench)?;
    let registry = bench.folder().join("registry");
    let write = |path: &str, text: &str| -> Result<()> {
        let file = registry.join(path);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        Ok(fs::write(file, text)?)
    };
    write("plain/two.yaml", &map("two", "blue"))?;
    write(
        "web/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.2.3\n",
    )?;
    write("web/values.yaml", "colour: grey\n")?;
    write(
        "web/templates/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}', namespace: default}\ndata: {key: '{{ .Values.colour }}'}\n",
    )?;
    let source = "source.toolkit.fluxcd.io/v1";
    let release = |name: &str, chart: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{interval: 1h, targetNamespace: default, releaseName: {name}, values: {{colour: {name}}}, {chart}}}\n---\n"
        )
    };
    let oci = |name: &str, tag: &str| {
        format!(
            "apiVersion: {source}\nkind: OCIRepository\nmetadata: {{name: {name}, namespace: flux-system}}\n\
             spec: {{interval: 1h, timeout: 5s, url: 'oci://registry.example/team/{name}', ref: {{tag: {tag}}}}}\n---\n"
        )
    };
    let objects = [
        oci("plain", "v9"),
        oci("web", "1.2.3"),
        format!(
            "apiVersion: {source}\nkind: HelmRepository\nmetadata: {{name: team, namespace: flux-system}}\n\
             spec: {{type: oci, url: 'oci://registry.example/team'}}\n---\n"
        ),
        release("green", "chartRef: {kind: OCIRepository, name: web}"),
        release(
            "yellow",
            "chart: {spec: {chart: web, version: 1.x, sourceRef: {kind: HelmRepository, name: team}}}",
        ),
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: plain, namespace: flux-system}\n\
         spec: {interval: 1h, prune: true, path: ./, sourceRef: {kind: OCIRepository, name: plain}}\n"
            .to_owned(),
    ]
    .concat();
    repository.commit(
        &Files::from([("clusters/a/objects.yaml", Some(objects.as_str()))]),
        &Commit::default(),
    )?;
    let pair = format!(
        "--instead-of=oci://registry.example/team={}",
        registry.display()
    );
    let words = [text(&top)?, "--listen=", "--ephemeral", &pair];
    let mut up = bench.start("served", &words)?;
    up.value("a", "two", "blue").await?;
    up.value("a", "green", "green").await?;
    up.value("a", "yellow", "yellow").await?;
    Ok(())
}

/// The example fleet, whose clusters know nothing of a hub: the first cluster runs the other one, with its keys and settings.
pub async fn runs_the_example_as_a_hub(bench: Bench) -> Result<()> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples/fleet");
    let run = bench
        .run(
            "state",
            &[text(&example)?, "--hub", "--listen=", "--ephemeral"],
        )
        .await?;
    ensure!(run.is_ready, "{}", run.output);
    for word in [
        "Kustomization staging/infrastructure  ready",
        "staging  ✔ Kustomization storefront/workloads  ready",
    ] {
        ensure!(run.output.contains(word), "no {word:?}: {}", run.output);
    }
    Ok(())
}

/// Real repositories: their own source is served and every cluster comes as far as it can without a network; what does not is named.
pub async fn runs_real_repositories(bench: Bench) -> Result<()> {
    /// Further arguments for those that need some.
    const ARGUMENTS: &[(&str, &[&str])] = &[
        ("fluxcd__flux2-hub-spoke-example", &["--hub"]),
        (
            "larivierec__home-cluster",
            &["--path", "kubernetes/main/flux/cluster"],
        ),
        ("mirceanton__home-ops", &["--path", "apps"]),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/real/flux-repos");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: no folder of real repositories beside the tree");
        return Ok(());
    };
    let paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    let mut runs = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let further = ARGUMENTS.iter().find(|(repository, _)| *repository == name);
        let further = further.map(|(_, words)| *words).unwrap_or_default();
        runs.push(run_real(&bench, path, name.into_owned(), further));
    }
    let outcomes: Vec<Result<()>> = futures::stream::iter(runs)
        .buffer_unordered(REAL_AT_A_TIME)
        .collect()
        .await;
    let wrong: Vec<String> = outcomes
        .into_iter()
        .filter_map(|outcome| outcome.err().map(|error| error.to_string()))
        .collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

async fn run_real(bench: &Bench, path: &Path, name: String, further: &[&str]) -> Result<()> {
    let mut words = vec![text(path)?, "--listen=", "--ephemeral", "--timeout=60s"];
    words.extend(further);
    let run = bench.run(&name, &words).await?;
    ensure!(
        run.output
            .contains("✔ GitRepository flux-system/flux-system  ready"),
        "{name}: its own source is not served: {}",
        run.output
    );
    let verdict = run.output.split("✗ not ready").nth(1).unwrap_or_default();
    let tells = |start: &str| verdict.lines().any(|line| line.trim().starts_with(start));
    ensure!(
        run.is_ready || (tells("1. ") && tells("chain: ") && tells("to do: ")),
        "{name}: not told why it is not ready: {}",
        run.output
    );
    Ok(())
}
