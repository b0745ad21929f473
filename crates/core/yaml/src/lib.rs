//! YAML read and written as Go's libraries do.
