//! A pod manifest in the neutral model.

use std::collections::BTreeMap;
use std::path::PathBuf;

use appc_spec::lower::{self, LoweredPod, PodSettings};
use appc_spec::{ImageId, ImageManifest, Json, PodManifest, Strength};
use pod_core::pod::{
    Capability, Fate, Handler, HostPathKind, ImageConfig, PidIsolation, RestartPolicy, SandboxFacts,
    SeccompProfile, Shared, Uuid, VolumeSource,
};

fn id(digit: &str) -> ImageId {
    format!("sha512-{}", digit.repeat(128)).parse().unwrap()
}

fn images(app: &str) -> BTreeMap<ImageId, ImageManifest> {
    let text = format!(
        r#"{{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/web",
            "labels": [{{"name": "os", "value": "linux"}}], "app": {app}}}"#
    );
    BTreeMap::from([(id("a"), ImageManifest::from_json(&text, Strength::Compat).unwrap())])
}

fn manifest(rest: &str) -> PodManifest {
    let text = format!(r#"{{"acKind": "PodManifest", "acVersion": "0.8.11", {rest}}}"#);
    PodManifest::from_json(&text, Strength::Compat).unwrap().clone()
}

/// A pod of one app `web`, with these members besides `name` and `image`.
fn one(app_members: &str, pod_members: &str) -> PodManifest {
    manifest(&format!(
        r#""apps": [{{"name": "web", "image": {{"id": "{}"}}{app_members}}}]{pod_members}"#,
        id("a")
    ))
}

fn settings() -> PodSettings {
    PodSettings::new("pod", Uuid::from_u128(1))
}

fn lower(pod: &PodManifest, image: &str) -> Result<LoweredPod, Vec<String>> {
    lower::pod(pod, &images(image), &settings())
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

const PLAIN: &str = r#"{"exec": ["/bin/web"], "user": "0", "group": "0"}"#;

#[test]
fn an_app_is_complete_without_its_image() {
    let image = r#"{"exec": ["/bin/web", "-v"], "user": "www", "group": "33", "supplementaryGIDs": [7], "workingDirectory": "/srv",
        "environment": [{"name": "A", "value": "1"}, {"name": "container", "value": "rkt"}],
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/before"]}, {"name": "post-stop", "exec": ["/bin/after", "x"]}]}"#;
    let pod = one(
        r#", "readOnlyRootFS": true"#,
        r#", "annotations": [{"name": "a/b", "value": "1"}], "userAnnotations": {"c d": "2"}, "userLabels": {"e": "3"}"#,
    );
    let spec = lower(&pod, image).unwrap().spec;
    assert_eq!((spec.fate, spec.restart_policy), (Fate::Shared, RestartPolicy::Never));
    assert_eq!((spec.isolation.network, spec.isolation.pid), (Shared::Pod, PidIsolation::App));
    assert_eq!(spec.hostname.as_deref(), Some("pod"));
    assert_eq!(spec.annotations.len(), 2);
    assert_eq!(spec.labels["e"], "3");
    let app = &spec.apps[0];
    assert_eq!(app.image, id("a").to_string());
    assert!(app.security.read_only_root && app.security.mask_paths && !app.security.no_new_privileges);
    assert_eq!(app.security.seccomp, SeccompProfile::RuntimeDefault);
    assert!(app.security.capabilities.iter().eq(Capability::DEFAULT.iter()));
    assert_eq!(app.hooks.pre_start, Some(Handler::Exec { command: vec!["/bin/before".to_owned()] }));
    let after = vec!["/bin/after".to_owned(), "x".to_owned()];
    assert_eq!(app.hooks.post_stop, Some(Handler::Exec { command: after }));
    let process = app.process(&ImageConfig::default(), &SandboxFacts::default()).unwrap();
    assert_eq!(process.argv, ["/bin/web", "-v"]);
    assert_eq!(process.working_dir, "/srv");
    assert_eq!((process.user.user.as_str(), process.user.group.as_deref()), ("www", Some("33")));
    assert_eq!(process.user.supplementary_groups, [7]);
    // ace.md, "Execution Environment": what the executor must set, whatever the image says.
    let env: Vec<_> = process.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(env, [path, "A=1", "container=podkit", "AC_APP_NAME=web"]);
}

#[test]
fn the_app_of_the_pod_replaces_the_images_as_a_whole() {
    let image =
        r#"{"exec": ["/bin/web"], "user": "5", "group": "6", "environment": [{"name": "A", "value": "1"}]}"#;
    let pod = one(r#", "app": {"exec": ["/bin/other"], "user": "0", "group": "0"}"#, "");
    let spec = lower(&pod, image).unwrap().spec;
    let process = spec.apps[0].process(&ImageConfig::default(), &SandboxFacts::default()).unwrap();
    assert_eq!(process.argv, ["/bin/other"]);
    assert_eq!(process.user.user, "0");
    assert!(!process.env.iter().any(|(name, _)| name == "A"));
}

#[test]
fn mounts_and_mount_points_find_their_volumes() {
    let image = r#"{"exec": ["/bin/web"], "user": "0", "group": "0", "mountPoints": [
        {"name": "work", "path": "/work", "readOnly": true}, {"name": "data", "path": "/data", "readOnly": true},
        {"name": "logs", "path": "/var/log/"}]}"#;
    let pod = one(
        r#", "mounts": [{"volume": "worklib", "path": "/work"},
            {"volume": "logs", "path": "/var//log", "appVolume": {"name": "logs", "kind": "empty", "mode": "1777", "uid": 5, "gid": 6}},
            {"volume": "etc", "path": "/etc/web"}]"#,
        r#", "volumes": [{"name": "worklib", "kind": "host", "source": "/opt/work", "readOnly": false},
            {"name": "logs", "kind": "host", "source": "/logs", "recursive": false},
            {"name": "data", "kind": "empty"}, {"name": "etc", "kind": "host", "source": "/e", "readOnly": true}]"#,
    );
    let spec = lower(&pod, image).unwrap().spec;
    let mounts: Vec<_> = spec.apps[0]
        .mounts
        .iter()
        .map(|mount| (mount.volume.as_str(), mount.path.as_str(), mount.read_only))
        .collect();
    // The volume's word counts, even "not read-only" over a mount point that is (rkt); where it has none, the mount point's.
    assert_eq!(
        mounts,
        [
            ("worklib", "/work", false),
            ("web-logs", "/var//log", false),
            ("etc", "/etc/web", true),
            ("data", "/data", true)
        ]
    );
    let source = |name: &str| {
        spec.volumes.iter().find(|volume| volume.name.as_str() == name).map(|volume| volume.source.clone())
    };
    assert_eq!(
        source("worklib"),
        Some(VolumeSource::HostPath {
            path: "/opt/work".into(),
            kind: HostPathKind::Unchecked,
            recursive: true
        })
    );
    let empty =
        |mode, uid, gid| Some(VolumeSource::EmptyDir { memory: false, size_limit: None, mode, uid, gid });
    assert_eq!(source("web-logs"), empty(0o1777, 5, 6));
    assert_eq!(source("data"), empty(0o755, 0, 0));
    assert!(matches!(source("logs"), Some(VolumeSource::HostPath { recursive: false, .. })));
}

