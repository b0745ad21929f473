//! What Go's readers say of an index that has another shape than Helm's types: the first mismatch ends the reading of all.

use serde_json::Value;
use skein_gowords::{TimeLayout, time_error};

/// How a value must look.
enum Shape {
    Text,
    Flag,
    Time,
    /// A map with free values.
    Map,
    TextMap,
    Texts,
    /// A list with free items.
    List,
    /// A list of structs; the type of the list.
    Items(&'static str, &'static Struct),
    /// Lists of structs by name; the types of the map and of a list.
    ByName(&'static str, &'static str, &'static Struct),
}

/// A Go struct: its name, its type in messages, and its fields.
struct Struct {
    name: &'static str,
    go_type: &'static str,
    fields: &'static [Field],
}

/// Name in JSON, the embedded struct that has it, and its shape.
struct Field(&'static str, Option<&'static str>, Shape);

/// The embedded struct of an entry.
const METADATA: Option<&str> = Some("Metadata");

static INDEX: Struct = Struct {
    name: "IndexFile",
    go_type: "repo.IndexFile",
    fields: &[
        Field("serverInfo", None, Shape::Map),
        Field("apiVersion", None, Shape::Text),
        Field("generated", None, Shape::Time),
        Field(
            "entries",
            None,
            Shape::ByName(
                "map[string]repo.ChartVersions",
                "repo.ChartVersions",
                &ENTRY,
            ),
        ),
        Field("publicKeys", None, Shape::Texts),
        Field("annotations", None, Shape::TextMap),
    ],
};

static ENTRY: Struct = Struct {
    name: "ChartVersion",
    go_type: "repo.ChartVersion",
    fields: &[
        Field("name", METADATA, Shape::Text),
        Field("home", METADATA, Shape::Text),
        Field("sources", METADATA, Shape::Texts),
        Field("version", METADATA, Shape::Text),
        Field("description", METADATA, Shape::Text),
        Field("keywords", METADATA, Shape::Texts),
        Field(
            "maintainers",
            METADATA,
            Shape::Items("[]*v2.Maintainer", &MAINTAINER),
        ),
        Field("icon", METADATA, Shape::Text),
        Field("apiVersion", METADATA, Shape::Text),
        Field("condition", METADATA, Shape::Text),
        Field("tags", METADATA, Shape::Text),
        Field("appVersion", METADATA, Shape::Text),
        Field("deprecated", METADATA, Shape::Flag),
        Field("annotations", METADATA, Shape::TextMap),
        Field("kubeVersion", METADATA, Shape::Text),
        Field(
            "dependencies",
            METADATA,
            Shape::Items("[]*v2.Dependency", &DEPENDENCY),
        ),
        Field("type", METADATA, Shape::Text),
        Field("urls", None, Shape::Texts),
        Field("created", None, Shape::Time),
        Field("removed", None, Shape::Flag),
        Field("digest", None, Shape::Text),
        // Of older Helms: known, and not used.
        Field("checksum", None, Shape::Text),
        Field("engine", None, Shape::Text),
        Field("tillerVersion", None, Shape::Text),
        Field("url", None, Shape::Text),
    ],
};

static MAINTAINER: Struct = Struct {
    name: "Maintainer",
    go_type: "v2.Maintainer",
    fields: &[
        Field("name", None, Shape::Text),
        Field("email", None, Shape::Text),
        Field("url", None, Shape::Text),
    ],
};

static DEPENDENCY: Struct = Struct {
    name: "Dependency",
    go_type: "v2.Dependency",
    fields: &[
        Field("name", None, Shape::Text),
        Field("version", None, Shape::Text),
        Field("repository", None, Shape::Text),
        Field("condition", None, Shape::Text),
        Field("tags", None, Shape::Texts),
        Field("enabled", None, Shape::Flag),
        Field("import-values", None, Shape::List),
        Field("alias", None, Shape::Text),
    ],
};

/// Checks an index. JSON is read less strictly than YAML: unknown fields pass. In YAML a number or a boolean is a text where a struct's
/// own field wants one, but not for the fields of the embedded struct: Go's reader looks for these in the wrong place.
pub(super) fn check(value: &Value, is_json: bool) -> Result<(), String> {
    let mut checker = Checker {
        is_json,
        converts: !is_json,
        path: Vec::new(),
        problem: None,
    };
    let outcome = checker.fields(value, &INDEX, "");
    let problem = match outcome {
        Err(time) => time,
        Ok(()) => match checker.problem {
            None => return Ok(()),
            Some(problem) => problem,
        },
    };
    Err(if is_json {
        problem
    } else {
        format!("error unmarshaling JSON: while decoding JSON: {problem}")
    })
}

/// Goes through the index. The first mismatch is kept while reading goes on; a time that is none ends it at once, as in Go.
struct Checker {
    is_json: bool,
    /// Whether numbers and booleans are texts where we are.
    converts: bool,
    path: Vec<&'static str>,
    problem: Option<String>,
}

type Checked = Result<(), String>;

impl Checker {
    fn refuse(&mut self, value: &Value, owner: &str, wanted: &str) -> Checked {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let target = if self.path.is_empty() {
            format!("Go value of type {wanted}")
        } else {
            format!(
                "Go struct field {owner}.{} of type {wanted}",
                self.path.join(".")
            )
        };
        self.keep(format!("json: cannot unmarshal {found} into {target}"));
        Ok(())
    }

