//! The table of cases. A case is one promise to users, in its own namespace.

mod bad_builds;
mod bad_sources;
mod flags;
mod health;
mod hub;
mod in_cluster;
mod lifecycle;
mod outage;
mod releases;
mod requests;
mod sources;
mod takeover;
mod tenancy;
mod unreadable;
mod up;

use anyhow::Result;
use futures::future::BoxFuture;

use crate::place::Place;
use crate::up::Bench;
use crate::world::World;

/// A case that shares the controllers with others.
pub struct Case {
    pub name: &'static str,
    /// Whether it needs what only a real control plane has, such as Pods.
    pub real_only: bool,
    pub run: for<'a> fn(Place<'a>) -> BoxFuture<'a, Result<()>>,
}

/// A case that stops and starts controllers, and therefore runs alone.
pub struct Exclusive {
    pub name: &'static str,
    pub real_only: bool,
    pub run: for<'a> fn(&'a mut World) -> BoxFuture<'a, Result<()>>,
}

/// A case of `skein up`, which brings its own clusters.
pub struct Standalone {
    pub name: &'static str,
    pub run: fn(Bench) -> BoxFuture<'static, Result<()>>,
}

macro_rules! standalone {
    ($module:ident :: $name:ident) => {
        Standalone {
            name: stringify!($name),
            run: |bench| Box::pin($module::$name(bench)),
        }
    };
}

macro_rules! case {
    ($($module:ident)::+, real_only: $real:expr) => {
        Case {
            name: last_of(stringify!($($module)::+)),
            real_only: $real,
            run: |place| Box::pin($($module)::+(place)),
        }
    };
}

macro_rules! exclusive {
    ($($module:ident)::+, real_only: $real:expr) => {
        Exclusive {
            name: last_of(stringify!($($module)::+)),
            real_only: $real,
            run: |world| Box::pin($($module)::+(world)),
        }
    };
}

/// What stands behind the last colon of a path.
const fn last_of(path: &'static str) -> &'static str {
    let bytes = path.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1] != b':' {
        at -= 1;
    }
    path.split_at(at).1.trim_ascii()
}

/// Run side by side.
pub const CASES: &[Case] = &[
    case!(lifecycle::applies_updates_and_prunes, real_only: false),
    case!(lifecycle::repairs_drift, real_only: false),
    case!(lifecycle::keeps_objects_when_the_build_fails, real_only: false),
    case!(lifecycle::suspends_and_resumes, real_only: false),
    case!(lifecycle::deletes_what_it_made, real_only: false),
    case!(lifecycle::leaves_orphans_when_told, real_only: false),
    case!(lifecycle::sends_nothing_for_unchanged_work, real_only: false),
    case!(lifecycle::follows_a_forced_push, real_only: false),
    case!(lifecycle::keeps_what_must_not_be_pruned, real_only: false),
    case!(lifecycle::keeps_the_order_of_dependencies, real_only: false),
    case!(lifecycle::applies_a_definition_with_its_objects, real_only: false),
    case!(hub::applies_to_two_spokes, real_only: false),
    case!(sources::reads_over_ssh, real_only: false),
    case!(sources::reads_with_a_password, real_only: false),
    case!(sources::survives_an_outage_of_git, real_only: false),
    case!(bad_builds::names_what_is_wrong_in_a_build, real_only: false),
    case!(bad_builds::forgives_a_namespace_of_a_cluster_object, real_only: false),
    case!(bad_builds::names_immutable_fields, real_only: false),
    case!(bad_builds::refuses_dangerous_kubeconfigs, real_only: false),
    case!(bad_builds::names_unset_variables, real_only: false),
    case!(bad_sources::refuses_untrusted_certificates, real_only: false),
    case!(bad_sources::names_an_empty_repository, real_only: false),
    case!(bad_sources::refuses_trees_with_git_folders, real_only: false),
    case!(bad_sources::names_the_limit_of_files, real_only: false),
    case!(bad_sources::names_the_limit_of_a_file, real_only: false),
    case!(flags::exposes_the_metrics_of_flux, real_only: false),
    case!(tenancy::acts_as_the_account_of_the_tenant, real_only: false),
    case!(releases::life::installs_upgrades_and_uninstalls, real_only: false),
    case!(releases::life::follows_values_of_a_secret, real_only: false),
    case!(releases::life::follows_a_moved_chart, real_only: false),
    case!(releases::life::suspends_releases, real_only: false),
    case!(releases::life::keeps_the_order_of_releases, real_only: false),
    case!(releases::life::upgrades_definitions, real_only: false),
    case!(releases::failures::rolls_back_a_failed_upgrade, real_only: false),
    case!(releases::failures::tries_a_failed_install_again, real_only: false),
    case!(releases::failures::tells_a_failed_test, real_only: false),
    case!(releases::failures::stops_at_a_failed_hook, real_only: false),
    case!(releases::failures::tells_the_output_of_hooks, real_only: false),
    case!(releases::drift::corrects_drift_of_releases, real_only: false),
    case!(releases::drift::warns_of_drift_of_releases, real_only: false),
    case!(releases::drift::undoes_a_rollback_by_hand, real_only: false),
    case!(releases::reach::installs_into_other_namespaces, real_only: false),
    case!(releases::reach::installs_into_another_cluster, real_only: false),
    case!(releases::reach::acts_as_the_account_of_a_release, real_only: false),
    case!(releases::interop::lets_helm_work_on_our_releases, real_only: false),
    case!(releases::interop::takes_over_from_helm, real_only: false),
    case!(releases::interop::takes_a_running_release_over_and_hands_it_back, real_only: false),
    case!(releases::bad::names_bad_templates, real_only: false),
    case!(releases::bad::names_records_that_are_too_large, real_only: false),
    case!(releases::bad::names_bad_values, real_only: false),
    case!(health::waits_for_workloads, real_only: false),
    case!(health::says_what_is_not_healthy, real_only: false),
    case!(health::recovers_from_bad_health, real_only: false),
];

