//! `helm install`.

use jiff::Timestamp;
use serde_json::json;
use skein_api::helm_release::actions::CrdsPolicy;
use skein_cluster::ApiResource;
use skein_helm::release::{
    CLIENT_SIDE_APPLY, Info, Moment, Release, ReleaseStatus, SERVER_SIDE_APPLY,
};
use skein_object::{GroupVersionKind, Object};

use super::{Action, Wanted};
use crate::hooks::HookRun;
use crate::render::Purpose;
use crate::resources::Resource;
use crate::update::{Made, Method};

impl Action<'_> {
    /// Installs a chart.
    pub(crate) async fn install(&mut self, wanted: &Wanted) -> Result<(), String> {
        let spec = self.options.install.clone();
        let server_side = self.options.installs_server_side();
        let policy = match spec.crds {
            None if spec.skip_crds => CrdsPolicy::Skip,
            policy => policy.unwrap_or(CrdsPolicy::Create),
        };
        self.apply_definitions(wanted, policy, server_side)
            .await
            .map_err(|e| format!("failed to apply CustomResourceDefinitions: {e}"))?;
        self.check_name(spec.replace)?;
        let rendered = self
            .renderer
            .render(
                self.release,
                self.target,
                wanted,
                self.options.post_render_strategy(),
                Purpose::install(spec.disable_schema_validation),
            )
            .await?;
        let now = Moment::new(Timestamp::now());
        let mut release = Release {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            chart: Some(rendered.chart),
            config: wanted.values.clone(),
            info: Info {
                first_deployed: now.clone(),
                last_deployed: now,
                notes: rendered.notes,
                ..Info::default()
            },
            version: 1,
            manifest: rendered.manifest,
            hooks: rendered.hooks,
            apply_method: method_word(server_side).to_owned(),
            ..Release::default()
        };
        release.set_status(ReleaseStatus::PendingInstall, "Initial install underway");
        let mut objects = self.build(&release.manifest).await.map_err(|e| {
            format!("unable to build kubernetes objects from release manifest: {e}")
        })?;
        self.mark(&mut objects);
        let owner =
            (spec.disable_take_ownership).then(|| (self.name.clone(), self.namespace.clone()));
        let adopted = self
            .writer()
            .existing(
                &objects,
                owner.as_ref().map(|(n, ns)| (n.as_str(), ns.as_str())),
            )
            .await
            .map_err(|e| format!("unable to continue with install: {e}"))?;
        if spec.create_namespace && !self.release.spec.target_namespace.is_empty() {
            self.create_namespace(server_side).await?;
        }
        if spec.replace {
            self.replace_last(&mut release).await?;
        }
        self.storage
            .create(&release, 0)
            .await
            .map_err(|error| error.to_string())?;
        if let Err(problem) = self
            .perform_install(&mut release, &objects, &adopted, server_side)
            .await
        {
            let text = format!("Release {:?} failed: {problem}", self.name);
            release.set_status(ReleaseStatus::Failed, text);
            self.storage.try_update(&release).await;
            return Err(problem);
        }
        Ok(())
    }

    async fn perform_install(
        &mut self,
        release: &mut Release,
        objects: &[Resource],
        adopted: &[Resource],
        server_side: bool,
    ) -> Result<(), String> {
        let spec = self.options.install.clone();
        let timeout = self.options.timeout_of(spec.timeout).as_std();
        let run = |event| HookRun {
            event,
            server_side,
            timeout,
        };
        if !spec.disable_hooks {
            self.run_hooks(release, run("pre-install"), &|_| true)
                .await
                .map_err(|e| format!("failed pre-install: {e}"))?;
        }
        if adopted.is_empty() {
            if !objects.is_empty() {
                self.writer().create(objects, server_side).await?;
            }
        } else {
            let method = Method {
                server_side,
                force_conflicts: server_side,
                upgrade_manager: true,
                three_way_custom: !spec.disable_take_ownership && !server_side,
                ..Method::default()
            };
            self.writer()
                .update(adopted, objects, method, &mut Made::default())
                .await?;
        }
        self.wait_ready(objects, !spec.disable_wait_for_jobs, timeout)
            .await?;
        if !spec.disable_hooks {
            self.run_hooks(release, run("post-install"), &|_| true)
                .await
                .map_err(|e| format!("failed post-install: {e}"))?;
        }
        release.set_status(ReleaseStatus::Deployed, "Install complete");
        self.storage.try_update(release).await;
        Ok(())
    }

    /// Whether the name is free.
    fn check_name(&self, replace: bool) -> Result<(), String> {
        let free = match self.storage.last() {
            None => true,
            Some(last) => {
                replace
                    && matches!(
                        last.info.status,
                        ReleaseStatus::Uninstalled | ReleaseStatus::Failed
                    )
            }
        };
        if free {
            return Ok(());
        }
        self.log
            .add("error: release name check failed", json!({"error": {}}));
        Err("release name check failed: cannot reuse a name that is still in use".into())
    }

    /// The new release goes on counting after the one whose name it takes.
    async fn replace_last(&mut self, release: &mut Release) -> Result<(), String> {
        let Some(mut last) = self.storage.last().cloned() else {
            return Ok(());
        };
        release.version = last.version + 1;
        if last.info.status == ReleaseStatus::Failed {
            last.set_status(ReleaseStatus::Superseded, "superseded by new release");
        } else {
            last.info.status = ReleaseStatus::Superseded;
            last.info.description = "superseded by new release".into();
        }
        self.storage
            .update(&last)
            .await
            .map_err(|error| error.to_string())
    }

    async fn create_namespace(&self, server_side: bool) -> Result<(), String> {
        let gvk = GroupVersionKind::new("", "v1", "Namespace");
        let mut object = Object::new(&gvk, "", &self.namespace);
        object.set_label("name", &self.namespace);
        let resource = Resource {
            object,
            resource: ApiResource::new(&gvk, "namespaces", false).into(),
        };
        let writer = self.writer();
        if matches!(writer.live(&resource).await, Ok(Some(_))) {
            return Ok(());
        }
        writer.create(&[resource], server_side).await
    }
}

/// The word of a record for how its objects are applied.
pub(super) fn method_word(server_side: bool) -> &'static str {
    if server_side {
        SERVER_SIDE_APPLY
    } else {
        CLIENT_SIDE_APPLY
    }
}
