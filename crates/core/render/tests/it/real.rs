//! The real inputs that lie beside the repository; tests over them are skipped when they are absent.

use std::path::{Path, PathBuf};

use skein_kustomize::FileTree;

/// A folder of real input; `None` (after saying so) when there is none.
pub fn folder(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/real")
        .join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no real input {name}");
    None
}

/// All files below a folder, by path.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut queue) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = queue.pop() {
        for entry in std::fs::read_dir(directory)
            .expect("a folder")
            .map(|e| e.expect("an entry"))
        {
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                queue.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// The files of a folder as a tree.
pub fn tree(root: &Path) -> FileTree {
    let mut tree = FileTree::new();
    for path in files(root) {
        let relative = path
            .strip_prefix(root)
            .expect("below the root")
            .to_string_lossy()
            .into_owned();
        tree.insert(&relative, std::fs::read(&path).expect("a file"))
            .expect("it fits");
    }
    tree
}
