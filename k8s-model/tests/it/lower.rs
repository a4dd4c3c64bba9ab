//! Lowering: what is carried, what is refused, and that no field is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use k8s_model::core::{Pod, PodSpec as Spec};
use k8s_model::decode::{Mode, ProblemKind, decode_str};
use k8s_model::default::default;
use k8s_model::expand::{FieldProblem, Node, Objects};
use k8s_model::lower::{self, ClusterDns, FIELDS, NodeSettings, Resolver, Treatment};
use k8s_model::object::Object;
use k8s_model::schema::{Shape, StructInfo};
use k8s_model::validate::validate;
use pod_core::pod::{
    AppKind, Capability, Dns, ExitCodes, FileContent, Handler, HostPathKind, HttpScheme, PidIsolation,
    PodSpec, Propagation, RestartAction, RestartPolicy, RestartRule, SandboxFact, SeccompProfile, Shared,
    Stdin, Template, Uuid, VolumeSource,
};

fn settings() -> NodeSettings {
    let node = Node { name: "node-1".into(), cpu_milli: 4000, memory: 8 << 30, ephemeral_storage: 100 << 30 };
    let mut settings = NodeSettings::new(node);
    settings.resolver = Resolver {
        nameservers: vec!["192.0.2.1".parse().unwrap()],
        searches: vec!["lan".into()],
        options: vec!["ndots:2".into()],
    };
    settings
}

fn uid() -> Uuid {
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8".parse().unwrap()
}

/// Decodes, defaults, validates and lowers the first pod of a text; the other documents are what it refers to.
fn lower_with(text: &str, settings: &NodeSettings) -> Result<PodSpec, Vec<FieldProblem>> {
    let decoded = decode_str(text, "test", Mode::Strict);
    assert!(
        !decoded.has_errors(),
        "{:?}",
        decoded.problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    let mut objects: Vec<Object> = decoded.documents.into_iter().map(|document| document.object).collect();
    for object in &mut objects {
        default(object);
        assert_eq!(validate(object), [], "{text}");
    }
    let pod = objects.iter().find_map(|object| match object {
        Object::Pod(pod) => Some((**pod).clone()),
        _ => None,
    });
    lower::pod(&pod.unwrap(), uid(), settings, &objects.into_iter().collect::<Objects>())
}

#[track_caller]
fn lowered(text: &str) -> PodSpec {
    lower_with(text, &settings()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[track_caller]
fn refused(text: &str, wanted: &[&str]) {
    let found: Vec<String> =
        lower_with(text, &settings()).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(found, wanted);
}

/// A pod whose specification has this in it, and one container with that.
fn pod(spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, labels: {{app: web}}, annotations: {{note: 'a \"b\"'}}}}\nspec:\n  {spec}\n  containers:\n  - name: c\n    image: busybox:1.36\n    {container}\n"
    )
}

