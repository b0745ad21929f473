//! Expressions as Kubernetes and Flux users write them.

use std::sync::Arc;

use serde_json::{Value, json};
use skein_cel::typed::{Form, Shape, TypedRule};
use skein_cel::{CompileError, Data, Output, Program};

fn run(expression: &str, this: &Value) -> Result<bool, String> {
    let program = Program::compile(expression, &["self", "dep"]).map_err(|e| e.to_string())?;
    program
        .eval_bool(&[("self", this), ("dep", this)])
        .map_err(|error| error.cause())
}

fn holds(expression: &str, this: &Value) {
    assert_eq!(run(expression, this), Ok(true), "{expression}");
}

#[test]
fn flux_expressions() {
    let object = json!({
        "metadata": { "name": "second", "generation": 2, "labels": { "stage": "second" } },
        "status": { "observedGeneration": 2, "conditions": [
            { "type": "Ready", "status": "True", "observedGeneration": 2 },
        ] },
        "spec": { "replicas": 3 },
    });
    for expression in [
        "dep.metadata.?labels['stage'].orValue('') == self.metadata.name",
        "self.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
        "self.status.conditions.filter(c, c.type == 'Ready').all(c, c.status == 'True' && c.observedGeneration == self.metadata.generation)",
        "has(self.status.observedGeneration) && !has(self.status.other)",
        "self.spec.replicas == 3.0 && self.spec.replicas < 3.5",
        "self.metadata.?annotations.orValue({}).size() == 0",
        "self.metadata.name.startsWith('sec') && self.metadata.name.matches('^s.*d$')",
        "sets.contains(['a', 'b'], ['a'])",
        "base64.encode(b'hello') == 'aGVsbG8='",
        "timestamp('2026-01-01T00:00:00Z') + duration('1h') < timestamp('2026-01-02T00:00:00Z')",
    ] {
        holds(expression, &object);
    }
}

#[test]
fn kubernetes_libraries() {
    for expression in [
        "[1, 2, 3].isSorted() && ![2, 1].isSorted() && ['a', 'b'].isSorted()",
        "[1, 2, 3].sum() == 6 && [1.5, 2.0].sum() == 3.5 && [3, 1, 2].min() == 1 && [3, 1, 2].max() == 3",
        "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2 && [1].indexOf(9) == -1",
        "'abc 123'.find('[0-9]+') == '123' && 'abc'.find('[0-9]+') == ''",
        "'1 2 3'.findAll('[0-9]') == ['1', '2', '3'] && '1 2 3'.findAll('[0-9]', 2) == ['1', '2']",
        "url('https://example.com:8443/a/b?x=1&x=2').getHost() == 'example.com:8443'",
        "url('https://example.com:8443/a').getHostname() == 'example.com' && url('https://e:80/').getPort() == '80'",
        "url('https://[::1]:80/').getHostname() == '::1' && url('/path').getEscapedPath() == '/path'",
        "url('https://e/?x=1&x=2').getQuery()['x'] == ['1', '2']",
        "isURL('https://example.com') && !isURL('example.com')",
        "isIP('10.0.0.1') && !isIP('10.0.0') && ip('::1').family() == 6 && ip('127.0.0.1').isLoopback()",
        "ip.isCanonical('127.0.0.1') && !ip.isCanonical('::0001') && string(ip('10.0.0.1')) == '10.0.0.1'",
        "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        "cidr('10.1.2.3/8').prefixLength() == 8 && isCIDR('::/0') && !isCIDR('10.0.0.0/33')",
        "quantity('1Gi') == quantity('1024Mi') && quantity('500m').add(quantity('500m')) == quantity('1')",
        "quantity('1.5').isGreaterThan(quantity('1')) && quantity('2').compareTo(quantity('1k')) == -1",
        "quantity('2').sub(1).asInteger() == 1 && quantity('1').sign() == 1 && !quantity('1.5').isInteger()",
        "isQuantity('1.3Gi') && !isQuantity('1.3 G') && quantity('500m').asApproximateFloat() == 0.5",
        "semver('1.2.3').isLessThan(semver('1.3.0')) && semver('1.2.3').minor() == 2 && !isSemver('v1.0')",
        "isSemver('v1.0', true) && semver('v1.0', true) == semver('1.0.0')",
        "!format.dns1123Label().validate('my-name').hasValue()",
        "format.dns1123Label().validate('My_Name').hasValue() && format.named('uuid').hasValue()",
        "'a,b'.split(',') == ['a', 'b'] && ['x', 'y'].join('-') == 'x-y' && 'AbC'.lowerAscii() == 'abc'",
        "math.greatest(1, 2) == 2",
    ] {
        holds(expression, &json!({}));
    }
}

