//! What layers make together, as the tar of an image.

use std::io::{self, Read, Write};

use super::layer::Layer;
use super::tree::{Inode, Tree, TreePath};
use crate::archive::{Entry, EntryKind, TarWriter};

/// Writes an image: its manifest, the root directory, and the files whose names are of a layer that `keep` wants. A file with several of these names is written once and then linked to.
pub(super) fn write(
    out: impl Write,
    manifest: &str,
    tree: &Tree,
    layers: &[Layer],
    keep: impl Fn(usize) -> bool,
) -> io::Result<()> {
    let mut tar = TarWriter::new(out);
    let head = Entry {
        path: b"manifest".to_vec(),
        size: manifest.len() as u64,
        ..Entry::new(EntryKind::File, 0o644)
    };
    tar.put(&head, &mut manifest.as_bytes())?;
    let mut first_names = vec![None; tree.inode_count()];
    for (path, node) in tree.nodes().filter(|(path, node)| path.is_empty() || keep(node.layer)) {
        let (Some(inode), Some(first)) = (tree.inode(node), first_names.get_mut(node.inode)) else {
            continue;
        };
        let mut entry = inode.entry.clone();
        entry.path = in_rootfs(path);
        entry.xattrs.retain(|(name, _)| belongs_to_image(name));
        match first {
            Some(first) if entry.kind != EntryKind::Directory => {
                entry.kind = EntryKind::HardLink(TreePath::clone(first));
                (entry.size, entry.xattrs) = (0, Vec::new());
                tar.put(&entry, &mut io::empty())?;
            }
            first => {
                *first = Some(entry.path.clone());
                tar.put(&entry, &mut content(inode, layers))?;
            }
        }
    }
    tar.finish()?.flush()
}

/// The content of a file; of all else there is none.
pub(super) fn content<'a>(inode: &Inode, layers: &'a [Layer]) -> Box<dyn Read + 'a> {
    match layers.get(inode.layer) {
        Some(layer) if inode.entry.kind == EntryKind::File => {
            Box::new(layer.content(inode.offset, inode.entry.size))
        }
        _ => Box::new(io::empty()),
    }
}

fn in_rootfs(path: &[u8]) -> TreePath {
    if path.is_empty() { b"rootfs".to_vec() } else { [b"rootfs/", path].concat() }
}

/// Attributes that overlayfs reads as commands, where a layer of it lies, belong to the machine that wrote them.
fn belongs_to_image(name: &[u8]) -> bool {
    !name.starts_with(b"trusted.") && !name.starts_with(b"user.overlay.")
}
