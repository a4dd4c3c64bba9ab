//! An image is signed, published for a static web server, discovered, fetched and believed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{Place, acitool, json};

/// A static web server of a directory, on the loopback; it ends with this value.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    fn of(directory: &str) -> Self {
        let mut child = Command::new("python3")
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", directory, "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("its first line");
        let port =
            line.split(" port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port").to_owned();
        Self { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gpg(home: &str, arguments: &[&str]) -> Vec<u8> {
    let flags = ["--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""];
    let output =
        Command::new("gpg").env("GNUPGHOME", home).args(flags).args(arguments).output().expect("gpg starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Two keys: the secret one in `KEY.key`, the public one in `KEY.gpg`.
fn keys(place: &Place) {
    // The path of the agent's socket must be short.
    let home = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").expect("a directory");
    let permissions: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(home.path(), permissions).expect("its mode");
    let path = home.path().to_str().expect("UTF-8");
    for user in ["me", "other"] {
        gpg(path, &["--quick-generate-key", user, "ed25519", "sign", "1y"]);
        fs::write(place.path(&format!("{user}.key")), gpg(path, &["--export-secret-keys", user]))
            .expect("a file");
        fs::write(place.path(&format!("{user}.gpg")), gpg(path, &["--armor", "--export", user]))
            .expect("a file");
    }
    let _ = Command::new("gpgconf").env("GNUPGHOME", path).args(["--kill", "gpg-agent"]).status();
}

pub(super) fn published_images_are_fetched_and_believed() {
    let place = Place::new();
    keys(&place);
    let (file, site, trusted) = (place.path("app.aci"), place.path("site"), place.path("rkt"));
    acitool(["build", &place.layout(), &file]).success();
    acitool(["patch-manifest", "--replace", "--name", "127.0.0.1/motd", &file]).success();

    let unsigned = acitool(["publish", &site, &file]).exits(1);
    assert!(unsigned.stderr.contains("has no signature"), "{}", unsigned.stderr);
    acitool(["sign", "--no-password", "--key", &place.path("me.key"), &file]).success();
    fs::create_dir(&site).expect("a directory");
    let server = Server::of(&site);
    let host = format!("127.0.0.1:{}", server.port);
    let url = format!("http://{host}");
    acitool(["publish", "--url", &url, "--pubkeys", &place.path("me.gpg"), &site, &file]).success();

    let network = ["--allow-http", &host, "--port", &server.port];
    let discover = |arguments: &[&str]| acitool(["discover"].iter().chain(&network).chain(arguments));
    let found = json(&discover(&["-o", "json", "127.0.0.1/motd:1"]).success().stdout);
    assert_eq!(found["endpoints"][0]["image"], format!("{url}/127.0.0.1/motd-1-linux-amd64.aci"));
    assert_eq!(found["keys"][0], format!("{url}/pubkeys.gpg"));
    let nowhere = discover(&["127.0.0.1/other"]).exits(1);
    assert!(nowhere.stderr.contains("no page tells of an image"), "{}", nowhere.stderr);

    let system = place.path("usr");
    let keys = ["--keys", &trusted, "--system-keys", &system];
    let out = place.path("fetched.aci");
    let fetch =
        |app: &str| acitool(["fetch"].iter().chain(&network).chain(&keys).chain(&[app, out.as_str()]));
    let stranger = fetch("127.0.0.1/motd:1").exits(1);
    assert!(stranger.stderr.contains("of whom no key is believed for this image"), "{}", stranger.stderr);
    assert!(!fs::exists(&out).expect("an answer"), "what is not believed is not kept");

    let trust = |arguments: &[&str]| acitool(["trust"].iter().chain(&keys).chain(arguments));
    let shown = trust(&["show", &place.path("me.gpg")]).success().stdout;
    let fingerprint = shown.split(' ').next().expect("a fingerprint").to_owned();
    // Keys from the network are believed by their fingerprints only.
    let add = |more: &[&str]| {
        let arguments = ["trust"].iter().chain(&keys).chain(&["add"]).chain(&network).chain(more);
        acitool(arguments.copied())
    };
    let offered = add(&["--prefix", "127.0.0.1/motd"]).exits(1);
    assert!(offered.stderr.contains(&format!("these are there:\n{fingerprint}  me\n")), "{}", offered.stderr);
    let none = add(&["--prefix", "127.0.0.1/motd", "--fingerprint", &"0".repeat(40)]).exits(1);
    assert!(none.stderr.contains("no key there has the fingerprint `0000"), "{}", none.stderr);
    fetch("127.0.0.1/motd:1").exits(1);
    add(&["--prefix", "127.0.0.1/motd", "--fingerprint", &fingerprint]).success();
    fetch("127.0.0.1/motd:1").success();
    fs::remove_file(&out).expect("a file");
    trust(&["remove", "--prefix", "127.0.0.1/motd", &fingerprint]).success();
    // A key for a prefix that only looks like one does not help.
    trust(&["add", "--prefix", "127.0.0.1/mot", &place.path("me.gpg")]).success();
    fetch("127.0.0.1/motd:1").exits(1);
    trust(&["add", "--prefix", "127.0.0.1", &place.path("me.gpg")]).success();
    let report = fetch("127.0.0.1/motd:1").success();
    assert_eq!(report.stderr, "");
    assert_eq!(fs::read(&out).expect("a file"), fs::read(&file).expect("a file"));
    assert_eq!(trust(&["list"]).success().stdout.lines().count(), 2);

    let verify = |arguments: &[&str]| acitool(["verify"].iter().chain(&keys).chain(arguments));
    fs::copy(place.path("app.aci.asc"), place.path("fetched.aci.asc")).expect("a copy");
    let signed = json(&verify(&["-o", "json", "--name", "127.0.0.1/motd", &out]).success().stdout);
    assert_eq!(
        (signed["key"].as_str(), signed["owners"][0].as_str()),
        (Some(fingerprint.as_str()), Some("me"))
    );
    let pin = "0".repeat(40);
    verify(&["--name", "127.0.0.1/motd", "--pin", &pin, &out]).exits(1);
    let other = verify(&["--name", "127.0.0.1/motd:2", &out]).exits(1);
    assert!(other.stderr.contains("is another image than `127.0.0.1/motd:2`"), "{}", other.stderr);
    // One bit more or less.
    let mut bytes = fs::read(&out).expect("a file");
    bytes[40] ^= 1;
    fs::write(&out, bytes).expect("a file");
    let altered = verify(&["--name", "127.0.0.1/motd", &out]).exits(1);
    assert!(altered.stderr.contains("does not fit the bytes"), "{}", altered.stderr);

    trust(&["remove", "--prefix", "127.0.0.1", &fingerprint]).success();
    fs::remove_file(&out).expect("a file");
    fetch("127.0.0.1/motd:1").exits(1);
    acitool(["fetch"].iter().chain(&network).chain(&[
        "--insecure-no-signature",
        "127.0.0.1/motd:1",
        out.as_str(),
    ]))
    .success();
}
