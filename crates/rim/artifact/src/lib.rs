//! Artifact storage, reproducible archives, ignore rules, download and the file server.
