//! From artifact to objects: generated kustomization, build, decrypt by a passed function, substitute, metadata.
