//! `helm test`.

use super::Action;
use crate::hooks::HookRun;

impl Action<'_> {
    /// Runs the tests of the newest revision.
    pub(crate) async fn test(&mut self) -> Result<(), String> {
        let spec = self.options.test.clone();
        let Some(mut release) = self.storage.last().cloned() else {
            return Err("release: not found".into());
        };
        let filters = spec.filters.clone().unwrap_or_default();
        let excluded: Vec<String> = filters
            .iter()
            .filter(|filter| filter.exclude)
            .map(|filter| filter.name.clone())
            .collect();
        let included: Vec<String> = filters
            .iter()
            .filter(|filter| !filter.exclude)
            .map(|filter| filter.name.clone())
            .collect();
        let is_wanted = move |name: &str| {
            !excluded.iter().any(|known| known == name)
                && (included.is_empty() || included.iter().any(|known| known == name))
        };
        let run = HookRun {
            event: "test",
            server_side: release.is_server_side(),
            timeout: self.options.timeout_of(spec.timeout).as_std(),
        };
        let outcome = self.run_hooks(&mut release, run, &is_wanted).await;
        // Helm puts the hooks that did not run in front.
        release.hooks.sort_by_key(|hook| is_wanted(&hook.name));
        match outcome {
            Ok(()) => self
                .storage
                .update(&release)
                .await
                .map_err(|error| error.to_string()),
            Err(problem) => {
                self.storage.try_update(&release).await;
                Err(problem)
            }
        }
    }
}
