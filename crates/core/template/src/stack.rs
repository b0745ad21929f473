//! Recursion on a stack that grows: callers may run on small ones.

/// Stack left below which a new piece is taken, and its size.
const RED_ZONE_BYTES: usize = 128 << 10;
const PIECE_BYTES: usize = 2 << 20;

/// Runs one level of a recursion whose depth is bounded.
pub fn with_room<R>(level: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE_BYTES, PIECE_BYTES, level)
}
