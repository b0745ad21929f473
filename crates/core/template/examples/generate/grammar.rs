//! Expressions and templates at random, by the kinds of things that the functions are about.

use crate::random::Random;
use crate::words::Words;

/// Depth of calls in calls.
const DEPTH: usize = 3;
/// Depth of controls in controls.
const NESTING: usize = 3;
/// One argument in so many is of another kind than it should be.
const ODD_IN_CALLS: usize = 14;
const ODD_IN_PROGRAMS: usize = 60;

/// What one argument is about, and whether any number of such may follow.
struct Parameter {
    kind: String,
    many: bool,
}

/// A function of the list; `tail` is what its result is piped through because its order is random.
struct Function {
    name: String,
    parameters: Vec<Parameter>,
    tail: String,
}

/// Writes templates.
pub struct Grammar {
    random: Random,
    words: Words,
    functions: Vec<Function>,
    /// Variables that are visible.
    variables: Vec<String>,
    loops: usize,
    /// Controls around the next piece that may set the dot.
    inside: usize,
    /// How seldom an argument is of another kind than it should be.
    odd: usize,
}

impl Grammar {
    pub fn new(seed: u64) -> Self {
        let lines = include_str!("functions.txt").lines();
        let functions = lines
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
            .map(|line| {
                let (call, tail) = match line.split_once('|') {
                    Some((call, tail)) => (call, format!(" | {}", tail.trim())),
                    None => (line, String::new()),
                };
                let mut words = call.split_whitespace();
                let name = words.next().unwrap_or_default().to_owned();
                let parameters = words.map(|word| Parameter {
                    kind: word.trim_end_matches('*').to_owned(),
                    many: word.ends_with('*'),
                });
                Function {
                    name,
                    parameters: parameters.collect(),
                    tail,
                }
            })
            .collect();
        Self {
            random: Random::new(seed),
            words: Words::read(),
            functions,
            variables: Vec::new(),
            loops: 0,
            inside: 0,
            odd: ODD_IN_CALLS,
        }
    }

    /// One template: a call of a function, or a program.
    pub fn template(&mut self) -> String {
        self.variables.clear();
        self.loops = 0;
        self.inside = 0;
        self.odd = ODD_IN_CALLS;
        match self.random.below(10) {
            0..=4 => self.calls(),
            5 => self.syntax(),
            _ => {
                // The first error ends a program.
                self.odd = ODD_IN_PROGRAMS;
                let mut text = String::new();
                if self.random.chance(4) {
                    text.push_str(&self.definition());
                }
                for _ in 0..=self.random.below(3) {
                    text.push_str(&self.piece(NESTING));
                }
                text
            }
        }
    }

    /// A call whose result is shown with its type.
    fn calls(&mut self) -> String {
        let call = self.call(DEPTH);
        match self.random.below(6) {
            0 => format!("{{{{ {call} | typeOf }}}}:{{{{ {call} }}}}"),
            1 => format!("{{{{ {call} | toJson }}}}"),
            2 => format!("{{{{ printf \"%#v %T\" ({call}) ({call}) }}}}"),
            3 => format!("{{{{ {call} | toYaml }}}}"),
            _ => format!("{{{{ {call} }}}}"),
        }
    }

    fn call(&mut self, depth: usize) -> String {
        let at = self.random.below(self.functions.len());
        self.call_of(at, depth)
    }

    fn call_of(&mut self, at: usize, depth: usize) -> String {
        let mut kinds: Vec<String> = Vec::new();
        let function = &self.functions[at];
        let (name, tail) = (function.name.clone(), function.tail.clone());
        for parameter in &function.parameters {
            let count = match parameter.many {
                true => self.random.below(4),
                false => 1,
            };
            for _ in 0..count {
                kinds.push(parameter.kind.clone());
            }
        }
        // Now and then an argument is missing, or there is one too many.
        if self.random.chance(40) {
            kinds.pop();
        } else if self.random.chance(40) {
            kinds.push("any".to_owned());
        }
        let piped = !kinds.is_empty() && self.random.chance(4);
        let mut words: Vec<String> = kinds
            .iter()
            .map(|kind| self.argument(kind, depth))
            .collect();
        if piped {
            let last = words.pop().unwrap_or_default();
            let last = last.trim_start_matches('(').trim_end_matches(')');
            // What was in parentheses may be a pipeline of its own; a plain word stays one.
            if !last.contains(['(', ')', '"', '`']) {
                return format!("{last} | {name} {}{tail}", words.join(" "));
            }
            words.push(".Values".to_owned());
        }
        if words.is_empty() {
            return format!("{name}{tail}");
        }
        format!("{name} {}{tail}", words.join(" "))
    }

    /// A word that can stand as an argument of this kind, or, rarely, of another.
    fn argument(&mut self, kind: &str, depth: usize) -> String {
        if self.random.chance(self.odd) {
            return self.word("any");
        }
        if kind == "any" && !self.variables.is_empty() && self.random.chance(3) {
            let at = self.random.below(self.variables.len());
            return self.variables[at].clone();
        }
        if kind == "pairs" {
            return match self.random.below(2) {
                0 => self.word("key"),
                _ => self.argument("any", depth),
            };
        }
        if depth > 0 && self.random.chance(4) {
            return format!("({})", self.call(depth - 1));
        }
        self.word(kind)
    }

