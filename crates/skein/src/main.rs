//! GitOps for fleets of Kubernetes clusters in one binary: the command line and the wiring of roles.

fn main() {}
