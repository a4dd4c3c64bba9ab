//! What each path of the result comes from.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use super::error::{RenderError, RenderErrorKind, short};
use super::order::{Pass, RenderOrder};
use crate::ImageId;

/// A file of an image, as far as rendering needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PathEntry {
    /// Its path below `rootfs`: no slash at the ends, no `.`, `..` and empty parts; empty for the root itself.
    pub path: Box<[u8]>,
    /// What it is.
    pub kind: PathKind,
}

/// What a file of an image is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathKind {
    /// A directory.
    Directory,
    /// Another name of the file at this path.
    HardLink(Box<[u8]>),
    /// Anything else: a regular file, a symbolic link, a device, a pipe.
    File,
}

impl PathEntry {
    /// A file at a path below `rootfs`.
    pub fn new(path: impl AsRef<[u8]>, kind: PathKind) -> Self {
        Self { path: path.as_ref().into(), kind }
    }
}

/// Where a path of the result comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin<'p> {
    /// A directory that no image describes, but that has something in it: mode 0755, owned by 0.
    Implied,
    /// An entry of an image; the result's path is another one where a hard link has outlived the name that the entry had.
    Entry {
        /// The image: an index into [`RenderPlan::images`].
        image: usize,
        /// The index of the entry among those below and with `rootfs` (the manifest is not counted).
        entry: usize,
    },
    /// A hard link to another path of the result, which is no link.
    Link {
        /// That path.
        to: &'p [u8],
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Implied,
    Directory { image: usize, entry: usize },
    File { image: usize, entry: usize },
}

impl Node {
    const fn is_directory(self) -> bool {
        !matches!(self, Self::File { .. })
    }
}

/// Which entry of which image makes each path of a root file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderPlan {
    order: Vec<Pass>,
    images: Vec<ImageId>,
    nodes: BTreeMap<Arc<[u8]>, Node>,
    /// For a file with several names the one that is made; the others are links to it.
    first: BTreeMap<(usize, usize), Arc<[u8]>>,
}

impl RenderPlan {
    /// Lays the files of images over each other, in that order. `files` is asked once for each image, and gives its entries as
    /// they stand in its archive.
    ///
    /// What was there makes room for what comes later: a file or symbolic link for a directory and the reverse, with all that is
    /// below. Links are never followed. A directory over a directory only changes its properties. A hard link keeps the
    /// content that it has in its own image, whatever becomes of the name it was made from.
    ///
    /// # Errors
    ///
    /// When a hard link leads to nothing before it in its image, or to a directory; and when there are too many files.
    pub fn new(
        order: &RenderOrder,
        files: &mut dyn FnMut(&ImageId) -> Vec<PathEntry>,
    ) -> Result<Self, RenderError> {
        let mut images: Vec<ImageId> = Vec::new();
        let mut contents: Vec<Contents> = Vec::new();
        let mut tree = Tree::default();
        let mut count = 0_usize;
        for pass in order.passes() {
            let index = match images.iter().position(|id| *id == pass.image) {
                Some(index) => index,
                None => {
                    contents.push(Contents::new(files(&pass.image), pass)?);
                    images.push(pass.image.clone());
                    images.len() - 1
                }
            };
            let Some(contents) = contents.get(index) else { continue };
            count = count.saturating_add(contents.entries.len());
            let limit = order.limits().files;
            if count > limit {
                return Err(RenderError::new(&pass.name, RenderErrorKind::Files(limit)));
            }
            tree.lay(pass, index, contents);
        }
        let mut plan =
            Self { order: order.passes().to_vec(), images, nodes: tree.nodes, first: BTreeMap::new() };
        plan.choose_names(&contents);
        Ok(plan)
    }

    /// The name that each file with several is made under: the one it had in its image if that is left, else the first.
    fn choose_names(&mut self, contents: &[Contents]) {
        for (path, node) in &self.nodes {
            let Node::File { image, entry } = *node else { continue };
            let own = contents.get(image).and_then(|contents| contents.entries.get(entry));
            let is_own = own.is_some_and(|own| *own.path == **path);
            let first = self.first.entry((image, entry)).or_insert_with(|| path.clone());
            if is_own {
                *first = path.clone();
            }
        }
    }

    /// The images, each once, in the order in which they are first laid down.
    #[must_use]
    pub fn images(&self) -> &[ImageId] {
        &self.images
    }