#[test]
fn refusals_read_as_flux_shows_them() {
    let error = Program::compile("dep.status. ==", &["self", "dep"]).expect_err("no expression");
    assert_eq!(
        error.to_string(),
        "failed to parse the CEL expression 'dep.status. ==': ERROR: <input>:1:13: Syntax error: no viable alternative at input '. =='\n | dep.status. ==\n | ............^\nERROR: <input>:1:15: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | dep.status. ==\n | ..............^"
    );
    let text = error.to_string();
    assert!(
        text.starts_with("failed to parse the CEL expression 'dep.status. ==': ERROR: <input>:1:"),
        "{text}"
    );
    assert!(text.contains("\n | dep.status. ==\n | ...."), "{text}");

    let error = Program::compile_bool("dep.metadata.name", &["self", "dep"]).expect_err("no bool");
    assert_eq!(
        error.to_string(),
        "CEL expression output type mismatch: expected bool, got dyn"
    );

    let error = Program::compile("other.x == 1", &["self"]).expect_err("unknown name");
    assert_eq!(
        error.to_string(),
        "failed to parse the CEL expression 'other.x == 1': ERROR: <input>:1:1: undeclared reference to 'other' (in container '')\n | other.x == 1\n | ^"
    );
    assert!(matches!(
        Program::compile("nope(1)", &[]),
        Err(CompileError::Syntax { .. })
    ));
    // Names bound by a comprehension are known inside it only.
    assert!(Program::compile("self.all(x, x > 0)", &["self"]).is_ok());
    assert!(Program::compile("self.all(x, x > 0) && x", &["self"]).is_err());
}

#[test]
fn run_time_errors_name_the_cause() {
    assert_eq!(
        run("self.missing == 1", &json!({})),
        Err("no such key: missing".to_owned())
    );
    assert_eq!(
        run("1 / 0 == 1", &json!({})),
        Err("division by zero".to_owned())
    );
    assert_eq!(
        run("self.a + 1 == 2", &json!({ "a": "x" })),
        Err("no such overload".to_owned())
    );
    let error = Program::parse("self.a")
        .expect("parses")
        .eval_bool(&[("self", &json!({ "a": 1 }))]);
    assert_eq!(
        error.expect_err("no bool").to_string(),
        "failed to evaluate CEL expression as boolean: 'self.a'"
    );
}

#[test]
fn limits_hold() {
    let long = format!("'{}' == ''", "x".repeat(70_000));
    assert!(matches!(
        Program::parse(&long),
        Err(CompileError::TooLong { .. })
    ));
    let nested = "l.all(a, l.all(b, l.all(c, l.all(d, l.all(e, true)))))";
    assert!(matches!(
        Program::parse(nested),
        Err(CompileError::TooComplex { .. })
    ));
}

#[test]
fn outputs_are_told_before_the_run() {
    let output = |source: &str| Program::parse(source).expect("parses").output();
    assert_eq!(output("self.a > 1 ? true : false"), Output::Bool);
    assert_eq!(output("self.items.exists(i, i > 1)"), Output::Bool);
    assert_eq!(output("self.items.exists_one(i, i > 1)"), Output::Bool);
    assert_eq!(output("'a' + 'b'"), Output::String);
    assert_eq!(output("self.items.map(i, i)"), Output::List);
    assert_eq!(output("self.a"), Output::Dyn);
}

