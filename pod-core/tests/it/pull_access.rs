//! Who may use an image that is on the node (kubelet 1.36, `pkg/kubelet/images/pullmanager`).

use pod_core::image::{
    CredentialProof, CredentialVerification as Verification, Presence, PullDecision, PullPolicy, PullRecord,
    Reference,
};

fn name(text: &str) -> Reference<'_> {
    Reference::parse(text).unwrap()
}

fn proof(secret: &str, hash: &str) -> CredentialProof {
    CredentialProof {
        namespace: "default".to_owned(),
        name: secret.to_owned(),
        uid: format!("uid-of-{secret}"),
        hash: hash.to_owned(),
    }
}

fn record() -> PullRecord {
    let mut record = PullRecord::default();
    record.pulled_by(&name("r.example/team/app:1"), proof("mine", "h1"));
    record.pulled_by_everyone(&name("r.example/open/app"));
    record
}

/// `MustAttemptImagePull`: what of a pod's credentials opens an image that others have pulled.
#[test]
fn an_image_is_for_those_who_could_pull_it() {
    let record = record();
    let cases = [
        ("r.example/team/app:1", vec![], false),
        // The same password from elsewhere.
        ("r.example/team/app:1", vec![proof("other", "h1")], true),
        // The same Secret with a new password.
        ("r.example/team/app:1", vec![proof("mine", "h2")], true),
        ("r.example/team/app:1", vec![proof("other", "h2")], false),
        ("r.example/team/app:1", vec![proof("other", "h2"), proof("mine", "h1")], true),
        // No hash is no proof.
        ("r.example/team/app:1", vec![proof("other", "")], false),
        // Access is to the repository, whatever the tag.
        (
            "r.example/team/app@sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            vec![proof("mine", "h1")],
            true,
        ),
        // The same image under another name says nothing.
        ("r.example/other/app:1", vec![proof("mine", "h1")], false),
        ("r.example/open/app:7", vec![], true),
    ];
    for (image, credentials, may) in cases {
        let decide = |policy: PullPolicy| {
            policy.decide_for(&name(image), Presence::Pulled(&record), &credentials, &Verification::default())
        };
        let (wanted, never) = if may {
            (PullDecision::Use, PullDecision::Use)
        } else {
            (PullDecision::Pull, PullDecision::Missing)
        };
        assert_eq!(decide(PullPolicy::IfNotPresent), wanted, "{image} {credentials:?}");
        assert_eq!(decide(PullPolicy::Never), never, "{image} {credentials:?}");
        assert_eq!(decide(PullPolicy::Always), PullDecision::Pull);
    }
}

/// `RequireCredentialVerificationForImage`.
#[test]
fn verification_is_for_whom_the_node_says() {
    let record = record();
    let listed =
        |list: &[&str]| Verification::NotListed(list.iter().map(|entry| (*entry).to_owned()).collect());
    let image = name("r.example/team/app:1");
    // Verification, whether a preloaded image is used, whether one that others have pulled is.
    let cases = [
        (Verification::Never, true, true),
        (Verification::Pulled, true, false),
        (Verification::Always, false, false),
        (listed(&["r.example/team/app"]), true, true),
        (listed(&["r.example/team/*"]), true, true),
        (listed(&["r.example/tea*", "r.example/team", "other/*"]), false, false),
        (listed(&[]), false, false),
    ];
    for (verification, preloaded, pulled) in cases {
        let uses = |presence| {
            PullPolicy::IfNotPresent.decide_for(&image, presence, &[], &verification) == PullDecision::Use
        };
        assert_eq!(
            (uses(Presence::Preloaded), uses(Presence::Pulled(&record))),
            (preloaded, pulled),
            "{verification:?}"
        );
        assert!(!uses(Presence::Absent));
    }
}

#[test]
fn a_record_is_kept_as_json_without_passwords() {
    let mut record = record();
    record.pulled_by(&name("r.example/team/app"), proof("mine", "h2"));
    record.pulled_by(&name("r.example/open/app"), proof("mine", "h2"));
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(
        text,
        r#"{"r.example/open/app":"everyone","r.example/team/app":{"holders":[{"namespace":"default","name":"mine","uid":"uid-of-mine","hash":"h2"}]}}"#
    );
    assert_eq!(serde_json::from_str::<PullRecord>(&text).unwrap(), record);
}

#[test]
fn always_pull_images_leaves_no_other_policy() {
    for policy in [PullPolicy::Always, PullPolicy::IfNotPresent, PullPolicy::Never] {
        assert_eq!(policy.under_always_pull_images(), PullPolicy::Always);
    }
}
