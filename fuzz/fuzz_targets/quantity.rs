//! A quantity that reads prints canonically to one that reads as the same amount.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_core::quantity::Quantity;

fuzz_target!(|text: &str| {
    if let Ok(quantity) = text.parse::<Quantity>() {
        assert_eq!(quantity.canonical().parse::<Quantity>().ok(), Some(quantity));
    }
});
