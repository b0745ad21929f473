//! Runs sequences on both sides and reports what differs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api;
use crate::client::Client;
use crate::compare::{comparable, differences};
use crate::crds::{blob_crd, gadget_crd, gizmo_crd, widget_crd};
use crate::defaults;
use crate::definitions;
use crate::generate::{STEPS, next};
use crate::kinds::{Body, Kind, NAMESPACE, kinds};
use crate::model::Model;
use crate::patches;
use crate::random::Random;
use crate::refusals;
use crate::request::{Answer, Request, Verb};

struct Settings {
    kubeconfig: String,
    kubectl: String,
    ours: Option<String>,
    seeds: std::ops::Range<u64>,
    kind: Option<String>,
    objects: Option<String>,
    patches: Option<String>,
    verbose: bool,
    refusals: bool,
    stride: usize,
    floor: Option<f64>,
    scripts: Option<String>,
    definitions: Option<String>,
    only: Option<String>,
}

/// Runs everything; answers whether all was equal.
pub fn run(arguments: &[String]) -> Result<bool> {
    let settings = parse(arguments)?;
    if let Some(module) = &settings.patches {
        return patches::run(module, settings.seeds);
    }
    let real = Client::start(&settings.kubectl, &settings.kubeconfig)?;
    prepare(&real)?;
    if let Some(folder) = &settings.objects {
        return defaults::run(&real, folder);
    }
    let ours = match &settings.ours {
        Some(kubeconfig) => {
            let client = Client::start(&settings.kubectl, kubeconfig)?;
            prepare(&client)?;
            Some(client)
        }
        None => None,
    };
    if let Some(folder) = &settings.definitions {
        let ours = ours.context("--definitions needs --ours")?;
        return definitions::run(&real, &ours, folder, settings.floor);
    }
    if let Some(folder) = &settings.scripts {
        let ours = ours.context("--api needs --ours")?;
        let kubeconfig = settings.ours.as_deref().unwrap_or_default();
        let scope = api::Scope {
            folder: Path::new(folder),
            only: settings.only.as_deref(),
            floor: settings.floor,
            verbose: settings.verbose,
            kubectl: &settings.kubectl,
            kubeconfigs: [&settings.kubeconfig, kubeconfig],
        };
        return api::run(&real, &ours, &scope);
    }
    if settings.refusals {
        let ours = ours.context("--refusals needs --ours")?;
        let scope = refusals::Scope {
            kind: settings.kind,
            stride: settings.stride,
            floor: settings.floor,
        };
        return refusals::run(&real, &ours, &scope);
    }
    let (mut equal, mut total) = (0, 0);
    for kind in &kinds()? {
        let wanted = settings.kind.as_deref();
        let unwanted = wanted.is_some_and(|wanted| wanted != kind.title && wanted != kind.name);
        if unwanted || (ours.is_none() && !kind.has_model()) {
            continue;
        }
        let mut tally = Tally::default();
        for seed in settings.seeds.clone() {
            sequence(&real, ours.as_ref(), kind, seed, &settings, &mut tally)?;
        }
        println!(
            "{:<32} {} of {} answers equal ({:.1} %), {} refusals by built-in rules skipped, {} sequences",
            kind.title,
            tally.equal,
            tally.total,
            100.0 * tally.equal as f64 / tally.total.max(1) as f64,
            tally.skipped,
            settings.seeds.end - settings.seeds.start,
        );
        let mut codes: Vec<_> = tally.codes.iter().collect();
        codes.sort();
        println!("             real codes: {codes:?}");
        equal += tally.equal;
        total += tally.total;
    }
    let share = 100.0 * equal as f64 / f64::from(u32::try_from(total.max(1))?);
    let holds = share >= settings.floor.unwrap_or(100.0);
    println!("{equal} of {total} answers equal ({share:.2} %)");
    println!(
        "{equal} passed, {} failed",
        if holds { 0 } else { total - equal }
    );
    Ok(holds)
}

#[derive(Default)]
struct Tally {
    equal: usize,
    total: usize,
    skipped: usize,
    codes: BTreeMap<u16, usize>,
}

fn parse(arguments: &[String]) -> Result<Settings> {
    let mut settings = Settings {
        kubeconfig: String::new(),
        kubectl: "kubectl".to_owned(),
        ours: None,
        seeds: 1..101,
        kind: None,
        objects: None,
        patches: None,
        verbose: false,
        refusals: false,
        stride: 1,
        floor: None,
        scripts: None,
        definitions: None,
        only: None,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .cloned()
                .with_context(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--kubectl" => settings.kubectl = value()?,
            "--ours" => settings.ours = Some(value()?),
            "--kind" => settings.kind = Some(value()?),
            "--definitions" => settings.definitions = Some(value()?),
            "--api" => settings.scripts = Some(value()?),
            "--only" => settings.only = Some(value()?),
            "--objects" => settings.objects = Some(value()?),
            "--patches" => settings.patches = Some(value()?),
            "--seeds" => {
                let text = value()?;
                let (from, to) = text.split_once("..").context("--seeds FROM..TO")?;
                settings.seeds = from.parse()?..to.parse()?;
            }
            "--verbose" => settings.verbose = true,
            "--refusals" => settings.refusals = true,
            "--stride" => settings.stride = value()?.parse()?,
            "--floor" => settings.floor = Some(value()?.parse()?),
            other if !other.starts_with('-') => settings.kubeconfig = other.to_owned(),
            other => bail!("unknown flag {other}"),
        }
    }
    if settings.kubeconfig.is_empty() && settings.patches.is_none() {
        bail!(
            "usage: skein-ssa-oracle KUBECONFIG [--kubectl PATH] [--ours KUBECONFIG] [--seeds FROM..TO] [--kind NAME] [--verbose]"
        );
    }
    Ok(settings)
}

