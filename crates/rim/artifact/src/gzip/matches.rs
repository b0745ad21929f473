//! Finds repetitions in the last 32 KiB, one step lazily, with Go's limits at level 6.

use super::block::{BitSink, Token, write_block};

const WINDOW: usize = 32 * 1024;
/// Shortest repetition that is used; the format would allow 3.
const MIN_MATCH: usize = 4;
const MAX_MATCH: usize = 258;
/// So much must be buffered before a position is looked at, except at the end.
const LOOKAHEAD: usize = MIN_MATCH + MAX_MATCH;
/// Tokens of one block.
const BLOCK_TOKENS: usize = 1 << 14;
/// A repetition of this length is not improved on by looking at the next position.
const LAZY_LENGTH: usize = 16;
/// A repetition of this length ends the search.
const NICE_LENGTH: usize = 128;
/// Candidates that are compared for one position.
const CHAIN_LENGTH: usize = 128;
/// Shortest repetitions are used only this near.
const NEAR: u64 = 4096;
const HASH_BITS: u32 = 17;
const HASH_FACTOR: u32 = 0x1e35_a7bd;

#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: u64,
}

const NO_MATCH: Match = Match {
    length: MIN_MATCH - 1,
    distance: 0,
};

/// Positions are counted from the beginning of the input; the window holds two times 32 KiB.
pub(super) struct Matcher {
    window: Vec<u8>,
    /// Position of the first byte in the window.
    base: u64,
    /// Position that is looked at.
    at: u64,
    /// Position where the tokens begin.
    block_start: u64,
    tokens: Vec<Token>,
    previous: Match,
    /// The byte before `at` has no token yet.
    literal_waits: bool,
    /// Newest position by hash of the four bytes there, plus one; zero for none.
    newest: Vec<u64>,
    /// The position before with the same hash, plus one, by position modulo the window.
    older: Vec<u64>,
}

impl Matcher {
    pub(super) fn new() -> Self {
        Self {
            window: Vec::with_capacity(2 * WINDOW),
            base: 0,
            at: 0,
            block_start: 0,
            tokens: Vec::with_capacity(BLOCK_TOKENS + 1),
            previous: NO_MATCH,
            literal_waits: false,
            newest: vec![0; 1 << HASH_BITS],
            older: vec![0; WINDOW],
        }
    }

    /// Takes input; tokens come out as far as the lookahead allows.
    pub(super) fn add(&mut self, mut input: &[u8], sink: &mut BitSink) {
        while !input.is_empty() {
            self.advance(false, sink);
            if self.at - self.base >= (2 * WINDOW - LOOKAHEAD) as u64 {
                self.window.drain(..WINDOW);
                self.base += WINDOW as u64;
            }
            let taken = input.len().min(2 * WINDOW - self.window.len());
            self.window.extend_from_slice(&input[..taken]);
            input = &input[taken..];
        }
    }

    /// Works off everything and writes the last block.
    pub(super) fn finish(&mut self, sink: &mut BitSink) {
        self.advance(false, sink);
        self.advance(true, sink);
        if self.literal_waits {
            let byte = self.byte(self.at - 1);
            self.tokens.push(Token::Literal(byte));
            self.literal_waits = false;
        }
        if !self.tokens.is_empty() {
            self.end_block(sink);
        }
    }

    fn end(&self) -> u64 {
        self.base + self.window.len() as u64
    }

    fn byte(&self, position: u64) -> u8 {
        self.window[(position - self.base) as usize]
    }

    fn advance(&mut self, to_the_end: bool, sink: &mut BitSink) {
        loop {
            let lookahead = (self.end() - self.at) as usize;
            if lookahead == 0 || (lookahead < LOOKAHEAD && !to_the_end) {
                return;
            }
            self.step(lookahead, sink);
            if self.tokens.len() == BLOCK_TOKENS {
                self.end_block(sink);
            }
        }
    }

    /// Looks at one position: a repetition that begins here may beat the one that began before.
    fn step(&mut self, lookahead: usize, sink: &mut BitSink) {
        let candidate = self.remember(self.at);
        let previous = std::mem::replace(&mut self.previous, NO_MATCH);
        if lookahead > previous.length
            && previous.length < LAZY_LENGTH
            && let Some(found) = self.search(candidate, lookahead)
        {
            self.previous = found;
        }
        if previous.length >= MIN_MATCH && self.previous.length <= previous.length {
            self.tokens.push(Token::Match {
                length: previous.length as u16,
                distance: previous.distance as u16,
            });
            let next = self.at + previous.length as u64 - 1;
            for position in self.at + 1..next {
                self.remember(position);
            }
            self.at = next;
            self.previous = NO_MATCH;
            self.literal_waits = false;
            return;
        }
        if self.literal_waits {
            let byte = self.byte(self.at - 1);
            self.tokens.push(Token::Literal(byte));
            if self.tokens.len() == BLOCK_TOKENS {
                // The byte that is looked at belongs to the next block.
                self.end_block(sink);
            }
        }
        self.literal_waits = true;
        self.at += 1;
    }

    /// Puts a position into the chain of its hash; answers the position before, plus one.
    fn remember(&mut self, position: u64) -> u64 {
        if position + MIN_MATCH as u64 > self.end() {
            return 0;
        }
        let offset = (position - self.base) as usize;
        let four = &self.window[offset..offset + MIN_MATCH];
        let word = u32::from_be_bytes([four[0], four[1], four[2], four[3]]);
        let hash = (word.wrapping_mul(HASH_FACTOR) >> (32 - HASH_BITS)) as usize;
        let before = std::mem::replace(&mut self.newest[hash], position + 1);
        self.older[position as usize % WINDOW] = before;
        before
    }

    /// The longest repetition along a chain; of equally long ones the nearest.
    fn search(&self, candidate: u64, lookahead: usize) -> Option<Match> {
        let longest = lookahead.min(MAX_MATCH);
        let nice = longest.min(NICE_LENGTH);
        let farthest = self.at.saturating_sub(WINDOW as u64);
        let oldest = farthest.max(self.base);
        let here = &self.window[(self.at - self.base) as usize..][..longest];
        let (mut best, mut next) = (NO_MATCH, candidate);
        for _ in 0..CHAIN_LENGTH {
            // Zero is no position; positions are stored plus one.
            let Some(position) = next.checked_sub(1).filter(|position| *position >= oldest) else {
                break;
            };
            let there = &self.window[(position - self.base) as usize..];
            if there[best.length] == here[best.length] {
                let length = here.iter().zip(there).take_while(|(a, b)| a == b).count();
                let distance = self.at - position;
                if length > best.length && (length > MIN_MATCH || distance <= NEAR) {
                    best = Match { length, distance };
                    if length >= nice {
                        break;
                    }
                }
            }
            if self.at - position == WINDOW as u64 {
                // The entry of the next one was overwritten by this position.
                break;
            }
            next = self.older[position as usize % WINDOW];
        }
        (best.distance > 0).then_some(best)
    }

    /// Writes the tokens as a block that ends before `at`.
    fn end_block(&mut self, sink: &mut BitSink) {
        // Input that has left the window cannot be stored as it is.
        let input = (self.block_start >= self.base).then(|| {
            let start = (self.block_start - self.base) as usize;
            &self.window[start..(self.at - self.base) as usize]
        });
        write_block(sink, &self.tokens, input);
        self.block_start = self.at;
        self.tokens.clear();
    }
}
