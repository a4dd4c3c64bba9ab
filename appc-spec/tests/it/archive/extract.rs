//! Extraction.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use appc_spec::archive::{BuildOptions, ExtractPolicy, ImageBuilder, Times, extract};

use super::support::{chain, directory, manifest, strict};

#[test]
fn files_come_out_with_mode_time_and_links() {
    let mut bytes = Vec::new();
    let built = ImageBuilder::new(manifest())
        .directory("a", 0o750)
        .file("a/file", 0o640, "text")
        .symlink("link", "/a/file")
        .directory("closed", 0o555)
        .file("closed/file", 0o400, "")
        .write(&mut bytes, &BuildOptions::reproducible().times(Times::Fixed(1_234_567_890)))
        .unwrap();
    let (_guard, target) = directory();
    let mut steps = Vec::new();
    let summary =
        extract("a.aci", bytes.as_slice(), &target, &strict(), &ExtractPolicy::PLAIN, &mut |read| {
            steps.push(read);
        })
        .unwrap();
    assert_eq!(summary.image_id, built.image_id);
    assert_eq!(steps.last(), Some(&(bytes.len() as u64)));

    let of = |path: &str| fs::symlink_metadata(target.join("rootfs").join(path)).unwrap();
    assert_eq!(of("a").permissions().mode() & 0o7777, 0o750);
    assert_eq!(of("a/file").permissions().mode() & 0o7777, 0o640);
    assert_eq!(of("closed").permissions().mode() & 0o7777, 0o555);
    for path in ["", "a", "a/file", "link", "closed"] {
        assert_eq!(of(path).mtime(), 1_234_567_890, "{path}");
    }
    assert_eq!(fs::read_link(target.join("rootfs/link")).unwrap().to_str(), Some("/a/file"));
    assert_eq!(fs::read(target.join("rootfs/a/file")).unwrap(), b"text");
    assert_eq!(fs::read(target.join("manifest")).unwrap(), summary.manifest_text);
    fs::set_permissions(target.join("rootfs/closed"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn set_id_bits_go_by_the_policy() {
    let mut bytes = Vec::new();
    ImageBuilder::new(manifest())
        .file("su", 0o4755, "")
        .directory("shared", 0o2775)
        .write(&mut bytes, &BuildOptions::reproducible())
        .unwrap();
    let (_guard, target) = directory();
    extract("a.aci", bytes.as_slice(), &target, &strict(), &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    let mode =
        |path: &str| fs::metadata(target.join("rootfs").join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("su"), 0o755);
    assert_eq!(mode("shared"), 0o2775);

    let (_guard, target) = directory();
    let mut policy = ExtractPolicy::PLAIN;
    policy.set_id = appc_spec::archive::SetIdPolicy::Refuse;
    let error = extract("a.aci", bytes.as_slice(), &target, &strict(), &policy, &mut |_| {}).unwrap_err();
    let wanted = "archive `a.aci`: entry `rootfs/su`: a set-user-ID or set-group-ID bit is refused";
    assert_eq!(chain(&error), wanted);
}

#[test]
fn a_directory_that_has_a_rootfs_already_is_left_alone() {
    let mut bytes = Vec::new();
    ImageBuilder::new(manifest()).write(&mut bytes, &BuildOptions::reproducible()).unwrap();
    let (_guard, target) = directory();
    fs::create_dir(target.join("rootfs")).unwrap();
    let error = extract("a.aci", bytes.as_slice(), &target, &strict(), &ExtractPolicy::PLAIN, &mut |_| {})
        .unwrap_err();
    let path = target.join("rootfs");
    let wanted = format!("archive `a.aci`: cannot make `{}`: File exists (os error 17)", path.display());
    assert_eq!(chain(&error), wanted);
}
