//! Folders with configurations, such as `/etc/cni/net.d` (feature `exec`).
//!
//! One broken file is a problem of its own and stands in nobody's way; libcni stops at it.
#![expect(clippy::disallowed_methods, reason = "the feature `exec` is where processes, files and clocks are")]

mod networks;

pub use networks::{Changes, Networks};

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::config::{NetworkConfig, PluginConfig};
use crate::json::JsonError;
use crate::name::NetworkName;
use crate::network::Layer;

/// No configuration is larger.
const MAX_FILE: u64 = 1024 * 1024;

/// The configurations of a folder.
///
/// Files that end in `.conflist`, `.conf` and `.json` count, sorted by name; lists come first. Unless a list says
/// `loadOnlyInlinedPlugins`, the plugins in the folder with its network's name (`<folder>/<network>/*.conf`) come after its
/// own ones.
///
/// ```no_run
/// use std::path::Path;
///
/// use cni_client::folder::Folder;
///
/// let folder = Folder::load(Path::new("/etc/cni/net.d"));
/// for problem in folder.problems() {
///     eprintln!("warning: {problem}");
/// }
/// let network = folder.find(&"dbnet".parse()?).ok_or("no such network")?;
/// println!("{}", network.to_json());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    networks: Vec<(PathBuf, NetworkConfig)>,
    problems: Vec<FolderError>,
}

impl Folder {
    /// Reads a folder. One that is not there is empty; one that cannot be read is a problem.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let mut folder = Self { path: path.to_owned(), networks: Vec::new(), problems: Vec::new() };
        match files(path, &["conflist", "conf", "json"]) {
            Ok(mut files) => {
                files.sort_by(|one, other| rank(one).cmp(&rank(other)));
                for file in files {
                    match network(path, &file) {
                        Ok(config) => folder.networks.push((file, config)),
                        Err(problem) => folder.problems.push(problem),
                    }
                }
            }
            Err(problem) => folder.problems.push(problem),
        }
        folder
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All networks with their files, lists first.
    pub fn networks(&self) -> impl Iterator<Item = (&Path, &NetworkConfig)> {
        self.networks.iter().map(|(file, config)| (file.as_path(), config))
    }

    /// The files that are no configurations, with the reason.
    #[must_use]
    pub fn problems(&self) -> &[FolderError] {
        &self.problems
    }

    /// The first network with a name.
    #[must_use]
    pub fn find(&self, name: &NetworkName) -> Option<&NetworkConfig> {
        self.networks().map(|(_, config)| config).find(|config| config.name() == name)
    }

    /// The folder as a layer of networks.
    #[must_use]
    pub fn layer(&self) -> Layer {
        let name = |file: &Path| {
            file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let empty = Layer::new(self.path.display().to_string());
        self.networks().fold(empty, |layer, (file, config)| layer.with(name(file), config.clone()))
    }
}

/// Why a file is no configuration, or a folder cannot be read.
#[derive(Debug)]
pub struct FolderError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Io(io::Error),
    Config(JsonError),
    TooLarge,
    NoPlugins,
}

impl FolderError {
    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for FolderError {
    /// A fault in a file is `FILE:LINE:COLUMN: FIELD: …`, as compilers write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::Io(_) => write!(f, "cannot read `{path}`"),
            Kind::Config(error) => write!(f, "{path}:{error}"),
            Kind::TooLarge => write!(f, "{path}: larger than {MAX_FILE} bytes"),
            Kind::NoPlugins => {
                write!(f, "{path}: the network has no plugins, neither here nor in its folder")
            }
        }
    }
}

impl Error for FolderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Config(_) | Kind::TooLarge | Kind::NoPlugins => None,
        }
    }
}

/// Lists come first, then the names decide.
fn rank(file: &Path) -> (bool, &Path) {
    (file.extension() != Some(OsStr::new("conflist")), file)
}

/// One network with all its plugins.
fn network(folder: &Path, file: &Path) -> Result<NetworkConfig, FolderError> {
    let text = read(file)?;
    let bad = |error| FolderError { path: file.to_owned(), kind: Kind::Config(error) };
    let is_list = file.extension() == Some(OsStr::new("conflist"));
    let parse = if is_list { NetworkConfig::parse_list } else { NetworkConfig::parse };
    let mut config = parse(&text).map_err(bad)?;
    if !config.load_only_inlined_plugins() {
        // A network whose plugins are not all there must not run.
        for file in files(&folder.join(config.name().as_str()), &["conf"])? {
            let bad = |error| FolderError { path: file.clone(), kind: Kind::Config(error) };
            config.push(PluginConfig::parse(&read(&file)?).map_err(bad)?);
        }
    }
    if config.plugins().is_empty() {
        return Err(FolderError { path: file.to_owned(), kind: Kind::NoPlugins });
    }
    Ok(config)
}

/// The files with these endings, sorted; none when there is no folder.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, FolderError> {
    let error = |source| FolderError { path: folder.to_owned(), kind: Kind::Io(source) };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(source) => return Err(error(source)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(error)?.path();
        let ending = file.extension().and_then(OsStr::to_str);
        if ending.is_some_and(|ending| endings.contains(&ending)) && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<String, FolderError> {
    let error = |source| FolderError { path: file.to_owned(), kind: Kind::Io(source) };
    let mut text = String::new();
    let length =
        File::open(file).and_then(|f| f.take(MAX_FILE + 1).read_to_string(&mut text)).map_err(error)?;
    if length as u64 > MAX_FILE {
        return Err(FolderError { path: file.to_owned(), kind: Kind::TooLarge });
    }
    Ok(text)
}
