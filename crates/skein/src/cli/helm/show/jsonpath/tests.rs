//! What client-go finds.

use serde_json::{Value, json};

use super::{FindError, find, parse};

fn data() -> Value {
    json!({
        "kind": "List",
        "name": null,
        "ports": [80.0, 443.0, 8080.0],
        "users": [
            {"name": "myself", "user": {}, "on": true},
            {"name": "e2e", "user": {"password": "secret", "username": "admin"}, "on": false}
        ],
        "labels": {"kubernetes.io/hostname": "one", "short": "two"},
        "none": []
    })
}

/// The results, `|` between the parts of the template and a blank between those of one part.
fn found(template: &str) -> Result<String, FindError> {
    let data = data();
    let nodes = parse(template).unwrap();
    let parts = find(&nodes, &data)?;
    let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let part = |values: &super::Found<'_>| {
        let texts: Vec<String> = values.iter().map(|value| text(value)).collect();
        texts.join(" ")
    };
    Ok(parts.iter().map(part).collect::<Vec<_>>().join("|"))
}

#[test]
fn paths_find_what_client_go_finds() {
    for (template, wanted) in [
        ("no braces", "no braces"),
        ("kind is {.kind}!", "kind is |List|!"),
        ("{$.kind}{@.kind}", "List|List"),
        ("{.ports[0]}", "80.0"),
        ("{.ports[-1]}", "8080.0"),
        ("{.ports[0:2]}", "80.0 443.0"),
        ("{.ports[::2]}", "80.0 8080.0"),
        ("{.ports[1:1]}", ""),
        ("{.ports[*]}", "80.0 443.0 8080.0"),
        ("{.users[*].name}", "myself e2e"),
        ("{.users[*]['name', 'on']}", "myself e2e true false"),
        ("{.users[?(@.name==\"e2e\")].user.password}", "secret"),
        ("{.users[?(@.on==true)].name}", "myself"),
        ("{.users[?(@.user.password)].name}", "e2e"),
        ("{.ports[?(@>100.0)]}", "443.0 8080.0"),
        ("{.labels.kubernetes\\.io/hostname}", "one"),
        ("{.labels['short']}", "two"),
        ("{..name}", "null myself e2e"),
        (
            "{range .users[*]}{.name},{end}{.kind}",
            "myself|,|e2e|,|List",
        ),
        ("{range .users[*]}{.name}{\"\\t\"}{end}", "myself|\t|e2e|\t"),
        (
            "{range .users[*]}{range .user}{@}{end};{end}",
            "{}|;|{\"password\":\"secret\",\"username\":\"admin\"}|;",
        ),
        ("{\"{\"}", "{"),
        ("{1.5}", "1.5"),
    ] {
        assert_eq!(found(template).as_deref(), Ok(wanted), "{template}");
    }
}

#[test]
fn what_is_not_there_is_an_error() {
    for (template, wanted) in [
        ("{.nothing}", "nothing is not found"),
        (
            "{.ports[3]}",
            "array index out of bounds: index 3, length 3",
        ),
        (
            "{.ports[2:1]}",
            "starting index 2 is greater than ending index 1",
        ),
        ("{.kind[0]}", "a value is not array or slice"),
        (
            "{.ports[?(@>100)]}",
            "values of these types cannot be compared",
        ),
        ("{end}", "not in range, nothing to end"),
        ("{hello}", "unrecognized identifier hello"),
    ] {
        let problem = found(template).map_err(|problem| problem.to_string());
        assert_eq!(problem, Err(wanted.to_owned()), "{template}");
    }
}

#[test]
fn broken_templates_are_refused_in_the_words_of_client_go() {
    for (template, wanted) in [
        ("{.kind", "unclosed action"),
        ("{.ports[0}", "unterminated array"),
        ("{.ports[x]}", "invalid array index x"),
        ("{.ports[?(@.a}", "unterminated filter"),
        ("{.ports[?(@.a)x}", "unclosed array expect ]"),
        ("{\"a}", "unterminated quoted string"),
        ("{....}", "invalid multiple recursive descent"),
        ("{*}", "unrecognized character in action: U+002A '*'"),
        ("{-}", "cannot parse number -"),
    ] {
        let problem = parse(template).map_err(|problem| problem.to_string());
        assert_eq!(problem, Err(wanted.to_owned()), "{template}");
    }
}
