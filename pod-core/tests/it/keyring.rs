//! Credentials and the images that they are for.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pod_core::image::{ConfigFormat, Credential, DockerConfig, HostMatching, Keyring, Login};
use proptest::prelude::*;

fn config(text: &str) -> DockerConfig {
    DockerConfig::read(ConfigFormat::ConfigJson, text.as_bytes()).unwrap()
}

fn keyring(text: &str) -> Keyring {
    let mut keyring = Keyring::new();
    keyring.add(config(text));
    keyring
}

fn keys<'k>(keyring: &'k Keyring, repository: &str) -> Vec<&'k str> {
    keyring.lookup_repository(repository).iter().map(pod_core::image::Candidate::key).collect()
}

fn problems(text: &str) -> Vec<String> {
    config(text).problems().iter().map(ToString::to_string).collect()
}

/// Users and passwords of the candidates, `token` for a token, `?program server` for a helper.
fn logins(keyring: &Keyring, repository: &str) -> Vec<String> {
    let shown = |login: &Login<'_>| match login {
        Login::Known(Credential::Password { username, password }) => {
            format!("{username}:{}", password.expose())
        }
        Login::Known(Credential::IdentityToken(token)) => format!("identity {}", token.expose()),
        Login::Known(Credential::RegistryToken(token)) => format!("registry {}", token.expose()),
        Login::Ask(call) => format!("?{} {}", call.program(), call.server()),
        _ => unreachable!(),
    };
    keyring.lookup_repository(repository).iter().map(|candidate| shown(candidate.login())).collect()
}

/// Go's libraries, put together as the kubelet does: `vectors/keyring/oracle.go`.
#[test]
fn one_key_is_for_the_images_that_the_kubelet_says() {
    const IMAGES: [&str; 26] = [
        "my-registry.io/images",
        "my-registry.io/images/my-image",
        "my-registry.io/images2/a",
        "my-registry.io/other",
        "sub.my-registry.io/images/a",
        "a.sub.my-registry.io/images/a",
        "sub-my-registry.io/images",
        "my-registry.io:5000/images/a",
        "127.0.0.1:5000/a",
        "[::1]:5000/a",
        "localhost:5000/a",
        "localhost/a",
        "docker.io/library/nginx",
        "docker.io/team/app",
        "index.docker.io/team/app",
        "nginx",
        "team/app",
        "mé.io/a",
        "gcr.io/team/a",
        "eu.gcr.io/team/a",
        "k8s.gcr.io/team/a",
        "my-registry.io/images/subpath/my-image",
        "example.io/a",
        "EXAMPLE.io/a",
        "my-registry.io/a b/c",
        "my-registry.io/v1/images",
    ];
    let mut count = 0;
    for line in include_str!("../vectors/keyring/lookup.tsv").lines() {
        let [written, filed, images] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let written = written.replace("\\t", "\t");
        let text = serde_json::json!({"auths": {&written: {"auth": STANDARD.encode("u:p")}}}).to_string();
        let config = config(&text);
        match config.keys().next() {
            Some(key) => assert_eq!(key, filed, "{written:?}"),
            None => assert!(images.is_empty() && config.problems().len() == 1, "{written:?}"),
        }
        let mut keyring = Keyring::new();
        keyring.add(config);
        let mut found: Vec<_> =
            IMAGES.into_iter().filter(|image| !keyring.lookup_repository(image).is_empty()).collect();
        found.sort_unstable();
        assert_eq!(found.join("|"), images, "{written:?}");
        count += 1;
    }
    assert_eq!(count, 73);
}

