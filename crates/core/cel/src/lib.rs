//! CEL as Kubernetes and Flux configure it.
