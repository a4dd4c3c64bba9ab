//! Images made by buildah, skopeo, umoci and podman, into the store.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use appc_spec::archive::{BuildOptions, ExtractPolicy, ImageBuilder};
use appc_spec::oci::{self, ImportOptions, Imported, Layers, Pick, Source, SourceFormat};
use appc_spec::store::{self, Store};
use appc_spec::{App, ImageManifest, Json, Labels, Strength};
use pod_core::image::Platform;

use super::run;

/// Runs a program that must succeed; what it prints.
pub(super) fn sh(directory: &Path, line: &str) -> String {
    let output = run("sh", &["-ec".as_ref(), line.as_ref()], directory);
    String::from_utf8(output.stdout).unwrap()
}

/// Options that give buildah, podman and skopeo a storage of their own.
const STORAGE: &str = "--root $PWD/storage --runroot $PWD/run --storage-driver vfs";

/// An image with two layers: the second one deletes, replaces and hides.
pub(super) fn build(directory: &Path) {
    sh(
        directory,
        &format!(
            r#"
mkdir -p one/bin one/etc one/dir one/opaque one/was-dir two/was-file
cp /bin/busybox one/bin/busybox
ln one/bin/busybox one/bin/sh
echo first > one/etc/first; echo gone > one/etc/gone; echo a > one/dir/a; echo b > one/dir/b; echo low > one/opaque/low
echo x > one/was-dir/x; echo file > one/was-file
printf 'root:x:0:0:root:/root:/bin/sh\nweb:x:100:101:web:/:/bin/sh\n' > one/etc/passwd
printf 'root:x:0:\nweb:x:101:\nlogs:x:200:web\n' > one/etc/group
ln -s etc/first one/link
B='buildah {STORAGE}'
c=$($B from scratch)
$B copy -q $c one /
$B config --env PATH=/bin --env 'SPACE=a b' --entrypoint '["/bin/sh"]' --cmd '-c true' --port 80 --port 8000-8010/udp \
  --volume /var/lib/db --label team=red --stop-signal SIGQUIT --user web --workingdir srv --author me $c
$B commit -q --rm $c localhost/peer/base:1 >/dev/null
c=$($B from localhost/peer/base:1)
m=$($B mount $c)
rm -r $m/etc/gone $m/opaque $m/was-dir $m/was-file $m/bin/sh
mkdir $m/opaque $m/was-file
echo high > $m/opaque/high; echo now > $m/was-dir; echo in > $m/was-file/in; echo second > $m/etc/second
$B unmount $c >/dev/null
$B commit -q --rm $c localhost/peer/app:2 >/dev/null
$B push -q localhost/peer/app:2 dir:$PWD/pushed >/dev/null
"#
        ),
    );
}

pub(super) fn import(directory: &Path, source: &str, image: Option<&str>) -> (Store, Imported) {
    import_by(directory, source, image, &ImportOptions::new(SystemTime::now()))
}

fn import_by(
    directory: &Path,
    source: &str,
    image: Option<&str>,
    options: &ImportOptions,
) -> (Store, Imported) {
    let store = Store::open(directory.join("store")).unwrap();
    let source = Source::open(directory.join(source)).unwrap();
    let mut pick = Pick::the_only_one(Platform::of_this_program());
    pick.image = image.map(str::to_owned);
    let imported = oci::import(&store, &source, &pick, options, &|_| {}).unwrap();
    (store, imported)
}

