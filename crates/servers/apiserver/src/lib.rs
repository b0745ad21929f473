//! The embedded Kubernetes API: many clusters in one process, with simulated workloads.
