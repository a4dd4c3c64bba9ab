//! `WWW-Authenticate`: how a registry says what it wants (RFC 9110, section 11.6.1).

use std::fmt;

/// One challenge of a `WWW-Authenticate` header: a scheme and its parameters.
///
/// ```
/// use pod_core::registry::Challenge;
///
/// let header = r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull""#;
/// let [challenge] = &Challenge::parse_all(header)?[..] else { panic!() };
/// assert!(challenge.is_scheme("bearer"));
/// assert_eq!(challenge.parameter("realm"), Some("https://auth.example/token"));
/// # Ok::<(), pod_core::registry::ParseChallengeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Reads all challenges of one header. Several may stand in it, separated by commas as their parameters are.
    ///
    /// # Errors
    ///
    /// No scheme (`="x"`), a parameter without value (`Bearer realm`), a quoted string without end (`Basic realm="x`), or something
    /// after a value that is no comma (`Basic realm="x"y`).
    pub fn parse_all(header: &str) -> Result<Vec<Self>, ParseChallengeError> {
        let mut reader = Reader { text: header, at: 0 };
        let mut challenges: Vec<Self> = Vec::new();
        loop {
            reader.skip(|b| matches!(b, b' ' | b'\t' | b','));
            if reader.rest().is_empty() {
                return Ok(challenges);
            }
            let name = reader.token("a scheme or a parameter's name is made of token characters")?;
            let spaces = reader.skip(|b| matches!(b, b' ' | b'\t'));
            match challenges.last_mut() {
                Some(challenge) if reader.rest().starts_with('=') => {
                    reader.at += 1;
                    reader.skip(|b| matches!(b, b' ' | b'\t'));
                    let value = reader.value()?;
                    challenge.parameters.push((name.to_ascii_lowercase(), value));
                    reader.skip(|b| matches!(b, b' ' | b'\t'));
                    if !reader.rest().is_empty() && !reader.rest().starts_with(',') {
                        return Err(reader.error("after a parameter comes `,` or the end"));
                    }
                }
                _ if reader.rest().starts_with('=') => {
                    return Err(reader.error("a parameter comes after a scheme"));
                }
                _ => {
                    if spaces == 0 && !reader.rest().is_empty() && !reader.rest().starts_with(',') {
                        return Err(reader.error("after a scheme comes a space, `,` or the end"));
                    }
                    challenges.push(Self { scheme: name.to_owned(), parameters: Vec::new() });
                    reader.token68();
                }
            }
        }
    }

    /// The scheme as it is written, such as `Bearer`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether it is that scheme, in any case.
    #[must_use]
    pub fn is_scheme(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The first value of a parameter, by its name in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, what: impl Fn(u8) -> bool) -> usize {
        let length = self.rest().bytes().take_while(|b| what(*b)).count();
        self.at += length;
        length
    }

    fn token(&mut self, rule: &'static str) -> Result<&'a str, ParseChallengeError> {
        let rest = self.rest();
        match self.skip(is_token) {
            0 => Err(self.error(rule)),
            length => Ok(rest.get(..length).unwrap_or_default()),
        }
    }

    /// What some schemes have instead of parameters (`Negotiate YII=`): skipped, up to the next comma.
    fn token68(&mut self) {
        let rest = self.rest();
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(b)).count();
        let padded = length + rest.bytes().skip(length).take_while(|b| *b == b'=').count();
        let after = rest.get(padded..).unwrap_or_default().trim_start_matches([' ', '\t']);
        if length > 0 && (after.is_empty() || after.starts_with(',')) {
            self.at += padded;
        }
    }

    fn value(&mut self) -> Result<String, ParseChallengeError> {
        if !self.rest().starts_with('"') {
            return self.token("a parameter's value is a token or a quoted string").map(str::to_owned);
        }
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(value);
                }
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.error("a quoted string ends with `\"`"))
    }

    fn error(&self, rule: &'static str) -> ParseChallengeError {
        ParseChallengeError { rule, position: self.at, found: self.rest().chars().next() }
    }
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// Why a header is no list of challenges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseChallengeError {
    rule: &'static str,
    position: usize,
    found: Option<char>,
}

impl ParseChallengeError {
    /// The byte at which the header stops following the grammar.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseChallengeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found {
            Some(c) => {
                write!(f, "unexpected `{}` at byte {} of a challenge", c.escape_debug(), self.position)?
            }
            None => write!(f, "a challenge ends at byte {}", self.position)?,
        }
        write!(f, ": {}", self.rule)
    }
}

impl std::error::Error for ParseChallengeError {}
