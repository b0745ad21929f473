//! One kustomization: collects its objects, then generates, transforms and checks them in kustomize's order.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use skein_yaml::{Dialect, Tag};

use crate::address::RemoteAddress;
use crate::build::{RECOGNIZED_FILE_NAMES, Warning};
use crate::charts::{HelmChart, inflate};
use crate::configuration::{load_configurations, load_crds};
use crate::error::{BuildError, Outcome, Problem};
use crate::field_specs::TransformerConfig;
use crate::generate::{Generated, file_source, generate};
use crate::kustomization::{
    GeneratorArgs, GeneratorOptions, Kustomization, Var, line_below, with_line,
};
use crate::load::resources_from_text;
use crate::loader::{Loader, is_http};
use crate::origin::{Origin, annotate_generated, annotate_transformed};
use crate::plugins::{is_builtin, run_generator, transformers_of};
use crate::resmap::ResMap;
use crate::resource::{ORIGIN_ANNOTATION, Resource};
use crate::schema::{MergeSchema, parse_custom};
use crate::source::Source;
use crate::trace::{FieldLines, Tracer};
use crate::transform::Transformer;
use crate::transform::vars::{self, VarSet};
use crate::upstream::{self, Step, bad_file, in_base, in_component, no_base, no_component};

mod builtin;
mod traced;

/// Most kustomizations of one build, bases counted as often as they are used.
const MAX_KUSTOMIZATIONS: usize = 20_000;

/// What one build shares.
pub(crate) struct Context {
    pub(crate) schema: MergeSchema,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) kustomizations: usize,
    /// Notes where fields come from, when the caller asks for it.
    pub(crate) tracer: Option<Tracer>,
}

/// What has been collected: objects, configuration and vars.
#[derive(Debug, Default)]
pub(crate) struct Accumulator {
    pub(crate) map: ResMap,
    pub(crate) config: Arc<TransformerConfig>,
    pub(crate) vars: VarSet,
}

/// A kustomization that is being built.
pub(crate) struct Target<'a> {
    pub(crate) kustomization: Kustomization,
    file_name: &'static str,
    loader: Loader<'a>,
    origin: Option<Origin>,
    /// Namespace of the kustomizations above, for charts.
    helm_namespace: String,
    /// The text of the kustomization file.
    text: Arc<[u8]>,
    /// The lines of the fields, in a traced build.
    lines: Option<FieldLines>,
}

impl<'a> Target<'a> {
    /// Reads the kustomization file of a directory.
    pub(crate) fn load(loader: Loader<'a>, context: &mut Context) -> Outcome<Self> {
        context.kustomizations += 1;
        if context.kustomizations > MAX_KUSTOMIZATIONS {
            let message = format!("more than {MAX_KUSTOMIZATIONS} kustomizations in one build");
            return Err(Problem::Limit(message).into());
        }
        let names: Vec<&'static str> = RECOGNIZED_FILE_NAMES
            .into_iter()
            .filter(|name| loader.has_file(name))
            .collect();
        let root = loader.shown(loader.root());
        let file_name = match names[..] {
            [name] => name,
            [] => {
                let none_in = |directory: &str| {
                    format!(
                        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{directory}'"
                    )
                };
                let mut obstacles = RECOGNIZED_FILE_NAMES.into_iter().filter_map(|name| {
                    let obstacle = loader.files().obstacle(&loader.path_of(name))?;
                    Some(format!(": '{name}' {obstacle}"))
                });
                let message = none_in(&root) + &obstacles.next().unwrap_or_default();
                let words = none_in(&upstream::absolute(loader.root()));
                return Err(BuildError::from(Problem::Missing(message)).upstream(|_| words));
            }
            _ => {
                let message = format!("found multiple kustomization files under '{root}'");
                let shown = upstream::absolute(loader.root());
                return Err(BuildError::from(Problem::Conflict(message))
                    .upstream(|_| format!("Found multiple kustomization files under: {shown}\n")));
            }
        };
        let shown = loader.path_of(file_name);
        let text = loader.load(file_name).map_err(|e| e.in_file(&shown))?;
        let kustomization = crate::kustomization::read(&text).map_err(|e| e.in_file(&shown))?;
        let warnings = kustomization.deprecated.iter().map(|text| Warning {
            file: shown.clone(),
            text: Cow::Borrowed(*text),
        });
        context.warnings.extend(warnings);
        Ok(Self {
            lines: context.tracer.as_ref().map(|_| FieldLines::new(&text)),
            kustomization,
            text,
            file_name,
            loader,
            origin: None,
            helm_namespace: String::new(),
        })
    }

