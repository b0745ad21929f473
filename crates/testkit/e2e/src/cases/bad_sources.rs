//! Bad sources: each is named in a condition of the source, and what was fetched before stays in use.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use skein_testkit::{Authority, GitHttpServer};

use crate::place::{Files, Place, config_map, named};

/// More files than one source may have.
const TOO_MANY_FILES: usize = 100_000;
/// More bytes than one file may have.
const TOO_LARGE_BYTES: u64 = 1024 * 1024 * 1024;

/// A certificate of an authority that nobody named is refused; with the authority it is trusted.
pub async fn refuses_untrusted_certificates(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let authority = Authority::new()?;
    let identity = authority.server(&["127.0.0.1"])?;
    let server = GitHttpServer::start_tls(&place.world.repositories(), &identity).await?;
    let url = server.url(&format!("{}/app", place.namespace));
    let objects = [
        place.source(&json!({"url": url})),
        place.kustomization(&json!({})),
    ];
    place.create_all(&objects).await?;
    let (reason, _) = place
        .refused("GitRepository", "app", &["certificate"])
        .await?;
    ensure!(reason == "GitOperationFailed", "reason {reason}");

    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca"},
        "stringData": {"ca.crt": authority.certificate()},
    });
    place.create_all(&[secret]).await?;
    let with_secret = json!({"spec": {"secretRef": {"name": "ca"}}});
    place.patch("GitRepository", "app", &with_secret).await?;
    place.applied(&commit).await
}

/// Nothing was ever pushed.
pub async fn names_an_empty_repository(place: Place<'_>) -> Result<()> {
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    let words = ["git repository is empty"];
    let (reason, message) = place.refused("GitRepository", "app", &words).await?;
    ensure!(reason == "EmptyGitRepository", "{reason}: {message}");
    Ok(())
}

/// Entries that a checkout would take for Git's own folder.
pub async fn refuses_trees_with_git_folders(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let good = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let repository = place.repository()?;
    let blob = repository.run_bare(&["rev-parse", "main:one.yaml"])?;
    let names = [("dot", ".git"), ("upper", ".GIT"), ("short", "git~1")];
    for (branch, entry) in names {
        repository.commit_tree(branch, format!("100644 blob {blob}\t{entry}\0").as_bytes())?;
    }
    let mut objects = vec![place.source(&json!({})), place.kustomization(&json!({}))];
    for (branch, _) in names {
        let source = place.source(&json!({"ref": {"branch": branch}}));
        objects.push(named(source, branch));
    }
    place.create_all(&objects).await?;
    for (branch, entry) in names {
        place.refused("GitRepository", branch, &[entry]).await?;
    }
    place.applied(&good).await?;

    // The branch in use turns bad: what was there stays in use.
    let entry = format!("100644 blob {blob}\t.GIT\0");
    place.repository()?.commit_tree("main", entry.as_bytes())?;
    place.reconcile("GitRepository", "app").await?;
    place.refused("GitRepository", "app", &[".GIT"]).await?;
    place.reconcile("Kustomization", "app").await?;
    place.ready("Kustomization", "True").await?;
    ensure!(place.find("ConfigMap", "one").await?.is_some(), "one went");
    Ok(())
}

/// More files than fit: the limit and the remedy are named.
pub async fn names_the_limit_of_files(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let repository = place.repository()?;
    let blob = repository.run_bare(&["rev-parse", "main:one.yaml"])?;
    let entries: String = (0..TOO_MANY_FILES)
        .map(|number| format!("100644 blob {blob}\tfile-{number}.yaml\0"))
        .collect();
    repository.commit_tree("main", entries.as_bytes())?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place
        .refused(
            "GitRepository",
            "app",
            &["65536", "files", "sparseCheckout"],
        )
        .await?;

    let ignore = json!({"spec": {"ignore": "/*\n!/file-7.yaml\n"}});
    place.patch("GitRepository", "app", &ignore).await?;
    place.ready("GitRepository", "True").await?;
    Ok(())
}

/// A file of a gigabyte, which travels as a few kilobytes: named with the limit and the remedy, and not unpacked.
pub async fn names_the_limit_of_a_file(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let good = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.applied(&good).await?;
    let commit = {
        // Straight into the served repository: a push would pack a gigabyte.
        let repository = place.repository()?;
        let large = repository.path().join("large.bin");
        let file = std::fs::File::create(&large).context("making the large file")?;
        file.set_len(TOO_LARGE_BYTES).context("making it large")?;
        let words = ["-c", "core.compression=1", "hash-object", "-w", "large.bin"];
        let large_id = repository.run_bare(&words)?;
        std::fs::remove_file(&large).context("removing the large file")?;
        let red = config_map("one", "red");
        let words = ["hash-object", "-w", "--stdin"];
        let one_id = repository.run_bare_with(&words, red.as_bytes())?;
        let entries =
            format!("100644 blob {large_id}\tlarge.bin\0100644 blob {one_id}\tone.yaml\0");
        repository.commit_tree("main", entries.as_bytes())?
    };
    place.reconcile("GitRepository", "app").await?;
    place
        .refused("GitRepository", "app", &["large.bin", "limit"])
        .await?;
    ensure!(place.value("one", "key").await?.as_deref() == Some("blue"));

    let ignore = json!({"spec": {"ignore": "large.bin\n"}});
    place.patch("GitRepository", "app", &ignore).await?;
    place.applied(&commit).await
}
