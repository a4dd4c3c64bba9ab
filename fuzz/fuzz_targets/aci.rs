//! An archive is read to its end or refused; what is read has paths that stay inside.
#![no_main]

use std::io;

use appc_spec::Strength;
use appc_spec::archive::{EntryKind, ScanOptions, scan_with};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut options = ScanOptions::new(Strength::Compat);
    options.limits.size = 16 << 20;
    options.limits.ratio_from = 4 << 20;
    let _ = scan_with("fuzz", bytes, &options, &mut |_| {}, &mut io::sink(), |entry, content| {
        let inside = |path: &[u8]| {
            path == b"manifest" || path.starts_with(b"rootfs") && !path.split(|byte| *byte == b'/').any(|part| part == b"..")
        };
        assert!(inside(&entry.path), "{entry}");
        if let EntryKind::HardLink(target) = &entry.kind {
            assert!(inside(target), "{entry}");
        }
        assert!(io::copy(content, &mut io::sink()).is_err() || entry.size <= options.limits.size);
        Ok(())
    });
});