#[test]
fn a_whole_pod_is_carried() {
    let spec = lowered(include_str!("../manifests/web.yaml"));
    assert_eq!((spec.name.as_str(), spec.namespace.as_str(), spec.uid), ("web", "shop", uid()));
    assert_eq!(spec.hostname.as_deref(), Some("front"));
    assert_eq!(spec.restart_policy, RestartPolicy::OnFailure);
    assert_eq!(spec.termination_grace, Duration::from_secs(5));
    assert_eq!(spec.active_deadline, Some(Duration::from_secs(600)));
    assert_eq!(spec.isolation.pid, PidIsolation::Pod);
    assert_eq!(spec.isolation.network, Shared::Pod);
    assert_eq!(spec.fs_group, Some(2000));
    assert_eq!(spec.sysctls, BTreeMap::from([("net.core.somaxconn".to_owned(), "1024".to_owned())]));
    assert_eq!(spec.host_aliases[0].hostnames, ["db", "db.lan"]);
    assert_eq!(spec.readiness_gates, ["example.com/gate"]);
    let kinds: Vec<(&str, AppKind)> = spec.apps.iter().map(|app| (app.name.as_str(), app.kind)).collect();
    assert_eq!(kinds, [("setup", AppKind::Init), ("proxy", AppKind::Sidecar), ("web", AppKind::Main)]);

    let web = &spec.apps[2];
    let env: BTreeMap<&str, String> = web
        .env
        .iter()
        .map(|var| (var.name.as_str(), var.value.as_text().unwrap_or("(later)").to_owned()))
        .collect();
    let wanted = [
        ("APP_color", "blue"),
        ("APP_size", "10"),
        ("CPU", "2"),
        ("GREETING", "hello from web, $(NOBODY) and $(NAME)"),
        ("IP", "(later)"),
        ("MEM", "64"),
        ("NAME", "web"),
        ("NODE", "node-1"),
        ("PASSWORD", "s3cret"),
        ("TIER", "front"),
    ];
    assert_eq!(env, wanted.map(|(name, value)| (name, value.to_owned())).into());
    let ip = web.env.iter().find(|var| var.name == "IP").unwrap();
    assert_eq!(ip.value, Template::from(SandboxFact::PodIp));
    assert_eq!(web.command, Some(vec![Template::from("/bin/web"), Template::from("--name=web")]));
    assert_eq!(
        web.args,
        Some(vec![
            Template::from("--listen=").then(SandboxFact::PodIp).then_text(":8080"),
            Template::from("$$(NAME)".replace("$$", "$").as_str())
        ])
    );
    assert_eq!(web.resources.cpu_limit_milli, Some(1500));
    assert_eq!(web.resources.cpu_request_milli, Some(250));
    assert_eq!(web.resources.memory_limit, Some(64 << 20));
    assert_eq!(web.resources.memory_request, Some(64 << 20));
    // 1000 - 1000 × 64 MiB / 8 GiB, rounded up by integer division.
    assert_eq!(web.resources.oom_score_adj, Some(993));

    assert_eq!(web.security.user.as_deref(), Some("1000"));
    assert_eq!(web.security.group.as_deref(), Some("3000"));
    assert_eq!(web.security.supplementary_groups, [4000]);
    assert!(web.security.run_as_non_root && web.security.read_only_root && web.security.no_new_privileges);
    assert_eq!(web.security.capabilities, [Capability::NetBindService].into());
    assert_eq!(
        web.security.seccomp,
        SeccompProfile::Localhost(PathBuf::from("/var/lib/kubelet/seccomp/web.json"))
    );
    assert_eq!(spec.apps[0].security.seccomp, SeccompProfile::RuntimeDefault);
    assert_eq!(spec.apps[1].restart_policy, Some(RestartPolicy::Always));

    let probe = web.probes.readiness.as_ref().unwrap();
    let Handler::HttpGet { host, port, path, scheme, headers } = &probe.handler else { panic!("{probe:?}") };
    assert_eq!(
        (host.as_deref(), *port, path.as_str(), *scheme, headers.len()),
        (None, 8080, "/healthz", HttpScheme::Http, 1)
    );
    assert_eq!((probe.period, probe.failure_threshold), (Duration::from_secs(10), 3));
    assert_eq!(web.hooks.pre_stop, Some(Handler::Sleep { duration: Duration::from_secs(2) }));
    assert_eq!(web.stop_signal, Some(12));
    assert_eq!((web.stdin, web.tty), (Stdin::Once, true));
    assert_eq!(web.ports[0].host_port, Some(80));
    let mount = &web.mounts[0];
    assert_eq!((mount.path.as_str(), mount.propagation), ("/data", Propagation::HostToContainer));
    assert_eq!(mount.sub_path, Some(Template::from("web/data")));
}

#[test]
fn volumes_of_files_have_their_contents() {
    let spec = lowered(include_str!("../manifests/web.yaml"));
    let volume =
        |name: &str| &spec.volumes.iter().find(|volume| volume.name.as_str() == name).unwrap().source;
    let text = |text: &str| FileContent::Text(Template::from(text));
    let files = |name: &str| {
        let VolumeSource::Files { entries, memory } = volume(name) else { panic!("{name}") };
        let entries: Vec<_> = entries.iter().map(|e| (e.path.as_str(), e.mode, e.content.clone())).collect();
        (entries, *memory)
    };
    assert_eq!(files("settings"), (vec![("color", 0o644, text("blue")), ("size", 0o644, text("10"))], false));
    assert_eq!(
        files("all"),
        (
            vec![
                ("labels", 0o600, text("app=\"web\"\ntier=\"front\"")),
                ("limit", 0o440, text("2")),
                ("note", 0o440, text("a \"b\"")),
                ("secret/password", 0o400, FileContent::Bytes(b"s3cret".to_vec())),
            ],
            true
        )
    );
    let memory =
        VolumeSource::EmptyDir { memory: true, size_limit: Some(1 << 20), mode: 0o777, uid: 0, gid: 0 };
    assert_eq!(*volume("scratch"), memory);
    let host = VolumeSource::HostPath {
        path: "/srv".into(),
        kind: HostPathKind::DirectoryOrCreate,
        recursive: true,
    };
    assert_eq!(*volume("data"), host);
}

