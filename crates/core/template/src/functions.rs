//! sprig's functions.

/// What Go calls a space.
pub fn is_go_space(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    ) || (!character.is_ascii() && character.is_whitespace())
}
