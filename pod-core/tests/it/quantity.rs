//! Quantities: the verdicts of kubectl 1.32.3 (`vectors/quantity-kubectl.json`), exact errors, and round trips.

use pod_core::quantity::{Format, Quantity};
use proptest::prelude::*;

#[test]
fn agrees_with_kubectl() {
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../vectors/quantity-kubectl.json")).unwrap();
    assert!(vectors.len() > 50);
    let mut wrong = Vec::new();
    for vector in &vectors {
        let text = vector["in"].as_str().unwrap();
        let ours = text.parse::<Quantity>().map(|quantity| quantity.to_string());
        match (vector["out"].as_str(), &ours) {
            (Some(theirs), Ok(ours)) if theirs == ours => {}
            (None, Err(_)) => {}
            _ => wrong.push(format!("{text:?}: kubectl {}, ours {ours:?}", vector)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn agrees_with_kubectl_on_random_ones() {
    let mut wrong = Vec::new();
    let mut beyond = 0;
    for line in include_str!("../vectors/quantity-kubectl-1.32.4.jsonl").lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let ours = vector["in"].as_str().unwrap().parse::<Quantity>().map(|quantity| quantity.to_string());
        match &ours {
            Err(error) if error.to_string().contains("more than 38 significant digits") => beyond += 1,
            ours if ours.as_deref().ok() == vector["out"].as_str() => {}
            _ => wrong.push(format!("kubectl {vector}, ours {ours:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Upstream has any number of digits; that we have 38 is documented.
    assert_eq!(beyond, 5);
}

#[test]
fn errors_name_the_character_and_the_rule() {
    for (text, message) in [
        ("", "a quantity is empty"),
        ("ten", "unexpected `t` at byte 0 of a quantity: a digit is wanted"),
        ("-Ei", "unexpected `E` at byte 1 of a quantity: a digit is wanted"),
        ("..", "unexpected `.` at byte 1 of a quantity: a digit is wanted"),
        (
            "1K",
            "unknown suffix `K` at byte 1 of a quantity: one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3 is wanted",
        ),
        (&"9".repeat(40), "a quantity has more than 38 significant digits, or its exponent is too large"),
    ] {
        assert_eq!(text.parse::<Quantity>().unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn values_round_away_from_zero_and_never_wrap() {
    let value = |text: &str| text.parse::<Quantity>().unwrap().value();
    assert_eq!(value("750m"), Some(1));
    assert_eq!(value("-750m"), Some(-1));
    assert_eq!(value("10E"), None);
    assert_eq!(value("1e30"), None);
    assert_eq!(value("-1e2147483647"), None);
    // Binary suffixes alone saturate (apimachinery `ParseQuantity`).
    assert_eq!(value("100Ei"), Some(i64::MAX));
    assert_eq!("1Ei".parse::<Quantity>().unwrap().milli_value(), None);
    assert_eq!("1n".parse::<Quantity>().unwrap().round_up_to_milli().to_string(), "1m");
}

#[test]
fn zero_takes_the_notation_of_the_other() {
    let zero = Quantity::from_units(0, Format::DecimalSi);
    let sum = zero.checked_add(&"2Ki".parse().unwrap()).unwrap();
    assert_eq!(sum.to_string(), "2Ki");
}

/// Beyond fixed point: numbers keep an exponent, compare and add by value, and print it.
#[test]
fn large_numbers_keep_their_exponent() {
    let quantity = |text: &str| text.parse::<Quantity>().unwrap();
    let ordered = [
        "-1e31",
        "-9e30",
        "-1",
        "0",
        "1n",
        "1",
        "9E",
        "999999e24",
        "1e30",
        "1000001e24",
        "2e30",
        "1e31",
        "1e2147483647",
    ];
    for (index, text) in ordered.iter().enumerate() {
        for (other_index, other) in ordered.iter().enumerate() {
            assert_eq!(quantity(text).cmp(&quantity(other)), index.cmp(&other_index), "{text} {other}");
        }
    }
    assert_eq!(quantity("1e30"), quantity("1000000000000E"));
    assert_eq!(quantity(&format!("1{}", "0".repeat(60))).canonical(), format!("1{}E", "0".repeat(42)));
    let sum = |a: &str, b: &str| quantity(a).checked_add(&quantity(b)).map(|sum| sum.to_string());
    assert_eq!(sum("1e30", "2e30").as_deref(), Some("3e30"));
    assert_eq!(sum("1e30", "1").as_deref(), Some("1000000000000000000000000000001"));
    assert_eq!(sum("1e30", "-1e30").as_deref(), Some("0"));
    assert_eq!(sum("1e100", "1"), None);
    assert_eq!(sum("0", "1e300").as_deref(), Some("1e300"));
}

#[test]
fn json_takes_numbers_and_gives_text() {
    let quantities: Vec<Quantity> =
        serde_json::from_str(r#"["64Mi", " 1 ", 2, 0.5, 1e300, 18446744073709551615]"#).unwrap();
    assert_eq!(
        serde_json::to_string(&quantities).unwrap(),
        r#"["64Mi","1","2","500m","1e300","18446744073709551615"]"#
    );
    assert!(serde_json::from_str::<Quantity>("true").is_err());
    let written = |text: &str| text.parse::<Quantity>().unwrap().as_written().map(ToOwned::to_owned);
    assert_eq!(written("0100m").as_deref(), Some("0100m"));
    assert_eq!(written("0.5"), None);
}

proptest! {
    #[test]
    fn printed_reads_back(units in any::<i64>(), binary in any::<bool>()) {
        let format = if binary { Format::BinarySi } else { Format::DecimalSi };
        let quantity = Quantity::from_milli(units, format);
        prop_assert_eq!(quantity.to_string().parse::<Quantity>().unwrap(), quantity);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+]?[0-9]{0,40}\\.?[0-9]{0,20}[a-zA-Z]{0,3}[0-9]{0,12}") {
        if let Ok(quantity) = text.parse::<Quantity>() {
            prop_assert_eq!(quantity.canonical().parse::<Quantity>().unwrap(), quantity);
        }
    }
}
