//! Names and packages of charts.

use super::*;

#[test]
fn names_of_charts() {
    for name in ["app", "a-b", "team/app", "a.b", "a/.b", "0"] {
        assert!(check_name(name).is_ok(), "{name}");
    }
    for name in ["App", "a b", "/app", "a//b", "a_b"] {
        let error = check_name(name).unwrap_err();
        assert_eq!(error.problem, Problem::Reference, "{name}");
        let start = format!("invalid chart name '{name}': a valid name must be lower case");
        assert!(error.message.starts_with(&start), "{}", error.message);
    }
    assert_eq!(
        check_name("").unwrap_err().message,
        "no name set for remote chart reference"
    );
}

fn file(name: &str, text: &str) -> skein_helm::File {
    skein_helm::File {
        name: name.to_owned(),
        data: Arc::from(text.as_bytes()),
        modified: Some(Timestamp::UNIX_EPOCH),
    }
}

fn package() -> Vec<u8> {
    let chart = skein_helm::load(vec![
        file("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
        file("values.yaml", "color: red\n"),
        file("values-prod.yaml", "replicas: 3\n"),
        file("empty.yaml", ""),
        file("templates/v.yaml", "color: blue\n"),
    ]);
    pack(&chart.unwrap(), Timestamp::UNIX_EPOCH).unwrap()
}

fn repackaged(files: &[&str]) -> Result<(String, Vec<String>), String> {
    let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
    let resolved = Resolved {
        name: "app".into(),
        version: "1.0.0+2".into(),
        ..Resolved::default()
    };
    let built = repackage(resolved, &package(), &files, false).map_err(|error| error.message)?;
    let chart = skein_helm::load_archive(&built.package.unwrap()).unwrap();
    assert_eq!(chart.metadata.version, "1.0.0+2");
    let values = chart.raw.iter().find(|file| file.name == VALUES_FILE);
    let values = String::from_utf8_lossy(&values.unwrap().data).into_owned();
    Ok((values, built.resolved.values_files))
}

#[test]
fn values_files_become_the_values_of_the_package() {
    let (values, files) = repackaged(&["values.yaml", "./values-prod.yaml"]).unwrap();
    assert_eq!(values, "color: red\nreplicas: 3\n");
    assert_eq!(files, ["values.yaml", "./values-prod.yaml"]);
    // Merging that changes nothing is not told.
    let (values, files) = repackaged(&["values.yaml", "values.yaml"]).unwrap();
    assert_eq!((values.as_str(), files.len()), ("color: red\n", 0));
    // Empty files and no values at all make an empty file.
    assert_eq!(repackaged(&["empty.yaml"]).unwrap().0, "");
    for absent in ["nope.yaml", "templates/v.yaml"] {
        assert_eq!(
            repackaged(&["values.yaml", absent]).unwrap_err(),
            format!("failed to merge chart values: no values file found at path '{absent}'")
        );
    }
}

#[test]
fn packages_have_the_header_of_helm() {
    let package = package();
    assert_eq!(&package[..10], b"\x1f\x8b\x08\x14\0\0\0\0\0\xff");
    assert_eq!(&package[10..13], b"\x29\0+");
    assert!(check_package(ChartLimits::default(), "app", &package).is_ok());
    assert_eq!(
        check_package(ChartLimits::default(), "app", b"no gzip at all")
            .unwrap_err()
            .problem,
        Problem::Pull
    );
}
