//! What several folders hold together, and what has changed in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::NetworkConfig;
use crate::name::NetworkName;
use crate::network::Layer;

use super::{Folder, FolderError};

/// The networks of several folders as they were when they were last read; of folders with the same network the last one wins.
///
/// Nothing is read behind the caller's back. Whoever wants to know of changes calls [`Networks::reload`]: now and then, or when a
/// watch (inotify(7)) on the folders says so. It reads everything again, so that no change is missed, whatever the clock of the file
/// system.
///
/// ```no_run
/// use cni_client::folder::Networks;
/// use cni_client::network::Layer;
///
/// let mut networks = Networks::load([Layer::builtin()], ["/etc/cni/net.d"]);
/// loop {
///     let changes = networks.reload();
///     for name in changes.added.iter().chain(&changes.changed) {
///         println!("{}", networks.find(name).unwrap().to_json());
///     }
///     for problem in networks.problems() {
///         eprintln!("warning: {problem}");
///     }
///     std::thread::sleep(std::time::Duration::from_secs(5));
/// }
/// ```
#[derive(Debug)]
pub struct Networks {
    beneath: Vec<Layer>,
    folders: Vec<Folder>,
}

/// What reading folders again has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Changes {
    /// Networks that were not there before.
    pub added: Vec<NetworkName>,
    /// Networks that are described in another way now, perhaps by another file.
    pub changed: Vec<NetworkName>,
    /// Networks that are not there any more. What is attached to one can be detached all the same: from its record.
    pub removed: Vec<NetworkName>,
    /// Networks that are what they were because their file cannot be read now: it is being written, or somebody slipped. What is
    /// wrong is among the [problems](Networks::problems).
    pub kept: Vec<NetworkName>,
}

impl Changes {
    /// Whether everything is as it was.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty() && self.kept.is_empty()
    }
}

impl Networks {
    /// Reads folders; the layers lie beneath them.
    #[must_use]
    pub fn load<P: Into<PathBuf>>(
        beneath: impl IntoIterator<Item = Layer>,
        folders: impl IntoIterator<Item = P>,
    ) -> Self {
        let folders = folders.into_iter().map(|path| Folder::load(&path.into())).collect();
        Self { beneath: beneath.into_iter().collect(), folders }
    }

    /// Reads the folders again.
    pub fn reload(&mut self) -> Changes {
        let before = self.described();
        let mut kept = Vec::new();
        for folder in &mut self.folders {
            let new = Folder::load(folder.path());
            let old = std::mem::replace(folder, new);
            kept.extend(folder.keep_broken(old));
        }
        let after = self.described();
        let names = |of: &BTreeMap<NetworkName, NetworkConfig>,
                     without: &BTreeMap<NetworkName, NetworkConfig>| {
            of.keys().filter(|name| !without.contains_key(name)).cloned().collect()
        };
        let is_other = |(name, config): &(&NetworkName, &NetworkConfig)| {
            before.get(name).is_some_and(|before| before != *config)
        };
        Changes {
            added: names(&after, &before),
            changed: after.iter().filter(is_other).map(|(name, _)| name.clone()).collect(),
            removed: names(&before, &after),
            kept,
        }
    }

    /// The layers, for [`resolve`](crate::network::resolve).
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        self.beneath.iter().cloned().chain(self.folders.iter().map(Folder::layer)).collect()
    }

    /// The network with a name: of the last layer that has it, the first file.
    #[must_use]
    pub fn find(&self, name: &NetworkName) -> Option<&NetworkConfig> {
        let in_folder = self.folders.iter().rev().find_map(|folder| {
            let mut files: Vec<_> = folder.networks().filter(|(_, config)| config.name() == name).collect();
            files.sort_by_key(|(file, _)| file.file_name());
            files.first().map(|(_, config)| *config)
        });
        in_folder.or_else(|| {
            self.beneath.iter().rev().find_map(|layer| {
                layer
                    .iter()
                    .filter(|(_, config)| config.name() == name)
                    .min_by_key(|(file, _)| *file)
                    .map(|(_, c)| c)
            })
        })
    }

    /// The files that are no configurations and the folders that cannot be read, as of the last time.
    pub fn problems(&self) -> impl Iterator<Item = &FolderError> {
        self.folders.iter().flat_map(Folder::problems)
    }

    /// Each network as it counts.
    fn described(&self) -> BTreeMap<NetworkName, NetworkConfig> {
        let layers = self.layers();
        let names = layers.iter().flat_map(Layer::iter).map(|(_, config)| config.name());
        names.filter_map(|name| Some((name.clone(), self.find(name)?.clone()))).collect()
    }
}

impl Folder {
    /// Takes over what files said before that cannot be read now, and says which networks that are.
    fn keep_broken(&mut self, before: Self) -> Vec<NetworkName> {
        let mut kept = Vec::new();
        for (file, config) in before.networks {
            // The file, the folder as a whole, or one of the network's plugins in a folder of their own.
            let plugins = self.path.join(config.name().as_str());
            let is_broken = |problem: &FolderError| {
                let path = problem.path();
                path == file || path == self.path || path.starts_with(&plugins)
            };
            if self.problems.iter().any(is_broken) {
                kept.push(config.name().clone());
                self.networks.push((file, config));
            }
        }
        self.networks.sort_by(|(one, _), (other, _)| super::rank(one).cmp(&super::rank(other)));
        kept
    }
}
