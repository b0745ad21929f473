//! The source controller: GitRepository to artifact.
