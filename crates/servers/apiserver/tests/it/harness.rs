//! A server in memory and requests to it.

use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use skein_apiserver::{Server, ServerOptions};

/// How long a test waits for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A cluster and a client that acts as its administrator.
pub struct Harness {
    pub server: Server,
    pub client: Client,
    pub url: String,
    pub token: String,
}

/// An answer: status code and body.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub body: Value,
    pub warnings: Vec<String>,
}

impl Answer {
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub fn revision(&self) -> &str {
        self.body["metadata"]["resourceVersion"]
            .as_str()
            .unwrap_or_default()
    }
}

impl Harness {
    /// A server in memory without simulated workloads.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ServerOptions)) -> Self {
        let mut options = ServerOptions::in_memory(["test"]);
        options.simulate = false;
        change(&mut options);
        let server = Server::start(options).await.expect("the server starts");
        let ca = reqwest::Certificate::from_pem(server.ca_pem().as_bytes()).expect("a CA");
        let client = Client::builder()
            .tls_certs_only([ca])
            .no_proxy()
            .build()
            .expect("a client");
        let url = server.url("test").expect("a cluster");
        let token = server.token("test").expect("a cluster").to_owned();
        Self {
            server,
            client,
            url,
            token,
        }
    }

    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Response {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .body(body);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let response = self.raw(method, path, headers, body).await;
        let code = response.status().as_u16();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings
            .filter_map(|w| w.to_str().ok().map(str::to_owned))
            .collect();
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer {
            code,
            body,
            warnings,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(
            Method::POST,
            path,
            &[("content-type", "application/json")],
            body,
        )
        .await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(
            Method::PUT,
            path,
            &[("content-type", "application/json")],
            body,
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Value::Null).await
    }

    pub async fn merge(&self, path: &str, body: Value) -> Answer {
        let media = [("content-type", "application/merge-patch+json")];
        self.send(Method::PATCH, path, &media, body).await
    }

    pub async fn apply(&self, path: &str, body: Value) -> Answer {
        let media = [("content-type", "application/apply-patch+yaml")];
        self.send(Method::PATCH, path, &media, body).await
    }

    /// Asks again until the answer satisfies; the API's own controllers work in the background.
    pub async fn until(&self, path: &str, good: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await;
            if good(&answer) {
                return answer;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{path} stays {answer:?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Defines a kind `Thing` of `example.com` in namespaces and waits until it is served.
    pub async fn define_things(&self, schema: Value) {
        self.define_things_with(schema, json!({"status": {}})).await;
    }

    /// The same with these sub-resources.
    pub async fn define_things_with(&self, schema: Value, subresources: Value) {
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "things.example.com"},
            "spec": {
                "group": "example.com", "scope": "Namespaced",
                "names": {"plural": "things", "kind": "Thing", "shortNames": ["th"]},
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "subresources": subresources,
                    "selectableFields": [{"jsonPath": ".spec.color"}],
                    "additionalPrinterColumns":
                        [{"name": "Color", "type": "string", "jsonPath": ".spec.color"}],
                    "schema": {"openAPIV3Schema": schema},
                }],
            },
        });
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let created = self.post(path, definition).await;
        assert_eq!(created.code, 201, "{created:?}");
        self.until(&format!("{path}/things.example.com"), |answer| {
            let conditions = answer.body["status"]["conditions"].as_array();
            conditions.is_some_and(|list| {
                list.iter()
                    .any(|c| c["type"] == "Established" && c["status"] == "True")
            })
        })
        .await;
    }
}

/// A schema for things: a color, a size with a default, a rule.
pub fn thing_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "color": {"type": "string", "pattern": "^[a-z]+$"},
                    "size": {"type": "integer", "default": 3, "minimum": 1},
                },
            },
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        },
    })
}

pub fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

pub const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub const THINGS: &str = "/apis/example.com/v1/namespaces/default/things";
