//! kustomize's words for errors in what a kustomization lists.

use crate::error::{BuildError, Problem};

/// A path below the directory of the tree, marked for the caller's root.
fn absolute(path: &str) -> String {
    if path.is_empty() {
        "{root}".to_owned()
    } else {
        format!("{{root}}/{path}")
    }
}

/// What is said of a directory that is not there.
fn no_directory(path: &str) -> String {
    let path = absolute(path);
    format!(
        "must build at directory: not a valid directory: evalsymlink failure on '{path}' : lstat {path}: no such file or directory"
    )
}

/// A file that could not be read as objects. `path` is as listed, `clean` in the tree.
pub(crate) fn bad_file(error: BuildError, path: &str, clean: &str) -> BuildError {
    match &error.problem {
        Problem::Yaml(yaml) => {
            let text = yaml.to_string();
            let problem = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest).to_owned();
            let line = yaml.line();
            error.upstream(|_| {
                format!(
                    "accumulating resources: accumulating resources from '{path}': MalformedYAMLError: yaml: line {line}: {problem} in File: {path}"
                )
            })
        }
        _ => error.upstream(|inner| {
            let clean = absolute(clean);
            format!(
                "accumulating resources: accumulation err='merging resources from '{path}': {inner}': must build at directory: '{clean}': file is not directory"
            )
        }),
    }
}

/// A base that is not there at all.
pub(crate) fn no_base(error: BuildError, path: &str, clean: &str) -> BuildError {
    let (file, directory) = (absolute(clean), no_directory(clean));
    error.upstream(|_| {
        format!(
            "accumulating resources: accumulation err='accumulating resources from '{path}': open {file}: no such file or directory': {directory}"
        )
    })
}

/// An error within a base.
pub(crate) fn in_base(error: BuildError, path: &str, clean: &str) -> BuildError {
    let directory = absolute(clean);
    error.upstream(|inner| {
        format!(
            "accumulating resources: accumulation err='accumulating resources from '{path}': read {directory}: is a directory': recursed accumulation of path '{directory}': {inner}"
        )
    })
}

/// A component that is not there.
pub(crate) fn no_component(error: BuildError, clean: &str) -> BuildError {
    error.upstream(|_| {
        format!(
            "accumulating components: loader.New {:?}",
            no_directory(clean)
        )
    })
}

/// An error within a component.
pub(crate) fn in_component(error: BuildError, clean: &str) -> BuildError {
    let directory = absolute(clean);
    error.upstream(|inner| {
        let inner = format!("recursed accumulation of path '{directory}': {inner}");
        format!("accumulating components: accumulateDirectory: {inner:?}")
    })
}
