//! Any bytes as a program of the host: what is copied along is there, or the program is refused.
#![no_main]

use std::fs;

use appc_spec::ImageManifest;
use appc_spec::archive::{BuildOptions, Compression, ImageBuilder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let program = folder.path().join("program");
    fs::write(&program, bytes).unwrap();
    let builder = ImageBuilder::new(ImageManifest::new("example.com/a".parse().unwrap()));
    if let Ok(builder) = builder.copy_exec(&[&program]) {
        let options = BuildOptions::reproducible().compression(Compression::None);
        builder.write(std::io::sink(), &options).unwrap();
    }
});
