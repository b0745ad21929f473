//! Values as text, by the rules of Go's package fmt.

mod printer;
mod printf;
mod scalar;
mod value;

use crate::value::{Operand, Value};
use printer::Printer;

/// Appends what `fmt.Sprint` makes of one value.
pub fn print(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => out.extend_from_slice(text),
        other => {
            let mut printer = Printer::new(std::mem::take(out));
            printer.argument(other, 'v');
            *out = printer.out;
        }
    }
}

/// What `fmt.Sprint` makes of one value.
pub fn to_text(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    print(&mut out, value);
    out
}

/// `fmt.Sprint`: spaces between operands when neither is a string.
pub fn sprint(arguments: &[Operand]) -> Vec<u8> {
    let mut printer = Printer::new(Vec::new());
    let mut previous_is_string = false;
    for (index, argument) in arguments.iter().enumerate() {
        let is_string = matches!(argument.value, Value::String(_));
        if index > 0 && !is_string && !previous_is_string {
            printer.out.push(b' ');
        }
        printer.argument(&argument.value, 'v');
        previous_is_string = is_string;
    }
    printer.out
}

/// `fmt.Sprintln`: spaces between operands and a line feed at the end.
pub fn sprintln(arguments: &[Operand]) -> Vec<u8> {
    let mut printer = Printer::new(Vec::new());
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            printer.out.push(b' ');
        }
        printer.argument(&argument.value, 'v');
    }
    printer.out.push(b'\n');
    printer.out
}

/// `fmt.Sprintf`. Stops growing at `limit` bytes: `None` when there would be more.
pub fn sprintf(format: &[u8], arguments: &[Operand], limit: usize) -> Option<Vec<u8>> {
    printf::sprintf(format, arguments, limit)
}
