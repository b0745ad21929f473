//! JSON pointers (RFC 6901) and relative ones.

use super::{Fault, ensure};

pub(super) fn absolute(text: &str) -> Fault {
    if text.is_empty() {
        return Ok(());
    }
    ensure(text.starts_with('/'), "not starting with /")?;
    let mut after_tilde = text.split('~').skip(1);
    let fits = after_tilde.all(|rest| rest.starts_with(['0', '1']));
    ensure(fits, "~ must be followed by 0 or 1")
}

pub(super) fn relative(text: &str) -> Fault {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    ensure(digits > 0, "must start with non-negative integer")?;
    ensure(digits == 1 || !text.starts_with('0'), "starts with zero")?;
    match &text[digits..] {
        "#" => Ok(()),
        pointer => absolute(pointer),
    }
}
