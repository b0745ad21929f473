//! The storage folder: layout, modes, verification, garbage collection, confinement.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use skein_api::Time;
use skein_artifact::storage::{COLLECTION_BUDGET, MAX_COLLECTED_FILES};
use skein_artifact::{
    ArtifactLocation, DigestAlgorithm, IgnoreRules, PatternList, Storage, StorageError,
    StorageOptions, Tree,
};

pub fn storage(root: &std::path::Path) -> Storage {
    storage_with(root, DigestAlgorithm::default())
}

fn storage_with(root: &std::path::Path, digest: DigestAlgorithm) -> Storage {
    Storage::open(StorageOptions {
        root: root.to_owned(),
        host: "source.example".into(),
        retention: Duration::from_secs(60),
        retention_records: 2,
        digest,
    })
    .unwrap()
}

pub fn location(file: &str) -> ArtifactLocation {
    ArtifactLocation {
        kind: "GitRepository".into(),
        namespace: "apps".into(),
        name: "web".into(),
        file: file.into(),
    }
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_artifact_is_stored_with_its_lock_and_modes() {
    let root = tempfile::tempdir().unwrap();
    let storage = storage(root.path());
    let mut tree = Tree::new();
    tree.insert_file("a", b"1".to_vec(), false).unwrap();
    let rules = IgnoreRules::new(PatternList::default());
    let artifact = storage
        .store_tree(
            &location("abc.tar.gz"),
            "main@sha1:abc",
            &tree,
            &rules,
            Time::default(),
        )
        .unwrap();
    assert_eq!(artifact.path, "gitrepository/apps/web/abc.tar.gz");
    assert_eq!(
        artifact.url,
        "http://source.example/gitrepository/apps/web/abc.tar.gz"
    );
    assert_eq!(
        storage.path_of_url(&artifact.url),
        Some(artifact.path.as_str())
    );
    let folder = root.path().join("gitrepository/apps/web");
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("abc.tar.gz")), 0o600);
    assert_eq!(mode(&folder.join("abc.tar.gz.lock")) & !0o022, 0o644);
    let size = std::fs::metadata(folder.join("abc.tar.gz")).unwrap().len();
    assert_eq!(artifact.size, Some(size as i64));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    storage.verify(&artifact).unwrap();
}

/// Digests of "right" by sha384sum and sha512sum.
#[test]
fn digests_of_other_algorithms() {
    let root = tempfile::tempdir().unwrap();
    for (algorithm, digest) in [
        (
            DigestAlgorithm::Sha384,
            "sha384:6ea75ffb7d7d866a6930b0c1b2156048db35e4ed7a4f93184d2a88cf0843b79f714622528c7a7afb0af12fe7d3df2b4a",
        ),
        (
            DigestAlgorithm::Sha512,
            "sha512:55c972106a0b3267b1e1fa7af7d584ddcf6051ee51630da49cce80d953992390cd6e4c718adc852beb7618a7221b7e3a03eeae6c6fb52d3a8805665c357f6b1f",
        ),
    ] {
        let storage = storage_with(root.path(), algorithm);
        let artifact = storage
            .store_bytes(&location("a"), "1", b"right", Time::default())
            .unwrap();
        assert_eq!(artifact.digest, digest);
        storage.verify(&artifact).unwrap();
    }
    assert_eq!(DigestAlgorithm::of("blake3:00"), None);
}

#[test]
fn a_changed_file_fails_verification() {
    let root = tempfile::tempdir().unwrap();
    let storage = storage(root.path());
    let artifact = storage
        .store_bytes(&location("a"), "1", b"right", Time::default())
        .unwrap();
    std::fs::write(root.path().join(&artifact.path), "wrong").unwrap();
    let error = storage.verify(&artifact).unwrap_err();
    assert!(matches!(error, StorageError::Digest { .. }));
    assert_eq!(
        error.to_string(),
        format!("computed digest doesn't match '{}'", artifact.digest)
    );
    storage.remove(&artifact).unwrap();
    assert!(!storage.contains(&artifact));
}