#[test]
fn what_cannot_be_carried_is_refused_by_name_all_at_once() {
    let text = pod(
        "hostUsers: false
  shareProcessNamespace: true
  securityContext: {seLinuxOptions: {level: s0}, appArmorProfile: {type: RuntimeDefault}, supplementalGroupsPolicy: Strict}
  resourceClaims: [{name: gpu, resourceClaimName: gpu}]
  schedulingGates: [{name: example.com/wait}]
  resources: {limits: {cpu: 1}}
  volumes:
  - {name: s, nfs: {server: s, path: /p}}
  - {name: d, emptyDir: {medium: HugePages}}
  - {name: p, persistentVolumeClaim: {claimName: x}}
  - {name: i, csi: {driver: x.example.com}}
  - {name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}
  serviceAccountName: sa",
        "env:
    - {name: A, valueFrom: {configMapKeyRef: {name: none, key: k}}}
    - {name: B, valueFrom: {secretKeyRef: {name: none, key: k, optional: true}}}
    - {name: F, valueFrom: {fileKeyRef: {volumeName: d, path: f, key: K}}}
    workingDir: here
    resources: {limits: {example.com/gpu: 1, ephemeral-storage: 1Gi}}
    livenessProbe: {tcpSocket: {port: http}}
    lifecycle: {postStart: {tcpSocket: {port: 1}}}
    securityContext: {capabilities: {add: [FLY]}}
    volumeMounts: [{name: d, mountPath: /d, subPathExpr: $(NO)/x, readOnly: true, recursiveReadOnly: Enabled}]",
    );
    refused(
        &text,
        &[
            "spec.schedulingGates: it holds the pod back until it is taken away",
            "spec.resourceClaims: claims come from a cluster, which is not there",
            "spec.resources: amounts for the pod as a whole are not supported",
            "spec.hostUsers: a user namespace of the pod's own is not supported",
            "spec.securityContext.seLinuxOptions: SELinux contexts are not supported",
            "spec.securityContext.appArmorProfile: AppArmor profiles are not supported",
            "spec.securityContext.supplementalGroupsPolicy: groups of the image are always added",
            "spec.containers[0].env[0].valueFrom.configMapKeyRef.name: there is no config map `none`",
            "spec.containers[0].env[2].valueFrom.fileKeyRef: variables from files are not supported",
            "spec.containers[0].volumeMounts[0].recursiveReadOnly: mounts below a read-only mount cannot be made read-only here",
            "spec.containers[0].volumeMounts[0].subPathExpr: the environment has no variable `NO`",
            "spec.containers[0].workingDir: it is no absolute path",
            "spec.containers[0].resources.limits[ephemeral-storage]: only limits of `cpu` and `memory` can be kept here",
            "spec.containers[0].resources.limits[example.com/gpu]: only limits of `cpu` and `memory` can be kept here",
            "spec.containers[0].securityContext.capabilities.add[0]: `FLY` is no Linux capability: one such as `NET_ADMIN` or `CAP_NET_ADMIN` is wanted",
            "spec.containers[0].lifecycle.postStart.tcpSocket: a hook cannot open a connection: no kubelet does",
            "spec.containers[0].livenessProbe.tcpSocket.port: the container has no port `http`",
            "spec.volumes[0].nfs: volumes over a network or of a cloud are not supported",
            "spec.volumes[1].emptyDir.medium: directories of `HugePages` are not supported",
            "spec.volumes[2].persistentVolumeClaim: claims come from a cluster, which is not there",
            "spec.volumes[3].csi: CSI drivers are not supported",
            "spec.volumes[4].projected.sources[0].serviceAccountToken: a token comes from a cluster, which is not there",
        ],
    );
}

