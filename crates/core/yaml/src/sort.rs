//! The natural order in which go-yaml v2 writes map keys.

use std::cmp::Ordering;

/// Compares two keys as go-yaml's encoder does: letters by code point, letters after everything else, runs of digits as numbers.
pub fn compare_keys(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        return compare(a.as_bytes(), b.as_bytes(), char::from);
    }
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    compare(&a, &b, |c| c)
}

fn compare<T: Copy + PartialEq>(a: &[T], b: &[T], char_of: impl Fn(T) -> char) -> Ordering {
    let Some(at) = a.iter().zip(b).position(|(x, y)| x != y) else {
        return a.len().cmp(&b.len());
    };
    let (ca, cb) = (char_of(a[at]), char_of(b[at]));
    match (ca.is_alphabetic(), cb.is_alphabetic()) {
        (true, true) => return ca.cmp(&cb),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Digits before this place that are not zero make leading zeros count.
    let mut seed = 0;
    if ca == '0' || cb == '0' {
        let before = a[..at]
            .iter()
            .rev()
            .map(|c| char_of(*c))
            .take_while(char::is_ascii_digit);
        if before.into_iter().any(|c| c != '0') {
            seed = 1;
        }
    }
    let (an, ad) = digit_run(&a[at..], seed, &char_of);
    let (bn, bd) = digit_run(&b[at..], seed, &char_of);
    an.cmp(&bn).then(ad.cmp(&bd)).then(ca.cmp(&cb))
}

/// The number that a run of digits makes after a seed, wrapping as Go's int64 does, and the length of the run.
fn digit_run<T: Copy>(text: &[T], seed: i64, char_of: &impl Fn(T) -> char) -> (i64, usize) {
    let mut number = seed;
    let mut count = 0;
    for c in text
        .iter()
        .map(|c| char_of(*c))
        .take_while(char::is_ascii_digit)
    {
        let digit = i64::from(u32::from(c) - u32::from('0'));
        number = number.wrapping_mul(10).wrapping_add(digit);
        count += 1;
    }
    (number, count)
}

/// Sorts keys in that order. A merge sort of our own: the order is not total for every set of keys, which the standard sort may answer with
/// a panic.
pub(crate) fn sort_keys(keys: &mut Vec<&str>) {
    if keys.len() < 2 {
        return;
    }
    let mut right = keys.split_off(keys.len() / 2);
    sort_keys(keys);
    sort_keys(&mut right);
    let left = std::mem::replace(keys, Vec::with_capacity(right.len() * 2));
    let (mut l, mut r) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (l.peek(), r.peek()) {
        let next = if compare_keys(b, a) == Ordering::Less {
            r.next()
        } else {
            l.next()
        };
        keys.extend(next);
    }
    keys.extend(l);
    keys.extend(r);
}
