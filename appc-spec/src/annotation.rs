//! Annotations of images, apps and pods (specification, `annotations`).

use std::fmt;

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::label::value_member;
use crate::{AcIdentifier, Date, HttpUrl, List, ParseDateError, ParseUrlError, Strength};

/// An annotation: a name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Annotation {
    /// Its name.
    pub name: AcIdentifier,
    /// Its value, as it was written.
    pub value: String,
}

/// Annotations: names are unique, `created` is a date, `homepage` and `documentation` are web addresses.
///
/// ```
/// use appc_spec::{Annotation, Annotations};
///
/// let created = Annotation { name: "created".parse()?, value: "2014-10-27T19:32:27.67021798Z".to_owned() };
/// let annotations = Annotations::try_from(vec![created]).unwrap();
/// assert_eq!(annotations.value("created"), Some("2014-10-27T19:32:27.67021798Z"));
/// assert_eq!(annotations.created().unwrap().to_string(), "2014-10-27T19:32:27Z");
/// # Ok::<(), appc_spec::ParseNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotations {
    list: List<Annotation>,
    created: Option<Date>,
    homepage: Option<HttpUrl>,
    documentation: Option<HttpUrl>,
}

/// Why a list makes no set of annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotationsError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Repeated(AcIdentifier),
    Date(ParseDateError),
    Url(&'static str, ParseUrlError),
}

impl fmt::Display for AnnotationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Repeated(name) => write!(f, "the annotation `{name}` stands there twice"),
            Kind::Date(error) => write!(f, "the annotation `created`: {error}"),
            Kind::Url(name, error) => write!(f, "the annotation `{name}`: {error}"),
        }
    }
}

impl std::error::Error for AnnotationsError {}

impl Annotations {
    /// The value of an annotation.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.list
            .iter()
            .find(|annotation| annotation.name == name)
            .map(|annotation| annotation.value.as_str())
    }

    /// When the image was made.
    #[must_use]
    pub const fn created(&self) -> Option<Date> {
        self.created
    }

    /// Where its project lives.
    #[must_use]
    pub const fn homepage(&self) -> Option<&HttpUrl> {
        self.homepage.as_ref()
    }

    /// Where its documentation is.
    #[must_use]
    pub const fn documentation(&self) -> Option<&HttpUrl> {
        self.documentation.as_ref()
    }

    /// The annotations in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Annotation> {
        self.list.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn new(list: List<Annotation>, strength: Strength) -> Result<Self, AnnotationsError> {
        for (index, annotation) in list.iter().enumerate() {
            if list.iter().take(index).any(|earlier| earlier.name == annotation.name) {
                return Err(AnnotationsError(Kind::Repeated(annotation.name.clone())));
            }
        }
        let mut all = Self { list, ..Self::default() };
        all.created = all
            .value("created")
            .map(|text| Date::parse(text, strength))
            .transpose()
            .map_err(|error| AnnotationsError(Kind::Date(error)))?;
        let url = |name: &'static str| {
            all.value(name)
                .map(|text| HttpUrl::parse(text, strength))
                .transpose()
                .map_err(|error| AnnotationsError(Kind::Url(name, error)))
        };
        let (homepage, documentation) = (url("homepage")?, url("documentation")?);
        Ok(Self { homepage, documentation, ..all })
    }
}

impl TryFrom<Vec<Annotation>> for Annotations {
    type Error = AnnotationsError;

    /// # Errors
    ///
    /// When an annotation stands there twice, `created` is no RFC 3339 date (`yesterday`), or `homepage` or `documentation` is no
    /// http or https URL (`example.com`).
    fn try_from(list: Vec<Annotation>) -> Result<Self, Self::Error> {
        Self::new(List::from(list), Strength::Strict)
    }
}

impl<'a> IntoIterator for &'a Annotations {
    type Item = &'a Annotation;
    type IntoIter = std::slice::Iter<'a, Annotation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Codec for Annotation {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["name", "value"])?;
        Ok(Self { name: object.required("name")?, value: value_member(&object, strength)? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("name", &self.name);
            object.text("value", &self.value);
        });
    }
}

impl Codec for Annotations {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        Self::new(List::decode(node, strength)?, strength).map_err(|error| Fault::value(node, error))
    }

    fn encode(&self, out: &mut Writer) {
        self.list.encode(out);
    }
}
