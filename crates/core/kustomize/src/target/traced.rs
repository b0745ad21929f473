//! What a traced build notes at each step of a kustomization.

use crate::error::Outcome;
use crate::generate::{env_keys, file_source};
use crate::kustomization::{GeneratorArgs, PATCH_FIELD};
use crate::resmap::ResMap;
use crate::schema::MergeSchema;
use crate::trace::{Before, Lines, Step, Tracer, operations};
use crate::transform::Transformer;
use crate::transform::patches::PatchTransformer;

use super::{Context, Target};

impl Context {
    /// The objects before a step; `None` in a build without trace.
    pub(crate) fn before(&self, map: &ResMap) -> Option<Before> {
        self.tracer.as_ref().map(|_| Tracer::before(map))
    }

    /// Notes what a step did.
    pub(crate) fn record(&mut self, map: &mut ResMap, before: Option<Before>, step: Step) {
        if let Some(tracer) = &mut self.tracer {
            tracer.record(map, &before.unwrap_or_default(), step);
        }
    }

    /// Does a step of the build itself, and notes it.
    pub(crate) fn traced(
        &mut self,
        map: &mut ResMap,
        what: &str,
        deed: impl FnOnce(&mut ResMap, &MergeSchema) -> Outcome<()>,
    ) -> Outcome<()> {
        let before = self.before(map);
        deed(map, &self.schema)?;
        if before.is_some() {
            let step = Step {
                what: what.to_owned(),
                ..Step::default()
            };
            self.record(map, before, step);
        }
        Ok(())
    }
}

impl Target<'_> {
    /// Objects from a file.
    pub(super) fn file_step(&self, field: &str, path: &str) -> Step {
        Step {
            source: path.to_owned(),
            lines: Lines::Nodes(0),
            ..self.field_step(field)
        }
    }

    /// Whatever a field of the kustomization asks for.
    pub(super) fn field_step(&self, field: &str) -> Step {
        Step {
            what: field.to_owned(),
            kustomization: self.file(),
            line: self.lines.as_ref().and_then(|lines| lines.line(field)),
            ..Step::default()
        }
    }

    /// A generator, with the place of each key of its data.
    pub(super) fn generator_step(&self, field: &str, args: Option<&GeneratorArgs>) -> Step {
        let mut step = self.field_step(field);
        let Some(args) = args else {
            return step;
        };
        for path in &args.envs {
            let text = self.loader.load(path).unwrap_or_default();
            let file = self.loader.path_of(path);
            for (key, line) in env_keys(&text) {
                step.keys.insert(key, (file.clone(), Some(line)));
            }
        }
        for (number, literal) in args.literals.iter().enumerate() {
            let key = literal.split('=').next().unwrap_or_default().to_owned();
            let at = format!("{field}.literals[{number}]");
            let line = self.lines.as_ref().and_then(|lines| lines.line(&at));
            step.keys.insert(key, (step.kustomization.clone(), line));
        }
        for (key, path) in args
            .files
            .iter()
            .filter_map(|source| file_source(source).ok())
        {
            step.keys
                .insert(key.to_owned(), (self.loader.path_of(path), None));
        }
        step
    }

    /// A transformer of a field of the kustomization.
    pub(super) fn transformer_step(&self, field: &str, transformer: &Transformer) -> Step {
        let step = self.field_step(field);
        match transformer {
            Transformer::Patch(patch) => self.patch_step(step, patch),
            Transformer::StrategicPatches(_) => self.strategic_step(step, field),
            _ => step,
        }
    }

    fn patch_step(&self, step: Step, patch: &PatchTransformer) -> Step {
        let inline = format!("{}.{PATCH_FIELD}", step.what);
        let (source, before) = match patch.source() {
            "" => (
                step.kustomization.clone(),
                self.lines
                    .as_ref()
                    .and_then(|l| l.lines_before_text(&inline))
                    .map(|before| before + patch.skipped_lines()),
            ),
            file => (file.to_owned(), Some(0)),
        };
        let lines = match (before, patch.json_text()) {
            (None, _) => Lines::Field,
            (Some(before), None) => Lines::Nodes(before),
            (Some(before), Some(text)) => Lines::Operations(operations(text, before)),
        };
        Step {
            source,
            lines,
            ..step
        }
    }

    /// An entry of `patchesStrategicMerge`: a path, or a patch itself.
    fn strategic_step(&self, step: Step, field: &str) -> Step {
        let entry = field
            .strip_prefix("patchesStrategicMerge[")
            .and_then(|rest| rest.strip_suffix(']')?.parse::<usize>().ok())
            .and_then(|at| self.kustomization.patches_strategic_merge.get(at));
        match entry {
            Some(path) if self.loader.has_file(path) => Step {
                source: self.loader.path_of(path),
                lines: Lines::Nodes(0),
                ..step
            },
            _ => {
                let before = self.lines.as_ref().and_then(|l| l.lines_before_text(field));
                Step {
                    source: step.kustomization.clone(),
                    lines: before.map_or(Lines::Field, Lines::Nodes),
                    ..step
                }
            }
        }
    }
}
