//! What a request asks for: the path taken apart as the Kubernetes API does, and the query.

use std::collections::HashMap;

use http::Method;
use percent_encoding::percent_decode_str;

/// A path and method in the terms of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestInfo {
    /// Whether the path names a resource.
    pub(crate) is_resource: bool,
    pub(crate) path: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for other
    /// paths the lower-case method.
    pub(crate) verb: &'static str,
    pub(crate) group: String,
    pub(crate) version: String,
    /// Empty for cluster-scoped requests.
    pub(crate) namespace: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) name: String,
}

/// Sub-resources of namespaces: elsewhere the segment after the name is a resource in the namespace.
const NAMESPACE_SUBRESOURCES: &[&str] = &["status", "finalize"];

impl RequestInfo {
    /// Takes a request line apart.
    pub(crate) fn parse(method: &Method, path: &str, query: &Query) -> Self {
        let mut info = Self {
            path: path.to_owned(),
            verb: lower_verb(method),
            ..Self::default()
        };
        let mut parts: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(percent_decode)
            .collect();
        let skip = match parts.first().map(String::as_str) {
            Some("api") if parts.len() >= 3 => 1,
            Some("apis") if parts.len() >= 4 => 2,
            _ => return info,
        };
        if skip == 2 {
            info.group.clone_from(&parts[1]);
        }
        info.version.clone_from(&parts[skip]);
        parts.drain(..=skip);
        info.is_resource = true;
        let watch_path = parts.first().is_some_and(|part| part == "watch") && parts.len() > 1;
        if watch_path {
            parts.remove(0);
        }
        info.take_resource(&parts);
        info.verb = info.resource_verb(method, query, watch_path);
        info
    }

    fn take_resource(&mut self, parts: &[String]) {
        let mut parts = parts;
        if parts[0] == "namespaces"
            && let Some(namespace) = parts.get(1)
        {
            self.namespace.clone_from(namespace);
            if parts.len() > 2 && !NAMESPACE_SUBRESOURCES.contains(&parts[2].as_str()) {
                parts = &parts[2..];
            }
        }
        self.resource.clone_from(&parts[0]);
        if let Some(name) = parts.get(1) {
            self.name.clone_from(name);
        }
        if parts.len() > 2 {
            self.subresource = parts[2..].join("/");
        }
    }

    fn resource_verb(&self, method: &Method, query: &Query, watch_path: bool) -> &'static str {
        let collection = self.name.is_empty();
        match *method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if collection => "deletecollection",
            Method::DELETE => "delete",
            Method::GET | Method::HEAD => {
                if watch_path || (collection && query.flag("watch")) {
                    "watch"
                } else if collection {
                    "list"
                } else {
                    "get"
                }
            }
            _ => "",
        }
    }
}

fn lower_verb(method: &Method) -> &'static str {
    match *method {
        Method::GET => "get",
        Method::HEAD => "head",
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        Method::OPTIONS => "options",
        _ => "",
    }
}

/// Query parameters; the first value of each name counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(HashMap<String, String>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let mut map = HashMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            map.entry(form_decode(key))
                .or_insert_with(|| form_decode(value));
        }
        Self(map)
    }

    /// The value; empty when absent.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// True unless absent, `0` or `false`: how the API reads booleans of queries.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.0
            .get(key)
            .is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// Whether the parameter is there, with a value or without one.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }
}

fn form_decode(text: &str) -> String {
    percent_decode(&text.replace('+', " "))
}

/// Undoes percent encoding; a broken escape stays as it is.
pub(crate) fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
