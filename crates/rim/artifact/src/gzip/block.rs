//! Writes blocks: fixed codes, own codes or stored, whichever is smallest (RFC 1951, 3.2).

use super::huffman::{Code, canonical, codes, cost};

/// Symbols for literals, the end of a block and lengths.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END_OF_BLOCK: usize = 256;
const FIRST_LENGTH: usize = 257;
const LONGEST_CODE: usize = 15;
const LONGEST_LENGTH_CODE: usize = 7;
/// Largest stored block, in bytes.
const MAX_STORED: usize = 65_535;
/// Order in which the lengths of the length codes are written.
const LENGTH_CODE_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// Length symbols that repeat: the previous length, a few zeros, many zeros.
const REPEAT_PREVIOUS: usize = 16;
const FEW_ZEROS: usize = 17;
const MANY_ZEROS: usize = 18;

/// A byte as it is, or a repetition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    Literal(u8),
    /// Length 4 to 258; distance 1 to 32768, where 0 stands for nothing and 32768 fits in 16 bits.
    Match {
        length: u16,
        distance: u16,
    },
}

/// Bits that become bytes, first bit lowest.
#[derive(Default)]
pub(super) struct BitSink {
    bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitSink {
    fn put(&mut self, bits: u32, count: u32) {
        self.bits |= u64::from(bits) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    fn code(&mut self, code: Code) {
        self.put(u32::from(code.bits), u32::from(code.length));
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }

    /// The head of a stored block.
    pub(super) fn stored_header(&mut self, length: u16, last: bool) {
        self.put(u32::from(last), 3);
        self.align();
        self.put(u32::from(length), 16);
        self.put(u32::from(!length), 16);
    }

    /// The whole bytes so far.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// A symbol with the extra bits that follow it.
#[derive(Clone, Copy)]
struct Symbol {
    symbol: usize,
    extra: u32,
    extra_bits: u32,
}

/// The symbol of a length of 3 to 258.
fn length_symbol(length: u16) -> Symbol {
    let value = u32::from(length) - 3;
    if value == 255 {
        return Symbol {
            symbol: FIRST_LENGTH + 28,
            extra: 0,
            extra_bits: 0,
        };
    }
    let split = split(value, 2);
    Symbol {
        symbol: FIRST_LENGTH + split.symbol,
        ..split
    }
}

/// The symbol of a distance.
fn distance_symbol(distance: u16) -> Symbol {
    split(u32::from(distance.wrapping_sub(1)), 1)
}

/// Values fall into groups that double in size every 2^`shift` groups.
fn split(value: u32, shift: u32) -> Symbol {
    let first = 1 << (shift + 1);
    if value < first {
        return Symbol {
            symbol: value as usize,
            extra: 0,
            extra_bits: 0,
        };
    }
    let extra_bits = value.ilog2() - shift;
    let group = (extra_bits << shift) + (value >> extra_bits);
    let extra = value & ((1 << extra_bits) - 1);
    Symbol {
        symbol: group as usize,
        extra,
        extra_bits,
    }
}

struct Histogram {
    literals: Vec<u32>,
    distances: Vec<u32>,
    extra_bits: usize,
}

fn count(tokens: &[Token]) -> Histogram {
    let mut seen = Histogram {
        literals: vec![0; LITERALS],
        distances: vec![0; DISTANCES],
        extra_bits: 0,
    };
    for token in tokens {
        match token {
            Token::Literal(byte) => seen.literals[usize::from(*byte)] += 1,
            Token::Match { length, distance } => {
                let (length, distance) = (length_symbol(*length), distance_symbol(*distance));
                seen.literals[length.symbol] += 1;
                seen.distances[distance.symbol] += 1;
                seen.extra_bits += (length.extra_bits + distance.extra_bits) as usize;
            }
        }
    }
    seen.literals[END_OF_BLOCK] += 1;
    if seen.distances.iter().all(|frequency| *frequency == 0) {
        // Own codes need at least one distance.
        seen.distances[0] = 1;
    }
    seen
}

/// Writes tokens as a block that is not the last; the input is what they stand for.
pub(super) fn write_block(sink: &mut BitSink, tokens: &[Token], input: Option<&[u8]>) {
    let seen = count(tokens);
    let (fixed_literals, fixed_distances) = fixed_codes();
    let fixed_bits = 3
        + cost(&fixed_literals, &seen.literals)
        + cost(&fixed_distances, &seen.distances)
        + seen.extra_bits;
    let own = OwnCodes::new(&seen);
    let own_bits = own.bits + seen.extra_bits;
    let stored = input.filter(|input| input.len() <= MAX_STORED);
    if let Some(input) = stored
        && (input.len() + 5) * 8 < fixed_bits.min(own_bits)
    {
        sink.stored_header(input.len() as u16, false);
        sink.bytes.extend_from_slice(input);
    } else if own_bits < fixed_bits {
        own.write_header(sink);
        write_tokens(sink, tokens, &own.literals, &own.distances);
    } else {
        sink.put(0b010, 3);
        write_tokens(sink, tokens, &fixed_literals, &fixed_distances);
    }
}

fn write_tokens(sink: &mut BitSink, tokens: &[Token], literals: &[Code], distances: &[Code]) {
    for token in tokens {
        match token {
            Token::Literal(byte) => sink.code(literals[usize::from(*byte)]),
            Token::Match { length, distance } => {
                let length = length_symbol(*length);
                sink.code(literals[length.symbol]);
                sink.put(length.extra, length.extra_bits);
                let distance = distance_symbol(*distance);
                sink.code(distances[distance.symbol]);
                sink.put(distance.extra, distance.extra_bits);
            }
        }
    }
    sink.code(literals[END_OF_BLOCK]);
}

/// The codes of RFC 1951, 3.2.6.
fn fixed_codes() -> (Vec<Code>, Vec<Code>) {
    let mut lengths = [8u8; LITERALS + 2];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    (canonical(&lengths), canonical(&[5; DISTANCES + 2]))
}

/// Codes made for one block.
struct OwnCodes {
    literals: Vec<Code>,
    distances: Vec<Code>,
    literal_count: usize,
    distance_count: usize,
    /// Symbols that describe the lengths of the codes.
    description: Vec<Symbol>,
    description_codes: Vec<Code>,
    description_count: usize,
    /// Size of the block without extra bits of lengths and distances.
    bits: usize,
}

impl OwnCodes {
    fn new(seen: &Histogram) -> Self {
        let used = |frequencies: &[u32]| {
            frequencies
                .iter()
                .rposition(|frequency| *frequency > 0)
                .map_or(0, |last| last + 1)
        };
        let (literal_count, distance_count) = (used(&seen.literals), used(&seen.distances));
        let literals = codes(&seen.literals, LONGEST_CODE);
        let distances = codes(&seen.distances, LONGEST_CODE);
        let lengths: Vec<u8> = literals[..literal_count]
            .iter()
            .chain(&distances[..distance_count])
            .map(|code| code.length)
            .collect();
        let description = describe(&lengths);
        let mut frequencies = [0u32; LENGTH_CODE_ORDER.len()];
        description
            .iter()
            .for_each(|symbol| frequencies[symbol.symbol] += 1);
        let description_codes = codes(&frequencies, LONGEST_LENGTH_CODE);
        let in_order = LENGTH_CODE_ORDER
            .iter()
            .rposition(|symbol| frequencies[*symbol] > 0);
        let description_count = in_order.map_or(0, |last| last + 1).max(4);
        let extra: u32 = description.iter().map(|symbol| symbol.extra_bits).sum();
        let bits = 3
            + 5
            + 5
            + 4
            + 3 * description_count
            + cost(&description_codes, &frequencies)
            + extra as usize
            + cost(&literals, &seen.literals)
            + cost(&distances, &seen.distances);
        Self {
            literals,
            distances,
            literal_count,
            distance_count,
            description,
            description_codes,
            description_count,
            bits,
        }
    }

    fn write_header(&self, sink: &mut BitSink) {
        sink.put(0b100, 3);
        sink.put((self.literal_count - FIRST_LENGTH) as u32, 5);
        sink.put((self.distance_count - 1) as u32, 5);
        sink.put((self.description_count - 4) as u32, 4);
        for symbol in &LENGTH_CODE_ORDER[..self.description_count] {
            sink.put(u32::from(self.description_codes[*symbol].length), 3);
        }
        for symbol in &self.description {
            sink.code(self.description_codes[symbol.symbol]);
            sink.put(symbol.extra, symbol.extra_bits);
        }
    }
}

/// Run-length encoding of code lengths (RFC 1951, 3.2.7).
fn describe(lengths: &[u8]) -> Vec<Symbol> {
    let plain = |length: u8| Symbol {
        symbol: usize::from(length),
        extra: 0,
        extra_bits: 0,
    };
    let repeat = |symbol, count: usize, least: usize, extra_bits| Symbol {
        symbol,
        extra: (count - least) as u32,
        extra_bits,
    };
    let mut symbols = Vec::new();
    for run in lengths.chunk_by(|a, b| a == b) {
        let mut left = run.len();
        if run[0] == 0 {
            while left >= 11 {
                let count = left.min(138);
                symbols.push(repeat(MANY_ZEROS, count, 11, 7));
                left -= count;
            }
            if left >= 3 {
                symbols.push(repeat(FEW_ZEROS, left, 3, 3));
                left = 0;
            }
        } else {
            symbols.push(plain(run[0]));
            left -= 1;
            while left >= 3 {
                let count = left.min(6);
                symbols.push(repeat(REPEAT_PREVIOUS, count, 3, 2));
                left -= count;
            }
        }
        symbols.extend(std::iter::repeat_n(plain(run[0]), left));
    }
    symbols
}
