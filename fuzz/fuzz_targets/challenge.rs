//! A `WWW-Authenticate` header is read or refused, and a refusal names a place in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_core::registry::Challenge;

fuzz_target!(|header: &str| match Challenge::parse_all(header) {
    Ok(challenges) => assert!(challenges.iter().all(|challenge| !challenge.scheme().is_empty())),
    Err(error) => assert!(error.position() <= header.len()),
});
