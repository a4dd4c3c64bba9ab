//! The API's own objects with every field set, from `testdata` of `kubernetes/api`: five releases.

use std::collections::BTreeMap;
use std::path::Path;

use k8s_model::convert;
use k8s_model::decode::{Mode, decode_str};
use k8s_model::encode::{to_json, to_yaml};
use k8s_model::object::Object;
use k8s_model::registry;
use serde_json::Value;

/// What differs, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Both forms of the selector are set, to different ones; there is one selector in `autoscaling/v1`.
    ("Scale", ".status.selector: "),
    // The old form names the node in the map of labels too, as upstream writes it.
    ("v1beta1.EndpointSlice", ".endpoints[].topology.kubernetes.io/hostname: "),
    // Fields of other releases that 1.36 does not have.
    ("v1.35.0", "unknown field"),
    ("HEAD", "unknown field"),
];

/// Reads a text, writes it in its own version as JSON and as YAML, and reads that.
fn round_trip(text: &str) -> Result<(Object, Value), String> {
    let decoded = decode_str(text, "", Mode::Strict);
    let errors: Vec<String> = decoded
        .problems
        .iter()
        .filter(|problem| problem.severity() == k8s_model::decode::Severity::Error)
        .map(ToString::to_string)
        .collect();
    if !errors.is_empty() {
        return Err(errors.join("; "));
    }
    let document = decoded.documents.into_iter().next().ok_or("no object")?;
    let (json, yaml) = match document.origin.old_version() {
        Some(old) => {
            let old = convert::to(&document.object, old.api_version).map_err(|error| error.to_string())?;
            (to_json(&old), to_yaml(&old))
        }
        None => (to_json(&document.object), to_yaml(&document.object)),
    };
    for text in [&json, &yaml] {
        let again = decode_str(text, "", Mode::Strict);
        if again.documents.first().map(|again| &again.object) != Some(&document.object) {
            return Err(format!("it is read as another object: {text}"));
        }
    }
    Ok((document.object, serde_json::from_str(&json).map_err(|error| error.to_string())?))
}

/// The paths at which two values differ.
fn differences(path: &str, left: &Value, right: &Value, found: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                let get = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                differences(&format!("{path}.{name}"), &get(left), &get(right), found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (left, right) in left.iter().zip(right) {
                differences(&format!("{path}[]"), left, right, found);
            }
        }
        _ if left == right => {}
        _ => found.push(format!("{path}: {left} is not {right}")),
    }
}

/// Reads `PODKIT_TESTDATA`, the folder `testdata` of a checkout of `kubernetes/api`.
#[test]
#[ignore = "needs PODKIT_TESTDATA, the folder `testdata` of a checkout of kubernetes/api"]
#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a check by hand")]
fn the_apis_own_objects_are_kept_whole() {
    let root = std::env::var("PODKIT_TESTDATA").expect("PODKIT_TESTDATA");
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for release in std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()) {
        for file in release.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let name = format!("{}/{}", stem(&release), file.file_name().unwrap().to_string_lossy());
            let ending = file.extension().map(|ending| ending.to_string_lossy().into_owned());
            if name.contains("after_roundtrip") || !matches!(ending.as_deref(), Some("json" | "yaml")) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            // Arguments of requests, and kinds that are in no version which is known here.
            let known = |text: &str| {
                let (version, kind) = text.rsplit_once('.').unwrap_or_default();
                let version = version.strip_prefix("core.").map_or_else(|| slashed(version), str::to_owned);
                registry::kind(&version, kind).is_some() || convert::old_version(&version, kind).is_some()
            };
            if !known(&stem(&file.with_extension(""))) {
                continue;
            }
            let count = counts.entry(stem(&release)).or_default();
            match round_trip(&text) {
                Err(error) => wrong.push(format!("{name}: {error}")),
                Ok((object, _)) if object.info().is_none() => count.1 += 1,
                Ok((_, written)) => {
                    count.0 += 1;
                    let original = file.with_extension("json");
                    let original: Value =
                        serde_json::from_str(&std::fs::read_to_string(original).unwrap()).unwrap();
                    let mut found = Vec::new();
                    differences("", &written, &original, &mut found);
                    wrong.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
                }
            }
        }
    }
    let is_exception =
        |line: &String| EXCEPTIONS.iter().any(|(place, what)| line.contains(place) && line.contains(what));
    wrong.retain(|line| !is_exception(line));
    assert!(wrong.is_empty(), "{counts:?}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts.len() >= 5, "{counts:?}");
    for (release, (typed, untyped)) in counts {
        println!("{release}: {typed} texts of kinds that are typed, {untyped} of others");
    }
}

/// `apps.v1` is `apps/v1`.
fn slashed(version: &str) -> String {
    version.rsplit_once('.').map_or_else(String::new, |(group, version)| format!("{group}/{version}"))
}

fn stem(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
