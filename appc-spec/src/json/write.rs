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
        let (mut in_string, mut escaped) = (false, false);
        let mut written = 0;
        for (at, byte) in json.bytes().enumerate() {
            let left_out = !in_string && matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let special = if in_string && !self.strength.is_strict() { html(json, at) } else { None };
            if in_string {
                in_string = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
            } else {
                in_string = byte == b'"';
            }
            if left_out || special.is_some() {
                self.raw(json.get(written..at).unwrap_or_default());
                special.into_iter().for_each(|c| self.unicode(c));
                written = at + special.map_or(1, char::len_utf8);
            }
        }
        self.raw(json.get(written..).unwrap_or_default());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.out.push('"');
        let mut written = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                ..0x20 => "",
                b'<' | b'>' | b'&' | 0xe2 if !self.strength.is_strict() && html(text, at).is_some() => "",
                _ => continue,
            };
            self.raw(text.get(written..at).unwrap_or_default());
            match text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) if escape.is_empty() => {
                    self.unicode(c);
                    written = at + c.len_utf8();
                }
                _ => {
                    self.raw(escape);
                    written = at + 1;
                }
            }
        }
        self.raw(text.get(written..).unwrap_or_default());
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

/// The character at a byte, if it is one that Go escapes for the sake of HTML and JavaScript.
fn html(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at)? {
        b'<' => Some('<'),
        b'>' => Some('>'),
        b'&' => Some('&'),
        0xe2 => {
            let c = text.get(at..)?.chars().next()?;
            matches!(c, '\u{2028}' | '\u{2029}').then_some(c)
        }
        _ => None,
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
