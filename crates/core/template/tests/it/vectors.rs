//! Recorded vectors of Go, sprig and Helm.

use std::borrow::Cow;
use std::fs;

use serde_json::Value as Json;
use skein_template::{
    CallError, Function, FunctionMap, IntKind, Integers, Kind, Map, MissingKey, Object, Operand,
    Signature, Templates, Type, UintKind, Value, helm,
};

use crate::support::{Answer, answer, difference, go, lines, missing_key, report, shared};

/// The object of the vectors: a list of strings with methods.
#[derive(Debug)]
struct Versions(Vec<String>);

impl Object for Versions {
    fn type_name(&self) -> Cow<'static, str> {
        "main.VersionSet".into()
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn underlying(&self) -> Value {
        Value::strings(self.0.iter().map(String::as_str))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Has" => Some(Signature::parse("string -> bool")),
            "Len" => Some(Signature::parse("-> int")),
            _ => None,
        }
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
        Ok(match (name, arguments.first()) {
            ("Has", Some(Value::String(wanted))) => Value::Bool(
                self.0
                    .iter()
                    .any(|known| known.as_bytes() == wanted.as_bytes()),
            ),
            _ => Value::int(self.0.len() as i64),
        })
    }
}

/// Helm's functions with Go's own `slice`, which the recording left in place.
fn functions_with_go_slice() -> FunctionMap {
    let mut functions = helm::functions();
    functions.remove("slice");
    functions
}

