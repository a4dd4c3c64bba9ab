//! Layers over one another (OCI image specification, "Image Layer Filesystem Changeset").
//!
//! What a layer does to the ones below it is decided here, on names alone. As on an overlay, a directory that a layer has replaces what is no
//! directory below it, also where it is only implied; within one layer a file below a symbolic link is where the link leads, as for those
//! who unpack layers one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Bound;

use super::layer::LayerEntry;
use crate::archive::{Entry, EntryKind};

/// How many links are followed from one name.
const MAX_LINKS: usize = 40;

/// How long a path may be, in bytes: Linux' own bound.
const MAX_PATH: usize = 4096;

/// The prefix of names that take something away.
const WHITEOUT: &[u8] = b".wh.";

/// The name that takes everything in its directory away.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// The prefix of the book-keeping of AUFS, which nobody sees but as the target of a hard link.
const AUFS: &[u8] = b".wh..wh.";

/// A path from the root, without a slash at either end; the root's is empty.
pub(super) type TreePath = Vec<u8>;

/// What an image's layers make together.
#[derive(Debug, Default, Clone)]
pub(super) struct Tree {
    nodes: BTreeMap<TreePath, Node>,
    inodes: Vec<Inode>,
    layers: usize,
    /// What layers took away and did not put back.
    gone: BTreeSet<TreePath>,
}

/// A name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// What it is a name of: a place in [`Tree::inodes`].
    pub(super) inode: usize,
    /// Which layer put it there.
    pub(super) layer: usize,
}

/// A file, whatever it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inode {
    /// Its properties; never a hard link.
    pub(super) entry: Entry,
    /// In which layer's tar its content is.
    pub(super) layer: usize,
    /// Where.
    pub(super) offset: u64,
}

/// Why a layer fits not on the ones below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeError {
    path: Vec<u8>,
    fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    Above,
    Dangling(Vec<u8>),
    Directory(Vec<u8>),
    Links,
    Long,
    Mark,
    Nul,
    Root,
    Up,
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |path: &[u8]| String::from_utf8_lossy(path).escape_debug().to_string();
        write!(f, "entry `{}`: ", show(&self.path))?;
        match &self.fault {
            Fault::Above => f.write_str("what it stands in is no directory"),
            Fault::Dangling(target) => {
                write!(f, "it is a hard link to `{}`, which is not there", show(target))
            }
            Fault::Directory(target) => {
                write!(f, "it is a hard link to `{}`, which is a directory", show(target))
            }
            Fault::Links => write!(f, "more than {MAX_LINKS} symbolic links lead to it"),
            Fault::Long => write!(f, "its path has more than {MAX_PATH} bytes"),
            Fault::Mark => f.write_str("a name that begins with `.wh.` and names nothing to take away"),
            Fault::Nul => f.write_str("its name has a NUL character"),
            Fault::Root => f.write_str("the root is a directory"),
            Fault::Up => f.write_str("its name has a `..`"),
        }
    }
}

impl std::error::Error for TreeError {}

/// What the name of an entry is.
enum Name {
    Plain(TreePath),
    /// Takes away what has this path.
    Whiteout(TreePath),
    /// Takes away what is in this directory.
    Opaque(TreePath),
    /// See [`AUFS`].
    Aufs(TreePath),
}

impl Name {
    fn of(written: &[u8]) -> Result<Self, Fault> {
        let path = normal(written)?;
        if !path.windows(WHITEOUT.len()).any(|window| window == WHITEOUT) {
            return Ok(Self::Plain(path));
        }
        let (directory, name) = split(&path);
        let parts = || path.split(|byte| *byte == b'/');
        if parts().any(|part| part.starts_with(AUFS) && part != OPAQUE) {
            return Ok(Self::Aufs(path));
        }
        if directory.split(|byte| *byte == b'/').any(|part| part.starts_with(WHITEOUT)) {
            return Err(Fault::Mark);
        }
        match name.strip_prefix(WHITEOUT) {
            _ if name == OPAQUE => Ok(Self::Opaque(directory.to_vec())),
            Some(b"" | b"." | b"..") => Err(Fault::Mark),
            Some(gone) => {
                let mut path = directory.to_vec();
                push(&mut path, gone);
                Ok(Self::Whiteout(path))
            }
            None => Ok(Self::Plain(path)),
        }
    }
}

