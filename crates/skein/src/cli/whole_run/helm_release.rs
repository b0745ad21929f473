//! `build helmrelease` and `diff helmrelease`, over files and against the embedded API server.

use std::fs;
use std::path::{Path, PathBuf};

use skein_cluster::ApplyOptions;
use skein_helm::release::stored::{self, Driver, Write as RecordWrite};
use skein_helm::release::{Info, Release, ReleaseStatus};

use super::*;

const MANAGER: &str = "helm-controller";

fn homelab() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/homelab")
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_are_rendered_from_files_alone() {
    let world = World::start().await;
    let folder = homelab();
    let root = folder.display();
    let line = format!(
        "skein -n home build helmrelease wiki --dry-run --path {root}/wiki \
         --local-sources GitRepository/flux-system/flux-system={root}"
    );
    let run = world.run(&line).await;
    assert!(run.code.is_ok(), "{:?}", run.code);
    for wanted in [
        "# Source: web-app/templates/route.yaml\n",
        "helm.toolkit.fluxcd.io/name: wiki\n",
        "helm.toolkit.fluxcd.io/namespace: home\n",
        "image: requarks/wiki:2.5\n",
        "value: /data/wiki.sqlite\n",
    ] {
        assert!(run.out.contains(wanted), "{wanted:?} is not in {}", run.out);
    }
    let run = world.run(&format!("{line} -o name")).await;
    assert_eq!(
        run.out,
        "PersistentVolumeClaim/wiki\nService/wiki\nDeployment/wiki\nRoute/wiki\n"
    );
    let run = world
        .run(&format!("{line} -s templates/service.yaml -o name"))
        .await;
    assert_eq!(run.out, "Service/wiki\n");

    let line = format!(
        "skein -n home build hr --dry-run --path {root}/weather --chart {root}/registry/weather"
    );
    let run = world.run(&format!("{line} -o name")).await;
    assert_eq!(run.out, "ConfigMap/weather\nCronJob/weather\n");
    let run = world.run(&format!("{line} --show-hooks -o name")).await;
    assert_eq!(
        run.out,
        "ConfigMap/weather\nCronJob/weather\nJob/weather-test\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_with_the_remedy() {
    let world = World::start().await;
    let folder = homelab();
    let root = folder.display();
    let problem = |run: Run| run.code.expect_err("is refused");
    let run = world
        .run(&format!(
            "skein -n home build hr wiki --dry-run --path {root}/wiki"
        ))
        .await;
    let text = problem(run);
    assert!(
        text.contains("--local-sources GitRepository/flux-system/flux-system=PATH"),
        "{text}"
    );
    let file = format!("{root}/wiki/helmrelease.yaml");
    let run = world
        .run(&format!("skein -n home build hr --dry-run --helmrelease-file {file} --chart {root}/charts/web-app"))
        .await;
    let text = problem(run);
    assert!(
        text.contains("ConfigMap chart values reference 'home/wiki-values'"),
        "{text}"
    );
    let text = problem(world.run("skein build hr none").await);
    assert!(
        text.contains("HelmRelease 'flux-system/none' not found"),
        "{text}"
    );
    let text = problem(world.run("skein build hr --dry-run").await);
    assert!(text.contains("name a HelmRelease"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_chart_is_built_as_the_release_says() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "app/Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    );
    write("app/values.yaml", "color: red\n");
    write("app/alt.yaml", "color: blue\n");
    write(
        "app/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {color: '{{ .Values.color }}', key: '{{ .Values.key | b64enc }}'}\n",
    );
    write(
        "secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {bin: /w==}\n",
    );
    let build = async |kind: &str, file: &str, rest: &str| {
        write(
            "release.yaml",
            &format!(
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: app, namespace: default}}\n\
                 spec:\n  interval: 1h\n  valuesFrom: [{{kind: Secret, name: keys, valuesKey: bin, targetPath: key}}]\n  \
                 chart: {{spec: {{chart: charts/app, valuesFiles: [{file}], sourceRef: {{kind: {kind}, name: all}}}}}}\n{rest}"
            ),
        );
        world
            .run(&format!(
                "skein build hr app --dry-run --helmrelease-file {root}/release.yaml --path {root}/secret.yaml --chart {root}/app -n default"
            ))
            .await
    };
    for (kind, file) in [
        ("HelmRepository", "alt.yaml"),
        ("GitRepository", "charts/app/alt.yaml"),
    ] {
        let run = build(kind, file, "").await;
        assert!(
            run.out.contains("color: blue\n"),
            "{:?} {}",
            run.code,
            run.out
        );
        assert!(run.out.contains("key: /w==\n"), "{}", run.out);
    }
    for (kind, file, rest, wanted) in [
        (
            "GitRepository",
            "other/alt.yaml",
            "",
            "lies outside of the chart",
        ),
        (
            "HelmRepository",
            "none.yaml",
            "",
            "no values file found at path 'none.yaml'",
        ),
        (
            "HelmRepository",
            "alt.yaml",
            "  foo: bar\n",
            "unknown field \"spec.foo\"",
        ),
        (
            "HelmRepository",
            "alt.yaml",
            "  chartRef: {kind: HelmChart, name: x}\n",
            "either chart or chartRef must be set",
        ),
    ] {
        let run = build(kind, file, rest).await;
        let text = run.code.expect_err("is refused");
        assert!(text.contains(wanted), "{text}");
    }
}

/// A chart with a ConfigMap, a Secret and a Service.
fn chart() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n");
    write(
        "templates/all.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {color: '{{ .Values.color }}', other: x}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: app}\nstringData: {password: '{{ .Values.password }}'}\n",
    );
    folder
}

