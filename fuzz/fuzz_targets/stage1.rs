//! What stage1 reads: seccomp profiles of the host, accounts of an image.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pod_core::pod::User;
use pod_engine::stage1::fuzz::{accounts, seccomp_profile};

fuzz_target!(|bytes: &[u8]| {
    if let Some(length) = seccomp_profile(bytes) {
        assert!((1..=4096).contains(&length));
    }
    // Two files with a NUL between, behind a line with user and group.
    let text = String::from_utf8_lossy(bytes);
    let (head, files) = text.split_once('\n').unwrap_or(("root", &text));
    let (passwd, group) = files.split_once('\0').unwrap_or((files, ""));
    let (name, of) = head.split_once(':').map_or((head, None), |(name, group)| (name, Some(group.to_owned())));
    let user = User { user: name.to_owned(), group: of, supplementary_groups: vec![7], non_root: true };
    if let Some((uid, gid, groups)) = accounts(&user, passwd, group) {
        assert!(uid != 0, "refused by `non_root`");
        assert!(uid <= i32::MAX as u32 && gid <= i32::MAX as u32);
        assert!(groups.contains(&gid) && groups.is_sorted());
    }
});
