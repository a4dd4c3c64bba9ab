//! Platforms: names, normal forms and the choice from an index.

use pod_core::image::Platform;
use proptest::prelude::*;

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

/// containerd/platforms `database.go` (`normalizeArch`, `normalizeOS`) and its `platforms_test.go`.
#[test]
fn normal_forms() {
    let cases = [
        ("linux/amd64", "linux/amd64"),
        ("Linux/AMD64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/x86-64/v1", "linux/amd64"),
        ("linux/amd64/V3", "linux/amd64/v3"),
        ("linux/i386", "linux/386"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v8.2", "linux/arm64/v8.2"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/5", "linux/arm/v5"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/armel/v7", "linux/arm/v6"),
        ("macOS/arm64", "darwin/arm64"),
        ("linux/riscv64", "linux/riscv64"),
        ("Windows(10.0.17763.1397)/amd64", "windows(10.0.17763.1397)/amd64"),
        ("windows()/amd64", "windows/amd64"),
        // Unknown names are kept.
        ("plan10/m68k/v2", "plan10/m68k/v2"),
    ];
    for (text, expected) in cases {
        assert_eq!(platform(text).to_string(), expected, "{text}");
    }
}

#[test]
fn errors_name_the_place() {
    let cases = [
        ("", "a part of a platform is empty at byte 0"),
        ("linux", "a platform ends at byte 5: after the operating system comes `/` and an architecture"),
        ("linux/", "a part of a platform is empty at byte 6"),
        ("linux//v7", "a part of a platform is empty at byte 6"),
        (
            "linux/arm/v7/x",
            "unexpected `/` at byte 12 of a platform: it is an operating system, an architecture and a variant",
        ),
        (
            "linux/a*",
            "unexpected `*` at byte 7 of a platform: its parts are made of letters, digits, `_`, `.` and `-`",
        ),
        ("windows(10/amd64", "an operating system ends at byte 10 without the `)` of its version"),
        (
            "windows(1 0)/amd64",
            "unexpected ` ` at byte 9 of a platform: its parts are made of letters, digits, `_`, `.` and `-`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Platform>().unwrap_err().to_string(), expected, "{text:?}");
    }
}

/// containerd/platforms `compare.go` (`platformVector`) and `compare_test.go` (`TestOnly`): for each machine, what it takes, best first.
#[test]
fn choice_as_containerd_chooses() {
    let all = [
        "linux/amd64",
        "linux/386",
        "linux/arm64",
        "linux/arm/v5",
        "linux/arm/v6",
        "linux/arm/v7",
        "linux/arm/v8",
        "linux/amd64/v2",
        "linux/amd64/v3",
        "linux/amd64/v4",
        "linux/arm64/v8.1",
        "linux/arm64/v8.5",
        "linux/arm64/v8.6",
        "linux/arm64/v9",
        "linux/arm64/v9.1",
        "linux/ppc64le",
        "windows/amd64",
        "darwin/arm64",
        "unknown/unknown",
    ];
    let cases: [(&str, &[&str]); 13] = [
        ("linux/amd64", &["linux/amd64", "linux/386"]),
        ("linux/amd64/v1", &["linux/amd64", "linux/386"]),
        ("linux/amd64/v3", &["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"]),
        ("linux/386", &["linux/386"]),
        ("linux/arm/v7", &["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
        ("linux/arm", &["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
        ("linux/arm/v5", &["linux/arm/v5"]),
        ("linux/arm64", &["linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
        (
            "linux/arm64/v8.2",
            &[
                "linux/arm64/v8.1",
                "linux/arm64",
                "linux/arm/v8",
                "linux/arm/v7",
                "linux/arm/v6",
                "linux/arm/v5",
            ],
        ),
        (
            "linux/arm64/v9.1",
            &[
                "linux/arm64/v9.1",
                "linux/arm64/v9",
                "linux/arm64/v8.6",
                "linux/arm64/v8.5",
                "linux/arm64/v8.1",
                "linux/arm64",
                "linux/arm/v8",
                "linux/arm/v7",
                "linux/arm/v6",
                "linux/arm/v5",
            ],
        ),
        ("linux/ppc64le", &["linux/ppc64le"]),
        ("windows/amd64", &["windows/amd64"]),
        ("linux/riscv64", &[]),
    ];
    let index: Vec<_> = all.iter().map(|text| platform(text)).collect();
    for (machine, expected) in cases {
        let chosen = platform(machine).choose(index.iter().map(Some));
        let chosen: Vec<_> = chosen.into_iter().map(|place| all[place]).collect();
        assert_eq!(chosen, expected, "{machine}");
        for text in all {
            assert_eq!(
                platform(machine).accepts(&platform(text)),
                expected.contains(&text),
                "{machine} {text}"
            );
        }
    }
}

/// containerd `images.Manifest`: what names no platform is looked at last, and equals keep their order.
#[test]
fn without_a_platform_comes_last() {
    let amd64 = platform("linux/amd64");
    let index = [None, Some(&amd64), None, Some(&amd64)];
    assert_eq!(amd64.choose(index), [1, 3, 0, 2]);
    assert_eq!(platform("linux/s390x").choose(index), [0, 2]);
}

/// containerd `platforms_windows.go`: the build is the first three numbers. Features are the OCI specification's `os.features`.
#[test]
fn versions_and_features_of_the_system() {
    let host = platform("windows(10.0.17763.1397)/amd64");
    for (image, fits) in [
        ("windows(10.0.17763.1)/amd64", true),
        ("windows(10.0.19041.1)/amd64", false),
        ("windows/amd64", true),
    ] {
        assert_eq!(host.accepts(&platform(image)), fits, "{image}");
    }
    assert!(platform("linux(6.1)/amd64").accepts(&platform("linux(5.4)/amd64")));
    let needs = Platform { os_features: vec!["win32k".to_owned()], ..platform("windows/amd64") };
    assert!(!platform("windows/amd64").accepts(&needs));
    assert!(needs.accepts(&needs));
}

/// OCI image specification, "Image Index": the names of the fields.
#[test]
fn json_of_an_index() {
    let text = r#"{"os":"windows","architecture":"amd64","os.version":"10.0.1","os.features":["win32k"]}"#;
    let read: Platform = serde_json::from_str(text).unwrap();
    assert_eq!(read.os_version, "10.0.1");
    let back: serde_json::Value = serde_json::to_value(&read).unwrap();
    assert_eq!(back, serde_json::from_str::<serde_json::Value>(text).unwrap());
}

#[test]
fn this_program_runs_here() {
    let here = Platform::of_this_program();
    assert_eq!(here, here.normalized());
    assert!(here.accepts(&here));
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    assert_eq!(here.to_string(), "linux/amd64");
}

proptest! {
    #[test]
    fn round_trip(text in "[A-Za-z0-9_.-]{1,8}(\\([0-9.]{0,8}\\))?/[A-Za-z0-9_.-]{1,8}(/[A-Za-z0-9_.-]{1,4})?") {
        let read = platform(&text);
        prop_assert_eq!(&read, &read.normalized());
        prop_assert_eq!(read.to_string().parse::<Platform>().unwrap(), read);
    }

    #[test]
    fn anything_is_read_or_refused(text in ".*") {
        if let Ok(read) = text.parse::<Platform>() {
            prop_assert!(read.accepts(&read));
        }
    }
}
