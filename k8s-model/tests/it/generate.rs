//! Objects from flags, against those of kubectl 1.32.5 (`--dry-run=client -o json`).

use k8s_model::core::{Pod, SecretType};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::encode::{Encode, to_json};
use k8s_model::generate::{self, DeploymentFlags, Exposure, RunFlags, ServiceKind};
use k8s_model::object::Object;
use k8s_model::validate::validate;
use serde_json::Value;

fn object(text: &str) -> Object {
    decode_str(text, "", Mode::Strict).documents.remove(0).object
}

/// What kubectl made, as we write it: older ones write a null time of creation.
fn kubectl(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../vectors/kubectl-create.json")).unwrap();
    let made = object(&all[name]["object"].to_string());
    serde_json::from_str(&to_json(&made)).unwrap()
}

#[track_caller]
fn same(made: &dyn Encode, name: &str) {
    let made: Value = serde_json::from_str(&to_json(made)).unwrap();
    assert_eq!(made, kubectl(name), "{name}");
}

#[test]
fn objects_are_kubectls() {
    same(&generate::namespace("dev").unwrap(), "namespace");
    let flags = DeploymentFlags {
        images: vec!["registry.example:5000/a/nginx:1.27".to_owned(), "busybox".to_owned()],
        replicas: 3,
        port: Some(80),
        command: Vec::new(),
    };
    same(&generate::deployment("web", &flags).unwrap(), "deployment");
    let service = |kind: &ServiceKind, ports: &[&str]| {
        let ports: Vec<_> = ports.iter().map(|port| port.parse().unwrap()).collect();
        generate::service("web", kind, &ports).unwrap()
    };
    same(&service(&ServiceKind::ClusterIp(String::new()), &["80:8080", "443"]), "clusterip");
    same(&service(&ServiceKind::ClusterIp("None".to_owned()), &[]), "headless");
    same(&service(&ServiceKind::NodePort(30080), &["80:http"]), "nodeport");
    same(&service(&ServiceKind::LoadBalancer, &["80"]), "loadbalancer");
    same(&service(&ServiceKind::ExternalName("db.example.com".to_owned()), &[]), "externalname");
    let literal = |text: &str| generate::literal(text).unwrap();
    let file = |key: &str, bytes: &[u8]| (key.to_owned(), bytes.to_vec());
    let entries = [literal("k=v=w"), file("f.txt", b"hello"), file("b", b"\xff\xfe")];
    same(&generate::config_map("c", entries).unwrap(), "configmap");
    let entries = generate::env_file("# x\nA=1\n  B=two words\n").unwrap();
    same(&generate::config_map("c", entries).unwrap(), "env");
    let entries = [literal("k=v"), file("f.txt", b"hello")];
    same(&generate::secret("s", SecretType::default(), entries).unwrap(), "secret");
    let secret = generate::secret("s", "example.com/x".into(), [literal("k='v'")]).unwrap();
    same(&secret, "typed");
    same(&generate::docker_registry("r", "", "u", "p<w", "a@b").unwrap(), "registry");
}

#[test]
fn flags_that_make_no_object() {
    let no_flags = DeploymentFlags { images: Vec::new(), replicas: 1, port: None, command: Vec::new() };
    assert_eq!(generate::namespace("").unwrap_err().to_string(), "name must be specified");
    assert!(generate::deployment("web", &no_flags).is_err());
    assert!(generate::service("web", &ServiceKind::LoadBalancer, &[]).is_err());
    for port in ["", "0", "65536", "a", "80:-", "80:"] {
        assert!(port.parse::<generate::PortPair>().is_err(), "{port}");
    }
    assert_eq!(
        generate::literal("k").unwrap_err().to_string(),
        "invalid literal source k, expected key=value"
    );
    assert!(generate::env_file("=1").is_err());
    let twice = [("k".to_owned(), Vec::new()), ("k".to_owned(), Vec::new())];
    assert!(generate::config_map("c", twice).unwrap_err().to_string().contains("another key by that name"));
    assert!(generate::config_map("c", [("a/b".to_owned(), Vec::new())]).is_err());
    assert!(generate::docker_registry("r", "", "u", "", "").is_err());
    assert!(generate::run("web", &RunFlags { image: "a b".to_owned(), ..RunFlags::default() }).is_err());
    assert!(generate::expose(&object("{apiVersion: v1, kind: ConfigMap}"), &Exposure::default()).is_err());
}

#[test]
fn pods_and_jobs_are_valid() {
    let flags = RunFlags {
        image: "nginx".to_owned(),
        port: Some(80),
        env: vec!["A=1".to_owned()],
        args: vec!["-v".to_owned()],
        ..RunFlags::default()
    };
    let pod: Pod = generate::run("web", &flags).unwrap();
    assert_eq!(pod.metadata.labels["run"], "web");
    let job = generate::job("once", "busybox", &["date".to_owned()]).unwrap();
    for mut object in [pod.into(), job.into(), generate::run_deployment("web", 2, &flags).unwrap().into()] {
        k8s_model::default::default(&mut object);
        let problems: Vec<String> = validate(&object).iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{problems:?}");
    }
}

#[test]
fn a_service_for_an_object() {
    let deployment = object(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {a: b}}, spec: {selector: {matchLabels: {app: web}}, template: {spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]}]}}}}",
    );
    let service = generate::expose(&deployment, &Exposure::default()).unwrap();
    assert_eq!(service.spec.selector["app"], "web");
    assert_eq!(service.metadata.labels["a"], "b");
    let ports: Vec<_> = service
        .spec
        .ports
        .iter()
        .map(|port| (port.name.as_str(), port.port, port.protocol.as_str()))
        .collect();
    assert_eq!(ports, [("port-1", 80, "TCP"), ("port-2", 53, "UDP")]);
    let flags = Exposure {
        name: Some("front".to_owned()),
        port: Some(8080),
        target_port: Some("http".into()),
        ..Exposure::default()
    };
    let service = generate::expose(&deployment, &flags).unwrap();
    assert_eq!((service.metadata.name.as_str(), service.spec.ports[0].port), ("front", 8080));
    assert_eq!(service.spec.ports[0].target_port, Some("http".into()));
}

#[test]
fn images_and_replicas_change() {
    let text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: a, image: x}, {name: b, image: y}]}}}}";
    let mut deployment = object(text);
    let change = |text: &str| vec![text.parse().unwrap()];
    assert_eq!(generate::set_image(&mut deployment, &change("a=z")), Ok(true));
    assert_eq!(generate::set_image(&mut deployment, &change("a=z")), Ok(false));
    let wrong = generate::set_image(&mut deployment, &change("c=z")).unwrap_err();
    assert_eq!(wrong.to_string(), "unable to find container named \"c\"");
    generate::scale(&mut deployment, 3).unwrap();
    assert!(generate::scale(&mut deployment, -1).is_err());
    let json: Value = serde_json::from_str(&to_json(&deployment)).unwrap();
    assert_eq!(json["spec"]["replicas"], 3);
    assert_eq!(json["spec"]["template"]["spec"]["containers"][0]["image"], "z");
    generate::set_image(&mut deployment, &change("*=w")).unwrap();
    assert!(to_json(&deployment).matches("\"image\":\"w\"").count() == 2);
    assert!("a=".parse::<generate::ImageChange>().is_err());
}
