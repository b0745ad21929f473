//! How kustomize's own types are called, for the words with which Go's JSON reader refuses a value of another type.

use serde_json::Value;

/// A struct of kustomize's API.
struct Struct {
    name: &'static str,
    /// Structs whose fields count as its own.
    embedded: &'static [&'static Struct],
    fields: &'static [(&'static str, Type)],
}

/// The type of a field.
#[derive(Clone, Copy)]
enum Type {
    Text,
    /// A string with a name.
    Named(&'static str),
    Flag,
    /// A whole number of that type.
    Integer(&'static str),
    /// A map of strings.
    Texts,
    /// A map of anything.
    Values,
    Struct(&'static Struct),
    List(&'static Type),
    /// A list of pointers to structs.
    Pointers(&'static Struct),
}

use Type::{Flag, Integer, List, Named, Pointers, Text, Texts, Values};

const fn structure(
    name: &'static str,
    embedded: &'static [&'static Struct],
    fields: &'static [(&'static str, Type)],
) -> Struct {
    Struct {
        name,
        embedded,
        fields,
    }
}

const TEXT_LIST: Type = List(&Text);

static TYPE_META: Struct = structure("TypeMeta", &[], &[("kind", Text), ("apiVersion", Text)]);
static OBJECT_META: Struct = structure(
    "ObjectMeta",
    &[],
    &[
        ("name", Text),
        ("namespace", Text),
        ("labels", Texts),
        ("annotations", Texts),
    ],
);
static GVK: Struct = structure(
    "Gvk",
    &[],
    &[("group", Text), ("version", Text), ("kind", Text)],
);
static RES_ID: Struct = structure("ResId", &[&GVK], &[("name", Text), ("namespace", Text)]);
static SELECTOR: Struct = structure(
    "Selector",
    &[&RES_ID],
    &[("annotationSelector", Text), ("labelSelector", Text)],
);
static FIELD_SPEC: Struct = structure("FieldSpec", &[&GVK], &[("path", Text), ("create", Flag)]);
static LABEL: Struct = structure(
    "Label",
    &[],
    &[
        ("pairs", Texts),
        ("includeSelectors", Flag),
        ("includeTemplates", Flag),
        ("fields", List(&Type::Struct(&FIELD_SPEC))),
    ],
);
static PATCH_ARGS: Struct = structure(
    "PatchArgs",
    &[],
    &[("allowNameChange", Flag), ("allowKindChange", Flag)],
);
static PATCH: Struct = structure(
    "Patch",
    &[],
    &[
        ("path", Text),
        ("patch", Text),
        ("target", Type::Struct(&SELECTOR)),
        ("options", Type::Struct(&PATCH_ARGS)),
    ],
);
static IMAGE: Struct = structure(
    "Image",
    &[],
    &[
        ("name", Text),
        ("newName", Text),
        ("tagSuffix", Text),
        ("newTag", Text),
        ("digest", Text),
    ],
);
static FIELD_OPTIONS: Struct = structure(
    "FieldOptions",
    &[],
    &[
        ("delimiter", Text),
        ("index", Integer("int")),
        ("encoding", Text),
        ("create", Flag),
    ],
);
static SOURCE_SELECTOR: Struct = structure(
    "SourceSelector",
    &[&RES_ID],
    &[
        ("fieldPath", Text),
        ("options", Type::Struct(&FIELD_OPTIONS)),
    ],
);
static TARGET_SELECTOR: Struct = structure(
    "TargetSelector",
    &[],
    &[
        ("select", Type::Struct(&SELECTOR)),
        ("reject", Pointers(&SELECTOR)),
        ("fieldPaths", TEXT_LIST),
        ("options", Type::Struct(&FIELD_OPTIONS)),
    ],
);
static REPLACEMENT: Struct = structure(
    "Replacement",
    &[],
    &[
        ("source", Type::Struct(&SOURCE_SELECTOR)),
        ("targets", Pointers(&TARGET_SELECTOR)),
        ("sourceValue", Text),
    ],
);
static REPLACEMENT_FIELD: Struct =
    structure("ReplacementField", &[&REPLACEMENT], &[("path", Text)]);
static REPLICA: Struct = structure(
    "Replica",
    &[],
    &[("name", Text), ("count", Integer("int64"))],
);
static TARGET: Struct = structure(
    "Target",
    &[&GVK],
    &[("apiVersion", Text), ("name", Text), ("namespace", Text)],
);
static FIELD_SELECTOR: Struct = structure("FieldSelector", &[], &[("fieldPath", Text)]);
static VAR: Struct = structure(
    "Var",
    &[],
    &[
        ("name", Text),
        ("objref", Type::Struct(&TARGET)),
        ("fieldref", Type::Struct(&FIELD_SELECTOR)),
    ],
);
static LEGACY_SORT_OPTIONS: Struct = structure(
    "LegacySortOptions",
    &[],
    &[("orderFirst", TEXT_LIST), ("orderLast", TEXT_LIST)],
);
static SORT_OPTIONS: Struct = structure(
    "SortOptions",
    &[],
    &[
        ("order", Named("types.SortOrder")),
        ("legacySortOptions", Type::Struct(&LEGACY_SORT_OPTIONS)),
    ],
);
static GENERATOR_OPTIONS: Struct = structure(
    "GeneratorOptions",
    &[],
    &[
        ("labels", Texts),
        ("annotations", Texts),
        ("disableNameSuffixHash", Flag),
        ("immutable", Flag),
    ],
);
static KV_PAIR_SOURCES: Struct = structure(
    "KvPairSources",
    &[],
    &[
        ("literals", TEXT_LIST),
        ("files", TEXT_LIST),
        ("envs", TEXT_LIST),
        ("env", Text),
    ],
);
static GENERATOR_ARGS: Struct = structure(
    "GeneratorArgs",
    &[&KV_PAIR_SOURCES],
    &[
        ("namespace", Text),
        ("name", Text),
        ("behavior", Text),
        ("options", Type::Struct(&GENERATOR_OPTIONS)),
    ],
);
static CONFIG_MAP_ARGS: Struct = structure("ConfigMapArgs", &[&GENERATOR_ARGS], &[]);
static SECRET_ARGS: Struct = structure("SecretArgs", &[&GENERATOR_ARGS], &[("type", Text)]);
static HELM_GLOBALS: Struct = structure(
    "HelmGlobals",
    &[],
    &[("chartHome", Text), ("configHome", Text)],
);
static HELM_CHART: Struct = structure(
    "HelmChart",
    &[],
    &[
        ("name", Text),
        ("version", Text),
        ("repo", Text),
        ("releaseName", Text),
        ("namespace", Text),
        ("additionalValuesFiles", TEXT_LIST),
        ("valuesFile", Text),
        ("valuesInline", Values),
        ("valuesMerge", Text),
        ("includeCRDs", Flag),
        ("skipHooks", Flag),
        ("apiVersions", TEXT_LIST),
        ("kubeVersion", Text),
        ("nameTemplate", Text),
        ("skipTests", Flag),
        ("debug", Flag),
        ("devel", Flag),
    ],
);
static HELM_CHART_ARGS: Struct = structure(
    "HelmChartArgs",
    &[],
    &[
        ("chartName", Text),
        ("chartVersion", Text),
        ("chartRepoUrl", Text),
        ("chartHome", Text),
        ("chartRepoName", Text),
        ("helmBin", Text),
        ("helmHome", Text),
        ("values", Text),
        ("valuesLocal", Values),
        ("valuesMerge", Text),
        ("releaseName", Text),
        ("releaseNamespace", Text),
        ("extraArgs", TEXT_LIST),
    ],
);
static KUSTOMIZATION: Struct = structure(
    "Kustomization",
    &[&TYPE_META],
    &[
        ("metadata", Type::Struct(&OBJECT_META)),
        ("openapi", Texts),
        ("namePrefix", Text),
        ("nameSuffix", Text),
        ("namespace", Text),
        ("commonLabels", Texts),
        ("labels", List(&Type::Struct(&LABEL))),
        ("commonAnnotations", Texts),
        (
            "patchesStrategicMerge",
            List(&Named("types.PatchStrategicMerge")),
        ),
        ("patchesJson6902", List(&Type::Struct(&PATCH))),
        ("patches", List(&Type::Struct(&PATCH))),
        ("images", List(&Type::Struct(&IMAGE))),
        ("imageTags", List(&Type::Struct(&IMAGE))),
        ("replacements", List(&Type::Struct(&REPLACEMENT_FIELD))),
        ("replicas", List(&Type::Struct(&REPLICA))),
        ("vars", List(&Type::Struct(&VAR))),
        ("sortOptions", Type::Struct(&SORT_OPTIONS)),
        ("resources", TEXT_LIST),
        ("components", TEXT_LIST),
        ("crds", TEXT_LIST),
        ("bases", TEXT_LIST),
        ("configMapGenerator", List(&Type::Struct(&CONFIG_MAP_ARGS))),
        ("secretGenerator", List(&Type::Struct(&SECRET_ARGS))),
        ("helmGlobals", Type::Struct(&HELM_GLOBALS)),
        ("helmCharts", List(&Type::Struct(&HELM_CHART))),
        (
            "helmChartInflationGenerator",
            List(&Type::Struct(&HELM_CHART_ARGS)),
        ),
        ("generatorOptions", Type::Struct(&GENERATOR_OPTIONS)),
        ("configurations", TEXT_LIST),
        ("generators", TEXT_LIST),
        ("transformers", TEXT_LIST),
        ("validators", TEXT_LIST),
        ("buildMetadata", TEXT_LIST),
    ],
);

impl Struct {
    /// A field by its name in JSON, in any case, with the names that lead to it; own fields come before embedded ones.
    fn field(&self, name: &str) -> Option<(Vec<&'static str>, Type)> {
        let own = self.fields.iter().find(|(field, _)| *field == name);
        let other = || {
            let same = |(field, _): &&(&str, Type)| field.eq_ignore_ascii_case(name);
            self.fields.iter().find(same)
        };
        if let Some((field, kind)) = own.or_else(other) {
            return Some((vec![field], *kind));
        }
        self.embedded.iter().find_map(|embedded| {
            let (mut names, kind) = embedded.field(name)?;
            names.insert(0, embedded.name);
            Some((names, kind))
        })
    }
}

impl Type {
    fn name(self) -> String {
        match self {
            Text => "string".to_owned(),
            Named(name) | Integer(name) => name.to_owned(),
            Flag => "bool".to_owned(),
            Texts => "map[string]string".to_owned(),
            Values => "map[string]interface {}".to_owned(),
            Type::Struct(of) => format!("types.{}", of.name),
            List(item) => format!("[]{}", item.name()),
            Pointers(of) => format!("[]*types.{}", of.name),
        }
    }

    fn takes(self, value: &Value) -> bool {
        match self {
            _ if value.is_null() => true,
            Text | Named(_) => value.is_string(),
            Flag => value.is_boolean(),
            Integer(_) => value.is_i64(),
            Texts | Values | Type::Struct(_) => value.is_object(),
            List(_) | Pointers(_) => value.is_array(),
        }
    }
}

/// Go's words for a value; a number that is none of the wanted kind is quoted.
fn found(value: &Value, wanted: Type) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(number) if matches!(wanted, Integer(_)) => format!("number {number}"),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

/// What Go's JSON reader says of the value at a path of a kustomization file, such as `images[0].newTag`; `None` where it takes the value.
pub(crate) fn refusal(file: &Value, path: &str) -> Option<String> {
    let (mut value, mut kind) = (file, Type::Struct(&KUSTOMIZATION));
    let (mut owner, mut names) = (KUSTOMIZATION.name, Vec::new());
    let mut rest = path;
    while !rest.is_empty() && kind.takes(value) {
        (value, kind, rest) = match kind {
            Type::Struct(of) => {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                let (way, field) = of.field(name)?;
                owner = of.name;
                names.extend(way);
                let value = value.as_object()?;
                let other = || value.keys().find(|key| key.eq_ignore_ascii_case(name));
                let value = match value.get(name) {
                    Some(value) => value,
                    None => value.get(other()?)?,
                };
                (value, field, after.strip_prefix('.').unwrap_or(after))
            }
            List(_) | Pointers(_) => {
                let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
                let item = match kind {
                    List(item) => *item,
                    Pointers(of) => Type::Struct(of),
                    _ => return None,
                };
                let value = value.get(index.parse::<usize>().ok()?)?;
                (value, item, after.strip_prefix('.').unwrap_or(after))
            }
            Texts => (value.get(rest)?, Text, ""),
            Text | Named(_) | Flag | Integer(_) | Values => return None,
        };
    }
    (!kind.takes(value)).then(|| {
        format!(
            "json: cannot unmarshal {} into Go struct field {owner}.{} of type {}",
            found(value, kind),
            names.join("."),
            kind.name()
        )
    })
}
