//! What plugins say when they fail.

use cni_client::error::{ErrorCode, PluginError};
use proptest::prelude::*;

#[test]
fn errors_of_plugins() {
    let read = |text: &str| PluginError::decode(text.as_bytes());
    let error =
        read(r#"{"cniVersion":"0.4.0","code":100,"msg":"a","details":"b","x":9007199254740993}"#).unwrap();
    assert_eq!((error.code(), error.version()), (ErrorCode::Other(100), "0.4.0"));
    assert_eq!(error.to_string(), "a; b (code 100)");
    assert_eq!(error.other().get("x").unwrap().as_str(), "9007199254740993");
    // What the Go library writes has no version.
    assert_eq!(
        read("{\n    \"code\": 999,\n    \"msg\": \"no lease\\n\"\n}").unwrap().to_string(),
        "no lease (code 999)"
    );
    assert_eq!(read(r#"{"code":11}"#).unwrap().to_string(), "no message (code 11)");
    assert_eq!(read(r#"{"msg":"m"}"#).unwrap().code(), ErrorCode::Other(0));
    for (bad, text) in [
        ("{}", "1:1: an error has `code` and `msg`"),
        ("panic: x", "1:1: expected value"),
        (r#"{"code":"7","msg":"m"}"#, "1:9: code: expected an integer from 0, found `\"7\"`"),
        (r#"{"code":-1,"msg":"m"}"#, "1:9: code: expected an integer from 0, found `-1`"),
        (r#"{"code":7,"msg":{}}"#, "1:17: msg: expected a string, found an object"),
    ] {
        assert_eq!(read(bad).unwrap_err().to_string(), text);
    }
    assert_eq!(PluginError::decode(b"{\"msg\":\"\xff\"}").unwrap_err().to_string(), "1:9: not UTF-8");
}

proptest! {
    #[test]
    fn codes_come_back(number: u64) {
        prop_assert_eq!(ErrorCode::from(number).number(), number);
    }

    #[test]
    fn errors_come_back(code in 0u64..2000, message in ".*", details in ".*") {
        let error = PluginError::new(ErrorCode::from(code), message).with_details(details);
        prop_assert_eq!(PluginError::decode(error.to_json().as_str().as_bytes()).unwrap(), error);
    }
}
