//! What is there already: the output of `iptables-save`, as far as it matters here.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{ChainPrefix, is_of_a_service};

/// The chains and rules of a node, from `iptables-save`. The default knows of none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    tables: BTreeMap<String, Table>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Table {
    chains: BTreeSet<String>,
    /// What follows `-A `.
    rules: Vec<String>,
}

impl Saved {
    /// Reads what `iptables-save` prints; counters, comments and lines that are no rules are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut saved = Self::default();
        let mut table = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('*') {
                name.clone_into(&mut table);
            } else if let Some(chain) = line.strip_prefix(':') {
                let name = chain.split_whitespace().next().unwrap_or_default().to_owned();
                saved.tables.entry(table.clone()).or_default().chains.insert(name);
            } else if let Some(rule) = line.find("-A ").and_then(|start| line.get(start + 3..)) {
                saved.tables.entry(table.clone()).or_default().rules.push(rule.to_owned());
            }
        }
        saved
    }

    /// The chains of services and endpoints under a prefix, in the table `nat`.
    pub(super) fn of_services<'a>(&'a self, prefix: &'a ChainPrefix) -> impl Iterator<Item = &'a str> {
        let chains = self.tables.get("nat").into_iter().flat_map(|table| &table.chains);
        chains.map(String::as_str).filter(|chain| is_of_a_service(prefix, chain))
    }

    /// Whether a chain of the table jumps to another.
    pub(super) fn jumps(&self, table: &str, from: &str, to: &str) -> bool {
        let rules = self.tables.get(table).into_iter().flat_map(|table| &table.rules);
        rules.map(|rule| rule.split_whitespace()).any(|mut words| {
            words.next() == Some(from) && words.skip_while(|word| *word != "-j").nth(1) == Some(to)
        })
    }

    /// For each table with something under a prefix: its chains under it, and the rules of other chains that jump there.
    pub(super) fn under(&self, prefix: &ChainPrefix) -> Vec<(&str, Vec<&str>, Vec<&str>)> {
        let start = format!("{prefix}-");
        let mut all = Vec::new();
        for (name, table) in &self.tables {
            let chains: Vec<_> =
                table.chains.iter().map(String::as_str).filter(|chain| chain.starts_with(&start)).collect();
            let leads_there = |rule: &&str| {
                let target = rule.split_whitespace().skip_while(|word| *word != "-j").nth(1);
                !rule.starts_with(&start) && target.is_some_and(|target| target.starts_with(&start))
            };
            let jumps: Vec<_> = table.rules.iter().map(String::as_str).filter(leads_there).collect();
            if !chains.is_empty() || !jumps.is_empty() {
                all.push((name.as_str(), chains, jumps));
            }
        }
        all
    }
}
