//! Any bytes as keys and as a signature: refused, never believed, for nobody here has signed what is checked.
#![no_main]

use std::time::{Duration, SystemTime};

use appc_spec::trust::{Keyring, PublicKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (length, rest) = bytes.split_at_checked(2).unwrap_or((&[0, 0], bytes));
    let length = usize::from(u16::from_le_bytes([length[0], length[1]])).min(rest.len());
    let (keys, signature) = rest.split_at(length);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let keys = PublicKey::read_all(keys).unwrap_or_default();
    for key in &keys {
        let _ = key.check(now);
        let _ = (key.owners(), key.subkeys(), key.to_armor());
    }
    let keyring = Keyring::new(keys);
    let early = keyring.check(signature, now);
    let whole = keyring.verify(signature, b"what was signed".as_slice(), now);
    // Who is not known beforehand is not believed afterwards.
    assert!(early.is_ok() || whole.is_err());
});
