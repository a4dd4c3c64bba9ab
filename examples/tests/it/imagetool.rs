//! imagetool's contracts, with a real registry where one is needed.

#[path = "../../../pod-core/tests/registry/peer.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests of pod-core use more of it, and fail by panicking"
)]
mod peer;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use appc_spec::archive::ExtractPolicy;
use appc_spec::oci::{self, ImportOptions, Pick, Source};
use appc_spec::store::Store;
use libtest_mimic::Trial;
use pod_core::image::Platform;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::Ran;
use crate::{Need, test};
use peer::Registry;

const REGISTRY: &[Need] =
    &[Need::Program("docker-registry"), Need::Program("umoci"), Need::Program("skopeo")];
const LOCKED: &[Need] = &[
    Need::Program("docker-registry"),
    Need::Program("umoci"),
    Need::Program("htpasswd"),
    Need::Program("openssl"),
];

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("imagetool::parse", &[], parse),
        test("imagetool::normalize", &[], normalize),
        test("imagetool::policy", &[], policy),
        test("imagetool::match_credentials", &[], match_credentials),
        test("imagetool::usage", &[], usage),
        test("imagetool::push_inspect_copy_pull", REGISTRY, push_inspect_copy_pull),
        test("imagetool::what_is_pulled_goes_into_the_store", REGISTRY, into_the_store),
        test("imagetool::credentials_and_tls", LOCKED, credentials_and_tls),
    ]
}

fn imagetool(arguments: &[&str]) -> Ran {
    with_input(arguments, "")
}

fn with_input(arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_imagetool"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("imagetool starts");
    let mut stdin = child.stdin.take().expect("its standard input");
    // One that ends early has read enough.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Ran::of(child.wait_with_output().expect("imagetool ends"))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// One JSON object a line, from arguments and from standard input; 1 when one is no name.
fn parse() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let with_digest = format!("[fd00::1]:5000/a/b:c@{digest}");
    let ran = imagetool(&["parse", "nginx", &with_digest]).success();
    assert_eq!(
        lines(&ran.stdout),
        [
            json!({"input": "nginx", "ok": true, "domain": "docker.io", "path": "library/nginx", "tag": null, "digest": null,
               "familiar": "nginx", "normalized": "docker.io/library/nginx"}),
            json!({"input": with_digest, "ok": true, "domain": "[fd00::1]:5000", "path": "a/b", "tag": "c", "digest": digest,
               "familiar": with_digest, "normalized": with_digest}),
        ]
    );
    let ran = with_input(&["parse", "a:1", "-", "b"], "NGINX\n\nlocalhost/x:y\n").exits(1);
    assert_eq!(ran.stderr, "");
    let parsed = lines(&ran.stdout);
    let seen: Vec<_> =
        parsed.iter().map(|line| (line["input"].as_str().expect("text"), line["ok"] == true)).collect();
    assert_eq!(seen, [("a:1", true), ("NGINX", false), ("", false), ("localhost/x:y", true), ("b", true)]);
    assert_eq!(
        parsed[1].as_object().expect("an object").keys().collect::<Vec<_>>(),
        ["error", "input", "ok"]
    );
    assert!(
        parsed[1]["error"].as_str().expect("text").starts_with("unexpected `N` at byte 0 of an image name")
    );
}

fn normalize() {
    let ran = imagetool(&["normalize", "nginx:1", "index.docker.io/a/b", "quay.io/x@y"]).exits(1);
    assert_eq!(ran.stdout, "docker.io/library/nginx:1\ndocker.io/a/b\n");
    assert!(ran.stderr.starts_with("imagetool: `quay.io/x@y`: "), "{}", ran.stderr);
}

fn policy() {
    let ran = imagetool(&["policy", "nginx", "nginx:latest", "nginx:1", "NGINX"]).success();
    assert_eq!(ran.stdout, "Always\nAlways\nIfNotPresent\nIfNotPresent\n");
}

