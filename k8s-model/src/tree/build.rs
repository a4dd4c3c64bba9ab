//! What the YAML and JSON readers share: opening and closing lists and mappings, and the limits.

use std::collections::HashMap;

use super::{Duplicate, Item, Kind, Limits, Position, SyntaxError, Tree};

/// Mappings up to this size are searched for duplicate keys pairwise, which is cheaper than hashing.
const PAIRWISE: u32 = 12;

/// A list or mapping that is not closed yet.
struct Open {
    index: usize,
    children: u32,
    map: bool,
}

/// A tree that grows.
pub(super) struct Builder<'a, 'l> {
    items: Vec<Item<'a>>,
    open: Vec<Open>,
    duplicates: Vec<Duplicate>,
    limits: &'l Limits,
}

impl<'a, 'l> Builder<'a, 'l> {
    pub(super) const fn new(limits: &'l Limits) -> Self {
        Self { items: Vec::new(), open: Vec::new(), duplicates: Vec::new(), limits }
    }

    /// Makes room for about so many nodes, so that they are seldom moved.
    pub(super) fn expect(&mut self, nodes: usize) {
        self.items.reserve(nodes.min(self.limits.nodes));
    }

    pub(super) const fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn items(&self) -> &[Item<'a>] {
        &self.items
    }

    /// Whether the next node is a key of a mapping.
    pub(super) fn at_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.map && open.children.is_multiple_of(2))
    }

    pub(super) fn is_complete(&self) -> bool {
        self.open.is_empty() && !self.items.is_empty()
    }

    /// Adds a node that has no children.
    pub(super) fn leaf(&mut self, position: Position, kind: Kind<'a>) -> Result<(), SyntaxError> {
        if let Some(open) = self.open.last_mut() {
            open.children += 1;
        }
        self.push(Item { position, kind })
    }

    /// Opens a list or a mapping.
    pub(super) fn open(&mut self, position: Position, map: bool) -> Result<(), SyntaxError> {
        if self.open.len() >= self.limits.depth {
            return Err(self.limits.too_deep(position));
        }
        let kind = if map { Kind::Map { len: 0, end: 0 } } else { Kind::List { len: 0, end: 0 } };
        let index = self.items.len();
        self.leaf(position, kind)?;
        self.open.push(Open { index, children: 0, map });
        Ok(())
    }

    /// Closes the innermost list or mapping, and says where it began.
    pub(super) fn close(&mut self) -> Option<usize> {
        let open = self.open.pop()?;
        let end = self.items.len() as u32;
        let kind = if open.map {
            Kind::Map { len: open.children / 2, end }
        } else {
            Kind::List { len: open.children, end }
        };
        if let Some(item) = self.items.get_mut(open.index) {
            item.kind = kind;
        }
        if open.map {
            self.find_duplicates(open.index, open.children / 2);
        }
        Some(open.index)
    }

    /// Repeats nodes that are already there, as an alias does; the copies keep the positions of their originals.
    pub(super) fn repeat(
        &mut self,
        from: usize,
        to: usize,
        budget: &mut usize,
        at: Position,
    ) -> Result<(), SyntaxError> {
        if let Some(open) = self.open.last_mut() {
            open.children += 1;
        }
        let copied = self.items.get(from..to).unwrap_or_default().to_vec();
        self.append(copied, from, budget, at)
    }

    /// Appends nodes that stood at `from`.
    pub(super) fn append(
        &mut self,
        nodes: Vec<Item<'a>>,
        from: usize,
        budget: &mut usize,
        at: Position,
    ) -> Result<(), SyntaxError> {
        let target = self.items.len();
        if target + nodes.len() > self.limits.nodes {
            return Err(self.too_many(at));
        }
        for mut item in nodes {
            match &mut item.kind {
                Kind::String(text) | Kind::Number(text) => {
                    *budget = budget.checked_sub(text.len()).ok_or_else(|| {
                        SyntaxError::new(
                            at,
                            format!("aliases repeat more than {} bytes", self.limits.alias_bytes),
                        )
                    })?;
                }
                Kind::List { end, .. } | Kind::Map { end, .. } => {
                    *end = (*end as usize - from + target) as u32;
                }
                _ => {}
            }
            self.items.push(item);
        }
        Ok(())
    }

    /// Takes away the nodes from `index` on.
    pub(super) fn cut(&mut self, index: usize) -> Vec<Item<'a>> {
        self.duplicates.retain(|duplicate| (duplicate.index as usize) < index);
        self.items.split_off(index)
    }

    /// Says how a mapping whose entries were rebuilt now ends.
    pub(super) fn reseal(&mut self, index: usize, len: u32) {
        let end = self.items.len() as u32;
        if let Some(item) = self.items.get_mut(index) {
            item.kind = Kind::Map { len, end };
        }
    }

    pub(super) fn finish(mut self) -> Tree<'a> {
        self.duplicates.sort_unstable_by_key(|duplicate| duplicate.index);
        Tree { items: self.items, duplicates: self.duplicates }
    }

    fn push(&mut self, item: Item<'a>) -> Result<(), SyntaxError> {
        if self.items.len() >= self.limits.nodes {
            return Err(self.too_many(item.position));
        }
        self.items.push(item);
        Ok(())
    }

    fn too_many(&self, at: Position) -> SyntaxError {
        SyntaxError::new(at, format!("the document has more than {} nodes", self.limits.nodes))
    }

    /// Notes each key of a closed mapping that an earlier entry has already; merge keys do not count.
    fn find_duplicates(&mut self, index: usize, len: u32) {
        let keys = Keys { items: &self.items, next: index + 1, left: len };
        if len <= PAIRWISE {
            for (count, (at, key)) in keys.clone().enumerate() {
                let first = keys.clone().take(count).find(|(_, earlier)| *earlier == key);
                note(&mut self.duplicates, &self.items, at, first.map(|(first, _)| first));
            }
        } else {
            let mut seen: HashMap<&str, usize> = HashMap::with_capacity(len as usize);
            for (at, key) in keys {
                let first = seen.get(key).copied();
                if first.is_none() {
                    seen.insert(key, at);
                }
                note(&mut self.duplicates, &self.items, at, first);
            }
        }
    }
}

fn note(duplicates: &mut Vec<Duplicate>, items: &[Item<'_>], at: usize, first: Option<usize>) {
    if let Some(first) = first.and_then(|first| items.get(first)) {
        duplicates.push(Duplicate { index: at as u32, first: first.position });
    }
}

/// The keys of a mapping, with their places.
#[derive(Clone)]
struct Keys<'i, 'a> {
    items: &'i [Item<'a>],
    next: usize,
    left: u32,
}

impl<'i> Iterator for Keys<'i, '_> {
    type Item = (usize, &'i str);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let at = self.next;
        let key = match &self.items.get(at)?.kind {
            Kind::String(text) => text,
            _ => "",
        };
        self.next = match self.items.get(at + 1)?.kind {
            Kind::List { end, .. } | Kind::Map { end, .. } => end as usize,
            _ => at + 2,
        };
        Some((at, key))
    }
}
