//! A selection of networks that reads prints to one that reads as the same.
#![no_main]

use cni_client::network::Selection;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(selection) = text.parse::<Selection>() {
        assert_eq!(selection.to_string().parse::<Selection>().ok(), Some(selection));
    }
});
