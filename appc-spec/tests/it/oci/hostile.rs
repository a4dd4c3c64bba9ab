//! Images that lie, break off or bite.

use std::fs;

use appc_spec::archive::Limits;
use appc_spec::oci::{OciErrorKind, Source};
use serde_json::json;
use tar::EntryType;

use super::made::{GZIP, Layout, PLAIN, Tar, config, docker_archive, docker_archive_of, gzip};
use super::{chain, import_with, options, refused};

#[test]
fn what_is_no_image_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let open = |name: &str| {
        let error = Source::open(path.join(name)).unwrap_err();
        (error.kind(), chain(&error).replace(&path.display().to_string(), "DIR"))
    };
    fs::create_dir(path.join("folder")).unwrap();
    Tar::new().file("x", "").write(&path.join("other.tar"));
    fs::write(
        path.join("text"),
        "no tar at all, and long enough to be none of the kinds that are known".repeat(20),
    )
    .unwrap();
    assert_eq!(open("missing").0, OciErrorKind::Io);
    assert_eq!(
        open("folder").1,
        "cannot read the image `DIR/folder`: a directory is an image when it has `oci-layout`"
    );
    assert_eq!(
        open("other.tar").1,
        "cannot read the image `DIR/other.tar`: an archive is an image when it has `oci-layout`, `manifest.json` or `repositories`"
    );
    assert_eq!(open("text").0, OciErrorKind::Format);
    Tar::new().file("manifest.json", "[{]").write(&path.join("broken.tar"));
    assert_eq!(
        open("broken.tar").1,
        "cannot read `manifest.json` of the image `DIR/broken.tar`: key must be a string at line 1 column 3"
    );
}

#[test]
fn entries_of_layers_stay_inside_and_make_sense() {
    let cases: [(Tar, &str); 8] = [
        (Tar::new().file("../x", ""), "entry `../x`: its name has a `..`"),
        (Tar::new().file("a/../../x", ""), "entry `a/../../x`: its name has a `..`"),
        (Tar::new().link("x", "../../etc/shadow"), "entry `x`: its name has a `..`"),
        (Tar::new().link("x", "nothing"), "entry `x`: it is a hard link to `nothing`, which is not there"),
        (
            Tar::new().directory("d", 0o755).link("x", "d"),
            "entry `x`: it is a hard link to `d`, which is a directory",
        ),
        (Tar::new().file("f", "").file("f/x", ""), "entry `f/x`: what it stands in is no directory"),
        (
            Tar::new().file("d/.wh...", ""),
            "entry `d/.wh...`: a name that begins with `.wh.` and names nothing to take away",
        ),
        (
            Tar::new().symlink("a", "b").symlink("b", "a").file("a/x", ""),
            "entry `a/x`: more than 40 symbolic links lead to it",
        ),
    ];
    for (layer, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        let source = docker_archive(&directory.path().join("image.tar"), "a:1", json!({}), &[layer]);
        let text = refused(directory.path(), &source);
        assert_eq!(
            text,
            format!("cannot put the layer `0/layer.tar` of `DIR/image.tar` in its place: {expected}")
        );
        let store = directory.path().join("store");
        for place in ["images", "references", "work"] {
            assert_eq!(fs::read_dir(store.join(place)).unwrap().count(), 0, "{expected}: {place}");
        }
    }
}

