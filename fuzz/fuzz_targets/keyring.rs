//! A credentials file and an image: neither makes the keyring panic, and no password shows in what it prints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_core::image::{ConfigFormat, Credential, DockerConfig, HostMatching, Keyring, Login};

fuzz_target!(|input: (&str, &[u8], bool, bool)| {
    let (image, file, old, whole) = input;
    let format = if old { ConfigFormat::Dockercfg } else { ConfigFormat::ConfigJson };
    let Ok(config) = DockerConfig::read(format, file) else { return };
    let problems: String = config.problems().iter().map(ToString::to_string).collect();
    let matching = if whole { HostMatching::Whole } else { HostMatching::Parts };
    let mut keyring = Keyring::new().with_host_matching(matching);
    keyring.add(config);
    for candidate in keyring.lookup_repository(image) {
        if let Login::Known(Credential::Password { password, .. }) = candidate.login() {
            // Long enough not to be there by chance, and not text that the file also has in the open.
            let secret = password.expose();
            if secret.len() > 16 && !file.windows(secret.len()).any(|part| part == secret.as_bytes()) {
                assert!(!problems.contains(secret));
            }
        }
    }
});