/// What a layer's hard links may name besides what is there.
#[derive(Default)]
struct Aside {
    aufs: HashMap<TreePath, usize>,
    /// What the layer takes away.
    gone: HashMap<TreePath, usize>,
}

/// The path's parts put together; `..` is refused.
fn normal(path: &[u8]) -> Result<TreePath, Fault> {
    if path.contains(&0) {
        return Err(Fault::Nul);
    }
    let mut normal = Vec::with_capacity(path.len());
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(Fault::Up),
            part => push(&mut normal, part),
        }
    }
    if normal.len() > MAX_PATH { Err(Fault::Long) } else { Ok(normal) }
}

fn push(path: &mut TreePath, part: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(part);
}

/// The parent and the last name of a path.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default()),
        None => (&[], path),
    }
}

/// Where what is below a directory begins and ends: `/` and the character after it.
fn below(directory: &[u8]) -> (Bound<TreePath>, Bound<TreePath>) {
    if directory.is_empty() {
        return (Bound::Excluded(Vec::new()), Bound::Unbounded);
    }
    let with = |last: u8| [directory, &[last]].concat();
    (Bound::Excluded(with(b'/')), Bound::Excluded(with(b'/' + 1)))
}

impl Tree {
    /// All names in order: a directory before what is in it.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&[u8], Node)> {
        self.nodes.iter().map(|(path, node)| (path.as_slice(), *node))
    }

    /// How many files there are, also those without a name.
    pub(super) const fn inode_count(&self) -> usize {
        self.inodes.len()
    }

    /// What a name is a name of.
    pub(super) fn inode(&self, node: Node) -> Option<&Inode> {
        self.inodes.get(node.inode)
    }

    /// What layers took away and did not put back, in order.
    pub(super) fn gone(&self) -> impl Iterator<Item = &[u8]> {
        self.gone.iter().map(Vec::as_slice)
    }

    /// Whether it is a name of a directory.
    pub(super) fn is_directory_at(&self, node: Node) -> bool {
        self.inode(node).is_some_and(|inode| inode.entry.kind == EntryKind::Directory)
    }

    /// The regular file of that name, links not followed.
    pub(super) fn file(&self, path: &[u8]) -> Option<&Inode> {
        let inode = self.inode(*self.nodes.get(path)?)?;
        (inode.entry.kind == EntryKind::File).then_some(inode)
    }

    /// Puts a layer on top. What it takes away goes first, wherever it says so: that concerns only the layers below.
    pub(super) fn apply(&mut self, entries: &[LayerEntry]) -> Result<(), TreeError> {
        let layer = self.layers;
        self.layers += 1;
        let mut aside = Aside::default();
        for found in entries {
            let at = |fault| TreeError { path: found.entry.path.clone(), fault };
            match Name::of(&found.entry.path).map_err(at)? {
                Name::Whiteout(path) => self.hide(&path, &mut aside),
                Name::Opaque(path) => self.remove_below(&path, &mut aside),
                Name::Plain(_) | Name::Aufs(_) => {}
            }
        }
        if !self.nodes.contains_key(&[][..]) {
            self.imply(Vec::new(), layer);
        }
        for found in entries {
            self.put(found, layer, &mut aside)
                .map_err(|fault| TreeError { path: found.entry.path.clone(), fault })?;
        }
        Ok(())
    }

    fn put(&mut self, found: &LayerEntry, layer: usize, aside: &mut Aside) -> Result<(), Fault> {
        let written = match Name::of(&found.entry.path)? {
            Name::Plain(path) => path,
            Name::Aufs(path) => {
                if found.entry.kind == EntryKind::File {
                    aside.aufs.insert(path, self.inodes.len());
                    self.inodes.push(inode(found, layer));
                }
                return Ok(());
            }
            Name::Whiteout(_) | Name::Opaque(_) => return Ok(()),
        };
        let path = self.resolved(&written, |node| node.layer == layer)?;
        let inode = match &found.entry.kind {
            EntryKind::HardLink(target) => self.target(target, aside)?,
            _ => {
                self.inodes.push(inode(found, layer));
                self.inodes.len() - 1
            }
        };
        self.place(path, Node { inode, layer }, found.entry.kind == EntryKind::Directory, aside)
    }

    /// Gives a file a name; what has that name makes room.
    fn place(
        &mut self,
        path: TreePath,
        node: Node,
        is_directory: bool,
        aside: &mut Aside,
    ) -> Result<(), Fault> {
        if path.is_empty() && !is_directory {
            return Err(Fault::Root);
        }
        self.parents(&path, node.layer)?;
        if !is_directory && self.is_directory(&path) {
            self.remove_below(&path, aside);
        }
        self.gone.remove(&path);
        self.nodes.insert(path, node);
        Ok(())
    }

    /// Makes the directories that a path stands in.
    fn parents(&mut self, path: &[u8], layer: usize) -> Result<(), Fault> {
        let (above, _) = split(path);
        if self.is_directory(above) {
            return Ok(());
        }
        for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let above = path.get(..end).unwrap_or_default();
            match self.nodes.get(above) {
                _ if self.is_directory(above) => {}
                Some(node) if node.layer == layer => return Err(Fault::Above),
                _ => self.imply(above.to_vec(), layer),
            }
        }
        Ok(())
    }

    /// A directory that no layer describes: always with the same properties.
    fn imply(&mut self, path: TreePath, layer: usize) {
        let entry = Entry::new(EntryKind::Directory, 0o755);
        self.inodes.push(Inode { entry, layer, offset: 0 });
        self.gone.remove(&path);
        self.nodes.insert(path, Node { inode: self.inodes.len() - 1, layer });
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        self.nodes.get(path).is_some_and(|node| self.is_directory_at(*node))
    }

    /// Takes away what is at a path.
    fn hide(&mut self, path: &[u8], aside: &mut Aside) {
        self.remove_below(path, aside);
        if let Some(node) = self.nodes.remove(path) {
            self.gone.insert(path.to_vec());
            aside.gone.insert(path.to_vec(), node.inode);
        }
    }

    /// Takes away what is in a directory.
    fn remove_below(&mut self, path: &[u8], aside: &mut Aside) {
        let paths: Vec<TreePath> = self.nodes.range(below(path)).map(|(path, _)| path.clone()).collect();
        for path in paths {
            if let Some(node) = self.nodes.remove(&path) {
                self.gone.insert(path.clone());
                aside.gone.insert(path, node.inode);
            }
        }
    }

    /// The file that a hard link names: also one that this layer takes away, as a file is renamed by a link and a whiteout.
    fn target(&self, written: &[u8], aside: &Aside) -> Result<usize, Fault> {
        let path = normal(written)?;
        if let Some(inode) = aside.aufs.get(&path) {
            return Ok(*inode);
        }
        let path = self.resolved(&path, |_| true)?;
        let known = self.nodes.get(&path).map(|node| node.inode).or_else(|| aside.gone.get(&path).copied());
        let dangling = || Fault::Dangling(written.to_vec());
        let place = known.ok_or_else(dangling)?;
        match self.inodes.get(place) {
            Some(inode) if inode.entry.kind == EntryKind::Directory => {
                Err(Fault::Directory(written.to_vec()))
            }
            Some(_) => Ok(place),
            None => Err(dangling()),
        }
    }

    /// A path whose directories are no symbolic links: those that count are followed, and never lead out of the root.
    fn resolved(&self, path: &[u8], counts: impl Fn(&Node) -> bool) -> Result<TreePath, Fault> {
        let mut pending: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec).collect();
        let mut links = 0;
        let mut resolved = TreePath::new();
        while let Some(part) = pending.pop() {
            match part.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    resolved.truncate(split(&resolved).0.len());
                    continue;
                }
                _ => {}
            }
            let mut next = resolved.clone();
            push(&mut next, &part);
            let link = self.nodes.get(&next).filter(|node| counts(node) && !pending.is_empty());
            match link.and_then(|node| self.inode(*node)).map(|inode| &inode.entry.kind) {
                Some(EntryKind::Symlink(target)) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Fault::Links);
                    }
                    if target.starts_with(b"/") {
                        resolved.clear();
                    }
                    pending.extend(target.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
                }
                _ if next.len() > MAX_PATH => return Err(Fault::Long),
                _ => resolved = next,
            }
        }
        Ok(resolved)
    }
}

fn inode(found: &LayerEntry, layer: usize) -> Inode {
    Inode { entry: found.entry.clone(), layer, offset: found.offset }
}
