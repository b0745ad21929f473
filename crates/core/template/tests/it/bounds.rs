//! Templates that would never end, or would fill the memory.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use skein_template::{
    Environment, ExecErrorKind, FixedEnvironment, Options, Templates, Value, helm,
};

use crate::support::chart;

fn kind_of(text: &str) -> ExecErrorKind {
    // Fewer steps than by default, for tests are not optimised.
    let mut options = Options::helm();
    options.limits.steps = 1_000_000;
    let mut templates = Templates::new(Arc::new(helm::functions()), options);
    templates.parse("t", text).expect("a template");
    let answer = templates.execute("t", &Value::Nil, &mut FixedEnvironment::default());
    answer.expect_err("a bound").kind()
}

#[test]
fn bombs_end_in_an_error() {
    for text in [
        "{{ until 1000000000 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ seq 1 1000000000 }}",
        "{{ repeat 1000000000 \"xxxxxxxx\" }}",
        "{{ indent 1000000000 \"x\" }}",
        "{{ randAlphaNum 1000000000 }}",
        "{{ range 9223372036854775807 }}{{ end }}",
        "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
        "{{ $x := repeat 60000000 \"x\" }}{{ replace \"x\" \"yyyyyyyyyyyyyyyy\" $x }}",
        "{{ $x := dict }}{{ $_ := set $x \"a\" $x }}{{ range 9999999999 }}{{ len $x }}{{ end }}",
    ] {
        assert_eq!(kind_of(text), ExecErrorKind::Limit, "{text}");
    }
}

#[test]
fn includes_of_themselves_end_as_in_helm() {
    let text = "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}";
    let error = chart(text, &json!({}), false).unwrap_err();
    let reason = "rendering template has a nested reference name: a: unable to execute template";
    assert!(error.ends_with(reason), "{}", &error[error.len() - 200..]);
    let text =
        "{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}";
    assert!(chart(text, &json!({}), false).is_err());
}

#[test]
fn deep_nesting_is_refused() {
    for text in [
        format!("{{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000)),
        format!(
            "{}{}",
            "{{ if 1 }}".repeat(20_000),
            "{{ end }}".repeat(20_000)
        ),
        format!(
            "{{{{ fromJson \"{}\" }}}}{{{{ fail \"x\" }}}}",
            "[".repeat(100_000)
        ),
    ] {
        assert!(chart(&text, &json!({}), false).is_err());
    }
}

struct Cancelled;

impl Environment for Cancelled {
    fn now(&mut self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn random(&mut self, _: &mut [u8]) {}

    fn is_cancelled(&mut self) -> bool {
        true
    }
}

#[test]
fn a_cancelled_rendering_ends() {
    let mut templates = Templates::new(Arc::new(helm::functions()), Options::helm());
    templates
        .parse("t", "{{ range 1000000 }}{{ . }}{{ end }}")
        .unwrap();
    let error = templates
        .execute("t", &Value::Nil, &mut Cancelled)
        .unwrap_err();
    assert!(error.to_string().ends_with("rendering was cancelled"));
}
