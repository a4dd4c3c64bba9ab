//! JSONPath as kubectl has it (`k8s.io/client-go/util/jsonpath`): a template whose braces hold paths.

mod evaluate;
mod parse;

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// A template: text, and in braces paths, quoted texts, `range … end`.
///
/// ```
/// use k8s_model::print::JsonPath;
/// use serde_json::json;
///
/// let pods = json!({"items": [{"metadata": {"name": "a"}, "ready": true}, {"metadata": {"name": "b"}, "ready": false}]});
/// let template: JsonPath = r#"{range .items[?(@.ready==true)]}{.metadata.name}{"\n"}{end}"#.parse()?;
/// assert_eq!(template.render(&pods)?, "a\n");
/// assert_eq!("{.items[*].metadata.name}".parse::<JsonPath>()?.render(&pods)?, "a b");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// Text, outside braces or quoted in them.
    Text(String),
    /// A path whose values are printed.
    Path(Vec<Step>),
    /// Pieces that are printed for each value of a path.
    Range(Vec<Step>, Vec<Self>),
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// `$` or `@`: where the path starts.
    Root,
    Current,
    /// `.name`, `['name']`.
    Field(String),
    /// `[*]`, `.*`.
    Wildcard,
    /// `..`: the value and all that is in it.
    Recursive,
    /// `[start:end:step]`.
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: Option<i64>,
    },
    /// `[1]`.
    Index(i64),
    /// `[a,b]`.
    Union(Vec<Self>),
    /// `[?(left op right)]`.
    Filter(Box<Filter>),
}

#[derive(Debug, Clone, PartialEq)]
struct Filter {
    left: Operand,
    /// What they are compared by; `None` asks only whether the left one is there.
    comparison: Option<(Comparison, Operand)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Path(Vec<Step>),
    Literal(Value),
}

/// A text that is no template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseJsonPathError {
    position: usize,
    reason: String,
}

impl ParseJsonPathError {
    /// The byte of the text, from 0, where it stops making sense.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    fn new(position: usize, reason: impl Into<String>) -> Self {
        Self { position, reason: reason.into() }
    }
}

impl fmt::Display for ParseJsonPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} of a JSONPath template", self.reason, self.position)
    }
}

impl std::error::Error for ParseJsonPathError {}

/// A path that leads nowhere in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPathError(String);

impl fmt::Display for JsonPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonPathError {}

impl FromStr for JsonPath {
    type Err = ParseJsonPathError;

    /// Reads a template.
    ///
    /// # Errors
    ///
    /// On an open brace or bracket (`{.a`), a range without end, a quote that is not closed, `{.a[x]}`, and `&&` or `||` in a filter, which
    /// kubectl does not know either.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::template(text).map(|parts| Self { parts })
    }
}

impl JsonPath {
    /// Fills a template in. An absent field prints nothing, as `kubectl get` has it; several values have blanks between them; what
    /// has parts is printed as JSON.
    ///
    /// # Errors
    ///
    /// On an index beyond its list, a step into what has no parts, and a comparison of what cannot be compared.
    pub fn render(&self, value: &Value) -> Result<String, JsonPathError> {
        let mut text = String::new();
        evaluate::render(&self.parts, value, value, &mut text)?;
        Ok(text)
    }

    /// The values that the paths of a template name, without the text around them.
    ///
    /// # Errors
    ///
    /// Those of [`Self::render`].
    pub fn values<'v>(&self, value: &'v Value) -> Result<Vec<&'v Value>, JsonPathError> {
        let mut found = Vec::new();
        for part in &self.parts {
            if let Part::Path(steps) = part {
                found.extend(evaluate::follow(steps, value, value)?);
            }
        }
        Ok(found)
    }
}
