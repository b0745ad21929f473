//! Archives that would write elsewhere.

use std::fs;

use super::*;

fn chart(name: &str, file: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let metadata = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
    for (path, data) in [("top/Chart.yaml", metadata.as_str()), (file, "x")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        // The library refuses such names; archives of others have them.
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, data.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn files_land_below_the_charts_name() {
    let folder = tempfile::tempdir().unwrap();
    expand(folder.path(), &chart("app", "top/templates/a.yaml")).unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("app/templates/a.yaml")).unwrap(),
        "x"
    );
}

#[test]
fn nothing_leaves_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let error = |name: &str, file: &str| {
        expand(folder.path(), &chart(name, file))
            .unwrap_err()
            .to_string()
    };
    assert!(error("app", "top/../../x").contains("parent directory"));
    assert!(error("..", "top/x").contains("is not allowed"));
    assert!(error("a/b", "top/x").contains("must not contain path separators"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("app")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("app/templates")).unwrap();
    let error = expand(folder.path(), &chart("app", "top/templates/a.yaml")).unwrap_err();
    assert!(error.to_string().contains("is a link"), "{error}");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}
