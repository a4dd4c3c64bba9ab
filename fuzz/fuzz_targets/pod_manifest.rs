//! A pod manifest that reads prints to one that prints the same, in both strengths, and is lowered or refused.
#![no_main]

use std::collections::BTreeMap;

use appc_spec::lower::{self, PodSettings};
use appc_spec::{App, ImageManifest, Json, PodManifest, Strength};
use libfuzzer_sys::fuzz_target;
use pod_core::pod::Uuid;

/// All images that the pod names, each with a program.
fn lowered(manifest: &PodManifest) {
    let mut image = ImageManifest::new("example.com/a".parse().unwrap());
    image.app = Some(App::new(vec!["/a".to_owned()]));
    let images: BTreeMap<_, _> = manifest.apps.iter().map(|app| (app.image.id.clone(), image.clone())).collect();
    if let Ok(lowered) = lower::pod(manifest, &images, &PodSettings::new("a", Uuid::from_u128(1))) {
        assert_eq!(lowered.spec.apps.len(), manifest.apps.len());
    }
}

fuzz_target!(|bytes: &[u8]| {
    for strength in [Strength::Strict, Strength::Compat] {
        if let Ok(manifest) = PodManifest::from_json_slice(bytes, strength) {
            lowered(&manifest);
            // Isolator values keep their spelling, so the texts are compared: `Compat` escapes what it read bare.
            let text = manifest.to_json(strength);
            assert_eq!(PodManifest::from_json(&text, strength).unwrap().to_json(strength), text);
            let pretty = manifest.to_json_pretty(strength);
            assert_eq!(PodManifest::from_json(&pretty, strength).unwrap().to_json(strength), text, "{pretty}");
        }
    }
});
