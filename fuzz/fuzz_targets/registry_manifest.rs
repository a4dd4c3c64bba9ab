//! A manifest is read the same under the type that it says it has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_core::image::Manifest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes, None) {
        assert_eq!(Manifest::parse(bytes, Some(manifest.media_type())).as_ref(), Ok(&manifest));
    }
});
