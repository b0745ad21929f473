//! The registry for a folder of charts, seen by our own client.

use std::fs;

use skein_registry::serve::{ServedCharts, router};
use skein_registry::{Access, Registry, Repository};

#[tokio::test]
async fn charts_of_a_folder_are_pulled() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("web");
    fs::create_dir_all(chart.join("templates")).unwrap();
    fs::write(
        chart.join("Chart.yaml"),
        "apiVersion: v2\nname: app\nversion: 1.0.0+b\n",
    )
    .unwrap();
    fs::write(chart.join("templates/a.yaml"), "a: 1\n").unwrap();
    let served = ServedCharts::default();
    served.insert("local", folder.path().to_owned());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, router(served)).await.unwrap() });

    let open = |path: &str| {
        let repository = Repository::parse(&format!("{address}/{path}")).unwrap();
        Registry::new(repository, &Access::default()).unwrap()
    };
    let registry = open("local/charts/app");
    assert_eq!(registry.tags(None).await.unwrap(), ["1.0.0_b"]);
    let digest = registry.digest_of("1.0.0_b").await.unwrap();
    let manifest = registry.manifest(&digest).await.unwrap();
    let package = registry.blob(&manifest.layers[0], 1 << 20).await.unwrap();
    let loaded = skein_helm::load_archive(&package).unwrap();
    assert_eq!(loaded.metadata.version, "1.0.0+b");
    for path in ["local/other", "elsewhere/app"] {
        let error = open(path).tags(None).await.unwrap_err();
        assert!(error.to_string().contains("NAME_UNKNOWN"), "{error}");
    }
    task.abort();
}
