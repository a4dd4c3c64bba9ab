//! Writing YAML: block style, two spaces a level, lists at the level of their key; text is quoted where any reader of YAML 1.1 or
//! 1.2 could take it for something else.

use super::{Sink, json};
use crate::tree::plain_is_string;

/// Writes a YAML document.
#[derive(Debug, Default)]
pub struct Yaml {
    out: String,
    open: Vec<Frame>,
}

/// A list or map that is open.
#[derive(Debug)]
struct Frame {
    map: bool,
    indent: usize,
    filled: bool,
}

impl Yaml {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    /// What stands before a key or a list element, up to where it begins.
    fn entry(&mut self) {
        let depth = self.open.len();
        // The first entry of what is an element itself stands on the line of its dash.
        let in_list = depth >= 2 && self.open.get(depth - 2).is_some_and(|parent| !parent.map);
        let root = depth == 1;
        let Some(frame) = self.open.last_mut() else { return };
        let first = !std::mem::replace(&mut frame.filled, true);
        if first && !in_list && !root {
            self.out.push('\n');
        }
        if !(first && in_list) {
            self.out.extend(std::iter::repeat_n(' ', frame.indent));
        }
        if !frame.map {
            self.out.push_str("- ");
        }
    }

    /// What stands before a value.
    fn value(&mut self) {
        match self.open.last() {
            Some(frame) if !frame.map => self.entry(),
            Some(_) => self.out.push(' '),
            None => {}
        }
    }

    fn scalar(&mut self, text: &str) {
        self.value();
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn begin(&mut self, map: bool) {
        let indent = match self.open.last() {
            None => 0,
            Some(parent) if parent.map && !map => parent.indent,
            Some(parent) => parent.indent + 2,
        };
        if self.open.last().is_some_and(|parent| !parent.map) {
            self.entry();
        }
        self.open.push(Frame { map, indent, filled: false });
    }

    fn end(&mut self, empty: &str) {
        let Some(frame) = self.open.pop() else { return };
        if frame.filled {
            return;
        }
        if self.open.last().is_some_and(|parent| parent.map) {
            self.out.push(' ');
        }
        self.out.push_str(empty);
        self.out.push('\n');
    }

    fn block(&mut self, text: &str) {
        let indent = self.open.last().map_or(2, |frame| frame.indent + 2);
        self.value();
        let trailing = text.len() - text.trim_end_matches('\n').len();
        self.out.push_str(match trailing {
            0 => "|-\n",
            1 => "|\n",
            _ => "|+\n",
        });
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }
}

impl Sink for Yaml {
    fn null(&mut self) {
        self.scalar("null");
    }

    fn bool(&mut self, value: bool) {
        self.scalar(if value { "true" } else { "false" });
    }

    fn int(&mut self, value: i64) {
        self.scalar(&value.to_string());
    }

    fn number(&mut self, text: &str) {
        self.scalar(text);
    }

    fn string(&mut self, text: &str) {
        if is_block(text) {
            self.block(text);
        } else {
            self.scalar(&flow(text));
        }
    }

    fn begin_map(&mut self) {
        self.begin(true);
    }

    fn key(&mut self, key: &str) {
        self.entry();
        let key = flow(key);
        self.out.push_str(&key);
        self.out.push(':');
    }

    fn end_map(&mut self) {
        self.end("{}");
    }

    fn begin_list(&mut self) {
        self.begin(false);
    }

    fn end_list(&mut self) {
        self.end("[]");
    }
}

/// A text on one line: plain where that is safe, else in double quotes.
fn flow(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::new();
    json::quote(&mut out, text);
    // What JSON takes and YAML does not: control characters and byte order marks must be escaped.
    if out.chars().any(is_unprintable) {
        out = out
            .chars()
            .map(|c| if is_unprintable(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
            .collect();
    }
    out
}

/// Characters of at most 16 bits that YAML 1.2 §5.1 does not take, or that are line breaks of YAML 1.1.
const fn is_unprintable(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let starts_well = match first {
        b'-' | b'?' | b':' => bytes.get(1).is_some_and(|next| !next.is_ascii_whitespace()) && text != "---",
        b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%'
        | b'@' | b'`' | b'=' | b'<' | b' ' => false,
        _ => true,
    };
    starts_well
        && !matches!(last, b' ' | b':')
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|c| c >= ' ' && !is_unprintable(c))
        && plain_is_string(text)
        && !looks_numeric(text)
}

/// Whether a text could be a date, a time, a number in base 60, or some other reader's number.
fn looks_numeric(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-', '.']).unwrap_or(text);
    unsigned.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().filter(|b| *b == b'.').count() < 2
        && text.bytes().all(|b| {
            b.is_ascii_digit()
                || matches!(b, b'-' | b'+' | b':' | b'.' | b'_' | b'T' | b't' | b'Z' | b'z' | b'e' | b'E')
        })
}

/// Whether a text is best written as a literal block.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && !text.lines().any(|line| line.ends_with([' ', '\t']))
        && text.chars().all(|c| c == '\n' || c == '\t' || (c >= ' ' && !is_unprintable(c)))
}
