//! App Container images by their names: signed, published, discovered over HTTPS, believed and run.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use libtest_mimic::Trial;

use crate::program::{Podrun, Ran, acitool};
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    let needs = [Need::Root, Need::Program("gpg"), Need::Program("openssl"), Need::Program("python3")];
    vec![test("discovery::published_images_run", &needs, published_images_run)]
}

/// Serves a directory by HTTPS, and says the port.
const SERVER: &str = r#"
import functools, http.server, ssl, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

/// An authority, a certificate of it for 127.0.0.1, and two keys that sign.
const MADE: &str = r#"
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
openssl req -x509 $key -keyout ca.key -out ca.pem -subj '/CN=test authority' 2>/dev/null
openssl req $key -keyout server.key -out server.csr -subj '/CN=test server' 2>/dev/null
printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem 2>/dev/null
# The path of the agent's socket must be short.
GNUPGHOME=$(mktemp -d /tmp/gpgXXXXXX); export GNUPGHOME
for user in me other; do
  gpg --batch --quiet --passphrase '' --quick-generate-key $user ed25519 sign 1y 2>/dev/null
  gpg --batch --quiet --pinentry-mode loopback --passphrase '' --export-secret-keys $user >$user.key
  gpg --batch --quiet --armor --export $user >$user.gpg
done
gpgconf --kill gpg-agent; rm -r "$GNUPGHOME"
"#;

/// A site, and a podrun that believes its certificate.
struct Site {
    podrun: Podrun,
    server: Child,
    port: String,
}

impl Site {
    fn new() -> Self {
        let podrun = Podrun::new();
        let place = podrun.scratch();
        fs::create_dir(place.join("site")).expect("a directory");
        let made = Command::new("sh").args(["-ec", MADE]).current_dir(place).output().expect("sh starts");
        Ran::of(made).success();
        let mut server = Command::new("python3")
            .args(["-c", SERVER, "site"])
            .current_dir(place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let mut port = String::new();
        let stdout = server.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut port).expect("its port");
        Self { podrun, server, port: port.trim().to_owned() }
    }

