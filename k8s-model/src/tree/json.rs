//! A tree from JSON text (RFC 8259).

use std::borrow::Cow;

use super::build::Builder;
use super::{Kind, Limits, Position, SyntaxError, Tree};

/// Reads one document, and nothing after it.
pub(super) fn read<'a>(text: &'a str, limits: &Limits) -> Result<Tree<'a>, SyntaxError> {
    let mut reader = Reader::new(text);
    let tree = reader.document(limits)?;
    match reader.peek() {
        None => Ok(tree),
        Some(found) => Err(reader.unexpected(found, "the end of the text")),
    }
}

/// The documents of a stream, read one after the other; what follows an error is not read.
pub(crate) struct Stream<'a, 'l> {
    reader: Reader<'a>,
    limits: &'l Limits,
    failed: bool,
}

impl<'a, 'l> Stream<'a, 'l> {
    pub(crate) const fn new(text: &'a str, limits: &'l Limits) -> Self {
        Self { reader: Reader::new(text), limits, failed: false }
    }
}

impl<'a> Iterator for Stream<'a, '_> {
    type Item = Result<Tree<'a>, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        self.reader.peek()?;
        let tree = self.reader.document(self.limits);
        self.failed = tree.is_err();
        Some(tree)
    }
}

/// The bytes that end a run of plain characters in a string: quotes, backslashes, control characters, and parts of longer characters.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte < 0x20 || byte >= 0x80 || byte == b'"' as usize || byte == b'\\' as usize;
        byte += 1;
    }
    table
};

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    /// The byte that column 1 would have, characters of more bytes made up for.
    line_start: usize,
}