/// Run alone, one after the other.
pub const EXCLUSIVE: &[Exclusive] = &[
    exclusive!(unreadable::goes_on_beside_unreadable_objects, real_only: false),
    exclusive!(outage::survives_being_killed_in_the_middle, real_only: false),
    exclusive!(outage::survives_an_outage_of_the_api, real_only: false),
    exclusive!(requests::counts_requests, real_only: true),
    exclusive!(releases::requests::counts_requests_of_releases, real_only: true),
    exclusive!(releases::requests::counts_requests_under_an_account, real_only: true),
    exclusive!(releases::pending::recovers_a_pending_release, real_only: false),
    exclusive!(releases::handover::takes_over_releases_from_flux_and_gives_back, real_only: false),
    exclusive!(flags::takes_over_from_named_managers, real_only: false),
    exclusive!(flags::decrypts_with_the_key_of_the_controllers, real_only: false),
    exclusive!(flags::reaches_a_cluster_that_a_config_map_names, real_only: false),
    exclusive!(flags::leaves_out_events_for_commits, real_only: false),
    exclusive!(in_cluster::uses_the_account_of_its_pod, real_only: false),
    exclusive!(takeover::a_restart_writes_nothing, real_only: false),
    exclusive!(takeover::takes_over_from_flux_and_gives_back, real_only: false),
    exclusive!(releases::drivers::keeps_records_where_told, real_only: false),
];

/// Run side by side, with the embedded API as target.
pub const STANDALONE: &[Standalone] = &[
    standalone!(up::takes_commits_as_events),
    standalone!(up::names_or_takes_uncommitted_changes),
    standalone!(up::serves_a_detached_head),
    standalone!(up::serves_a_clone_of_one_branch),
    standalone!(up::serves_a_bare_repository),
    standalone!(up::refuses_what_it_cannot_serve),
    standalone!(up::runs_spokes_from_a_hub),
    standalone!(up::takes_an_address),
    standalone!(up::keeps_its_state_unless_told_not_to),
    standalone!(up::tells_ci_the_first_broken_link),
    standalone!(up::serves_other_addresses_from_folders),
    standalone!(up::runs_the_homelab_without_a_network),
    standalone!(up::serves_registries_from_folders),
    standalone!(up::runs_the_example_as_a_hub),
    standalone!(up::runs_real_repositories),
];