#[test]
fn garbage_collection_keeps_the_current_one_and_the_records() {
    let root = tempfile::tempdir().unwrap();
    let storage = storage(root.path());
    let mut current = None;
    for (name, age) in [("old", 40), ("mid", 20), ("new", 10), ("now", 0)] {
        let artifact = storage
            .store_bytes(&location(name), name, b"x", Time::default())
            .unwrap();
        let file = std::fs::File::open(root.path().join(&artifact.path)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age))
            .unwrap();
        current = Some(artifact);
    }
    let current = current.unwrap();
    let spent = storage.collect_garbage(&current, SystemTime::now(), Duration::ZERO);
    assert!(spent.unwrap().files.is_empty(), "no time, no deletion");
    let collected = storage
        .collect_garbage(&current, SystemTime::now(), COLLECTION_BUDGET)
        .unwrap();
    assert_eq!(
        collected.files,
        ["gitrepository/apps/web/old", "gitrepository/apps/web/mid"]
    );
    let later = SystemTime::now() + Duration::from_secs(70);
    let collected = storage
        .collect_garbage(&current, later, COLLECTION_BUDGET)
        .unwrap();
    assert_eq!(collected.files, ["gitrepository/apps/web/new"]);
    let left = std::fs::read_dir(root.path().join("gitrepository/apps/web"))
        .unwrap()
        .count();
    assert_eq!(left, 2, "the current artifact and its lock");
}

#[test]
fn garbage_collection_looks_at_so_many_artifacts_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let storage = storage(root.path());
    let current = storage
        .store_bytes(&location("current"), "1", b"x", Time::default())
        .unwrap();
    let folder = root.path().join("gitrepository/apps/web");
    let more = MAX_COLLECTED_FILES + 9;
    for number in 0..more {
        std::fs::write(folder.join(format!("{number}")), "x").unwrap();
        std::fs::write(folder.join(format!("{number}.lock")), "").unwrap();
    }
    std::os::unix::fs::symlink("current", folder.join("latest")).unwrap();
    let later = SystemTime::now() + Duration::from_secs(70);
    let collect = || {
        storage
            .collect_garbage(&current, later, Duration::MAX)
            .unwrap()
    };
    assert_eq!(collect().files.len(), MAX_COLLECTED_FILES - 1);
    assert_eq!(collect().files.len(), more + 1 - MAX_COLLECTED_FILES);
    assert!(collect().files.is_empty());
    let left = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 3, "the current one, its lock and the link");
}

#[test]
fn deleting_an_object_removes_its_folder_once() {
    let root = tempfile::tempdir().unwrap();
    let storage = storage(root.path());
    storage
        .store_bytes(&location("a"), "1", b"x", Time::default())
        .unwrap();
    assert!(
        storage
            .remove_object("GitRepository", "apps", "web")
            .unwrap()
    );
    assert!(
        !storage
            .remove_object("GitRepository", "apps", "web")
            .unwrap()
    );
}

#[test]
fn paths_out_of_the_storage_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let inside = root.path().join("storage");
    let storage = storage(&inside);
    std::fs::create_dir(root.path().join("outside")).unwrap();
    std::fs::create_dir_all(inside.join("gitrepository/apps")).unwrap();
    std::os::unix::fs::symlink(
        root.path().join("outside"),
        inside.join("gitrepository/apps/web"),
    )
    .unwrap();
    assert!(matches!(
        storage.store_bytes(&location("a"), "1", b"x", Time::default()),
        Err(StorageError::Path(_))
    ));
    let escape = ArtifactLocation {
        name: "../../..".into(),
        ..location("a")
    };
    assert!(matches!(
        storage.store_bytes(&escape, "1", b"x", Time::default()),
        Err(StorageError::Path(_))
    ));
    assert!(storage.remove_object("GitRepository", "..", "..").is_err());
    assert_eq!(
        std::fs::read_dir(root.path().join("outside"))
            .unwrap()
            .count(),
        0
    );
}
