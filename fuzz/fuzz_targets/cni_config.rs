//! A network configuration that reads prints to one that reads as the same.
#![no_main]

use cni_client::config::NetworkConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(config) = NetworkConfig::parse(text) {
        assert_eq!(NetworkConfig::parse(config.to_json().as_str()).as_ref(), Ok(&config));
    }
});
