//! `tree kustomization`: the inventory, with the inventories of Kustomizations and HelmReleases in it.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_graph::inventory_of;
use skein_object::{Object, ObjectKey};

use crate::arguments::{ClusterArguments, Session};
use crate::objects;
use crate::output::Output;
use crate::why;

/// Deepest nesting of Kustomizations that is followed.
const MAX_DEPTH_LEVELS: usize = 32;

/// `tree`.
#[derive(Args, Clone, Debug)]
pub struct TreeArguments {
    #[command(subcommand)]
    what: TreeWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum TreeWhat {
    /// Print the objects of a Kustomization
    #[command(visible_alias = "ks", alias = "kustomizations")]
    Kustomization {
        /// Name of the Kustomization
        name: Option<String>,
        /// Flux objects only
        #[arg(long)]
        compact: bool,
        /// Print as JSON or YAML
        #[arg(short, long)]
        output: Option<Format>,
    },
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Format {
    Json,
    Yaml,
}

/// An object with what it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    key: ObjectKey,
    children: Vec<Node>,
}

/// Runs `tree`.
pub(crate) async fn run(arguments: TreeArguments, output: &mut Output) -> anyhow::Result<()> {
    let TreeWhat::Kustomization {
        name,
        compact,
        output: format,
    } = arguments.what;
    let Some(name) = name else {
        bail!("kustomization name is required")
    };
    let session = arguments.cluster.connect().await?;
    let root = objects::get(&session, FluxKind::Kustomization, &session.namespace, &name).await?;
    let mut walk = Walk {
        session: &session,
        compact,
        seen: BTreeSet::from([root.key()]),
    };
    let node = Node {
        key: root.key(),
        children: walk.children(&root, 0).await?,
    };
    output.print(&match format {
        Some(Format::Json) => format!("{}\n", as_json(&node, "")),
        Some(Format::Yaml) => format!("{}\n", skein_yaml::to_string(&as_value(&node))),
        None => format!("{}\n", as_text(&node)),
    })?;
    why::tell(&session, &root.key(), &[&root], output).await
}

struct Walk<'a> {
    session: &'a Session,
    compact: bool,
    seen: BTreeSet<ObjectKey>,
}

impl Walk<'_> {
    /// What an applier owns. A Kustomization that applies itself, or one that was met before, is not entered again.
    async fn children(&mut self, owner: &Object, depth: usize) -> anyhow::Result<Vec<Node>> {
        let mut nodes = Vec::new();
        let is_remote = owner.at(&["spec", "kubeConfig"]).is_some();
        for (key, _) in inventory_of(owner) {
            let is_flux = key.group.contains("toolkit.fluxcd.io");
            if key == owner.key() || (self.compact && !is_flux) {
                continue;
            }
            let kind = FluxKind::of(&key.group_kind())
                .filter(|kind| matches!(kind, FluxKind::Kustomization | FluxKind::HelmRelease));
            let mut children = Vec::new();
            if let Some(kind) = kind
                && !is_remote
                && depth < MAX_DEPTH_LEVELS
                && self.seen.insert(key.clone())
            {
                let child = objects::get(self.session, kind, &key.namespace, &key.name)
                    .await
                    .context("failed to find object")?;
                children = Box::pin(self.children(&child, depth + 1)).await?;
            }
            nodes.push(Node { key, children });
        }
        Ok(nodes)
    }
}

fn as_value(node: &Node) -> Value {
    let key = &node.key;
    let mut value = json!({"resource": {
        "Namespace": key.namespace,
        "Name": key.name,
        "GroupKind": {"Group": key.group, "Kind": key.kind},
    }});
    if !node.children.is_empty() {
        value["resources"] = node.children.iter().map(as_value).collect();
    }
    value
}

/// JSON with the fields in Flux's order.
fn as_json(node: &Node, indent: &str) -> String {
    let text = |value: &str| Value::from(value).to_string();
    let key = &node.key;
    let mut out = format!(
        "{{\n{indent}  \"resource\": {{\n{indent}    \"Namespace\": {},\n{indent}    \"Name\": {},\n\
         {indent}    \"GroupKind\": {{\n{indent}      \"Group\": {},\n{indent}      \"Kind\": {}\n\
         {indent}    }}\n{indent}  }}",
        text(&key.namespace),
        text(&key.name),
        text(&key.group),
        text(&key.kind),
    );
    if !node.children.is_empty() {
        let deeper = format!("{indent}    ");
        let children: Vec<String> = node
            .children
            .iter()
            .map(|child| format!("{deeper}{}", as_json(child, &deeper)))
            .collect();
        out.push_str(&format!(
            ",\n{indent}  \"resources\": [\n{}\n{indent}  ]",
            children.join(",\n")
        ));
    }
    out.push_str(&format!("\n{indent}}}"));
    out
}

fn as_text(node: &Node) -> String {
    let mut out = format!("{}\n", node.key);
    push_children(&node.children, "", &mut out);
    out
}

fn push_children(children: &[Node], indent: &str, out: &mut String) {
    for (place, child) in children.iter().enumerate() {
        let is_last = place + 1 == children.len();
        let (branch, below) = if is_last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        out.push_str(&format!("{indent}{branch}{}\n", child.key));
        push_children(&child.children, &format!("{indent}{below}"), out);
    }
}

#[cfg(test)]
mod tests;
