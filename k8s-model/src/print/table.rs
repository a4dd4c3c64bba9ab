//! Rows of objects, and how they are laid out.

use pod_core::Timestamp;

use super::{cluster, network, pod, since, storage, workload};
use crate::meta::LabelSelector;
use crate::object::Object;
use crate::registry;
use crate::selector::Selector;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name, such as `Ready`; tables show it in capitals.
    pub name: &'static str,
    /// Whether only wide tables have it.
    pub wide: bool,
}

impl Column {
    pub(super) const fn always(name: &'static str) -> Self {
        Self { name, wide: false }
    }

    pub(super) const fn wide(name: &'static str) -> Self {
        Self { name, wide: true }
    }
}

/// An object as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The columns of its kind.
    pub columns: Vec<Column>,
    /// A text for each column.
    pub cells: Vec<String>,
}

impl Row {
    pub(super) fn new(cells: impl IntoIterator<Item = (Column, String)>) -> Self {
        let (columns, cells) = cells.into_iter().unzip();
        Self { columns, cells }
    }
}

/// Whose tables are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Release {
    /// Kubernetes 1.10 and before: `DESIRED CURRENT UP-TO-DATE AVAILABLE` of Deployments, short names before the names of several
    /// kinds (`po/web`).
    V1_10,
    /// Kubernetes 1.20.
    V1_20,
    /// Kubernetes 1.36.
    #[default]
    V1_36,
}

/// What a table shows.
#[derive(Debug, Clone)]
pub struct Options {
    /// The moment that ages are counted from.
    pub now: Timestamp,
    /// Whose tables.
    pub release: Release,
    /// `-o wide`.
    pub wide: bool,
    /// `--no-headers`.
    pub no_headers: bool,
    /// `--show-labels`.
    pub show_labels: bool,
    /// `-L`: labels that have a column of their own.
    pub label_columns: Vec<String>,
    /// `--all-namespaces`: a column for the namespace.
    pub namespaces: bool,
    /// `--show-kind`: the kind before the name, also when there is only one.
    pub show_kind: bool,
}

impl Options {
    /// The usual table, at a moment.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self {
            now,
            release: Release::V1_36,
            wide: false,
            no_headers: false,
            show_labels: false,
            label_columns: Vec::new(),
            namespaces: false,
            show_kind: false,
        }
    }
}

/// The row of an object: what the server's printer makes of it.
#[must_use]
pub fn row(object: &Object, options: &Options) -> Row {
    pod::row(object, options)
        .or_else(|| workload::row(object, options))
        .or_else(|| network::row(object, options))
        .or_else(|| storage::row(object, options))
        .or_else(|| cluster::row(object, options))
        .unwrap_or_else(|| {
            let created = object.metadata().and_then(|metadata| metadata.creation_timestamp);
            // A kind without a printer of its own; old servers told when it was created, newer ones how long ago.
            let time = match (options.release, created) {
                (Release::V1_36, created) => (Column::always("Age"), since(created, options.now)),
                (_, created) => {
                    let text = created.map_or_else(String::new, |time| time.to_string());
                    (Column::always("Created At"), text)
                }
            };
            Row::new([(Column::always("Name"), object.name().to_owned()), time])
        })
}

/// What stands where nothing is.
pub(super) fn or_none(text: &str) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text.to_owned() }
}

/// Labels as `a=b,c=d`.
pub(super) fn labels(labels: &crate::selector::Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    or_none(&pairs.join(","))
}

/// A structured selector in the language of selectors.
pub(super) fn selector(selector: Option<&LabelSelector>) -> String {
    match Selector::from_structured(selector) {
        Ok(selector) => or_none(&selector.to_string()),
        Err(_) => "<error>".to_owned(),
    }
}

/// A list of at most so many texts, and how many there are more.
pub(super) fn shortened(texts: &[String], most: usize, separator: &str) -> String {
    match texts.get(..most) {
        Some(first) if texts.len() > most => {
            format!("{} + {} more...", first.join(separator), texts.len() - most)
        }
        _ => texts.join(separator),
    }
}

/// A table of text: columns are as wide as their longest cell and three blanks, but for the last one.
#[derive(Debug, Clone, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Adds a row.
    pub fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The least width and the padding of kubectl's writer.
        const LEAST: usize = 6;
        const PADDING: usize = 3;
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
                (widest + PADDING).max(LEAST)
            })
            .collect();
        for row in &self.rows {
            for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if index + 1 == row.len() {
                    writeln!(f, "{cell}")?;
                } else {
                    write!(f, "{cell:width$}")?;
                }
            }
        }
        Ok(())
    }
}

/// The tables of objects, one for each run of a kind, with an empty line between them.
#[must_use]
pub fn table(objects: &[&Object], options: &Options) -> String {
    let mut text = String::new();
    let mut rest = objects;
    let several = objects.windows(2).any(|pair| matches!(pair, [a, b] if !same_kind(a, b)));
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|object| same_kind(first, object)).count();
        let (group, after) = rest.split_at(run);
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&one_kind(group, several || options.show_kind, options).to_string());
        rest = after;
    }
    text
}

fn same_kind(a: &Object, b: &Object) -> bool {
    (a.kind(), a.api_version()) == (b.kind(), b.api_version())
}

fn one_kind(objects: &[&Object], with_kind: bool, options: &Options) -> Table {
    let mut table = Table::default();
    for (index, object) in objects.iter().enumerate() {
        let row = row(object, options);
        let shown: Vec<bool> = row.columns.iter().map(|column| options.wide || !column.wide).collect();
        if index == 0 && !options.no_headers {
            table.push(header(&row, &shown, options));
        }
        let mut cells: Vec<String> = Vec::new();
        if options.namespaces {
            cells.push(object.namespace().to_owned());
        }
        let own = row.cells.into_iter().zip(&shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell);
        for (column, cell) in own.enumerate() {
            cells.push(if column == 0 && with_kind { prefixed(object, &cell, options) } else { cell });
        }
        let labels = object.metadata().map(|metadata| &metadata.labels);
        for label in &options.label_columns {
            cells.push(labels.and_then(|labels| labels.get(label)).cloned().unwrap_or_default());
        }
        if options.show_labels {
            cells.push(labels.map_or_else(|| or_none(""), self::labels));
        }
        table.push(cells);
    }
    table
}

fn header(row: &Row, shown: &[bool], options: &Options) -> Vec<String> {
    let mut cells = Vec::new();
    if options.namespaces {
        cells.push("NAMESPACE".to_owned());
    }
    let own = row.columns.iter().zip(shown).filter(|(_, shown)| **shown);
    cells.extend(own.map(|(column, _)| column.name.to_uppercase()));
    // Of a label only what follows its domain is told.
    cells.extend(
        options.label_columns.iter().map(|label| label.rsplit('/').next().unwrap_or_default().to_uppercase()),
    );
    if options.show_labels {
        cells.push("LABELS".to_owned());
    }
    cells
}

/// A name with its kind: `pod/web`, `deployment.apps/web`; long ago `po/web`.
fn prefixed(object: &Object, name: &str, options: &Options) -> String {
    if options.release == Release::V1_10 {
        let short = registry::kind(object.api_version(), object.kind())
            .and_then(|info| info.short_names.first().copied())
            .map_or_else(|| object.kind().to_lowercase(), str::to_owned);
        return format!("{short}/{name}");
    }
    let kind = object.kind().to_lowercase();
    match registry::group_of(object.api_version()) {
        "" => format!("{kind}/{name}"),
        group => format!("{kind}.{group}/{name}"),
    }
}