    /// Path of the kustomization file in the tree.
    pub(crate) fn file(&self) -> String {
        self.loader.path_of(self.file_name)
    }

    /// Starts to note origins, when the root asks for them.
    pub(crate) fn track_origins(&mut self) {
        if !self.kustomization.build_metadata.is_empty() {
            self.origin = Some(Origin::default());
        }
    }

    /// Takes the schema that the kustomization brings, unless one is set already.
    pub(crate) fn set_schema(&self, context: &mut Context, reset: bool) -> Outcome<()> {
        if context.schema.is_settled() && !reset {
            return Ok(());
        }
        let field = &self.kustomization.openapi;
        let version = field.get("version");
        let at = |e: BuildError| self.locate(e.at_field("openapi").in_file(&self.file()));
        if let Some(path) = field.get("path") {
            let text = self.loader.load(path).map_err(at)?;
            if version.is_some() {
                let message = "builtin version and custom schema provided, cannot use both";
                return Err(at(BuildError::invalid(message)));
            }
            let shown = self.loader.path_of(path);
            let definitions =
                parse_custom(&text).map_err(|e| BuildError::from(e).in_file(&shown))?;
            context.schema.replace_by(definitions, reset);
            return Ok(());
        }
        match version.map(String::as_str) {
            None | Some("") => Ok(()),
            Some("v1.21.2") => {
                context.schema.settle();
                Ok(())
            }
            Some(_) => Err(at(BuildError::invalid(
                "the specified OpenAPI version is not built in",
            ))),
        }
    }

    /// Adds the line to an error that names a field of this kustomization.
    pub(crate) fn locate(&self, error: BuildError) -> BuildError {
        let place = &error.place;
        let is_ours = place.field.is_some() && place.file.as_ref() == Some(&self.file());
        if is_ours {
            with_line(error, &self.text)
        } else {
            error
        }
    }

    /// What errors that come later name for objects of a file.
    fn source_of(&self, file: &str) -> Source {
        Source {
            file: file.to_owned(),
            chain: self.loader.chain(),
            ..Source::default()
        }
    }

    /// As [`Self::source_of`], for a field of the kustomization.
    fn source_of_field(&self, field: &str) -> Source {
        Source {
            field: field.to_owned(),
            text: Some(Arc::clone(&self.text)),
            ..self.source_of(&self.file())
        }
    }

    /// Collects and transforms everything below this kustomization. A component works on what its parent has collected.
    pub(crate) fn accumulate(
        &mut self,
        ra: Accumulator,
        context: &mut Context,
    ) -> Outcome<Accumulator> {
        self.collect(ra, context).map_err(|e| self.locate(e))
    }

