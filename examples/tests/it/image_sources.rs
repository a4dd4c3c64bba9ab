//! Images of other formats: layouts and archives that umoci, skopeo, buildah and podman make, and a registry.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::program::{Podrun, Ran, find};
use crate::{Need, machine, test};

pub(crate) fn tests() -> Vec<Trial> {
    let made = [Need::Root, Need::Program("busybox"), Need::Program("umoci")];
    let copied = [made[0], made[1], made[2], Need::Program("skopeo")];
    let registry = [made[0], made[1], made[2], Need::Program("skopeo"), Need::Program("docker-registry")];
    vec![
        test("image_sources::layout", &made, layout),
        test("image_sources::stop_signal", &made, stop_signal),
        test("image_sources::archives", &copied, archives),
        test("image_sources::buildah", &[made[0], made[1], Need::Program("buildah")], buildah),
        test("image_sources::podman_save", &[made[0], made[1], Need::Program("podman")], podman_save),
        test("image_sources::registry", &registry, registry_road),
        test("image_sources::kubernetes", &registry, kubernetes),
        test(
            "image_sources::pull_secrets",
            &[&registry[..], &[Need::Program("htpasswd")]].concat(),
            pull_secrets,
        ),
        test("image_sources::leave_the_store", &copied, leave_the_store),
    ]
}

/// Runs lines of a shell in the scratch directory.
fn sh(podrun: &Podrun, lines: &str) {
    let output =
        Command::new("sh").args(["-ec", lines]).current_dir(podrun.scratch()).output().expect("sh starts");
    let ran = Ran::of(output);
    assert_eq!(ran.code, Some(0), "{lines}\n{}", ran.stderr);
}

/// A podrun beside a layout `web`, whose image `v1` says `v1` and whose second layer takes a file of the first away.
fn with_layout() -> Podrun {
    let podrun = Podrun::new();
    make_layout(&podrun, "v1");
    podrun
}

/// Makes the image of that tag in the layout `web`.
fn make_layout(podrun: &Podrun, tag: &str) {
    let busybox = find("busybox").expect("busybox");
    sh(
        podrun,
        &format!(
            r#"[ -d web ] || umoci init --layout web
umoci new --image web:{tag}
umoci unpack --image web:{tag} one >/dev/null
mkdir -p one/rootfs/bin one/rootfs/etc
cp {} one/rootfs/bin/busybox
for name in sh cat ls id; do ln -s busybox one/rootfs/bin/$name; done
printf 'root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n' >one/rootfs/etc/passwd
printf 'root:x:0:\nweb:x:34:\n' >one/rootfs/etc/group
echo {tag} >one/rootfs/etc/version; : >one/rootfs/etc/gone
umoci repack --image web:{tag} one >/dev/null; rm -r one
umoci unpack --image web:{tag} one >/dev/null
rm one/rootfs/etc/gone
umoci repack --image web:{tag} one >/dev/null; rm -r one
umoci config --image web:{tag} --config.entrypoint /bin/sh --config.entrypoint -c --config.cmd 'cat version; id; echo $A' \
  --config.user web --config.workingdir /etc --config.env A=from-image"#,
            busybox.display()
        ),
    );
}

fn run(podrun: &Podrun, arguments: &[&str]) -> Ran {
    podrun.run(["run", "--net=none"].iter().chain(arguments))
}

/// What the image prints by its own command.
const DEFAULT: &str = "v1\nuid=33(web) gid=34(web) groups=34(web)\nfrom-image\n";