#[test]
fn times_and_optionals_can_be_passed() {
    let program =
        Program::compile("self > timestamp('2026-01-01T00:00:00Z')", &["self"]).expect("compiles");
    let later = Data::timestamp("2026-02-01T00:00:00Z");
    assert_eq!(program.run_bool(&[("self", later)]), Ok(true));
    let program = Program::compile("self == duration('90s')", &["self"]).expect("compiles");
    assert_eq!(
        program.run_bool(&[("self", Data::duration("1m30s"))]),
        Ok(true)
    );
    let program = Program::compile("!oldSelf.hasValue() || oldSelf.value() == 1", &["oldSelf"])
        .expect("compiles");
    assert_eq!(
        program.run_bool(&[("oldSelf", Data::optional(None))]),
        Ok(true)
    );
    let old = Data::optional(Some(Data::json(&json!(2))));
    assert_eq!(program.run_bool(&[("oldSelf", old)]), Ok(false));
}

/// Where we differ from cel-go in the environment of Kubernetes 1.36, and why.
const KNOWN_DIFFERENCES: &[(&str, &str)] = &[
    ("quantity('-5').sign()", "upstream forgets to declare it"),
    (
        "'abc'.reverse()",
        "Flux's environment has it, Kubernetes' has not",
    ),
    (
        "base64.encode(b'hi')",
        "Flux's environment has it, Kubernetes' has not",
    ),
    (
        "math.greatest([1, 3, 2])",
        "neither has it; the extension is harmless",
    ),
    ("math.abs(-3)", "neither has it; the extension is harmless"),
    ("isQuantity('.')", "upstream takes a lone dot"),
    ("1 == 1.0", "types are not checked before the run"),
    (
        "{'a': 1} == {'a': 1.0}",
        "types are not checked before the run",
    ),
    (
        "timestamp('2023-01-01T00:00:00+02:00').getHours()",
        "parts of literal times keep their zone",
    ),
];

/// Same JSON, whole numbers and fractions alike.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-9,
        _ => a == b,
    }
}

#[test]
fn answers_are_those_of_cel_go() {
    let this =
        json!({ "n": 3.0, "list": [1.0, 2.0, 3.0], "m": { "a": 1.0, "b": 2.0 }, "nul": null });
    for line in include_str!("vectors.txt").lines() {
        let (expression, wanted) = line.split_once('\t').expect("an expression and an answer");
        let answer = match Program::compile(expression, &["self"]) {
            Err(_) => json!("compile-error"),
            Ok(program) => match program.eval(&[("self", &this)]) {
                Ok(value) => value,
                Err(error) => json!(format!("error: {}", error.cause())),
            },
        };
        let wanted = serde_json::from_str(wanted).unwrap_or_else(|_| json!(wanted));
        let known = KNOWN_DIFFERENCES
            .iter()
            .any(|(known, _)| *known == expression);
        assert_eq!(
            same(&answer, &wanted),
            !known,
            "{expression}: {answer}, cel-go says {wanted}"
        );
    }
}

#[test]
fn loops_may_have_two_variables() {
    for expression in [
        "[5, 6].exists_one(i, v, i == 1 && v == 6)",
        "[[1], [2, 3]].all(i, l, l.all(j, v, v > i))",
        "[1, 2, 3].transformList(i, v, v > 1, v * 10) == [20, 30]",
        "{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)",
    ] {
        holds(expression, &json!({}));
    }
    assert!(Program::compile("[1].all(1, v, true)", &[]).is_err());
}

