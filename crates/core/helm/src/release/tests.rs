//! Records against what Helm and Flux make of the same data.

use super::history::{deployed, surplus};
use super::observation::{config_digest, digest};
use super::stored::{self, Driver, Write};
use super::*;
use serde_json::json;

fn map(value: Value) -> Values {
    match floats(value) {
        Value::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

/// A release with everything in it, as Helm 4 would hold it.
fn sample() -> Release {
    let json = json!({
        "name": "app",
        "info": {
            "first_deployed": "2026-01-02T03:04:05.123456789Z", "last_deployed": "2026-01-02T03:04:05.123456789Z",
            "description": "Install complete", "status": "deployed", "notes": "a < b & c\n",
        },
        "chart": {
            "metadata": {"name": "app", "version": "1.0.0", "description": "a small chart", "apiVersion": "v2",
                "appVersion": "1.0", "type": "application"},
            "lock": null, "templates": [{"name": "templates/a.yaml", "data": "YQ==", "modtime": "1970-01-01T00:00:00Z"}],
            "values": {"color": "blue", "n": 1}, "schema": null, "schemamodtime": "0001-01-01T00:00:00Z", "files": null,
            "modtime": "1970-01-01T00:00:00Z",
        },
        "config": {"color": "red", "big": 12_345_678_901_234_567_u64},
        "manifest": "---\n# Source: app/templates/a.yaml\na: <b>\n",
        "hooks": [
            {"name": "pre", "kind": "Job", "path": "app/templates/pre.yaml", "manifest": "x: 1\n", "events": ["pre-install"],
             "last_run": {"started_at": "2026-01-02T03:04:05Z", "completed_at": "2026-01-02T03:04:06Z", "phase": "Succeeded"},
             "weight": -1, "delete_policies": ["before-hook-creation"]},
            {"name": "t", "kind": "Pod", "path": "app/templates/t.yaml", "manifest": "x: 1\n", "events": ["test"],
             "last_run": {"phase": ""}},
        ],
        "version": 1, "namespace": "ns", "apply_method": "ssa",
    });
    serde_json::from_value(json).unwrap()
}

#[test]
fn a_record_is_written_in_go_order_and_form() {
    let text = String::from_utf8(go_json::to_vec(&sample()).unwrap()).unwrap();
    let expected = concat!(
        r#"{"name":"app","info":{"first_deployed":"2026-01-02T03:04:05.123456789Z","last_deployed":"2026-01-02T03:04:05.123456789Z","#,
        r#""description":"Install complete","status":"deployed","notes":"a \u003c b \u0026 c\n"},"#,
        r#""chart":{"metadata":{"name":"app","version":"1.0.0","description":"a small chart","apiVersion":"v2","appVersion":"1.0","type":"application"},"#,
        r#""lock":null,"templates":[{"name":"templates/a.yaml","data":"YQ==","modtime":"1970-01-01T00:00:00Z"}],"values":{"color":"blue","n":1},"#,
        r#""schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null,"modtime":"1970-01-01T00:00:00Z"},"#,
        r#""config":{"big":12345678901234568,"color":"red"},"manifest":"---\n# Source: app/templates/a.yaml\na: \u003cb\u003e\n","#,
        r#""hooks":[{"name":"pre","kind":"Job","path":"app/templates/pre.yaml","manifest":"x: 1\n","events":["pre-install"],"#,
        r#""last_run":{"started_at":"2026-01-02T03:04:05Z","completed_at":"2026-01-02T03:04:06Z","phase":"Succeeded"},"weight":-1,"delete_policies":["before-hook-creation"]},"#,
        r#"{"name":"t","kind":"Pod","path":"app/templates/t.yaml","manifest":"x: 1\n","events":["test"],"last_run":{"phase":""}}],"#,
        r#""version":1,"namespace":"ns","apply_method":"ssa"}"#,
    );
    assert_eq!(text, expected);
}

#[test]
fn a_record_survives_its_text_and_its_object() {
    let release = sample();
    assert_eq!(decode(&encode(&release).unwrap()).unwrap(), release);
    for driver in [Driver::Secret, Driver::ConfigMap] {
        let object = stored::object(driver, &release, "store", Write::Create, 7).unwrap();
        assert_eq!(object["metadata"]["name"], "sh.helm.release.v1.app.v1");
        assert_eq!(
            object["metadata"]["labels"],
            json!({"name": "app", "owner": "helm", "status": "deployed", "version": "1", "createdAt": "7"})
        );
        let mut read = stored::read(driver, &object).unwrap();
        read.labels.clear();
        assert_eq!(read, release);
    }
}

#[test]
fn records_of_helm_3_are_read() {
    let text = r#"{"name":"a","info":{"first_deployed":"2026-01-02T03:04:05+01:00","last_deployed":"2026-01-02T03:04:05+01:00","deleted":"","status":"superseded"},"chart":{"metadata":{"name":"a","version":"1"},"lock":null,"templates":[],"values":null,"schema":null,"files":null},"version":2,"namespace":"n"}"#;
    let release: Release = serde_json::from_str(text).unwrap();
    assert!(release.info.deleted.is_zero() && !release.is_server_side());
    let again = String::from_utf8(go_json::to_vec(&release).unwrap()).unwrap();
    assert!(
        again.contains(r#""last_deployed":"2026-01-02T03:04:05+01:00","status":"superseded"},"#)
    );
}

#[test]
fn digests_of_values_are_those_of_flux() {
    // From recorded statuses and from the tests of Flux's own library.
    for (values, expected) in [
        (
            json!({}),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            json!({"int": 3, "big": 12_345_678_901_234_567_u64, "float": 1.5, "exp": 1e21, "bool": true, "nul": null, "emptyMap": {},
                "emptyList": [], "str": "0123", "yes": "yes", "date": "2026-01-01", "nested": {"a": null}}),
            "9e791dc8912cae3a0f86a3ae298ce40a6184775c46d3bea9d843e5d998998625",
        ),
        (
            json!({"replicas": 3, "image": {"tag": "latest", "repository": "nginx"},
                "ports": [{"protocol": "TCP", "port": 8080}, {"port": 9090, "protocol": "UDP"}]}),
            "fcdc2b0de1581a3633ada4afee3f918f6eaa5b5ab38c3fef03d5b48d3f85d9f6",
        ),
        (
            json!({"replicas": 3, "test": {"632bd80235a05f4192aefade": "value1", "632bd80ddf416cf32fd50679": "value2",
                "632bd817c559818a52307da2": "value3", "632bd82398e71231a98004b6": "value4"}}),
            "8a980fcbeadd6f05818f07e8aec14070c22250ca3d96af1fcd5f93b3e85b4d70",
        ),
    ] {
        assert_eq!(config_digest(&map(values)), format!("sha256:{expected}"));
    }
}

#[test]
fn tests_that_others_run_do_not_change_the_digest() {
    let release = sample();
    let mut tested = release.clone();
    tested.hooks[1].last_run.phase = "Succeeded".into();
    assert_eq!(digest(&release, ""), digest(&tested, ""));
    assert_ne!(digest(&release, ""), digest(&release, "sha256:00"));
    tested.info.description.push('!');
    assert_ne!(digest(&release, ""), digest(&tested, ""));
    // Computed with Helm's own types and Flux's observation of them.
    assert_eq!(
        digest(&release, ""),
        "sha256:2d8312282714b0bb97e0f54cabadcd6d1bbe5f89020e0d72c473a69f1908de8e"
    );
}

#[test]
fn the_deployed_revision_is_never_surplus() {
    let release = |version, status| Release {
        version,
        info: Info {
            status,
            ..Info::default()
        },
        ..Release::default()
    };
    let history = [
        release(1, ReleaseStatus::Deployed),
        release(2, ReleaseStatus::Failed),
        release(3, ReleaseStatus::Failed),
    ];
    assert_eq!(deployed(&history).map(|r| r.version), Some(1));
    assert_eq!(surplus(&history, 3), [2]);
    assert_eq!(surplus(&history, 1), [2, 3]);
    assert_eq!(surplus(&history, 0), [] as [i64; 0]);
    assert_eq!(surplus(&history, 5), [] as [i64; 0]);
}

#[test]
fn drivers_have_the_names_of_helm() {
    for (text, driver) in [
        ("", StorageDriver::Secret),
        ("secrets", StorageDriver::Secret),
        ("configmap", StorageDriver::ConfigMap),
        ("configmaps", StorageDriver::ConfigMap),
        ("memory", StorageDriver::Memory),
    ] {
        assert_eq!(text.parse(), Ok(driver));
        assert_eq!(driver.as_str().parse(), Ok(driver));
    }
    let problem = "sql".parse::<StorageDriver>().unwrap_err().to_string();
    assert!(problem.contains("\"sql\""), "{problem}");
    assert_eq!(StorageDriver::Memory.objects(), None);
    assert_eq!(StorageDriver::ConfigMap.objects(), Some(Driver::ConfigMap));
}

#[test]
fn memory_keeps_revisions_by_namespace_and_name() {
    let mut memory = memory::Memory::default();
    let first = sample();
    let stamp = memory.create("store", &first).unwrap();
    let again = memory.create("store", &first).unwrap_err();
    assert_eq!(again.to_string(), "release: already exists");
    let mut second = sample();
    second.version = 2;
    second.labels = [("team", "a"), ("owner", "helm")]
        .map(|(key, label)| (key.to_owned(), label.to_owned()))
        .into();
    let absent = memory.update("store", &second).unwrap_err();
    assert_eq!(absent.to_string(), "release: not found");
    memory.create("store", &second).unwrap();
    second.set_status(ReleaseStatus::Superseded, "Superseded");
    let changed = memory.update("store", &second).unwrap();
    let found = memory.query("store", "app");
    assert_eq!(
        found.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
        ["sh.helm.release.v1.app.v1", "sh.helm.release.v1.app.v2"]
    );
    assert_eq!(found[0].release.as_ref().unwrap(), &first);
    let read = found[1].release.as_ref().unwrap();
    assert_eq!(read.info.status, ReleaseStatus::Superseded);
    assert_eq!(read.labels.get("team").map(String::as_str), Some("a"));
    assert_eq!(
        read.labels.len(),
        1,
        "labels of the system are not the user's"
    );
    assert_eq!(
        memory.stamp("store", "sh.helm.release.v1.app.v1"),
        Some(stamp)
    );
    assert_eq!(
        memory.stamp("store", "sh.helm.release.v1.app.v2"),
        Some(changed)
    );
    assert_eq!(memory.stamp("other", "sh.helm.release.v1.app.v2"), None);
    assert!(memory.query("other", "app").is_empty() && memory.query("store", "ap").is_empty());
    assert!(memory.delete("store", "app", 1) && !memory.delete("store", "app", 1));
    assert!(memory.delete("store", "app", 2));
    assert!(memory.query("store", "app").is_empty());
}
