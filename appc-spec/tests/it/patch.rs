//! Changes to manifests, and isolators as text.

use appc_spec::{App, ImageManifest, Isolator, Json, ManifestPatch, Strength};

fn base() -> ImageManifest {
    let mut manifest = ImageManifest::new("example.com/a".parse().unwrap());
    manifest.app = Some(App::new(vec!["/bin/a".to_owned()]));
    manifest
}

fn patched(patch: &ManifestPatch) -> Result<String, String> {
    patch.apply(base(), Strength::Strict).map(|manifest| manifest.to_json(Strength::Strict)).map_err(
        |error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            error.to_string() + &cause.unwrap_or_default()
        },
    )
}

fn isolator(text: &str) -> Isolator {
    text.parse().unwrap()
}

#[test]
fn an_isolator_replaces_its_own_kind_in_its_place() {
    let patch = ManifestPatch::new()
        .isolator(isolator("os/linux/capabilities-remove-set,set=CAP_MKNOD"))
        .isolator(isolator("resource/cpu,limit=1"))
        .isolator(isolator("resource/memory,limit=1G"))
        .isolator(isolator("resource/cpu,limit=2"))
        .isolator(isolator("os/linux/capabilities-retain-set,set=CAP_KILL"));
    let app = patch.apply(base(), Strength::Strict).unwrap().app.unwrap();
    let names: Vec<_> = app.isolators.iter().map(|one| format!("{} {}", one.name(), one.json())).collect();
    assert_eq!(
        names,
        [
            r#"os/linux/capabilities-retain-set {"set":["CAP_KILL"]}"#,
            r#"resource/cpu {"limit":"2"}"#,
            r#"resource/memory {"limit":"1G"}"#
        ]
    );
    let patch =
        ManifestPatch::new().isolator(isolator("resource/cpu,limit=1")).remove_isolator("resource/cpu");
    assert!(!patched(&patch).unwrap().contains("resource/cpu"));
}

#[test]
fn what_does_not_go_together_is_an_error() {
    let cases = [
        (
            ManifestPatch::new().label("os".parse().unwrap(), "linux").label("arch".parse().unwrap(), "arm"),
            "cannot set the labels: the arch `arm` is not one of linux's: amd64, i386, aarch64, aarch64_be, armv6l, armv7l, \
             armv7b, ppc64, ppc64le, s390x",
        ),
        (
            ManifestPatch::new().annotation("created".parse().unwrap(), "today"),
            "cannot set the annotations: the annotation `created`: the date ends at byte 5, within the year",
        ),
        (
            ManifestPatch::new().environment("A=B", "c"),
            "cannot set the environment: unexpected `=` at byte 1 of the environment variable `A=B`: a name has letters, \
             digits, `_`, `.` and `-`, and begins with a letter or `_`",
        ),
        (
            ManifestPatch::new().working_directory("srv"),
            "the changed manifest is wrong: app.workingDirectory: the working directory is an absolute path",
        ),
        (
            ManifestPatch::new().user(""),
            "the changed manifest is wrong: app.user: the user is not empty: it is a name, a number or an absolute path",
        ),
    ];
    for (patch, wanted) in cases {
        let error = patched(&patch).unwrap_err();
        // The texts of dates are tested elsewhere.
        let (error, wanted) = match wanted.split_once("`created`") {
            Some((start, _)) => (error.get(..start.len()).unwrap().to_owned(), start),
            None => (error, wanted),
        };
        assert_eq!(error, wanted);
    }
}

#[test]
fn a_label_may_change_together_with_its_fellow() {
    let os = |patch: ManifestPatch, os: &str, arch: &str| {
        patch.label("os".parse().unwrap(), os).label("arch".parse().unwrap(), arch)
    };
    let patch = os(os(ManifestPatch::new(), "linux", "amd64"), "darwin", "x86_64");
    let json = patched(&patch).unwrap();
    assert!(json.contains(r#"[{"name":"os","value":"darwin"},{"name":"arch","value":"x86_64"}]"#), "{json}");
    assert_eq!(patched(&ManifestPatch::new()).unwrap(), base().to_json(Strength::Strict));
    assert!(ManifestPatch::new().is_empty() && !patch.is_empty());
}

#[test]
fn texts_that_are_no_isolators() {
    let cases = [
        ("resource/cpu", "value: the member is missing"),
        ("resource/cpu,limit", "value: the member is missing"),
        ("resource/cpu,limit=x", "value.limit: "),
        ("resource/cpu,limit=1,speed=2", "value.speed: "),
        ("os/linux/oom-score-adj,5000", "value: 5000 is not from -1000 to 1000"),
        ("os/linux/no-new-privileges,yes", "value: "),
        ("gpu,a=b", "`gpu` is none of the isolators resource/cpu, "),
        ("resource/cpu,limit=1,limit=2", "the `limit` of an isolator stands there twice"),
    ];
    for (text, wanted) in cases {
        let error = text.parse::<Isolator>().unwrap_err().to_string();
        assert!(error.starts_with(wanted.split("the member").next().unwrap()), "{text}: {error}");
    }
}
