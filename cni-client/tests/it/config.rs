//! Configurations: what libcni's `conf_test.go` accepts and refuses, and what it cannot keep.

use cni_client::config::{NetworkConfig, PluginConfig};
use cni_client::version::Version;
use proptest::prelude::*;

use super::{DBNET, config};

#[test]
fn a_list() {
    let config = config(DBNET);
    assert_eq!(config.name().as_str(), "dbnet");
    assert_eq!(config.version().unwrap(), Version::V1_1_0);
    assert_eq!(config.capabilities(), ["mac", "portMappings"]);
    let kinds: Vec<_> = config.plugins().iter().map(|plugin| plugin.kind().as_str()).collect();
    assert_eq!(kinds, ["bridge", "tuning", "portmap"]);
    let programs: Vec<String> = config.programs().into_iter().map(String::from).collect();
    assert_eq!(programs, ["bridge", "host-local", "tuning", "portmap"]);
    assert_eq!(config.plugins()[0].member("vlan").unwrap().as_str(), "9007199254740993");
    assert!(!config.disable_check() && !config.disable_gc() && !config.load_only_inlined_plugins());
}

#[test]
fn a_single_plugin_is_a_list_of_one() {
    let text = r#"{"cniVersion": "0.3.1", "name": "lo", "type": "loopback", "ipMasq": true, "x": 1e400}"#;
    for single in [NetworkConfig::parse(text).unwrap(), NetworkConfig::parse_single(text).unwrap()] {
        assert_eq!((single.version().unwrap(), single.plugins().len()), (Version::V0_3_1, 1));
        assert!(single.load_only_inlined_plugins() && single.plugins()[0].ip_masq());
        assert_eq!(
            single.to_json().as_str(),
            concat!(
                r#"{"cniVersion":"0.3.1","name":"lo","loadOnlyInlinedPlugins":true,"plugins":["#,
                r#"{"cniVersion":"0.3.1","name":"lo","type":"loopback","ipMasq":true,"x":1e400}]}"#
            )
        );
    }
    assert_eq!(config(r#"{"name": "n", "type": "ptp"}"#).version().unwrap(), Version::V0_1_0);
}

#[test]
fn a_list_may_wait_for_its_plugins() {
    let mut waiting = config(r#"{"cniVersion": "1.0.0", "name": "n", "x-own": [1]}"#);
    assert!(waiting.plugins().is_empty());
    assert_eq!(waiting.other().get("x-own").unwrap().as_str(), "[1]");
    waiting.push(PluginConfig::parse(r#"{"type": "ptp"}"#).unwrap());
    assert_eq!(
        waiting.to_json().as_str(),
        r#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"ptp"}],"x-own":[1]}"#
    );
}

/// libcni takes the words as strings, in any case.
#[test]
fn booleans_may_be_words() {
    let flags = config(
        r#"{"name": "n", "disableCheck": "TRUE", "disableGC": true, "loadOnlyInlinedPlugins": "false",
            "plugins": [{"type": "a", "ipam": {"type": ""}}, {"type": "b", "ipam": {}}]}"#,
    );
    assert!(flags.disable_check() && flags.disable_gc() && !flags.load_only_inlined_plugins());
    assert_eq!(flags.plugins()[0].ipam(), None);
}

#[test]
fn what_is_wrong_and_where() {
    for (text, message) in [
        ("", "1:1: EOF while parsing a value"),
        ("[]", "1:1: expected an object, found an array"),
        ("{}", "1:1: `name` is missing"),
        (r#"{"name": null}"#, "1:1: `name` is missing"),
        (r#"{"name": 5}"#, "1:10: name: expected a string, found a number"),
        (r#"{"name": ""}"#, "1:10: name: a network name is empty"),
        (
            "{\n  \"name\": \"../evil\"\n}",
            "2:11: name: unexpected `.` at byte 0 of a network name: it begins with a letter or a digit",
        ),
        (
            r#"{"name": "n", "cniVersion": "1.x"}"#,
            "1:29: cniVersion: unexpected `x` at byte 2 of a version: only digits and `.` are allowed",
        ),
        (r#"{"name": "n", "cniVersions": "1.0.0"}"#, "1:30: cniVersions: expected an array, found a string"),
        (r#"{"name": "n", "cniVersions": [1]}"#, "1:31: cniVersions[0]: expected a string, found a number"),
        (r#"{"name": "n", "disableCheck": "yes"}"#, "1:31: disableCheck: expected a boolean, found a string"),
        (r#"{"name": "n", "plugins": {}}"#, "1:26: plugins: expected an array, found an object"),
        (r#"{"name": "n", "plugins": []}"#, "1:26: plugins: a list has at least one plugin"),
        (r#"{"name": "n", "plugins": [1]}"#, "1:27: plugins[0]: expected an object, found a number"),
        (r#"{"name": "n", "plugins": [{"a": 1}]}"#, "1:27: plugins[0]: `type` is missing"),
        (
            r#"{"name": "n", "plugins": [{"type": "a"}, {"type": "../b"}]}"#,
            "1:51: plugins[1].type: unexpected `/` at byte 2 of a plugin type: it is a file name, without a folder",
        ),
        (
            r#"{"name": "n", "plugins": [{"type": "a", "capabilities": {"mac": 1}}]}"#,
            "1:65: plugins[0].capabilities.mac: expected a boolean, found a number",
        ),
        (
            r#"{"name": "n", "plugins": [{"type": "a", "ipam": "dhcp"}]}"#,
            "1:49: plugins[0].ipam: expected an object, found a string",
        ),
        (
            r#"{"name": "n", "plugins": [{"type": "a", "ipam": {"type": "a/b"}}]}"#,
            "1:58: plugins[0].ipam.type: unexpected `/` at byte 1 of a plugin type: it is a file name, without a folder",
        ),
        (
            r#"{"name": "n", "plugins": [{"type": "a", "type": "b"}]}"#,
            "1:49: plugins[0].type: this member is written twice",
        ),
        (
            r#"{"name": "n", "loadOnlyInlinedPlugins": true}"#,
            "1:1: `loadOnlyInlinedPlugins` is true and there is no `plugins`",
        ),
    ] {
        assert_eq!(NetworkConfig::parse(text).unwrap_err().to_string(), message, "{text}");
    }
    assert_eq!(
        NetworkConfig::parse_single(r#"{"name": "n"}"#).unwrap_err().to_string(),
        "1:1: `type` is missing"
    );
}

#[test]
fn the_chosen_version_wins() {
    let mut config = config(DBNET);
    let spoken =
        [("bridge".parse().unwrap(), cni_client::version::SupportedVersions::new([Version::V0_4_0]))];
    assert_eq!(config.choose_version(&spoken).unwrap(), Version::V0_4_0);
    assert_eq!(config.version().unwrap(), Version::V0_4_0);
    let none = [("bridge".parse().unwrap(), cni_client::version::SupportedVersions::new([Version::V0_1_0]))];
    assert!(config.choose_version(&none).is_err());
    assert_eq!(config.version().unwrap(), Version::V0_4_0);
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i128>().prop_map(|n| n.to_string()),
        "[0-9]{1,30}e[0-9]{3}".prop_filter("no leading zero", |text| !text.starts_with('0')),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(" , "))),
            proptest::collection::btree_map("[a-z./]{1,6}", inner, 0..4).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    /// Unknown members of list and plugins come back as they were, numbers and all.
    #[test]
    fn lists_come_back(list in value(), plugin in value(), check: bool, gc: bool) {
        let text = format!(
            r#"{{"cniVersion":"1.1.0","name":"n","disableCheck":{check},"disableGC":{gc},
                "plugins":[{{"type":"a","x-plugin":{plugin}}}],"x-list":{list}}}"#
        );
        let config = NetworkConfig::parse(&text).unwrap();
        let member = config.plugins()[0].member("x-plugin").unwrap();
        prop_assert_eq!(member.as_str(), plugin);
        prop_assert_eq!(config.other().get("x-list").unwrap().as_str(), list);
        prop_assert_eq!(NetworkConfig::parse(config.to_json().as_str()).unwrap(), config);
    }

    #[test]
    fn any_text_is_read_or_refused(text in r#"\{("name":"n",?)?("plugins":\[(\{"type":"a"\},?)*\],?)?.{0,20}\}?"#) {
        if let Ok(config) = NetworkConfig::parse(&text) {
            prop_assert_eq!(NetworkConfig::parse(config.to_json().as_str()).unwrap(), config);
        }
    }
}
