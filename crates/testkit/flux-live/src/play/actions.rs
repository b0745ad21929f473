//! Actions on objects, and the few that are neither objects nor Git.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use skein_testkit::{ApiError, status_of};

use super::Play;
use crate::cluster::api_version_of;
use crate::record::releases;
use crate::scenario::text;

/// Field manager of the recordings' own writes.
pub const MANAGER: &str = "tester";

/// How often a replacement that came too late is made again.
const REPLACE_RETRIES: usize = 10;

/// Headers of an answer that are recorded.
const RECORDED_HEADERS: &[&str] = &[
    "Accept-Ranges",
    "Content-Length",
    "Content-Type",
    "X-Content-Type-Options",
];

impl Play<'_> {
    /// One action of a step.
    pub(super) async fn act(&mut self, verb: &str, argument: &Value) -> Result<()> {
        match verb {
            "commit" => self.commit(argument),
            "delete_ref" => self.delete_ref(argument),
            "git_auth" => {
                self.git_auth(argument);
                Ok(())
            }
            "helm_repo" => self.helm_repo(argument),
            "push_chart" => self.push_chart(argument),
            "push" => self.push(argument),
            "untag" => {
                self.untag(argument);
                Ok(())
            }
            "oci_auth" => {
                self.oci_auth(argument);
                Ok(())
            }
            "break" | "restore" => {
                self.set_broken(&text(argument), verb == "break");
                Ok(())
            }
            "apply" => {
                for object in argument.as_array().context("apply takes a list")? {
                    let object = self.expand_value(object)?;
                    let outcome = self.apply(object).await;
                    self.tolerate_refusal(outcome)?;
                }
                Ok(())
            }
            "create" => {
                let manager = text(&argument["manager"]);
                for object in argument["objects"]
                    .as_array()
                    .context("create takes a list")?
                {
                    let object = self.expand_value(object)?;
                    let path = self.collection_of(&object).await?;
                    let path = format!("{path}?fieldManager={manager}");
                    let created = self.world.cluster.api.create(&path, &object).await;
                    self.tolerate_refusal(created.map(drop))?;
                }
                Ok(())
            }
            "patch" => self.patch(argument).await,
            "set" => {
                let path = self.path_of(&argument["target"]).await?;
                let value = self.expand_value(&argument["value"])?;
                let patch = json!([{"op": "add", "path": argument["path"], "value": value}]);
                let path = format!("{path}?fieldManager={MANAGER}");
                let patched = self.world.cluster.api.patch(&path, "json", &patch).await;
                self.tolerate_refusal(patched.map(drop))
            }
            "reconcile" => self.reconcile(argument).await,
            "delete" => {
                for reference in argument.as_array().context("delete takes a list")? {
                    let path = self.path_of(reference).await?;
                    self.world.cluster.api.delete(&path).await?;
                }
                Ok(())
            }
            "sleep" => {
                let seconds = argument.as_f64().context("sleep takes seconds")?;
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                Ok(())
            }
            "storage_remove" => {
                let folder = self.expand(&text(argument))?;
                let folder = self.world.storage().join(folder);
                std::fs::remove_dir_all(&folder)
                    .with_context(|| format!("removing {}", folder.display()))
            }
            "release_status" => self.release_status(argument).await,
            "helm" => self.helm(argument),
            "restart" => self.restart(argument),
            "http_get" => self.http_get(&self.expand(&text(argument))?).await,
            other => bail!("{other} is not supported"),
        }
    }

    /// A refusal by the API server is part of the recording, anything else is an error.
    fn tolerate_refusal(&mut self, outcome: Result<()>) -> Result<()> {
        let Err(error) = outcome else { return Ok(()) };
        match error.downcast_ref::<ApiError>() {
            Some(refusal) if refusal.status.is_client_error() => {
                self.rejected.push(refusal.body["message"].clone());
                Ok(())
            }
            _ => Err(error),
        }
    }

    async fn collection_of(&self, object: &Value) -> Result<String> {
        let namespace = match object["metadata"]["namespace"].as_str() {
            Some(namespace) => namespace.to_owned(),
            None => self.scenario.namespace.clone(),
        };
        self.world
            .cluster
            .collection(
                &text(&object["apiVersion"]),
                &text(&object["kind"]),
                &namespace,
            )
            .await
    }

    async fn path_of(&self, reference: &Value) -> Result<String> {
        let reference = self.expand(&text(reference))?;
        self.world
            .cluster
            .path(&reference, &self.scenario.namespace)
            .await
    }

    /// Creates a Flux object, or replaces all but its identity and status; others are applied by the server.
    async fn apply(&self, object: Value) -> Result<()> {
        let api = &self.world.cluster.api;
        let collection = self.collection_of(&object).await?;
        if !text(&object["apiVersion"]).contains("toolkit.fluxcd.io") {
            let name = text(&object["metadata"]["name"]);
            let path = format!("{collection}/{name}?fieldManager={MANAGER}&force=true");
            api.patch(&path, "apply", &object).await?;
            return Ok(());
        }
        let query = format!("?fieldManager={MANAGER}");
        let error = match api.create(&format!("{collection}{query}"), &object).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if status_of(&error) != Some(StatusCode::CONFLICT) {
            return Err(error);
        }
        let path = format!("{collection}/{}", text(&object["metadata"]["name"]));
        // A controller may write in between.
        let mut outcome = self.replace(&path, &query, &object).await;
        for _ in 0..REPLACE_RETRIES {
            match &outcome {
                Err(error) if status_of(error) == Some(StatusCode::CONFLICT) => {
                    outcome = self.replace(&path, &query, &object).await;
                }
                _ => break,
            }
        }
        outcome
    }

    async fn replace(&self, path: &str, query: &str, object: &Value) -> Result<()> {
        let api = &self.world.cluster.api;
        let mut live = api.get(path).await?;
        let fields = object.as_object().context("an object is a map")?;
        for (key, field) in fields {
            if key == "metadata" {
                for part in ["labels", "annotations"] {
                    if !field[part].is_null() {
                        live["metadata"][part] = field[part].clone();
                    }
                }
            } else if key != "status" {
                live[key] = field.clone();
            }
        }
        api.replace(&format!("{path}{query}"), &live).await?;
        Ok(())
    }

    async fn patch(&mut self, argument: &Value) -> Result<()> {
        let mut path = self.path_of(&argument["target"]).await?;
        if let Some(part) = argument["subresource"].as_str() {
            path = format!("{path}/{part}");
        }
        let manager = argument["manager"].as_str().unwrap_or(MANAGER);
        let merge = self.expand_value(&argument["merge"])?;
        let path = format!("{path}?fieldManager={manager}");
        let patched = self.world.cluster.api.patch(&path, "merge", &merge).await;
        self.tolerate_refusal(patched.map(drop))
    }

    /// Another status in Helm's record of a release.
    async fn release_status(&self, argument: &Value) -> Result<()> {
        let reference = json!(format!("Secret/{}", text(&argument["secret"])));
        let path = self.path_of(&reference).await?;
        let api = &self.world.cluster.api;
        let status = text(&argument["status"]);
        let release = releases::with_status(&api.get(&path).await?, &status)?;
        let patch = json!({
            "metadata": {"labels": {"status": status}},
            "data": {"release": release},
        });
        let path = format!("{path}?fieldManager={MANAGER}");
        api.patch(&path, "merge", &patch).await?;
        Ok(())
    }

    async fn reconcile(&mut self, argument: &Value) -> Result<()> {
        self.requests += 1;
        let value = format!("request-{}", self.requests);
        for reference in argument.as_array().context("reconcile takes a list")? {
            let annotations = json!({"reconcile.fluxcd.io/requestedAt": value});
            let patch = json!({"metadata": {"annotations": annotations}});
            let path = self.path_of(reference).await?;
            let path = format!("{path}?fieldManager={MANAGER}");
            self.world.cluster.api.patch(&path, "merge", &patch).await?;
            self.requested.insert(text(reference), value.clone());
        }
        Ok(())
    }

    async fn http_get(&mut self, address: &str) -> Result<()> {
        let response = reqwest::get(address)
            .await
            .with_context(|| format!("getting {address}"))?;
        let mut headers = serde_json::Map::new();
        for name in RECORDED_HEADERS {
            if let Some(value) = response.headers().get(*name) {
                headers.insert((*name).to_owned(), json!(value.to_str()?));
            }
        }
        let is_text = headers
            .get("Content-Type")
            .is_some_and(|kind| text(kind).starts_with("text/"));
        let mut answer =
            json!({"get": address, "status": response.status().as_u16(), "headers": headers});
        let body = response.bytes().await?;
        answer["sha256"] = json!(hex::encode(Sha256::digest(&body)));
        if is_text {
            answer["body"] = json!(String::from_utf8_lossy(&body));
        }
        self.responses
            .push(crate::normal::value(&answer, &self.world.names));
        Ok(())
    }

    /// The object that a scenario names, if it is there.
    pub(super) async fn object(&self, reference: &str) -> Result<Option<Value>> {
        let path = self.path_of(&json!(reference)).await?;
        self.world.cluster.api.find(&path).await
    }

    /// Whether Flux's own kinds are meant.
    pub(super) fn is_flux(reference: &str) -> bool {
        let kind = reference.split('/').next().unwrap_or_default();
        api_version_of(kind).contains("toolkit.fluxcd.io")
    }
}
