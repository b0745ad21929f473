//! The Kustomization controller: artifact to applied, healthy, pruned objects.