/// The keys in the order in which they are tried, and never a secret.
fn match_credentials() {
    let place = TempDir::new().expect("a temporary directory");
    let config = place.path().join("config.json");
    // `user:hunter2`.
    let auth = "dXNlcjpodW50ZXIy";
    let text = json!({"auths": {
        "*.example.com": {"auth": auth}, "r.example.com/team": {"auth": auth}, "https://r.example.com/v2/": {"auth": auth},
        "r.example.com/tea": {"username": "u", "password": "hunter2"}, "*r.example.com": {"auth": auth},
        "broken.example.com": {"auth": "..."}, "user:hunter2@x.example.com": {"auth": "?"}
    }});
    fs::write(&config, text.to_string()).expect("the file can be written");
    let config = config.display().to_string();
    let ask = |arguments: &[&str]| {
        let ran = imagetool(&[&["match-credentials", "--config", &config], arguments].concat()).success();
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"), "{ran:?}");
        ran
    };
    let ran = ask(&["r.example.com/team/app:1"]);
    assert_eq!(
        ran.stdout,
        "r.example.com/team\nr.example.com/tea\nr.example.com\n*r.example.com\n*.example.com\n"
    );
    assert_eq!(
        ran.stderr,
        format!(
            "imagetool: `{config}`: auths[\"broken.example.com\"].auth: not base64 at byte 0\n\
             imagetool: `{config}`: auths[\"x.example.com\"].auth: not base64 at byte 0\n"
        )
    );
    assert_eq!(ask(&["a.r.example.com/x"]).stdout, "");
    // As document 003 has it: a star stands for several parts.
    assert_eq!(ask(&["--whole-hosts", "a.r.example.com/x"]).stdout, "*r.example.com\n*.example.com\n");
    // Without help there are no credentials for another registry.
    assert_eq!(ask(&["nginx"]).stdout, "");
    imagetool(&["match-credentials", "--config", "/nowhere/config.json", "a"])
        .fails(1, "imagetool: cannot read the credentials file `/nowhere/config.json`: No such file or directory (os error 2)\n");
}

