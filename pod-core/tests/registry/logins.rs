//! htpasswd and TLS.

use pod_core::image::{ConfigFormat, DockerConfig, Keyring, Platform, Reference};
use pod_core::registry::{Client, ClientBuilder, ErrorKind};

use crate::Case;
use crate::images::{by_umoci, skopeo_copy};
use crate::peer::{Certificates, Registry, run};
use crate::proxy::{Fate, Proxy};
use crate::pulls::layout;

pub(crate) const CASES: &[Case] = &[
    ("TLS: the right authority and a wrong one", &["docker-registry", "openssl", "umoci"], tls),
    ("htpasswd: candidates one after the other", &["docker-registry", "htpasswd", "umoci"], htpasswd),
    (
        "htpasswd over TLS, push and pull",
        &["docker-registry", "htpasswd", "openssl", "umoci"],
        htpasswd_over_tls,
    ),
    ("a helper's answer logs in", &["docker-registry", "htpasswd", "umoci"], helper),
    (
        "redirects to another host carry no password",
        &["docker-registry", "htpasswd", "skopeo", "umoci"],
        redirect,
    ),
    (
        "a redirect's own challenge gets nothing",
        &["docker-registry", "htpasswd", "skopeo", "umoci"],
        redirect_challenge,
    ),
];

const HTPASSWD: &str = "auth:\n  htpasswd:\n    realm: test\n    path: FOLDER/htpasswd\n";

/// A registry that lets `user` in with `right`.
pub(crate) fn locked(http: String) -> Registry {
    Registry::with(
        move |folder| {
            let line = run("htpasswd", &["-nbB", "-C", "4", "user", "right"]);
            std::fs::write(folder.join("htpasswd"), line).unwrap();
            http.clone()
        },
        HTPASSWD,
    )
}

pub(crate) fn keyring(entries: &serde_json::Value) -> Keyring {
    let mut keyring = Keyring::new();
    keyring.add(DockerConfig::read(ConfigFormat::ConfigJson, entries.to_string().as_bytes()).unwrap());
    keyring
}

fn user(password: &str) -> serde_json::Value {
    serde_json::json!({"username": "user", "password": password})
}

/// Pushes a small image and pulls it again.
fn round_trip(client: &Client, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    by_umoci(&source, "x", 30, &[50_000]);
    let source = pod_core::registry::Layout::open(&source).unwrap();
    let image = source.images().unwrap().remove(0).1;
    let name = Reference::parse(name).unwrap();
    client.image(&name).push(&source, &image).unwrap();
    let pulled =
        client.image(&name).for_platform(Platform::of_this_program()).pull(&layout(folder.path())).unwrap();
    assert_eq!(pulled.root.digest, image.digest);
}

fn tls() {
    let certificates = Certificates::shared();
    let registry = Registry::with(|_| certificates.http(), "");
    let authority = std::fs::read(&certificates.authority).unwrap();
    let client = Client::builder().authorities(&authority).unwrap().build();
    round_trip(&client, &registry.name("a:1"));

    let other = std::fs::read(Certificates::make().authority).unwrap();
    let client = Client::builder().authorities(&other).unwrap().build();
    let name = registry.name("a:1");
    let error = client.image(&Reference::parse(&name).unwrap()).manifest().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    assert_eq!(Client::builder().authorities(b"no pem").unwrap_err().kind(), ErrorKind::Malformed);
}

fn htpasswd() {
    let registry = locked(String::new());
    let host = registry.host.as_str();
    let with = |entries: serde_json::Value| {
        Client::builder().plain_http(host).keyring(keyring(&serde_json::json!({"auths": entries}))).build()
    };
    // The longer path is tried first, is refused, and the next one is good.
    let client = with(
        serde_json::json!({host: user("right"), format!("{host}/team"): user("wrong"), "*:1": user("other")}),
    );
    round_trip(&client, &registry.name("team/app:1"));

    let name = registry.name("team/app:1");
    let name = Reference::parse(&name).unwrap();
    let error = with(serde_json::json!({host: user("wrong")})).image(&name).manifest().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(
        error.to_string(),
        format!("cannot log in to `http://{host}`: the credentials for `{host}` were refused")
    );
    let error = with(serde_json::json!({})).image(&name).manifest().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot log in to `http://{host}`: no credentials match `{host}/team/app`")
    );
    assert!(!format!("{client:?}").contains("right"));
}

fn htpasswd_over_tls() {
    let certificates = Certificates::shared();
    let registry = locked(certificates.http());
    let authority = std::fs::read(&certificates.authority).unwrap();
    let entries = serde_json::json!({"auths": {&registry.host: user("right")}});
    let client = Client::builder().authorities(&authority).unwrap().keyring(keyring(&entries)).build();
    round_trip(&client, &registry.name("team/app:1"));
}

