//! Values of every kind under each verb.

use super::printer::Printer;
use crate::object::Object;
use crate::stack::with_room;
use crate::types::{IntKind, Kind};
use crate::value::{List, MAX_VALUE_DEPTH_LEVELS, Map, Value};

/// Bytes at which printing stops: maps that hold themselves many times would grow without end.
const MAX_PRINTED_BYTES: usize = 256 << 20;

impl Printer {
    /// One argument of Printf or Print.
    pub fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => {
                let name = value.type_name();
                self.string(name.as_bytes(), 's');
            }
            (_, 'p') => self.pointer(value, verb),
            (_, 'w') => self.bad_verb(value, verb),
            _ => self.value(value, verb, 0),
        }
    }

    /// `%!d(string=text)`.
    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.erroring = true;
        self.text("%!");
        self.character(verb);
        self.out.push(b'(');
        if matches!(value, Value::Nil) {
            self.text("<nil>");
        } else {
            self.text(&value.type_name());
            self.out.push(b'=');
            self.value(value, 'v', 0);
        }
        self.out.push(b')');
        self.erroring = false;
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if depth > MAX_VALUE_DEPTH_LEVELS || self.out.len() > MAX_PRINTED_BYTES {
            return;
        }
        with_room(|| self.level(value, verb, depth));
    }

    fn level(&mut self, value: &Value, verb: char, depth: usize) {
        if self.with_method(value, verb) {
            return;
        }
        let known = match value {
            Value::Nil => {
                self.nil();
                true
            }
            Value::Bool(value) => self.boolean(*value, verb),
            Value::Int(_, int) => self.integer(int.unsigned_abs(), *int < 0, true, verb),
            Value::Uint(_, uint) => self.integer(*uint, false, false, verb),
            Value::Float(float) => self.float(*float, false, verb),
            Value::Float32(float) => self.float(f64::from(*float), true, verb),
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, verb),
            Value::String(text) => self.string(text, verb),
            Value::Bytes(bytes) => {
                self.bytes(bytes, verb, depth);
                true
            }
            Value::List(list) => {
                self.list(list, None, verb, depth);
                true
            }
            Value::Map(map) => {
                self.map(map, &map.type_name(), verb, depth);
                true
            }
            Value::Time(time) if self.flags.sharp_v => {
                self.text(&time.go_syntax());
                true
            }
            Value::Time(time) => self.string(time.to_string().as_bytes(), verb),
            Value::Function(_) => {
                self.pointer(value, verb);
                true
            }
            Value::Object(object) => {
                self.object(object.as_ref(), verb, depth);
                true
            }
        };
        if !known {
            self.bad_verb(value, verb);
        }
    }

    /// Prints through `String()` or `Error()`, for the verbs that take strings.
    fn with_method(&mut self, value: &Value, verb: char) -> bool {
        if self.erroring || self.flags.sharp_v || !"vsxXq".contains(verb) {
            return false;
        }
        let text = match value {
            Value::Int(IntKind::Duration, nanoseconds) => crate::time::duration_text(*nanoseconds),
            Value::Int(IntKind::Month, month) => crate::time::month_text(*month),
            Value::Int(IntKind::Weekday, day) => crate::time::weekday_text(*day),
            Value::Object(object) => match object.display() {
                Some(text) => text,
                None => return false,
            },
            _ => return false,
        };
        self.string(text.as_bytes(), verb)
    }

    fn nil(&mut self) {
        if self.flags.sharp_v {
            self.text("interface {}(nil)");
        } else {
            self.text("<nil>");
        }
    }

    fn boolean(&mut self, value: bool, verb: char) -> bool {
        if !matches!(verb, 't' | 'v') {
            return false;
        }
        self.pad(if value { b"true" } else { b"false" });
        true
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, depth: usize) {
        if matches!(verb, 's' | 'x' | 'X' | 'q') {
            self.string(bytes, verb);
            return;
        }
        let sharp = self.flags.sharp_v && matches!(verb, 'v' | 'd');
        if sharp {
            self.text(if depth == 0 { "[]byte{" } else { "[]uint8{" });
        } else {
            self.out.push(b'[');
        }
        for (index, byte) in bytes.iter().enumerate() {
            self.separator(index, sharp);
            let byte = Value::Uint(crate::types::UintKind::Uint8, u64::from(*byte));
            self.value(&byte, verb, depth + 1);
        }
        self.out.push(if sharp { b'}' } else { b']' });
    }

    fn separator(&mut self, index: usize, sharp: bool) {
        if index > 0 {
            self.text(if sharp { ", " } else { " " });
        }
    }

    fn list(&mut self, list: &List, type_name: Option<&str>, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            match type_name {
                Some(name) => self.text(name),
                None => self.text(&format!("[]{}", list.item_type())),
            }
            if list.is_nil() {
                self.text("(nil)");
                return;
            }
        }
        self.out.push(if sharp { b'{' } else { b'[' });
        for (index, item) in list.items().iter().enumerate() {
            self.separator(index, sharp);
            self.value(item, verb, depth + 1);
        }
        self.out.push(if sharp { b'}' } else { b']' });
    }

    fn map(&mut self, map: &Map, type_name: &str, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.text(type_name);
            if map.is_nil() {
                self.text("(nil)");
                return;
            }
            self.out.push(b'{');
        } else {
            self.text("map[");
        }
        for (index, (key, item)) in map.entries().iter().enumerate() {
            self.separator(index, sharp);
            self.value(&Value::String(key.clone()), verb, depth + 1);
            self.out.push(b':');
            self.value(item, verb, depth + 1);
        }
        self.out.push(if sharp { b'}' } else { b']' });
    }

    fn object(&mut self, object: &dyn Object, verb: char, depth: usize) {
        match (object.kind(), object.underlying()) {
            (_, Value::Map(map)) => self.map(&map, &object.type_name(), verb, depth),
            (_, Value::List(list)) => self.list(&list, Some(&object.type_name()), verb, depth),
            (_, Value::Nil) if object.is_nil() => self.nil(),
            (_, Value::Nil) => {
                if object.kind() == Kind::Pointer {
                    self.out.push(b'&');
                }
                self.fields(object, verb, depth);
            }
            (_, underlying) => self.value(&underlying, verb, depth),
        }
    }

    fn fields(&mut self, object: &dyn Object, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            let name = object.type_name();
            self.text(name.trim_start_matches('*'));
        }
        self.out.push(b'{');
        for (index, (name, field)) in object.printed_fields().into_iter().enumerate() {
            self.separator(index, sharp);
            if self.flags.plus_v || sharp {
                self.text(&name);
                self.out.push(b':');
            }
            self.value(&field, verb, depth + 1);
        }
        self.out.push(b'}');
    }

    /// Addresses say nothing here and change from run to run in Go: a fixed one is printed.
    fn pointer(&mut self, value: &Value, verb: char) {
        let has_address = match value {
            Value::List(_) | Value::Bytes(_) | Value::Map(_) | Value::Function(_) => true,
            Value::Object(object) => matches!(
                object.kind(),
                Kind::Pointer | Kind::Map | Kind::Slice | Kind::Func
            ),
            _ => false,
        };
        if has_address && matches!(verb, 'p' | 'v') {
            self.pad(b"0xc000010000");
        } else {
            self.bad_verb(value, verb);
        }
    }
}
