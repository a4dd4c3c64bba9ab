//! Image names: the verdicts of the Go library (`vectors/reference-distribution-2.8.2.jsonl`), what is newer than it, exact
//! errors, equality, and round trips.

use pod_core::image::{Algorithm, Digest, PullDecision, PullPolicy, Reference};
use proptest::prelude::*;
use serde_json::{Value, json};

const SHA256: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What the vectors say of a name, said by us.
fn described(text: &str) -> Value {
    let Ok(name) = Reference::parse(text) else { return json!({ "in": text, "error": true }) };
    let mut row = json!({
        "in": text,
        "domain": name.domain(),
        "path": name.path(),
        "familiar": name.familiar().to_string(),
        "normalized": name.to_string(),
    });
    if let Some(tag) = name.tag() {
        row["tag"] = tag.into();
    }
    if let Some(digest) = name.digest() {
        row["digest"] = digest.as_str().into();
    }
    row
}

#[test]
fn agrees_with_the_go_library() {
    let mut wrong = Vec::new();
    let vectors = include_str!("../vectors/reference-distribution-2.8.2.jsonl");
    assert!(vectors.lines().count() > 300);
    for line in vectors.lines() {
        let mut theirs: Value = serde_json::from_str(line).unwrap();
        if theirs.get("error").is_some() {
            theirs["error"] = true.into();
        }
        let ours = described(theirs["in"].as_str().unwrap());
        if ours != theirs {
            wrong.push(format!("Go   {theirs}\nours {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// distribution/reference 0.6.0: IPv6 hosts (`regexp.go`), capitals make a domain (`splitDockerDomain`), and the limit is the
/// repository's alone (`Parse`).
#[test]
fn follows_the_newer_rules() {
    for (text, domain, path) in [
        ("[::1]/a", "[::1]", "a"),
        ("[2001:db8::1]:5000/a/b:t", "[2001:db8::1]:5000", "a/b"),
        ("[FE80::a]/library/a", "[FE80::a]", "library/a"),
        ("Foo/bar", "Foo", "bar"),
        ("LOCALHOST/a", "LOCALHOST", "a"),
    ] {
        let name = Reference::parse(text).unwrap();
        assert_eq!((name.domain(), &*name.path()), (domain, path), "{text}");
    }
    for text in ["[fe80::1%eth0]/a", "[]/a", "[::1/a", "::1/a", "[::1]:x/a", "[::1]x/a", "[::1]", "x[::1]/a"]
    {
        Reference::parse(text).unwrap_err();
    }
    let domain = "a.".repeat(100) + "com";
    assert!(Reference::parse(&format!("{domain}/{}", "p".repeat(255))).is_ok());
    assert!(Reference::parse(&"p".repeat(255 - "library/".len())).is_ok());
    assert!(Reference::parse(&"p".repeat(256 - "library/".len())).is_err());
}

#[test]
fn errors_name_the_position_and_the_rule() {
    for (text, position, message) in [
        ("", 0, "an image name is empty"),
        (&"0a".repeat(32), 0, "64 hexadecimal digits are an image's identifier, not its name"),
        (
            "nginx:",
            6,
            "an image name ends at byte 6: a tag is made of letters, digits and `_`, after the first also `.` and `-`",
        ),
        (
            "Nginx",
            0,
            "unexpected `N` at byte 0 of an image name: a repository is made of `a-z` and `0-9`, joined by `.`, `_`, `__`, `-` or `/`",
        ),
        (
            "quay.io/a b",
            9,
            "unexpected ` ` at byte 9 of an image name: a repository is made of `a-z` and `0-9`, joined by `.`, `_`, `__`, `-` or `/`",
        ),
        (
            "-a.io/b",
            0,
            "unexpected `-` at byte 0 of an image name: a domain is letters, digits and inner `-`, joined by `.`, or an IPv6 address in \
             brackets, and then a port",
        ),
        ("a.io:5x/b", 6, "unexpected `x` at byte 6 of an image name: a port is made of digits"),
        (
            &format!("a:{}", "t".repeat(129)),
            130,
            "unexpected `t` at byte 130 of an image name: a tag has at most 128 characters",
        ),
        (&"p".repeat(300), 247, "the repository of an image name has 308 bytes: at most 255 are allowed"),
        (
            "a@sha256:0123",
            13,
            "an image name ends at byte 13: the hash of a digest has at least 32 hexadecimal digits",
        ),
        (
            &format!("a@sha256:{}", "0".repeat(40)),
            2,
            "the digest at byte 2 of an image name is none: a digest ends at byte 47: sha256 has 64 hexadecimal digits",
        ),
        (
            &format!("a@md5:{}", "0".repeat(32)),
            2,
            "unknown digest algorithm `md5` at byte 2 of an image name: sha256, sha384 or sha512 is wanted",
        ),
    ] {
        let error = Reference::parse(text).unwrap_err();
        assert_eq!((error.position(), error.to_string().as_str()), (position, message), "{text}");
    }
}

#[test]
fn names_are_equal_by_meaning() {
    let name = |text: &'static str| Reference::parse(text).unwrap();
    assert_eq!(name("nginx"), name("index.docker.io/library/nginx"));
    assert_ne!(name("nginx"), name("nginx:latest"));
    // A sanitised name would confuse these two.
    assert_ne!(name("reg:5000/a"), name("reg-5000/a"));
    assert_eq!(name("nginx").name().to_string(), "docker.io/library/nginx");
    // The one case in which the familiar form means another image; Go's does the same.
    assert_eq!(name("docker.io/a.b/c").familiar().to_string(), "a.b/c");
}

/// kubelet `applyDefaultImageTag`: the short name stays short.
#[test]
fn the_default_tag_is_added_to_the_text() {
    for (text, with) in
        [("nginx", "nginx:latest"), ("localhost:5000/a", "localhost:5000/a:latest"), ("nginx:1", "nginx:1")]
    {
        let name = Reference::parse(text).unwrap().with_default_tag();
        assert_eq!((name.as_written(), name.tag().is_some()), (with, true));
    }
    let digested = format!("nginx@{SHA256}");
    assert_eq!(Reference::parse(&digested).unwrap().with_default_tag().as_written(), digested);
}

/// API server `SetDefaults_Container` over `parsers.ParseImageName`.
#[test]
fn policies_default_by_tag() {
    for (image, policy) in [
        ("nginx", PullPolicy::Always),
        ("nginx:latest", PullPolicy::Always),
        ("a.io:5000/nginx", PullPolicy::Always),
        ("nginx:1.27", PullPolicy::IfNotPresent),
        ("nginx:LATEST", PullPolicy::IfNotPresent),
        (
            "nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            PullPolicy::IfNotPresent,
        ),
        (
            "nginx:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            PullPolicy::Always,
        ),
        (
            "nginx:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            PullPolicy::IfNotPresent,
        ),
        ("NGINX", PullPolicy::IfNotPresent),
        ("nginx:latest ", PullPolicy::IfNotPresent),
        ("", PullPolicy::IfNotPresent),
    ] {
        assert_eq!(PullPolicy::default_for(image), policy, "{image}");
    }
}

/// kubelet `shouldPullImage` and `EnsureImageExists`.
#[test]
fn policy_and_presence_decide() {
    use PullDecision::{Missing, Pull, Use};
    for (policy, absent, present) in [
        (PullPolicy::Always, Pull, Pull),
        (PullPolicy::IfNotPresent, Pull, Use),
        (PullPolicy::Never, Missing, Use),
    ] {
        assert_eq!((policy.decide(false), policy.decide(true)), (absent, present), "{policy:?}");
    }
}

/// OCI image specification, "Digests"; opencontainers/go-digest `Validate`.
#[test]
fn digests_are_checked_when_registered() {
    assert_eq!(Digest::parse(SHA256).unwrap().registered(), Some(Algorithm::Sha256));
    let multi = Digest::parse("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8").unwrap();
    assert_eq!((multi.algorithm(), multi.registered()), ("multihash+base58", None));
    for (text, position, message) in [
        ("sha256", 6, "a digest ends at byte 6: it is an algorithm such as `sha256`, a colon and the hash"),
        (
            ":ab",
            0,
            "unexpected `:` at byte 0 of a digest: it is an algorithm such as `sha256`, a colon and the hash",
        ),
        (
            "SHA256:ab",
            0,
            "unexpected `S` at byte 0 of a digest: it is an algorithm such as `sha256`, a colon and the hash",
        ),
        ("md5:", 4, "a digest ends at byte 4: a hash is made of letters, digits, `=`, `_` and `-`"),
        (
            "md5:a b",
            5,
            "unexpected ` ` at byte 5 of a digest: a hash is made of letters, digits, `=`, `_` and `-`",
        ),
        ("sha384:F", 7, "unexpected `F` at byte 7 of a digest: sha384 has 96 hexadecimal digits"),
    ] {
        let error = Digest::parse(text).unwrap_err();
        assert_eq!((error.position(), error.to_string().as_str()), (position, message), "{text}");
    }
    assert_eq!(Digest::parse(&format!("{SHA256}0")).unwrap_err().position(), SHA256.len());
}

#[test]
fn json_keeps_the_text() {
    let name: Reference<'static> = serde_json::from_str("\"nginx:1\"").unwrap();
    assert_eq!(serde_json::to_string(&name).unwrap(), "\"nginx:1\"");
    assert!(serde_json::from_str::<Reference<'static>>("\"Nginx\"").is_err());
}

proptest! {
    #[test]
    fn every_form_reads_back(text in "([a-zA-Z0-9.\\[\\]:_-]{1,12}/)?[a-z0-9._-]{1,10}(/[a-z0-9._-]{1,6}){0,2}(:[\\w.-]{1,8})?") {
        if let Ok(name) = Reference::parse(&text) {
            prop_assert_eq!(name.as_written(), text.as_str());
            for form in [name.to_string(), name.familiar().to_string()] {
                prop_assert_eq!(&Reference::parse(&form).unwrap(), &name, "{}", form);
            }
        }
    }

    #[test]
    fn errors_point_into_the_text(text in ".{0,40}") {
        if let Err(error) = Reference::parse(&text) {
            prop_assert!(text.is_char_boundary(error.position()));
        }
    }
}

/// Reading borrows: names of every form, and asking for their parts where the text has them.
#[test]
fn reading_allocates_nothing() {
    let names = [
        "nginx",
        "team/app:1",
        "registry.example.com:5000/team/app:2024",
        "[fd00::1]:5000/a/b",
        "gcr.io/pause@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097",
    ];
    for name in names {
        let counted = allocation_counter::measure(|| {
            let name = Reference::parse(name).unwrap();
            assert!(!name.domain().is_empty());
            assert!(name.tag().is_some() || name.digest().is_some() || name.as_written().len() > 4);
        });
        assert_eq!(counted.count_total, 0, "{name}");
    }
    // The Hub's official images are told in full, which the text does not have; and it is counted.
    let counted = allocation_counter::measure(|| {
        assert_eq!(Reference::parse("nginx").unwrap().path(), "library/nginx");
    });
    assert_eq!(counted.count_total, 1, "{counted:?}");
}
