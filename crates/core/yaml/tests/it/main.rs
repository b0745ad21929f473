//! The readers and writers against the real tools' recorded answers.

mod details;
mod emit;
mod errors;
mod read;
mod shared;