fn layout() {
    let podrun = with_layout();
    let ran = run(&podrun, &["web"]).success();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (DEFAULT, ""));
    assert_eq!(run(&podrun, &["oci:web:v1"]).success().stdout, DEFAULT);
    // What stands behind `--` takes the place of Docker's `Cmd`, not of the entry point.
    let words = ["web", "-e", "A=1", "--user=0:0", "--", "pwd; [ -e gone ] || echo $A; id"];
    assert_eq!(run(&podrun, &words).success().stdout, "/etc\n1\nuid=0(root) gid=0(root) groups=0(root)\n");
    assert_eq!(run(&podrun, &["web", "--exec", "/bin/cat", "--", "version"]).success().stdout, "v1\n");
    // It is in the store by the name of its directory.
    assert_eq!(run(&podrun, &["--pull-policy=never", "localhost/web:v1"]).success().stdout, DEFAULT);
    make_layout(&podrun, "v2");
    run(&podrun, &["web"])
        .fails(254, "podrun: cannot read the image `web`: it has several images: `v1`, `v2`\n");
    assert!(run(&podrun, &["oci:web:v2"]).success().stdout.starts_with("v2\n"));
    run(&podrun, &["oci:web:v3"])
        .fails(254, "podrun: cannot read the image `web`: it has no image `v3`, but `v1`, `v2`\n");
}

/// Docker's stop signal is the one that asks the program to end.
fn stop_signal() {
    let podrun = with_layout();
    sh(&podrun, "umoci config --image web:v1 --config.stopsignal SIGUSR2");
    let script = "trap 'echo asked; exit 3' USR2; echo ready; while :; do sleep 0.1; done";
    let mut child = podrun
        .command(["run", "--net=none", "web", "--", script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("podrun starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its standard output")).lines();
    assert_eq!(lines.next().expect("a line").expect("a line"), "ready");
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("podrun runs");
    assert_eq!(lines.next().expect("a line").expect("a line"), "asked");
    assert_eq!(child.wait().expect("podrun ends").code(), Some(3));
}

fn archives() {
    let podrun = with_layout();
    sh(
        &podrun,
        "skopeo copy -q oci:web:v1 docker-archive:docker.tar:example.com/web:7
skopeo copy -q oci:web:v1 oci-archive:oci.tar:v1
gzip -k docker.tar; zstd -q oci.tar -o oci.tar.zst 2>/dev/null || cp oci.tar oci.tar.zst",
    );
    for archive in [
        "docker.tar",
        "docker-archive:docker.tar",
        "docker-archive:docker.tar:example.com/web:7",
        "./docker.tar.gz",
        "oci-archive:oci.tar:v1",
        "./oci.tar.zst",
    ] {
        let ran = run(&podrun, &[archive]).success();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (DEFAULT, ""), "{archive}");
    }
    assert_eq!(run(&podrun, &["--pull-policy=never", "example.com/web:7"]).success().stdout, DEFAULT);
    let id = podrun.run(["fetch", "docker.tar"]).success().stdout;
    assert_eq!(podrun.run(["image", "import", "docker.tar"]).success().stdout, id);
    fs::write(podrun.scratch().join("text.tar"), "no tar\n".repeat(100)).expect("a file");
    let ran = podrun.run(["fetch", "aci:text.tar"]).exits(254);
    assert_eq!(
        ran.stderr,
        "podrun: cannot import an image: archive `text.tar`: it is no tar, nor compressed by gzip, bzip2, xz or zstd\n"
    );
}

/// Options that give buildah and podman a storage of their own.
const STORAGE: &str = "--root $PWD/storage --runroot $PWD/run --storage-driver vfs";

fn build_scratch(podrun: &Podrun, tool: &str) {
    let busybox = find("busybox").expect("busybox");
    sh(
        podrun,
        &format!(
            "mkdir -p root/bin; cp {} root/bin/busybox; ln -s busybox root/bin/echo; tar -C root -cf root.tar .\n{tool}",
            busybox.display()
        ),
    );
}

fn buildah() {
    let podrun = Podrun::new();
    build_scratch(
        &podrun,
        &format!(
            "B='buildah {STORAGE}'; c=$($B from scratch); $B add -q $c root.tar / >/dev/null
$B config --entrypoint '[\"/bin/echo\"]' --cmd 'made by buildah' $c; $B commit -q --rm $c docker-archive:$PWD/made.tar:localhost/made:1 >/dev/null"
        ),
    );
    assert_eq!(run(&podrun, &["made.tar"]).success().stdout, "made by buildah\n");
    assert_eq!(run(&podrun, &["localhost/made:1", "--", "and", "run"]).success().stdout, "and run\n");
}

