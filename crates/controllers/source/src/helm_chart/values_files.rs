//! Merges values files to the default values of a package.

use std::sync::Arc;

use serde_json::{Map, Value};
use skein_helm::values::{merge_over, read_whole};
use skein_helm::{Chart, File};

use super::build::{BuildError, Problem};

/// Most values files of a chart.
const MAX_VALUES_FILES: usize = 256;
/// The values of a chart.
const VALUES_FILE: &str = "values.yaml";

/// The text of the merged values, and the files that were there.
pub(super) struct Merged {
    pub text: String,
    pub files: Vec<String>,
}

/// The files that are merged: the chart's own values alone are no change.
pub(super) fn to_merge(files: &[String]) -> &[String] {
    match files {
        [file] if names_own_values(file) => &[],
        files => files,
    }
}

/// Whether a path is that of the chart's own values.
pub(super) fn names_own_values(path: &str) -> bool {
    clean(path) == VALUES_FILE
}

/// The shortest path that means the same, as Go has it.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let root = if path.starts_with('/') { "/" } else { "" };
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if !root.is_empty() => {}
            (part, _) => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}

/// Merges files in order; later ones win. `read` gives the content of a path, if it is there; `absent` the words where it is not.
pub(super) fn merge(
    paths: &[String],
    ignore_missing: bool,
    read: impl Fn(&str) -> Option<Vec<u8>>,
    absent: impl Fn(&str) -> String,
) -> Result<Merged, BuildError> {
    let failed = |reason: String| BuildError::new(Problem::ValuesFiles, reason);
    if paths.len() > MAX_VALUES_FILES {
        return Err(failed(format!("more than {MAX_VALUES_FILES} values files")));
    }
    let mut merged = Map::new();
    let mut files = Vec::new();
    for path in paths {
        let Some(content) = read(path) else {
            if ignore_missing {
                continue;
            }
            return Err(failed(absent(path)));
        };
        let values = read_whole(&content).map_err(|error| {
            failed(format!("unmarshaling values from '{path}' failed: {error}"))
        })?;
        merge_over(&mut merged, values);
        files.push(path.clone());
    }
    let text = if merged.is_empty() {
        String::new()
    } else {
        skein_yaml::to_string(&Value::Object(merged))
    };
    Ok(Merged { text, files })
}

/// The merged values become the chart's own; gives the files that were merged, none when they change nothing.
pub(super) fn overwrite(chart: &mut Chart, merged: Merged) -> Result<Vec<String>, BuildError> {
    let own = chart.raw.iter_mut().find(|file| file.name == VALUES_FILE);
    let Some(own) = own else {
        let message = format!("failed to locate values file: {VALUES_FILE}");
        return Err(BuildError::new(Problem::ValuesFiles, message));
    };
    if *own.data == *merged.text.as_bytes() {
        return Ok(Vec::new());
    }
    // The file keeps its time, as with Helm: packing the same again gives the same.
    *own = File {
        data: Arc::from(merged.text.as_bytes()),
        ..own.clone()
    };
    Ok(merged.files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Option<Vec<u8>> {
        let text = match path {
            "a" => "color: blue\nnested: {x: 1, z: 2}\n",
            "b" => "nested: {z: 3}\nlist: [1]\n",
            "bad" => "- 1\n",
            _ => return None,
        };
        Some(text.as_bytes().to_vec())
    }

    fn absent(path: &str) -> String {
        format!("no {path}")
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn later_files_win() {
        let merged = merge(&names(&["a", "b"]), false, read, absent).unwrap();
        let expected = "color: blue\nlist:\n- 1\nnested:\n  x: 1\n  z: 3\n";
        assert_eq!(merged.text, expected);
    }

    #[test]
    fn missing_files() {
        let failed = |files: &[&str]| merge(&names(files), false, read, absent).err().unwrap();
        assert_eq!(failed(&["a", "none"]).message, "no none");
        let merged = merge(&names(&["none", "a"]), true, read, absent).unwrap();
        assert_eq!(merged.files, ["a"]);
        assert_eq!(
            merge(&names(&["none"]), true, read, absent).unwrap().text,
            ""
        );
        assert_eq!(
            failed(&["bad"]).message,
            "unmarshaling values from 'bad' failed: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
    }

    #[test]
    fn the_own_values_alone_are_not_merged() {
        for (files, count) in [
            (&["values.yaml"][..], 0),
            (&["./values.yaml"], 0),
            (&["x/../values.yaml"], 0),
            (&["x/values.yaml"], 1),
            (&["../values.yaml"], 1),
            (&["/values.yaml"], 1),
            (&["values.yaml", "a"], 2),
        ] {
            assert_eq!(to_merge(&names(files)).len(), count, "{files:?}");
        }
    }

    #[test]
    fn what_changes_nothing_is_not_told() {
        let mut chart = Chart::default();
        let merged = |text: &str| Merged {
            text: text.to_owned(),
            files: names(&["a"]),
        };
        let error = overwrite(&mut chart, merged("a: 1\n")).unwrap_err();
        assert_eq!(error.message, "failed to locate values file: values.yaml");
        chart.raw.push(File {
            name: VALUES_FILE.to_owned(),
            data: Arc::from(b"a: 1\n".as_slice()),
            modified: None,
        });
        assert!(overwrite(&mut chart, merged("a: 1\n")).unwrap().is_empty());
        assert_eq!(overwrite(&mut chart, merged("b: 1\n")).unwrap(), ["a"]);
        assert_eq!(*chart.raw[0].data, *b"b: 1\n");
    }
}
