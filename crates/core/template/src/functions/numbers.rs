//! Arithmetic and ranges of numbers.

use super::arguments::text;
use super::cast::{to_float, to_int};
use super::decimal::Decimal;
use super::{Entry, Outcome, any, integer};
use crate::exec::Runtime;
use crate::format;
use crate::function::CallError;
use crate::strconv::parse_int;
use crate::types::{IntKind, Type};
use crate::value::{List, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("add", "...any -> int64", |_, arguments| {
        Ok(int64(arguments.iter().fold(0, |sum, o| {
            i64::wrapping_add(sum, to_int(&o.value))
        })))
    }),
    ("add1", "any -> int64", |_, arguments| {
        Ok(int64(to_int(any(arguments, 0)).wrapping_add(1)))
    }),
    ("add1f", "any -> float64", |_, arguments| {
        let one = [arguments[0].clone(), Operand::plain(Value::Float(1.0))];
        decimals(&one, |a, b| Some(a.add(b)))
    }),
    ("addf", "...any -> float64", |_, arguments| {
        let mut all = vec![Operand::plain(Value::Float(0.0))];
        all.extend_from_slice(arguments);
        decimals(&all, |a, b| Some(a.add(b)))
    }),
    ("atoi", "string -> int", atoi),
    ("biggest", "any, ...any -> int64", |_, arguments| {
        Ok(int64(chosen(arguments, i64::max)))
    }),
    ("ceil", "any -> float64", |_, arguments| {
        Ok(Value::Float(to_float(any(arguments, 0)).ceil()).into())
    }),
    ("div", "any, any -> int64", |_, arguments| {
        divided(arguments, i64::wrapping_div)
    }),
    ("divf", "any, ...any -> float64", |_, arguments| {
        decimals(arguments, Decimal::divide)
    }),
    ("float64", "any -> float64", |_, arguments| {
        Ok(Value::Float(to_float(any(arguments, 0))).into())
    }),
    ("floor", "any -> float64", |_, arguments| {
        Ok(Value::Float(to_float(any(arguments, 0)).floor()).into())
    }),
    ("int", "any -> int", |_, arguments| {
        Ok(Value::int(to_int(any(arguments, 0))).into())
    }),
    ("int64", "any -> int64", |_, arguments| {
        Ok(int64(to_int(any(arguments, 0))))
    }),
    ("max", "any, ...any -> int64", |_, arguments| {
        Ok(int64(chosen(arguments, i64::max)))
    }),
    ("maxf", "any, ...any -> float64", |_, arguments| {
        Ok(chosen_float(arguments, |a, b| a > b))
    }),
    ("min", "any, ...any -> int64", |_, arguments| {
        Ok(int64(chosen(arguments, i64::min)))
    }),
    ("minf", "any, ...any -> float64", |_, arguments| {
        Ok(chosen_float(arguments, |a, b| a < b))
    }),
    ("mod", "any, any -> int64", |_, arguments| {
        divided(arguments, i64::wrapping_rem)
    }),
    ("mul", "any, ...any -> int64", |_, arguments| {
        Ok(int64(arguments.iter().fold(1, |product, o| {
            i64::wrapping_mul(product, to_int(&o.value))
        })))
    }),
    ("mulf", "any, ...any -> float64", |_, arguments| {
        decimals(arguments, |a, b| Some(a.multiply(b)))
    }),
    ("round", "any, int, ...float64 -> float64", round),
    ("seq", "...int -> string", seq),
    ("sub", "any, any -> int64", |_, arguments| {
        let (a, b) = (to_int(any(arguments, 0)), to_int(any(arguments, 1)));
        Ok(int64(a.wrapping_sub(b)))
    }),
    ("subf", "any, ...any -> float64", |_, arguments| {
        decimals(arguments, |a, b| Some(a.subtract(b)))
    }),
    ("toDecimal", "any -> int64", to_decimal),
    ("until", "int -> []int", |runtime, arguments| {
        let stop = integer(arguments, 0);
        let step = if stop < 0 { -1 } else { 1 };
        Ok(ints(numbers(runtime, 0, stop, step)?))
    }),
    (
        "untilStep",
        "int, int, int -> []int",
        |runtime, arguments| {
            let (start, stop, step) = (
                integer(arguments, 0),
                integer(arguments, 1),
                integer(arguments, 2),
            );
            Ok(ints(numbers(runtime, start, stop, step)?))
        },
    ),
];

fn int64(value: i64) -> Operand {
    Value::int64(value).into()
}

fn divided(arguments: &[Operand], divide: fn(i64, i64) -> i64) -> Outcome {
    let (a, b) = (to_int(any(arguments, 0)), to_int(any(arguments, 1)));
    if b == 0 {
        return Err(CallError::new("runtime error: integer divide by zero"));
    }
    Ok(int64(divide(a, b)))
}

fn chosen(arguments: &[Operand], choose: fn(i64, i64) -> i64) -> i64 {
    let numbers = arguments.iter().map(|o| to_int(&o.value));
    numbers.reduce(choose).unwrap_or_default()
}

fn chosen_float(arguments: &[Operand], is_better: fn(f64, f64) -> bool) -> Operand {
    let numbers = arguments.iter().map(|o| to_float(&o.value));
    let best = numbers.reduce(|a, b| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else if is_better(b, a) {
            b
        } else {
            a
        }
    });
    Value::Float(best.unwrap_or_default()).into()
}

