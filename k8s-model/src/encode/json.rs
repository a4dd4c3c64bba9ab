//! Writing JSON.

use std::fmt::Write;

use super::Sink;

/// Writes JSON text.
#[derive(Debug, Default)]
pub struct Json {
    out: String,
    /// The indent of one level; 0 is compact.
    indent: usize,
    /// For each open list or map, whether it has something in it.
    open: Vec<bool>,
    after_key: bool,
}

impl Json {
    /// Without white space.
    #[must_use]
    pub fn compact() -> Self {
        Self::default()
    }

    /// With line breaks, and so many spaces for each level.
    #[must_use]
    pub fn pretty(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    /// What stands before a key or an element.
    fn separate(&mut self) {
        if std::mem::take(&mut self.after_key) {
            return;
        }
        let Some(filled) = self.open.last_mut() else { return };
        if std::mem::replace(filled, true) {
            self.out.push(',');
        }
        self.line();
    }

    fn line(&mut self) {
        if self.indent > 0 {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', self.indent * self.open.len()));
        }
    }

    fn begin(&mut self, bracket: char) {
        self.separate();
        self.out.push(bracket);
        self.open.push(false);
    }

    fn end(&mut self, bracket: char) {
        if self.open.pop() == Some(true) {
            self.line();
        }
        self.out.push(bracket);
    }
}

impl Sink for Json {
    fn null(&mut self) {
        self.number("null");
    }

    fn bool(&mut self, value: bool) {
        self.number(if value { "true" } else { "false" });
    }

    fn int(&mut self, value: i64) {
        self.separate();
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
    }

    fn number(&mut self, text: &str) {
        self.separate();
        self.out.push_str(text);
    }

    fn string(&mut self, text: &str) {
        self.separate();
        quote(&mut self.out, text);
    }

    fn begin_map(&mut self) {
        self.begin('{');
    }

    fn key(&mut self, key: &str) {
        self.string(key);
        self.out.push_str(if self.indent > 0 { ": " } else { ":" });
        self.after_key = true;
    }

    fn end_map(&mut self) {
        self.end('}');
    }

    fn begin_list(&mut self) {
        self.begin('[');
    }

    fn end_list(&mut self) {
        self.end(']');
    }
}

/// Writes a JSON string, which is a double-quoted scalar of YAML too.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 | 0x7f => "",
            _ => continue,
        };
        out.push_str(text.get(from..at).unwrap_or_default());
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        from = at + 1;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.push('"');
}
