//! A tree from YAML events.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::build::Builder;
use super::{Item, Kind, Limits, Position, SyntaxError, Tree, scalar};

/// Reads one document whose text begins after so many lines.
pub(super) fn read<'a>(text: &'a str, lines_before: u32, limits: &Limits) -> Result<Tree<'a>, SyntaxError> {
    let mut reader = Reader {
        tree: Builder::new(limits),
        anchors: HashMap::new(),
        open: Vec::new(),
        budget: limits.alias_bytes,
        lines_before,
    };
    if text.len() > limits.bytes {
        let start = Position { line: lines_before + 1, column: 1 };
        return Err(SyntaxError::new(start, format!("the document is longer than {} bytes", limits.bytes)));
    }
    if let Some(line) = tab_before_content(text) {
        let position = Position { line: lines_before + line, column: 1 };
        return Err(SyntaxError::new(position, "a tab cannot indent: YAML takes spaces"));
    }
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => reader.event(event, &span.start)?,
            Err(error) => {
                let position = reader.position(error.marker());
                // The parser has a bound of its own, which it may meet while it looks ahead.
                let deep = error.info() == "recursion limit exceeded";
                return Err(if deep {
                    limits.too_deep(position)
                } else {
                    SyntaxError::new(position, error.info())
                });
            }
        }
    }
    Ok(reader.tree.finish())
}

/// The line of the first content when a tab stands before it, which the parser lets pass there.
fn tab_before_content(text: &str) -> Option<u32> {
    let (number, line) =
        (1..).zip(text.lines()).find(|(_, line)| !matches!(line.trim_start().as_bytes(), [] | [b'#', ..]))?;
    let indent = line.len() - line.trim_start().len();
    line.get(..indent)?.contains('\t').then_some(number)
}

/// A list or mapping that is open, besides what the builder knows of it.
struct Open {
    anchor: usize,
    merges: bool,
}

struct Reader<'a, 'l> {
    tree: Builder<'a, 'l>,
    /// Where the node of an anchor begins and ends; the end is missing while it is open.
    anchors: HashMap<usize, (usize, Option<usize>)>,
    open: Vec<Open>,
    /// How many bytes aliases may still repeat.
    budget: usize,
    lines_before: u32,
}

