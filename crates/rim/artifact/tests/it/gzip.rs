//! Gzip bytes against sums that Go's compress/gzip made over the same input, cut the same way.

use std::io::Write;

use sha2::{Digest, Sha256};
use skein_artifact::gzip::GzipWriter;

use crate::archive::hex_of;

/// A small generator that the Go side has too.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// Input of a shape: 0 random bytes, 1 words, 2 few letters, 3 runs, 4 words with noise between,
/// 5 copies from up to 40 KiB back.
fn input(shape: u64, size: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut bytes: Vec<u8> = Vec::with_capacity(size + 300);
    let words = [
        "apiVersion: v1\n",
        "kind: ConfigMap\n",
        "metadata:\n  name: ",
        "namespace: default\n",
        "  data: ",
        "image: nginx:1.27\n",
    ];
    while bytes.len() < size {
        match shape {
            0 => bytes.push(random.next() as u8),
            1 => bytes.extend_from_slice(words[random.next() as usize % words.len()].as_bytes()),
            2 => bytes.push(b'a' + (random.next() % 3) as u8),
            3 => {
                let (byte, count) = (random.next() as u8, random.next() as usize % 300);
                bytes.extend(std::iter::repeat_n(byte, count));
            }
            4 => {
                bytes.extend_from_slice(words[random.next() as usize % words.len()].as_bytes());
                let count = random.next() as usize % 40;
                bytes.extend((0..count).map(|_| random.next() as u8));
            }
            _ => {
                let (count, back) = (random.next() as usize % 60, random.next() as usize % 40_960);
                if back > count && back <= bytes.len() {
                    let start = bytes.len() - back;
                    bytes.extend_from_within(start..start + count);
                } else {
                    bytes.extend((0..count).map(|_| random.next() as u8));
                }
            }
        }
    }
    bytes.truncate(size);
    bytes
}

fn sum(bytes: &[u8], piece: usize) -> String {
    let mut gzip = GzipWriter::new(Vec::new());
    for part in bytes.chunks(piece) {
        gzip.write_all(part).unwrap();
    }
    let compressed = gzip.finish().unwrap();
    let mut plain = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(&compressed[..]),
        &mut plain,
    )
    .unwrap();
    assert!(plain == bytes, "the bytes come back");
    hex_of(&Sha256::digest(&compressed))
}

/// Each line: shape, size, seed, size of the pieces, sum.
#[test]
fn bytes_are_those_of_go() {
    let mut wrong = Vec::new();
    for line in include_str!("go_gzip.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| fields[at].parse::<u64>().unwrap();
        let bytes = input(number(0), number(1) as usize, number(2));
        if sum(&bytes, number(3) as usize) != fields[4] {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}