/// The issues of a rule over an object with a few fields; the places and words are those of a real kube-apiserver 1.36.
#[test]
fn rules_are_checked_against_the_types_of_their_values() {
    let text = |most: u64| Shape {
        form: Form::String,
        most_elements: most,
        fewest_bytes: 2,
    };
    let list = |items: Shape, most: u64| Shape {
        form: Form::List(Box::new(items)),
        most_elements: most,
        fewest_bytes: 2,
    };
    let fields = [
        ("n", Shape::plain(Form::Int, 1)),
        ("s", text(40)),
        ("l", list(text(20), 5)),
        ("unbounded", list(text(3_145_726), 1_048_575)),
    ];
    let fields = fields.map(|(name, shape)| (name.to_owned(), shape));
    let shape = Arc::new(Shape::plain(Form::Object(fields.into_iter().collect()), 2));
    let check = |rule: &str| TypedRule::check(rule, &shape, false);
    for (rule, issue) in [
        ("self.none > 1", "1:5: undefined field 'none'"),
        (
            "self.n > 'a'",
            "1:8: found no matching overload for '_>_' applied to '(int, string)'",
        ),
        (
            "self.l.sum() > 1",
            "1:11: found no matching overload for 'sum' applied to 'list(string).()'",
        ),
        (
            "self.n.all(x, x)",
            "1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
        (
            "nobody == 1",
            "1:1: undeclared reference to 'nobody' (in container '')",
        ),
        (
            "[1, 'a'].size() > 1",
            "1:5: expected type 'int' but found 'string'",
        ),
        ("self.s.matches('[')", "1:16: invalid matches argument"),
        (
            "self.n && true",
            "1:5: expected type 'bool' but found 'int'",
        ),
    ] {
        let error = check(rule).expect_err(rule).to_string();
        assert!(
            error.contains(&format!("<input>:{issue}")),
            "{rule}: {error}"
        );
    }
    let worst = |rule: &str| check(rule).expect(rule).worst_cost();
    assert!(worst("self.n > 1") < 10);
    assert!(worst("self.l.all(x, x.size() > 1)") < 1_000);
    let cubic = "self.unbounded.all(x, self.unbounded.all(y, self.unbounded.all(z, x == y + z)))";
    assert_eq!(worst(cubic), u64::MAX, "a product that no number holds");
    let old = check("oldSelf.n == self.n").expect("typed");
    assert!(old.is_bool() && old.uses_old_self());
    assert!(!check("self.n").expect("typed").is_bool());
    assert!(check("'x' + string(self.n)").expect("typed").is_string());
    let optional = TypedRule::check("oldSelf.hasValue()", &shape, true);
    assert!(optional.expect("an optional").is_bool());
    for rule in [
        "self.l.exists_one(x, x == 'a')",
        "self.l.map(x, x + 'a').size() > 0",
        "self.l.all(i, v, i < 3 && v != '')",
        "self.l.transformMap(i, v, v + 'x').size() > 0",
        "self.?s.orValue('x') == 'x'",
        "self.?s.optMap(v, v + 'x').orValue('') == 'x'",
        "self.?s.optFlatMap(v, optional.of(v.size())).orValue(0) == 1",
        "self.l[?0].hasValue()",
        "has(self.s) && self.s.split(',').size() > 1",
        "type(self.n) == int",
        "dyn(self.n) > 1.5",
        "sets.contains(self.l, ['a'])",
        "quantity(self.s).isGreaterThan(quantity('1'))",
        "format.dns1123Label().validate(self.s).hasValue()",
        "cidr(self.s).containsIP('1.2.3.4')",
    ] {
        assert!(check(rule).is_ok_and(|typed| typed.is_bool()), "{rule}");
    }
}

#[test]
fn optional_values_are_mapped() {
    let this = json!({ "m": { "a": 1 }, "t": { "n": { "x": 5 } } });
    holds("self.m.?a.optMap(v, v + 1).orValue(0) == 2", &this);
    holds("self.m.?b.optMap(v, v + 1).orValue(0) == 0", &this);
    holds(
        "self.?t.optFlatMap(v, v.?n).optMap(n, n.x).orValue(0) == 5",
        &this,
    );
    holds("!self.?none.optFlatMap(v, v.?n).hasValue()", &this);
    holds(
        "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2) == {'b': 4}",
        &this,
    );
    holds(
        "{'a': 'x'}.transformMapEntry(k, v, {v: k}) == {'x': 'a'}",
        &this,
    );
}

/// cel-go tries a chain of fields as one name first, and tells that name.
#[test]
fn what_is_missing_is_told_by_its_longest_name() {
    let status = json!({"phase": "Good"});
    for (expression, missing) in [
        ("!has(absent.phase)", "absent.phase"),
        ("absent", "absent"),
        (
            "status.phase == 'Good' && absent['a'].b[0].c == 1",
            "absent.a.b",
        ),
        ("[1].all(x, absent.list.size() == x)", "absent.list"),
    ] {
        let program = Program::parse(expression).unwrap();
        let error = program.eval_bool(&[("status", &status)]).unwrap_err();
        let expected = format!("no such attribute(s): {missing}");
        assert_eq!(error.cause(), expected, "{expression}");
    }
}
