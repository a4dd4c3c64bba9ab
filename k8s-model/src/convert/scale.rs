//! Scales of `extensions/v1beta1`, `apps/v1beta1` and `apps/v1beta2`, whose selector is a map as well.

#![expect(unreachable_pub, reason = "the declaration of an object makes it public")]

use std::collections::BTreeMap;

use super::Content;
use crate::autoscaling::{Scale, ScaleSpec, ScaleStatus};
use crate::decode::Decoder;
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::schema::{Value, object};
use crate::tree::Node;

object! {
    /// A scale of an old version.
    pub struct OldScale as "Scale" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: ScaleSpec = "spec",
        /// What was last seen.
        pub status: OldScaleStatus = "status",
    }

    /// What was last seen.
    pub struct OldScaleStatus as "ScaleStatus" {
        /// How many pods there are.
        pub replicas: i32 = "replicas" always,
        /// The labels of the pods, when that is all that is said of them.
        pub selector: BTreeMap<String, String> = "selector",
        /// Which pods they are: a selector as text.
        pub target_selector: String = "targetSelector",
    }
}

pub(super) fn read<'t>(root: Node<'t>, decoder: &mut Decoder<'t>) -> Object {
    let mut old = OldScale::initial();
    crate::schema::decode_fields(&mut old, root, decoder, &["apiVersion", "kind"]);
    let labels = old.status.selector.iter().map(|(key, value)| format!("{key}={value}"));
    let selector = match old.status.target_selector {
        text if text.is_empty() => labels.collect::<Vec<_>>().join(","),
        text => text,
    };
    let status = ScaleStatus { replicas: old.status.replicas, selector };
    Scale { metadata: old.metadata, spec: old.spec, status }.into()
}

pub(super) fn write(object: &mut Scale) -> Content {
    let Scale { metadata, spec, status } = std::mem::take(object);
    let status = OldScaleStatus {
        replicas: status.replicas,
        selector: equalities(&status.selector).unwrap_or_default(),
        target_selector: status.selector,
    };
    Content::Old(Box::new(OldScale { metadata, spec, status }))
}

/// The labels of a selector that consists of `key=value` only.
fn equalities(selector: &str) -> Option<BTreeMap<String, String>> {
    selector
        .split(',')
        .map(|term| {
            let (key, value) = term.split_once('=')?;
            let plain = |text: &str| !text.contains([' ', '!', '(', ')', '=']);
            (plain(key) && plain(value)).then(|| (key.to_owned(), value.to_owned()))
        })
        .collect()
}
