//! Hashes of pod templates and revisions, in the shape of upstream's (`pod-template-hash`, `controller-revision-hash`).
//!
//! Upstream hashes a dump of Go's memory, which changes with each field that is added to a type and cannot be reproduced. Here the
//! input is the object's own JSON, so equal templates have equal hashes, in all versions of this crate that know the same fields;
//! they are **not** those that a cluster has. The function (FNV-1a of 32 bits), the collision count and the letters are upstream's.
//!
//! ```
//! use k8s_model::core::PodTemplateSpec;
//! use k8s_model::hash;
//!
//! let template = PodTemplateSpec::default();
//! let first = hash::pod_template(&template, None);
//! assert_eq!(first, hash::pod_template(&template.clone(), None));
//! // A controller whose hash is taken already counts up.
//! assert_ne!(first, hash::pod_template(&template, Some(1)));
//! // The name of an old pod, `sise-deploy-f696887f-8qjtm`, holds one.
//! assert_eq!(hash::decode("f696887f"), Some(92_524_439));
//! ```

use crate::core::PodTemplateSpec;
use crate::encode::{Part, to_json};

/// The letters that names are made of: no vowels, and nothing that looks like something else.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The label that tells the pods of one template from those of another.
pub const POD_TEMPLATE_HASH: &str = "pod-template-hash";
/// The label that names the revision that a pod was made from.
pub const CONTROLLER_REVISION_HASH: &str = "controller-revision-hash";

/// FNV-1a, 32 bits (`hash/fnv`'s `New32a`).
struct Fnv(u32);

impl Fnv {
    const fn new() -> Self {
        Self(0x811c_9dc5)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }
}

/// The hash of a pod template (`ComputeHash`), with how many times it collided.
#[must_use]
pub fn pod_template(template: &PodTemplateSpec, collisions: Option<i32>) -> String {
    let mut hash = Fnv::new();
    hash.write(to_json(&Part(template)).as_bytes());
    if let Some(count) = collisions {
        let mut bytes = [0; 8];
        let (low, _) = bytes.split_at_mut(4);
        low.copy_from_slice(&count.to_le_bytes());
        hash.write(&bytes);
    }
    encode(hash.0)
}

/// The hash of a revision's data (`HashControllerRevision`): JSON, and how many times it collided.
#[must_use]
pub fn revision(data: &serde_json::Value, collisions: Option<i32>) -> String {
    let mut hash = Fnv::new();
    hash.write(data.to_string().as_bytes());
    if let Some(count) = collisions {
        hash.write(count.to_string().as_bytes());
    }
    encode(hash.0)
}

/// The name of a revision: that of its controller, shortened to 223 bytes, and the hash.
#[must_use]
pub fn revision_name(controller: &str, hash: &str) -> String {
    const MAX: usize = 223;
    let end = (0..=controller.len().min(MAX)).rev().find(|end| controller.is_char_boundary(*end));
    let prefix = end.and_then(|end| controller.get(..end)).unwrap_or_default();
    format!("{prefix}-{hash}")
}

/// A number in letters that are safe in names (`rand.SafeEncodeString` of its decimal digits).
#[must_use]
pub fn encode(number: u32) -> String {
    number
        .to_string()
        .bytes()
        .filter_map(|digit| LETTERS.get(usize::from(digit) % LETTERS.len()).map(|letter| char::from(*letter)))
        .collect()
}

/// The number that such letters stand for; `None` when they are none, or too many.
#[must_use]
pub fn decode(text: &str) -> Option<u32> {
    let digits: Option<String> = text
        .chars()
        .map(|letter| ('0'..='9').find(|digit| encode(*digit as u32 - '0' as u32) == letter.to_string()))
        .collect();
    digits?.parse().ok()
}