#[test]
fn text_template_vectors() {
    let Some(folder) = shared("vectors/gotemplate") else {
        return;
    };
    let read = |name: &str| -> Vec<Json> {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let (cases, expected) = (read("cases.json"), read("expected.json"));
    assert_eq!(cases.len(), expected.len());
    let mut different = Vec::new();
    for (case, expected) in cases.iter().zip(&expected) {
        let text = case["tmpl"].as_str().unwrap();
        let data = Value::from_json(&case["data"], Integers::Float64);
        if let Value::Map(map) = &data
            && text.contains(".Cap")
        {
            let versions = Versions(vec!["v1".into(), "apps/v1".into()]);
            map.insert("Cap", Value::object(versions));
        }
        let wanted: Answer = match expected.get("out").and_then(Json::as_str) {
            Some(output) => Ok(output.to_owned()),
            None => Err(expected["err"].as_str().unwrap().to_owned()),
        };
        let functions = functions_with_go_slice();
        let got = go("t.yaml", text, &data, functions, missing_key(case));
        if got != wanted {
            different.push(difference(text, &wanted, &got));
        }
    }
    report("vectors/gotemplate", &different, 0);
}

/// Data of a recorded case in the Go type that it had; `None` for types that only Go's own tests have.
fn typed(case: &Json) -> Option<Value> {
    let data = case.get("data").unwrap_or(&Json::Null);
    let int = |kind| Some(Value::Int(kind, data.as_i64()?));
    let uint = |kind| Some(Value::Uint(kind, data.as_u64()?));
    match case["data_type"].as_str()? {
        "<nil>" => Some(Value::Nil),
        "int" => int(IntKind::Int),
        "int8" => int(IntKind::Int8),
        "int16" => int(IntKind::Int16),
        "int32" => int(IntKind::Int32),
        "int64" => int(IntKind::Int64),
        "uint" => uint(UintKind::Uint),
        "uint8" => uint(UintKind::Uint8),
        "uint16" => uint(UintKind::Uint16),
        "uint32" => uint(UintKind::Uint32),
        "uint64" => uint(UintKind::Uint64),
        "uintptr" => uint(UintKind::Uintptr),
        "complex128" => Some(Value::Complex(16.2, -17.0)),
        "float64" | "string" | "bool" | "[]int" | "map[string]int" | "map[string]string" => {
            Some(Value::from_json(data, Integers::Int64))
        }
        _ => None,
    }
}

/// The functions that Go's tests define.
fn go_test_functions() -> FunctionMap {
    let mut functions = helm::functions();
    functions.remove("slice");
    functions.insert(Function::new("die", "-> bool", |_, _| {
        Err(CallError::new("die"))
    }));
    functions.insert(Function::new(
        "oneArg",
        "string -> string",
        |_, a: &[Operand]| {
            let text = a[0].value.as_text().expect("a string").to_string();
            Ok(Value::text(format!("oneArg={text}")).into())
        },
    ));
    functions.insert(Function::new("mapOfThree", "-> map[string]int", |_, _| {
        let map = Map::typed(Type::Int(IntKind::Int), Default::default());
        map.insert("three", Value::int(3));
        Ok(Value::Map(map).into())
    }));
    functions
}

#[test]
fn execution_cases_of_go() {
    let Some(folder) = shared("real/template-cases") else {
        return;
    };
    let mut different = Vec::new();
    let mut compared = 0;
    for case in lines(&fs::read_to_string(folder.join("go-exec.jsonl")).unwrap()) {
        let text = case["input"].as_str().unwrap();
        // Two cases parse further files first, which the recording does not hold.
        let Some(data) = typed(&case).filter(|_| !text.contains("tmpl1.tmpl")) else {
            continue;
        };
        compared += 1;
        let name = case["name"].as_str().unwrap();
        let wanted = answer(&case);
        let got = go(name, text, &data, go_test_functions(), MissingKey::Invalid);
        if got != wanted {
            different.push(difference(text, &wanted, &got));
        }
    }
    assert!(compared > 70, "{compared} cases compared");
    report("go-exec", &different, 0);
}

#[test]
fn parse_cases_of_go() {
    let Some(folder) = shared("real/template-cases") else {
        return;
    };
    let mut different = Vec::new();
    for case in lines(&fs::read_to_string(folder.join("go-parse.jsonl")).unwrap()) {
        let (name, text) = (
            case["name"].as_str().unwrap(),
            case["input"].as_str().unwrap(),
        );
        let mut templates = Templates::new(Default::default(), Default::default());
        let got: Answer = templates
            .parse(name, text)
            .map(|()| templates.source(name).unwrap())
            .map_err(|error| error.to_string());
        let wanted: Answer = match case.get("tree").and_then(Json::as_str) {
            Some(tree) => Ok(tree.to_owned()),
            None => Err(case["error"].as_str().unwrap().to_owned()),
        };
        // Errors are recorded as parts of messages at times.
        let same = match (&got, &wanted) {
            (Err(got), Err(wanted)) => got.contains(wanted.as_str()),
            // Recorded with a bound of three, which only that test sets.
            (_, Err(wanted)) => wanted.ends_with("max expression depth exceeded"),
            (got, wanted) => got == wanted,
        };
        if !same {
            different.push(difference(text, &wanted, &got));
        }
    }
    report("go-parse", &different, 0);
}

/// Cases whose data JSON cannot hold, or of functions that Helm takes away, with the reason.
const OTHER_DATA: &[(&str, &str)] = &[
    (".Time", "times, recorded as text"),
    ("env ", "Helm removes it"),
    (".HashAlgorithm", "a newer sprig than the one in Helm"),
    ("typeOf .", "a struct of sprig's tests"),
    ("sprig.fixtureTO", "a struct of sprig's tests"),
    ("kindIs \"ptr\" .", "a struct of sprig's tests"),
];

#[test]
fn sprig_and_helm_function_cases() {
    let Some(folder) = shared("real/template-cases") else {
        return;
    };
    let mut different = Vec::new();
    for file in ["sprig.jsonl", "helm-funcs.jsonl"] {
        for case in lines(&fs::read_to_string(folder.join(file)).unwrap()) {
            let text = case["tpl"].as_str().unwrap();
            let other = OTHER_DATA.iter().any(|(part, _)| text.contains(part));
            // Without data: maps that hold themselves (made below), or that have other keys than strings.
            let no_json = file == "helm-funcs.jsonl"
                && (case.get("vars").is_none() || text.contains("mustToToml"));
            if other || no_json || case.get("nondet").is_some() {
                continue;
            }
            let data = Value::from_json(&case["vars"], Integers::Float64);
            let wanted = answer(&case);
            let got = go("test", text, &data, helm::functions(), MissingKey::Invalid);
            if got != wanted {
                different.push(difference(text, &wanted, &got));
            }
        }
    }
    // The wording of one error of the TOML reader.
    report("sprig and helm-funcs", &different, 1);
}

#[test]
fn maps_that_hold_themselves_are_no_json() {
    let map = Map::new();
    map.insert("self", map.clone());
    let data = Value::Map(map.clone());
    let render = |text| go("test", text, &data, helm::functions(), MissingKey::Invalid);
    assert_eq!(render("{{ toYaml . }}{{ toJson . }}"), Ok(String::new()));
    let wanted = "template: test:1:3: executing \"test\" at <mustToJson .>: error calling \
                  mustToJson: json: unsupported value: encountered a cycle via \
                  map[string]interface {}";
    assert_eq!(render("{{ mustToJson . }}"), Err(wanted.to_owned()));
    // Or the map is never freed.
    map.remove(b"self");
}