/// Makes the namespace and the custom kinds.
fn prepare(client: &Client) -> Result<()> {
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
    let post =
        |path: &str, body: &Value| client.call("POST", path, "application/json", &body.to_string());
    post("/api/v1/namespaces", &namespace)?;
    let account =
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default" } });
    post(
        &format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts"),
        &account,
    )?;
    for crd in [widget_crd(), blob_crd(), gadget_crd(), gizmo_crd()] {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let answer = post(path, &crd)?;
        if !matches!(answer.code, 201 | 409) {
            bail!("a CRD was refused: {}", answer.body["message"]);
        }
    }
    let all = kinds()?;
    for version in all.iter().flat_map(|kind| &kind.versions) {
        for _ in 0..100 {
            let answer = client.call("GET", &version.collection, "application/json", "")?;
            if answer.code == 200 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
    Ok(())
}

enum Side<'a> {
    Server(&'a Client),
    Model(Box<Model<'a>>),
}

impl Side<'_> {
    fn send(
        &mut self,
        kind: &Kind,
        name: &str,
        request: &Request,
        version: &str,
    ) -> Result<Answer> {
        match self {
            Side::Model(model) => Ok(model.send(request)),
            Side::Server(client) => {
                let mut request = request.clone();
                if matches!(request.verb, Verb::Put) {
                    request.body["metadata"]["resourceVersion"] = json!(version);
                }
                client.send(&kind.versions[request.version].collection, name, &request)
            }
        }
    }
}

fn sequence(
    real: &Client,
    ours: Option<&Client>,
    kind: &Kind,
    seed: u64,
    settings: &Settings,
    tally: &mut Tally,
) -> Result<()> {
    let stamp = std::process::id();
    let name = format!("s{seed}-{stamp}");
    let mut random = Random::new(seed);
    let mut sides = [
        Side::Server(real),
        match ours {
            Some(client) => Side::Server(client),
            None => Side::Model(Box::new(Model::new(kind, &name)?)),
        },
    ];
    let mut live = [None::<Value>, None];
    let mut history = Vec::new();
    for _ in 0..STEPS {
        let request = next(&mut random, kind, &name, live[0].as_ref());
        let uids = live.each_ref().map(|live| uid(live.as_ref()).to_owned());
        let mut answers = Vec::new();
        let before = match &sides[1] {
            Side::Model(model) => Some(model.snapshot()),
            Side::Server(_) => None,
        };
        for (index, (side, live)) in sides.iter_mut().zip(&mut live).enumerate() {
            let request = &request.with_uid(&uids[0], &uids[index]);
            let version = live
                .as_ref()
                .and_then(|live| live["metadata"]["resourceVersion"].as_str());
            let version = version.unwrap_or_default().to_owned();
            let answer = side.send(kind, &name, request, &version)?;
            remember(live, request, &answer);
            answers.push(answer);
        }
        // Validation of built-in kinds is code of the real server, not of the library.
        if let (Some(before), true, Side::Model(model)) = (
            before,
            kind.builtin && answers[0].code == 422,
            &mut sides[1],
        ) {
            model.restore(before);
            let kept = live[0].clone();
            live[1] = kept;
            tally.skipped += 1;
            continue;
        }
        history.push(format!("{} {}", request.title(), request.body));
        tally.total += 1;
        *tally.codes.entry(answers[0].code).or_default() += 1;
        let [expected, seen] = [0, 1].map(|side| match kind.body {
            Body::Sample(_) => refusals::plain(&answers[side]),
            Body::Made(_) => comparable(&answers[side]),
        });
        let found = differences(&expected, &seen);
        let found: Vec<_> = found
            .into_iter()
            .filter(|line| !excused(line, &request, &answers))
            .collect();
        if found.is_empty() {
            tally.equal += 1;
            continue;
        }
        println!(
            "--- {} seed {seed}, step {}: {}",
            kind.title,
            history.len(),
            request.title()
        );
        if settings.verbose {
            history.iter().for_each(|line| println!("  {line}"));
        }
        found
            .iter()
            .take(12)
            .for_each(|line| println!("    {line}"));
        return Ok(());
    }
    Ok(())
}

/// The uid of a live object; empty when there is none.
fn uid(live: Option<&Value>) -> &str {
    live.and_then(|live| live["metadata"]["uid"].as_str())
        .unwrap_or_default()
}

/// What cannot be equal: an answer to a delete (a Status with ids or the object), and refusals that quote the whole object.
fn excused(line: &str, request: &Request, answers: &[Answer]) -> bool {
    let deleted = matches!(request.verb, Verb::Delete) && answers[0].code == 200;
    let quoting = answers[0].body["message"]
        .as_str()
        .is_some_and(|message| message.contains("patch: Invalid value"));
    // The real server stops at the first unknown field it meets, in random order.
    let unordered = answers[0].body["message"]
        .as_str()
        .is_some_and(|message| message.ends_with("field not declared in schema"));
    (deleted || quoting || unordered) && !line.starts_with("/code")
}

fn remember(live: &mut Option<Value>, request: &Request, answer: &Answer) {
    let is_object = answer.body["kind"] != "Status";
    match request.verb {
        _ if request.dry_run => {}
        Verb::Delete
            if answer.code == 200 && answer.body["metadata"].get("finalizers").is_none() =>
        {
            *live = None;
        }
        _ if answer.code < 300 && is_object => {
            let gone = answer.body["metadata"].get("deletionTimestamp").is_some()
                && answer.body["metadata"].get("finalizers").is_none();
            *live = (!gone).then(|| answer.body.clone());
        }
        _ => {}
    }
}
