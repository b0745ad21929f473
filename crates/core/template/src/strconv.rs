//! Numbers and quoted strings as Go's strconv reads and writes them.

mod float;
mod integer;
mod quote;

pub use float::{format_float, parse_float};
pub use integer::{NumberError, parse_int, parse_uint};
pub use quote::{
    is_print, quote, quote_ascii, quote_bytes, quote_char, quote_char_ascii, unquote, unquote_char,
};
