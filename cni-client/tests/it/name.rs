//! Names: the rules of libcni's `pkg/utils`, with texts that name character and place.

use cni_client::error::ErrorCode;
use cni_client::name::{ContainerId, InterfaceName, NetworkName, PluginType};

#[test]
fn network_names() {
    for good in ["a", "9", "dbnet", "a.b-c_d", "A..B", "x-"] {
        assert_eq!(good.parse::<NetworkName>().unwrap().to_string(), good);
    }
    for (bad, text) in [
        ("", "a network name is empty"),
        ("../evil", "unexpected `.` at byte 0 of a network name: it begins with a letter or a digit"),
        ("-a", "unexpected `-` at byte 0 of a network name: it begins with a letter or a digit"),
        (
            "a/b",
            "unexpected `/` at byte 1 of a network name: only letters, digits, `_`, `.` and `-` are allowed",
        ),
        (
            "a\n",
            "unexpected `\\n` at byte 1 of a network name: only letters, digits, `_`, `.` and `-` are allowed",
        ),
        (
            "aä",
            "unexpected `ä` at byte 1 of a network name: only letters, digits, `_`, `.` and `-` are allowed",
        ),
    ] {
        let error = bad.parse::<NetworkName>().unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(error.code(), ErrorCode::InvalidConfig);
    }
}

#[test]
fn container_ids_have_the_codes_of_the_specification() {
    let long = "a".repeat(4096);
    assert_eq!(long.parse::<ContainerId>().unwrap().as_str(), long);
    let empty = "".parse::<ContainerId>().unwrap_err();
    assert_eq!(
        (empty.to_string().as_str(), empty.code()),
        ("a container ID is empty", ErrorCode::UnknownContainer)
    );
    let bad = "a:b".parse::<ContainerId>().unwrap_err();
    assert_eq!(
        bad.to_string(),
        "unexpected `:` at byte 1 of a container ID: only letters, digits, `_`, `.` and `-` are allowed"
    );
    assert_eq!(bad.code(), ErrorCode::InvalidEnvironment);
}

#[test]
fn interface_names() {
    for good in ["eth0", "a", "...", "0123456789abcde", "ä"] {
        assert_eq!(good.parse::<InterfaceName>().unwrap().as_str(), good);
    }
    let rule = "`/`, `:`, white space and zero bytes are not allowed";
    for (bad, text) in [
        ("", "an interface name is empty".to_owned()),
        (".", "an interface name is neither `.` nor `..`".to_owned()),
        ("..", "an interface name is neither `.` nor `..`".to_owned()),
        ("0123456789abcdef", "an interface name of 16 bytes is too long: at most 15".to_owned()),
        ("ääääääää", "an interface name of 16 bytes is too long: at most 15".to_owned()),
        ("a/b", format!("unexpected `/` at byte 1 of an interface name: {rule}")),
        ("eth0:1", format!("unexpected `:` at byte 4 of an interface name: {rule}")),
        ("eth 0", format!("unexpected ` ` at byte 3 of an interface name: {rule}")),
        ("a\u{a0}b", format!("unexpected `\\u{{a0}}` at byte 1 of an interface name: {rule}")),
        ("a\0", format!("unexpected `\\0` at byte 1 of an interface name: {rule}")),
    ] {
        let error = bad.parse::<InterfaceName>().unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(error.code(), ErrorCode::InvalidEnvironment);
    }
    assert_eq!(InterfaceName::eth(0).as_str(), "eth0");
    assert_eq!(InterfaceName::eth(u32::MAX).as_str(), "eth4294967295");
}

#[test]
fn plugin_types_stay_in_their_folder() {
    assert_eq!("host-local".parse::<PluginType>().unwrap().as_str(), "host-local");
    for (bad, text) in [
        ("", "a plugin type is empty"),
        ("..", "a plugin type is neither `.` nor `..`"),
        ("../bridge", "unexpected `/` at byte 2 of a plugin type: it is a file name, without a folder"),
        ("a\\b", "unexpected `\\\\` at byte 1 of a plugin type: it is a file name, without a folder"),
        ("a\0", "unexpected `\\0` at byte 1 of a plugin type: it is a file name, without a folder"),
    ] {
        assert_eq!(bad.parse::<PluginType>().unwrap_err().to_string(), text);
    }
}

#[test]
fn names_are_checked_when_they_are_decoded() {
    assert!(serde_json::from_str::<NetworkName>("\"../x\"").is_err());
    let name: NetworkName = serde_json::from_str("\"dbnet\"").unwrap();
    assert_eq!(serde_json::to_string(&name).unwrap(), "\"dbnet\"");
}
