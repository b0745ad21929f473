//! Schemas as kube-apiserver uses them; texts and values were compared with a real one (see the testkit's ssa-oracle).

mod builtins;
mod custom;
mod defaults;
