use pod_core::pod::{
    Dns, HostPathKind, ImageConfig, SandboxFact, Template, TerminationMessagePolicy, Volume, VolumeName,
};

use super::*;
use crate::sample;

const POD: &str = "/data/pods/run/x";

fn image() -> ImageRecord {
    ImageRecord {
        image_id: "sha512-1".to_owned(),
        layers: vec!["/store/b".into(), "/store/a".into()],
        config: ImageConfig { entrypoint: vec!["/bin/serve".to_owned()], ..ImageConfig::default() },
        pull: None,
    }
}

fn mount(volume: &str, path: &str) -> Mount {
    Mount {
        volume: name(volume),
        path: path.to_owned(),
        read_only: false,
        sub_path: None,
        propagation: Propagation::Private,
    }
}

fn name(text: &str) -> VolumeName {
    text.parse().unwrap()
}

fn spec() -> PodSpec {
    let mut app = sample::app("web");
    app.mounts = vec![mount("data", "/srv/data/deep"), mount("config", "/srv"), mount("host", "/etc/hosts")];
    app.mounts[0].sub_path = Some(Template::from(SandboxFact::PodIp).then_text("/x"));
    app.termination_message.path = Some("/dev/termination-log".to_owned());
    app.termination_message.policy = TerminationMessagePolicy::File;
    let mut spec = sample::pod(1, vec![app]);
    spec.fs_group = Some(2000);
    spec.dns = Dns::Host;
    spec.volumes = vec![
        Volume {
            name: name("data"),
            source: VolumeSource::EmptyDir { memory: false, size_limit: None, mode: 0o777, uid: 0, gid: 0 },
        },
        Volume { name: name("config"), source: VolumeSource::Files { entries: vec![], memory: false } },
        Volume {
            name: name("host"),
            source: VolumeSource::HostPath {
                path: "/etc/my-hosts".into(),
                kind: HostPathKind::File,
                recursive: true,
            },
        },
    ];
    spec
}

fn compose(spec: &PodSpec, check: impl FnOnce(&Composition<'_>)) {
    let facts = SandboxFacts { pod_ips: vec!["10.1.2.3".parse().unwrap()], host_ips: vec![] };
    let image = image();
    check(&Composition {
        pod: Path::new(POD),
        spec,
        app: &spec.apps[0],
        image: &image,
        facts: &facts,
        attempt: 2,
        devices_are_closed: false,
    });
}

#[test]
fn mounts_in_the_order_of_their_depth_and_not_twice_at_one_place() {
    compose(&spec(), |composition| {
        let plan = composition.app_plan(RootKind::Overlay { user_xattrs: false }, vec![]).unwrap();
        let list: Vec<_> = plan
            .mounts
            .iter()
            .map(|m| (m.target.as_str(), m.source.to_str().unwrap(), m.read_only, m.recursive))
            .collect();
        assert_eq!(
            list,
            [
                ("/srv", "/data/pods/run/x/volumes/config", true, false),
                ("/etc/hosts", "/etc/my-hosts", false, true),
                ("/etc/hostname", "/data/pods/run/x/ns/etc/hostname", false, false),
                ("/etc/resolv.conf", "/data/pods/run/x/ns/etc/resolv.conf", false, false),
                ("/dev/shm", "/data/pods/run/x/shm", false, false),
                ("/dev/termination-log", "/data/pods/run/x/app-2-web/termination", false, false),
                ("/srv/data/deep", "/data/pods/run/x/volumes/data", false, false),
            ]
        );
        assert_eq!(plan.mounts[6].sub_path.as_deref(), Some("10.1.2.3/x"));
    });
}

#[test]
fn the_root_and_the_process() {
    compose(&spec(), |composition| {
        let plan =
            composition.app_plan(RootKind::Overlay { user_xattrs: false }, vec!["/cg".into()]).unwrap();
        assert_eq!(
            plan.root.source,
            RootSource::Overlay {
                lower: vec!["/store/b".into(), "/store/a".into()],
                upper: "/data/pods/run/x/app-2-web/upper".into(),
                work: "/data/pods/run/x/app-2-web/work".into(),
                target: "/data/pods/run/x/app-2-web".into(),
                user_xattrs: false,
            }
        );
        assert_eq!(plan.process.argv, ["/bin/true"]);
        assert!(plan.process.env.contains(&("HOSTNAME".to_owned(), "sample".to_owned())));
        assert_eq!(plan.process.user.supplementary_groups, [2000]);
        assert_eq!(plan.namespaces.net.as_deref(), Some(Path::new("/data/pods/run/x/ns/net")));
        assert_eq!(plan.cgroups, [PathBuf::from("/cg")]);

        let hook = composition.hook_plan(&["/bin/hook".to_owned()], RootKind::Copy, vec![]).unwrap();
        assert_eq!(hook.process.argv, ["/bin/hook"]);
        assert_eq!(hook.root.source, RootSource::Directory("/data/pods/run/x/app-2-web/root".into()));

        let exec = composition.exec_plan(&["cat".to_owned()], vec![]).unwrap();
        assert_eq!((exec.process.argv, exec.process.env), (vec!["cat".to_owned()], plan.process.env));
    });
}

#[test]
fn no_device_is_made_where_nothing_keeps_it_from_being_used() {
    compose(&spec(), |composition| {
        let capabilities = |composition: &Composition<'_>| {
            composition
                .app_plan(RootKind::Overlay { user_xattrs: false }, vec![])
                .unwrap()
                .confinement
                .capabilities
        };
        assert!(!capabilities(composition).contains(&Capability::Mknod));
        let closed = Composition { devices_are_closed: true, ..*composition };
        assert_eq!(capabilities(&closed), Capability::DEFAULT);
    });
}

