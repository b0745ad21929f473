//! Go's `path/filepath.Match`: `*`, `?`, `[a-z]` and `\` within one part of a path.

/// The pattern breaks the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPattern;

/// Whether the whole name matches. A `*` and a `?` never match `/`. Like Go's, the check of the pattern ends where the name stops to match, except that what is left
/// of the pattern is still checked.
pub fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut rest: &[char] = &pattern;
    let name: Vec<char> = name.chars().collect();
    let mut left: &[char] = &name;
    'pattern: while !rest.is_empty() {
        let (star, chunk, after) = scan_chunk(rest);
        rest = after;
        if star && chunk.is_empty() {
            return Ok(!left.contains(&'/'));
        }
        if let Some(remaining) = match_chunk(chunk, left)?
            && (remaining.is_empty() || !rest.is_empty())
        {
            left = remaining;
            continue;
        }
        if star {
            let mut at = 0;
            while at < left.len() && left[at] != '/' {
                if let Some(remaining) = match_chunk(chunk, &left[at + 1..])? {
                    if rest.is_empty() && !remaining.is_empty() {
                        at += 1;
                        continue;
                    }
                    left = remaining;
                    continue 'pattern;
                }
                at += 1;
            }
        }
        // The rest of the pattern must still be well formed.
        while !rest.is_empty() {
            let (_, chunk, after) = scan_chunk(rest);
            rest = after;
            match_chunk(chunk, &[])?;
        }
        return Ok(false);
    }
    Ok(left.is_empty())
}

/// Splits the leading stars and the part up to the next star off a pattern.
fn scan_chunk(pattern: &[char]) -> (bool, &[char], &[char]) {
    let stars = pattern.iter().take_while(|c| **c == '*').count();
    let pattern = &pattern[stars..];
    let mut in_class = false;
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    let end = at.min(pattern.len());
    (stars > 0, &pattern[..end], &pattern[end..])
}

/// Matches a chunk without stars at the beginning of the name; the rest of the name on success.
fn match_chunk<'a>(chunk: &[char], name: &'a [char]) -> Result<Option<&'a [char]>, BadPattern> {
    let mut chunk = chunk;
    let mut name = name;
    let mut failed = false;
    while let Some(first) = chunk.first() {
        failed |= name.is_empty();
        match first {
            '[' => {
                let (inside, rest) = match_class(&chunk[1..], name.first().copied())?;
                failed |= !inside;
                chunk = rest;
            }
            '?' => {
                failed |= name.first() == Some(&'/');
                chunk = &chunk[1..];
            }
            _ => {
                if *first == '\\' {
                    chunk = &chunk[1..];
                }
                let literal = chunk.first().ok_or(BadPattern)?;
                failed |= name.first() != Some(literal);
                chunk = &chunk[1..];
            }
        }
        name = name.get(1..).unwrap_or_default();
    }
    Ok((!failed).then_some(name))
}

/// Matches the inside of `[...]`; whether the character is in it, and what follows the class.
fn match_class(mut class: &[char], c: Option<char>) -> Result<(bool, &[char]), BadPattern> {
    let negated = class.first() == Some(&'^');
    if negated {
        class = &class[1..];
    }
    let mut inside = false;
    let mut ranges = 0;
    loop {
        if class.first() == Some(&']') && ranges > 0 {
            break;
        }
        let low = escaped(&mut class)?;
        let mut high = low;
        if class.first() == Some(&'-') {
            class = &class[1..];
            high = escaped(&mut class)?;
        }
        inside |= c.is_some_and(|c| low <= c && c <= high);
        ranges += 1;
    }
    Ok((inside != negated, &class[1..]))
}

/// Takes one possibly escaped character of a class.
fn escaped(class: &mut &[char]) -> Result<char, BadPattern> {
    let mut rest = *class;
    match rest.first() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => rest = &rest[1..],
        Some(_) => {}
    }
    let c = *rest.first().ok_or(BadPattern)?;
    *class = &rest[1..];
    if class.is_empty() {
        return Err(BadPattern);
    }
    Ok(c)
}
