//! The golden vector of Flux's archiver, odd names, and unpacking of hostile archives.

use sha2::{Digest, Sha256};
use skein_artifact::archive::{write_archive, write_tar};
use skein_artifact::{IgnoreRules, PatternList, Tree, TreeError, UnpackError, unpack};

fn rules() -> IgnoreRules {
    IgnoreRules::new(PatternList::default())
}

fn tar_of(tree: &Tree) -> Vec<u8> {
    let mut tar = Vec::new();
    write_tar(tree, &rules(), &mut tar).unwrap();
    tar
}

#[test]
fn the_golden_tree_has_the_golden_tar() {
    let mut tree = Tree::new();
    tree.insert_file("run.sh", b"#!/bin/sh\necho hi\n".to_vec(), true)
        .unwrap();
    tree.insert_file("dir/sub/b.yaml", b"kind: ConfigMap\n".to_vec(), false)
        .unwrap();
    tree.insert_directory("empty").unwrap();
    tree.insert_file("a.txt", b"hello\n".to_vec(), false)
        .unwrap();
    let tar = tar_of(&tree);
    assert_eq!(tar.len(), 6144);
    let sum = hex_of(&Sha256::digest(&tar));
    assert_eq!(
        sum,
        "af6483b34dc53790bbeb8787e2f874a716c92d03f10fb1647d4873f6041662f2"
    );
}

/// Sum made by Go's archive/tar over the same entries.
#[test]
fn long_and_foreign_names_are_written_as_go_writes_them() {
    let mut tree = Tree::new();
    let long = format!("{}/{}", "d".repeat(90), "f".repeat(90));
    let longer = format!("{}/{}", "e".repeat(120), "g".repeat(130));
    for name in [
        "straße.yaml",
        "ordner/größe/日本.yaml",
        long.as_str(),
        longer.as_str(),
    ] {
        tree.insert_file(name, b"x".to_vec(), false).unwrap();
    }
    let tar = tar_of(&tree);
    let sum = hex_of(&Sha256::digest(&tar));
    assert_eq!(sum, include_str!("go_tar_names.sha256").trim());
    let mut gzip = Vec::new();
    write_archive(&tree, &rules(), &mut gzip).unwrap();
    let back = unpack(&gzip, false).unwrap();
    assert_eq!(back, tree);
}

#[test]
fn names_sort_part_by_part() {
    let mut tree = Tree::new();
    for name in ["a/x", "a-b", "a.c/y"] {
        tree.insert_file(name, Vec::new(), false).unwrap();
    }
    let names: Vec<&str> = tree.walk().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["a", "a/x", "a-b", "a.c", "a.c/y"]);
}

#[test]
fn equal_trees_give_equal_bytes_with_gos_gzip_header() {
    let mut tree = Tree::new();
    tree.insert_file("a", b"content".to_vec(), false).unwrap();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let summary = write_archive(&tree, &rules(), &mut first).unwrap();
    write_archive(&tree, &rules(), &mut second).unwrap();
    assert_eq!(first, second);
    assert_eq!(first[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    assert_eq!(summary.sha256, hex_of(&Sha256::digest(&first)));
    assert_eq!(summary.size, first.len() as u64);
}

#[test]
fn paths_that_leave_the_tree_are_refused() {
    let mut tree = Tree::new();
    for path in [
        "/a", "../a", "a/../b", "a//b", "a/./b", "", "a\\..\\b", "a\0b", "a/",
    ] {
        let refused = tree.insert_file(path, Vec::new(), false);
        assert!(matches!(refused, Err(TreeError::Path { .. })), "{path:?}");
    }
    tree.insert_file("a", Vec::new(), false).unwrap();
    assert_eq!(
        tree.insert_file("a/b", Vec::new(), false),
        Err(TreeError::Conflict { path: "a".into() })
    );
}

fn foreign_archive(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    let tar = builder.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &tar).unwrap();
    gzip.finish().unwrap()
}

fn raw_entry(builder: &mut tar::Builder<Vec<u8>>, name: &[u8], kind: tar::EntryType, size: u64) {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    builder
        .append(&header, std::io::Read::take(std::io::repeat(b'x'), size))
        .unwrap();
}

#[test]
fn hostile_archives_are_refused() {
    for name in [&b"../evil"[..], b"/etc/passwd", b"a/../../b", b"a\\..\\b"] {
        let archive = foreign_archive(|b| raw_entry(b, name, tar::EntryType::Regular, 1));
        assert!(
            matches!(unpack(&archive, true), Err(UnpackError::Entry(_))),
            "{name:?}"
        );
    }
    let link = foreign_archive(|b| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        b.append_link(&mut header, "link", "/etc/passwd").unwrap();
    });
    assert!(matches!(
        unpack(&link, false),
        Err(UnpackError::Kind { .. })
    ));
    assert!(unpack(&link, true).unwrap().is_empty());
    assert!(matches!(
        unpack(b"not gzip", true),
        Err(UnpackError::Format(_))
    ));
}

#[test]
fn a_file_above_the_limit_is_named() {
    let size = skein_artifact::tree::MAX_FILE_BYTES + 1;
    let archive = foreign_archive(|b| {
        let mut header = tar::Header::new_gnu();
        header.set_path("big.bin").unwrap();
        header.set_size(size);
        header.set_cksum();
        b.append(&header, std::io::Read::take(std::io::repeat(0), size))
            .unwrap();
    });
    let error = unpack(&archive, true).unwrap_err().to_string();
    assert!(
        error.contains("big.bin") && error.contains("limit"),
        "{error}"
    );
}

#[test]
fn too_many_entries_are_refused() {
    let mut tree = Tree::new();
    let result = (0..100_000).try_for_each(|n| tree.insert_file(&format!("f{n}"), vec![], false));
    assert_eq!(result, Err(TreeError::TooMany));
}

pub fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