    fn collect(&mut self, mut ra: Accumulator, context: &mut Context) -> Outcome<Accumulator> {
        let file = self.file();
        let at = |field: &str| {
            let (file, field) = (file.clone(), field.to_owned());
            move |e: BuildError| e.at_field(field).in_file(&file)
        };
        let resources = std::mem::take(&mut self.kustomization.resources);
        for (number, path) in resources.iter().enumerate() {
            self.accumulate_resource(&mut ra, path, &format!("resources[{number}]"), context)?;
        }
        let own = self.own_config().map_err(at("configurations"))?;
        TransformerConfig::merge_shared(&mut ra.config, &own).map_err(at("configurations"))?;
        if !self.kustomization.crds.is_empty() {
            let paths = &self.kustomization.crds;
            let words = |inner: &str| format!("loading CRDs [{}]: {inner}", paths.join(" "));
            let crds = load_crds(paths, &self.loader)
                .map_err(|e| e.upstream(words))
                .map_err(at("crds"))?;
            Arc::make_mut(&mut ra.config)
                .merge(&crds)
                .map_err(at("crds"))?;
        }
        self.run_generators(&mut ra, context)?;
        let components = std::mem::take(&mut self.kustomization.components);
        for (number, path) in components.iter().enumerate() {
            let field = format!("components[{number}]");
            ra = self
                .accumulate_component(ra, path, context)
                .map_err(at(&field))?;
        }
        self.run_transformers(&mut ra, context)?;
        self.run_validators(&mut ra, context)?;
        let vars = self.vars();
        vars::merge(&mut ra.vars, &vars, &mut ra.map, &context.schema)?;
        Ok(ra)
    }

    /// The vars, with their places.
    fn vars(&self) -> Vec<Var> {
        let mut vars = self.kustomization.vars.clone();
        for (number, var) in vars.iter_mut().enumerate() {
            var.source = self.source_of_field(&format!("vars[{number}]"));
        }
        vars
    }

    fn own_config(&self) -> Outcome<Arc<TransformerConfig>> {
        let default = TransformerConfig::default_config();
        if self.kustomization.configurations.is_empty() {
            return Ok(Arc::clone(default));
        }
        let mut config = (**default).clone();
        config.merge(&load_configurations(
            &self.kustomization.configurations,
            &self.loader,
        )?)?;
        Ok(Arc::new(config))
    }

    /// Takes in a file or base that an item of a field names.
    fn accumulate_resource(
        &self,
        ra: &mut Accumulator,
        path: &str,
        field: &str,
        context: &mut Context,
    ) -> Outcome<()> {
        let clean = self.loader.path_of(path);
        let result = if self.loader.has_file(path) {
            self.accumulate_file(ra, path, field, context)
                .map_err(|e| bad_file(e, path, &clean))
        } else {
            self.accumulate_other(ra, path, field, context)
        };
        result.map_err(|e| e.at_field(field).in_file(&self.file()))
    }

    /// A remote file, or a base. An address without the marks of a repository is tried as a file first, as kustomize does with all.
    fn accumulate_other(
        &self,
        ra: &mut Accumulator,
        path: &str,
        field: &str,
        context: &mut Context,
    ) -> Outcome<()> {
        if !is_http(path) || RemoteAddress::is_marked(path) {
            return self.accumulate_base(ra, path, context);
        }
        match self.accumulate_file(ra, path, field, context) {
            Err(as_file) if RemoteAddress::parse(path).is_some() => {
                let base = self.accumulate_base(ra, path, context);
                base.map_err(|e| match (e.problem.clone(), &as_file.problem) {
                    (Problem::Missing(base), Problem::Missing(file)) => BuildError {
                        problem: Problem::Missing(format!("{file}; and as a base: {base}")),
                        ..e
                    },
                    _ => e,
                })
            }
            done => done,
        }
    }

    fn accumulate_file(
        &self,
        ra: &mut Accumulator,
        path: &str,
        field: &str,
        context: &mut Context,
    ) -> Outcome<()> {
        let text = self.loader.load(path)?;
        self.accumulate_text(ra, path, &text, field, context)
    }

    fn accumulate_text(
        &self,
        ra: &mut Accumulator,
        path: &str,
        text: &[u8],
        field: &str,
        context: &mut Context,
    ) -> Outcome<()> {
        let shown = self.loader.path_of(path);
        let in_file = |e| upstream::in_file(e, path).in_file(&shown);
        let mut resources =
            resources_from_text(text, self.loader.is_detailed()).map_err(in_file)?;
        if let Some(origin) = &self.origin {
            let origin = origin.append(path).to_text();
            for resource in &mut resources {
                resource.annotate(ORIGIN_ANNOTATION, &origin)?;
            }
        }
        let source = Arc::new(self.source_of(&shown));
        for resource in &mut resources {
            resource.source = Some(Arc::clone(&source));
            resource.line = resource.node.line;
        }
        // Two objects of one file must differ as much as objects of two files.
        let mut own = ResMap::default();
        own.append_all(resources, &context.schema)
            .map_err(in_file)?;
        if context.tracer.is_some() {
            let step = self.file_step(field, &shown);
            context.record(&mut own, None, step);
        }
        ra.map
            .append_all(own.into_list(), &context.schema)
            .map_err(|e| upstream::merging_file(e, path).in_file(&shown))
    }

