//! A directory of keys with any file in it: read or refused as a whole, and nothing of it is believed for another name. A fingerprint is what it
//! prints.
#![no_main]

use std::fs;

use appc_spec::trust::{Fingerprint, Keystore, PublicKey, Scope};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (prefix, name, bytes) = input;
    if let Ok(fingerprint) = name.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    // What a file may be called there, and not the way out.
    let plain = |part: &str| !part.is_empty() && part.len() < 200 && !matches!(part, "." | "..") && !part.contains(['/', '\0']);
    if !plain(name) || !prefix.split('/').all(plain) || prefix.split('/').count() > 4 {
        return;
    }
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let directory = folder.path().join("trustedkeys/prefix.d").join(prefix);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), bytes).unwrap();
    let store = Keystore::new(None, Some(folder.path().to_owned()));
    let other = "another.example/name".parse().unwrap();
    if let Ok(keyring) = store.keyring(&other) {
        assert!(keyring.is_empty() || prefix.starts_with("another.example"));
    }
    // Keys that are read by themselves are kept and found again.
    let Ok(keys) = PublicKey::read_all(bytes) else { return };
    let clean = folder.path().join("clean");
    let store = Keystore::new(None, Some(clean));
    for key in keys.iter().take(2) {
        if store.trust(key, &Scope::Root).is_ok() {
            let listed = store.list().unwrap();
            assert!(listed.iter().any(|stored| stored.fingerprint == *key.fingerprint()));
        }
    }
});