impl<'a> Reader<'a, '_> {
    fn position(&self, marker: &Marker) -> Position {
        Position {
            line: self.lines_before + u32::try_from(marker.line()).unwrap_or(u32::MAX / 2),
            column: u32::try_from(marker.col()).unwrap_or(u32::MAX - 1) + 1,
        }
    }

    fn event(&mut self, event: Event<'a>, marker: &Marker) -> Result<(), SyntaxError> {
        let position = self.position(marker);
        match event {
            Event::DocumentStart(_) if self.tree.is_complete() => {
                Err(SyntaxError::new(position, "a second document begins here without `---`"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(position, text, style, anchor, tag.as_deref())
            }
            Event::Alias(anchor) => self.alias(position, anchor),
            Event::SequenceStart(anchor, _) => self.start(position, anchor, false),
            Event::MappingStart(anchor, _) => self.start(position, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Ok(()),
        }
    }

    fn start(&mut self, position: Position, anchor: usize, map: bool) -> Result<(), SyntaxError> {
        if self.tree.at_key() {
            return Err(SyntaxError::new(
                position,
                "a key of a mapping is a list or mapping: JSON has only text",
            ));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (self.tree.len(), None));
        }
        self.open.push(Open { anchor, merges: false });
        self.tree.open(position, map)
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        let (Some(open), Some(index)) = (self.open.pop(), self.tree.close()) else { return Ok(()) };
        if open.merges {
            self.merge(index)?;
        }
        if let Some(anchor) = self.anchors.get_mut(&open.anchor) {
            anchor.1 = Some(self.tree.len());
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        position: Position,
        text: Cow<'a, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), SyntaxError> {
        let merges = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
        let kind = resolve(text, style, tag).map_err(|message| SyntaxError::new(position, message))?;
        if anchor > 0 {
            let index = self.tree.len();
            self.anchors.insert(anchor, (index, Some(index + 1)));
        }
        if !self.tree.at_key() {
            return self.tree.leaf(position, kind);
        }
        if merges && let Some(open) = self.open.last_mut() {
            open.merges = true;
            // Told apart from a key that is quoted.
            return self.tree.leaf(position, Kind::Null);
        }
        let key = key(kind)
            .ok_or_else(|| SyntaxError::new(position, "a key of a mapping is null: JSON has only text"))?;
        self.tree.leaf(position, Kind::String(key))
    }

    fn alias(&mut self, position: Position, anchor: usize) -> Result<(), SyntaxError> {
        let Some(&(from, to)) = self.anchors.get(&anchor) else {
            return Err(SyntaxError::new(position, "an alias without an anchor"));
        };
        let Some(to) = to else {
            return Err(SyntaxError::new(position, "an alias stands inside what it names"));
        };
        if self.tree.at_key() {
            let original = self.tree.items().get(from).map(|item| item.kind.clone());
            let key = original.and_then(key).ok_or_else(|| {
                SyntaxError::new(position, "a key of a mapping is an alias for something that is no text")
            })?;
            return self.tree.leaf(position, Kind::String(key));
        }
        self.tree.repeat(from, to, &mut self.budget, position)
    }

    /// Replaces the merge keys of a closed mapping by what they name. The mapping's own keys win, then the first that is named.
    fn merge(&mut self, index: usize) -> Result<(), SyntaxError> {
        let entries = self.tree.cut(index + 1);
        let (own, merged) = plan(&entries, self.tree.items().get(index), index)?;
        let mut len = 0;
        for (from, to) in own.into_iter().chain(merged) {
            let nodes = entries.get(from..to).unwrap_or_default().to_vec();
            // What is moved was paid for where it was read.
            let mut free = usize::MAX;
            let at = nodes.first().map_or(Position { line: 1, column: 1 }, |item| item.position);
            self.tree.append(nodes, index + 1 + from, &mut free, at)?;
            len += 1;
        }
        self.tree.reseal(index, len);
        Ok(())
    }
}

/// Parts of the entries of a mapping, from and to.
type Ranges = Vec<(usize, usize)>;

/// Which entries of a mapping are its own, and which it gets by merging, as ranges of `entries` (key and value).
fn plan<'i>(
    entries: &'i [Item<'_>],
    header: Option<&'i Item<'_>>,
    index: usize,
) -> Result<(Ranges, Ranges), SyntaxError> {
    let Some(Item { kind: Kind::Map { len, .. }, .. }) = header else { return Ok((Vec::new(), Vec::new())) };
    // The ends in `entries` count from the start of the tree.
    let offset = index + 1;
    let end_of = |at: usize| match entries.get(at).map(|item| &item.kind) {
        Some(Kind::List { end, .. } | Kind::Map { end, .. }) => *end as usize - offset,
        _ => at + 1,
    };
    let text_of = |at: usize| match entries.get(at).map(|item| &item.kind) {
        Some(Kind::String(text)) => Some(&**text),
        _ => None,
    };
    let (mut own, mut sources) = (Ranges::new(), Vec::new());
    let mut at = 0;
    for _ in 0..*len {
        let end = end_of(at + 1);
        if text_of(at).is_some() {
            own.push((at, end));
        } else {
            sources.push(at + 1);
        }
        at = end;
    }
    let mut names: Vec<&str> = own.iter().filter_map(|(at, _)| text_of(*at)).collect();
    let mut merged = Ranges::new();
    while let Some(source) = (!sources.is_empty()).then(|| sources.remove(0)) {
        match entries.get(source).map(|item| (&item.kind, item.position)) {
            Some((Kind::Map { len, .. }, _)) => {
                let mut at = source + 1;
                for _ in 0..*len {
                    let end = end_of(at + 1);
                    if let Some(name) = text_of(at)
                        && !names.contains(&name)
                    {
                        names.push(name);
                        merged.push((at, end));
                    }
                    at = end;
                }
            }
            Some((Kind::List { len, .. }, _)) => {
                let mut at = source + 1;
                for _ in 0..*len {
                    let is_map = matches!(entries.get(at).map(|item| &item.kind), Some(Kind::Map { .. }));
                    if !is_map {
                        let position =
                            entries.get(at).map_or(Position { line: 1, column: 1 }, |i| i.position);
                        return Err(SyntaxError::new(position, MERGE));
                    }
                    sources.push(at);
                    at = end_of(at);
                }
            }
            Some((_, position)) => return Err(SyntaxError::new(position, MERGE)),
            None => {}
        }
    }
    Ok((own, merged))
}

const MERGE: &str = "a merge key (`<<`) takes a mapping or a list of mappings";

/// The text that a scalar is as a key of JSON; `None` for null and what is no scalar.
fn key<'a>(kind: Kind<'a>) -> Option<Cow<'a, str>> {
    match kind {
        Kind::String(text) | Kind::Number(text) => Some(text),
        Kind::Bool(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
        Kind::Int(value) => Some(Cow::Owned(value.to_string())),
        Kind::Null | Kind::List { .. } | Kind::Map { .. } => None,
    }
}

fn resolve<'a>(
    text: Cow<'a, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Kind<'a>, Cow<'static, str>> {
    let Some(tag) = tag else {
        return match style {
            ScalarStyle::Plain => scalar::resolve(text).map_err(Cow::Borrowed),
            _ => Ok(Kind::String(text)),
        };
    };
    if !tag.is_yaml_core_schema() {
        return Ok(Kind::String(text));
    }
    let mismatch = || Cow::Owned(format!("`{}` is no `!!{}`", text.escape_debug(), tag.suffix));
    match tag.suffix.as_str() {
        "int" | "float" | "bool" | "null" => {
            let kind = scalar::resolve(text.clone()).map_err(Cow::Borrowed)?;
            let fits = match kind {
                Kind::Int(_) => matches!(tag.suffix.as_str(), "int" | "float"),
                Kind::Number(_) => tag.suffix == "float",
                Kind::Bool(_) => tag.suffix == "bool",
                Kind::Null => tag.suffix == "null",
                _ => false,
            };
            if fits { Ok(kind) } else { Err(mismatch()) }
        }
        "binary" => {
            let compact: String = text.split_ascii_whitespace().collect();
            let bytes = STANDARD.decode(compact).map_err(|_| mismatch())?;
            String::from_utf8(bytes).map(|text| Kind::String(Cow::Owned(text))).map_err(|_| mismatch())
        }
        _ => Ok(Kind::String(text)),
    }
}
