//! Merges values files to the default values of a package.

use serde_json::{Map, Value};
use skein_helm::values::merge_over;

use super::build::{BuildError, Problem};

/// Most values files of a chart.
const MAX_VALUES_FILES: usize = 256;

/// The text of the merged values, and the files that were there.
pub(super) struct Merged {
    pub text: String,
    pub files: Vec<String>,
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
        let value = skein_yaml::from_slice(&content).map_err(|error| {
            failed(format!("unmarshaling values from '{path}' failed: {error}"))
        })?;
        match value {
            Value::Object(values) => merge_over(&mut merged, values),
            Value::Null => {}
            _ => {
                return Err(failed(format!(
                    "unmarshaling values from '{path}' failed: it is no map"
                )));
            }
        }
        files.push(path.clone());
    }
    Ok(Merged {
        text: skein_yaml::to_string(&Value::Object(merged)),
        files,
    })
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
        let error = merge(&names(&["a", "none"]), false, read, absent)
            .err()
            .unwrap();
        assert_eq!(error.message, "no none");
        let merged = merge(&names(&["none", "a"]), true, read, absent).unwrap();
        assert_eq!(merged.files, ["a"]);
        assert!(merge(&names(&["bad"]), true, read, absent).is_err());
    }
}
