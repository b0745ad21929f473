//! How large charts may be, as `--helm-chart-max-size` and `--helm-chart-file-max-size` say.

use skein_helm::FileTree;
use skein_registry::chart_repository::MAX_CHART_BYTES;

/// Default of the largest file of a chart, in bytes.
const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024;
/// Files of a package that tell what a chart is; they are read before all others.
const METADATA_FILES: [&str; 2] = ["Chart.yaml", "requirements.yaml"];
/// That of a folder which is looked at before all others; Flux reads Chart.yaml whatever its size, and refuses it with the other files.
const FOLDER_METADATA_FILES: [&str; 1] = ["requirements.yaml"];

/// How large charts may be.
#[derive(Clone, Copy, Debug)]
pub struct ChartLimits {
    /// Largest package, in bytes.
    pub package_bytes: u64,
    /// Largest file in a folder, and largest metadata in a package, in bytes.
    pub file_bytes: u64,
}

impl Default for ChartLimits {
    fn default() -> Self {
        Self {
            package_bytes: MAX_CHART_BYTES,
            file_bytes: MAX_FILE_BYTES,
        }
    }
}

impl ChartLimits {
    /// What is wrong with a package of so many bytes.
    pub(super) fn package_problem(&self, name: &str, bytes: usize) -> Option<String> {
        let limit = self.package_bytes;
        (bytes as u64 > limit)
            .then(|| format!("size of chart '{name}' exceeds '{limit}' bytes limit"))
    }

    /// What is wrong with the metadata in a package; its files lie below a folder named as the chart.
    pub(super) fn packed_metadata_problem(&self, chart: &str, files: &FileTree) -> Option<String> {
        self.metadata_problem(&METADATA_FILES, &format!("{chart}/"), files)
    }

    /// What is wrong with the metadata in a folder.
    pub(super) fn folder_metadata_problem(&self, files: &FileTree) -> Option<String> {
        self.metadata_problem(&FOLDER_METADATA_FILES, "", files)
    }

    fn metadata_problem(&self, names: &[&str], folder: &str, files: &FileTree) -> Option<String> {
        let limit = self.file_bytes;
        let large = files
            .iter()
            .find(|file| names.contains(&file.name.as_str()) && file.data.len() as u64 > limit)?;
        let name = &large.name;
        Some(format!(
            "size of '{folder}{name}' exceeds '{limit}' bytes limit"
        ))
    }

    /// What is wrong with the files of a chart's folder. Zero and less mean no limit.
    pub(super) fn folder_problem(&self, files: &FileTree) -> Option<String> {
        let limit = self.file_bytes;
        let large = files
            .iter()
            .find(|file| limit > 0 && file.data.len() as u64 > limit)?;
        let (name, size) = (&large.name, large.data.len());
        Some(format!(
            "cannot load file {name} as file size ({size}) exceeds limit ({limit})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skein_helm::File;

    #[test]
    fn files_and_packages_have_limits_of_their_own() {
        let limits = ChartLimits {
            package_bytes: 10,
            file_bytes: 3,
        };
        let file = |name: &str, length: usize| File {
            name: name.to_owned(),
            data: vec![b'x'; length].into(),
            modified: None,
        };
        let tree = FileTree::from([
            file("Chart.yaml", 3),
            file("requirements.yaml", 4),
            file("a.txt", 5),
        ]);
        assert_eq!(limits.package_problem("a.tgz", 10), None);
        assert_eq!(
            limits.package_problem("a.tgz", 11).as_deref(),
            Some("size of chart 'a.tgz' exceeds '10' bytes limit")
        );
        assert_eq!(
            limits.packed_metadata_problem("app", &tree).as_deref(),
            Some("size of 'app/requirements.yaml' exceeds '3' bytes limit")
        );
        assert_eq!(
            limits.folder_metadata_problem(&tree).as_deref(),
            Some("size of 'requirements.yaml' exceeds '3' bytes limit")
        );
        let large = FileTree::from([file("Chart.yaml", 4)]);
        assert!(limits.folder_metadata_problem(&large).is_none());
        assert!(limits.packed_metadata_problem("app", &large).is_some());
        assert_eq!(
            limits.folder_problem(&tree).as_deref(),
            Some("cannot load file requirements.yaml as file size (4) exceeds limit (3)")
        );
        let none = ChartLimits {
            file_bytes: 0,
            ..limits
        };
        assert_eq!(none.folder_problem(&tree), None);
    }
}
