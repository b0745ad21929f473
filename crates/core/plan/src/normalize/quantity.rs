//! Kubernetes quantities in their canonical form: `0.5` is `500m`, `1024Mi` is `1Gi`, `1000m` is `1`.

/// Longest text of a quantity that is read.
const MAX_CHARS: usize = 64;
/// Most decimal digits that are kept, in either direction; more cannot be held exactly.
const NANO: i128 = 1_000_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Binary,
    Decimal,
    Exponent,
}

/// The canonical text; `None` when the text is no quantity or too large to be held exactly.
pub(super) fn canonical(text: &str) -> Option<String> {
    if text.len() > MAX_CHARS {
        return None;
    }
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let number_end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(number_end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    // Whole numbers in an unusual form are kept as they were written, for Go remembers the text of a number that it read exactly.
    let unusual = text.starts_with('+') || (whole.len() > 1 && whole.starts_with('0'));
    if unusual && suffix.is_empty() && !number.contains('.') {
        return Some(text.to_owned());
    }
    let (format, base, exponent) = scale(suffix)?;
    // In billionths, rounded up: that is the finest a quantity can be.
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = exponent - i32::try_from(fraction.len()).ok()? + 9;
    let mut nanos = digits.checked_mul(base)?;
    nanos = if shift >= 0 {
        nanos.checked_mul(10i128.checked_pow(u32::try_from(shift).ok()?)?)?
    } else {
        let divisor = 10i128.checked_pow(u32::try_from(-shift).ok()?)?;
        nanos.checked_add(divisor - 1)? / divisor
    };
    let sign = if negative && nanos != 0 { "-" } else { "" };
    Some(format!("{sign}{}", write(nanos, format)))
}

/// Format, power of two as a factor, power of ten of a suffix.
fn scale(suffix: &str) -> Option<(Format, i128, i32)> {
    let binary = |power: u32| Some((Format::Binary, 1024i128.pow(power), 0));
    let decimal = |exponent| Some((Format::Decimal, 1, exponent));
    match suffix {
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            Some((
                Format::Exponent,
                1,
                exponent.parse().ok().filter(|e: &i32| e.abs() <= 18)?,
            ))
        }
    }
}

fn write(nanos: i128, format: Format) -> String {
    const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    if nanos == 0 {
        return "0".to_owned();
    }
    // Binary suffixes are kept only for whole numbers of 1024 and more; smaller or broken ones become decimal.
    if format == Format::Binary && nanos % NANO == 0 && nanos / NANO >= 1024 {
        let (mut value, mut power) = (nanos / NANO, 0);
        while value % 1024 == 0 && power + 1 < BINARY.len() {
            (value, power) = (value / 1024, power + 1);
        }
        return format!("{value}{}", BINARY[power]);
    }
    let (mut value, mut power) = (nanos, 0usize);
    while value % 1000 == 0 && power + 1 < DECIMAL.len() {
        (value, power) = (value / 1000, power + 1);
    }
    let exponent = i64::try_from(power).unwrap_or(0) * 3 - 9;
    match format {
        Format::Exponent if exponent != 0 => format!("{value}e{exponent}"),
        _ => format!("{value}{}", DECIMAL[power]),
    }
}
