//! Records: this crate's, libcni's, and libcni's of old.

use cni_client::attachment::{Attachment, AttachmentKey, legacy_result};
use cni_client::version::Version;
use proptest::prelude::*;

use super::{DBNET, config, request};

/// What libcni 1.3.0 writes for a chain of one, shortened; `config` is the file's text in base64.
pub(crate) const LIBCNI: &str = r#"{"kind":"cniCacheV1","containerId":"c1","config":"eyJjbmlWZXJzaW9uIjoiMC40LjAiLCJuYW1lIjoibiIsInBsdWdpbnMiOlt7InR5cGUiOiJub29wIiwieCI6OTAwNzE5OTI1NDc0MDk5M31dfQ==","ifName":"eth0","networkName":"n","netns":"/run/netns/c1","cniArgs":[["IgnoreUnknown","1"],["IP","10.1.0.7"]],"capabilityArgs":{"mac":"00:11:22:33:44:66"},"result":{"cniVersion":"0.4.0","dns":{},"ips":[{"address":"10.1.0.7/16","version":"4"}]}}"#;

#[test]
fn records_of_libcni_are_read() {
    let attachment = Attachment::parse(LIBCNI).unwrap();
    assert_eq!(attachment.key().to_string(), "n:c1:eth0");
    assert_eq!(attachment.version(), Version::V0_4_0);
    assert_eq!(attachment.netns().unwrap().as_str(), "/run/netns/c1");
    assert_eq!(attachment.args().to_string(), "IgnoreUnknown=1;IP=10.1.0.7");
    assert_eq!(attachment.capabilities().get("mac").unwrap().as_str(), "\"00:11:22:33:44:66\"");
    assert_eq!(attachment.config().plugins()[0].member("x").unwrap().as_str(), "9007199254740993");
    assert_eq!(attachment.result().unwrap().ips.len(), 1);
    // From then on it is a record of this crate.
    assert_eq!(Attachment::parse(attachment.to_json().as_str()).unwrap(), attachment);
}

#[test]
fn records_of_this_crate() {
    let attachment = Attachment::new(config(DBNET).with_version(Version::V0_4_0), request()).unwrap();
    let json = attachment.to_json();
    assert!(
        json.as_str().starts_with(concat!(
            r#"{"kind":"podkitAttachmentV1","networkName":"dbnet","containerId":"c1","ifName":"eth0","#,
            r#""netns":"/run/netns/c1","cniVersion":"0.4.0","config":{"cniVersion":"1.0.0","#
        )),
        "{json}"
    );
    let read = Attachment::parse(json.as_str()).unwrap();
    assert_eq!((read.version(), read.config().version().unwrap()), (Version::V0_4_0, Version::V0_4_0));
    assert_eq!(read, attachment);
    let gone = attachment.without_netns();
    assert_eq!(Attachment::parse(gone.to_json().as_str()).unwrap().netns(), None);
}

#[test]
fn bare_results_of_old() {
    let result =
        legacy_result(r#"{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.1.0.7/16"}]}"#).unwrap();
    assert_eq!(result.version(), Version::V0_3_1);
    assert_eq!(legacy_result(LIBCNI).unwrap_err().to_string(), "1:9: kind: a bare result has no `kind`");
}

#[test]
fn what_is_wrong_and_where() {
    let bad_config = LIBCNI.replace("eyJjbmlW", "!");
    for (text, message) in [
        ("", "1:1: EOF while parsing a value"),
        ("{}", "1:1: `kind` is missing"),
        (r#"{"kind":"cniCacheV9"}"#, "1:9: kind: unknown kind `cniCacheV9` of a record"),
        (
            r#"{"kind":"podkitAttachmentV1","cniVersion":"2.0.0","config":{"name":"n"}}"#,
            "1:43: cniVersion: unknown version `2.0.0` of an attachment",
        ),
        (r#"{"kind":"podkitAttachmentV1","cniVersion":"1.0.0"}"#, "1:1: `config` is missing"),
        (
            r#"{"kind":"podkitAttachmentV1","cniVersion":"1.0.0","config":{"name":"n","plugins":[{}]},"networkName":"n"}"#,
            "1:83: config.plugins[0]: `type` is missing",
        ),
        (
            &LIBCNI.replace("\"networkName\":\"n\"", "\"networkName\":\"m\""),
            "1:195: networkName: the configuration is of network `n`",
        ),
        (
            &LIBCNI.replace("\"c1\"", "\"../c\""),
            "1:36: containerId: unexpected `.` at byte 0 of a container ID: it begins with a letter or a digit",
        ),
        (
            &LIBCNI.replace("[\"IP\",\"10.1.0.7\"]", "[\"IP\"]"),
            "1:256: cniArgs[1]: expected a key and a value",
        ),
        (&bad_config, "1:50: config: the configuration is not base64"),
    ] {
        assert_eq!(Attachment::parse(text).unwrap_err().to_string(), message, "{text}");
    }
}

/// libcni joins with `-`: (`a-b`, `c`) and (`a`, `b-c`) share a file there.
#[test]
fn keys_never_collide() {
    let key = |network: &str, container: &str| {
        AttachmentKey::new(network.parse().unwrap(), container.parse().unwrap(), "eth0".parse().unwrap())
    };
    assert_ne!(key("a-b", "c").to_string(), key("a", "b-c").to_string());
    for (bad, text) in [
        ("a:b", "an attachment is named by network, container and interface with `:` between them"),
        ("a:b:c:d", "an attachment is named by network, container and interface with `:` between them"),
        ("a::c", "a container ID is empty"),
    ] {
        assert_eq!(bad.parse::<AttachmentKey>().unwrap_err().to_string(), text);
    }
}

proptest! {
    #[test]
    fn keys_come_back(network in "[a-z0-9][a-zA-Z0-9_.-]{0,9}", container in "[a-z0-9][a-zA-Z0-9_.-]{0,9}", interface in "[a-z.-]{3,15}") {
        let key = AttachmentKey::new(network.parse().unwrap(), container.parse().unwrap(), interface.parse().unwrap());
        prop_assert_eq!(key.to_string().parse::<AttachmentKey>().unwrap(), key);
    }

    #[test]
    fn records_come_back(result in super::result::result(), args in "([a-z]{1,4}=[a-z=:]{0,4}(;[a-z]{1,4}=[0-9]{0,4}){0,2})?", mac in ".{0,8}") {
        let mut capabilities = cni_client::request::CapabilityArgs::new();
        capabilities.set_mac(&mac);
        let request = request().with_args(args.parse().unwrap()).with_capabilities(capabilities);
        let attachment = Attachment::new(config(DBNET), request).unwrap().with_result(result);
        prop_assert_eq!(Attachment::parse(attachment.to_json().as_str()).unwrap(), attachment);
    }
}
