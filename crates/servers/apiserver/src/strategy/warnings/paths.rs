//! Files of one volume that stand in each other's place.

use serde_json::Value;

use super::pods::{MAX_COMPARED, MAX_TOLD, has, list, string};

/// A path in a volume, and where it comes from in a projected one.
#[derive(Clone, PartialEq)]
struct Place {
    /// With a slash behind it, so that folders are known by how their files begin.
    path: String,
    source: String,
}

impl Place {
    fn new(path: &str, source: &str) -> Self {
        Self {
            path: format!("{}/", path.trim_end_matches('/')),
            source: source.to_owned(),
        }
    }

    fn name(&self) -> &str {
        self.path.trim_end_matches('/')
    }

    fn shown(&self) -> String {
        match self.source.as_str() {
            "" => format!("{:?}", self.name()),
            source => format!("{:?} ({source})", self.name()),
        }
    }

    /// Whether one of two is the other, or a folder of it.
    fn overlaps(&self, other: &Self) -> bool {
        let (one, two) = (self.path.as_str(), other.path.as_str());
        let is_named = one != "/" && two != "/";
        is_named && (one.starts_with(two) || two.starts_with(one))
    }
}

pub(super) fn warnings(volumes: &[Value], out: &mut Vec<String>) {
    for volume in volumes {
        let name = string(volume, "name");
        for (kind, what, named) in [
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ] {
            let Some(source) = volume.get(kind) else {
                continue;
            };
            let places = items(source, "");
            overlaps(name, &described(source, what, named), &places, out);
        }
        projected(name, volume, out);
    }
}

/// A source with its name, when it has one.
fn described(source: &Value, what: &str, named: &str) -> String {
    match named {
        "" => what.to_owned(),
        named => format!("{what} {:?}", string(source, named)),
    }
}

fn items(source: &Value, from: &str) -> Vec<Place> {
    let items = list(Some(source), "items").iter();
    items
        .map(|item| Place::new(string(item, "path"), from))
        .collect()
}

fn overlaps(volume: &str, what: &str, places: &[Place], out: &mut Vec<String>) {
    for (index, place) in places.iter().enumerate() {
        if out.len() >= MAX_TOLD {
            return;
        }
        let earlier = places.iter().take(index.min(MAX_COMPARED));
        for other in earlier.filter(|other| place.overlaps(other)) {
            out.push(format!(
                "volume {volume:?} ({what}): overlapping paths: {} with {}",
                place.shown(),
                other.shown()
            ));
        }
    }
}

fn projected(name: &str, volume: &Value, out: &mut Vec<String>) {
    let mut places = Vec::new();
    for source in list(volume.get("projected"), "sources") {
        let kinds = [
            "configMap",
            "secret",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ];
        if !kinds.iter().any(|kind| has(source, kind)) {
            out.push(format!(
                "volume {name:?} (Projected) has no sources provided"
            ));
        }
        places.extend(of_source(source));
    }
    overlaps(name, "Projected", &places, out);
}

/// The files of the first kind that a source has.
fn of_source(source: &Value) -> Vec<Place> {
    for (kind, what, named) in [
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "name"),
        ("downwardAPI", "DownwardAPI", ""),
    ] {
        let Some(part) = source.get(kind).filter(|part| has(part, "items")) else {
            continue;
        };
        return items(part, &described(part, what, named));
    }
    let token = source.get("serviceAccountToken");
    let place = token.map(|token| Place::new(string(token, "path"), "ServiceAccountToken"));
    place.into_iter().collect()
}