/// `podutil.findMatchingContainerRestartRule`: the rules in their order.
#[test]
fn restart_rules_are_carried() {
    let text = pod(
        "",
        "restartPolicy: Never
    restartPolicyRules:
    - {action: RestartAllContainers, exitCodes: {operator: In, values: [42, 43]}}
    - {action: Restart, exitCodes: {operator: NotIn, values: [0]}}",
    );
    let spec = lowered(&text);
    let rule = |action, exit_codes| RestartRule { action, exit_codes };
    assert_eq!(
        spec.apps[0].restart_rules,
        [
            rule(RestartAction::RestartAll, ExitCodes::In(vec![42, 43])),
            rule(RestartAction::Restart, ExitCodes::NotIn(vec![0])),
        ]
    );
}

#[test]
fn problems_have_their_place_in_the_text() {
    let text = pod("volumes: [{name: s, nfs: {server: s, path: /p}}]", "");
    let mut document = decode_str(&text, "p.yaml", Mode::Strict).documents.remove(0);
    default(&mut document.object);
    let Object::Pod(pod) = &document.object else { panic!("no pod") };
    let problems = lower::pod(pod, uid(), &settings(), &Objects::default()).unwrap_err();
    let problems = problems.iter().map(|problem| (problem.field.as_str(), problem.reason.clone()));
    let located = document.origin.problems(ProblemKind::Unsupported, problems);
    assert_eq!(
        located[0].to_string(),
        "p.yaml:5:28: spec.volumes[0].nfs: volumes over a network or of a cloud are not supported"
    );
}

#[test]
fn capabilities_change_as_containerd_changes_them() {
    let all: BTreeSet<Capability> = Capability::ALL.iter().copied().collect();
    let default: BTreeSet<Capability> = Capability::DEFAULT.iter().copied().collect();
    let with = |more: &[Capability]| default.iter().chain(more).copied().collect::<BTreeSet<_>>();
    let without = |less: Capability| all.iter().copied().filter(|c| *c != less).collect::<BTreeSet<_>>();
    let cases = [
        ("{}", default.clone()),
        ("{add: [NET_ADMIN, CAP_SYS_TIME]}", with(&[Capability::NetAdmin, Capability::SysTime])),
        ("{drop: [ALL], add: [CHOWN]}", [Capability::Chown].into()),
        ("{add: [ALL], drop: [sys_admin]}", without(Capability::SysAdmin)),
        ("{add: [all], drop: [ALL]}", BTreeSet::new()),
        ("{add: [KILL], drop: [KILL]}", default.iter().copied().filter(|c| *c != Capability::Kill).collect()),
    ];
    for (changes, wanted) in cases {
        let spec = lowered(&pod("", &format!("securityContext: {{capabilities: {changes}}}")));
        assert_eq!(spec.apps[0].security.capabilities, wanted, "{changes}");
    }
    let spec =
        lowered(&pod("", "securityContext: {privileged: true, seccompProfile: {type: RuntimeDefault}}"));
    let security = &spec.apps[0].security;
    assert!(security.privileged && !security.mask_paths && security.capabilities == all);
    assert_eq!(security.seccomp, SeccompProfile::Unconfined);
}

#[test]
fn names_are_resolved_as_the_policy_says() {
    let fixed = |servers: &[&str], searches: &[&str], options: &[&str]| Dns::Fixed {
        nameservers: servers.iter().map(|server| server.parse().unwrap()).collect(),
        searches: searches.iter().map(ToString::to_string).collect(),
        options: options.iter().map(ToString::to_string).collect(),
    };
    let mut cluster = settings();
    cluster.cluster_dns =
        Some(ClusterDns { nameservers: vec!["10.0.0.10".parse().unwrap()], domain: "cluster.local".into() });
    let of_cluster = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "lan"];
    let config = "dnsConfig: {nameservers: [192.0.2.9], searches: [lan, x.y], options: [{name: ndots, value: '3'}, {name: rotate}]}";
    let cases = [
        ("", Dns::Network, fixed(&["10.0.0.10"], &of_cluster, &["ndots:5"])),
        ("dnsPolicy: Default", Dns::Host, Dns::Host),
        ("hostNetwork: true", Dns::Host, Dns::Host),
        (
            "dnsPolicy: ClusterFirstWithHostNet\n  hostNetwork: true",
            Dns::Host,
            fixed(&["10.0.0.10"], &of_cluster, &["ndots:5"]),
        ),
        (
            config,
            fixed(&["192.0.2.1", "192.0.2.9"], &["lan", "x.y"], &["ndots:3", "rotate"]),
            fixed(&["10.0.0.10", "192.0.2.9"], &[&of_cluster[..], &["x.y"]].concat(), &["ndots:3", "rotate"]),
        ),
    ];
    for (spec, alone, with_cluster) in cases {
        assert_eq!(lower_with(&pod(spec, ""), &settings()).unwrap().dns, alone, "{spec}");
        assert_eq!(lower_with(&pod(spec, ""), &cluster).unwrap().dns, with_cluster, "{spec}");
    }
    let none = pod(&format!("dnsPolicy: None\n  {config}"), "");
    assert_eq!(lowered(&none).dns, fixed(&["192.0.2.9"], &["lan", "x.y"], &["ndots:3", "rotate"]));
}

