//! The moment of a plan, and what is left to chance in it.

use std::collections::HashSet;

use pod_core::Timestamp;

/// When a plan is made, and the seed of what is left to chance: the ends of names, and who goes first where nothing else decides.
///
/// The same observation at the same moment with the same seed gives the same plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The moment.
    pub now: Timestamp,
    /// The seed; any number will do.
    pub seed: u64,
}

/// The letters of random ends of names (`k8s.io/apimachinery/pkg/util/rand`).
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many of them a name gets, and how long a generated name is at most.
const RANDOM: usize = 5;
const LONGEST: usize = 63;

impl At {
    /// A moment with a seed.
    #[must_use]
    pub const fn new(now: Timestamp, seed: u64) -> Self {
        Self { now, seed }
    }

    /// A number for a purpose, which is the same each time it is asked for.
    pub(super) fn draw(&self, purpose: &str, number: u64) -> u64 {
        let (seconds, nanos) = self.now.unix();
        let mut hash = Fnv::new();
        hash.write(&self.seed.to_le_bytes());
        hash.write(&seconds.to_le_bytes());
        hash.write(&nanos.to_le_bytes());
        hash.write(purpose.as_bytes());
        hash.write(&number.to_le_bytes());
        mix(hash.0)
    }

    /// An identifier in the form of a UUID of version 4.
    pub(super) fn uid(&self, purpose: &str, number: u64) -> String {
        let (high, low) = (self.draw(purpose, number), self.draw(purpose, !number));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0x0fff,
            0x8000 | low >> 48 & 0x3fff,
            low & 0xffff_ffff_ffff,
        )
    }
}

/// FNV-1a of 64 bits.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// The last step of `SplitMix64`: spreads what differs in few bits over all of them.
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// Names of the form `web-x7k2p` that are not taken, as the server completes `generateName`.
pub(super) struct Names<'t> {
    at: At,
    /// What the names begin with, as it stands in `generateName`.
    pub(super) prefix: String,
    purpose: String,
    drawn: u64,
    taken: HashSet<&'t str>,
}

impl<'t> Names<'t> {
    /// Names after a prefix, for an owner, none of which is taken.
    pub(super) fn new(at: At, prefix: String, owner: &str, taken: impl IntoIterator<Item = &'t str>) -> Self {
        let purpose = format!("{owner}/{prefix}");
        Self { at, prefix, purpose, drawn: 0, taken: taken.into_iter().collect() }
    }

    /// The next name.
    pub(super) fn next(&mut self) -> String {
        loop {
            let name = complete(&self.prefix, self.at.draw(&self.purpose, self.drawn));
            self.drawn += 1;
            // So many draws are never needed by chance alone: 14 million names are there.
            if !self.taken.contains(name.as_str()) || self.drawn > 1_000_000 {
                return name;
            }
        }
    }
}

/// A prefix, shortened if it must be, with letters after it.
pub(super) fn complete(prefix: &str, mut number: u64) -> String {
    let end = (0..=prefix.len().min(LONGEST - RANDOM)).rev().find(|end| prefix.is_char_boundary(*end));
    let mut name = end.and_then(|end| prefix.get(..end)).unwrap_or_default().to_owned();
    for _ in 0..RANDOM {
        let letter = LETTERS.get(usize::try_from(number % 27).unwrap_or_default()).copied().unwrap_or(b'x');
        name.push(char::from(letter));
        number /= 27;
    }
    name
}
