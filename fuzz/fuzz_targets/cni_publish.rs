//! A published port that reads prints to one that reads as the same; JSON that is laid out anew is the same JSON.
#![no_main]

use cni_client::json::Json;
use cni_client::network::Publish;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(port) = text.parse::<Publish>() {
        assert_eq!(port.to_string().parse::<Publish>().ok(), Some(port));
    }
    if let Ok(json) = text.parse::<Json>() {
        let pretty: Json = json.pretty(4).parse().expect("JSON that was laid out anew");
        let value = |json: &Json| serde_json::from_str::<serde_json::Value>(json.as_str()).ok();
        assert_eq!(value(&pretty), value(&json));
        assert_eq!(pretty.pretty(4), pretty.as_str());
    }
});