#[test]
fn odd_values_are_read_as_a_kubelet_reads_them() {
    let spec = lowered(&pod("terminationGracePeriodSeconds: -5\n  hostNetwork: true\n  hostPID: true", ""));
    assert_eq!(spec.termination_grace, Duration::from_secs(1));
    assert_eq!(spec.hostname, None);
    assert_eq!(spec.isolation.pid, PidIsolation::Host);
    assert_eq!(spec.apps[0].resources.oom_score_adj, Some(1000));
    let mut seccomp = settings();
    seccomp.seccomp_default = true;
    let spec = lower_with(&pod("", ""), &seccomp).unwrap();
    assert_eq!(spec.apps[0].security.seccomp, SeccompProfile::RuntimeDefault);
    let guaranteed = lowered(&pod("", "resources: {limits: {cpu: 1, memory: 1Gi}}"));
    assert_eq!(guaranteed.apps[0].resources.oom_score_adj, Some(-997));
    let long = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {}.b}}, spec: {{containers: [{{name: c, image: i}}]}}}}",
        "a".repeat(62)
    );
    assert_eq!(lowered(&long).hostname, Some("a".repeat(62)));
}

/// Each struct that is reached through fields that are carried has all its fields in the table, and nothing else is there.
#[test]
fn the_table_has_every_field() {
    let table: BTreeMap<&str, &[(&str, Treatment)]> = FIELDS.iter().copied().collect();
    assert_eq!(table.len(), FIELDS.len());
    let mut reached = BTreeSet::new();
    let mut todo: Vec<&'static StructInfo> = vec![Spec::INFO];
    while let Some(info) = todo.pop() {
        if !reached.insert(info.name) {
            continue;
        }
        let rows = table.get(info.name).unwrap_or_else(|| panic!("{} is not in the table", info.name));
        let names: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
        let fields: Vec<&str> = info.fields.iter().map(|field| field.name).collect();
        assert_eq!(names, fields, "{}", info.name);
        for (field, (_, treatment)) in info.fields.iter().zip(*rows) {
            if *treatment == Treatment::Carried {
                todo.extend(structs(&(field.shape)()));
            }
        }
    }
    // Pull secrets are read by their own function.
    reached.insert("LocalObjectReference");
    assert_eq!(reached, table.keys().copied().collect());
    assert!(Pod::INFO.fields.iter().any(|field| field.name == "spec"));
}

fn structs(shape: &Shape) -> Option<&'static StructInfo> {
    match shape {
        Shape::Struct(info) => Some(info),
        Shape::List(inner) | Shape::Map(inner) => structs(&inner()),
        _ => None,
    }
}

/// resolv.conf(5): the last of each keyword wins, a name server's address alone is read of its line, comments and the unknown are passed over.
#[test]
fn a_resolv_conf_is_read_as_resolvers_do() {
    let text = "# made by hand\nsearch lost.example\nnameserver 192.0.2.1 # first\n nameserver 2001:db8::1\nnameserver none\n\
                options ndots:1\noptions ndots:2 rotate\nsearch a.example b.example\nsortlist 192.0.2.0\n; end\n";
    let resolver: Resolver = text.parse().unwrap();
    let wanted = Resolver {
        nameservers: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        searches: vec!["a.example".to_owned(), "b.example".to_owned()],
        options: vec!["ndots:2".to_owned(), "rotate".to_owned()],
    };
    assert_eq!(resolver, wanted);
    assert_eq!("".parse::<Resolver>().unwrap(), Resolver::default());
}