#[test]
fn digests_are_checked() {
    let layer = Tar::new().file("a", "1").bytes();
    let other = Tar::new().file("a", "2").bytes();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    // The plain tar is another one than the configuration says.
    let config_of = config(json!({}), std::slice::from_ref(&layer));
    let source = docker_archive_of(&path.join("diff.tar"), "a:1", &config_of, std::slice::from_ref(&other));
    let text = refused(path, &source);
    assert!(text.starts_with("cannot read the layer `0/layer.tar`: its plain tar is `sha256:"), "{text}");
    // The blob is another one than the manifest says.
    let mut layout = Layout::new(&path.join("layout"));
    let image = layout.image(&config_of, &[(GZIP, gzip(&layer))]);
    layout.name(image, json!({}));
    let blob = pod_core::image::Digest::sha256(&gzip(&layer));
    let mut bytes = gzip(&layer);
    // Its header's time: what it is unpacked stays the same.
    bytes[4] ^= 1;
    let place = layout.path.join("blobs/sha256").join(blob.encoded());
    fs::write(&place, &bytes).unwrap();
    let text = refused(path, &layout.path);
    assert!(text.starts_with(&format!("cannot read the layer `{blob}`: its digest is `sha256:")), "{text}");
    // It is shorter, and so on.
    fs::write(&place, &bytes[..20]).unwrap();
    let text = refused(path, &layout.path);
    assert_eq!(
        text,
        format!("cannot read the image `DIR/layout`: `{blob}` has 20 bytes, not {}", bytes.len())
    );
    fs::remove_file(&place).unwrap();
    let text = refused(path, &layout.path);
    assert_eq!(
        text,
        format!("cannot read the image `DIR/layout`: it has no file `blobs/sha256/{}`", blob.encoded())
    );
}

#[test]
fn a_configuration_fits_its_manifest() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let layer = Tar::new().bytes();
    let one = config(json!({}), std::slice::from_ref(&layer));
    let source = docker_archive_of(&path.join("two.tar"), "a:1", &one, &[layer.clone(), layer.clone()]);
    assert_eq!(
        refused(path, &source),
        "cannot read the image `DIR/two.tar`: its configuration names 1 layers in `rootfs.diff_ids`, its manifest 2"
    );
    let mut layout = Layout::new(&path.join("layout"));
    let artifact =
        layout.image(&one, &[("application/vnd.cncf.helm.chart.content.v1.tar+gzip", gzip(&layer))]);
    layout.name(artifact, json!({}));
    let text = refused(path, &layout.path);
    assert!(
        text.contains("of type `application/vnd.cncf.helm.chart.content.v1.tar+gzip` is no tar of files"),
        "{text}"
    );
}

#[test]
fn links_in_an_archive_stay_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("secret"), "secret").unwrap();
    let layer = Tar::new().file("a", "1").bytes();
    let text = config(json!({}), std::slice::from_ref(&layer)).to_string();
    let manifest = json!([{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["x/layer.tar"]}]).to_string();
    let archive = |link: &str, kind: EntryType| {
        Tar::new()
            .file("c.json", &text)
            .file("manifest.json", &manifest)
            .entry(EntryType::Regular, b"real.tar", b"", 0o644, &layer)
            .entry(kind, b"x/layer.tar", link.as_bytes(), 0o777, b"")
            .write(&path.join("image.tar"))
    };
    // skopeo's symbolic links, hard links, and what leads from the archive's own root.
    for (link, kind) in [
        ("../real.tar", EntryType::Symlink),
        ("/real.tar", EntryType::Symlink),
        ("real.tar", EntryType::Link),
    ] {
        let source = archive(link, kind);
        let store = path.join(format!("store-{}", link.replace('/', "-")));
        fs::create_dir(&store).unwrap();
        assert!(import_with(&store, &source, &options()).is_ok(), "{link}");
    }
    for link in ["../../secret", "/../secret", "missing", "layer.tar"] {
        let source = archive(link, EntryType::Symlink);
        assert_eq!(
            refused(path, &source),
            "cannot read the image `DIR/image.tar`: it has no file `x/layer.tar`",
            "{link}"
        );
    }
}

