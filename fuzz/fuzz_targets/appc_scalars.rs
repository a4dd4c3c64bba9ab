//! What a user types, and the texts within manifests: what reads prints to what reads as the same, in both strengths.
#![no_main]

use std::fmt::Display;

use appc_spec::{
    AcIdentifier, AcName, AcVersion, AppString, Date, HttpUrl, ImageId, Isolator, Json, MountPoint, PodUuid, Port, Strength,
    Volume,
};
use libfuzzer_sys::fuzz_target;

/// A type's `parse`.
type Parse<T, E> = fn(&str, Strength) -> Result<T, E>;

fn same<T: Display + PartialEq + std::fmt::Debug, E: std::fmt::Debug>(text: &str, parse: Parse<T, E>) {
    for strength in [Strength::Strict, Strength::Compat] {
        if let Ok(value) = parse(text, strength) {
            assert_eq!(parse(&value.to_string(), strength).unwrap(), value, "{text:?}");
        }
    }
}

fuzz_target!(|text: &str| {
    same(text, AcName::parse);
    same(text, AcIdentifier::parse);
    same(text, AcVersion::parse);
    same(text, AppString::parse);
    same(text, Date::parse);
    same(text, HttpUrl::parse);
    same(text, ImageId::parse);
    same(text, PodUuid::parse);
    same(text, Volume::parse);
    for strength in [Strength::Strict, Strength::Compat] {
        let _ = MountPoint::parse(text, strength);
        let _ = Port::parse(text, strength);
    }
    if let Ok(isolator) = text.parse::<Isolator>() {
        let json = isolator.to_json(Strength::Strict);
        assert_eq!(Isolator::from_json(&json, Strength::Strict).unwrap(), isolator, "{text:?}");
    }
    if let Ok(name) = AcIdentifier::sanitize(text) {
        AcIdentifier::parse(name.as_str(), Strength::Compat).unwrap();
    }
});
