//! The only door to a Kubernetes API: clients, impersonation, kubeconfigs, watch caches, apply.
