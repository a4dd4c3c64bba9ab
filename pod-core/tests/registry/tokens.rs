//! The token flow: the real registry asks for tokens that a server of our own signs.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pod_core::image::{Keyring, Platform, Reference};
use pod_core::registry::{Client, ErrorKind, Layout};

use crate::Case;
use crate::images::by_umoci;
use crate::logins::keyring;
use crate::peer::{Registry, run, run_with_input};
use crate::proxy::{Fate, Proxy, Seen};
use crate::pulls::layout;

pub(crate) const CASES: &[Case] = &[
    ("token: password, push and pull", &["docker-registry", "openssl", "umoci"], password),
    ("token: identity token", &["docker-registry", "openssl", "umoci"], identity_token),
    ("token: registry token", &["docker-registry", "openssl", "umoci"], registry_token),
    ("token: candidates one after the other", &["docker-registry", "openssl", "umoci"], candidates),
    ("token: a foreign realm gets no password", &["docker-registry", "openssl", "umoci"], foreign_realm),
    ("token: anonymous where nothing matches", &["docker-registry", "openssl", "umoci"], anonymous),
    ("token: an expired one is renewed", &["docker-registry", "openssl", "umoci"], expired),
    ("token: answers that are none", &["docker-registry", "openssl"], bad_answers),
];

/// A key, its certificate, and what the server lets people do.
struct Signer {
    key: String,
    certificate: String,
}

impl Signer {
    fn make(folder: &Path) -> Self {
        let text = |name: &str| folder.join(name).display().to_string();
        let (key, pem) = (text("sign.key"), text("sign.pem"));
        let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=issuer"];
        run("openssl", &[&new[..], &["-keyout", &key, "-out", &pem]].concat());
        let der = run_with_input("openssl", &["x509", "-in", &pem, "-outform", "DER"], b"");
        Self { key, certificate: STANDARD.encode(der) }
    }

