//! Charts that would fill the memory or never end: each is rendered by a process that may have little of either, and ends with an error.

use std::process::Command;

use crate::bad_input::{chart, failure};

/// Most memory of a process, in KiB.
const MEMORY_KIB: u64 = 3 << 20;
/// Most CPU time of a process, in seconds; nothing here is optimised.
const CPU_SECONDS: u64 = 240;
/// Which bomb a process renders.
const CHOICE: &str = "SKEIN_TEST_BOMB";

/// Template, and a word of the error.
const BOMBS: &[(&str, &str)] = &[
    (
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "nested reference",
    ),
    (
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "depth",
    ),
    ("{{ tpl .Values.recursive . }}", "recursive"),
    ("{{ until 1000000000 }}", "steps"),
    ("{{ range until 1000000000 }}x{{ end }}", "until"),
    ("{{ seq 1 1000000000 }}", "steps"),
    ("{{ repeat 1000000000 \"x\" }}", "limit"),
    ("{{ indent 100000 (repeat 100000 \"\\n\") }}", "limit"),
    (
        "{{ replace \"\" (repeat 100000 \"y\") (repeat 100000 \"x\") }}",
        "limit",
    ),
    ("{{ join (repeat 100000 \"x\") (until 100000) }}", "limit"),
    // Doubling texts.
    (
        "{{ $x := \"0123456789abcdef\" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}",
        "limit",
    ),
    (
        "{{ $x := \"a\" }}{{ range until 60 }}{{ $x = quote $x }}{{ end }}",
        "limit",
    ),
    (
        "{{ $x := \"<\" }}{{ range until 60 }}{{ $x = html (print $x $x) }}{{ end }}",
        "limit",
    ),
    (
        "{{ $x := \"abc\" }}{{ range until 200 }}{{ $x = b64enc $x }}{{ end }}",
        "limit",
    ),
    // Texts that are all kept.
    (
        "{{ $d := dict }}{{ range $i := until 100000 }}{{ $_ := set $d (toString $i) (repeat 1000000 \"x\") }}{{ end }}",
        "steps",
    ),
    // Few maps that hold each other many times.
    (
        "{{ $d := dict \"a\" 1 }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ toYaml $d }}",
        "parts",
    ),
    (
        "{{ $d := dict \"a\" 1 }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ toYamlPretty $d }}",
        "parts",
    ),
    (
        "{{ $d := dict \"a\" 1 }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ toJson $d }}",
        "limit",
    ),
    (
        "{{ $d := dict \"a\" 1 }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ toToml $d }}",
        "limit",
    ),
    (
        "{{ $d := dict \"a\" 1 }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ deepCopy $d | len }}",
        "parts",
    ),
    (
        "{{ $d := list 1 }}{{ range until 60 }}{{ $d = list $d $d }}{{ end }}{{ $e := list 1 }}{{ range until 60 }}{{ $e = list $e $e }}{{ end }}{{ if deepEqual $d $e }}{{ fail \"both are equal\" }}{{ end }}",
        "both are equal",
    ),
    (
        "{{ $d := dict \"a\" 1 }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ $e := dict \"a\" 1 }}{{ range until 60 }}{{ $e = dict \"a\" $e \"b\" $e }}{{ end }}{{ merge $d $e | len }}",
        "steps",
    ),
    (
        "{{ $d := dict }}{{ $_ := set $d \"a\" $d }}{{ mustToJson $d }}",
        "cycle",
    ),
    (
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}",
        "steps",
    ),
    // Lists and maps that are all kept.
    (
        "{{ $d := dict }}{{ range $i := until 1000 }}{{ $_ := set $d (toString $i) 1 }}{{ end }}{{ $l := list }}{{ range until 1000000 }}{{ $l = append $l (deepCopy $d) }}{{ end }}",
        "steps",
    ),
    (
        "{{ $d := dict }}{{ range $i := until 1000 }}{{ $_ := set $d (toString $i) 1 }}{{ end }}{{ $l := list }}{{ range until 1000000 }}{{ $l = append $l (omit $d \"x\") }}{{ end }}",
        "steps",
    ),
    // One text with very many parts.
    ("{{ splitList \"\" (repeat 30000000 \"x\") }}", "steps"),
    ("{{ split \",\" (repeat 30000000 \",\") }}", "steps"),
    (
        "{{ regexFindAll \".\" (repeat 30000000 \"x\") -1 }}",
        "steps",
    ),
    ("{{ regexSplit \"x\" (repeat 30000000 \"x\") -1 }}", "steps"),
    (
        "{{ fromJsonArray (printf \"[%s0]\" (repeat 10000000 \"0,\")) }}",
        "steps",
    ),
    (
        "{{ fromYamlArray (printf \"[%s0]\" (repeat 10000000 \"0,\")) }}",
        "steps",
    ),
    ("{{ fromYamlArray (repeat 10000000 \"- \\n\") }}", "steps"),
    (
        "{{ fromToml (printf \"a = [%s0]\" (repeat 10000000 \"0,\")) }}",
        "steps",
    ),
    // Searches that start over at each place.
    (
        "{{ $x := repeat 10000000 \"a\" }}{{ if contains (print (repeat 100000 \"a\") \"b\") $x }}{{ end }}{{ fail \"searched\" }}",
        "searched",
    ),
    (
        "{{ $x := trimAll (print (repeat 10000000 \"b\") \"a\") (repeat 10000000 \"a\") }}{{ fail \"trimmed\" }}",
        "trimmed",
    ),
    (
        "{{ $x := printf (repeat 1000000 \"%d\") 1 }}{{ fail \"printed\" }}",
        "printed",
    ),
    (
        "{{ $x := regexMatch \"[a-z]*b[a-z]{1000}c\" (repeat 10000000 \"b\") }}{{ fail \"looked for\" }}",
        "looked for",
    ),
    // Much work with little text.
    (
        "{{ $x := repeat 10000000 \"x\" }}{{ range until 100000 }}{{ $_ := sha256sum $x }}{{ end }}",
        "steps",
    ),
    (
        "{{ range $i := until 100000 }}{{ $_ := regexMatch (printf \"^[a-z]{30}%d\" $i) \"x\" }}{{ end }}",
        "steps",
    ),
    (
        "{{ mustRegexMatch \"((a{1000}){1000}){1000}\" \"x\" }}",
        "regexp",
    ),
    (
        "{{ range until 100000 }}{{ $_ := genPrivateKey \"rsa\" }}{{ end }}",
        "steps",
    ),
    (
        "{{ range until 100000 }}{{ $_ := bcrypt \"x\" }}{{ end }}",
        "steps",
    ),
    (
        "{{ $s := sha256sum \"x\" }}{{ $l := list }}{{ range until 3000 }}{{ $l = append $l $s }}{{ end }}{{ range until 10000 }}{{ $_ := uniq $l }}{{ end }}{{ range until 10000 }}{{ $_ := sortAlpha $l }}{{ end }}",
        "steps",
    ),
    (
        "{{ $x := \"a: &a [x,x,x,x,x,x,x,x,x]\\n\" }}{{ range tuple \"b a\" \"c b\" \"d c\" \"e d\" \"f e\" \"g f\" \"h g\" \"i h\" }}{{ $p := splitList \" \" . }}{{ $a := last $p }}{{ $x = printf \"%s%s: &%s [*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s]\\n\" $x (first $p) (first $p) $a $a $a $a $a $a $a $a $a }}{{ end }}{{ fail (get (fromYaml $x) \"Error\") }}",
        "excessive aliasing",
    ),
];

#[test]
fn bombs_end_in_small_processes() {
    let program = std::env::current_exe().expect("this program has a path");
    for (number, (template, word)) in BOMBS.iter().enumerate() {
        let script = format!(
            "ulimit -v {MEMORY_KIB} && ulimit -t {CPU_SECONDS} && exec \"$0\" --exact bombs::one_bomb --nocapture"
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .arg(&program)
            .env(CHOICE, number.to_string())
            .output()
            .expect("a shell starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let shown: String = text.chars().take(2_000).collect();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{template}: {shown}\n{problem}");
        assert!(text.contains(word), "{template}: {shown}");
    }
}

/// What each process of the test above does; by itself it has nothing to do.
#[test]
fn one_bomb() {
    let Ok(choice) = std::env::var(CHOICE) else {
        return;
    };
    let (template, _) = BOMBS[choice.parse::<usize>().expect("a number")];
    let chart = chart(&[("templates/a.yaml", template)]);
    let error = failure(&chart, "recursive: '{{ tpl .Values.recursive . }}'");
    let end: String = error.chars().rev().take(600).collect();
    println!("{}", end.chars().rev().collect::<String>());
}