async fn apply(world: &World, text: &str) {
    let options = ApplyOptions {
        field_manager: MANAGER,
        force: true,
        ..ApplyOptions::default()
    };
    for mut object in skein_helm_controller::preview::objects(text).expect("objects") {
        object.set(&["metadata", "namespace"], "default".into());
        object.set_label("app.kubernetes.io/managed-by", "Helm");
        object.set_annotation("meta.helm.sh/release-name", "app");
        object.set_annotation("meta.helm.sh/release-namespace", "default");
        let resource = world.cluster.resource(&object.gvk()).await.expect("known");
        world
            .cluster
            .apply(&resource, &object, &options)
            .await
            .expect("applied");
    }
}

/// The release as it is installed, with one object that the chart no longer has.
async fn record(world: &World, manifest: &str) {
    let gone = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n";
    apply(world, gone).await;
    let release = Release {
        name: "app".into(),
        namespace: "default".into(),
        version: 1,
        manifest: format!("{manifest}{gone}"),
        info: Info {
            status: ReleaseStatus::Deployed,
            ..Info::default()
        },
        ..Release::default()
    };
    let object = stored::object(Driver::Secret, &release, "default", RecordWrite::Create, 0);
    world
        .create(&Object::from_value(object.expect("a record")).expect("an object"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_are_compared_with_the_cluster() {
    let world = World::start().await;
    let (chart, files) = (chart(), tempfile::tempdir().unwrap());
    let file = files.path().join("release.yaml");
    let write = |color: &str, password: &str, more: &str| {
        let text = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: app, namespace: default}}\n\
             spec: {{interval: 1h, chartRef: {{kind: OCIRepository, name: app}}, values: {{color: {color}, password: {password}}}{more}}}\n"
        );
        fs::write(&file, text).unwrap();
    };
    let words = format!(
        "--helmrelease-file {} --chart {}",
        file.display(),
        chart.path().display()
    );
    let diff = format!("skein -n default diff hr app {words}");
    write("blue", "one", "");
    let run = world.run(&diff).await;
    assert_eq!(run.code, Ok(ExitCode::from(1)), "{}", run.err);
    assert_eq!(
        run.out,
        "► Secret/default/app created\n► ConfigMap/default/app created\n"
    );

    let built = world
        .run(&format!("skein -n default build hr app {words}"))
        .await;
    apply(&world, &built.out).await;
    let run = world.run(&diff).await;
    assert_eq!((run.out.as_str(), run.code), ("", Ok(ExitCode::SUCCESS)));

    write("red", "two", "");
    let run = world.run(&diff).await;
    assert_eq!(run.code, Ok(ExitCode::from(1)), "{}", run.err);
    assert!(
        run.out.contains("► ConfigMap/default/app drifted\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("- blue\n") && run.out.contains("+ red\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("► Secret/default/app drifted\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("*** (after)") && !run.out.contains("dHdv"),
        "{}",
        run.out
    );

    let ignore = ", driftDetection: {ignore: [{paths: [/data/color], target: {kind: ConfigMap}}]}";
    write("red", "one", ignore);
    let run = world.run(&diff).await;
    assert_eq!((run.out.as_str(), run.code), ("", Ok(ExitCode::SUCCESS)));

    record(&world, &built.out).await;
    let run = world.run(&diff).await;
    assert_eq!(run.out, "► ConfigMap/default/gone deleted\n");
    assert_eq!(run.code, Ok(ExitCode::from(1)), "{}", run.err);
}

/// `helm template --dry-run=server`: what is looked up is found, and kinds must be known.
#[tokio::test(flavor = "multi_thread")]
async fn templates_may_ask_the_cluster() {
    let world = World::start().await;
    apply(
        &world,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: there}\ndata: {a: b}\n",
    )
    .await;
    let chart = tempfile::tempdir().unwrap();
    fs::create_dir(chart.path().join("templates")).unwrap();
    fs::write(
        chart.path().join("Chart.yaml"),
        "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    )
    .unwrap();
    let write = |kind: &str| {
        let text = format!(
            "apiVersion: v1\nkind: {kind}\nmetadata: {{name: app}}\n\
             data: {{found: '{{{{ (lookup \"v1\" \"ConfigMap\" \"default\" \"there\").data }}}}'}}\n"
        );
        fs::write(chart.path().join("templates/a.yaml"), text).unwrap();
    };
    let line = format!(
        "skein helm template {} --dry-run=server",
        chart.path().display()
    );
    write("ConfigMap");
    let run = world.run(&line).await;
    assert!(
        run.out.contains("found: 'map[a:b]'"),
        "{}{}",
        run.out,
        run.err
    );
    write("Unknown");
    let run = world.run(&line).await;
    assert!(
        run.err
            .contains("unable to build kubernetes objects from release manifest"),
        "{}",
        run.err
    );
}
