//! Versions: libcni's `pkg/version` for the grammar; the choice is ours.

use cni_client::error::{ErrorCode, PluginError};
use cni_client::name::PluginType;
use cni_client::version::{DeclaredVersions, SupportedVersions, Version};
use proptest::prelude::*;

#[test]
fn texts() {
    for (text, version) in [
        ("", Version::V0_1_0),
        ("0.1.0", Version::V0_1_0),
        ("1", Version::V1_0_0),
        ("1.1", Version::V1_1_0),
        ("01.01.00", Version::V1_1_0),
        ("4.5.6", Version::new(4, 5, 6)),
    ] {
        assert_eq!(text.parse::<Version>().unwrap(), version, "{text}");
    }
    for (bad, text) in [
        ("1.0.0.0", "unexpected fourth number at byte 6 of a version: it has at most three"),
        ("1.", "a number is missing at byte 2 of a version"),
        (".", "a number is missing at byte 0 of a version"),
        ("1..0", "a number is missing at byte 2 of a version"),
        ("v1", "unexpected `v` at byte 0 of a version: only digits and `.` are allowed"),
        ("1.0-rc1", "unexpected `-` at byte 3 of a version: only digits and `.` are allowed"),
        ("-1", "unexpected `-` at byte 0 of a version: only digits and `.` are allowed"),
        ("1.4294967296", "the number at byte 2 of a version is too large"),
    ] {
        assert_eq!(bad.parse::<Version>().unwrap_err().to_string(), text);
    }
}

#[test]
fn what_came_when() {
    let flags: Vec<(bool, bool, bool)> =
        Version::KNOWN.iter().map(|v| (v.has_chains(), v.has_check(), v.has_status_and_gc())).collect();
    let (t, f) = (true, false);
    assert_eq!(flags, [(f, f, f), (f, f, f), (t, f, f), (t, f, f), (t, t, f), (t, t, f), (t, t, t)]);
    assert!(Version::KNOWN.is_sorted() && Version::KNOWN.contains(&Version::CURRENT));
    assert!(!Version::new(0, 5, 0).is_known());
}

#[test]
fn the_newest_declared_version_counts() {
    let v = |text: &str| text.parse::<Version>().unwrap();
    // libcni `conf_test.go`: versions beyond the library's own are passed over.
    for (version, versions, newest) in [
        (None, vec![], "0.1.0"),
        (Some("0.4.0"), vec![], "0.4.0"),
        (Some("0.3.1"), vec!["0.4.0", "1.1.0"], "1.1.0"),
        (Some("1.0.0"), vec!["0.4.0"], "1.0.0"),
        (None, vec!["0.4.0", "1.0.0"], "1.0.0"),
        (Some("1.0.0"), vec!["99.0.0"], "1.0.0"),
        (Some("2.0.0"), vec!["0.4.0", "0.9.0"], "0.4.0"),
    ] {
        let declared = DeclaredVersions::new(version.map(v), versions.iter().map(|text| v(text)));
        assert_eq!(declared.newest().unwrap(), v(newest), "{version:?} {versions:?}");
    }
    let unknown = DeclaredVersions::new(Some(v("2.0.0")), [v("0.5.0")]);
    assert_eq!(
        unknown.newest().unwrap_err().to_string(),
        "no common version: the configuration has 2.0.0 0.5.0, this client speaks 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0"
    );
}

#[test]
fn plugins_narrow_the_choice() {
    let declared =
        DeclaredVersions::new(None, [Version::V0_3_1, Version::V0_4_0, Version::V1_0_0, Version::V1_1_0]);
    let plugin = |name: &str, versions: &[Version]| {
        (name.parse::<PluginType>().unwrap(), SupportedVersions::new(versions.iter().copied()))
    };
    // Debian 12: firewall speaks 0.4.0 and 1.0.0 only.
    let bridge = plugin("bridge", &Version::KNOWN[..6]);
    let firewall = plugin("firewall", &[Version::V0_4_0, Version::V1_0_0]);
    assert_eq!(declared.newest_for(&[bridge.clone(), firewall]).unwrap(), Version::V1_0_0);
    let old = plugin("old", &[Version::V0_1_0]);
    assert_eq!(
        declared.newest_for(&[bridge, old]).unwrap_err().to_string(),
        "no common version: the configuration has 0.3.1 0.4.0 1.0.0 1.1.0, \
         plugin `bridge` speaks 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0, plugin `old` speaks 0.1.0"
    );
}

#[test]
fn answers_to_version() {
    let good = |text: &str| SupportedVersions::decode(text.as_bytes()).unwrap().iter().collect::<Vec<_>>();
    assert_eq!(good(r#"{"cniVersion":"1.0.0","supportedVersions":["0.4.0"]}"#), [Version::V0_4_0]);
    assert_eq!(good(r#"{"cniVersion":"0.2.0"}"#), [Version::V0_1_0, Version::V0_2_0]);
    for (bad, text) in [
        ("", "1:1: EOF while parsing a value"),
        ("[]", "1:1: expected an object, found an array"),
        ("{}", "1:1: `cniVersion` is missing"),
        (r#"{"cniVersion":"1.0.0"}"#, "1:1: `supportedVersions` is missing"),
        (
            r#"{"cniVersion":"1.0.0","supportedVersions":["0.4.0","latest"]}"#,
            "1:52: supportedVersions[1]: unexpected `l` at byte 0 of a version: only digits and `.` are allowed",
        ),
    ] {
        assert_eq!(SupportedVersions::decode(bad.as_bytes()).unwrap_err().to_string(), text);
    }
    let unknown = PluginError::new(ErrorCode::InvalidEnvironment, "unknown CNI_COMMAND: VERSION");
    assert_eq!(SupportedVersions::of_error(&unknown), Some(SupportedVersions::new([Version::V0_1_0])));
    assert_eq!(SupportedVersions::of_error(&PluginError::new(ErrorCode::Internal, "x")), None);
}

proptest! {
    #[test]
    fn print_and_parse(major: u32, minor: u32, patch: u32) {
        let version = Version::new(major, minor, patch);
        prop_assert_eq!(version.to_string().parse::<Version>().unwrap(), version);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "[0-9.v-]{0,12}|.*") {
        if let Ok(version) = text.parse::<Version>() {
            prop_assert_eq!(version.to_string().parse::<Version>().unwrap(), version);
        }
    }

    #[test]
    fn an_answer_comes_back(versions in proptest::sample::subsequence(Version::KNOWN.to_vec(), 1..7)) {
        let answer = SupportedVersions::new(versions);
        prop_assert_eq!(SupportedVersions::decode(answer.to_json().as_str().as_bytes()).unwrap(), answer);
    }
}