    fn path(&self, name: &str) -> String {
        self.podrun.scratch().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    /// Makes an image that prints its arguments, signs it by that key, and publishes it.
    fn publish(&self, version: &str, key: &str) -> String {
        let file = self.path(&format!("echo-{version}.aci"));
        let name = format!("127.0.0.1/echo:{version}");
        acitool(["build", "--copy-exec", "/bin/echo", "--name", &name, "--exec", "/bin/echo", &file])
            .success();
        acitool(["sign", "--no-password", "--key", &self.path(&format!("{key}.key")), &file]).success();
        let url = format!("https://127.0.0.1:{}", self.port);
        acitool(["publish", "--url", &url, "--pubkeys", &self.path("me.gpg"), &self.path("site"), &file])
            .success();
        acitool(["id", &file]).success().stdout
    }

    /// Runs podrun in a data directory of that name.
    fn podrun(&self, data: &str, arguments: &[&str]) -> Ran {
        let (keys, system) = (self.path("etc"), self.path("usr"));
        let options = ["--authorities", "ca.pem", "--discovery-port", &self.port, "--dir", data];
        let keys = ["--keys", &keys, "--system-keys", &system];
        self.podrun.run(options.iter().chain(&keys).chain(arguments))
    }

    fn trust(&self, command: &str, prefix: &str, key: &str) {
        let (keys, system) = (self.path("etc"), self.path("usr"));
        let arguments =
            ["trust", "--keys", &keys, "--system-keys", &system, command, "--prefix", prefix, key];
        acitool(arguments).success();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn published_images_run() {
    let site = Site::new();
    let id = site.publish("1", "me");
    let stored = |data: &str| site.podrun(data, &["image", "list", "--output", "json"]).success().stdout;

    // Without a key for its name nobody is even asked.
    let stranger = site.podrun("a", &["fetch", "appc://127.0.0.1/echo:1"]);
    let told = "no key is believed for the image `127.0.0.1/echo`, so nobody can have signed it\n";
    stranger.fails(254, &format!("podrun: image `127.0.0.1/echo:1`: {told}"));
    assert_eq!(stored("a"), "[]\n");
    let refused = site.podrun("a", &["--insecure-options=tls", "image", "list"]).exits(254);
    assert!(
        refused.stderr.contains("`--authorities` says which certificates are believed"),
        "{}",
        refused.stderr
    );
    let unsigned = ["--insecure-options=image", "fetch", "appc://127.0.0.1/echo:1"];
    assert_eq!(site.podrun("unsigned", &unsigned).success().stdout, id);

    // A key for the name also says on which road the image comes, however it is called.
    site.trust("add", "127.0.0.1/echo", &site.path("me.gpg"));
    assert_eq!(site.podrun("a", &["fetch", "127.0.0.1/echo:1"]).success().stdout, id);
    assert_eq!(site.podrun("a", &["fetch", "127.0.0.1/echo:1"]).success().stdout, id, "again");
    let run = |data: &str, more: &[&str]| {
        let arguments: Vec<_> = ["run", "--net=none"].iter().chain(more).copied().collect();
        site.podrun(data, &arguments)
    };
    assert_eq!(run("a", &["--pull-policy=never", "127.0.0.1/echo:1", "--", "a"]).success().stdout, "a\n");
    assert_eq!(run("a", &["127.0.0.1/echo", "--", "b"]).success().stdout, "b\n", "any version");
    assert_eq!(run("new", &["127.0.0.1/echo:1", "--", "b"]).success().stdout, "b\n", "not there yet");
    // In a manifest too.
    let pod = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "echo"}, "spec": {"restartPolicy": "Never",
        "containers": [{"name": "echo", "image": "127.0.0.1/echo:1", "args": ["c"], "imagePullPolicy": "POLICY"}]}}"#;
    for (data, policy) in [("a", "Never"), ("pod", "IfNotPresent")] {
        fs::write(site.path("pod.json"), pod.replace("POLICY", policy)).expect("a file");
        let ran = run(data, &["pod.json"]).success();
        assert!(ran.stdout.contains("c\n"), "{}", ran.stdout);
    }

    // The same image that came in by another road is not verified: never run, and fetched where that is allowed.
    site.podrun("file", &["image", "import", "echo-1.aci"]).success();
    run("file", &["--pull-policy=never", "127.0.0.1/echo:1"])
        .fails(254, "podrun: image `127.0.0.1/echo:1` is not in the store, and `--pull-policy` is `never`\n");
    assert_eq!(run("file", &["127.0.0.1/echo:1", "--", "d"]).success().stdout, "d\n");
    assert_eq!(run("file", &["--pull-policy=never", "127.0.0.1/echo:1", "--", "e"]).success().stdout, "e\n");

    wrong_signatures(&site);

    // A key that is taken back takes its images along.
    let keys = fs::read_dir(site.path("etc/trustedkeys/prefix.d/127.0.0.1/echo")).expect("a directory");
    let key = keys.flatten().next().expect("a key").file_name().into_string().expect("UTF-8");
    site.trust("add", "127.0.0.1", &site.path("other.gpg"));
    site.trust("remove", "127.0.0.1/echo", &key);
    run("a", &["--pull-policy=never", "127.0.0.1/echo:1"]).exits(254);
}

/// Signed by somebody else, and other bytes than those that were signed.
fn wrong_signatures(site: &Site) {
    site.publish("2", "other");
    let other = site.podrun("wrong", &["fetch", "127.0.0.1/echo:2"]).exits(254);
    assert!(other.stderr.contains("of whom no key is believed for this image"), "{}", other.stderr);
    site.publish("3", "me");
    let published = site.podrun.scratch().join("site/127.0.0.1");
    let file = fs::read_dir(published)
        .expect("a directory")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.to_string_lossy().contains("echo-3") && path.extension().is_some_and(|end| end == "aci")
        })
        .expect("the image");
    let mut bytes = fs::read(&file).expect("a file");
    // Behind the end of its gzip stream, where no decoder would mind.
    bytes.push(0);
    fs::write(&file, bytes).expect("a file");
    let altered = site.podrun("wrong", &["fetch", "127.0.0.1/echo:3"]).exits(254);
    assert!(altered.stderr.contains("does not fit the bytes"), "{}", altered.stderr);
    assert_eq!(site.podrun("wrong", &["image", "list", "--output", "json"]).success().stdout, "[]\n");
}
