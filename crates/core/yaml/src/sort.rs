//! The natural order in which go-yaml v2 writes map keys.

use std::cmp::Ordering;

use crate::compose::Dialect;

/// Compares two keys as go-yaml's encoder does: letters by code point, letters after everything else, runs of digits as numbers.
pub fn compare_keys(a: &str, b: &str) -> Ordering {
    compare_texts(a, b, Dialect::V2)
}

/// The same in either version: v3 puts letters before everything else that follows a digit.
fn compare_texts(a: &str, b: &str, dialect: Dialect) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        return compare(a.as_bytes(), b.as_bytes(), dialect, char::from);
    }
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    compare(&a, &b, dialect, |c| c)
}

fn compare<T: Copy + PartialEq>(
    a: &[T],
    b: &[T],
    dialect: Dialect,
    char_of: impl Fn(T) -> char,
) -> Ordering {
    let Some(at) = a.iter().zip(b).position(|(x, y)| x != y) else {
        return a.len().cmp(&b.len());
    };
    let (ca, cb) = (char_of(a[at]), char_of(b[at]));
    let after_digit = || a[..at].last().is_some_and(|c| char_of(*c).is_ascii_digit());
    match (ca.is_alphabetic(), cb.is_alphabetic()) {
        (true, true) => return ca.cmp(&cb),
        (false, false) => {}
        (is_letter, _) => {
            let letter_first = dialect == Dialect::V3 && after_digit();
            return if is_letter == letter_first {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
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

/// Sorts fields in that order of their keys. A merge sort of our own: the order is not total for every set of keys, which the standard sort may
/// answer with a panic.
pub(crate) fn sort_fields<T>(fields: &mut Vec<(&str, T)>) {
    sort_by(fields, &|a, b| compare_keys(a.0, b.0));
}

/// Sorts entries by their keys in the order of v3.
pub fn sort_entries<K: AsRef<str>, T>(entries: &mut Vec<(K, T)>) {
    sort_by(entries, &|a, b| {
        compare_texts(a.0.as_ref(), b.0.as_ref(), Dialect::V3)
    });
}

fn sort_by<T>(keys: &mut Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) {
    // Most keys come in order.
    let is_in_order = |pair: &[T]| compare(&pair[1], &pair[0]) != Ordering::Less;
    if keys.windows(2).all(is_in_order) {
        return;
    }
    let mut right = keys.split_off(keys.len() / 2);
    sort_by(keys, compare);
    sort_by(&mut right, compare);
    let left = std::mem::replace(keys, Vec::with_capacity(right.len() * 2));
    let (mut l, mut r) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (l.peek(), r.peek()) {
        let next = if compare(b, a) == Ordering::Less {
            r.next()
        } else {
            l.next()
        };
        keys.extend(next);
    }
    keys.extend(l);
    keys.extend(r);
}