    /// The target of a base or component below this one.
    fn child(&self, path: &str, is_component: bool, context: &mut Context) -> Outcome<Target<'a>> {
        let loader = self.loader.descend(path)?;
        let (through, below) = (self.loader.root().to_owned(), loader.root().to_owned());
        let mut child = Target::load(loader, context)
            .map_err(|e| upstream::step(e, Step::Reading, &below))
            .map_err(|e| e.through(&below).through(&through))?;
        child
            .kustomization
            .build_metadata
            .clone_from(&self.kustomization.build_metadata);
        child.origin = self.origin.as_ref().map(|origin| origin.append(path));
        child.helm_namespace = if self.kustomization.namespace.is_empty() {
            self.helm_namespace.clone()
        } else {
            self.kustomization.namespace.clone()
        };
        child
            .set_schema(context, false)
            .map_err(|e| e.through(&below).through(&through))?;
        if is_component != child.kustomization.is_component() {
            let wanted = if is_component {
                "expected kind 'Component'"
            } else {
                "expected kind != 'Component'"
            };
            let message = format!(
                "{wanted} for path '{path}', list it under {}",
                if is_component {
                    "resources"
                } else {
                    "components"
                }
            );
            let shown = upstream::absolute(&below);
            let words = if is_component {
                let kind = &child.kustomization.kind;
                format!("{wanted} for path '{shown}' but got '{kind}'")
            } else {
                format!("{wanted} for path '{shown}'")
            };
            return Err(BuildError::invalid(message).upstream(|_| words));
        }
        Ok(child)
    }

    fn accumulate_base(
        &self,
        ra: &mut Accumulator,
        path: &str,
        context: &mut Context,
    ) -> Outcome<()> {
        let clean = self.loader.path_of(path);
        let at = |e: BuildError| {
            let is_there = self.loader.has_directory(path);
            if is_there {
                in_base(e, path, &clean)
            } else {
                no_base(e, path, &clean, &self.loader.first_missing(path))
            }
        };
        let mut child = self.child(path, false, context).map_err(at)?;
        let through = self.loader.root();
        let sub = child
            .accumulate(Accumulator::default(), context)
            .map_err(|e| upstream::step(e, Step::Building, child.loader.root()))
            .map_err(|e| at(with_chain(e, child.loader.root(), through)))?;
        let merging = |e| upstream::step(e, Step::Merging, child.loader.root());
        merge_accumulators(ra, sub, &context.schema).map_err(|e| at(merging(e)))
    }

    fn accumulate_component(
        &self,
        ra: Accumulator,
        path: &str,
        context: &mut Context,
    ) -> Outcome<Accumulator> {
        let clean = self.loader.path_of(path);
        let at = |e: BuildError| {
            let is_there = self.loader.has_directory(path);
            if is_there {
                in_component(e)
            } else {
                let is_file = self.loader.has_file(path);
                no_component(e, &clean, &self.loader.first_missing(path), is_file)
            }
        };
        let mut child = self.child(path, true, context).map_err(at)?;
        let through = self.loader.root();
        let sub = child
            .accumulate(ra, context)
            .map_err(|e| upstream::step(e, Step::Building, child.loader.root()))
            .map_err(|e| at(with_chain(e, child.loader.root(), through)))?;
        let mut fresh = Accumulator::default();
        let merging = |e| upstream::step(e, Step::Merging, child.loader.root());
        merge_accumulators(&mut fresh, sub, &context.schema).map_err(|e| at(merging(e)))?;
        Ok(fresh)
    }

    fn run_generators(&self, ra: &mut Accumulator, context: &mut Context) -> Outcome<()> {
        let k = &self.kustomization;
        let file = self.file();
        let mut made = Vec::new();
        for (what, field, kind, list) in [
            (
                Generated::ConfigMap,
                "configMapGenerator",
                "ConfigMapGenerator",
                &k.config_maps,
            ),
            (
                Generated::Secret,
                "secretGenerator",
                "SecretGenerator",
                &k.secrets,
            ),
        ] {
            for (number, args) in list.iter().enumerate() {
                let at =
                    |e: BuildError| e.below_field(&format!("{field}[{number}]")).in_file(&file);
                let resource = self.generate_one(what, args).map_err(at)?;
                let origin = self
                    .origin
                    .as_ref()
                    .map(|o| o.configured(self.file_name, by_builtin(kind)));
                made.push((resource, origin, format!("{field}[{number}]"), Some(args)));
            }
        }
        for (number, chart) in self.kustomization.helm_charts.iter().enumerate() {
            let field = format!("helmCharts[{number}]");
            let chart = self.in_namespace(chart);
            let globals = &self.kustomization.helm_globals;
            let resources = inflate(&chart, globals, &self.loader)
                .map_err(|e| e.below_field(&field).in_file(&file))?;
            let by = || by_builtin("HelmChartInflationGenerator");
            let origin = self.origin.as_ref();
            let origin = origin.map(|o| o.configured(self.file_name, by()));
            let resources = resources.into_iter();
            made.extend(resources.map(|r| (r, origin.clone(), field.clone(), None)));
        }
        for config in self.plugin_configs("generators", context)? {
            let resources = run_generator(&config.resource, &self.loader)
                .map_err(|e| self.in_config(e, &config))?;
            let origin = plugin_origin(&config.resource);
            let resources = resources.into_iter();
            made.extend(resources.map(|r| (r, origin.clone(), config.field.clone(), None)));
        }
        for (mut resource, origin, field, args) in made {
            let mut source = self.source_of_field(&field);
            if let Some(args) = args {
                source.odd_keys = odd_keys(&field, args);
            }
            resource.source = Some(Arc::new(source));
            if let Some(origin) = origin {
                annotate_generated(&mut resource, &origin)?;
            }
            let before = context.before(&ra.map);
            ra.map
                .absorb(resource, &context.schema)
                .map_err(|e| e.at_field(field.as_str()).in_file(&file))?;
            if before.is_some() {
                let step = self.generator_step(&field, args);
                context.record(&mut ra.map, before, step);
            }
        }
        Ok(())
    }

    /// A chart in the namespace of the kustomization, or of one above, unless it has its own.
    fn in_namespace<'c>(&self, chart: &'c HelmChart) -> Cow<'c, HelmChart> {
        let own = self.kustomization.namespace.as_str();
        let namespace = if own.is_empty() {
            self.helm_namespace.as_str()
        } else {
            own
        };
        if !chart.namespace.is_empty() || namespace.is_empty() {
            return Cow::Borrowed(chart);
        }
        let mut chart = chart.clone();
        namespace.clone_into(&mut chart.namespace);
        Cow::Owned(chart)
    }

    fn generate_one(&self, what: Generated, args: &GeneratorArgs) -> Outcome<Resource> {
        let global = self.kustomization.generator_options.as_ref();
        let options = GeneratorOptions::merged(args.options.as_ref(), global);
        generate(
            what,
            &GeneratorArgs {
                options,
                ..args.clone()
            },
            &self.loader,
        )
    }

    /// The objects that configure plugins: inline, from files, or from bases.
    fn plugin_configs(&self, field: &str, context: &mut Context) -> Outcome<Vec<PluginConfig>> {
        let entries = match field {
            "generators" => self.kustomization.generators.clone(),
            "transformers" => self.kustomization.transformers.clone(),
            _ => self.kustomization.validators.clone(),
        };
        let of_generators = field == "generators";
        let mut ra = Accumulator::default();
        let mut paths = Vec::new();
        // The field of each object.
        let mut fields = Vec::new();
        for (number, entry) in entries.into_iter().enumerate() {
            let field = format!("{field}[{number}]");
            let Ok(mut resources) =
                resources_from_text(entry.as_bytes(), self.loader.is_detailed())
            else {
                paths.push((field, entry));
                continue;
            };
            if let Some(origin) = &self.origin {
                let text = origin.append(self.file_name).to_text();
                for resource in &mut resources {
                    resource.set_annotation(ORIGIN_ANNOTATION, Some(&text))?;
                }
            }
            ra.map
                .append_all(resources, &context.schema)
                .map_err(|e| e.at_field(field.as_str()).in_file(&self.file()))?;
            fields.resize(ra.map.list().len(), field);
        }
        for (field, path) in paths {
            self.accumulate_resource(&mut ra, &path, &field, context)
                .map_err(|e| upstream::of_plugins(e, of_generators))?;
            fields.resize(ra.map.list().len(), field);
        }
        let configs = ra.map.into_list().into_iter().zip(fields);
        let configs = configs.map(|(resource, field)| PluginConfig { resource, field });
        Ok(configs.collect())
    }

    /// Names the place of an error about a plugin: the object that configures it, or the field where that object stands.
    fn in_config(&self, error: BuildError, config: &PluginConfig) -> BuildError {
        let resource = &config.resource;
        match &resource.source {
            Some(_) if is_builtin(resource) && error.place.file.is_none() => {
                let field = error.place.field.as_deref();
                let line = field.and_then(|field| line_below(field, &resource.node));
                let error = match line {
                    Some(line) => error.on_line(line),
                    None => error,
                };
                resource.blame_line(error)
            }
            Some(_) => error.at_field(config.field.as_str()).in_file(&self.file()),
            None => error.below_field(&config.field).in_file(&self.file()),
        }
    }

    fn external_transformers(
        &self,
        field: &str,
        context: &mut Context,
    ) -> Outcome<Vec<(Transformer, Option<Origin>, PluginConfig)>> {
        let mut result = Vec::new();
        for config in self.plugin_configs(field, context)? {
            let origin = plugin_origin(&config.resource);
            let transformers = transformers_of(&config.resource, &self.loader)
                .map_err(|e| self.in_config(e, &config))?;
            let last = transformers.len().saturating_sub(1);
            for (at, transformer) in transformers.into_iter().enumerate() {
                // What one object configures is noted once.
                let origin = origin.clone().filter(|_| at == last);
                result.push((transformer, origin, config.clone()));
            }
        }
        Ok(result)
    }

    fn run_transformers(&self, ra: &mut Accumulator, context: &mut Context) -> Outcome<()> {
        let file = self.file();
        let builtin = self.builtin_transformers(&ra.config)?;
        let external = self.external_transformers("transformers", context)?;
        let builtin = builtin
            .into_iter()
            .map(|(t, origin, field)| (t, origin, field, None));
        let external = external
            .into_iter()
            .map(|(t, origin, config)| (t, origin, config.field.clone(), Some(config)));
        for (transformer, origin, field, config) in builtin.chain(external) {
            let before = context.before(&ra.map);
            transformer
                .apply(&mut ra.map, &context.schema)
                .map_err(|e| match &config {
                    Some(config) => self.in_config(e, config),
                    None => e.at_field(field.as_str()).in_file(&file),
                })?;
            self.note_renames(&mut ra.map, &field);
            if let Some(origin) = origin {
                for resource in ra.map.list_mut() {
                    annotate_transformed(resource, &origin)?;
                }
            }
            if before.is_some() {
                let step = self.transformer_step(&field, &transformer);
                context.record(&mut ra.map, before, step);
            }
            ra.map.drop_empties();
        }
        Ok(())
    }

    /// Notes which patch gave objects other names or kinds.
    fn note_renames(&self, map: &mut ResMap, field: &str) {
        if !map.list().iter().any(|r| r.is_renamed) {
            return;
        }
        let source = Arc::new(self.source_of_field(field));
        for resource in map.list_for_trace().iter_mut().filter(|r| r.is_renamed) {
            resource.is_renamed = false;
            resource.renamed_by = Some(Arc::clone(&source));
        }
    }

    /// Validators may look, but not touch; only their label stays.
    fn run_validators(&self, ra: &mut Accumulator, context: &mut Context) -> Outcome<()> {
        for (validator, _, config) in self.external_transformers("validators", context)? {
            let before = ra.map.clone();
            let untraced = context.before(&ra.map);
            let at = |e: BuildError| self.in_config(e, &config);
            validator.apply(&mut ra.map, &context.schema).map_err(at)?;
            let mut after = ra.map.clone();
            for resource in after.list_mut() {
                let mut labels = resource.labels();
                if labels.iter().any(|(key, _)| key == VALIDATED_BY_LABEL) {
                    labels.retain(|(key, _)| key != VALIDATED_BY_LABEL);
                    resource.set_labels(labels)?;
                }
            }
            let same = |(a, b): (&Resource, &Resource)| a.node == b.node && a.memory == b.memory;
            let pairs = after.list().iter().zip(before.list());
            let has_changed = pairs.clone().find(|(a, b)| !same((a, b)));
            if after.list().len() == before.list().len() && has_changed.is_none() {
                if untraced.is_some() {
                    let step = self.transformer_step(&config.field, &validator);
                    context.record(&mut ra.map, untraced, step);
                }
                continue;
            }
            let object = has_changed.map(|(_, before)| before.shown());
            let error = BuildError::invalid("validator shouldn't modify the resource map");
            return Err(at(match object {
                Some(object) => error.on_object(object),
                None => error,
            }));
        }
        Ok(())
    }
}

