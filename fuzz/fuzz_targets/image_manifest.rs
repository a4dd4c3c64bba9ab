//! An image manifest that reads prints to one that prints the same, in both strengths, and is lowered or refused.
#![no_main]

use appc_spec::{ImageManifest, Json, Strength, lower};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for strength in [Strength::Strict, Strength::Compat] {
        if let Ok(manifest) = ImageManifest::from_json_slice(bytes, strength) {
            let _ = lower::image(&manifest);
            // Isolator values keep their spelling, so the texts are compared: `Compat` escapes what it read bare.
            let text = manifest.to_json(strength);
            assert_eq!(ImageManifest::from_json(&text, strength).unwrap().to_json(strength), text);
            let pretty = manifest.to_json_pretty(strength);
            assert_eq!(ImageManifest::from_json(&pretty, strength).unwrap().to_json(strength), text, "{pretty}");
        }
    }
});
