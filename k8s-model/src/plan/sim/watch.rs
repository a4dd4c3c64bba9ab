//! What a watch of the cluster shows.

use std::collections::HashMap;

use super::{Cluster, Seen};
use crate::object::Object;
use crate::plan::store::{Change, Key};
use crate::print::{Options, Row, Table, human_duration, row};

/// The changes of those objects that are wanted, a line for each, as `kubectl get -w --output-watch-events` prints them, with the time since
/// the beginning before them. The columns of a kind are named where it is first seen; a change that shows nowhere in its line, but for the
/// age, is left out.
#[must_use]
pub fn watch(cluster: &Cluster, wanted: impl Fn(&Object) -> bool) -> Table {
    let mut table = Table::default();
    let mut shown: HashMap<Key, (&'static str, Vec<String>)> = HashMap::new();
    let mut kinds: Vec<String> = Vec::new();
    for Seen { at, change } in cluster.changes().iter().filter(|seen| wanted(seen.change.object())) {
        let object = change.object();
        let (columns, cells) = line(&row(object, &Options::new(*at)));
        let event = match change {
            Change::Added(_) => "ADDED",
            Change::Modified(_) => "MODIFIED",
            Change::Deleted(_) => "DELETED",
        };
        let ageless: Vec<String> = columns
            .iter()
            .zip(&cells)
            .filter(|(column, _)| *column != "AGE")
            .map(|(_, cell)| cell.clone())
            .collect();
        let before = shown.insert(Key::of(object), (event, ageless.clone()));
        if event == "MODIFIED" && before.is_some_and(|(_, before)| before == ageless) {
            continue;
        }
        if !kinds.iter().any(|kind| kind == object.kind()) {
            kinds.push(object.kind().to_owned());
            table.push(["AT", "EVENT"].map(str::to_owned).into_iter().chain(columns).collect());
        }
        let age = i64::try_from(at.since(cluster.start).as_secs()).unwrap_or(i64::MAX);
        let mut line = vec![human_duration(age), event.to_owned(), object.resource_name()];
        line.extend(cells.into_iter().skip(1));
        table.push(line);
    }
    table
}

/// The columns and cells of a row that narrow tables have.
fn line(row: &Row) -> (Vec<String>, Vec<String>) {
    let narrow = row.columns.iter().zip(&row.cells).filter(|(column, _)| !column.wide);
    narrow.map(|(column, cell)| (column.name.to_uppercase(), cell.clone())).unzip()
}
