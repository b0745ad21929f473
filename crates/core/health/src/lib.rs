//! Is an object healthy: kstatus rules, Flux's overrides, health expressions and the condition summary.
