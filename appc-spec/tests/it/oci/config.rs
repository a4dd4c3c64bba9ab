//! From a configuration to a manifest (docker2aci's mapping, and what it has wrong).

use appc_spec::oci::Imported;
use appc_spec::{App, ImageManifest, Json, Strength};
use serde_json::{Value, json};

use super::made::{Tar, config, docker_archive, docker_archive_of};
use super::{import_with, options, refused};

fn import(name: &str, process: Value) -> Imported {
    let directory = tempfile::tempdir().unwrap();
    let users = Tar::new()
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:100:101::/:\n1234:x:7:8::/:\nbroken\n")
        .file(
            "etc/group",
            "root:x:0:root\nweb:x:101:web\nlogs:x:5:web,other\nmore:x:4:other, web\nbroken:x\n",
        );
    let source = docker_archive(&directory.path().join("image.tar"), name, process, &[users]);
    import_with(directory.path(), &source, &options()).unwrap().1
}

fn app(process: Value) -> App {
    let imported = import("a:1", process);
    assert_eq!(imported.not_carried, []);
    imported.image.manifest().app.clone().unwrap()
}

#[test]
fn the_command_line_is_entry_point_and_arguments() {
    let cases = [
        (
            json!({"Entrypoint": ["/e", "1"], "Cmd": ["2"]}),
            vec!["/e", "1", "2"],
            Some(r#"["/e","1"]"#),
            Some(r#"["2"]"#),
        ),
        (json!({"Cmd": ["sh"]}), vec!["sh"], None, Some(r#"["sh"]"#)),
        (json!({"Entrypoint": null, "Cmd": null}), vec![], None, None),
        // Docker's first images.
        (json!({"Entrypoint": "/e", "Cmd": "x y"}), vec!["/e", "x y"], Some(r#"["/e"]"#), Some(r#"["x y"]"#)),
        (Value::Null, vec![], None, None),
    ];
    for (process, exec, entrypoint, cmd) in cases {
        let imported = import("a:1", process.clone());
        let manifest = imported.image.manifest();
        assert_eq!(manifest.app.as_ref().unwrap().exec.as_slice(), exec, "{process}");
        assert_eq!(manifest.annotations.value("appc.io/docker/entrypoint"), entrypoint, "{process}");
        assert_eq!(manifest.annotations.value("appc.io/docker/cmd"), cmd, "{process}");
    }
}

/// OCI image specification, `User`; the group is looked up as runc does (libcontainer/user, `GetExecUser`).
#[test]
fn users_get_the_group_that_docker_gives_them() {
    let cases = [
        ("", "0", "0", vec![]),
        ("web", "web", "101", vec![4, 5]),
        ("100", "100", "101", vec![4, 5]),
        // A name goes before a number.
        ("1234", "1234", "8", vec![]),
        ("5000", "5000", "0", vec![]),
        ("nobody", "nobody", "nobody", vec![]),
        ("web:5", "web", "5", vec![]),
        ("100:logs", "100", "logs", vec![]),
        ("web:", "web", "101", vec![4, 5]),
        (":5", "0", "5", vec![]),
    ];
    for (written, user, group, gids) in cases {
        let app = app(json!({"User": written}));
        assert_eq!(
            (app.user.as_str(), app.group.as_str(), app.supplementary_gids),
            (user, group, gids),
            "{written:?}"
        );
    }
}

#[test]
fn a_user_that_app_container_reads_otherwise_is_refused() {
    for written in ["/etc/passwd", "a:/b", "a:b:c"] {
        let directory = tempfile::tempdir().unwrap();
        let source = docker_archive(
            &directory.path().join("image.tar"),
            "a:1",
            json!({"User": written}),
            &[Tar::new()],
        );
        let text = refused(directory.path(), &source);
        assert!(text.starts_with("cannot carry over config.User: `"), "{text}");
    }
}

#[test]
fn work_directories_become_absolute() {
    for (written, path) in
        [("", ""), ("/", ""), ("srv", "/srv"), ("/a//b/../c/", "/a/c"), ("../..", ""), (".", "")]
    {
        assert_eq!(app(json!({"WorkingDir": written})).working_directory, path, "{written:?}");
    }
}

#[test]
fn ports_have_ranges() {
    let app = app(json!({"ExposedPorts": {
        "80": {}, "80/tcp": {}, "53/UDP": {}, "8000-8010/tcp": {}, "9/sctp": {}, "7-7": {}, "65535": {}
    }}));
    let ports: Vec<_> =
        app.ports.iter().map(|p| (p.name.to_string(), p.protocol.as_str(), p.port, p.count)).collect();
    let wanted = [
        ("7-tcp", "tcp", 7, 1),
        ("9-sctp", "sctp", 9, 1),
        ("53-udp", "udp", 53, 1),
        ("80-tcp", "tcp", 80, 1),
        ("8000-8010-tcp", "tcp", 8000, 11),
        ("65535-tcp", "tcp", 65535, 1),
    ];
    assert_eq!(ports, wanted.map(|(name, protocol, port, count)| (name.to_owned(), protocol, port, count)));
}

#[test]
fn volumes_have_names_that_do_not_depend_on_chance() {
    let app = app(
        json!({"Volumes": {"/var/lib/db": {}, "/a-b": {}, "/a/b": {}, "/a/b/": {}, "A_b": {}, "/ü": {}}}),
    );
    let volumes: Vec<_> = app.mount_points.iter().map(|m| format!("{} {}", m.name, m.path)).collect();
    assert_eq!(
        volumes,
        [
            "volume-a-b /A_b",
            "volume-a-b-2 /a-b",
            "volume-a-b-3 /a/b",
            "volume-var-lib-db /var/lib/db",
            "volume /ü",
        ]
    );
}

#[test]
fn what_a_manifest_cannot_say_is_told() {
    let imported = import(
        "a:1",
        json!({
            "Env": ["PATH=/bin", "NOTHING", "1A=x", "A=1", "A=2", "E=a=b", "=x"],
            "ExposedPorts": {"0": {}, "80/icmp": {}, "x": {}, "9-8": {}, "1-70000": {}},
            "Volumes": {"/": {}}
        }),
    );
    let told: Vec<String> = imported.not_carried.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "config.Env[1]: `NOTHING` has no `=`, so it sets nothing",
            "config.Env[2]: unexpected `1` at byte 0 of the environment variable `1A`: a name has letters, digits, `_`, `.` and `-`, and begins with a letter or `_`",
            "config.Env[6]: the name of an environment variable is empty",
            "config.Volumes[/]: a volume cannot be the root directory",
            "config.ExposedPorts[0]: `0` is no port from 1 to 65535",
            "config.ExposedPorts[1-70000]: `70000` is no port from 1 to 65535",
            "config.ExposedPorts[80/icmp]: `icmp` is none of tcp, udp and sctp",
            "config.ExposedPorts[9-8]: the range ends at 8, before its begin at 9",
            "config.ExposedPorts[x]: `x` is no port from 1 to 65535",
        ]
    );
    let app = imported.image.manifest().app.as_ref().unwrap();
    let environment: Vec<_> = app.environment.iter().map(|v| format!("{}={}", v.name, v.value)).collect();
    assert_eq!(environment, ["PATH=/bin", "A=2", "E=a=b"]);
}

#[test]
fn the_rest_stands_in_annotations() {
    let directory = tempfile::tempdir().unwrap();
    let layer = Tar::new().bytes();
    let mut config = config(
        json!({
            "StopSignal": "SIGQUIT", "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5}, "Shell": ["/bin/ash", "-c"],
            "OnBuild": ["RUN x"], "Labels": {"team": "red", "org.opencontainers.image.url": "https://example.com/x"}
        }),
        std::slice::from_ref(&layer),
    );
    config["author"] = json!("me <me@example.com>");
    config["created"] = json!("2020-01-02T03:04:05.678Z");
    config["comment"] = json!("a comment");
    config["os.version"] = json!("10");
    let source =
        docker_archive_of(&directory.path().join("image.tar"), "r.example:5000/a/b:1", &config, &[layer]);
    let (_, imported) = import_with(directory.path(), &source, &options()).unwrap();
    let manifest = imported.image.manifest();
    let notes: Vec<_> =
        manifest.annotations.iter().map(|note| format!("{} {}", note.name, note.value)).collect();
    assert_eq!(
        notes,
        [
            "created 2020-01-02T03:04:05.678Z",
            "authors me <me@example.com>",
            "homepage https://example.com/x",
            "docker-comment a comment",
            "appc.io/docker/originalname r.example:5000/a/b:1",
            "appc.io/docker/registryurl r.example:5000",
            "appc.io/docker/repository a/b",
            "appc.io/docker/tag 1",
            &format!("appc.io/docker/imageid {}", imported.digest),
            "appc.io/docker/user ",
            "appc.io/docker/stopsignal SIGQUIT",
            r#"appc.io/docker/healthcheck {"Interval":5,"Test":["CMD","true"]}"#,
            r#"appc.io/docker/shell ["/bin/ash","-c"]"#,
            r#"appc.io/docker/onbuild ["RUN x"]"#,
            "appc.io/docker/osversion 10",
        ]
    );
    assert_eq!(manifest.name.as_str(), "r.example_5000/a/b");
    assert_eq!(manifest.app.as_ref().unwrap().user_labels["team"], "red");
    ImageManifest::from_json(&manifest.to_json(Strength::Strict), Strength::Strict).unwrap();
}

#[test]
fn platforms_have_app_containers_names() {
    let cases = [
        ("linux", "amd64", "", Some("amd64")),
        ("linux", "386", "", Some("i386")),
        ("linux", "arm64", "v8", Some("aarch64")),
        ("linux", "arm", "v5", Some("armv6l")),
        ("linux", "arm", "v6", Some("armv6l")),
        ("linux", "arm", "", Some("armv7l")),
        ("linux", "ppc64le", "", Some("ppc64le")),
        ("linux", "s390x", "", Some("s390x")),
        ("linux", "amd64", "v3", Some("amd64")),
        ("freebsd", "386", "", Some("i386")),
        ("darwin", "amd64", "", Some("x86_64")),
        ("linux", "riscv64", "", None),
    ];
    for (os, architecture, variant, arch) in cases {
        let directory = tempfile::tempdir().unwrap();
        let layer = Tar::new().bytes();
        let mut config = config(json!({}), std::slice::from_ref(&layer));
        (config["os"], config["architecture"], config["variant"]) =
            (json!(os), json!(architecture), json!(variant));
        let source = docker_archive_of(&directory.path().join("image.tar"), "a:1", &config, &[layer]);
        let store = appc_spec::store::Store::open(directory.path().join("store")).unwrap();
        let source = appc_spec::oci::Source::open(source).unwrap();
        let pick =
            appc_spec::oci::Pick::the_only_one(pod_core::image::Platform::new(os, architecture, variant));
        let imported = appc_spec::oci::import(&store, &source, &pick, &options(), &|_| {}).unwrap();
        let labels = &imported.image.manifest().labels;
        assert_eq!(
            (labels.value("os"), labels.value("arch")),
            (Some(os), arch),
            "{os}/{architecture}/{variant}"
        );
        assert_eq!(imported.not_carried.is_empty(), arch.is_some());
        let note = imported.image.manifest().annotations.value("appc.io/docker/architecture");
        assert_eq!(note.is_some(), arch.is_none());
    }
}
