//! What a plugin writes: a result that reads prints to the same in its own version and survives every conversion.
#![no_main]

use cni_client::error::PluginError;
use cni_client::result::AddResult;
use cni_client::version::{SupportedVersions, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|stdout: &[u8]| {
    let _ = (PluginError::decode(stdout), SupportedVersions::decode(stdout));
    for version in Version::KNOWN {
        let Ok(result) = AddResult::decode(stdout, version) else { continue };
        for other in Version::KNOWN {
            if let Ok(converted) = result.to_version(other) {
                let again = AddResult::decode(converted.to_json().as_str().as_bytes(), version);
                assert_eq!(again.err(), None, "{}", converted.to_json());
            }
        }
        if result.version().has_chains() {
            assert_eq!(AddResult::decode(result.to_json().as_str().as_bytes(), version).as_ref(), Ok(&result));
        }
    }
});
