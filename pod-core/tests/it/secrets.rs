//! Passwords leave no trace: not in what is printed, and not in memory.
#![allow(clippy::disallowed_methods, reason = "the test reads its own memory")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use base64::Engine as _;
use pod_core::image::{ConfigFormat, Credential, DockerConfig, Keyring, Login, Reference};
use zeroize::Zeroizing;

/// Kept bit by bit, so that looking for a password is not what is found.
const MASK: u8 = 0xa5;

/// A password that no program has by chance, masked.
fn masked(seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    (0..32)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (b'a' + u8::try_from(state % 26).unwrap()) ^ MASK
        })
        .collect()
}

fn plain(masked: &[u8]) -> Zeroizing<String> {
    let bytes = masked.iter().map(|byte| byte ^ MASK).collect();
    Zeroizing::new(String::from_utf8(bytes).unwrap())
}

/// How often a text stands in the memory that this process may write to.
fn times_in_memory(masked: &[u8]) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    let mut buffer = Zeroizing::new(vec![0; 1 << 20]);
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut words = line.split(' ');
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") || line.ends_with("[vvar]") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let (mut at, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        while at < end {
            let most = buffer.len().min(usize::try_from(end - at).unwrap());
            let Ok(count) = memory.read_at(&mut buffer[..most], at) else { break };
            // What stands in the buffer itself is left out: it is what was read.
            let own = buffer.as_ptr() as u64;
            let own = own.saturating_sub(masked.len() as u64)..own + buffer.len() as u64;
            let hit = |window: &[u8]| window.iter().zip(masked).all(|(a, b)| a ^ MASK == *b);
            found += (at..)
                .zip(buffer[..count].windows(masked.len()))
                .filter(|(place, window)| !own.contains(place) && hit(window))
                .count();
            buffer[..count].fill(0);
            at += count.max(1) as u64;
        }
    }
    found
}

#[test]
fn passwords_are_gone_with_the_keyring() {
    let (first, second) = (masked(0x1234_5678_9abc), masked(0x0fed_cba9_8765));
    let mut file = Zeroizing::new(Vec::new());
    {
        let pair = Zeroizing::new(format!("user:{}", &*plain(&first)));
        let auth = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
        let text = Zeroizing::new(format!(
            r#"{{"auths": {{"r.example": {{"auth": "{}"}}, "s.example": {{"username": "u", "password": "{}"}}}}}}"#,
            &*auth,
            &*plain(&second)
        ));
        file.extend_from_slice(text.as_bytes());
    }
    {
        let mut keyring = Keyring::new();
        keyring.add(DockerConfig::read(ConfigFormat::ConfigJson, &file).unwrap());
        // It is a copy that is looked for: the search does find what is there.
        assert!(times_in_memory(&second) >= 2, "the file and the keyring");
        for (name, masked) in [("r.example/a", &first), ("s.example/a", &second)] {
            let name = Reference::parse(name).unwrap();
            let copy = keyring.clone();
            let candidates = copy.lookup(&name);
            let Login::Known(Credential::Password { password, .. }) = candidates[0].login() else { panic!() };
            assert!(password.expose() == &**plain(masked));
            assert!(!format!("{keyring:?} {candidates:?}").contains(&**plain(masked)));
        }
    }
    file.fill(0);
    drop(file);
    assert_eq!((times_in_memory(&first), times_in_memory(&second)), (0, 0));
}
