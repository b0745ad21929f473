//! Changes names, tags and digests of images.

use regex::Regex;
use skein_yaml::{Kind, Node};

use crate::error::{BuildError, Outcome};
use crate::field_specs::{FieldSpecs, apply};
use crate::kustomization::Image;
use crate::ops::{OpError, require, set_scalar};
use crate::resmap::ResMap;

/// Which images are meant. The name is an expression for kustomize too, but hardly ever more than a text with dots.
#[derive(Debug)]
enum Matcher {
    /// A name whose only operator is the dot: making an expression of it costs more than the rest of a small build.
    Plain(String),
    Expression(Regex),
    /// What is wrong with the name. It is told when an image has to be compared with it: kustomize, too, builds what has none.
    Broken(String),
}

impl Matcher {
    fn new(name: &str) -> Self {
        if !name.contains([
            '\\', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$',
        ]) {
            return Self::Plain(name.to_owned());
        }
        match skein_gowords::regex(&expression(name)) {
            Ok(expression) => Self::Expression(expression),
            Err(problem) => Self::Broken(format!(
                "the image name '{name}' is not a regular expression: {problem}"
            )),
        }
    }

    fn is_match(&self, image: &str) -> Result<bool, OpError> {
        match self {
            Self::Plain(name) => Ok(is_plain_match(name, image)),
            Self::Expression(expression) => Ok(expression.is_match(image)),
            Self::Broken(problem) => Err(OpError(problem.clone())),
        }
    }
}

/// The expression of a name: a tag and a digest may follow.
fn expression(name: &str) -> String {
    format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")
}

/// As the [`expression`] of a name without operators other than the dot.
fn is_plain_match(name: &str, image: &str) -> bool {
    let mut rest = image.chars();
    for wanted in name.chars() {
        let is_met = |have| have == wanted || (wanted == '.' && have != '\n');
        if !rest.next().is_some_and(is_met) {
            return false;
        }
    }
    let is_of_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '-');
    let mut rest = rest.as_str();
    for mark in [":", "@sha256:"] {
        if let Some(part) = rest.strip_prefix(mark) {
            rest = part.trim_start_matches(is_of_tag);
        }
    }
    rest.is_empty()
}

/// Changes one image.
#[derive(Debug)]
pub(crate) struct ImageTransformer {
    image: Image,
    specs: FieldSpecs,
    matcher: Matcher,
}

impl ImageTransformer {
    pub(crate) fn new(image: Image, specs: FieldSpecs) -> Self {
        Self {
            matcher: Matcher::new(&image.name),
            image,
            specs,
        }
    }

    pub(crate) fn apply(&self, map: &mut ResMap) -> Outcome<()> {
        for resource in map.list_mut() {
            if resource.kind() == "CustomResourceDefinition" {
                continue;
            }
            let result = self.set_in_containers(&mut resource.node).and_then(|()| {
                self.specs.0.iter().try_for_each(|spec| {
                    apply(&mut resource.node, spec, None, &mut |node| self.set(node))
                })
            });
            result.map_err(|e| BuildError::from(e).on_object(resource.shown()))?;
        }
        Ok(())
    }

    /// Every list under `containers` and `initContainers`, wherever it stands.
    fn set_in_containers(&self, node: &mut Node) -> Result<(), OpError> {
        match node.kind {
            Kind::Scalar => Ok(()),
            Kind::Sequence => node
                .content
                .iter_mut()
                .try_for_each(|n| self.set_in_containers(n)),
            Kind::Mapping => {
                for pair in node.content.chunks_exact_mut(2) {
                    let [key, value] = pair else { continue };
                    self.set_in_containers(value)?;
                    if matches!(key.value.as_str(), "containers" | "initContainers")
                        && value.is_sequence()
                    {
                        for container in &mut value.content {
                            require(container, Kind::Mapping)?;
                            if let Some(image) = container.get_mut("image") {
                                self.set(image)?;
                            }
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn set(&self, node: &mut Node) -> Result<(), OpError> {
        require(node, Kind::Scalar)?;
        if !self.matcher.is_match(&node.value)? {
            return Ok(());
        }
        let (name, mut tag, mut digest) = split(&node.value);
        let wanted = &self.image;
        let mut result = if wanted.new_name.is_empty() {
            name
        } else {
            wanted.new_name.clone()
        };
        match (!wanted.new_tag.is_empty(), !wanted.digest.is_empty()) {
            (true, true) => {
                tag.clone_from(&wanted.new_tag);
                digest.clone_from(&wanted.digest);
            }
            (true, false) => {
                tag.clone_from(&wanted.new_tag);
                digest.clear();
            }
            (false, true) => {
                tag.clear();
                digest.clone_from(&wanted.digest);
            }
            (false, false) if !wanted.tag_suffix.is_empty() => {
                tag.push_str(&wanted.tag_suffix);
                digest.clear();
            }
            (false, false) => {}
        }
        for (mark, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                result.push(mark);
                result.push_str(&part);
            }
        }
        set_scalar(node, Node::scalar(result))
    }
}

/// Name, tag and digest of an image; a port of a registry is part of the name.
fn split(image: &str) -> (String, String, String) {
    let path = image.find('/').filter(|at| *at > 0).unwrap_or(0);
    let at = image[path..].find('@').map(|i| i + path);
    let colon = image[path..].find(':').map(|i| i + path);
    let text = |t: &str| t.to_owned();
    match (colon, at) {
        (None, None) => (text(image), String::new(), String::new()),
        (Some(colon), Some(at)) if colon < at => (
            text(&image[..colon]),
            text(&image[colon + 1..at]),
            text(&image[at + 1..]),
        ),
        (_, Some(at)) => (text(&image[..at]), String::new(), text(&image[at + 1..])),
        (Some(colon), None) => (
            text(&image[..colon]),
            text(&image[colon + 1..]),
            String::new(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_match_as_their_expressions() {
        let names = [
            "",
            "nginx",
            "ghcr.io/a/b",
            "localhost:5000/app",
            "a.b",
            "é.",
            "x@sha256",
        ];
        let ends = [
            "",
            ":",
            ":1.2",
            ":{{v}}",
            ":1@sha256:ab",
            "@sha256:",
            "@sha256:ab:1",
            "@sha1:a",
            ":1:2",
            "x",
            " ",
            ":é",
            "\n",
            ":1\n",
            "@",
            "@sha256:a@sha256:b",
        ];
        for name in names {
            assert!(matches!(Matcher::new(name), Matcher::Plain(_)));
            let regex = Regex::new(&expression(name)).unwrap();
            for start in names
                .iter()
                .copied()
                .chain(["ghcrXio/a/b", "a\nb", "aéb", "éé"])
            {
                for end in ends {
                    let image = format!("{start}{end}");
                    let wanted = regex.is_match(&image);
                    assert_eq!(is_plain_match(name, &image), wanted, "{name:?} {image:?}");
                }
            }
        }
        let operator = Matcher::new("nginx|redis");
        for image in ["redis:1", "nginx-x"] {
            assert!(operator.is_match(image).unwrap());
        }
    }
}