    /// The paths of the result in order, a directory before what is in it; the root is the empty one, if any image describes it.
    pub fn paths(&self) -> impl Iterator<Item = (&[u8], Origin<'_>)> {
        self.nodes.iter().map(|(path, node)| {
            let origin = match *node {
                Node::Implied => Origin::Implied,
                Node::Directory { image, entry } => Origin::Entry { image, entry },
                Node::File { image, entry } => match self.first.get(&(image, entry)) {
                    Some(first) if first != path => Origin::Link { to: first },
                    _ => Origin::Entry { image, entry },
                },
            };
            (&**path, origin)
        })
    }
}

impl fmt::Display for RenderPlan {
    /// The images with the beginning of their IDs, the lowest first; then each path with the image that it comes from, `implied`, or `link to`
    /// another path. Bytes that are not UTF-8 are replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pass in &self.order {
            writeln!(f, "{} {}", pass.name, short(&pass.image))?;
        }
        let shown = |path: &[u8]| String::from_utf8_lossy(path).escape_debug().to_string();
        let name = |image: usize| {
            let id = self.images.get(image);
            self.order.iter().find(|pass| Some(&pass.image) == id).map(|pass| pass.name.as_str())
        };
        for (path, origin) in self.paths() {
            write!(f, "/{}\t", shown(path))?;
            match origin {
                Origin::Implied => writeln!(f, "implied")?,
                Origin::Entry { image, .. } => writeln!(f, "{}", name(image).unwrap_or_default())?,
                Origin::Link { to } => writeln!(f, "link to /{}", shown(to))?,
            }
        }
        Ok(())
    }
}

/// The entries of an image.
struct Contents {
    entries: Vec<PathEntry>,
    /// For each the entry that has its content: itself, or where a hard link leads.
    content: Vec<usize>,
}

impl Contents {
    fn new(entries: Vec<PathEntry>, pass: &Pass) -> Result<Self, RenderError> {
        let mut content: Vec<usize> = (0..entries.len()).collect();
        if entries.iter().any(|entry| matches!(entry.kind, PathKind::HardLink(_))) {
            let mut known: HashMap<&[u8], usize> = HashMap::new();
            for (index, entry) in entries.iter().enumerate() {
                if let PathKind::HardLink(target) = &entry.kind {
                    let leads = known.get(&**target).and_then(|at| content.get(*at)).copied();
                    let to = leads.filter(|at| {
                        entries.get(*at).is_some_and(|target| target.kind != PathKind::Directory)
                    });
                    let shown = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
                    let Some(to) = to else {
                        let kind =
                            RenderErrorKind::HardLink { path: shown(&entry.path), target: shown(target) };
                        return Err(RenderError::new(&pass.name, kind));
                    };
                    if let Some(content) = content.get_mut(index) {
                        *content = to;
                    }
                }
                known.insert(&entry.path, index);
            }
        }
        Ok(Self { entries, content })
    }
}

/// The result so far. Whatever is in it has directories above it.
#[derive(Default)]
struct Tree {
    nodes: BTreeMap<Arc<[u8]>, Node>,
}

impl Tree {
    fn lay(&mut self, pass: &Pass, image: usize, contents: &Contents) {
        for (entry, content) in contents.entries.iter().zip(&contents.content) {
            let is_directory = entry.kind == PathKind::Directory;
            if !pass.keeps(&entry.path, is_directory) {
                continue;
            }
            let node = if is_directory {
                Node::Directory { image, entry: *content }
            } else {
                Node::File { image, entry: *content }
            };
            self.put(&entry.path, node);
        }
    }

    fn put(&mut self, path: &[u8], node: Node) {
        self.make_room_above(path);
        let was_directory = self.nodes.get(path).map(|old| old.is_directory());
        if was_directory == Some(true) && !node.is_directory() {
            self.remove_below(path);
        }
        self.nodes.insert(path.into(), node);
    }

    /// Makes everything above a path a directory.
    fn make_room_above(&mut self, path: &[u8]) {
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else { return };
        let Some(above) = path.get(..slash) else { return };
        if self.nodes.get(above).is_some_and(|node| node.is_directory()) {
            return;
        }
        self.make_room_above(above);
        self.nodes.insert(above.into(), Node::Implied);
    }

    fn remove_below(&mut self, path: &[u8]) {
        let start = [path, b"/"].concat();
        let range = (Bound::Included(start.as_slice()), Bound::Unbounded);
        let below: Vec<Arc<[u8]>> = self
            .nodes
            .range::<[u8], _>(range)
            .take_while(|(name, _)| name.starts_with(&start))
            .map(|(name, _)| name.clone())
            .collect();
        for name in below {
            self.nodes.remove(&name);
        }
    }
}
