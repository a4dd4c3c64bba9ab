//! The tokens of the selector language.

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A label, a value, or one of the words `in` and `notin`.
    Word(&'t str),
    /// `!`, `(`, `)`, `,`, `=`, `==`, `!=`, `<` or `>`.
    Symbol(&'t str),
    End,
}

impl<'t> Token<'t> {
    /// The token as it stands in the text.
    pub(super) const fn literal(self) -> &'t str {
        match self {
            Self::Word(text) | Self::Symbol(text) => text,
            Self::End => "",
        }
    }
}

/// Reads tokens, with one of them in advance.
pub(super) struct Lexer<'t> {
    text: &'t str,
    position: usize,
}

const fn is_symbol(byte: u8) -> bool {
    matches!(byte, b'!' | b'(' | b')' | b',' | b'=' | b'<' | b'>')
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, position: 0 }
    }

    /// The next token and where it begins; it stays the next one.
    pub(super) fn peek(&self) -> (usize, Token<'t>) {
        let rest = self.text.get(self.position..).unwrap_or_default();
        let blank = rest.bytes().take_while(|byte| is_space(*byte)).count();
        let rest = rest.get(blank..).unwrap_or_default();
        let end = match rest.as_bytes() {
            [] => return (self.text.len(), Token::End),
            [b'=' | b'!', b'=', ..] => 2,
            [first, ..] if is_symbol(*first) => 1,
            bytes => bytes.iter().position(|byte| is_symbol(*byte) || is_space(*byte)).unwrap_or(bytes.len()),
        };
        let literal = rest.get(..end).unwrap_or_default();
        let symbol = literal.bytes().all(is_symbol);
        (self.position + blank, if symbol { Token::Symbol(literal) } else { Token::Word(literal) })
    }

    /// The next token and where it begins.
    pub(super) fn next(&mut self) -> (usize, Token<'t>) {
        let (start, token) = self.peek();
        self.position = start + token.literal().len();
        (start, token)
    }
}
