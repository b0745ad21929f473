//! Dependency and ownership trees over objects and inventories.
