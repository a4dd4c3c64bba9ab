//! YAML manifests: decoding, defaulting, validation, conversion and writing back never panic, and what is written is read back.
#![no_main]

use k8s_model::convert;
use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::encode::{to_json, to_yaml};
use k8s_model::validate::validate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let decoded = decode_str(text, "fuzz", Mode::Lenient);
    for mut document in decoded.unfold().documents {
        for written in [to_yaml(&document.object), to_json(&document.object)] {
            let again = decode_str(&written, "again", Mode::Strict);
            assert!(!again.has_errors(), "{:?}\n{written}", again.problems);
            assert_eq!(again.documents.len(), 1, "{written}");
            assert_eq!(again.documents[0].object, document.object, "{written}");
        }
        for version in convert::versions(&document.object) {
            // Lists and objects of unknown kinds have no other version.
            if let Ok(converted) = convert::to(&document.object, version) {
                let written = to_json(&converted);
                let again = decode_str(&written, "again", Mode::Strict);
                assert!(!again.has_errors(), "{:?}\n{written}", again.problems);
            }
        }
        default(&mut document.object);
        let errors = validate(&document.object);
        let _ = document.validate();
        drop(errors);
    }
});
