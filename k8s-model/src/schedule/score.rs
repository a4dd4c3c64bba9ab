//! The scores that depend on a node alone: 0 to 100 each.

use std::collections::BTreeMap;

use super::amounts::Amounts;
use super::demand::Demand;

/// The best score of a plugin.
pub(super) const BEST: i64 = 100;

/// What a container without requests counts as, for scores only (`GetNonzeroRequests`): a tenth of a processor and 200 MiB.
pub(super) const UNSAID: (i64, i64) = (100, 200 << 20);

/// How much of processor and memory stays free (`LeastAllocated`); `used` and what is asked for count containers without requests too.
pub(super) fn least_allocated(all: &Amounts, used: (i64, i64), wanted: (i64, i64)) -> i64 {
    let mut scores = [(all.cpu, used.0 + wanted.0), (all.memory, used.1 + wanted.1)]
        .into_iter()
        .filter(|(all, _)| *all > 0)
        .map(|(all, used)| if used > all { 0 } else { share(all - used, all) })
        .fold((0, 0), |(sum, count), score| (sum + score, count + 1));
    scores.1 = scores.1.max(1);
    scores.0 / scores.1
}

/// A part as hundredths of a whole, rounded down.
fn share(part: i64, whole: i64) -> i64 {
    i64::try_from(i128::from(part) * i128::from(BEST) / i128::from(whole)).unwrap_or(BEST)
}

/// Whether the shares of processor and memory that are taken come closer to each other with the pod (`BalancedAllocation`).
pub(super) fn balanced(all: &Amounts, used: &Amounts, wanted: &Amounts) -> i64 {
    let with = balance(all, used.cpu + wanted.cpu, used.memory + wanted.memory);
    let without = balance(all, used.cpu, used.memory);
    BEST / 2 + (BEST / 2 + with - without) / 2
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "upstream computes so; the result is from 0 to 100"
)]
fn balance(all: &Amounts, cpu: i64, memory: i64) -> i64 {
    let fraction = |used: i64, all: i64| (all != 0).then(|| (used as f64 / all as f64).min(1.0));
    let deviation = match (fraction(cpu, all.cpu), fraction(memory, all.memory)) {
        (Some(cpu), Some(memory)) => ((cpu - memory) / 2.0).abs(),
        _ => 0.0,
    };
    ((1.0 - deviation) * BEST as f64) as i64
}

/// How much of a pod's images is on a node (`ImageLocality`): `sizes` are those of the node, `nodes` says how many have each, of `all`. An
/// image that few have counts little, so that not all pods go there.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "upstream computes so; sizes are far below 2^52"
)]
pub(super) fn images(
    demand: &Demand,
    sizes: &BTreeMap<String, i64>,
    nodes: &BTreeMap<String, usize>,
    all: usize,
) -> i64 {
    const LEAST: i64 = 23 << 20;
    const MOST_EACH: i64 = 1000 << 20;
    let scaled = |name: &String| {
        let spread = *nodes.get(name)? as f64 / all as f64;
        Some((*sizes.get(name)? as f64 * spread) as i64)
    };
    let sum: i64 = demand.images.iter().filter_map(scaled).sum();
    let most = MOST_EACH.saturating_mul(i64::try_from(demand.images.len().max(1)).unwrap_or(i64::MAX));
    share(sum.clamp(LEAST, most) - LEAST, most - LEAST)
}

/// The name that a node knows an image by.
pub(super) fn image_name(image: &str) -> String {
    let has_tag = image.rfind(':') > image.rfind('/');
    if has_tag { image.to_owned() } else { format!("{image}:latest") }
}

/// Scores as hundredths of the largest (`DefaultNormalizeScore`); turned round where less is better.
pub(super) fn normalize(score: i64, most: i64, less_is_better: bool) -> i64 {
    let part = if most == 0 { 0 } else { share(score, most) };
    if less_is_better { BEST - part } else { part }
}