    /// A JSON Web Token for `scope` (distribution "Token Authentication Implementation").
    fn token(&self, scope: &str) -> String {
        let [kind, name, actions] = scope.split(':').collect::<Vec<_>>()[..] else { panic!("{scope}") };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let header = serde_json::json!({"typ": "JWT", "alg": "RS256", "x5c": [self.certificate]});
        let claims = serde_json::json!({
            "iss": "issuer", "sub": "user", "aud": "service", "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1",
            "access": [{"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()}]
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let signature = run_with_input("openssl", &["dgst", "-sha256", "-sign", &self.key], text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn json(status: &str, body: &serde_json::Value) -> Fate {
    let body = body.to_string();
    Fate::Answer(format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ))
}

fn parameter(seen: &Seen, name: &str) -> Option<String> {
    let query = seen.path.split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
    Some(value.replace("%3A", ":").replace("%2F", "/").replace("%2C", ","))
}

/// The registry, its token server, and the folder that they keep things in.
struct Setup {
    registry: Registry,
    server: Proxy,
    signer: std::sync::Arc<Signer>,
    _folder: tempfile::TempDir,
}

/// `user` with `right` may do everything, the identity token `refresh` too, and everybody may pull what is under `public/`.
fn setup() -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let signer = std::sync::Arc::new(Signer::make(folder.path()));
    let ours = std::sync::Arc::clone(&signer);
    let server = Proxy::start("127.0.0.1:1", move |seen, _| {
        if seen.method == "POST" {
            return json("401 Unauthorized", &serde_json::json!({"error": "form not seen"}));
        }
        let scope = parameter(seen, "scope").unwrap();
        let good = format!("Basic {}", STANDARD.encode("user:right"));
        let may = match seen.authorization() {
            Some(header) => header == good,
            None => scope.starts_with("repository:public/") && scope.ends_with(":pull"),
        };
        assert_eq!(parameter(seen, "service").as_deref(), Some("service"));
        if may {
            json("200 OK", &serde_json::json!({"token": ours.token(&scope), "expires_in": 300}))
        } else {
            json("401 Unauthorized", &serde_json::json!({"errors": []}))
        }
    });
    let auth = format!(
        "auth:\n  token:\n    realm: http://{}/token\n    service: service\n    issuer: issuer\n    rootcertbundle: {}\n",
        server.host,
        folder.path().join("sign.pem").display()
    );
    let registry = Registry::with(|_| String::new(), &auth);
    Setup { registry, server, signer, _folder: folder }
}

fn client(setup: &Setup, keyring: Keyring) -> Client {
    let (registry, server) = (&setup.registry.host, &setup.server.host);
    Client::builder()
        .plain_http(registry)
        .plain_http(server)
        .trust_realm(registry, server)
        .keyring(keyring)
        .retries(1)
        .build()
}

fn user(password: &str) -> serde_json::Value {
    serde_json::json!({"username": "user", "password": password})
}

fn push(client: &Client, name: &str, seed: u64) -> pod_core::image::Descriptor {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    by_umoci(&source, "x", seed, &[50_000, 60_000, 70_000]);
    let source = Layout::open(&source).unwrap();
    let image = source.images().unwrap().remove(0).1;
    client.image(&Reference::parse(name).unwrap()).push(&source, &image).unwrap();
    image
}

fn pull(client: &Client, name: &str) -> Result<pod_core::registry::Pulled, pod_core::registry::Error> {
    let folder = tempfile::tempdir().unwrap();
    let name = Reference::parse(name).unwrap();
    client.image(&name).for_platform(Platform::of_this_program()).pull(&layout(folder.path()))
}

fn password() {
    let setup = setup();
    let client =
        client(&setup, keyring(&serde_json::json!({"auths": {&setup.registry.host: user("right")}})));
    let name = setup.registry.name("team/app:1");
    let image = push(&client, &name, 40);
    assert_eq!(pull(&client, &name).unwrap().root.digest, image.digest);
    // One token for each operation: three layers in parallel share it.
    assert_eq!(setup.server.seen().len(), 2);
    assert_eq!(parameter(&setup.server.seen()[0], "scope").as_deref(), Some("repository:team/app:pull,push"));
    assert_eq!(parameter(&setup.server.seen()[1], "scope").as_deref(), Some("repository:team/app:pull"));
}

fn identity_token() {
    let setup = setup();
    let auths = serde_json::json!({"auths": {&setup.registry.host: user("right")}});
    let name = setup.registry.name("team/app:1");
    let image = push(&client(&setup, keyring(&auths)), &name, 41);

    // A server for OAuth's form, in front of the registry's challenge.
    let signer = std::sync::Arc::clone(&setup.signer);
    let tokens = Proxy::start("127.0.0.1:1", move |seen, _| {
        assert_eq!((seen.method.as_str(), seen.authorization()), ("POST", None));
        assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
        let form = String::from_utf8(seen.body.clone()).unwrap();
        assert_eq!(
            form,
            "service=service&grant_type=refresh_token&client_id=podkit&scope=repository%3Ateam%2Fapp%3Apull&refresh_token=re%2Ffresh"
        );
        json("200 OK", &serde_json::json!({"access_token": signer.token("repository:team/app:pull")}))
    });
    let realm = tokens.host.clone();
    let front = Proxy::start(&setup.registry.host, move |seen, _| match seen.authorization() {
        Some(_) => Fate::Pass,
        None => Fate::Answer(format!(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://{realm}/token\",service=\"service\"\r\nContent-Length: 0\r\n\r\n"
        )),
    });
    let auths = serde_json::json!({"auths": {&front.host: {"identitytoken": "re/fresh"}}});
    let client = Client::builder()
        .plain_http(&front.host)
        .plain_http(&tokens.host)
        .trust_realm(&front.host, &tokens.host)
        .keyring(keyring(&auths))
        .build();
    let pulled = pull(&client, &format!("{}/team/app:1", front.host)).unwrap();
    assert_eq!(pulled.root.digest, image.digest);
    assert_eq!(tokens.seen().len(), 1);
}

fn registry_token() {
    let setup = setup();
    let auths = serde_json::json!({"auths": {&setup.registry.host: user("right")}});
    let name = setup.registry.name("team/app:1");
    push(&client(&setup, keyring(&auths)), &name, 42);
    let asked = setup.server.seen().len();
    let token = setup.signer.token("repository:team/app:pull");
    let client = client(
        &setup,
        keyring(&serde_json::json!({"auths": {&setup.registry.host: {"registrytoken": token}}})),
    );
    pull(&client, &name).unwrap();
    assert_eq!(setup.server.seen().len(), asked);
}

fn candidates() {
    let setup = setup();
    let host = setup.registry.host.as_str();
    let entries = serde_json::json!({"auths": {
        host: user("right"), format!("{host}/team/app"): user("wrong"), format!("{host}/team"): {"registrytoken": "no.token.at-all"}
    }});
    let client = client(&setup, keyring(&entries));
    let name = setup.registry.name("team/app:1");
    push(&client, &name, 43);
    pull(&client, &name).unwrap();

    let only_wrong = keyring(&serde_json::json!({"auths": {host: user("wrong")}}));
    let error = pull(&self::client(&setup, only_wrong), &name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(
        error.to_string(),
        format!("cannot log in to `http://{host}`: the credentials for `{host}` were refused")
    );
    assert!(!format!("{error:?}").contains("wrong"));
}

fn foreign_realm() {
    let setup = setup();
    let (host, server) = (&setup.registry.host, &setup.server.host);
    let entries = serde_json::json!({"auths": {host: user("right")}});
    push(&client(&setup, keyring(&entries)), &setup.registry.name("public/app:1"), 44);
    push(&client(&setup, keyring(&entries)), &setup.registry.name("team/app:1"), 44);
    let before = setup.server.seen().len();

    // The same without `trust_realm`: what everybody may have comes, the rest does not, and no password goes out.
    let client = Client::builder().plain_http(host).plain_http(server).keyring(keyring(&entries)).build();
    pull(&client, &setup.registry.name("public/app:1")).unwrap();
    let error = pull(&client, &setup.registry.name("team/app:1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot log in to `http://{host}`: its token server is on another host, `{server}`, which is not trusted with the credentials for `{host}`"
        )
    );
    let seen = setup.server.seen().split_off(before);
    assert!(seen.len() == 2 && seen.iter().all(|seen| seen.authorization().is_none()), "{seen:?}");

    // Nor is a token server asked without TLS that nobody allowed.
    let client =
        Client::builder().plain_http(host).trust_realm(host, server).keyring(keyring(&entries)).build();
    let error = pull(&client, &setup.registry.name("team/app:1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().ends_with(&format!("plain http is not allowed for `{server}`")), "{error}");
}

fn anonymous() {
    let setup = setup();
    let entries = serde_json::json!({"auths": {&setup.registry.host: user("right")}});
    push(&client(&setup, keyring(&entries)), &setup.registry.name("public/app:1"), 45);
    let nobody = client(&setup, Keyring::new());
    pull(&nobody, &setup.registry.name("public/app:1")).unwrap();
    let error = pull(&nobody, &setup.registry.name("team/app:1")).unwrap_err();
    assert!(error.to_string().ends_with("/team/app`"), "{error}");

    // The kubelet does not fall back to nobody where a key matches and its password is wrong.
    let wrong = keyring(&serde_json::json!({"auths": {&setup.registry.host: user("wrong")}}));
    let error = pull(&client(&setup, wrong), &setup.registry.name("public/app:1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

fn expired() {
    let setup = setup();
    let entries = serde_json::json!({"auths": {&setup.registry.host: user("right")}});
    let image = push(&client(&setup, keyring(&entries)), &setup.registry.name("team/app:1"), 46);
    let realm = setup.server.host.clone();
    let challenge = format!(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://{realm}/token\",service=\"service\",error=\"invalid_token\"\r\nContent-Length: 0\r\n\r\n"
    );
    let front = Proxy::start(&setup.registry.host, move |seen, before| {
        // Each blob is refused once, though the token was good for the manifest.
        if seen.is_blob() && before == 0 { Fate::Answer(challenge.clone()) } else { Fate::Pass }
    });
    let entries = serde_json::json!({"auths": {&front.host: user("right")}});
    let client = Client::builder()
        .plain_http(&front.host)
        .plain_http(&setup.server.host)
        .trust_realm(&front.host, &setup.server.host)
        .keyring(keyring(&entries))
        .build();
    let pulled = pull(&client, &format!("{}/team/app:1", front.host)).unwrap();
    assert_eq!(pulled.root.digest, image.digest);
}

fn bad_answers() {
    let cases = [
        ("200 OK", "{}", "the answer has no token that fits a header"),
        ("200 OK", r#"{"token": "a\r\nX: y"}"#, "the answer has no token that fits a header"),
        ("200 OK", "hello", "the answer is not an object with a token"),
        ("404 Not Found", "{}", "status 404"),
    ];
    for (status, body, expected) in cases {
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        let server = Proxy::start("127.0.0.1:1", move |_, _| Fate::Answer(answer.clone()));
        let realm = server.host.clone();
        let front = Proxy::start("127.0.0.1:1", move |_, _| {
            Fate::Answer(format!(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://{realm}/token?secret=1\"\r\nContent-Length: 0\r\n\r\n"
            ))
        });
        let client = Client::builder().plain_http(&front.host).plain_http(&server.host).retries(0).build();
        let error = pull(&client, &format!("{}/a", front.host)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot get a token from `http://{}/token`: {expected}", server.host)
        );
    }
    for (header, expected) in [
        ("Bearer realm=\"ftp://x/\"", "its challenge names no token server: `ftp://x/`"),
        ("Bearer service=\"x\"", "its challenge names no token server: ``"),
        ("Negotiate", "it wants neither Basic nor Bearer authentication, but [`Negotiate`]"),
    ] {
        let front = Proxy::start("127.0.0.1:1", move |_, _| {
            Fate::Answer(format!(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {header}\r\nContent-Length: 0\r\n\r\n"
            ))
        });
        let client = Client::builder().plain_http(&front.host).retries(0).build();
        let error = pull(&client, &format!("{}/a", front.host)).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot log in to `http://{}`: {expected}", front.host));
    }
}
