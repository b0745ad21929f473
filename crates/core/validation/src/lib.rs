//! What kube-apiserver refuses in objects of built-in kinds, in its words.
//!
//! Schemas say types; these are the rules that are code in Kubernetes: names, required fields, allowed values, selectors
//! that must match, fields that may not change. Rules and messages were learned from a running kube-apiserver
//! (`cargo xtask oracle refusals` compares the two over generated bad objects).

pub mod access;
mod admission_policies;
mod api_services;
pub mod armor;
mod autoscaling;
mod changes;
pub mod cidrs;
mod claims;
mod classes;
mod config;
mod coordination;
mod csi;
mod definitions;
mod endpoints;
mod events;
mod flow_control;
mod go_dump;
mod jobs;
mod kinds;
pub mod labels;
pub mod limit_ranges;
pub mod metadata;
pub mod names;
mod networking;
mod nodes;
mod pod_dump;
pub mod pod_security;
mod pods;
mod policy;
mod quantities;
mod rbac;
pub mod resource_quotas;
mod runtime_classes;
mod schedule;
mod service_ranges;
mod services;
mod signers;
mod sources;
mod spot;
mod status;
mod storage;
mod volume_sources;
mod webhooks;
mod workloads;

pub use definitions::unrecognized_formats;
pub use kinds::{check, check_change, check_ephemeral_containers, check_resize};
pub use pods::qos::{computed_qos_class, qos_class};
pub use status::check_status;
