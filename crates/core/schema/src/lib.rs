//! Structural schemas: built-in kinds and CRDs; defaulting, pruning, validation and merge keys.