#[test]
fn a_mount_point_without_a_volume_is_an_error_until_it_is_filled() {
    let image = r#"{"exec": ["/bin/web"], "user": "0", "group": "0", "mountPoints": [{"name": "work", "path": "/work"}]}"#;
    let mut pod = one("", "");
    assert_eq!(
        lower(&pod, image).unwrap_err(),
        ["apps[0].image.app.mountPoints[0]: no volume fulfils the mount point `work`"]
    );
    let added = pod.fill_mount_points(&images(image));
    assert_eq!(added.iter().map(ToString::to_string).collect::<Vec<_>>(), ["web-work"]);
    assert!(pod.fill_mount_points(&images(image)).is_empty());
    let spec = lower(&pod, image).unwrap().spec;
    assert_eq!(spec.apps[0].mounts[0].volume.as_str(), "web-work");
    assert!(PodManifest::from_json(&pod.to_json(Strength::Strict), Strength::Strict).is_ok());
}

#[test]
fn ports_are_exposed_with_their_ranges() {
    let image = r#"{"exec": ["/bin/web"], "user": "0", "group": "0", "ports": [
        {"name": "http", "protocol": "tcp", "port": 80}, {"name": "rtp", "protocol": "udp", "port": 5000, "count": 3}]}"#;
    let pod = one(
        "",
        r#", "ports": [{"name": "http", "hostPort": 8080, "hostIP": "127.0.0.1"}, {"name": "http", "hostPort": 8081},
            {"name": "rtp", "hostPort": 6000},
            {"name": "admin", "hostPort": 9000, "podPort": {"name": "admin", "protocol": "sctp", "port": 90}}]"#,
    );
    let spec = lower(&pod, image).unwrap().spec;
    let ports: Vec<_> = spec.apps[0]
        .ports
        .iter()
        .map(|port| {
            let host = port.host_port.map(|host| {
                format!("{}:{host}", port.host_ip.map_or_else(|| "*".to_owned(), |ip| ip.to_string()))
            });
            format!("{} {:?} {} {}", port.name, port.protocol, port.container_port, host.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        ports,
        [
            "http Tcp 80 127.0.0.1:8080",
            "rtp Udp 5000 *:6000",
            "rtp Udp 5001 *:6001",
            "rtp Udp 5002 *:6002",
            "http Tcp 80 *:8081",
            "admin Sctp 90 *:9000"
        ]
    );
}

#[test]
fn isolators_bound_the_app() {
    let image = r#"{"exec": ["/bin/web"], "user": "0", "group": "0", "isolators": [
        {"name": "resource/cpu", "value": {"limit": "500m"}}, {"name": "resource/memory", "value": {"request": "1M", "limit": "2Mi"}},
        {"name": "os/linux/oom-score-adj", "value": -3}, {"name": "os/linux/no-new-privileges", "value": true},
        {"name": "os/linux/capabilities-remove-set", "value": {"set": ["CAP_MKNOD", "CAP_SYS_ADMIN"]}}]}"#;
    let pod =
        one("", r#", "isolators": [{"name": "os/unix/sysctl", "value": {"net.ipv4.tcp_mtu_probing": "1"}}]"#);
    let spec = lower(&pod, image).unwrap().spec;
    assert_eq!(spec.sysctls["net.ipv4.tcp_mtu_probing"], "1");
    let app = &spec.apps[0];
    // ace.md: "If request is omitted, it defaults to the value of limit".
    assert_eq!((app.resources.cpu_request_milli, app.resources.cpu_limit_milli), (Some(500), Some(500)));
    assert_eq!((app.resources.memory_request, app.resources.memory_limit), (Some(1_000_000), Some(2 << 20)));
    assert_eq!(app.resources.oom_score_adj, Some(-3));
    assert!(app.security.no_new_privileges);
    assert_eq!(app.security.capabilities.len(), 13);
    assert!(!app.security.capabilities.contains(&Capability::Mknod));
}

