//! Volumes of a pod (specification, pod manifest: `volumes`).

use std::fmt;
use std::str::FromStr;

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::parameters::Parameters;
use crate::{AcName, ParseParameterError, Strength};

/// The permissions of an empty volume whose manifest says none.
const DEFAULT_MODE: &str = "0755";

/// A directory that apps of a pod mount.
///
/// ```
/// use appc_spec::{Volume, VolumeSource};
///
/// let volume: Volume = "work,kind=host,source=/opt/work,readOnly=true".parse()?;
/// assert_eq!(volume.source, VolumeSource::Host { path: "/opt/work".to_owned() });
/// assert_eq!(volume.read_only, Some(true));
/// # Ok::<(), appc_spec::ParseParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Volume {
    /// Its name.
    pub name: AcName,
    /// Where it comes from.
    pub source: VolumeSource,
    /// Whether it is mounted read-only; `None` leaves that to the mount point.
    pub read_only: Option<bool>,
    /// Whether mounts below it come along; `None` leaves that to the executor.
    pub recursive: Option<bool>,
}

/// Where a volume comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VolumeSource {
    /// A directory of the host.
    Host {
        /// Its absolute path.
        path: String,
    },
    /// An empty directory that lives as long as the pod.
    Empty {
        /// Its permissions.
        mode: VolumeMode,
        /// The user that owns it; negative only by [`Strength::Compat`].
        uid: i64,
        /// The group that owns it; negative only by [`Strength::Compat`].
        gid: i64,
    },
}

/// The permissions of an empty volume, in octal as they were written (`0755`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VolumeMode(Box<str>);

impl VolumeMode {
    /// The permission bits; `None` when the text is not octal or more than `7777`, which only [`Strength::Compat`] reads.
    #[must_use]
    pub fn bits(&self) -> Option<u32> {
        let octal = !self.0.is_empty() && self.0.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        octal.then(|| u32::from_str_radix(&self.0, 8).ok()).flatten().filter(|bits| *bits <= 0o7777)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for VolumeMode {
    /// `0755`, as the specification has it.
    fn default() -> Self {
        Self(DEFAULT_MODE.into())
    }
}

/// The members of a volume before they are known to fit each other.
struct Draft {
    kind: String,
    source: String,
    mode: Option<String>,
    uid: Option<i64>,
    gid: Option<i64>,
}

impl Draft {
    /// The source, or the member that is wrong and why.
    fn check(self, strength: Strength) -> Result<VolumeSource, (&'static str, String)> {
        match self.kind.as_str() {
            "host" => self.host(),
            "empty" => self.empty(strength),
            kind => Err((
                "kind",
                format!("`{}` is no kind of volume: it is `empty` or `host`", kind.escape_debug()),
            )),
        }
    }

    fn host(self) -> Result<VolumeSource, (&'static str, String)> {
        if !self.source.starts_with('/') {
            return Err(("source", "a host volume has an absolute path as its source".to_owned()));
        }
        let set = [("mode", self.mode.is_some()), ("uid", self.uid.is_some()), ("gid", self.gid.is_some())];
        match set.into_iter().find(|(_, set)| *set) {
            Some((member, _)) => Err((member, format!("a host volume has no `{member}`"))),
            None => Ok(VolumeSource::Host { path: self.source }),
        }
    }

    fn empty(self, strength: Strength) -> Result<VolumeSource, (&'static str, String)> {
        if !self.source.is_empty() {
            return Err(("source", "an empty volume has no source".to_owned()));
        }
        let mode = self.mode.map_or_else(VolumeMode::default, |mode| VolumeMode(mode.into()));
        let (uid, gid) = (self.uid.unwrap_or_default(), self.gid.unwrap_or_default());
        if strength.is_strict() {
            if mode.bits().is_none() {
                let text = mode.0.escape_debug();
                return Err(("mode", format!("`{text}` is no octal mode from `0` to `7777`")));
            }
            for (member, id) in [("uid", uid), ("gid", gid)] {
                if !(0..i64::from(u32::MAX)).contains(&id) {
                    return Err((member, format!("{id} is no identifier from 0 to 4294967294")));
                }
            }
        }
        Ok(VolumeSource::Empty { mode, uid, gid })
    }
}

impl Volume {
    /// Reads `name,kind=KIND[,source=PATH][,readOnly=BOOL][,recursive=BOOL][,mode=OCTAL][,uid=NUMBER][,gid=NUMBER]`, as on rkt's
    /// command line.
    ///
    /// # Errors
    ///
    /// On a bad name, an unknown or repeated key, a kind other than `host` and `empty`, and members that do not go with it.
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseParameterError> {
        let known = ["kind", "source", "readOnly", "recursive", "mode", "uid", "gid"];
        let parameters = Parameters::split("a volume", text)?.only(&known)?;
        let draft = Draft {
            kind: parameters.get("kind").unwrap_or_default().to_owned(),
            source: parameters.get("source").unwrap_or_default().to_owned(),
            mode: parameters.get("mode").map(ToOwned::to_owned),
            uid: parameters.number("uid")?,
            gid: parameters.number("gid")?,
        };
        Ok(Self {
            name: parameters.ac_name(strength)?,
            source: draft
                .check(strength)
                .map_err(|(member, message)| parameters.value_error(member, message))?,
            read_only: parameters.boolean("readOnly")?,
            recursive: parameters.boolean("recursive")?,
        })
    }
}

impl FromStr for Volume {
    type Err = ParseParameterError;

    /// Reads the command-line form strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl fmt::Display for Volume {
    /// The command-line form, without what is as the specification's defaults.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            VolumeSource::Host { path } => write!(f, "{},kind=host,source={path}", self.name)?,
            VolumeSource::Empty { .. } => write!(f, "{},kind=empty", self.name)?,
        }
        for (key, value) in [("readOnly", self.read_only), ("recursive", self.recursive)] {
            if let Some(value) = value {
                write!(f, ",{key}={value}")?;
            }
        }
        if let VolumeSource::Empty { mode, uid, gid } = &self.source {
            if mode.as_str() != DEFAULT_MODE {
                write!(f, ",mode={}", mode.as_str())?;
            }
            for (key, id) in [("uid", uid), ("gid", gid)] {
                if *id != 0 {
                    write!(f, ",{key}={id}")?;
                }
            }
        }
        Ok(())
    }
}

impl Codec for Volume {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let known = ["name", "kind", "source", "readOnly", "recursive", "mode", "uid", "gid"];
        let object = Object::new(node, strength, &known)?;
        let draft = Draft {
            kind: object.or_default("kind")?,
            source: object.or_default("source")?,
            mode: object.optional("mode")?,
            uid: object.optional("uid")?,
            gid: object.optional("gid")?,
        };
        Ok(Self {
            name: object.required("name")?,
            source: draft.check(strength).map_err(|(member, message)| object.invalid(member, message))?,
            read_only: object.optional("readOnly")?,
            recursive: object.optional("recursive")?,
        })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("name", &self.name);
            match &self.source {
                VolumeSource::Host { path } => {
                    object.text("kind", "host");
                    object.text("source", path);
                }
                VolumeSource::Empty { .. } => object.text("kind", "empty"),
            }
            object.optional("readOnly", self.read_only.as_ref());
            object.optional("recursive", self.recursive.as_ref());
            if let VolumeSource::Empty { mode, uid, gid } = &self.source {
                object.text("mode", mode.as_str());
                object.member("uid", uid);
                object.member("gid", gid);
            }
        });
    }
}
