//! What registries send, without a registry: challenges and manifests.

use pod_core::image::Manifest;
use pod_core::registry::Challenge;

/// A scheme and its parameters.
type Expected = (&'static str, &'static [(&'static str, &'static str)]);

/// RFC 9110, section 11.6.1 (the third case is its own example), and what registries send.
#[test]
fn challenges() {
    let cases: [(&str, &[Expected]); 9] = [
        ("", &[]),
        ("Basic realm=\"a b\"", &[("Basic", &[("realm", "a b")])]),
        (
            "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
            &[
                ("Basic", &[("realm", "simple")]),
                ("Newauth", &[("realm", "apps"), ("type", "1"), ("title", "Login to \"apps\"")]),
            ],
        ),
        (
            "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull,push\"",
            &[(
                "Bearer",
                &[
                    ("realm", "https://auth.docker.io/token"),
                    ("service", "registry.docker.io"),
                    ("scope", "repository:a/b:pull,push"),
                ],
            )],
        ),
        ("Negotiate", &[("Negotiate", &[])]),
        ("Negotiate YII=, Basic realm=x", &[("Negotiate", &[]), ("Basic", &[("realm", "x")])]),
        (",, bearer REALM = x ,", &[("bearer", &[("realm", "x")])]),
        ("Digest, Basic", &[("Digest", &[]), ("Basic", &[])]),
        ("Basic realm=\"\"", &[("Basic", &[("realm", "")])]),
    ];
    for (header, expected) in cases {
        let read = Challenge::parse_all(header).unwrap();
        assert_eq!(read.len(), expected.len(), "{header}: {read:?}");
        for (challenge, (scheme, parameters)) in read.iter().zip(expected) {
            assert_eq!(challenge.scheme(), *scheme);
            for (name, value) in *parameters {
                assert_eq!(challenge.parameter(name), Some(*value), "{header}");
            }
        }
    }
}

#[test]
fn challenges_that_are_none() {
    let cases = [
        (
            "=x",
            "unexpected `=` at byte 0 of a challenge: a scheme or a parameter's name is made of token characters",
        ),
        ("Basic realm=\"x", "a challenge ends at byte 14: a quoted string ends with `\"`"),
        (
            "Basic realm=\"x\"y",
            "unexpected `y` at byte 15 of a challenge: after a parameter comes `,` or the end",
        ),
        (
            "Basic a=1, realm=",
            "a challenge ends at byte 17: a parameter's value is a token or a quoted string",
        ),
        ("a=b", "unexpected `=` at byte 1 of a challenge: a parameter comes after a scheme"),
        ("a(b", "unexpected `(` at byte 1 of a challenge: after a scheme comes a space, `,` or the end"),
    ];
    for (header, expected) in cases {
        assert_eq!(Challenge::parse_all(header).unwrap_err().to_string(), expected, "{header}");
    }
}

/// OCI image specification, "Image Manifest" and "Image Index"; Docker's schema 2; CVE-2021-41190 for the last ones.
#[test]
fn manifests() {
    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
    let zeros = "0".repeat(64);
    let blob = format!(r#"{{"mediaType": "x", "digest": "sha256:{zeros}", "size": 1}}"#);
    let image = format!(r#""schemaVersion": 2, "config": {blob}, "layers": [{blob}]"#);
    let good = [
        (format!("{{{image}}}"), None, OCI),
        (format!("{{{image}}}"), Some(DOCKER), DOCKER),
        (format!(r#"{{{image}, "mediaType": "{DOCKER}"}}"#), Some("application/json; charset=utf-8"), DOCKER),
        (r#"{"schemaVersion": 2, "manifests": []}"#.to_owned(), None, INDEX),
    ];
    for (text, served, expected) in good {
        assert_eq!(Manifest::parse(text.as_bytes(), served).unwrap().media_type(), expected);
    }
    let bad = [
        ("{}".to_owned(), None, "schemaVersion: missing".to_owned()),
        (r#"{"schemaVersion": 3}"#.to_owned(), None, "schemaVersion: must be 2, not 3".to_owned()),
        (r#"{"schemaVersion": 2}"#.to_owned(), None, "config: missing".to_owned()),
        (r#"{"schemaVersion": 2}"#.to_owned(), Some(INDEX), "manifests: missing".to_owned()),
        (format!(r#"{{"schemaVersion": 2, "config": {blob}}}"#), None, "layers: missing".to_owned()),
        (
            format!(r#"{{{image}, "mediaType": "{OCI}"}}"#),
            Some(DOCKER),
            format!("mediaType: `{OCI}`, but it was served as `{DOCKER}`"),
        ),
        (
            format!("{{{image}}}"),
            Some("text/html"),
            "mediaType: `text/html` is no manifest that is understood".to_owned(),
        ),
        (
            format!(r#"{{{image}, "manifests": []}}"#),
            None,
            "it has members of an image and of an index".to_owned(),
        ),
        (
            format!(r#"{{{image}, "manifests": []}}"#),
            Some(OCI),
            "it has members of an image and of an index".to_owned(),
        ),
        (
            r#"{"schemaVersion": 1, "fsLayers": []}"#.to_owned(),
            None,
            "schemaVersion 1 is not supported: it has no digests of its parts".to_owned(),
        ),
    ];
    for (text, served, expected) in bad {
        assert_eq!(Manifest::parse(text.as_bytes(), served).unwrap_err().to_string(), expected, "{text}");
    }
    // A size below zero, and a digest that is none.
    for blob in [
        r#"{"digest": "sha256:0", "size": 1}"#.to_owned(),
        format!(r#"{{"digest": "sha256:{zeros}", "size": -1}}"#),
    ] {
        let text = format!(r#"{{"schemaVersion": 2, "config": {blob}, "layers": []}}"#);
        assert!(Manifest::parse(text.as_bytes(), None).is_err());
    }
}
