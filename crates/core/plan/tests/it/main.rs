//! Integration tests of skein-plan.

mod normalize;
mod settled;