#[test]
fn layers_of_the_first_generation_know_the_one_below() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (low, high) = ("a".repeat(64), "b".repeat(64));
    let archive = |parent_of_low: &str, high: &str| {
        let about = |parent: &str| {
            json!({"id": "x", "parent": parent, "os": "linux", "architecture": "amd64", "config": {"Cmd": ["/x"]}}).to_string()
        };
        let layer = |name: &str| Tar::new().file(name, name).bytes();
        Tar::new()
            .file("repositories", &json!({"team/app": {"1": high, "2": high}}).to_string())
            .file(&format!("{low}/json"), &about(parent_of_low))
            .entry(EntryType::Regular, format!("{low}/layer.tar").as_bytes(), b"", 0o644, &layer("low"))
            .file(&format!("{}/json", "b".repeat(64)), &about(&low))
            .entry(
                EntryType::Regular,
                format!("{}/layer.tar", "b".repeat(64)).as_bytes(),
                b"",
                0o644,
                &layer("high"),
            )
            .write(&path.join("image.tar"))
    };
    let source = archive("", &high);
    assert_eq!(Source::open(&source).unwrap().format(), appc_spec::oci::SourceFormat::LegacyArchive);
    let (store, imported) = import_with(path, &source, &options()).unwrap();
    let tree = store.render(&imported.image, &appc_spec::archive::ExtractPolicy::PLAIN, &mut |_| {}).unwrap();
    assert!(tree.rootfs().join("low").exists() && tree.rootfs().join("high").exists());
    assert!(imported.names.contains(&"docker.io/team/app:2".to_owned()), "{:?}", imported.names);
    let parent = imported.image.manifest().annotations.value("appc.io/docker/parentimageid");
    assert_eq!(parent, Some(low.as_str()));
    // CVE-2016-8579 and CVE-2016-7569.
    assert_eq!(
        refused(path, &archive(&high, &high)),
        format!("cannot read the image `DIR/image.tar`: the layer `{high}` stands below itself")
    );
    assert_eq!(
        refused(path, &archive("", "../../etc")),
        "cannot read the image `DIR/image.tar`: `../../etc` is no layer's identifier of 64 hexadecimal digits"
    );
}

#[test]
fn limits_hold_for_all_layers_together() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let layer = |name: &str| Tar::new().file(name, &"x".repeat(100_000));
    let two = [layer("a"), layer("b")];
    let source = docker_archive(&path.join("image.tar"), "a:1", json!({}), &two);
    let with = |change: fn(&mut Limits)| {
        let mut options = options();
        change(&mut options.limits);
        import_with(path, &source, &options).map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(with(|limits| limits.size = 150_000), Err(OciErrorKind::Limit));
    assert_eq!(with(|limits| limits.entries = 1), Err(OciErrorKind::Limit));
    assert_eq!(with(|_| {}), Ok(()));
    // A layer that is unpacked a thousand times as large.
    let zeros = Tar::new().file("zeros", &"\0".repeat(4 << 20)).bytes();
    let mut layout = Layout::new(&path.join("layout"));
    let image = layout.image(&config(json!({}), std::slice::from_ref(&zeros)), &[(GZIP, gzip(&zeros))]);
    layout.name(image, json!({}));
    let mut options = options();
    (options.limits.ratio, options.limits.ratio_from) = (20, 1 << 20);
    let error = import_with(path, &layout.path, &options).unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Limit, "{}", chain(&error));
}

#[test]
fn what_breaks_off_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let layer = Tar::new().file("a", &"x".repeat(10_000)).bytes();
    let cut = &layer[..5000];
    let mut layout = Layout::new(&path.join("layout"));
    let image = layout.image(&config(json!({}), &[cut.to_vec()]), &[(PLAIN, cut.to_vec())]);
    layout.name(image, json!({}));
    let text = refused(path, &layout.path);
    assert!(text.ends_with("the tar ends within an entry"), "{text}");
    let mut broken = gzip(&layer);
    broken.truncate(broken.len() - 10);
    let mut layout = Layout::new(&path.join("layout2"));
    let image = layout.image(&config(json!({}), &[layer]), &[(GZIP, broken)]);
    layout.name(image, json!({}));
    assert!(
        refused(path, &layout.path).starts_with("cannot read the layer"),
        "{}",
        refused(path, &layout.path)
    );
    assert_eq!(fs::read_dir(path.join("store/images")).unwrap().count(), 0);
}
