//! Tests of envsubst by table and against recorded answers.

use super::*;

fn lenient(text: &str) -> Result<String, EnvsubstError> {
    let lookup = |name: &str| Some(if name == "v" { "Hello World" } else { "" });
    substitute(text, &lookup).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
}

#[test]
fn documented_forms() {
    for (input, expected) in [
        ("${v}", "Hello World"),
        ("$v {{ $v }}", "$v {{ $v }}"),
        ("$${v}", "${v}"),
        ("a$$b $$v", "a$b $v"),
        ("${#v}", "11"),
        ("${v,} ${v^^}", "hello World HELLO WORLD"),
        ("${v:6} ${v:0:5} ${v:6:100}|${v:100}", "World Hello World|"),
        ("${v: -3}", "Hello World"),
        ("${v:1:-1}", "ello Worl"),
        ("${m:-d} ${m:=d} ${m=d} ${m:+d} ${m:?err}", "d d d d err"),
        ("${m:-${v}}", "Hello World"),
        (
            "${v#*o} ${v##*o} ${v%o*} ${v%%o*}",
            " World rld Hello W Hell",
        ),
        (
            "${v/ /\\/} ${v//l/L} ${v/#H/J} ${v/%d/t} ${v/Hello/}",
            "Hello/World HeLLo WorLd Jello World Hello Worlt  World",
        ),
        ("${m:=a}b}", "ab}"),
    ] {
        assert_eq!(lenient(input).as_deref(), Ok(expected), "{input}");
    }
}

#[test]
fn refused_forms() {
    for (input, expected) in [
        ("${m-d}", EnvsubstError::MissingClosingBrace),
        ("${v.x}", EnvsubstError::MissingClosingBrace),
        ("${v", EnvsubstError::MissingClosingBrace),
        ("${}", EnvsubstError::VariableName),
        ("${ v }", EnvsubstError::VariableName),
        ("${v//X}", EnvsubstError::BadSubstitution),
        ("${v::3}", EnvsubstError::Argument),
    ] {
        assert_eq!(lenient(input), Err(expected), "{input}");
    }
}

#[test]
fn strict_mode_names_the_variable() {
    let error = substitute("${m^^}", &|_| None).expect_err("not set");
    assert_eq!(error.to_string(), "variable not set (strict mode): \"m\"");
    assert_eq!(substitute("${m:-x}", &|_| None), Ok(b"x".to_vec()));
}

#[test]
fn bounded() {
    let deep = "${m:-".repeat(MAX_NESTING + 1);
    assert_eq!(
        substitute(&deep, &|_| Some("")),
        Err(EnvsubstError::TooDeep)
    );
    let value = "x".repeat(MAX_OUTPUT_BYTES / 2);
    let lookup = |_: &str| Some(value.as_str());
    assert_eq!(
        substitute("${a}${a}${a}", &lookup),
        Err(EnvsubstError::TooLarge)
    );
    assert_eq!(
        substitute("${a//x/yyyy}", &lookup),
        Err(EnvsubstError::TooLarge)
    );
}
