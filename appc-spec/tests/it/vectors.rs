//! The verdicts of the Go implementation, for `Strength::Compat`.

use std::collections::BTreeMap;

use appc_spec::{
    AcIdentifier, AcName, AcVersion, Annotations, App, AppString, Date, Dependency, Environment,
    EventHandler, ExposedPort, HttpUrl, ImageId, ImageManifest, Isolator, IsolatorValue, Json, List,
    MountPoint, PodManifest, PodUuid, Port, Strength, Volume,
};
use pod_core::quantity::{Format, Quantity};
use serde_json::Value;

const VECTORS: &str = include_str!("../vectors/upstream-go.jsonl");
const EXCEPTIONS: &str = include_str!("../vectors/upstream-go-exceptions.txt");

/// What we make of an input: what we write back, or why we refuse it.
type Outcome = Result<String, String>;

fn json<T: Json>(input: &str) -> Outcome {
    T::from_json(input, Strength::Compat)
        .map(|value| value.to_json(Strength::Compat))
        .map_err(|error| error.to_string())
}

fn quoted(text: impl ToString) -> String {
    Value::String(text.to_string()).to_string()
}

/// A quantity as the limit of an isolator, which is where the specification has one.
fn quantity(input: &str) -> Outcome {
    let text = format!(r#"{{"name": "resource/memory", "value": {{"limit": {input}}}}}"#);
    let isolator = Isolator::from_json(&text, Strength::Compat).map_err(|error| error.to_string())?;
    match isolator.value() {
        IsolatorValue::Memory(memory) => memory.limit.as_ref().map(quoted).ok_or_else(|| "absent".to_owned()),
        other => panic!("{other:?}"),
    }
}

fn quantity_text(input: &str) -> Outcome {
    let quantity: Quantity =
        input.parse().map_err(|error: pod_core::quantity::ParseQuantityError| error.to_string())?;
    let number =
        |number: Option<i64>| number.map_or_else(|| "overflow".to_owned(), |number| number.to_string());
    let format = match quantity.format() {
        Format::DecimalSi => "DecimalSI",
        Format::BinarySi => "BinarySI",
        Format::DecimalExponent => "DecimalExponent",
    };
    let (value, milli) = (number(quantity.value()), number(quantity.milli_value()));
    Ok(format!("{quantity} value={value} milli={milli} fmt={format}"))
}

fn app_string(input: &str) -> Outcome {
    let app = AppString::parse(input, Strength::Compat).map_err(|error| error.to_string())?;
    let labels: BTreeMap<&str, &str> = app.labels().map(|(name, value)| (name.as_str(), value)).collect();
    // Go escapes these in every string that it writes.
    let labels = serde_json::to_string(&labels).unwrap().replace('&', "\\u0026");
    Ok(format!(r#"{{"labels":{labels},"name":{}}}"#, quoted(&app.name)))
}

fn ours(kind: &str, input: &str) -> Outcome {
    match kind {
        "acname" => json::<AcName>(input),
        "acidentifier" => json::<AcIdentifier>(input),
        "annotations" => json::<Annotations>(input),
        "app" => json::<App>(input),
        "date" => json::<Date>(input),
        "dependency" => json::<Dependency>(input),
        "environment" => json::<Environment>(input),
        "eventhandler" => json::<EventHandler>(input),
        "exposedport" => json::<ExposedPort>(input),
        "hash" => json::<ImageId>(input),
        "image" => json::<ImageManifest>(input),
        "isolator" => json::<Isolator>(input),
        "isolators" => json::<List<Isolator>>(input),
        "labels" => json::<appc_spec::Labels>(input),
        "mountpoint" => json::<MountPoint>(input),
        "pod" => json::<PodManifest>(input),
        "port" => json::<Port>(input),
        "quantity" => quantity(input),
        "semver" => json::<AcVersion>(input),
        "url" => json::<HttpUrl>(input),
        "uuid" => json::<PodUuid>(input),
        "volume" => json::<Volume>(input),
        "str:app" => app_string(input),
        "str:mountpoint" => MountPoint::parse(input, Strength::Compat)
            .map(|mount| mount.to_json(Strength::Compat))
            .map_err(|error| error.to_string()),
        "str:port" => Port::parse(input, Strength::Compat)
            .map(|port| port.to_json(Strength::Compat))
            .map_err(|error| error.to_string()),
        "str:quantity" => quantity_text(input),
        "str:sanitize-acname" => {
            AcName::sanitize(input).map(|name| name.to_string()).map_err(|error| error.to_string())
        }
        "str:sanitize-acidentifier" => {
            AcIdentifier::sanitize(input).map(|name| name.to_string()).map_err(|error| error.to_string())
        }
        "str:volume" => Volume::parse(input, Strength::Compat)
            .map(|volume| volume.to_string())
            .map_err(|error| error.to_string()),
        other => panic!("the vectors have a kind `{other}` that the test does not know"),
    }
}

/// Whether our outcome is upstream's. Where upstream crashes, an error is wanted.
fn agrees(case: &Value, ours: &Outcome) -> bool {
    let taken = case["parse_ok"].as_bool().expect("each case has a verdict") && case.get("panic").is_none();
    match ours {
        // What upstream reads but cannot write back has no outcome to agree with.
        Ok(text) => taken && case["emit"].as_str() == Some(text),
        Err(_) => !taken,
    }
}

#[test]
fn compat_agrees_with_the_go_implementation() {
    let exceptions: BTreeMap<&str, &str> =
        EXCEPTIONS.lines().map(|line| line.split_once('\t').expect("an id, a tab, a reason")).collect();
    let mut seen = 0;
    let mut excepted = 0;
    let mut failures = String::new();
    for line in VECTORS.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let ours = ours(case["kind"].as_str().unwrap(), case["input"].as_str().unwrap());
        seen += 1;
        match (agrees(&case, &ours), exceptions.get(id)) {
            (true, None) => {}
            (false, Some(_)) => excepted += 1,
            (true, Some(reason)) => failures += &format!("{id} agrees now; drop the exception: {reason}\n"),
            (false, None) => failures += &format!("{id}: ours {ours:?}\n  {line}\n"),
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert_eq!(seen, 509, "the vectors are all there");
    assert_eq!(excepted, exceptions.len(), "each exception names a case");
}
