//! What images with dependencies come to.
//!
//! The facts of the Go implementation's own tests (`pkg/acirenderer/acirenderer_test.go`) and of probes of it
//! (renderer-probe: `expected` there is what the specification wants, not what that code did).

use std::collections::BTreeMap;

use appc_spec::render::{
    Candidate, PathEntry, PathKind, RenderErrorKind, RenderLimits, RenderOrder, RenderPlan, Whitelist,
};
use appc_spec::{Dependency, ImageId, ImageManifest, Label, Labels};
use proptest::prelude::*;

/// An image: its name, the names that it depends on, its whitelist and its files. A file that ends in `/` is a directory, `a=b` a
/// hard link to `b`.
#[derive(Debug, Clone)]
struct Image(&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

fn id(name: &str) -> ImageId {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("sha512-{digits:0<128}").parse().unwrap()
}

fn manifest(image: &Image) -> ImageManifest {
    let mut manifest = ImageManifest::new(image.0.parse().unwrap());
    manifest.dependencies = image.1.iter().map(|name| dependency(name)).collect();
    manifest.path_whitelist = image.2.iter().map(|path| (*path).to_owned()).collect();
    manifest
}

fn dependency(name: &str) -> Dependency {
    Dependency { image_name: name.parse().unwrap(), image_id: None, labels: Labels::default(), size: 0 }
}

fn entry(text: &str) -> PathEntry {
    if let Some((path, target)) = text.split_once('=') {
        return PathEntry::new(path, PathKind::HardLink(target.as_bytes().into()));
    }
    match text.strip_suffix('/') {
        Some(path) => PathEntry::new(path, PathKind::Directory),
        None => PathEntry::new(text, PathKind::File),
    }
}

fn order(images: &[Image], limits: &RenderLimits) -> Result<RenderOrder, String> {
    let known: BTreeMap<&str, &Image> = images.iter().map(|image| (image.0, image)).collect();
    let candidate = |image: &Image| Candidate::new(id(image.0), manifest(image));
    RenderOrder::of(candidate(&images[0]), limits, &mut |wanted| {
        known.get(wanted.image_name.as_str()).map(|image| candidate(image))
    })
    .map_err(|error| error.to_string())
}

/// The paths of the result with where they come from; the order of the passes, joined by spaces.
fn rendered(images: &[Image]) -> Result<(String, Vec<String>), String> {
    let order = order(images, &RenderLimits::STANDARD)?;
    let plan = RenderPlan::new(&order, &mut |wanted| {
        let image = images.iter().find(|image| id(image.0) == *wanted).unwrap();
        image.3.iter().map(|text| entry(text)).collect()
    })
    .map_err(|error| error.to_string())?;
    let names: Vec<_> = order.passes().iter().map(|pass| pass.name.to_string()).collect();
    let paths = plan.to_string().lines().skip(names.len()).map(|line| line.replace('\t', " ")).collect();
    Ok((names.join(" "), paths))
}

#[test]
fn the_go_implementations_own_cases() {
    let cases: &[(&str, &[Image], &[&str])] = &[
        ("TestDirFromParent", &[Image("b", &["a"], &[], &[]), Image("a", &[], &[], &["a/"])], &["/a a"]),
        ("TestNewDir", &[Image("b", &["a"], &[], &["a/"]), Image("a", &[], &[], &[])], &["/a b"]),
        ("TestDirOverride", &[Image("b", &["a"], &[], &["a/"]), Image("a", &[], &[], &["a/"])], &["/a b"]),
        (
            "TestFileFromParent",
            &[Image("b", &["a"], &[], &[]), Image("a", &[], &[], &["a/", "a/f"])],
            &["/a a", "/a/f a"],
        ),
        (
            "TestNewFile",
            &[Image("b", &["a"], &[], &["a/f"]), Image("a", &[], &[], &["a/"])],
            &["/a a", "/a/f b"],
        ),
        (
            "TestFileOverride",
            &[Image("b", &["a"], &[], &["a/f"]), Image("a", &[], &[], &["a/", "a/f"])],
            &["/a a", "/a/f b"],
        ),
        (
            "TestFileOvverideDir",
            &[Image("b", &["a"], &[], &["a/b"]), Image("a", &[], &[], &["a/b/", "a/b/f", "a/b-c"])],
            &["/a implied", "/a/b b", "/a/b-c a"],
        ),
        (
            // On purpose not the same: there `/c/` keeps the directory alone, here all that is in it.
            "TestPWLOnlyParent",
            &[
                Image("b", &["a"], &[], &["b/file01", "c/file02"]),
                Image(
                    "a",
                    &[],
                    &["/a/file01", "/a/file02", "/b/link01", "/c/", "/d/"],
                    &[
                        "a/file01", "a/file02", "a/file03", "b/link01", "c/", "c/file01", "d/", "d/file01",
                        "e/file01",
                    ],
                ),
            ],
            &[
                "/a implied",
                "/a/file01 a",
                "/a/file02 a",
                "/b implied",
                "/b/file01 b",
                "/b/link01 a",
                "/c a",
                "/c/file01 a",
                "/c/file02 b",
                "/d a",
                "/d/file01 a",
            ],
        ),
        (
            // The same; without the slash it is as there.
            "TestPWLOnlyImage",
            &[
                Image(
                    "b",
                    &["a"],
                    &["/a/file01", "/a/file02", "/b/link01", "/b/file01", "/c/file02", "/d"],
                    &["a/file01", "c/file02"],
                ),
                Image(
                    "a",
                    &[],
                    &[],
                    &[
                        "a/file01", "a/file02", "a/file03", "b/link01", "c/", "c/file01", "d/", "d/file01",
                        "e/file01",
                    ],
                ),
            ],
            &[
                "/a implied",
                "/a/file01 b",
                "/a/file02 a",
                "/b implied",
                "/b/link01 a",
                "/c a",
                "/c/file02 b",
                "/d a",
            ],
        ),
        (
            "Test2Deps1",
            &[
                Image(
                    "c",
                    &["a", "b"],
                    &[
                        "/a/file01",
                        "/a/file02",
                        "/a/file03",
                        "/b/link01",
                        "/b/file01",
                        "/b/file02",
                        "/c/file01",
                    ],
                    &["a/file01", "b/file02", "c/file01"],
                ),
                Image(
                    "a",
                    &[],
                    &["/a/file01", "/a/file02", "/a/file03", "/a/file04", "/b/link01", "/b/file01"],
                    &["a/file01", "a/file02", "a/file03", "a/file04", "b/link01"],
                ),
                Image("b", &[], &[], &["a/file01", "a/file02", "b/file01"]),
            ],
            &[
                "/a implied",
                "/a/file01 c",
                "/a/file02 b",
                "/a/file03 a",
                "/b implied",
                "/b/file01 b",
                "/b/file02 c",
                "/b/link01 a",
                "/c implied",
                "/c/file01 c",
            ],
        ),
        (
            "Test2Deps2",
            &[
                Image(
                    "c",
                    &["a", "b"],
                    &[
                        "/a/file01",
                        "/a/file02",
                        "/a/file03",
                        "/b/link01",
                        "/b/file01",
                        "/b/file02",
                        "/c/file01",
                    ],
                    &["a/file01", "b/file02", "c/file01"],
                ),
                Image("a", &[], &[], &["a/file01", "a/file02", "a/file03", "a/file04", "b/link01"]),
                Image(
                    "b",
                    &[],
                    &["/a/file01", "/a/file02", "/b/file01"],
                    &["a/file01", "a/file02", "b/file01"],
                ),
            ],
            &[
                "/a implied",
                "/a/file01 c",
                "/a/file02 b",
                "/a/file03 a",
                "/b implied",
                "/b/file01 b",
                "/b/file02 c",
                "/b/link01 a",
                "/c implied",
                "/c/file01 c",
            ],
        ),
        (
            "Test3Deps",
            &[
                Image(
                    "a",
                    &["b", "c"],
                    &[
                        "/a/file01",
                        "/a/file02",
                        "/a/file03",
                        "/b/link01",
                        "/b/file01",
                        "/b/file02",
                        "/c/file01",
                    ],
                    &["a/file01", "b/file02", "c/file01"],
                ),
                Image("b", &[], &[], &["a/file01", "a/file02", "a/file03", "a/file04", "b/link01"]),
                Image("c", &["d"], &[], &["a/file01", "a/file02", "b/file01"]),
                Image("d", &[], &[], &["a/file02", "b/file01", "d/", "d/file01"]),
            ],
            &[
                "/a implied",
                "/a/file01 a",
                "/a/file02 c",
                "/a/file03 b",
                "/b implied",
                "/b/file01 c",
                "/b/file02 a",
                "/b/link01 b",
                "/c implied",
                "/c/file01 a",
            ],
        ),
        ("TestEmptyRootFsDir", &[Image("a", &[], &["foo"], &["/"])], &["/ a"]),
    ];
    for (name, images, wanted) in cases {
        assert_eq!(rendered(images).unwrap().1, *wanted, "{name}");
    }
}

#[test]
fn what_the_go_implementation_got_wrong() {
    let cases: &[(&str, &[Image], &str, &[&str])] = &[
        (
            "1: a sibling's whitelist is its own",
            &[
                Image("a", &["b", "c"], &[], &["a-file"]),
                Image("b", &[], &[], &["b-file"]),
                Image("c", &["d"], &["/keep"], &[]),
                Image("d", &[], &[], &["keep", "gone"]),
            ],
            "b d c a",
            &["/a-file a", "/b-file b", "/keep d"],
        ),
        (
            "2: every ancestor's whitelist counts",
            &[
                Image("a", &["b"], &["/x", "/y"], &[]),
                Image("b", &["c"], &["/y"], &[]),
                Image("c", &[], &[], &["x", "y"]),
            ],
            "c b a",
            &["/y c"],
        ),
        (
            "3: an own whitelist removes directories",
            &[Image("a", &[], &["/d1/f"], &["d1/", "d1/f", "d2/"])],
            "a",
            &["/d1 a", "/d1/f a"],
        ),
        (
            "4: what is above a kept path stays",
            &[Image("a", &["b"], &["/d1/f"], &[]), Image("b", &[], &[], &["d1/", "d1/f", "d2/", "d1/g"])],
            "b a",
            &["/d1 b", "/d1/f b"],
        ),
        (
            "5: an image that is reached twice is laid down twice",
            &[
                Image("a", &["b", "c"], &[], &["a-file"]),
                Image("b", &["d"], &[], &[]),
                Image("c", &["d"], &["/d-file"], &[]),
                Image("d", &[], &[], &["d-file", "other"]),
            ],
            "d b d c a",
            &["/a-file a", "/d-file d", "/other d"],
        ),
        (
            "6: a link makes room for a directory, a directory for a link",
            &[Image("a", &["b"], &[], &["dir/file", "x"]), Image("b", &[], &[], &["dir", "x/", "x/y"])],
            "b a",
            &["/dir implied", "/dir/file a", "/x a"],
        ),
        (
            "7: a hard link keeps its own content",
            &[Image("a", &["b"], &[], &["one"]), Image("b", &[], &[], &["one", "two=one", "three=two"])],
            "b a",
            &["/one a", "/three b", "/two link to /three"],
        ),
        (
            "7b: links whose target is left",
            &[Image("b", &[], &[], &["one", "a=one"])],
            "b",
            &["/a link to /one", "/one b"],
        ),
        ("7c: the target is filtered", &[Image("b", &[], &["/a"], &["one", "a=one"])], "b", &["/a b"]),
        (
            "8: the specification's own example",
            &[Image(
                "a",
                &[],
                &["/etc/systemd/system/"],
                &[
                    "etc/",
                    "etc/systemd/",
                    "etc/systemd/system/",
                    "etc/systemd/system/x.service",
                    "etc/passwd",
                ],
            )],
            "a",
            &["/etc a", "/etc/systemd a", "/etc/systemd/system a", "/etc/systemd/system/x.service a"],
        ),
        (
            "ace.md: B, D, C, A",
            &[
                Image("a", &["b", "c"], &[], &["f"]),
                Image("b", &[], &[], &["f", "g"]),
                Image("c", &["d"], &[], &["f", "g", "h"]),
                Image("d", &[], &[], &["f", "h"]),
            ],
            "b d c a",
            &["/f a", "/g c", "/h c"],
        ),
    ];
    for (name, images, order, wanted) in cases {
        let (passes, paths) = rendered(images).unwrap();
        assert_eq!(passes, *order, "{name}");
        assert_eq!(paths, *wanted, "{name}");
    }
}

#[test]
fn what_cannot_be_rendered() {
    let cases: &[(&[Image], &str)] = &[
        (
            &[Image("a", &["b"], &[], &[]), Image("b", &["c"], &[], &[]), Image("c", &["b"], &[], &[])],
            "image `b`: it depends on itself: `b` needs `c` needs `b`",
        ),
        (&[Image("a", &["a"], &[], &[])], "image `a`: it depends on itself: `a` needs `a`"),
        (&[Image("a", &["b"], &[], &[])], "image `a`: no image fulfils its dependency `b`"),
        (
            &[Image("a", &[], &[], &["x=y", "y"])],
            "image `a`: `x` is a hard link to `y`, which is no file that stands before it in the image",
        ),
        (
            &[Image("a", &[], &[], &["y/", "x=y"])],
            "image `a`: `x` is a hard link to `y`, which is no file that stands before it in the image",
        ),
    ];
    for (images, wanted) in cases {
        assert_eq!(rendered(images).unwrap_err(), *wanted);
    }
}

#[test]
fn limits_hold() {
    // Each level needs the next one twice: 2^n passes.
    let wide = [
        Image("l0", &["l1", "l1"], &[], &[]),
        Image("l1", &["l2", "l2"], &[], &[]),
        Image("l2", &["l3", "l3"], &[], &[]),
        Image("l3", &[], &[], &[]),
    ];
    let mut limits = RenderLimits::STANDARD;
    assert_eq!(order(&wide, &limits).unwrap().passes().len(), 15);
    limits.passes = 14;
    assert_eq!(order(&wide, &limits).unwrap_err(), "image `l0`: it is made of more than 14 images");
    limits.depth = 2;
    assert_eq!(order(&wide, &limits).unwrap_err(), "image `l0`: its dependencies are more than 2 deep");
    limits = RenderLimits::STANDARD;
    limits.files = 3;
    let order = order(&[Image("a", &[], &[], &[])], &limits).unwrap();
    let many = |_: &ImageId| ["a", "b", "c", "d"].map(|name| PathEntry::new(name, PathKind::File)).to_vec();
    let error = RenderPlan::new(&order, &mut { many }).unwrap_err();
    assert_eq!(error.kind(), &RenderErrorKind::Files(3));
}

#[test]
fn a_dependency_is_checked() {
    let base = || Candidate::new(id("base"), manifest(&Image("base", &[], &[], &[]))).with_sizes(100, 200);
    let check = |change: &dyn Fn(&mut Dependency)| {
        let mut wanted = dependency("base");
        change(&mut wanted);
        let mut root = manifest(&Image("a", &[], &[], &[]));
        root.dependencies.push(wanted);
        let root = Candidate::new(id("a"), root);
        RenderOrder::of(root, &RenderLimits::STANDARD, &mut |_| Some(base()))
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    assert_eq!(check(&|wanted| wanted.size = 100), Ok(()));
    assert_eq!(check(&|wanted| wanted.size = 200), Ok(()));
    assert_eq!(
        check(&|wanted| wanted.size = 150).unwrap_err(),
        "image `a`: its dependency `base` has 100 bytes (200 uncompressed), where 150 are wanted"
    );
    assert_eq!(check(&|wanted| wanted.image_id = Some(id("base"))), Ok(()));
    assert_eq!(
        check(&|wanted| wanted.image_id = Some(id("x"))).unwrap_err(),
        format!(
            "image `a`: the image that was found for a dependency has the image ID `{}`, not `{}`",
            id("base"),
            id("x")
        )
    );
    assert_eq!(
        check(&|wanted| wanted.image_name = "other".parse().unwrap()).unwrap_err(),
        "image `a`: the image that was found for a dependency has the name `base`, not `other`"
    );
    let version = Label { name: "version".parse().unwrap(), value: "1".to_owned() };
    assert_eq!(
        check(&|wanted| wanted.labels = Labels::try_from(vec![version.clone()]).unwrap()).unwrap_err(),
        "image `a`: the image that was found for a dependency has the label `version` ``, not `1`"
    );
}

#[test]
fn whitelists_take_paths_as_people_write_them() {
    let list = Whitelist::new(["//a/./b", "c/../d/", "../e"]);
    for (path, is_directory, kept) in [
        ("a/b", false, true),
        ("a", true, true),
        ("a", false, false),
        ("a/b/c", false, false),
        ("d", false, true),
        ("d/x/y", false, true),
        ("c", true, false),
        ("e", false, true),
        ("ab", true, false),
        ("", true, true),
    ] {
        assert_eq!(list.keeps(path.as_bytes(), is_directory), kept, "{path}");
    }
    assert!(Whitelist::new([]).keeps(b"x", false));
    assert!(Whitelist::new(["/"]).keeps(b"x/y", false));
}

proptest! {
    /// Whatever is laid over whatever: each path of the result has directories above it, a link leads to a path that is none, and
    /// the last image's own files are there.
    #[test]
    fn a_plan_is_a_tree(images in prop::collection::vec(prop::collection::btree_map("[ab](/[ab]){0,3}", any::<bool>(), 0..8), 1..4)) {
        let names = ["i0", "i1", "i2", "i3"];
        let mut root = ImageManifest::new("root".parse().unwrap());
        root.dependencies = names.iter().take(images.len()).map(|name| dependency(name)).collect();
        let order = RenderOrder::of(Candidate::new(id("root"), root), &RenderLimits::STANDARD, &mut |wanted| {
            Some(Candidate::new(id(wanted.image_name.as_str()), ImageManifest::new(wanted.image_name.clone())))
        }).unwrap();
        let plan = RenderPlan::new(&order, &mut |wanted| {
            let Some(index) = names.iter().position(|name| id(name) == *wanted) else { return vec![] };
            images[index].iter().map(|(path, directory)| {
                PathEntry::new(path, if *directory { PathKind::Directory } else { PathKind::File })
            }).collect()
        }).unwrap();
        let kinds: BTreeMap<Vec<u8>, bool> = plan.paths().map(|(path, origin)| {
            let directory = match origin {
                appc_spec::render::Origin::Entry { image, entry } => {
                    let index = names.iter().position(|name| id(name) == plan.images()[image]).unwrap();
                    *images[index].values().nth(entry).unwrap()
                }
                _ => true,
            };
            (path.to_vec(), directory)
        }).collect();
        for path in kinds.keys() {
            if let Some(slash) = path.iter().rposition(|byte| *byte == b'/') {
                prop_assert_eq!(kinds.get(&path[..slash]), Some(&true));
            }
        }
        // The last entry of the last image is overridden by nothing.
        if let Some((path, directory)) = images.last().unwrap().iter().last() {
            prop_assert_eq!(kinds.get(path.as_bytes()), Some(directory));
        }
    }
}
