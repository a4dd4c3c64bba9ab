//! The environment of an app (specification, `app`: `environment`).

use std::fmt;

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::label::value_member;
use crate::{List, Strength};

/// A variable: a name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnvironmentVariable {
    /// Its name: letters, digits, `_`, `.` and `-`, not beginning with a digit, `.` or `-`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// An environment: names are well-formed and unique.
///
/// ```
/// use appc_spec::{Environment, EnvironmentVariable};
///
/// let variable = |name: &str| EnvironmentVariable { name: name.to_owned(), value: "true".to_owned() };
/// let environment = Environment::try_from(vec![variable("REDUCE_WORKER_DEBUG")])?;
/// assert_eq!(environment.value("REDUCE_WORKER_DEBUG"), Some("true"));
/// assert!(Environment::try_from(vec![variable("1A")]).is_err());
/// # Ok::<(), appc_spec::EnvironmentError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment(List<EnvironmentVariable>);

/// Why a list makes no environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Empty,
    Character { name: String, c: char, position: usize },
    Repeated(String),
    Nul(String),
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Empty => f.write_str("the name of an environment variable is empty"),
            Kind::Character { name, c, position } => write!(
                f,
                "unexpected `{}` at byte {position} of the environment variable `{}`: a name has letters, digits, `_`, `.` and `-`, \
                 and begins with a letter or `_`",
                c.escape_debug(),
                name.escape_debug()
            ),
            Kind::Repeated(name) => write!(f, "the environment variable `{name}` stands there twice"),
            Kind::Nul(name) => {
                write!(f, "the value of the environment variable `{name}` has a NUL character")
            }
        }
    }
}

impl std::error::Error for EnvironmentError {}

impl Environment {
    /// The value of a variable.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|variable| variable.name == name).map(|variable| variable.value.as_str())
    }

    /// The variables in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, EnvironmentVariable> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn check(list: &[EnvironmentVariable], strength: Strength) -> Result<(), EnvironmentError> {
        for (index, variable) in list.iter().enumerate() {
            let name = &variable.name;
            if name.is_empty() {
                return Err(EnvironmentError(Kind::Empty));
            }
            let wrong = name.char_indices().find(|(at, c)| {
                !(c.is_ascii_alphabetic()
                    || *c == '_'
                    || (*at > 0 && (c.is_ascii_digit() || matches!(c, '.' | '-'))))
            });
            if let Some((position, c)) = wrong {
                return Err(EnvironmentError(Kind::Character { name: name.clone(), c, position }));
            }
            if list.iter().take(index).any(|earlier| earlier.name == *name) {
                return Err(EnvironmentError(Kind::Repeated(name.clone())));
            }
            // No process can have it; the Go implementation finds out when it starts one.
            if strength.is_strict() && variable.value.contains('\0') {
                return Err(EnvironmentError(Kind::Nul(name.clone())));
            }
        }
        Ok(())
    }
}

impl TryFrom<Vec<EnvironmentVariable>> for Environment {
    type Error = EnvironmentError;

    /// # Errors
    ///
    /// On a name that is empty, ill-formed (`1A`, `A B`, `A=B`) or repeated, and on a value with a NUL character.
    fn try_from(list: Vec<EnvironmentVariable>) -> Result<Self, Self::Error> {
        Self::check(&list, Strength::Strict).map(|()| Self(List::from(list)))
    }
}

impl<'a> IntoIterator for &'a Environment {
    type Item = &'a EnvironmentVariable;
    type IntoIter = std::slice::Iter<'a, EnvironmentVariable>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Codec for EnvironmentVariable {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["name", "value"])?;
        Ok(Self { name: object.required("name")?, value: value_member(&object, strength)? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.text("name", &self.name);
            object.text("value", &self.value);
        });
    }
}

impl Codec for Environment {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let list = List::decode(node, strength)?;
        Self::check(&list, strength).map_err(|error| Fault::value(node, error))?;
        Ok(Self(list))
    }

    fn encode(&self, out: &mut Writer) {
        self.0.encode(out);
    }
}