/// The table of the Kubernetes documentation that source document 003 shows: the code and the page disagree on two names.
#[test]
fn the_documentation_of_2020_is_an_option() {
    let names = [
        ("my-registry.io/images", true, true),
        ("my-registry.io/images/my-image", true, true),
        ("my-registry.io/images/another-image", true, true),
        ("sub.my-registry.io/images/my-image", false, true),
        ("a.sub.my-registry.io/images/my-image", false, true),
        ("my-registry.com/images/my-image", false, false),
        ("my-registry.io:5000/images/my-image", false, false),
        ("my-registry.io/other", false, false),
    ];
    let code = keyring(r#"{"auths": {"*my-registry.io/images": {"auth": "dTpw"}}}"#);
    let page = code.clone().with_host_matching(HostMatching::Whole);
    for (name, by_code, by_page) in names {
        assert_eq!(code.lookup_repository(name).len(), usize::from(by_code), "{name}");
        assert_eq!(page.lookup_repository(name).len(), usize::from(by_page), "{name}");
    }
}

/// Source document 003: both entries are tried for an image under the longer path. keyring.go: descending order of keys.
#[test]
fn all_candidates_most_specific_first() {
    let keyring = keyring(
        r#"{"auths": {
            "my-registry.io/images": {"auth": "YTox"},
            "my-registry.io/images/subpath": {"auth": "Yjoy"},
            "*.io": {"username": "c", "password": "3"},
            "my-registry.io": {"auth": "ZDo0"}}}"#,
    );
    assert_eq!(logins(&keyring, "my-registry.io/images/subpath/my-image"), ["b:2", "a:1", "d:4", "c:3"]);
    assert_eq!(
        keys(&keyring, "my-registry.io/images/subpath/my-image"),
        ["my-registry.io/images/subpath", "my-registry.io/images", "my-registry.io", "*.io"]
    );
    assert_eq!(keys(&keyring, "other.io:1/a"), [""; 0]);
}

