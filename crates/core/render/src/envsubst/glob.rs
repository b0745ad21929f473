//! Shell globs over bytes, as the prefix and suffix operators use them: `*` also matches a slash.

/// The glob is malformed: an open or empty class, or a trailing backslash. Only found when matching gets there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// The first character and its width in bytes; bytes that are no UTF-8 count one by one.
pub(super) fn first_char(bytes: &[u8]) -> (char, usize) {
    for width in 1..=bytes.len().min(4) {
        if let Ok(text) = std::str::from_utf8(&bytes[..width]) {
            return (
                text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER),
                width,
            );
        }
    }
    (char::REPLACEMENT_CHARACTER, bytes.len().min(1))
}

/// Whether the glob matches all of the name.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> Result<bool, BadPattern> {
    let (mut pattern, mut name) = (pattern, name);
    'chunks: while !pattern.is_empty() {
        let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
        let (chunk, rest) = pattern[stars..].split_at(chunk_length(&pattern[stars..]));
        if stars > 0 && chunk.is_empty() {
            return Ok(true);
        }
        // Without a star the chunk must match here, after a star here or anywhere later; the last one must reach the end.
        let last_start = if stars > 0 { name.len() } else { 0 };
        for start in 0..=last_start {
            if let Some(remainder) = match_chunk(chunk, &name[start..])?
                && (!rest.is_empty() || remainder.is_empty())
            {
                (name, pattern) = (remainder, rest);
                continue 'chunks;
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Length of the pattern up to its next star that is not escaped nor in a class.
fn chunk_length(pattern: &[u8]) -> usize {
    let (mut index, mut in_class) = (0, false);
    while index < pattern.len() {
        match pattern[index] {
            b'\\' if index + 1 < pattern.len() => index += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        index += 1;
    }
    index
}

/// Matches a star-free chunk at the start of the name and gives what is left of the name.
fn match_chunk<'n>(mut chunk: &[u8], mut name: &'n [u8]) -> Result<Option<&'n [u8]>, BadPattern> {
    while let Some(&operator) = chunk.first() {
        if name.is_empty() {
            return Ok(None);
        }
        match operator {
            b'[' => {
                let (c, width) = first_char(name);
                name = &name[width..];
                let (matched, rest) = match_class(&chunk[1..], c)?;
                if !matched {
                    return Ok(None);
                }
                chunk = rest;
            }
            b'?' => {
                name = &name[first_char(name).1..];
                chunk = &chunk[1..];
            }
            _ => {
                if operator == b'\\' {
                    chunk = &chunk[1..];
                }
                let literal = chunk.first().ok_or(BadPattern)?;
                if *literal != name[0] {
                    return Ok(None);
                }
                (chunk, name) = (&chunk[1..], &name[1..]);
            }
        }
    }
    Ok(Some(name))
}

/// Matches a character against a class (its opening bracket is gone) and gives the pattern after it.
fn match_class(mut class: &[u8], c: char) -> Result<(bool, &[u8]), BadPattern> {
    let negated = class.first() == Some(&b'^');
    if negated {
        class = &class[1..];
    }
    let (mut matched, mut ranges) = (false, 0);
    loop {
        if ranges > 0 && class.first() == Some(&b']') {
            return Ok((matched != negated, &class[1..]));
        }
        let (low, rest) = class_char(class)?;
        let (high, rest) = match rest.strip_prefix(b"-") {
            Some(after) => class_char(after)?,
            None => (low, rest),
        };
        matched |= (low..=high).contains(&c);
        class = rest;
        ranges += 1;
    }
}

/// One character of a class; something must follow it.
fn class_char(class: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let class = match class.first() {
        None | Some(b'-' | b']') => return Err(BadPattern),
        Some(b'\\') => &class[1..],
        Some(_) => class,
    };
    let (c, width) = first_char(class);
    let rest = &class[width..];
    let broken = c == char::REPLACEMENT_CHARACTER && width <= 1;
    if broken || rest.is_empty() {
        Err(BadPattern)
    } else {
        Ok((c, rest))
    }
}
