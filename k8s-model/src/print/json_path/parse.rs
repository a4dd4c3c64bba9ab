//! From a text to a template.

use serde_json::Value;

use super::{Comparison, Filter, Operand, ParseJsonPathError, Part, Step};

type Result<T> = std::result::Result<T, ParseJsonPathError>;

/// How deep filters and ranges may stand in each other.
const DEPTH: usize = 32;

struct Parser<'t> {
    text: &'t str,
    position: usize,
    depth: usize,
}

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Vec<Part>> {
    let mut parser = Parser { text, position: 0, depth: 0 };
    let parts = parser.parts(false)?;
    Ok(parts)
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.position += prefix.len();
        }
        found
    }

    fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !test(c)).unwrap_or(rest.len());
        self.position += end;
        rest.get(..end).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn fail<T>(&self, reason: impl Into<String>) -> Result<T> {
        Err(ParseJsonPathError::new(self.position, reason))
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH { self.fail(format!("more than {DEPTH} levels")) } else { Ok(()) }
    }

    /// The pieces up to the end, or to the `{end}` of a range.
    fn parts(&mut self, in_range: bool) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            let text = self.take_while(|c| c != '{');
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            if !self.eat("{") {
                return if in_range { self.fail("a range is not ended") } else { Ok(parts) };
            }
            if self.braces(in_range, &mut parts)? {
                return Ok(parts);
            }
        }
    }

    /// What stands in braces; whether it ends the range. Nothing in them is the value itself.
    fn braces(&mut self, in_range: bool, parts: &mut Vec<Part>) -> Result<bool> {
        self.blanks();
        if self.eat("}") {
            parts.push(Part::Path(vec![Step::Current]));
            return Ok(false);
        }
        loop {
            self.blanks();
            match self.peek() {
                None => return self.fail("a brace is not closed"),
                Some('}') => {
                    self.position += 1;
                    return Ok(false);
                }
                Some(quote @ ('"' | '\'')) => parts.push(Part::Text(self.quoted(quote)?)),
                Some(_) if self.word("range") => {
                    self.blanks();
                    let steps = self.path()?;
                    self.close()?;
                    self.deeper()?;
                    let inner = self.parts(true)?;
                    self.depth -= 1;
                    parts.push(Part::Range(steps, inner));
                    return Ok(false);
                }
                Some(_) if self.word("end") => {
                    self.close()?;
                    return if in_range { Ok(true) } else { self.fail("an end without a range") };
                }
                Some(start) if start.is_ascii_alphanumeric() || start == '-' => parts.push(self.literal()?),
                Some(_) => parts.push(Part::Path(self.path()?)),
            }
        }
    }

    /// A number, `true` or `false`, which are printed; any other word is none of the language's.
    fn literal(&mut self) -> Result<Part> {
        let start = self.position;
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Number(_) | Value::Bool(_)) => Ok(Part::Text(text.to_owned())),
            _ => {
                self.position = start;
                self.fail(format!("`{text}` is no word of the language: a path begins with a dot"))
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        self.blanks();
        if self.eat("}") { Ok(()) } else { self.fail("a closing brace is wanted") }
    }

    /// A word that stands alone.
    fn word(&mut self, word: &str) -> bool {
        let after = self.rest().strip_prefix(word);
        let alone = after.is_some_and(|after| after.starts_with(|c: char| c.is_whitespace() || c == '}'));
        alone && self.eat(word)
    }

    fn quoted(&mut self, quote: char) -> Result<String> {
        let start = self.position;
        self.position += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else {
                self.position = start;
                return self.fail("a quote is not closed");
            };
            self.position += character.len_utf8();
            match character {
                '\\' => {
                    let Some(escaped) = self.peek() else { continue };
                    self.position += escaped.len_utf8();
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                found if found == quote => return Ok(text),
                other => text.push(other),
            }
        }
    }

    fn path(&mut self) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        if self.eat("$") {
            steps.push(Step::Root);
        } else if self.eat("@") {
            steps.push(Step::Current);
        }
        let start = self.position;
        loop {
            if self.eat("..") {
                steps.push(Step::Recursive);
                // The name after two dots needs no dot of its own.
                if let Some(step) = self.name()? {
                    steps.push(step);
                }
            } else if self.eat(".") {
                match self.name()? {
                    Some(step) => steps.push(step),
                    None if matches!(self.peek(), Some('[')) => {}
                    // A dot alone is a field without a name, which nothing has.
                    None => steps.push(Step::Field(String::new())),
                }
            } else if self.eat("[") {
                steps.push(self.bracket()?);
            } else if steps.is_empty() && self.position == start {
                match self.name()? {
                    Some(step) => steps.push(step),
                    None => return self.fail("a path is wanted"),
                }
            } else {
                return Ok(steps);
            }
        }
    }

    /// A name, in which a backslash keeps what follows.
    fn name(&mut self) -> Result<Option<Step>> {
        if self.eat("*") {
            return Ok(Some(Step::Wildcard));
        }
        let mut name = String::new();
        while let Some(character) = self.peek() {
            match character {
                '\\' => {
                    self.position += 1;
                    let Some(kept) = self.peek() else { return self.fail("a backslash ends the text") };
                    name.push(kept);
                    self.position += kept.len_utf8();
                }
                '.' | '[' | ']' | '}' | '{' | ')' | '(' | '=' | '!' | '<' | '>' | ',' | '\'' | '"' | '|'
                | '&' => break,
                c if c.is_whitespace() => break,
                c => {
                    name.push(c);
                    self.position += c.len_utf8();
                }
            }
        }
        Ok((!name.is_empty()).then_some(Step::Field(name)))
    }

    fn bracket(&mut self) -> Result<Step> {
        if self.eat("?(") {
            return self.filter();
        }
        let mut steps = vec![self.subscript()?];
        loop {
            self.blanks();
            if self.eat("]") {
                return Ok(match steps.pop() {
                    Some(only) if steps.is_empty() => only,
                    last => Step::Union(steps.into_iter().chain(last).collect()),
                });
            }
            if !self.eat(",") {
                return self.fail("a closing bracket is wanted");
            }
            steps.push(self.subscript()?);
        }
    }

    fn subscript(&mut self) -> Result<Step> {
        self.blanks();
        match self.peek() {
            // Nothing is the first one.
            Some(']') => Ok(Step::Index(0)),
            Some('*') => {
                self.position += 1;
                Ok(Step::Wildcard)
            }
            Some(quote @ ('\'' | '"')) => self.quoted(quote).map(Step::Field),
            _ => self.numbers(),
        }
    }

    fn numbers(&mut self) -> Result<Step> {
        let start = self.number()?;
        if !self.eat(":") {
            return start.map_or_else(
                || self.fail("a number, a name in quotes or `*` is wanted"),
                |index| Ok(Step::Index(index)),
            );
        }
        let end = self.number()?;
        let step = if self.eat(":") { self.number()? } else { None };
        if step.is_some_and(|step| step <= 0) {
            return self.fail("a step above 0 is wanted");
        }
        Ok(Step::Slice { start, end, step })
    }

    fn number(&mut self) -> Result<Option<i64>> {
        let at = self.position;
        let text = self.take_while(|c| c.is_ascii_digit() || c == '-');
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).or_else(|_| {
            self.position = at;
            self.fail(format!("`{text}` is no index"))
        })
    }

    fn filter(&mut self) -> Result<Step> {
        self.deeper()?;
        let left = self.operand()?;
        self.blanks();
        let operators = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let found = operators.iter().find(|(text, _)| self.rest().starts_with(text)).copied();
        let comparison = match found {
            Some((text, comparison)) => {
                self.eat(text);
                Some((comparison, self.operand()?))
            }
            None => None,
        };
        self.blanks();
        if !self.eat(")]") {
            return self.fail("a filter ends with `)]`");
        }
        self.depth -= 1;
        Ok(Step::Filter(Box::new(Filter { left, comparison })))
    }

    fn operand(&mut self) -> Result<Operand> {
        self.blanks();
        match self.peek() {
            Some(quote @ ('"' | '\'')) => Ok(Operand::Literal(Value::from(self.quoted(quote)?))),
            Some('@' | '$' | '.') => self.path().map(Operand::Path),
            _ => {
                let text = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
                match serde_json::from_str::<Value>(text) {
                    Ok(value) => Ok(Operand::Literal(value)),
                    Err(_) => self.fail("a path, a number, `true`, `false` or a text in quotes is wanted"),
                }
            }
        }
    }
}