/// MakeDockerKeyring: all secrets are one keyring, and the node's comes after it.
#[test]
fn pull_secrets_come_before_the_node() {
    let secret = |auth: &str| format!(r#"{{"r.example": {{"auth": "{auth}"}}}}"#);
    let mut secrets = Keyring::new();
    for auth in ["Zmlyc3Q6MQ", "c2Vjb25kOjI="] {
        secrets.add(DockerConfig::read(ConfigFormat::Dockercfg, secret(auth).as_bytes()).unwrap());
    }
    secrets.add(config(r#"{"auths": {"r.example/team": {"auth": "dGVhbToz"}}}"#));
    let node = keyring(r#"{"auths": {"r.example/team/app": {"auth": "bm9kZTo0"}}}"#);
    let merged = secrets.then(node);
    assert_eq!(logins(&merged, "r.example/team/app"), ["team:3", "first:1", "second:2", "node:4"]);
}

#[test]
fn secrets_of_both_kubernetes_types() {
    let types = [
        (
            "kubernetes.io/dockerconfigjson",
            ".dockerconfigjson",
            r#"{"auths": {"r.example": {"auth": "dTpw"}}}"#,
        ),
        ("kubernetes.io/dockercfg", ".dockercfg", r#"{"r.example": {"auth": "dTpw"}}"#),
    ];
    for (name, key, data) in types {
        let format = ConfigFormat::of_secret(name).unwrap();
        assert_eq!(format.secret_key(), key);
        let config = DockerConfig::read(format, data.as_bytes()).unwrap();
        assert_eq!(config.keys().collect::<Vec<_>>(), ["r.example"]);
    }
    assert_eq!(ConfigFormat::of_secret("kubernetes.io/tls"), None);
    assert_eq!(ConfigFormat::of_file(".dockercfg"), ConfigFormat::Dockercfg);
    assert_eq!(ConfigFormat::of_file("config.json"), ConfigFormat::ConfigJson);
}

/// Fields of an entry: docker/cli's `AuthConfig`, decoded as the kubelet's `decodeDockerConfigFieldAuth` does.
#[test]
fn what_an_entry_says() {
    let cases = [
        (r#"{"username": "u", "password": "p"}"#, "u:p"),
        (r#"{"username": "u"}"#, "u:"),
        (r#"{"password": "p"}"#, ":p"),
        // `auth` wins over the two fields.
        (r#"{"username": "x", "password": "y", "auth": "dTpw"}"#, "u:p"),
        (r#"{"auth": "dTpw", "email": "a@b.example"}"#, "u:p"),
        (r#"{"auth": "dTpw\n"}"#, "u:p"),
        // Only the first colon separates.
        (r#"{"auth": "dTpwOnE6"}"#, "u:p:q:"),
        (r#"{"auth": "Og=="}"#, ":"),
        // Padded and unpadded.
        (r#"{"auth": "dXNlcjpw"}"#, "user:p"),
        (r#"{"auth": "dXNlcjpwYQ=="}"#, "user:pa"),
        (r#"{"auth": "dXNlcjpwYQ"}"#, "user:pa"),
        (r#"{"Auth": "dTpw"}"#, "u:p"),
        (r#"{"auth": "dTpw", "identitytoken": "t"}"#, "identity t"),
        (r#"{"auth": "dTpw", "registrytoken": "t"}"#, "registry t"),
        (r#"{"username": "\u00fc", "password": "\"\\"}"#, "ü:\"\\"),
        // The last of two wins.
        (r#"{"auth": "eDp5", "auth": "dTpw"}"#, "u:p"),
    ];
    for (entry, expected) in cases {
        let keyring = keyring(&format!(r#"{{"auths": {{"r.example": {entry}}}}}"#));
        assert_eq!(logins(&keyring, "r.example/a"), [expected], "{entry}");
    }
    // An entry without credentials is what Docker writes beside a store: neither a candidate nor a fault.
    for entry in ["{}", "null", r#"{"auth": ""}"#, r#"{"auth": null, "email": "a@b.example"}"#] {
        let text = format!(r#"{{"auths": {{"r.example": {entry}}}}}"#);
        assert_eq!(keyring(&text).lookup_repository("r.example/a"), [], "{entry}");
        assert_eq!(problems(&text), [""; 0], "{entry}");
    }
}

/// Each fault is named by its path and spoils nothing else. The first two are the configurations of source document 003.
#[test]
fn a_broken_entry_is_a_problem_of_its_own() {
    let cases = [
        (
            r#""auths": {"*my-registry.io/images": {"auth": "..."}}"#,
            r#"auths["*my-registry.io/images"].auth: not base64 at byte 0"#,
        ),
        (
            r#""auths": {"my-registry.io/images/subpath": {"auth": "..."}}"#,
            r#"auths["my-registry.io/images/subpath"].auth: not base64 at byte 0"#,
        ),
        (r#""auths": {"a": {"auth": "dTp-"}}"#, r#"auths["a"].auth: not base64 at byte 3"#),
        (
            r#""auths": {"a": {"auth": "dTpwd"}}"#,
            r#"auths["a"].auth: not base64: it ends too early, or its padding is wrong"#,
        ),
        (
            r#""auths": {"a": {"auth": "dXNlcg"}}"#,
            r#"auths["a"].auth: what the base64 stands for has no `:` between user and password"#,
        ),
        (
            r#""auths": {"a": {"auth": "/zo="}}"#,
            r#"auths["a"].auth: what the base64 stands for is not UTF-8"#,
        ),
        (r#""auths": {"a": {"auth": 5}}"#, r#"auths["a"].auth: must be a string"#),
        (r#""auths": {"a": {"password": ["hunter2"]}}"#, r#"auths["a"].password: must be a string"#),
        (r#""auths": {"a": "hunter2"}"#, r#"auths["a"]: must be an object"#),
        (r#""auths": ["hunter2"]"#, "auths: must be an object"),
        (
            r#""auths": {"https://user:hunter2@[a": {"auth": "dTpw"}}"#,
            r#"auths["https://[a"]: the host has a character that no URL's host may have"#,
        ),
        (
            r#""auths": {"a:port": {"auth": "dTpw"}}"#,
            r#"auths["a:port"]: what follows the host's last `:` is not a port number"#,
        ),
        (
            r#""auths": {"a.[b.c": {"auth": "dTpw"}}"#,
            r#"auths["a.[b.c"]: the host is a malformed pattern: a `[` without its `]`, or an empty range"#,
        ),
        (
            r#""credHelpers": {"a": "../../bin/sh"}"#,
            r#"credHelpers["a"]: the helper's name may have only letters, digits, `-`, `_` and `.`"#,
        ),
        (r#""credsStore": {}"#, "credsStore: must be a string"),
    ];
    for (broken, problem) in cases {
        assert_eq!(problems(&format!("{{{broken}}}")), [problem], "{broken}");
    }
    let text = r#"{"auths": {"a.example": {"auth": "..."}, "b.example": {"auth": "dTpw"}, "c.example": 5}, "credsStore": "ok"}"#;
    assert_eq!(problems(text).len(), 2);
    assert_eq!(logins(&keyring(text), "b.example/x"), ["u:p", "?docker-credential-ok b.example"]);
}

#[test]
fn a_file_that_is_no_object_is_an_error() {
    let cases = [
        ("", "not JSON: line 1, column 0"),
        ("[]", "the credentials are not one JSON object: line 1, column 0"),
        ("\"hunter2\"", "the credentials are not one JSON object: line 1, column 9"),
        ("{\"auths\":\n {\"a\": hunter2}}", "not JSON: line 2, column 8"),
        ("{} {}", "not JSON: line 1, column 4"),
    ];
    for (text, expected) in cases {
        let error = DockerConfig::read(ConfigFormat::ConfigJson, text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text:?}");
        assert!(!error.to_string().contains("hunter2"));
    }
}

/// docker/cli: a helper of one registry replaces the file's entry, `credsStore` is asked for every other one.
#[test]
fn helpers_are_questions() {
    let keyring = keyring(
        r#"{"auths": {"r.example:5000": {"auth": "dTpw"}, "https://index.docker.io/v1/": {}},
            "credHelpers": {"r.example:5000": "pass", "docker.io": "hub"}, "credsStore": "secretservice"}"#,
    );
    assert_eq!(
        logins(&keyring, "r.example:5000/a"),
        ["?docker-credential-pass r.example:5000", "u:p", "?docker-credential-secretservice r.example:5000"]
    );
    assert_eq!(
        logins(&keyring, "docker.io/library/nginx"),
        [
            "?docker-credential-hub https://index.docker.io/v1/",
            "?docker-credential-secretservice https://index.docker.io/v1/"
        ]
    );
    assert_eq!(keys(&keyring, "other.example/a"), ["credsStore"]);
}

#[test]
fn what_a_helper_answers() {
    let keyring = keyring(r#"{"credsStore": "x"}"#);
    let candidates = keyring.lookup_repository("r.example/a");
    let Login::Ask(call) = candidates[0].login() else { panic!("{candidates:?}") };

    let answer = call.read_answer(true, br#"{"ServerURL": "r.example", "Username": "u", "Secret": "p"}"#);
    let password = Credential::Password { username: "u".to_owned(), password: "p".to_owned().into() };
    assert_eq!(answer, Ok(Some(password)));
    let token = call.read_answer(true, br#"{"Username": "<token>", "Secret": "p"}"#);
    assert_eq!(token, Ok(Some(Credential::IdentityToken("p".to_owned().into()))));
    assert_eq!(call.read_answer(false, b"credentials not found in native keychain\n"), Ok(None));

    let error = |success, out: &[u8]| call.read_answer(success, out).unwrap_err().to_string();
    assert_eq!(error(false, b"hunter2"), "`docker-credential-x get` for `r.example` failed");
    for out in ["", "hunter2", r#"{"Username": "u", "Secret": 5}"#, r#"{"Secret": "hunter2"}"#] {
        assert_eq!(
            error(true, out.as_bytes()),
            "`docker-credential-x get` for `r.example` printed no object with the strings `Username` and `Secret`"
        );
    }
}

#[test]
fn secrets_stay_out_of_debug() {
    let keyring = keyring(
        r#"{"auths": {"u:hunter2@a.example": {"username": "u", "password": "hunter2"}, "b.example": {"identitytoken": "hunter2"},
            "c.example": {"registrytoken": "hunter2"}, "d.example": {"auth": "aHVudGVyMg"}}}"#,
    );
    let shown = format!("{keyring:?} {:?}", keyring.lookup_repository("a.example/x"));
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVy"), "{shown}");
    assert!(shown.contains("SecretText(hidden)"));
}

proptest! {
    /// `auth` is read back from either way of writing base64, whatever user and password are.
    #[test]
    fn auth_round_trip(username in "[^:]*", password in ".*", padded: bool) {
        let text = format!("{username}:{password}");
        let auth = if padded { STANDARD.encode(text.as_bytes()) } else { STANDARD_NO_PAD.encode(text.as_bytes()) };
        let keyring = keyring(&serde_json::json!({"auths": {"r.example": {"auth": auth}}}).to_string());
        prop_assert_eq!(logins(&keyring, "r.example/a"), [text]);
    }

    /// No file makes the reader panic, and what it reads never shows in its debug output.
    #[test]
    fn any_key_and_any_image(key in ".*", image in ".*") {
        let text = serde_json::json!({"auths": {key: {"auth": "dTpodW50ZXIy"}}}).to_string();
        let keyring = keyring(&text);
        let shown = format!("{:?}", keyring.lookup_repository(&image));
        prop_assert!(!shown.contains("hunter2"));
    }
}