#[test]
fn the_bounds_of_a_pod_are_those_of_its_only_app() {
    let image = |isolators: &str| {
        format!(r#"{{"exec": ["/bin/web"], "user": "0", "group": "0", "isolators": [{isolators}]}}"#)
    };
    let memory = |value: &str| format!(r#"{{"name": "resource/memory", "value": {value}}}"#);
    let cpu = r#"{"name": "resource/cpu", "value": {"limit": "500m"}}"#;
    let bounded = |members: &str| one("", &format!(r#", "isolators": [{members}]"#));
    // Of the app, of the pod; then request and limit.
    let cases = [
        ("", r#"{"limit": "4k"}"#, (Some(4000), Some(4000))),
        (r#"{"limit": "1k"}"#, r#"{"limit": "4k"}"#, (Some(1000), Some(1000))),
        (r#"{"limit": "8k"}"#, r#"{"limit": "4k"}"#, (Some(4000), Some(4000))),
        (r#"{"request": "2k", "limit": "8k"}"#, r#"{"limit": "4k"}"#, (Some(2000), Some(4000))),
        (r#"{"limit": "8k"}"#, r#"{"request": "1k"}"#, (Some(8000), Some(8000))),
        ("", r#"{"request": "1k"}"#, (Some(1000), None)),
    ];
    for (of_app, of_pod, wanted) in cases {
        let of_app = if of_app.is_empty() { String::new() } else { memory(of_app) };
        let spec = lower(&bounded(&memory(of_pod)), &image(&of_app)).unwrap().spec;
        let resources = &spec.apps[0].resources;
        assert_eq!((resources.memory_request, resources.memory_limit), wanted, "{of_app} {of_pod}");
    }
    let spec = lower(&bounded(cpu), &image("")).unwrap().spec;
    assert_eq!(spec.apps[0].resources.cpu_limit_milli, Some(500));
    let apps = ["a", "b"].map(|name| format!(r#"{{"name": "{name}", "image": {{"id": "{}"}}}}"#, id("a")));
    let two = manifest(&format!(r#""apps": [{}], "isolators": [{cpu}]"#, apps.join(", ")));
    let wanted = "isolators[0]: `resource/cpu` cannot bound several apps together";
    assert_eq!(lower(&two, PLAIN).unwrap_err(), [wanted]);
}

#[test]
fn shares_become_a_request_of_the_same_weight() {
    for (shares, milli) in [(2, 2), (512, 500), (1024, 1000), (262_144, 256_000)] {
        let image = format!(
            r#"{{"exec": ["/bin/web"], "user": "0", "group": "0", "isolators": [{{"name": "os/linux/cpu-shares", "value": {shares}}}]}}"#
        );
        let spec = lower(&one("", ""), &image).unwrap().spec;
        assert_eq!(spec.apps[0].resources.cpu_request_milli, Some(milli));
    }
}

#[test]
fn sets_of_system_calls_become_profiles() {
    let with = |isolator: &str| {
        let image =
            format!(r#"{{"exec": ["/bin/web"], "user": "0", "group": "0", "isolators": [{isolator}]}}"#);
        let lowered = lower(&one("", ""), &image).unwrap();
        let security = lowered.spec.apps[0].security.clone();
        (security.seccomp, security.no_new_privileges, lowered.seccomp)
    };
    let path = PathBuf::from("/run/podkit/seccomp/web.json");
    let (profile, no_new_privileges, files) = with(
        r#"{"name": "os/linux/seccomp-remove-set", "value": {"errno": "ENOTSUP", "set": ["reboot", "mount"]}}"#,
    );
    assert_eq!(profile, SeccompProfile::Localhost(path.clone()));
    assert!(no_new_privileges);
    assert_eq!(files[0].path, path);
    assert_eq!(
        files[0].json,
        r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["reboot","mount"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}"#
    );
    // Without an error name what is blocked ends the app by SIGSYS.
    let (.., files) = with(r#"{"name": "os/linux/seccomp-retain-set", "value": {"set": ["read", "write"]}}"#);
    assert_eq!(
        files[0].json,
        r#"{"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["read","write","execve","execveat","exit","exit_group","rt_sigreturn"],"action":"SCMP_ACT_ALLOW"}]}"#
    );
    let all = with(r#"{"name": "os/linux/seccomp-retain-set", "value": {"set": ["@appc.io/all", "read"]}}"#);
    assert_eq!(all, (SeccompProfile::Unconfined, false, vec![]));
    let empty = with(r#"{"name": "os/linux/seccomp-remove-set", "value": {"set": ["@appc.io/empty"]}}"#);
    assert_eq!(empty, (SeccompProfile::RuntimeDefault, false, vec![]));
}

#[test]
fn what_is_not_applied_is_told_or_refused() {
    let pod = one("", r#", "isolators": [{"name": "example.com/gpu", "value": 1}]"#);
    assert_eq!(lower(&pod, PLAIN).unwrap().ignored, ["isolators[0]: example.com/gpu"]);
    let mut settings = settings();
    settings.all_isolators = true;
    let errors = lower::pod(&pod, &images(PLAIN), &settings).unwrap_err();
    assert_eq!(errors[0].to_string(), "isolators[0]: the isolator `example.com/gpu` is not known");
}

#[test]
fn what_cannot_be_carried_is_an_error_that_names_the_field() {
    let web = |members: &str| format!(r#"{{"exec": ["/bin/web"], "user": "0", "group": "0", {members}}}"#);
    let isolators = |list: &str| web(&format!(r#""isolators": [{list}]"#));
    let cases: Vec<(PodManifest, String, &[&str])> = vec![
        (manifest(r#""apps": []"#), PLAIN.to_owned(), &["apps: a pod without apps cannot run"]),
        (
            one("", ""),
            r#"{"exec": [], "user": "/bin/ping", "group": "a:b", "supplementaryGIDs": [-1]}"#.to_owned(),
            &[
                "apps[0].image.app.exec: it names no program",
                "apps[0].image.app.user: the owner of the file `/bin/ping` cannot be taken: name a user or a number",
                "apps[0].image.app.group: `a:b` has a `:`, which no name of a user or group has",
                "apps[0].image.app.supplementaryGIDs[0]: -1 is no identifier from 0 to 4294967294",
            ],
        ),
        (
            one(
                r#", "mounts": [{"volume": "x", "path": "/x"}, {"volume": "y", "path": "y"}]"#,
                r#", "volumes": [{"name": "y", "kind": "empty"}]"#,
            ),
            PLAIN.to_owned(),
            &["apps[0].mounts[0]: no volume fulfils it", "apps[0].mounts[1].path: `y` is no absolute path"],
        ),
        (
            // ace.md: "If multiple targets have overlapping target paths … the ACE SHOULD consider this an error".
            one(
                r#", "mounts": [{"volume": "y", "path": "/a"}, {"volume": "y", "path": "/b/../a/c"}, {"volume": "y", "path": "/ab"}]"#,
                r#", "volumes": [{"name": "y", "kind": "empty"}]"#,
            ),
            PLAIN.to_owned(),
            &["apps[0].mounts[1].path: `/a` and `/b/../a/c` lie over each other"],
        ),
        (
            one(
                r#", "mounts": [{"volume": "y", "path": "/a"}]"#,
                r#", "volumes": [{"name": "y", "kind": "empty", "mode": "rwx"}]"#,
            ),
            PLAIN.to_owned(),
            &["volumes[0].mode: `rwx` is no octal mode from `0` to `7777`"],
        ),
        (
            one("", r#", "ports": [{"name": "http", "hostPort": 0}, {"name": "b", "hostPort": 1}]"#),
            web(
                r#""ports": [{"name": "http", "protocol": "tcp", "port": 80}, {"name": "q", "protocol": "quic", "port": 80, "socketActivated": true}]"#,
            ),
            &[
                "apps[0].image.app.ports[1].socketActivated: sockets are not passed to apps",
                "apps[0].image.app.ports[1].protocol: `quic` is not supported: only tcp, udp and sctp are",
                "ports[0].hostPort: a port is 1 to 65535, not 0",
                "ports[1].name: no app has a port `b`",
            ],
        ),
        (
            one("", r#", "ports": [{"name": "http", "hostPort": 65535}]"#),
            web(r#""ports": [{"name": "http", "protocol": "tcp", "port": 80, "count": 2}]"#),
            &["ports[0].hostPort: the ports from 65535 on end beyond 65535"],
        ),
        (
            one(
                "",
                r#", "isolators": [{"name": "resource/block-bandwidth", "value": {"default": true, "limit": "4G"}}]"#,
            ),
            isolators(
                r#"{"name": "resource/block-iops", "value": {"default": true, "limit": "5"}},
                   {"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_CHOWN", "CAP_FLY"]}},
                   {"name": "os/unix/sysctl", "value": {"a": "b"}},
                   {"name": "os/linux/seccomp-retain-set", "value": {"set": ["@docker/default"]}}"#,
            ),
            &[
                "isolators[0]: `resource/block-bandwidth` cannot bound a pod as a whole",
                "apps[0].image.app.isolators[0]: `resource/block-iops` cannot be applied",
                "apps[0].image.app.isolators[1].value.set[1]: `CAP_FLY` is no Linux capability",
                "apps[0].image.app.isolators[2]: kernel parameters are set for a pod, not for an app",
                "apps[0].image.app.isolators[3].value.set[0]: the set `@docker/default` is not known",
            ],
        ),
        (
            one("", r#", "annotations": [{"name": "a", "value": "1"}], "userAnnotations": {"a": "2"}"#),
            PLAIN.to_owned(),
            &["userAnnotations[`a`]: there is an annotation of this name with another value"],
        ),
    ];
    for (pod, image, wanted) in cases {
        assert_eq!(lower(&pod, &image).unwrap_err(), wanted);
    }
    let missing = manifest(&format!(r#""apps": [{{"name": "x", "image": {{"id": "{}"}}}}]"#, id("b")));
    assert_eq!(
        lower(&missing, PLAIN).unwrap_err(),
        [format!("apps[0].image.id: the image `{}` is not there", id("b"))]
    );
}

#[test]
fn images_make_a_pod() {
    let image = images(PLAIN).remove(&id("a")).unwrap();
    let mut pod = PodManifest::new();
    pod.add_image(&id("a"), &image).unwrap().app.as_mut().unwrap().exec.push("-x".to_owned());
    assert_eq!(
        pod.add_image(&id("a"), &image).unwrap_err().to_string(),
        "the pod has an app `web` already: give the app of image `example.com/web` another name"
    );
    pod.add_image_as("second".parse().unwrap(), &id("a"), &image).unwrap();
    let text = pod.to_json(Strength::Strict);
    assert_eq!(PodManifest::from_json(&text, Strength::Strict).unwrap(), pod);
    let spec = lower(&pod, PLAIN).unwrap().spec;
    assert_eq!(spec.apps.iter().map(|app| app.name.as_str()).collect::<Vec<_>>(), ["web", "second"]);
}
