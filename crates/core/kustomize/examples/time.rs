//! Builds one root of a folder some times and prints the median: `time FOLDER ROOT [TIMES]`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use skein_kustomize::{FileTree, Options, build};

fn load(top: &Path, folder: &Path, tree: &mut FileTree) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            load(top, &path, tree)?;
        } else {
            let name = path
                .strip_prefix(top)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            tree.insert(&name, std::fs::read(&path)?)
                .map_err(std::io::Error::other)?;
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, root, rest @ ..] = arguments.as_slice() else {
        eprintln!("time FOLDER ROOT [TIMES]");
        return ExitCode::FAILURE;
    };
    let times = rest
        .first()
        .and_then(|t| t.parse().ok())
        .unwrap_or(5)
        .max(1);
    let mut tree = FileTree::new();
    if let Err(error) = load(Path::new(folder), Path::new(folder), &mut tree) {
        eprintln!("{folder}: {error}");
        return ExitCode::FAILURE;
    }
    let mut taken: Vec<(u128, u128, usize)> = (0..times)
        .filter_map(|_| {
            let start = Instant::now();
            let built = build(&tree, root, &Options::default())
                .map_err(|e| eprintln!("{e}"))
                .ok()?;
            let after = start.elapsed().as_micros();
            let _ = built.to_yaml();
            Some((after, start.elapsed().as_micros(), built.values.len()))
        })
        .collect();
    taken.sort_unstable();
    let Some((build_time, total, objects)) = taken.get(taken.len() / 2) else {
        return ExitCode::FAILURE;
    };
    println!("{objects} objects: build {build_time} us, with output {total} us");
    ExitCode::SUCCESS
}
