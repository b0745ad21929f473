//! Changes names, tags and digests of images.

use regex::Regex;
use skein_yaml::{Kind, Node};

use crate::error::{BuildError, Outcome};
use crate::field_specs::{FieldSpecs, apply};
use crate::kustomization::Image;
use crate::ops::{OpError, require, set_scalar};
use crate::resmap::ResMap;

/// Changes one image.
#[derive(Debug)]
pub(crate) struct ImageTransformer {
    image: Image,
    specs: FieldSpecs,
    matcher: Regex,
}

impl ImageTransformer {
    pub(crate) fn new(image: Image, specs: FieldSpecs) -> Outcome<Self> {
        // The name is an expression for kustomize too.
        let pattern = format!(
            "^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
            image.name
        );
        let matcher = Regex::new(&pattern).map_err(|e| {
            let message = format!(
                "the image name '{}' is not a regular expression: {}",
                image.name,
                skein_gowords::regexp_error(&pattern, &e)
            );
            BuildError::invalid(message)
        })?;
        Ok(Self {
            image,
            specs,
            matcher,
        })
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
        if !self.matcher.is_match(&node.value) {
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
