//! The template language against what the real engines made of the same templates.

mod bounds;
mod certificates;
mod corpus;
mod support;
mod vectors;
