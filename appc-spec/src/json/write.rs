//! JSON as the Go implementation writes it, or without its HTML escapes.

use std::fmt::Write as _;

use super::Codec;
use crate::Strength;

/// Writes one JSON value.
#[derive(Debug)]
pub struct Writer {
    out: String,
    strength: Strength,
}

impl Writer {
    pub(crate) const fn new(strength: Strength) -> Self {
        Self { out: String::new(), strength }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) const fn strength(&self) -> Strength {
        self.strength
    }

    /// A token as it is.
    pub(crate) fn raw(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// A JSON text without its white space.
    pub(crate) fn compact(&mut self, json: &str) {
        let mut in_string = false;
        let mut escaped = false;
        for c in json.chars() {
            if in_string {
                if !escaped && c == '"' {
                    in_string = false;
                }
                escaped = !escaped && c == '\\';
                match c {
                    '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if !self.strength.is_strict() => {
                        self.unicode(c)
                    }
                    _ => self.out.push(c),
                }
            } else if !matches!(c, ' ' | '\t' | '\r' | '\n') {
                in_string = c == '"';
                self.out.push(c);
            }
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if !self.strength.is_strict() => self.unicode(c),
                c if u32::from(c) < 0x20 => self.unicode(c),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn unicode(&mut self, c: char) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "\\u{:04x}", u32::from(c));
    }

    pub(crate) fn list<T: Codec>(&mut self, items: &[T]) {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            item.encode(self);
        }
        self.out.push(']');
    }

    pub(crate) fn object(&mut self, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.out.push('{');
        write(&mut ObjectWriter { writer: self, first: true });
        self.out.push('}');
    }
}

/// Writes the members of an object.
pub(crate) struct ObjectWriter<'w> {
    writer: &'w mut Writer,
    first: bool,
}

impl ObjectWriter<'_> {
    pub(crate) const fn strength(&self) -> Strength {
        self.writer.strength
    }

    pub(crate) fn member<T: Codec>(&mut self, name: &str, value: &T) {
        self.key(name);
        value.encode(self.writer);
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.writer.text(value);
    }

    /// A member whose value is written by hand.
    pub(crate) fn with(&mut self, name: &str, write: impl FnOnce(&mut Writer)) {
        self.key(name);
        write(self.writer);
    }

    /// A member that is left out when there is none.
    pub(crate) fn optional<T: Codec>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// A list that is left out when it is empty.
    pub(crate) fn list<T: Codec>(&mut self, name: &str, items: &[T]) {
        if !items.is_empty() {
            self.key(name);
            self.writer.list(items);
        }
    }

    fn key(&mut self, name: &str) {
        if !self.first {
            self.writer.out.push(',');
        }
        self.first = false;
        self.writer.text(name);
        self.writer.out.push(':');
    }
}

/// The same JSON, indented by two spaces. The input is what [`Writer`] made.
pub(super) fn indent(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut previous = ' ';
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in json.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
        } else {
            match c {
                '}' | ']' => {
                    depth = depth.saturating_sub(1);
                    if !matches!(previous, '{' | '[') {
                        newline(&mut out, depth);
                    }
                    out.push(c);
                }
                _ => {
                    if matches!(previous, '{' | '[') {
                        newline(&mut out, depth);
                    }
                    out.push(c);
                    match c {
                        '{' | '[' => depth += 1,
                        ',' => newline(&mut out, depth),
                        ':' => out.push(' '),
                        _ => in_string = c == '"',
                    }
                }
            }
        }
        previous = if in_string { 's' } else { c };
    }
    out.push('\n');
    out
}