    fn word(&mut self, kind: &str) -> String {
        let words = self.words.of(kind);
        let word = &words[self.random.below(words.len())];
        // The top of a chart is more than the cases give; inside of a control the dot is something else.
        match word.as_str() {
            "." if self.inside == 0 => ".Values".to_owned(),
            "$" => "$.Values".to_owned(),
            word => word.to_owned(),
        }
    }

    fn pipeline(&mut self) -> String {
        let mut text = match self.random.below(3) {
            0 => self.argument("any", 1),
            _ => self.call(DEPTH - 1),
        };
        for _ in 0..self.random.below(3) {
            text.push_str(&self.word("filter"));
        }
        text
    }

    fn action(&mut self, inner: &str) -> String {
        let left = if self.random.chance(5) { "{{- " } else { "{{ " };
        let right = if self.random.chance(5) { " -}}" } else { " }}" };
        format!("{left}{inner}{right}")
    }

    fn definition(&mut self) -> String {
        self.inside += 1;
        let body = self.piece(1);
        self.inside -= 1;
        self.variables.clear();
        format!("{{{{ define \"one\" }}}}<{body}>{{{{ end }}}}")
    }

    fn body(&mut self, nesting: usize) -> String {
        let visible = self.variables.len();
        let text: String = (0..=self.random.below(2))
            .map(|_| self.piece(nesting))
            .collect();
        self.variables.truncate(visible);
        text
    }

    fn piece(&mut self, nesting: usize) -> String {
        if nesting == 0 {
            let pipeline = self.pipeline();
            return self.action(&pipeline);
        }
        match self.random.below(13) {
            0 => self.word("text"),
            1..=3 => {
                let pipeline = self.pipeline();
                self.action(&pipeline)
            }
            4 | 5 => self.conditional("if", nesting),
            6 | 7 => self.conditional("with", nesting),
            8 | 9 => self.range(nesting),
            10 => self.variable(),
            11 => match self.random.below(4) {
                0 => format!("{{{{ template \"one\" {} }}}}", self.argument("any", 1)),
                1 => "{{ template \"one\" }}".to_owned(),
                2 => format!(
                    "{{{{ block \"two\" {} }}}}{}{{{{ end }}}}",
                    self.argument("any", 1),
                    &self.word("text")
                ),
                _ => "{{- /* a comment */ -}}".to_owned(),
            },
            _ => match self.loops {
                0 => self.word("text"),
                _ => {
                    let word = self.random.pick(&["break", "continue"]);
                    let condition = self.pipeline();
                    format!("{{{{ if {condition} }}}}{{{{ {word} }}}}{{{{ end }}}}")
                }
            },
        }
    }

    fn conditional(&mut self, word: &str, nesting: usize) -> String {
        let mut text = String::new();
        let visible = self.variables.len();
        let head = match self.random.chance(4) {
            true => {
                let pipeline = self.pipeline();
                let name = format!("$v{}", self.variables.len());
                self.variables.push(name.clone());
                format!("{word} {name} := {pipeline}")
            }
            false => format!("{word} {}", self.pipeline()),
        };
        text.push_str(&self.action(&head));
        let sets_dot = usize::from(word == "with");
        self.inside += sets_dot;
        text.push_str(&self.body(nesting - 1));
        while self.random.chance(3) {
            let pipeline = self.pipeline();
            text.push_str(&self.action(&format!("else {word} {pipeline}")));
            text.push_str(&self.body(nesting - 1));
        }
        self.inside -= sets_dot;
        if self.random.chance(2) {
            text.push_str(&self.action("else"));
            text.push_str(&self.body(nesting - 1));
        }
        text.push_str(&self.action("end"));
        self.variables.truncate(visible);
        text
    }

    fn range(&mut self, nesting: usize) -> String {
        let visible = self.variables.len();
        let over = match self.random.below(3) {
            0 => self.argument("any", 1),
            1 => self.argument("list", 1),
            _ => self.argument("map", 1),
        };
        let head = match self.random.below(4) {
            0 => format!("range {over}"),
            1 => {
                self.variables.push("$item".to_owned());
                format!("range $item := {over}")
            }
            2 => {
                self.variables
                    .extend(["$key".to_owned(), "$value".to_owned()]);
                format!("range $key, $value := {over}")
            }
            _ => format!("range $index, $_ := {over}"),
        };
        let mut text = self.action(&head);
        self.loops += 1;
        self.inside += 1;
        text.push_str(&self.body(nesting - 1));
        self.inside -= 1;
        self.loops -= 1;
        self.variables.truncate(visible);
        if self.random.chance(3) {
            text.push_str("{{ else }}none");
        }
        text.push_str(&self.action("end"));
        text
    }

    fn variable(&mut self) -> String {
        if !self.variables.is_empty() && self.random.chance(2) {
            let at = self.random.below(self.variables.len());
            let name = self.variables[at].clone();
            let pipeline = self.pipeline();
            return format!("{{{{ {name} = {pipeline} }}}}");
        }
        let pipeline = self.pipeline();
        let name = format!("$v{}", self.variables.len());
        self.variables.push(name.clone());
        format!("{{{{ {name} := {pipeline} }}}}")
    }

    /// Text that is often no template: pieces of syntax in any order.
    fn syntax(&mut self) -> String {
        let mut text = String::from("{{ ");
        for _ in 0..=self.random.below(6) {
            text.push_str(&self.word("syntax"));
            if self.random.chance(2) {
                text.push(' ');
            }
        }
        if !self.random.chance(8) {
            text.push_str(" }}");
        }
        text
    }
}