/// The names and contents of a tree, but for what is large.
fn listing(root: &Path) -> Vec<String> {
    let text = sh(
        root,
        "find . -mindepth 1 | LC_ALL=C sort | while read f; do if [ -L $f ]; then echo \"$f -> $(readlink $f)\"; \
      elif [ -d $f ]; then echo \"$f/\"; elif [ $(stat -c %s $f) -lt 100 ]; then echo \"$f $(head -c 20 $f | tr '\\n' ' ')\"; else echo $f; fi; done",
    );
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

const EXPECTED: &[&str] = &[
    "./bin/",
    "./bin/busybox",
    "./dir/",
    "./dir/a a",
    "./dir/b b",
    "./etc/",
    "./etc/first first",
    "./etc/group root:x:0: web:x:101:",
    "./etc/passwd root:x:0:0:root:/roo",
    "./etc/second second",
    "./link -> etc/first",
    "./opaque/",
    "./opaque/high high",
    "./was-dir now",
    "./was-file/",
    "./was-file/in in",
];

fn check(directory: &Path, source: &str, image: Option<&str>) -> Imported {
    let (store, imported) = import(directory, source, image);
    let tree = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    assert_eq!(listing(&tree.rootfs()), EXPECTED, "{source}");
    let manifest = imported.image.manifest();
    let app = manifest.app.as_ref().unwrap();
    assert_eq!(app.exec.as_slice(), ["/bin/sh", "-c", "true"], "{source}");
    assert_eq!(
        (app.user.as_str(), app.group.as_str(), app.supplementary_gids.as_slice()),
        ("web", "101", &[200][..])
    );
    assert_eq!(app.working_directory, "/srv");
    assert_eq!(app.environment.value("SPACE"), Some("a b"));
    let ports: Vec<_> = app.ports.iter().map(|port| (port.name.as_str(), port.port, port.count)).collect();
    assert_eq!(ports, [("80-tcp", 80, 1), ("8000-8010-udp", 8000, 11)]);
    assert_eq!(app.mount_points[0].name.as_str(), "volume-var-lib-db");
    assert_eq!(app.user_labels["team"], "red");
    let note = |name: &str| manifest.annotations.value(name);
    assert_eq!(note("appc.io/docker/stopsignal"), Some("SIGQUIT"));
    assert_eq!(note("appc.io/docker/entrypoint"), Some(r#"["/bin/sh"]"#));
    assert_eq!(note("appc.io/docker/cmd"), Some(r#"["-c","true"]"#));
    assert_eq!(note("authors"), Some("me"));
    assert_eq!(imported.not_carried, []);
    // What is written can be read strictly.
    ImageManifest::from_json(&manifest.to_json(Strength::Strict), Strength::Strict).unwrap();
    imported
}

/// skopeo writes each format; all of them are the same image.
pub(super) fn formats_of_skopeo() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    build(path);
    let from = "dir:pushed";
    for to in [
        "docker-archive:docker.tar:localhost/peer/app:2",
        "oci:layout:two",
        "oci-archive:oci.tar:localhost/peer/app:2",
    ] {
        sh(path, &format!("skopeo copy -q {from} {to}"));
    }
    sh(path, "gzip -k docker.tar");
    for (source, format) in [
        ("docker.tar", SourceFormat::DockerArchive),
        ("docker.tar.gz", SourceFormat::DockerArchive),
        ("layout", SourceFormat::OciLayout),
        ("oci.tar", SourceFormat::OciArchive),
    ] {
        assert_eq!(Source::open(path.join(source)).unwrap().format(), format);
        let imported = check(path, source, None);
        let has = |name: &str| imported.names.iter().any(|known| known == name);
        assert_eq!(has("localhost/peer/app:2"), source != "layout", "{:?}", imported.names);
        assert!(has(&format!("localhost/peer/app@{}", imported.digest)) || source == "layout");
    }
}

/// podman saves both formats, and several images in one archive.
pub(super) fn archives_of_podman() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    build(path);
    sh(
        path,
        &format!(
            "P='podman {STORAGE}'
             $P save -q --format docker-archive -o docker.tar localhost/peer/app:2
             $P save -q --format oci-archive -o oci.tar localhost/peer/app:2
             $P save -q -m -o both.tar localhost/peer/base:1 localhost/peer/app:2"
        ),
    );
    for source in ["docker.tar", "oci.tar"] {
        check(path, source, None);
    }
    // Each layer for itself comes to the same.
    let apart = ImportOptions::new(SystemTime::now()).layers(Layers::Apart);
    let (store, imported) = import_by(path, "docker.tar", None, &apart);
    assert_eq!(imported.image.manifest().dependencies.len(), 1);
    let tree = store.render(&imported.image, &ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    assert_eq!(listing(&tree.rootfs()), EXPECTED);
    check(path, "both.tar", Some("localhost/peer/app:2"));
    let error = Source::open(path.join("both.tar")).and_then(|source| {
        let store = Store::open(path.join("store")).unwrap();
        let pick = Pick::the_only_one(Platform::of_this_program());
        oci::import(&store, &source, &pick, &ImportOptions::new(SystemTime::now()), &|_| {})
    });
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot read the image `{}`: it has several images: `localhost/peer/base:1`, `localhost/peer/app:2`",
            path.join("both.tar").display()
        )
    );
}

/// umoci unpacks an image its own way; we agree on every file, and with layers by gzip, zstd and none.
pub(super) fn compressions_of_skopeo() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    build(path);
    let from = "dir:pushed";
    sh(path, &format!("skopeo copy -q --dest-compress-format zstd --dest-compress {from} oci:zstd:x"));
    sh(path, &format!("skopeo copy -q --dest-decompress {from} dir:plain"));
    sh(path, "skopeo copy -q dir:plain oci:gzip:x; cd gzip; file blobs/sha256/* 2>/dev/null || true");
    check(path, "zstd", None);
    check(path, "gzip", None);
    sh(path, "umoci unpack --rootless --image gzip:x bundle");
    assert_eq!(listing(&path.join("bundle/rootfs")), EXPECTED);
    fs::remove_dir_all(path.join("bundle")).unwrap();
}

/// An image of ours goes to skopeo, umoci and podman, which runs it.
pub(super) fn exports() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let store = Store::open(path.join("store")).unwrap();
    let mut manifest = ImageManifest::new("example.com/hello".parse().unwrap());
    let mut app =
        App::new(vec!["/bin/busybox".to_owned(), "echo".to_owned(), "hello from an ACI".to_owned()]);
    (app.user, app.group) = ("12".to_owned(), "34".to_owned());
    manifest.app = Some(app);
    let (os, arch) = Labels::host_platform().unwrap();
    for (name, value) in [("os", os), ("arch", arch)] {
        manifest.labels.set(name.parse().unwrap(), value).unwrap();
    }
    let mut archive = Vec::new();
    ImageBuilder::new(manifest)
        .file("bin/busybox", 0o755, fs::read("/bin/busybox").unwrap())
        .directory("tmp", 0o1777)
        .symlink("bin/sh", "busybox")
        .write(&mut archive, &BuildOptions::reproducible())
        .unwrap();
    let options = store::ImportOptions::new(Strength::Strict, SystemTime::now());
    let imported = store.import("hello.aci", archive.as_slice(), &options, &mut |_| {}).unwrap();
    oci::export(&store, imported.image.id(), &path.join("layout"), Some("hello")).unwrap();
    sh(path, "skopeo copy -q oci:layout:hello docker-archive:docker.tar:localhost/hello:1");
    sh(path, "umoci unpack --rootless --image layout:hello bundle && test -x bundle/rootfs/bin/busybox");
    let config = sh(path, "skopeo inspect --config oci:layout:hello");
    assert!(config.contains("12:34"), "{config}");
    // Machines without CAP_SYS_RESOURCE cannot raise limits, which podman does by default.
    fs::write(path.join("containers.conf"), "[containers]\ndefault_ulimits = []\n").unwrap();
    let podman = format!("CONTAINERS_CONF=$PWD/containers.conf podman --runtime runc {STORAGE}");
    // podman makes names of paths, so it gets the layout as one file.
    sh(path, "tar -C layout -cf ours.tar .");
    let loaded = sh(path, &format!("{podman} load -q -i ours.tar"));
    let name = loaded.trim().rsplit(": ").next().unwrap();
    // docker-archive and back: it is the same image still.
    let (_, back) = import(path, "docker.tar", None);
    let app = back.image.manifest().app.clone().unwrap();
    assert_eq!((app.user.as_str(), app.group.as_str()), ("12", "34"));
    assert_eq!(app.exec.last().map(String::as_str), Some("hello from an ACI"));
    let printed = sh(path, &format!("{podman} run --rm --network none {name} 2>&1 || true"));
    assert!(printed.contains("hello from an ACI"), "{printed}");
}