fn usage() {
    assert!(imagetool(&["parse"]).exits(2).stderr.contains("Usage: imagetool parse <REF>..."));
    assert!(imagetool(&["bogus"]).exits(2).stderr.contains("unrecognized subcommand"));
    let help = imagetool(&["--help"]).success().stdout;
    for command in ["parse", "normalize", "policy", "match-credentials", "pull", "push", "inspect", "copy"] {
        assert!(help.contains(&format!("  {command} ")), "{help}");
    }
    // Nothing is asked without TLS unless that is allowed.
    let ran = imagetool(&["inspect", "127.0.0.1:1/a"]).exits(1);
    assert!(ran.stderr.starts_with("imagetool: "), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

/// A layout by umoci with an image `x` of one layer.
fn layout(folder: &Path) -> String {
    let path = folder.join("made");
    let image = format!("{}:x", path.display());
    let file = folder.join("file");
    fs::write(&file, "content\n").expect("the file can be written");
    peer::run("umoci", &["init", "--layout", &path.display().to_string()]);
    peer::run("umoci", &["new", "--image", &image]);
    peer::run("umoci", &["insert", "--image", &image, &file.display().to_string(), "/data/file"]);
    peer::run("umoci", &["config", "--image", &image, "--config.cmd", "/bin/true", "--config.user", "7:8"]);
    path.display().to_string()
}

/// The digest of the image in umoci's layout.
fn digest_of(layout: &str) -> String {
    let index = fs::read(Path::new(layout).join("index.json")).expect("an index");
    let index: Value = serde_json::from_slice(&index).expect("JSON");
    index["manifests"][0]["digest"].as_str().expect("a digest").to_owned()
}

/// umoci's image under a whole name, as `push` looks for it.
fn named(layout: &str, name: &str) {
    let path = Path::new(layout).join("index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&path).expect("an index")).expect("JSON");
    index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = json!(name);
    fs::write(path, index.to_string()).expect("the index can be written");
}

fn push_inspect_copy_pull() {
    let registry = Registry::start();
    let place = TempDir::new().expect("a temporary directory");
    let made = layout(place.path());
    let digest = digest_of(&made);
    let plain = ["--plain-http", registry.host.as_str()];
    let (first, second) = (registry.name("team/app:1"), registry.name("copy/app:2"));
    named(&made, "local.example/app:0");
    let ran = imagetool(&[&["push"], &plain[..], &["--from", "local.example/app:0", &made, &first]].concat())
        .success();
    assert_eq!((ran.stdout, ran.stderr.as_str()), (format!("{digest}\n"), ""));
    let inspect = |name: &str| {
        let ran = imagetool(&[&["inspect"], &plain[..], &[name]].concat()).success();
        serde_json::from_str::<Value>(&ran.stdout).expect("JSON")
    };
    let seen = inspect(&first);
    assert_eq!(
        (seen["name"].as_str(), seen["digest"].as_str()),
        (Some(first.as_str()), Some(digest.as_str()))
    );
    assert_eq!(seen["config"]["config"]["Cmd"], json!(["/bin/true"]));
    assert_eq!(seen["layers"].as_array().map(Vec::len), Some(1));
    let theirs = peer::run("skopeo", &["inspect", "--tls-verify=false", &format!("docker://{first}")]);
    let theirs: Value = serde_json::from_str(&theirs).expect("JSON");
    assert_eq!(theirs["Digest"], json!(digest));
    // With and without `docker://`.
    let ran =
        imagetool(&[&["copy"], &plain[..], &[&format!("docker://{first}"), &second]].concat()).success();
    assert_eq!(ran.stdout, format!("{digest}\n"));
    let pulled = place.path().join("pulled").display().to_string();
    let by_digest = format!("{}@{digest}", registry.name("copy/app"));
    for name in [&second, &by_digest] {
        let ran = imagetool(&[&["pull"], &plain[..], &[name, &pulled]].concat()).success();
        assert_eq!(ran.stdout, format!("{digest}\n"), "{name}");
    }
    assert_eq!(
        fs::read(Path::new(&pulled).join("blobs/sha256").join(&digest[7..])).expect("the manifest"),
        fs::read(Path::new(&made).join("blobs/sha256").join(&digest[7..])).expect("the manifest")
    );
    let ran = imagetool(&[&["pull"], &plain[..], &["--platform", "linux/s390x", &first, &pulled]].concat())
        .exits(1);
    assert!(ran.stderr.contains("has no image for `linux/s390x`"), "{}", ran.stderr);
    let missing = registry.name("team/none");
    let ran = imagetool(&[&["inspect"], &plain[..], &[&missing]].concat()).exits(1);
    assert!(ran.stderr.contains("404"), "{}", ran.stderr);
    // Without being allowed to, it does not ask without TLS.
    let ran = imagetool(&["inspect", &first]).exits(1);
    assert_eq!(ran.stdout, "");
}

/// `docker://` into the store: pulled, imported by its full name and digest, rendered.
fn into_the_store() {
    let registry = Registry::start();
    let place = TempDir::new().expect("a temporary directory");
    let made = layout(place.path());
    let name = registry.name("team/app:1");
    named(&made, &name);
    imagetool(&["push", "--plain-http", &registry.host, &made, &name]).success();
    let pulled = place.path().join("pulled");
    let digest = imagetool(&["pull", "--plain-http", &registry.host, &name, &pulled.display().to_string()])
        .success()
        .stdout;
    let store = Store::open(place.path().join("store")).expect("a store");
    let source = Source::open(&pulled).expect("a layout");
    let pick = Pick::named(&name, Platform::of_this_program());
    let import = || {
        oci::import(&store, &source, &pick, &ImportOptions::new(SystemTime::now()), &|_| {})
            .expect("an image")
    };
    let imported = import();
    assert_eq!(
        imported.names,
        [
            name.clone(),
            format!("{name}@{}", digest.trim()),
            format!("{}@{}", registry.name("team/app"), digest.trim()),
        ]
    );
    let app = imported.image.manifest().app.as_ref().expect("an app");
    assert_eq!((app.user.as_str(), app.group.as_str()), ("7", "8"));
    let tree = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).expect("a tree");
    assert_eq!(fs::read_to_string(tree.rootfs().join("data/file")).expect("the file"), "content\n");
    assert!(imported.is_new && !import().is_new);
}

/// Against a registry with TLS and htpasswd: the password from the file, the authority from another, and neither in what is printed.
fn credentials_and_tls() {
    let certificates = peer::Certificates::shared();
    let users = peer::run("htpasswd", &["-Bbn", "user", "hunter2"]);
    let registry = Registry::with(
        |folder| {
            fs::write(folder.join("htpasswd"), &users).expect("the file can be written");
            certificates.http()
        },
        "auth:\n  htpasswd:\n    realm: x\n    path: FOLDER/htpasswd\n",
    );
    let place = TempDir::new().expect("a temporary directory");
    let made = layout(place.path());
    let name = registry.name("team/app:1");
    named(&made, &name);
    let config = |file: &str, auth: &str| {
        let path = place.path().join(file);
        let host = registry.host.as_str();
        fs::write(&path, json!({"auths": {host: {"auth": auth}}}).to_string())
            .expect("the file can be written");
        path.display().to_string()
    };
    // `user:hunter2` and `user:wrong`.
    let (right, wrong) = (config("right.json", "dXNlcjpodW50ZXIy"), config("wrong.json", "dXNlcjp3cm9uZw=="));
    let authority = certificates.authority.display().to_string();
    let push = |options: &[&str]| imagetool(&[&["push"], options, &[&made, &name]].concat());
    for options in [
        &["--config", &right][..],
        &["--authorities", &authority],
        &["--authorities", &authority, "--config", &wrong],
    ] {
        let ran = push(options).exits(1);
        assert!(!ran.stderr.contains("hunter2") && !ran.stderr.contains("dXNlc"), "{}", ran.stderr);
    }
    let ran = push(&["--authorities", &authority, "--config", &wrong, "--config", &right]).success();
    assert_eq!(ran.stdout, format!("{}\n", digest_of(&made)));
}
