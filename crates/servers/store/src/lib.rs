//! Revisioned objects with watch, in memory or in SQLite.
