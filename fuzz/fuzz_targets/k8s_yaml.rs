//! YAML manifests: decoding, defaulting, validation and writing back never panic, and what is written is read back.
#![no_main]

use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::encode::{to_json, to_yaml};
use k8s_model::validate::validate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let decoded = decode_str(text, "fuzz", Mode::Lenient);
    for mut document in decoded.documents {
        for written in [to_yaml(&document.object), to_json(&document.object)] {
            let again = decode_str(&written, "again", Mode::Strict);
            assert!(again.problems.is_empty(), "{:?}\n{written}", again.problems);
            assert_eq!(again.documents.len(), 1, "{written}");
            assert_eq!(again.documents[0].object, document.object, "{written}");
        }
        default(&mut document.object);
        let errors = validate(&document.object);
        let _ = document.validate();
        drop(errors);
    }
});
