//! Integration tests of skein-render.

mod envsubst;
