//! Shell patterns as Go's `path/filepath.Match` has them on Unix, the language of host parts in registry keys.

/// A compiled pattern: `*`, `?`, `[class]`, `\c`, and characters that stand for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// `*`: any run of characters other than `/`.
    Run,
    /// `?`: one character other than `/`.
    One,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Literal(char),
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Run => false,
            Self::One => c != '/',
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Self::Literal(literal) => *literal == c,
        }
    }
}

impl Glob {
    /// Compiles a pattern; `None` when it is malformed, and then it matches nothing.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '*' if tokens.last() == Some(&Token::Run) => continue,
                '*' => Token::Run,
                '?' => Token::One,
                '[' => class(&mut rest)?,
                '\\' => Token::Literal(rest.next()?),
                c => Token::Literal(c),
            });
        }
        Some(Self(tokens))
    }

    /// Whether the whole text matches. Linear in most cases, never worse than the product of both lengths.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (mut tokens, mut rest) = (self.0.as_slice(), text);
        // Where the last `*` stood, and the text that it may still swallow.
        let mut retry: Option<(&[Token], &str)> = None;
        loop {
            match (tokens.split_first(), rest.chars().next()) {
                (None, None) => return true,
                (Some((Token::Run, after)), _) => {
                    retry = Some((after, rest));
                    tokens = after;
                    continue;
                }
                (Some((token, after)), Some(c)) if token.takes(c) => {
                    tokens = after;
                    rest = tail(rest, c);
                    continue;
                }
                _ => {}
            }
            let Some((after, swallowed)) = retry else { return false };
            let Some(c) = swallowed.chars().next().filter(|c| *c != '/') else { return false };
            rest = tail(swallowed, c);
            tokens = after;
            retry = Some((after, rest));
        }
    }
}

fn tail(text: &str, first: char) -> &str {
    text.get(first.len_utf8()..).unwrap_or_default()
}

/// The rest of a character class, after its `[`.
fn class(rest: &mut std::str::Chars<'_>) -> Option<Token> {
    let negated = rest.as_str().starts_with('^');
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        if rest.as_str().starts_with(']') && !ranges.is_empty() {
            rest.next();
            return Some(Token::Class { negated, ranges });
        }
        let low = class_char(rest)?;
        let mut high = low;
        if rest.as_str().starts_with('-') {
            rest.next();
            high = class_char(rest)?;
        }
        // Go wants something after each range: `[a` is malformed even where the text has ended.
        if rest.as_str().is_empty() {
            return None;
        }
        ranges.push((low, high));
    }
}

/// One end of a range: neither `-` nor `]` unless escaped.
fn class_char(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    /// Verdicts of Go 1.19's `filepath.Match`, recorded by `tests/vectors/keyring/oracle.go`: pattern, text, matched or `-` for a bad pattern.
    const VERDICTS: &str = include_str!("../../../tests/vectors/keyring/glob.tsv");

    #[test]
    fn go_says_the_same() {
        let mut count = 0;
        for line in VERDICTS.lines() {
            let mut fields = line.split('\t');
            let (Some(pattern), Some(text), Some(verdict)) = (fields.next(), fields.next(), fields.next())
            else {
                panic!("{line}")
            };
            let ours = match Glob::new(pattern) {
                None => "-",
                Some(glob) if glob.matches(text) => "true",
                Some(_) => "false",
            };
            assert_eq!(ours, verdict, "{pattern:?} on {text:?}");
            count += 1;
        }
        assert!(count > 100, "{count}");
    }
}
