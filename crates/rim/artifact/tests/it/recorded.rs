//! Tars of recorded Flux runs, rebuilt from the same files.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use skein_artifact::archive::{write_archive, write_tar};
use skein_artifact::{IgnoreRules, Tree};

use crate::archive::hex_of;

/// A symbolic link in the recorded repository; the folder holds its target as text.
const LINK: &str = "link";

fn scenario(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/real/flux-live/gitrepository")
        .join(name);
    let found = folder.is_dir().then_some(folder);
    if found.is_none() {
        println!("skipped: no recorded Flux runs beside the repository");
    }
    found
}

fn load(tree: &mut Tree, folder: &Path, prefix: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            load(tree, &entry.path(), &format!("{name}/"));
        } else if kind.is_file() && name != LINK {
            let executable = name.ends_with(".sh");
            tree.insert_file(&name, std::fs::read(entry.path()).unwrap(), executable)
                .unwrap();
        }
    }
}

/// The sums of our tar and archive over some folders of the scenario laid over each other.
fn tar_sum(scenario: &Path, folders: &[&str], spec_ignore: Option<&str>) -> [String; 2] {
    let mut tree = Tree::new();
    for folder in folders {
        load(&mut tree, &scenario.join("repo").join(folder), "");
    }
    let rules = IgnoreRules::for_tree(&tree, spec_ignore);
    let (mut tar, mut gzip) = (Vec::new(), Vec::new());
    write_tar(&tree, &rules, &mut tar).unwrap();
    write_archive(&tree, &rules, &mut gzip).unwrap();
    let sum = |bytes: &[u8]| format!("sha256:{}", hex_of(&Sha256::digest(bytes)));
    [sum(&tar), sum(&gzip)]
}

/// The sums of Flux's tar and archive.
fn recorded_sum(scenario: &Path, step: &str) -> [String; 2] {
    let text = std::fs::read_to_string(scenario.join("expected").join(step)).unwrap();
    ["tarSha256: ", "fileSha256: "].map(|key| {
        let found = text.lines().find_map(|line| line.trim().strip_prefix(key));
        found.unwrap().to_owned()
    })
}

#[test]
fn a_branch_with_an_executable_and_a_link() {
    let Some(scenario) = scenario("01-branch") else {
        return;
    };
    assert_eq!(
        tar_sum(&scenario, &["r1"], None),
        recorded_sum(&scenario, "01-first.yaml")
    );
    assert_eq!(
        tar_sum(&scenario, &["r1", "r2"], None),
        recorded_sum(&scenario, "03-commit.yaml")
    );
}

#[test]
fn ignore_rules_of_all_kinds() {
    let Some(scenario) = scenario("11-ignore-rules") else {
        return;
    };
    let only_prod = "# only deploy/prod\n/*\n!/deploy/prod/\n";
    for (folders, spec_ignore, step) in [
        (&["r1"][..], None, "01-first.yaml"),
        (&["r1"], Some(only_prod), "02-spec-ignore.yaml"),
        (&["r1", "r2"], Some(only_prod), "03-sourceignore.yaml"),
        (&["r1", "r2"], None, "04-both-off.yaml"),
        (&["r1", "r2"], Some(""), "05-empty-ignore.yaml"),
    ] {
        let ours = tar_sum(&scenario, folders, spec_ignore);
        assert_eq!(ours, recorded_sum(&scenario, step), "{step}");
    }
}
