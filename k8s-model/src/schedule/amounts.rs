//! What nodes have and pods ask for, as whole numbers (`framework.Resource`).

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use crate::core::PodSpec;
use crate::resources::{self, ResourceList};

/// Amounts of resources as the scheduler counts them; what is beyond 64 bits counts as the largest number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Processor, in thousandths.
    pub cpu: i64,
    /// Memory, in bytes.
    pub memory: i64,
    /// `ephemeral-storage`, in bytes.
    pub storage: i64,
    /// How many pods.
    pub pods: i64,
    /// Huge pages, attachable volumes, and resources with a domain, such as `example.com/gpu`.
    pub others: BTreeMap<String, i64>,
}

impl Amounts {
    /// Those of a list; resources that nobody counts, such as `storage`, are left out.
    #[must_use]
    pub fn of(list: &ResourceList) -> Self {
        let mut amounts = Self::default();
        for (name, quantity) in list {
            let value = quantity.value().unwrap_or_else(|| extreme(quantity));
            match name.as_str() {
                "cpu" => amounts.cpu = quantity.milli_value().unwrap_or_else(|| extreme(quantity)),
                "memory" => amounts.memory = value,
                "ephemeral-storage" => amounts.storage = value,
                "pods" => amounts.pods = value,
                other if is_counted(other) => {
                    amounts.others.insert(other.to_owned(), value);
                }
                _ => {}
            }
        }
        amounts
    }

    /// What a pod asks for: its containers, init containers, sidecars and overhead, and a place among the pods.
    #[must_use]
    pub fn of_pod(spec: &PodSpec) -> Self {
        Self { pods: 1, ..Self::of(&resources::pod_requests(spec)) }
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, i64::saturating_add);
    }

    /// Takes others away.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, i64::saturating_sub);
    }

    fn combine(&mut self, other: &Self, by: impl Fn(i64, i64) -> i64) {
        self.cpu = by(self.cpu, other.cpu);
        self.memory = by(self.memory, other.memory);
        self.storage = by(self.storage, other.storage);
        self.pods = by(self.pods, other.pods);
        for (name, amount) in &other.others {
            match self.others.get_mut(name) {
                Some(known) => *known = by(*known, *amount),
                None => {
                    self.others.insert(name.clone(), by(0, *amount));
                }
            }
        }
    }

    /// Whether a pod that asks for `wanted` fits where this much can be had and `used` is gone (`fitsRequest`).
    #[must_use]
    pub fn has_room_for(&self, wanted: &Self, used: &Self) -> bool {
        self.shortages(wanted, used).next().is_none()
    }

    /// What there is too little of for a pod that asks for `wanted`, in upstream's words: `Too many pods`, `Insufficient cpu`.
    #[must_use]
    pub fn missing(&self, wanted: &Self, used: &Self) -> Vec<String> {
        let word =
            |name| if name == "pods" { "Too many pods".to_owned() } else { format!("Insufficient {name}") };
        self.shortages(wanted, used).map(word).collect()
    }

    fn shortages<'a>(&'a self, wanted: &'a Self, used: &'a Self) -> impl Iterator<Item = &'a str> {
        let fixed = [
            ("pods", self.pods, wanted.pods, used.pods),
            ("cpu", self.cpu, wanted.cpu, used.cpu),
            ("memory", self.memory, wanted.memory, used.memory),
            ("ephemeral-storage", self.storage, wanted.storage, used.storage),
        ];
        let of = |list: &BTreeMap<String, i64>, name: &str| list.get(name).copied().unwrap_or(0);
        let others = wanted.others.iter().map(move |(name, wanted)| {
            (name.as_str(), of(&self.others, name), *wanted, of(&used.others, name))
        });
        fixed
            .into_iter()
            .chain(others)
            .filter(|(_, all, wanted, used)| *wanted > 0 && *wanted > all.saturating_sub(*used))
            .map(|(name, ..)| name)
    }
}

const fn extreme(quantity: &Quantity) -> i64 {
    if quantity.is_negative() { i64::MIN } else { i64::MAX }
}

/// Whether the scheduler counts a resource (`IsScalarResourceName`): one with a domain, huge pages, or attachable volumes.
fn is_counted(name: &str) -> bool {
    name.contains('/') || resources::is_huge_page(name) || name.starts_with("attachable-volumes-")
}
