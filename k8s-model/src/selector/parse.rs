//! From the language to conditions; the grammar is that of `labels.Parse`.

use super::lexer::{Lexer, Token};
use super::{Operator, ParseSelectorError, Requirement};

type Result<T> = std::result::Result<T, ParseSelectorError>;

/// Reads the conditions of a selector, in their order.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>> {
    let mut lexer = Lexer::new(text);
    let mut requirements = Vec::new();
    loop {
        match lexer.peek() {
            (_, Token::Word(_) | Token::Symbol("!")) => requirements.push(requirement(&mut lexer)?),
            (_, Token::End) => return Ok(requirements),
            (at, token) => {
                let expected = "!, identifier, or 'end of string'";
                return Err(ParseSelectorError::unexpected(at, token.literal(), expected));
            }
        }
        match lexer.next() {
            (_, Token::End) => return Ok(requirements),
            (_, Token::Symbol(",")) => {
                let (at, token) = lexer.peek();
                if !matches!(token, Token::Word(_) | Token::Symbol("!")) {
                    let found = token.literal();
                    return Err(ParseSelectorError::unexpected(at, found, "identifier after ','"));
                }
            }
            (at, token) => {
                let expected = "',' or 'end of string'";
                return Err(ParseSelectorError::unexpected(at, token.literal(), expected));
            }
        }
    }
}

fn requirement(lexer: &mut Lexer<'_>) -> Result<Requirement> {
    let (mut at, mut token) = lexer.next();
    let negated = token == Token::Symbol("!");
    if negated {
        (at, token) = lexer.next();
    }
    let Token::Word(key) = token else {
        return Err(ParseSelectorError::in_requirement(at, token.literal(), "identifier"));
    };
    Requirement::check_key(key).map_err(|error| error.at(at))?;
    let alone = matches!(lexer.peek().1, Token::End | Token::Symbol(","));
    if negated || alone {
        let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
        return Requirement::new(key, operator, []).map_err(|error| error.at(at));
    }
    let operator = operator(lexer)?;
    let start = lexer.peek().0;
    let values = match operator {
        Operator::In | Operator::NotIn => values(lexer)?,
        _ => vec![exact_value(lexer)?],
    };
    Requirement::new(key, operator, values).map_err(|error| error.at(start))
}

fn operator(lexer: &mut Lexer<'_>) -> Result<Operator> {
    let (at, token) = lexer.next();
    Ok(match token.literal() {
        "in" => Operator::In,
        "notin" => Operator::NotIn,
        "=" => Operator::Equals,
        "==" => Operator::DoubleEquals,
        "!=" => Operator::NotEquals,
        ">" => Operator::GreaterThan,
        "<" => Operator::LessThan,
        found => {
            return Err(ParseSelectorError::in_requirement(at, found, "in, notin, =, ==, !=, gt, lt"));
        }
    })
}

/// The value of a comparison; nothing at all is the empty value.
fn exact_value<'t>(lexer: &mut Lexer<'t>) -> Result<&'t str> {
    if matches!(lexer.peek().1, Token::End | Token::Symbol(",")) {
        return Ok("");
    }
    match lexer.next() {
        (_, Token::Word(value)) => Ok(value),
        (at, token) => Err(ParseSelectorError::in_requirement(at, token.literal(), "identifier")),
    }
}

/// The values in parentheses; `()` holds the empty value, and so do a comma at an edge and two commas in a row.
fn values<'t>(lexer: &mut Lexer<'t>) -> Result<Vec<&'t str>> {
    let (at, token) = lexer.next();
    if token != Token::Symbol("(") {
        return Err(ParseSelectorError::in_requirement(at, token.literal(), "'('"));
    }
    match lexer.peek() {
        (_, Token::Word(_) | Token::Symbol(",")) => {}
        (_, Token::Symbol(")")) => {
            lexer.next();
            return Ok(vec![""]);
        }
        (at, token) => {
            let expected = "',', ')' or identifier";
            return Err(ParseSelectorError::in_requirement(at, token.literal(), expected));
        }
    }
    let values = value_list(lexer)?;
    // The list ends where the parenthesis is.
    lexer.next();
    Ok(values)
}

fn value_list<'t>(lexer: &mut Lexer<'t>) -> Result<Vec<&'t str>> {
    let mut values = Vec::new();
    loop {
        match lexer.next() {
            (_, Token::Word(value)) => {
                values.push(value);
                match lexer.peek() {
                    (_, Token::Symbol(",")) => {}
                    (_, Token::Symbol(")")) => return Ok(values),
                    (at, token) => {
                        let expected = "',' or ')'";
                        return Err(ParseSelectorError::in_requirement(at, token.literal(), expected));
                    }
                }
            }
            (_, Token::Symbol(",")) => {
                if values.is_empty() {
                    values.push("");
                }
                match lexer.peek().1 {
                    Token::Symbol(")") => {
                        values.push("");
                        return Ok(values);
                    }
                    Token::Symbol(",") => {
                        lexer.next();
                        values.push("");
                    }
                    _ => {}
                }
            }
            (at, token) => {
                let expected = "',', or identifier";
                return Err(ParseSelectorError::in_requirement(at, token.literal(), expected));
            }
        }
    }
}