fn podman_save() {
    let podrun = Podrun::new();
    build_scratch(
        &podrun,
        &format!(
            "P='podman {STORAGE}'; $P import -q --change 'ENTRYPOINT [\"/bin/echo\"]' --change 'CMD [\"saved\"]' root.tar localhost/saved:3 >/dev/null
for format in docker-archive oci-archive oci-dir; do $P save -q --format $format -o saved-$format localhost/saved:3; done"
        ),
    );
    for format in ["docker-archive", "oci-archive", "oci-dir"] {
        let archive = format!("saved-{format}");
        assert_eq!(run(&podrun, &[&archive]).success().stdout, "saved\n", "{format}");
    }
}

/// A docker-registry of our own.
struct Registry {
    child: Child,
    /// `127.0.0.1:port`.
    host: String,
}

impl Registry {
    fn start(folder: &Path) -> Self {
        Self::with(folder, "")
    }

    /// With more lines of its configuration.
    fn with(folder: &Path, more: &str) -> Self {
        // Another process may take the port between; then there is another.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0")
                .and_then(|socket| socket.local_addr())
                .expect("a port")
                .port();
            let host = format!("127.0.0.1:{port}");
            let storage = folder.join("registry");
            let config = folder.join("registry.yml");
            let text = format!(
                "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{host}'}}\n{more}",
                storage.display()
            );
            fs::write(&config, text).expect("a file");
            let mut command = Command::new(find("docker-registry").expect("docker-registry"));
            command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("docker-registry starts");
            let deadline = Instant::now() + Duration::from_secs(20);
            while Instant::now() < deadline && child.try_wait().expect("a child").is_none() {
                if TcpStream::connect(&host).is_ok() {
                    return Self { child, host };
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("docker-registry does not start");
    }

    /// Puts the image of a tag in the layout `web` there, under the name `team/web:1`.
    fn push(&self, podrun: &Podrun, tag: &str) {
        sh(
            podrun,
            &format!(
                "skopeo copy -q --dest-tls-verify=false oci:web:{tag} docker://{}/team/web:1",
                self.host
            ),
        );
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn registry_road() {
    let podrun = with_layout();
    make_layout(&podrun, "v2");
    let registry = Registry::start(podrun.scratch());
    registry.push(&podrun, "v1");
    let host = registry.host.clone();
    let (name, uri) = (format!("{host}/team/web:1"), format!("docker://{host}/team/web:1"));
    let pull =
        |options: &[&str], image: &str| run(&podrun, &[&["--plain-http", &host], options, &[image]].concat());
    run(&podrun, &["--pull-policy=never", &name])
        .fails(254, &format!("podrun: image `{name}` is not in the store, and `--pull-policy` is `never`\n"));
    // TLS is not left out by itself.
    let ran = run(&podrun, &[&uri]).exits(254);
    assert!(ran.stderr.starts_with(&format!("podrun: image `{name}`: ")), "{}", ran.stderr);
    assert_eq!(pull(&[], &uri).success().stdout, DEFAULT);
    // Another image by the same name is had when it is asked for.
    registry.push(&podrun, "v2");
    assert_eq!(pull(&[], &name).success().stdout, DEFAULT);
    assert!(pull(&["--pull-policy=update"], &name).success().stdout.starts_with("v2\n"));
    assert!(pull(&[], &uri).success().stdout.starts_with("v2\n"));
    let id = podrun.run(["fetch", "--plain-http", &host, &name]).success().stdout;
    drop(registry);
    assert!(run(&podrun, &[id.trim_end()]).success().stdout.starts_with("v2\n"));
    assert!(pull(&[], &name).success().stdout.starts_with("v2\n"));
    let ran = pull(&["--pull-policy=update"], &name).exits(254);
    assert!(ran.stderr.contains("onnection refused"), "{}", ran.stderr);
    podrun.run(["gc", "--grace-period", "0"]).success();
    assert_eq!(fs::read_dir(podrun.data().join("fetching")).expect("a directory").count(), 0);
}

fn kubernetes() {
    let podrun = with_layout();
    let registry = Registry::start(podrun.scratch());
    registry.push(&podrun, "v1");
    let image = format!("{}/team/web:1", registry.host);
    let pod = |policy: &str| {
        format!(
            "apiVersion: v1
kind: Pod
metadata: {{name: pulls, annotations: {{podkit.dev/net: none}}}}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: {image}
    imagePullPolicy: {policy}
    args: ['echo by kubernetes; id']
"
        )
    };
    let plain = ["--plain-http", registry.host.as_str()];
    let ran = podrun.run_pod(&plain, &pod("IfNotPresent")).success();
    assert_eq!(ran.stdout, "main | by kubernetes\nmain | uid=33(web) gid=34(web) groups=34(web)\n");
    assert!(
        ran.stderr.contains(&format!("Pulled     main: Successfully pulled image \"{image}\" in ")),
        "{}",
        ran.stderr
    );
    let ran = podrun.run_pod(&plain, &pod("IfNotPresent")).success();
    assert!(ran.stderr.contains("already present on machine"), "{}", ran.stderr);
    podrun.run_pod(&plain, &pod("Always")).success();
    let none = pod("Always").replace("team/web:1", "team/none:1");
    let ran = podrun.run_pod(&plain, &none).exits(254);
    let none = image.replace("team/web:1", "team/none:1");
    assert!(
        ran.stderr.starts_with(&format!("podrun: app `main`: ErrImagePull: image `{none}`: ")),
        "{}",
        ran.stderr
    );
}

/// A pod's pull secrets open a registry that asks who is there.
fn pull_secrets() {
    let podrun = with_layout();
    sh(&podrun, "htpasswd -Bbn me sesame >passwords");
    let auth = format!(
        "auth: {{htpasswd: {{realm: here, path: {}}}}}\n",
        podrun.scratch().join("passwords").display()
    );
    let registry = Registry::with(podrun.scratch(), &auth);
    sh(
        &podrun,
        &format!(
            "skopeo copy -q --dest-tls-verify=false --dest-creds me:sesame oci:web:v1 docker://{}/team/web:1",
            registry.host
        ),
    );
    let host = registry.host.as_str();
    let pod = |password: &str| {
        format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: registry}}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{{\"auths\": {{\"{host}\": {{\"username\": \"me\", \"password\": \"{password}\"}}}}}}'
---
apiVersion: v1
kind: Pod
metadata: {{name: secret, annotations: {{podkit.dev/net: none}}}}
spec:
  restartPolicy: Never
  imagePullSecrets: [{{name: registry}}]
  containers: [{{name: main, image: '{host}/team/web:1', args: [cat version]}}]
"
        )
    };
    let plain = ["--plain-http", host];
    let ran = podrun.run_pod(&plain, &pod("wrong")).exits(254);
    assert!(ran.stderr.contains("ErrImagePull") && !ran.stderr.contains("wrong"), "{}", ran.stderr);
    assert_eq!(podrun.run_pod(&plain, &pod("sesame")).success().stdout, "main | v1\n");
    secrets_of_pods_that_outlive_their_command(&podrun, &plain, &pod("sesame"));
    // Credentials of this machine do as well.
    let login = format!(r#"{{"auths": {{"{host}": {{"username": "me", "password": "sesame"}}}}}}"#);
    fs::write(podrun.scratch().join("auth.json"), login).expect("a file");
    let name = format!("docker://{host}/team/web:1");
    podrun.run(["fetch", "--plain-http", host, "--auth-file", "auth.json", &name]).success();
}

/// The container fails once, and its image is pulled anew for its second try: by then the command that was given the secret is gone.
fn secrets_of_pods_that_outlive_their_command(podrun: &Podrun, plain: &[&str], pod: &str) {
    let again = pod.replace("restartPolicy: Never", "restartPolicy: OnFailure\n  activeDeadlineSeconds: 120").replace(
        "args: [cat version]",
        "imagePullPolicy: Always, volumeMounts: [{name: state, mountPath: /state}],\n    args: ['[ -e /state/x ] && exit 0; : >/state/x; exit 1']",
    ) + "  volumes: [{name: state, emptyDir: {}}]\n";
    fs::write(podrun.scratch().join("again.yaml"), again).expect("a manifest");
    let options =
        |command: &[&str]| podrun.run(command.iter().chain(plain)).success().stdout.trim_end().to_owned();
    let private = |uuid: &str| -> Vec<PathBuf> {
        let files = machine::tree(&podrun.data()).into_iter();
        files.filter(|file| file.ends_with(Path::new(uuid).join("private"))).collect()
    };
    let uuid = options(&["run", "-d", "again.yaml"]);
    podrun.run(["wait", &uuid]).exits(0);
    assert_eq!(private(&uuid), Vec::<PathBuf>::new(), "it is gone with the pod's end");
    let events = podrun.run(["events", &uuid]).success().stdout;
    assert!(!events.contains("ErrImagePull"), "{events}");

    let uuid = options(&["prepare", "again.yaml"]);
    let kept = private(&uuid);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let file = podrun.data().join(&kept[0]);
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&file).expect("a file").contains("sesame"));
    options(&["run-prepared", &uuid]);
    assert_eq!(private(&uuid), Vec::<PathBuf>::new());
    let uuid = options(&["prepare", "again.yaml"]);
    podrun.run(["rm", &uuid]).success();
    assert_eq!(private(&uuid), Vec::<PathBuf>::new());
}

/// What came in goes out as an App Container image, whole.
fn leave_the_store() {
    let podrun = with_layout();
    let id = podrun.run(["fetch", "web"]).success().stdout;
    let id = id.trim_end();
    let manifest = podrun.run(["image", "cat-manifest", id]).success().stdout;
    assert!(manifest.contains("\"workingDirectory\": \"/etc\""), "{manifest}");
    podrun.run(["image", "export", "localhost/web:v1", "web.aci"]).success();
    let file = podrun.scratch().join("web.aci");
    assert_eq!(crate::program::acitool([Path::new("id"), &file]).success().stdout, format!("{id}\n"));
    podrun
        .run(["image", "export", id, "web.aci"])
        .fails(254, "podrun: `web.aci` is there already: `--overwrite` writes over it\n");
    podrun.run(["image", "export", id, "web.aci", "--overwrite"]).success();
    podrun.run(["image", "extract", id, "extracted"]).success();
    podrun.run(["image", "render", "--rootfs-only", &id[..15], "rendered"]).success();
    sh(
        &podrun,
        "diff -r --no-dereference extracted/rootfs rendered; [ -f extracted/manifest ]; [ ! -e rendered/manifest ]; [ $(ls -A rendered | wc -l) = 2 ]",
    );
    podrun
        .run(["image", "extract", id, "rendered"])
        .fails(254, "podrun: `rendered` is not empty: an image is unpacked to a directory of its own\n");

    run(&podrun, &["web"]).success();
    assert_eq!(podrun.run(["image", "verify"]).success().stdout, format!("{}: as it was\n", &id[..19]));
    let tree = fs::read_dir(podrun.data().join("store/trees"))
        .expect("trees")
        .next()
        .expect("a tree")
        .expect("a tree");
    fs::write(tree.path().join("rootfs/etc/version"), "other\n").expect("a file");
    let ran = podrun.run(["image", "verify", id]).exits(254);
    assert!(ran.stdout.contains("etc/version"), "{}", ran.stdout);
    let ran = podrun.run(["image", "verify", "--repair"]).success();
    assert!(
        ran.stdout.contains(": unpacked anew, for ") && ran.stdout.contains("etc/version"),
        "{}",
        ran.stdout
    );
    podrun.run(["image", "verify"]).success();
    podrun.run(["gc", "--grace-period", "0"]).success();
    podrun.run(["image", "rm", "localhost/web:v1"]).success();
    podrun
        .run(["image", "rm", "localhost/web:v1"])
        .fails(254, "podrun: no image in the store has the name or the ID `localhost/web:v1`\n");
}
