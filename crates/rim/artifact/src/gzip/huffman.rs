//! Length-limited Huffman codes by package-merge, with Go's way to break ties.

/// A code: its bits, first bit lowest, and their number; zero bits for an unused symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub bits: u16,
    pub length: u8,
}

/// Codes of all symbols for their frequencies; no code is longer than the limit.
pub(super) fn codes(frequencies: &[u32], limit: usize) -> Vec<Code> {
    let mut used: Vec<(u32, usize)> = frequencies
        .iter()
        .enumerate()
        .filter(|(_, frequency)| **frequency > 0)
        .map(|(symbol, frequency)| (*frequency, symbol))
        .collect();
    let mut lengths = vec![0u8; frequencies.len()];
    if used.len() <= 2 {
        // One bit each, in the order of the symbols.
        used.iter().for_each(|(_, symbol)| lengths[*symbol] = 1);
        return canonical(&lengths);
    }
    used.sort_unstable();
    let weights: Vec<u32> = used.iter().map(|(frequency, _)| *frequency).collect();
    let counts = length_counts(&weights, limit.min(used.len() - 1));
    // The most frequent symbols, at the end, get the shortest codes.
    let mut rest = used.as_slice();
    for (length, count) in counts.into_iter().enumerate() {
        let (left, chosen) = rest.split_at(rest.len() - count);
        chosen
            .iter()
            .for_each(|(_, symbol)| lengths[*symbol] = length as u8);
        rest = left;
    }
    canonical(&lengths)
}

/// How many symbols have codes of each length (index 0 is unused), for ascending weights.
fn length_counts(weights: &[u32], limit: usize) -> Vec<usize> {
    let symbols = weights.len();
    // Rows of package-merge from the deepest up; each item says whether it is a leaf.
    let mut rows: Vec<Vec<bool>> = Vec::with_capacity(limit);
    let mut packages: Vec<u64> = Vec::new();
    for _ in 0..limit {
        let mut row = Vec::with_capacity(symbols + packages.len());
        let mut sums = Vec::with_capacity(symbols + packages.len());
        let mut leaves = weights.iter().map(|weight| u64::from(*weight)).peekable();
        let mut pairs = packages.iter().copied().peekable();
        loop {
            let leaf_next = match (leaves.peek(), pairs.peek()) {
                (None, None) => break,
                // Of equal ones the package comes first.
                (Some(leaf), Some(pair)) => leaf < pair,
                (leaf, _) => leaf.is_some(),
            };
            row.push(leaf_next);
            sums.extend(if leaf_next {
                leaves.next()
            } else {
                pairs.next()
            });
        }
        packages = sums.chunks_exact(2).map(|pair| pair[0] + pair[1]).collect();
        rows.push(row);
    }
    let mut counts = vec![0; limit + 1];
    let mut taken = 2 * symbols - 2;
    let mut leaves_above = None;
    for (depth, row) in rows.iter().rev().enumerate() {
        let leaves = row[..taken].iter().filter(|leaf| **leaf).count();
        if let Some(above) = leaves_above {
            counts[depth] = above - leaves;
        }
        leaves_above = Some(leaves);
        taken = 2 * (taken - leaves);
    }
    counts[limit] = leaves_above.unwrap_or_default();
    counts
}

/// Codes in the order of length, then symbol (RFC 1951, 3.2.2).
pub(super) fn canonical(lengths: &[u8]) -> Vec<Code> {
    let mut codes = vec![Code::default(); lengths.len()];
    let mut next = 0u16;
    for length in 1..=15u8 {
        next <<= 1;
        for (symbol, _) in lengths
            .iter()
            .enumerate()
            .filter(|(_, own)| **own == length)
        {
            let bits = next.reverse_bits() >> (16 - u32::from(length));
            codes[symbol] = Code { bits, length };
            next += 1;
        }
    }
    codes
}

/// Bits that symbols of these frequencies take.
pub(super) fn cost(codes: &[Code], frequencies: &[u32]) -> usize {
    let pairs = frequencies.iter().zip(codes);
    pairs
        .map(|(frequency, code)| *frequency as usize * usize::from(code.length))
        .sum()
}
