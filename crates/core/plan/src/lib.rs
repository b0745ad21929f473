//! Decisions: desired, live and inventory become a staged plan, drift and a prune list.