fn helper() {
    use std::os::unix::fs::PermissionsExt as _;
    let registry = locked(String::new());
    // Its own process reads PATH, so the helpers are put into a folder of it for the time of the test.
    let folder = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|p| p.ends_with("local/bin")));
    let folder = folder.expect("PATH has /usr/local/bin");
    let name = format!("podkit-test-{}", std::process::id());
    let program = folder.join(format!("docker-credential-{name}"));
    let script = "#!/bin/sh\nread server\n[ \"$1\" = get ] || exit 9\necho \"{\\\"ServerURL\\\":\\\"$server\\\",\\\"Username\\\":\\\"user\\\",\\\"Secret\\\":\\\"right\\\"}\"\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let entries = serde_json::json!({"credHelpers": {&registry.host: &name}});
    let client = Client::builder().plain_http(&registry.host).keyring(keyring(&entries)).build();
    let result = std::panic::catch_unwind(|| round_trip(&client, &registry.name("a:1")));
    std::fs::remove_file(&program).unwrap();
    result.unwrap();

    // A helper that is not there is the reason why nobody got in.
    let name = registry.name("a:1");
    let error = client.image(&Reference::parse(&name).unwrap()).manifest().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("cannot ask `docker-credential-podkit-test-"), "{cause}");
}

/// A front that wants the password and sends the client elsewhere for blobs, as registries on object stores do.
fn fronted(registry: &Registry, store: &str) -> Proxy {
    let store = store.to_owned();
    Proxy::start(&registry.host, move |seen, _| {
        if seen.is_blob() && seen.authorization().is_some() {
            let location = format!("http://{store}{}", seen.path);
            return Fate::Answer(format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            ));
        }
        Fate::Pass
    })
}

fn publish_locked(registry: &Registry, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    by_umoci(&folder.path().join("source"), "x", 31, &[100_000]);
    let source = format!("oci:{}:x", folder.path().join("source").display());
    skopeo_copy(&["--dest-creds", "user:right"], &source, &format!("docker://{}", registry.name(name)));
}

fn redirect() {
    let registry = locked(String::new());
    publish_locked(&registry, "a:1");
    // The store has the same blobs and asks for nothing.
    let open = Registry::start();
    let (from, to) = (registry.name("a:1"), open.name("a:1"));
    skopeo_copy(&["--src-creds", "user:right"], &format!("docker://{from}"), &format!("docker://{to}"));
    let store = Proxy::start(&open.host, |_, _| Fate::Pass);
    let front = fronted(&registry, &store.host);
    let name = format!("{}/a:1", front.host);
    let name = Reference::parse(&name).unwrap();
    let entries = serde_json::json!({"auths": {&front.host: user("right")}});
    let builder = || -> ClientBuilder {
        Client::builder().keyring(keyring(&entries)).plain_http(&front.host).retries(1)
    };

    // The store is no host that may be asked without TLS, until it is said.
    let folder = tempfile::tempdir().unwrap();
    let error = builder()
        .build()
        .image(&name)
        .for_platform(Platform::of_this_program())
        .pull(&layout(folder.path()))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(
        error.to_string().ends_with(&format!("plain http is not allowed for `{}`", store.host)),
        "{error}"
    );

    let client = builder().plain_http(&store.host).build();
    let pulled = client.image(&name).for_platform(Platform::of_this_program()).pull(&layout(folder.path()));
    let seen = store.seen();
    assert!(!seen.is_empty() && seen.iter().all(|seen| seen.authorization().is_none()), "{seen:?}");
    assert!(front.blobs().iter().any(|seen| seen.authorization().is_some()));
    pulled.unwrap();
}

fn redirect_challenge() {
    let registry = locked(String::new());
    publish_locked(&registry, "a:1");
    let greedy = Proxy::start(&registry.host, |_, _| {
        Fate::Answer(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
                .to_owned(),
        )
    });
    let front = fronted(&registry, &greedy.host);
    let entries = serde_json::json!({"auths": {&front.host: user("right")}});
    let client = Client::builder()
        .keyring(keyring(&entries))
        .plain_http(&front.host)
        .plain_http(&greedy.host)
        .retries(0)
        .build();
    let name = format!("{}/a:1", front.host);
    let folder = tempfile::tempdir().unwrap();
    let image = Reference::parse(&name).unwrap();
    let error = client
        .image(&image)
        .for_platform(Platform::of_this_program())
        .pull(&layout(folder.path()))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("wants credentials of its own"), "{error}");
    assert!(greedy.seen().iter().all(|seen| seen.authorization().is_none()));
}