#[test]
fn what_makes_no_process() {
    let mut nothing = spec();
    nothing.apps[0].command = Some(vec![]);
    compose(&nothing, |composition| {
        assert_eq!(
            composition.app_plan(RootKind::Overlay { user_xattrs: false }, vec![]).unwrap_err(),
            "no command specified: the app has none, and neither has the image `example.com/sample:1`"
        );
    });
    let mut outside = spec();
    outside.apps[0].mounts[1].sub_path = Some("a/../../b".into());
    compose(&outside, |composition| {
        assert_eq!(
            composition.app_plan(RootKind::Overlay { user_xattrs: false }, vec![]).unwrap_err(),
            "mount at `/srv`: `a/../../b` leaves the volume"
        );
    });
}

#[test]
fn sysctl_names() {
    for (name, path) in [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/rp_filter", "net/ipv4/conf/eth0.1/rp_filter"),
        ("net.ipv4.conf.eth0/1.rp_filter", "net/ipv4/conf/eth0.1/rp_filter"),
        ("kernel", "kernel"),
    ] {
        assert_eq!(sysctl_path(name), path);
    }
}

#[test]
fn a_pod_with_nothing_of_its_own_needs_no_sandbox() {
    let mut spec = sample::pod(1, vec![sample::app("a"), sample::app("b")]);
    assert_eq!(shm_source(Path::new(POD), &spec), Some(Path::new(POD).join("shm")));
    spec.isolation.network = Shared::Host;
    spec.isolation.ipc = Shared::Host;
    assert!(sandbox(Path::new(POD), &spec).is_some(), "a host name of its own");
    spec.hostname = None;
    assert_eq!(sandbox(Path::new(POD), &spec), None);
    assert_eq!(shm_source(Path::new(POD), &spec), Some("/dev/shm".into()));
}

#[test]
fn shared_memory_outlives_an_app_that_is_started_again() {
    let mut spec = sample::pod(1, vec![sample::app("a")]);
    assert_eq!(shm_source(Path::new(POD), &spec), Some(Path::new(POD).join("shm")));
    spec.fate = Fate::Shared;
    assert_eq!(shm_source(Path::new(POD), &spec), None, "nobody to share it with");
}
