//! The embedded Kubernetes API: many clusters in one process, with simulated workloads.
//!
//! [`Server::start`] serves each cluster on its own loopback port over TLS; [`Server::kubeconfig`] gives what
//! `kubectl` and the controllers need. Rules, texts and objects follow kube-apiserver 1.36.
//!
//! Requests go through `serve` (connections) → `api` (who, what, may they) → `read`, `watch`, `write`, `patch`,
//! `delete`, `subresources` (handlers). `strategy` knows built-in kinds, `custom` CustomResourceDefinitions, and
//! `controllers` is what a real cluster's kube-controller-manager does for the API itself (namespaces, garbage
//! collection, accounts). `simulate` makes workloads come alive.
//!
//! Not enforced, only stored: ResourceQuota, admission policies and webhooks, APIService. Protobuf
//! is read and never written: clients that ask for it first also take JSON.

mod accounts;
mod admit;
mod api;
mod authn;
mod authz;
mod bootstrap;
mod builtin_types;
mod controllers;
mod convert;
mod custom;
mod decode;
mod delete;
mod discovery;
mod embedded;
mod escalation;
mod failure;
mod given;
mod go_json;
mod go_order;
mod jsonpath;
mod lifecycle;
mod limit_ranges;
mod list_options;
mod logs;
mod metadata;
mod negotiate;
mod nonresource;
mod openapi;
mod options;
mod ownership;
mod patch;
mod pod_security;
mod present;
mod protobuf;
mod quotas;
mod read;
mod request;
mod resource;
mod respond;
mod reviews;
mod scale;
mod scale_fields;
mod selectors;
mod serve;
mod server;
mod signing;
mod simulate;
mod state;
mod strategy;
mod subresources;
mod table;
mod tls;
mod tokens;
mod watch;
mod write;

pub use server::{ClusterOptions, Server, ServerOptions, StartError, Storage};
