//! The kustomize engine: a pure build over an in-memory file tree.