fn decimals(arguments: &[Operand], combine: fn(&Decimal, &Decimal) -> Option<Decimal>) -> Outcome {
    let mut result: Option<Decimal> = None;
    for argument in arguments {
        let float = to_float(&argument.value);
        let Some(number) = Decimal::from_float(float) else {
            let shown = crate::strconv::format_float(float, b'g', -1);
            let message = format!("Cannot create a Decimal from {shown}");
            return Err(CallError::new(message));
        };
        result = Some(match result {
            None => number,
            Some(before) => {
                combine(&before, &number).ok_or_else(|| CallError::new("decimal division by 0"))?
            }
        });
    }
    let float = result.map(|result| result.to_float()).unwrap_or_default();
    Ok(Value::Float(float).into())
}

fn atoi(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    use crate::strconv::NumberError;
    let source = text(arguments, 0);
    let source = source.lossy();
    // strconv.Atoi gives the nearest integer along with its error of range.
    let int = match parse_int(&source, 10) {
        Ok(int) => int,
        Err(NumberError::Range) if source.starts_with('-') => i64::MIN,
        Err(NumberError::Range) => i64::MAX,
        Err(NumberError::Syntax) => 0,
    };
    Ok(Value::int(int).into())
}

fn round(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let on = match any(arguments, 2) {
        Value::Float(on) => *on,
        _ => 0.5,
    };
    let places = integer(arguments, 1) as f64;
    let power = power_of_ten(places);
    let digit = power * to_float(any(arguments, 0));
    let rounded = if digit.fract() >= on {
        digit.ceil()
    } else {
        digit.floor()
    };
    Ok(Value::Float(rounded / power).into())
}

/// Ten to the power of a whole number, rounded as Go's `math.Pow` rounds: by squaring, with the exponent of two apart, so that it is off in the last bits for
/// large powers.
fn power_of_ten(power: f64) -> f64 {
    // Ten as a fraction between a half and one, and the power of two that it is multiplied by.
    let (mut fraction, mut exponent) = (0.625_f64, 4_i64);
    let (mut product, mut products_exponent) = (1.0_f64, 0_i64);
    let mut rest = power.abs() as u64;
    while rest != 0 {
        /// Exponents of two beyond this are beyond every float.
        const LARGEST_EXPONENT: i64 = 1 << 12;
        if exponent > LARGEST_EXPONENT {
            products_exponent += exponent;
            break;
        }
        if rest & 1 == 1 {
            product *= fraction;
            products_exponent += exponent;
        }
        fraction *= fraction;
        exponent <<= 1;
        if fraction < 0.5 {
            fraction += fraction;
            exponent -= 1;
        }
        rest >>= 1;
    }
    if power < 0.0 {
        product = 1.0 / product;
        products_exponent = -products_exponent;
    }
    scaled(product, products_exponent)
}

/// A number times a power of two, rounded once.
fn scaled(number: f64, exponent: i64) -> f64 {
    const LARGEST_STEP: i64 = 1_000;
    let power_of_two = |exponent: i64| 2.0_f64.powi(exponent as i32);
    // Two steps at most: only the last can leave the range of normal numbers, and rounds.
    let first = exponent.clamp(-LARGEST_STEP, LARGEST_STEP);
    let rest = (exponent - first).clamp(-LARGEST_STEP, LARGEST_STEP);
    number * power_of_two(first) * power_of_two(rest)
}

/// Reads the text of a value as an octal number.
fn to_decimal(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let shown = format::to_text(any(arguments, 0));
    let shown = String::from_utf8_lossy(&shown);
    Ok(int64(parse_int(&shown, 8).unwrap_or_default()))
}

/// sprig's `untilStep`, within the bounds.
fn numbers(
    runtime: &mut Runtime<'_>,
    start: i64,
    stop: i64,
    step: i64,
) -> Result<Vec<i64>, CallError> {
    let distance = i128::from(stop) - i128::from(start);
    let step = i128::from(step);
    if step == 0 || (distance < 0) != (step < 0) || distance == 0 {
        return Ok(Vec::new());
    }
    let count = (distance.abs() + step.abs() - 1) / step.abs();
    runtime.charge_elements(usize::try_from(count).unwrap_or(usize::MAX))?;
    Ok((0..count)
        .map(|index| (i128::from(start) + index * step) as i64)
        .collect())
}

fn ints(numbers: Vec<i64>) -> Operand {
    let items = numbers.into_iter().map(Value::int).collect();
    Value::List(List::typed(Type::Int(IntKind::Int), items)).into()
}

fn seq(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let number = |index| integer(arguments, index);
    let (start, end, step, increment) = match arguments.len() {
        1 => {
            let step = if number(0) < 1 { -1 } else { 1 };
            (1, number(0), step, step)
        }
        2 => {
            let step = if number(1) < number(0) { -1 } else { 1 };
            (number(0), number(1), step, step)
        }
        3 if number(2) < number(0) => {
            if number(1) > 0 {
                return Ok(Value::text("").into());
            }
            (number(0), number(2), number(1), -1)
        }
        3 => (number(0), number(2), number(1), 1),
        _ => return Ok(Value::text("").into()),
    };
    let list = numbers(runtime, start, end.wrapping_add(increment), step)?;
    let shown: Vec<String> = list.iter().map(ToString::to_string).collect();
    Ok(Value::text(shown.join(" ")).into())
}