/// An object that configures a plugin, and the item of the kustomization that it came from.
#[derive(Clone)]
struct PluginConfig {
    resource: Resource,
    field: String,
}

/// Fields of the keys of a generator that YAML would not read as texts.
fn odd_keys(field: &str, args: &GeneratorArgs) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let literals = args
        .literals
        .iter()
        .map(|literal| literal.split('=').next());
    let files = args.files.iter();
    let files = files.map(|source| file_source(source).ok().map(|(key, _)| key));
    let all = [
        ("literals", literals.collect::<Vec<_>>()),
        ("files", files.collect()),
    ];
    for (list, names) in all {
        for (number, key) in names.into_iter().enumerate() {
            let Some(key) = key.filter(|k| Tag::of_plain(k, Dialect::V3) != Tag::Str) else {
                continue;
            };
            keys.insert(key.to_owned(), format!("{field}.{list}[{number}]"));
        }
    }
    keys
}

/// The label with which a validator may say that it ran.
const VALIDATED_BY_LABEL: &str = "validated-by";

/// What configures a field of a kustomization itself.
fn by_builtin(kind: &str) -> [String; 4] {
    [
        "builtin".to_owned(),
        kind.to_owned(),
        String::new(),
        String::new(),
    ]
}

/// Where the object that configures a plugin came from.
fn plugin_origin(config: &Resource) -> Option<Origin> {
    let origin = Origin::from_text(config.annotation(ORIGIN_ANNOTATION)?)?;
    let by = [
        config.api_version().to_owned(),
        config.kind().to_owned(),
        config.name().to_owned(),
        config.namespace().to_owned(),
    ];
    let path = origin.path.clone();
    Some(Origin {
        path: String::new(),
        configured_in: path,
        configured_by: by,
        ..origin
    })
}

/// Names the kustomizations between an error and the root.
fn with_chain(error: BuildError, child: &str, parent: &str) -> BuildError {
    let error = if error.place.chain.is_empty() {
        error.through(child)
    } else {
        error
    };
    error.through(parent)
}

fn merge_accumulators(
    ra: &mut Accumulator,
    other: Accumulator,
    schema: &MergeSchema,
) -> Outcome<()> {
    ra.map.append_map(other.map, schema)?;
    TransformerConfig::merge_shared(&mut ra.config, &other.config)?;
    vars::merge_set(&mut ra.vars, other.vars.into_values())
}
