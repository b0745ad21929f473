//! What each template sees as `.`: the chart's own part of the values, and what all charts share.

use std::collections::BTreeMap;
use std::sync::Arc;

use skein_template::{Map, Type, Value};

use super::files::Files;
use crate::archive::clean;
use crate::chart::{Chart, Dependency, Maintainer, Metadata};
use crate::values::from_json;

/// A template and what it sees.
pub(super) struct Template<'a> {
    /// The text.
    pub(super) text: &'a Arc<[u8]>,
    /// What `.` is; templates of one chart share it.
    pub(super) scope: Map,
    /// `.Template.BasePath`.
    pub(super) base_path: String,
}

/// Templates by full path.
pub(super) type Templates<'a> = BTreeMap<String, Template<'a>>;

/// Collects the templates of a chart and of all charts below it.
pub(super) fn collect<'a>(chart: &'a Chart, values: Value, shared: &Shared) -> Templates<'a> {
    let mut templates = Templates::new();
    collect_chart(chart, None, values, shared, &mut templates);
    templates
}

/// What all charts share.
pub(super) struct Shared {
    pub(super) release: Value,
    pub(super) capabilities: Value,
}

fn collect_chart<'a>(
    chart: &'a Chart,
    parent: Option<&str>,
    values: Value,
    shared: &Shared,
    templates: &mut Templates<'a>,
) -> Map {
    let path = match parent {
        Some(parent) => format!("{parent}/charts/{}", chart.name()),
        None => chart.name().to_owned(),
    };
    let scope = Map::new().as_values();
    let below = Map::new();
    scope.insert("Chart", metadata(&chart.metadata, parent.is_none()));
    scope.insert("Files", Value::object(Files::new(&chart.files)));
    scope.insert("Release", shared.release.clone());
    scope.insert("Capabilities", shared.capabilities.clone());
    scope.insert("Values", values.clone());
    scope.insert("Subcharts", below.clone());
    for child in &chart.dependencies {
        let table = values.as_map().and_then(|values| values.get(child.name()));
        let table = match table {
            Some(Value::Map(table)) => Value::Map(table.as_values()),
            _ => Value::Map(Map::new().as_values()),
        };
        let child_scope = collect_chart(child, Some(&path), table, shared, templates);
        below.insert(child.name(), child_scope);
    }
    let is_library = chart.metadata.kind.eq_ignore_ascii_case("library");
    for file in &chart.templates {
        let base = file.name.rsplit('/').next().unwrap_or(&file.name);
        if is_library && !base.starts_with('_') {
            continue;
        }
        let template = Template {
            text: &file.data,
            scope: scope.clone(),
            base_path: clean(&format!("{path}/templates")),
        };
        templates.insert(clean(&format!("{path}/{}", file.name)), template);
    }
    scope
}

/// `.Chart`: the metadata under Go's field names.
fn metadata(metadata: &Metadata, is_root: bool) -> Map {
    let map = Map::new();
    for (name, text) in [
        ("Name", &metadata.name),
        ("Home", &metadata.home),
        ("Version", &metadata.version),
        ("Description", &metadata.description),
        ("Icon", &metadata.icon),
        ("APIVersion", &metadata.api_version),
        ("Condition", &metadata.condition),
        ("Tags", &metadata.tags),
        ("AppVersion", &metadata.app_version),
        ("KubeVersion", &metadata.kube_version),
        ("Type", &metadata.kind),
    ] {
        map.insert(name, text.as_str());
    }
    map.insert("Sources", texts(&metadata.sources));
    map.insert("Keywords", texts(&metadata.keywords));
    let maintainers: Vec<Value> = metadata.maintainers.iter().map(maintainer).collect();
    map.insert("Maintainers", maintainers);
    let dependencies: Vec<Value> = metadata.dependencies.iter().map(dependency).collect();
    map.insert("Dependencies", dependencies);
    map.insert("Deprecated", metadata.deprecated);
    map.insert("Annotations", annotations(&metadata.annotations));
    map.insert("IsRoot", is_root);
    map
}

fn texts(items: &[String]) -> Value {
    Value::list(items.iter().map(|item| item.as_str().into()).collect())
}

fn annotations(annotations: &BTreeMap<String, String>) -> Map {
    if annotations.is_empty() {
        return Map::nil(Type::String);
    }
    let entries = annotations
        .iter()
        .map(|(key, value)| (key.as_str().into(), value.as_str().into()));
    Map::typed(Type::String, entries.collect())
}

fn maintainer(maintainer: &Maintainer) -> Value {
    let map = Map::new();
    map.insert("Name", maintainer.name.as_str());
    map.insert("Email", maintainer.email.as_str());
    map.insert("URL", maintainer.url.as_str());
    Value::Map(map)
}

fn dependency(dependency: &Dependency) -> Value {
    let map = Map::new();
    map.insert("Name", dependency.name.as_str());
    map.insert("Version", dependency.version.as_str());
    map.insert("Repository", dependency.repository.as_str());
    map.insert("Condition", dependency.condition.as_str());
    map.insert("Tags", texts(&dependency.tags));
    map.insert("Enabled", dependency.enabled);
    let imports = &dependency.import_values;
    let imports: Vec<Value> = imports.iter().map(|item| from_json(Some(item))).collect();
    map.insert("ImportValues", imports);
    map.insert("Alias", dependency.alias.as_str());
    Value::Map(map)
}
