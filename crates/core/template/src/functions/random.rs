//! Random text. Where the randomness comes from is the environment's business.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Entry, Outcome, integer};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::text::Text;
use crate::value::{Operand, Value};

/// Most characters for which Go makes room: 48 bits of bytes, four for each.
const MAX_GO_CHARACTERS: usize = 1 << 46;

pub const FUNCTIONS: &[Entry] = &[
    ("randAlpha", "int -> string", |runtime, arguments| {
        from_alphabet(runtime, arguments, |byte| byte.is_ascii_alphabetic())
    }),
    ("randAlphaNum", "int -> string", |runtime, arguments| {
        from_alphabet(runtime, arguments, |byte| byte.is_ascii_alphanumeric())
    }),
    ("randAscii", "int -> string", |runtime, arguments| {
        from_alphabet(runtime, arguments, |byte| (b' '..0x7f).contains(byte))
    }),
    ("randBytes", "int -> string", rand_bytes),
    ("randInt", "int, int -> int", rand_int),
    ("randNumeric", "int -> string", |runtime, arguments| {
        from_alphabet(runtime, arguments, |byte| byte.is_ascii_digit())
    }),
    ("shuffle", "string -> string", shuffle),
    ("uuidv4", "-> string", |runtime, _| {
        Ok(Value::text(uuid(runtime)).into())
    }),
];

fn random_u64(runtime: &mut Runtime<'_>) -> u64 {
    let mut bytes = [0; 8];
    runtime.environment().random(&mut bytes);
    u64::from_be_bytes(bytes)
}

/// A number below `end`, each as likely as the other.
fn below(runtime: &mut Runtime<'_>, end: u64) -> u64 {
    let unbiased = u64::MAX - u64::MAX % end;
    loop {
        let number = random_u64(runtime);
        if number < unbiased {
            return number % end;
        }
    }
}

fn from_alphabet(
    runtime: &mut Runtime<'_>,
    arguments: &[Operand],
    allowed: fn(&u8) -> bool,
) -> Outcome {
    let count = usize::try_from(integer(arguments, 0)).unwrap_or_default();
    if count > MAX_GO_CHARACTERS {
        return Err(CallError::new("runtime error: makeslice: len out of range"));
    }
    runtime.charge_bytes(count)?;
    runtime.charge(count as u64 / 8)?;
    let alphabet: Vec<u8> = (0..0x80).filter(allowed).collect();
    let size = alphabet.len() as u64;
    let text: Vec<u8> = (0..count)
        .map(|_| alphabet[below(runtime, size) as usize])
        .collect();
    Ok(Value::text(text).into())
}

fn rand_bytes(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let Ok(count) = usize::try_from(integer(arguments, 0)) else {
        return Err(CallError::new("runtime error: makeslice: len out of range"));
    };
    runtime.charge_bytes(count)?;
    let mut bytes = vec![0; count];
    runtime.environment().random(&mut bytes);
    Ok(Value::text(STANDARD.encode(bytes)).into())
}

fn rand_int(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (min, max) = (integer(arguments, 0), integer(arguments, 1));
    let gap = max.wrapping_sub(min);
    if gap <= 0 {
        return Err(CallError::new("invalid argument to Intn"));
    }
    let number = below(runtime, gap.unsigned_abs()) as i64;
    Ok(Value::int(min.wrapping_add(number)).into())
}

fn shuffle(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let text: Text = super::text(arguments, 0);
    runtime.charge(text.len() as u64 / 8)?;
    let mut characters: Vec<char> = text.lossy().chars().collect();
    for index in (1..characters.len()).rev() {
        let other = below(runtime, index as u64 + 1) as usize;
        characters.swap(index, other);
    }
    Ok(Value::text(characters.into_iter().collect::<String>()).into())
}

fn uuid(runtime: &mut Runtime<'_>) -> String {
    let mut bytes = [0; 16];
    runtime.environment().random(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}