    fn keep(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    fn fields(&mut self, value: &Value, wanted: &'static Struct, owner: &str) -> Checked {
        let fields = match value {
            Value::Null => return Ok(()),
            Value::Object(fields) => fields,
            other => return self.refuse(other, owner, wanted.go_type),
        };
        for (name, value) in fields {
            let known = wanted.fields.iter().find(|known| known.0 == name);
            let known = known.or_else(|| {
                let mut fields = wanted.fields.iter();
                fields.find(|known| known.0.eq_ignore_ascii_case(name))
            });
            let Some(Field(name, embedded, shape)) = known else {
                if !self.is_json {
                    self.keep(format!("json: unknown field {name:?}"));
                }
                continue;
            };
            let (depth, converts) = (self.path.len(), self.converts);
            self.path.extend(embedded.iter().chain([name]));
            self.converts &= embedded.is_none();
            self.value(value, shape, wanted.name)?;
            self.converts = converts;
            self.path.truncate(depth);
        }
        Ok(())
    }

    fn value(&mut self, value: &Value, shape: &'static Shape, owner: &'static str) -> Checked {
        match (shape, value) {
            (_, Value::Null) => Ok(()),
            (Shape::Text, Value::String(_))
            | (Shape::Flag, Value::Bool(_))
            | (Shape::Map, Value::Object(_))
            | (Shape::List, Value::Array(_)) => Ok(()),
            (Shape::Time, Value::String(text)) => {
                time_error(text, TimeLayout::Rfc3339).map_or(Ok(()), Err)
            }
            (Shape::Time, _) => Err("Time.UnmarshalJSON: input is not a JSON string".to_owned()),
            (Shape::Text, Value::Bool(_) | Value::Number(_)) if self.converts => Ok(()),
            (Shape::Text, other) => self.refuse(other, owner, "string"),
            (Shape::Flag, other) => self.refuse(other, owner, "bool"),
            (Shape::Map, other) => self.refuse(other, owner, "map[string]interface {}"),
            (Shape::List, other) => self.refuse(other, owner, "[]interface {}"),
            (Shape::TextMap, Value::Object(map)) => {
                let mut values = map.values();
                values.try_for_each(|value| self.value(value, &Shape::Text, owner))
            }
            (Shape::TextMap, other) => self.refuse(other, owner, "map[string]string"),
            (Shape::Texts, Value::Array(items)) => {
                let mut items = items.iter();
                items.try_for_each(|item| self.value(item, &Shape::Text, owner))
            }
            (Shape::Texts, other) => self.refuse(other, owner, "[]string"),
            (Shape::Items(_, of), Value::Array(items)) => {
                let mut items = items.iter();
                items.try_for_each(|item| self.fields(item, of, owner))
            }
            (Shape::Items(list, _), other) => self.refuse(other, owner, list),
            (Shape::ByName(_, list, of), Value::Object(lists)) => {
                for value in lists.values() {
                    match value {
                        Value::Null => {}
                        Value::Array(items) => {
                            for item in items {
                                self.fields(item, of, owner)?;
                            }
                        }
                        other => self.refuse(other, owner, list)?,
                    }
                }
                Ok(())
            }
            (Shape::ByName(map, ..), other) => self.refuse(other, owner, map),
        }
    }
}
