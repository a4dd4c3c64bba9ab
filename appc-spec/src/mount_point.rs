//! Where an app wants volumes (specification, `app`: `mountPoints`).

use std::str::FromStr;

use crate::json::{Codec, Fault, Node, Object, Writer};
use crate::parameters::Parameters;
use crate::{AcName, ParseParameterError, Strength};

/// A place in an app's root file system where it wants a volume.
///
/// ```
/// use appc_spec::MountPoint;
///
/// let mount: MountPoint = "database,path=/var/lib/db,readOnly=true".parse()?;
/// assert_eq!(mount.path, "/var/lib/db");
/// assert!(mount.read_only);
/// # Ok::<(), appc_spec::ParseParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MountPoint {
    /// Its name, by which a pod gives it a volume.
    pub name: AcName,
    /// The path; never empty in [`Strength::Strict`].
    pub path: String,
    /// Whether the app only reads.
    pub read_only: bool,
}

impl MountPoint {
    /// Reads `name,path=PATH[,readOnly=BOOL]`, as on actool's command line.
    ///
    /// # Errors
    ///
    /// On a bad name, an unknown or repeated key, a missing or empty path, and a boolean that is none.
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseParameterError> {
        let parameters = Parameters::split("a mount point", text)?.only(&["path", "readOnly"])?;
        let path = parameters.get("path").filter(|path| !path.is_empty());
        Ok(Self {
            name: parameters.ac_name(strength)?,
            path: path.ok_or_else(|| parameters.missing("path"))?.to_owned(),
            read_only: parameters.boolean("readOnly")?.unwrap_or_default(),
        })
    }
}

impl FromStr for MountPoint {
    type Err = ParseParameterError;

    /// Reads the command-line form strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl Codec for MountPoint {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let object = Object::new(node, strength, &["name", "path", "readOnly"])?;
        let name = object.required("name")?;
        let path: String =
            if strength.is_strict() { object.required("path")? } else { object.or_default("path")? };
        if strength.is_strict() && path.is_empty() {
            return Err(object.invalid("path", "a mount point's path is not empty"));
        }
        Ok(Self { name, path, read_only: object.or_default("readOnly")? })
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            object.member("name", &self.name);
            object.text("path", &self.path);
            object.optional("readOnly", Some(&self.read_only).filter(|read_only| **read_only));
        });
    }
}
