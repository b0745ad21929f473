//! Integration tests of skein-render.

mod envsubst;
mod flux_build;
mod flux_live;
mod real;
