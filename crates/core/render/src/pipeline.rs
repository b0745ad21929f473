//! The whole way from files to objects.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use skein_kustomize::{FileTree, Options, RemoteSource, build, clean_path};
use skein_object::Object;

use crate::decryption::{self, Decryptor};
use crate::error::RenderError;
use crate::generate;
use crate::metadata;
use crate::substitute::{self, Variables, clean_variable};

/// What is rendered, with everything that comes from outside.
pub struct Request<'r> {
    /// The files of the source artifact.
    pub tree: FileTree,
    /// The `spec` of the Kustomization.
    pub spec: &'r Value,
    /// Variables from ConfigMaps and Secrets, later sources over earlier ones. Those of the spec win over them.
    pub variables: Variables,
    /// Whether a variable that is not set and has no default is an error.
    pub strict: bool,
    /// Decrypts; `None` leaves everything as it is.
    pub decryptor: Option<&'r dyn Decryptor>,
    /// Remote bases; `None` refuses them.
    pub remote: Option<&'r dyn RemoteSource>,
    /// Paths that are left out when manifests are looked for; the controller's artifacts are filtered already.
    pub ignored: Option<&'r dyn Fn(&str) -> bool>,
}

/// The result.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The objects in the order of the build. Lists are taken apart.
    pub objects: Vec<Object>,
    /// `sha256:<hex>` of the objects' YAML text: what the history of the status calls digest.
    pub digest: String,
    /// Warnings of the build.
    pub warnings: Vec<String>,
}

/// Renders a Kustomization.
pub fn render(request: Request<'_>) -> Result<Rendered, RenderError> {
    let Request { mut tree, spec, .. } = request;
    let path = spec.get("path").and_then(Value::as_str).unwrap_or_default();
    let root = confined(path);
    if tree.get(&root).is_some() {
        return Err(RenderError::PathIsFile { path: root });
    }
    if !tree.is_dir(&root) {
        return Err(RenderError::PathNotFound { path: root });
    }
    generate::generate(&mut tree, &root, spec, request.ignored)?;
    if let Some(decryptor) = request.decryptor {
        decryption::decrypt_sources(&mut tree, &root, decryptor)?;
    }
    let options = Options {
        remote: request.remote,
        ..Options::default()
    };
    let built = build(&tree, &root, &options)?;
    let post_build = PostBuild::read(spec, request.variables, request.strict);
    let mut values = Vec::with_capacity(built.values.len());
    for value in built.values {
        values.push(finish(value, request.decryptor, &post_build)?);
    }
    let digest = digest(&values);
    let objects = flatten(values)?;
    Ok(Rendered {
        objects,
        digest,
        warnings: built.warnings.iter().map(ToString::to_string).collect(),
    })
}

/// The path inside the artifact: `..` never leads out, as with a path joined securely to a root.
fn confined(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    clean_path(&parts.join("/")).unwrap_or_default()
}

struct PostBuild {
    variables: Variables,
    always: bool,
    strict: bool,
    wanted: bool,
}

impl PostBuild {
    fn read(spec: &Value, mut variables: Variables, strict: bool) -> Self {
        let post_build = spec.get("postBuild").filter(|value| value.is_object());
        let inline = post_build
            .and_then(|p| p.get("substitute"))
            .and_then(Value::as_object);
        for (name, value) in inline.into_iter().flatten() {
            if let Some(value) = value.as_str() {
                variables.insert(name.clone(), clean_variable(value));
            }
        }
        let strategy = post_build
            .and_then(|p| p.get("substituteStrategy"))
            .and_then(Value::as_str);
        Self {
            variables,
            always: strategy == Some("Always"),
            strict,
            wanted: post_build.is_some(),
        }
    }
}

/// Decrypts and substitutes one result.
fn finish(
    value: Value,
    decryptor: Option<&dyn Decryptor>,
    post_build: &PostBuild,
) -> Result<Value, RenderError> {
    let named = value
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .is_some_and(|n| !n.is_empty());
    let mut object = match Object::from_value(value.clone()) {
        Ok(object) if named => object,
        // The identity alone: the content may be secret.
        _ => return Err(RenderError::NotAnObject(identity(&value))),
    };
    if let Some(decryptor) = decryptor {
        let decrypted = decryption::decrypt_object(&object, decryptor).map_err(|reason| {
            RenderError::Decryption {
                id: kustomize_id(&object),
                reason,
            }
        })?;
        if let Some(decrypted) = decrypted {
            object = Object::from_value(decrypted)
                .map_err(|_| RenderError::NotAnObject(identity(&value)))?;
        }
    }
    if post_build.wanted {
        let PostBuild {
            variables,
            always,
            strict,
            ..
        } = post_build;
        let substituted =
            substitute::substitute(&object, variables, *always, *strict).map_err(|source| {
                RenderError::PostBuild {
                    id: kustomize_id(&object),
                    source,
                }
            })?;
        if let Some(substituted) = substituted {
            return Ok(substituted);
        }
    }
    Ok(object.into_value())
}

fn identity(value: &Value) -> String {
    let text = |path: &str| {
        value
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or("-")
            .to_owned()
    };
    format!(
        "apiVersion {}, kind {}, name {}",
        text("/apiVersion"),
        text("/kind"),
        text("/metadata/name")
    )
}

/// `Kind.version.group/name`, as kustomize writes identities.
fn kustomize_id(object: &Object) -> String {
    let gvk = object.gvk();
    let part = |text: &str, none: &str| {
        if text.is_empty() {
            none.to_owned()
        } else {
            text.to_owned()
        }
    };
    let (version, group) = (part(&gvk.version, "[noVer]"), part(&gvk.group, "[noGrp]"));
    format!("{}.{version}.{group}/{}", gvk.kind, object.name())
}

fn digest(values: &[Value]) -> String {
    let mut hash = Sha256::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            hash.update(b"---\n");
        }
        hash.update(skein_yaml::to_string(value).as_bytes());
    }
    format!("sha256:{}", hex::encode(hash.finalize()))
}

/// Takes lists apart and leaves out kustomize's own configuration.
fn flatten(values: Vec<Value>) -> Result<Vec<Object>, RenderError> {
    let mut objects = Vec::with_capacity(values.len());
    for value in values {
        let id = identity(&value);
        let object = Object::from_value(value).map_err(|_| RenderError::NotAnObject(id))?;
        let items = object.at(&["items"]).and_then(Value::as_array);
        match items.filter(|_| object.kind().ends_with("List")) {
            Some(items) => objects.extend(
                items
                    .iter()
                    .filter_map(|i| Object::from_value(i.clone()).ok()),
            ),
            None => objects.push(object),
        }
    }
    objects.retain(|object| {
        let is_configuration = object.kind().eq_ignore_ascii_case("Kustomization")
            && object.api_version().starts_with("kustomize.config.k8s.io/");
        !object.name().is_empty() && !is_configuration
    });
    Ok(objects)
}

impl Rendered {
    /// As `flux build kustomization` shows it: with owner labels and common metadata, encrypted values masked.
    pub fn for_display(mut self, kustomization: &Object) -> Vec<Object> {
        metadata::set_owner_labels(
            &mut self.objects,
            kustomization.namespace(),
            kustomization.name(),
        );
        if let Some(common) = kustomization.at(&["spec", "commonMetadata"]) {
            metadata::set_common_metadata(&mut self.objects, common);
        }
        self.objects.iter_mut().for_each(decryption::mask_encrypted);
        self.objects
    }
}