impl<'a> Reader<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, line_start: 0 }
    }

    fn position(&self) -> Position {
        Position {
            line: self.line,
            column: u32::try_from(self.at.saturating_sub(self.line_start)).unwrap_or(u32::MAX - 1) + 1,
        }
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.position(), message)
    }

    fn unexpected(&self, found: u8, wanted: &str) -> SyntaxError {
        let found = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .unwrap_or_else(|| char::from(found));
        // In backticks a quote needs no escape.
        let shown = if found == '"' { "\"".to_owned() } else { found.escape_debug().to_string() };
        self.error(format!("unexpected `{shown}` where {wanted} is wanted"))
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte()? {
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                other => return Some(other),
            }
        }
    }

    fn wanted(&mut self, what: &str) -> Result<u8, SyntaxError> {
        self.peek().ok_or_else(|| self.error(format!("the text ends where {what} is wanted")))
    }

    fn document(&mut self, limits: &Limits) -> Result<Tree<'a>, SyntaxError> {
        let mut tree = Builder::new(limits);
        // A stream of many documents has small ones.
        tree.expect((self.text.len() - self.at.min(self.text.len())).min(1 << 14) / 12);
        // For each open list or mapping, whether it is a mapping.
        let mut open: Vec<bool> = Vec::new();
        let first = self.at;
        'value: loop {
            if self.at - first > limits.bytes {
                return Err(self.error(format!("the document is longer than {} bytes", limits.bytes)));
            }
            if self.opens(&mut tree, &mut open)? {
                continue;
            }
            loop {
                let Some(&map) = open.last() else { return Ok(tree.finish()) };
                let (close, names) = if map { (b'}', "`,` or `}`") } else { (b']', "`,` or `]`") };
                let found = self.wanted(names)?;
                if found == close {
                    self.at += 1;
                    tree.close();
                    open.pop();
                } else if found == b',' {
                    self.at += 1;
                    if map {
                        self.key(&mut tree)?;
                    }
                    continue 'value;
                } else {
                    return Err(self.unexpected(found, names));
                }
            }
        }
    }

    /// Reads a value, or the beginning of one: true when a list or mapping is open now whose first value comes next.
    fn opens(&mut self, tree: &mut Builder<'a, '_>, open: &mut Vec<bool>) -> Result<bool, SyntaxError> {
        let first = self.wanted("a value")?;
        let position = self.position();
        let map = match first {
            b'{' => true,
            b'[' => false,
            b'"' => {
                let text = self.string()?;
                return tree.leaf(position, Kind::String(text)).map(|()| false);
            }
            b'-' | b'0'..=b'9' => {
                let kind = self.number()?;
                return tree.leaf(position, kind).map(|()| false);
            }
            _ => {
                let kind = self.literal(first)?;
                return tree.leaf(position, kind).map(|()| false);
            }
        };
        tree.open(position, map)?;
        self.at += 1;
        if self.wanted(if map { "a key or `}`" } else { "a value or `]`" })? == if map { b'}' } else { b']' }
        {
            self.at += 1;
            tree.close();
            return Ok(false);
        }
        open.push(map);
        if map {
            self.key(tree)?;
        }
        Ok(true)
    }

    fn key(&mut self, tree: &mut Builder<'a, '_>) -> Result<(), SyntaxError> {
        let first = self.wanted("a key")?;
        if first != b'"' {
            return Err(self.unexpected(first, "a key in double quotes"));
        }
        let position = self.position();
        let text = self.string()?;
        tree.leaf(position, Kind::String(text))?;
        match self.wanted("`:`")? {
            b':' => {
                self.at += 1;
                Ok(())
            }
            other => Err(self.unexpected(other, "`:`")),
        }
    }

    fn literal(&mut self, first: u8) -> Result<Kind<'a>, SyntaxError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, kind) in [("true", Kind::Bool(true)), ("false", Kind::Bool(false)), ("null", Kind::Null)] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.unexpected(first, "a value"))
    }

    fn number(&mut self) -> Result<Kind<'a>, SyntaxError> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.byte().is_some_and(|b| b.is_ascii_digit()) {
                reader.at += 1;
            }
            reader.at > from
        };
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.byte() == Some(b'0');
        let whole = self.at;
        let mut good = digits(self) && !(leading_zero && self.at - whole > 1);
        let mut fraction = false;
        if self.byte() == Some(b'.') {
            self.at += 1;
            fraction = true;
            good &= digits(self);
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            fraction = true;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            good &= digits(self);
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if !good {
            self.at = start;
            return Err(self.error(format!("`{text}` is no number of JSON")));
        }
        Ok(match text.parse::<i64>() {
            Ok(value) if !fraction => Kind::Int(value),
            _ => Kind::Number(Cow::Borrowed(text)),
        })
    }

    fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        self.at += 1;
        let mut owned: Option<String> = None;
        let mut from = self.at;
        loop {
            let run = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += run.iter().position(|b| SPECIAL[usize::from(*b)]).unwrap_or(run.len());
            match self.byte() {
                Some(b'"') => {
                    let last = self.text.get(from..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(last),
                        Some(mut text) => {
                            text.push_str(last);
                            Cow::Owned(text)
                        }
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(self.text.get(from..self.at).unwrap_or_default());
                    let c = self.escape()?;
                    text.push(c);
                    from = self.at;
                }
                Some(byte) if byte >= 0x80 => {
                    // A character of several bytes is one column.
                    self.line_start += usize::from(byte & 0xC0 == 0x80);
                    self.at += 1;
                }
                Some(control) => {
                    return Err(
                        self.error(format!("a string has the control character {control:#04x} in it"))
                    );
                }
                None => return Err(self.error("the text ends inside a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let code = self.text.as_bytes().get(self.at + 1).copied();
        let c = match code {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.error("an unknown escape in a string")),
        };
        self.at += 2;
        Ok(c)
    }

    /// `\u` and four digits, or a surrogate pair of two; half a pair is the replacement character, as in Go.
    fn unicode(&mut self) -> Result<char, SyntaxError> {
        let unit = |reader: &Self, at: usize| -> Option<u32> {
            let digits = reader.text.get(at..at + 4)?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
        };
        let high =
            unit(self, self.at + 2).ok_or_else(|| self.error("`\\u` without four hexadecimal digits"))?;
        if (0xD800..0xDC00).contains(&high)
            && self.text.get(self.at + 6..self.at + 8) == Some("\\u")
            && let Some(low @ 0xDC00..0xE000) = unit(self, self.at + 8)
        {
            self.at += 12;
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.at += 6;
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}
