//! Labels of images (specification, "Image Manifest Schema": `labels`).

use std::fmt;

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::{AcIdentifier, List, Strength};

/// The architectures of each operating system (specification, `arch`).
const PLATFORMS: [(&str, &[&str]); 3] = [
    ("darwin", &["x86_64", "i386"]),
    ("freebsd", &["amd64", "i386", "arm"]),
    (
        "linux",
        &[
            "amd64",
            "i386",
            "aarch64",
            "aarch64_be",
            "armv6l",
            "armv7l",
            "armv7b",
            "ppc64",
            "ppc64le",
            "s390x",
        ],
    ),
];

/// A label: a name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// Its name; never `name`.
    pub name: AcIdentifier,
    /// Its value.
    pub value: String,
}

/// The labels of an image: names are unique, and `os` and `arch` fit each other.
///
/// ```
/// use appc_spec::{Label, Labels};
///
/// let label = |name: &str, value: &str| {
///     Ok::<_, appc_spec::ParseNameError>(Label { name: name.parse()?, value: value.to_owned() })
/// };
/// let labels = Labels::try_from(vec![label("os", "linux")?, label("arch", "amd64")?]).unwrap();
/// assert_eq!(labels.value("os"), Some("linux"));
///
/// let error = Labels::try_from(vec![label("os", "plan9")?]).unwrap_err();
/// assert_eq!(error.to_string(), "the os `plan9` is not one of darwin, freebsd, linux");
/// # Ok::<(), appc_spec::ParseNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(List<Label>);

/// Why a list makes no set of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelsError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Name,
    Repeated(AcIdentifier),
    Os(String),
    Arch { os: &'static str, arch: String, known: &'static [&'static str] },
}

impl fmt::Display for LabelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Name => f.write_str("a label cannot be called `name`"),
            Kind::Repeated(name) => write!(f, "the label `{name}` stands there twice"),
            Kind::Os(os) => {
                let known = PLATFORMS.map(|(os, _)| os).join(", ");
                write!(f, "the os `{}` is not one of {known}", os.escape_debug())
            }
            Kind::Arch { os, arch, known } => {
                write!(f, "the arch `{}` is not one of {os}'s: {}", arch.escape_debug(), known.join(", "))
            }
        }
    }
}

impl std::error::Error for LabelsError {}

impl Labels {
    /// The value of a label.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|label| label.name == name).map(|label| label.value.as_str())
    }

    /// Whether every one of the other labels is here with the same value.
    #[must_use]
    pub fn has_all(&self, others: &Self) -> bool {
        others.iter().all(|label| self.value(label.name.as_str()) == Some(&label.value))
    }

    /// Sets a label: another value for one that is there, or one more at the end.
    ///
    /// # Errors
    ///
    /// When the label is called `name`, and when `os` and `arch` then do not fit each other; nothing has changed then.
    pub fn set(&mut self, name: AcIdentifier, value: impl Into<String>) -> Result<(), LabelsError> {
        let value = value.into();
        let mut list = self.0.to_vec();
        match list.iter_mut().find(|label| label.name == name) {
            Some(label) => label.value = value,
            None => list.push(Label { name, value }),
        }
        *self = Self::try_from(list)?;
        Ok(())
    }

    /// The `os` and `arch` of the machine that this program was compiled for, by the specification's names; `None` where the
    /// specification has none.
    ///
    /// ```
    /// use appc_spec::Labels;
    ///
    /// if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    ///     assert_eq!(Labels::host_platform(), Some(("linux", "amd64")));
    /// }
    /// ```
    #[must_use]
    pub fn host_platform() -> Option<(&'static str, &'static str)> {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            os => os,
        };
        let big_endian = cfg!(target_endian = "big");
        let arch = match (os, std::env::consts::ARCH) {
            ("darwin", "x86_64") => "x86_64",
            (_, "x86_64") => "amd64",
            (_, "x86") => "i386",
            ("linux", "aarch64") if big_endian => "aarch64_be",
            ("linux", "arm") => "armv7l",
            ("linux", "powerpc64") if !big_endian => "ppc64le",
            ("linux", "powerpc64") => "ppc64",
            (_, arch) => arch,
        };
        let (os, known) = PLATFORMS.into_iter().find(|(known, _)| *known == os)?;
        known.iter().find(|known| **known == arch).map(|arch| (os, *arch))
    }

    /// The labels in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Label> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn check(list: &[Label]) -> Result<(), LabelsError> {
        for (index, label) in list.iter().enumerate() {
            if label.name == "name" {
                return Err(LabelsError(Kind::Name));
            }
            if list.iter().take(index).any(|earlier| earlier.name == label.name) {
                return Err(LabelsError(Kind::Repeated(label.name.clone())));
            }
        }
        let value = |name: &str| list.iter().find(|label| label.name == name).map(|label| &label.value);
        let Some(os) = value("os") else { return Ok(()) };
        let Some((os, known)) = PLATFORMS.iter().find(|(known, _)| known == os) else {
            return Err(LabelsError(Kind::Os(os.clone())));
        };
        match value("arch").filter(|arch| !known.contains(&arch.as_str())) {
            Some(arch) => Err(LabelsError(Kind::Arch { os, arch: arch.clone(), known })),
            None => Ok(()),
        }
    }
}

impl TryFrom<Vec<Label>> for Labels {
    type Error = LabelsError;

    /// # Errors
    ///
    /// When a label is called `name` or stands there twice, when `os` is none of linux, freebsd and darwin, and when `arch` is
    /// none of that system's (`x86_64` on linux, which is `amd64` there).
    fn try_from(list: Vec<Label>) -> Result<Self, Self::Error> {
        Self::check(&list).map(|()| Self(List::from(list)))
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = &'a Label;
    type IntoIter = std::slice::Iter<'a, Label>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Codec for Label {
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

/// The `value` of a label, an annotation or an environment variable: the specification demands it, Go takes nothing as `""`.
pub(crate) fn value_member(object: &Object<'_, '_>, strength: Strength) -> Result<String, Fault> {
    if strength.is_strict() { object.required("value") } else { object.or_default("value") }
}

impl Codec for Labels {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let list = List::decode(node, strength)?;
        Self::check(&list).map_err(|error| Fault::value(node, error))?;
        Ok(Self(list))
    }

    fn encode(&self, out: &mut Writer) {
        self.0.encode(out);
    }
}
