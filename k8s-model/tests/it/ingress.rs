//! Which service an HTTP request goes to: the table of the documentation (kubernetes.io, Ingress, "Path types", "Multiple matches", "Hostname
//! wildcards"), and cases of our own.

use k8s_model::core::Service;
use k8s_model::decode::{Mode, decode_str};
use k8s_model::ingress::{ClassChoice, Router, class_of, default_class, path_matches, service_port};
use k8s_model::networking::{Ingress, IngressClass, PathType};
use k8s_model::object::Object;
use proptest::prelude::*;

fn object(text: &str) -> Object {
    let mut decoded = decode_str(text, "test.yaml", Mode::Strict);
    assert!(decoded.problems.is_empty(), "{text}: {:?}", decoded.problems);
    decoded.documents.remove(0).object
}

fn ingress(metadata: &str, spec: &str) -> Ingress {
    let text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{namespace: default, {metadata}}}\nspec: {{{spec}}}\n"
    );
    let Object::Ingress(ingress) = object(&text) else { panic!("{text}") };
    *ingress
}

/// Kinds and paths of a rule, a path that is asked for, and whether it is meant: the documentation's table, row by row.
#[test]
fn the_table_of_the_documentation() {
    let cases: &[(PathType, &[&str], &str, Option<usize>)] = &[
        (PathType::Prefix, &["/"], "/any/path", Some(0)),
        (PathType::Exact, &["/foo"], "/foo", Some(0)),
        (PathType::Exact, &["/foo"], "/bar", None),
        (PathType::Exact, &["/foo"], "/foo/", None),
        (PathType::Exact, &["/foo/"], "/foo", None),
        (PathType::Prefix, &["/foo"], "/foo", Some(0)),
        (PathType::Prefix, &["/foo"], "/foo/", Some(0)),
        (PathType::Prefix, &["/foo/"], "/foo", Some(0)),
        (PathType::Prefix, &["/foo/"], "/foo/", Some(0)),
        (PathType::Prefix, &["/aaa/bb"], "/aaa/bbb", None),
        (PathType::Prefix, &["/aaa/bbb"], "/aaa/bbb", Some(0)),
        (PathType::Prefix, &["/aaa/bbb/"], "/aaa/bbb", Some(0)),
        (PathType::Prefix, &["/aaa/bbb"], "/aaa/bbb/", Some(0)),
        (PathType::Prefix, &["/aaa/bbb"], "/aaa/bbb/ccc", Some(0)),
        (PathType::Prefix, &["/aaa/bbb"], "/aaa/bbbxyz", None),
        (PathType::Prefix, &["/", "/aaa"], "/aaa/ccc", Some(1)),
        (PathType::Prefix, &["/", "/aaa", "/aaa/bbb"], "/aaa/bbb", Some(2)),
        (PathType::Prefix, &["/", "/aaa", "/aaa/bbb"], "/ccc", Some(0)),
        (PathType::Prefix, &["/aaa"], "/ccc", None),
    ];
    for (kind, paths, request, expected) in cases {
        let rules: Vec<String> = paths
            .iter()
            .enumerate()
            .map(|(number, path)| {
                format!("{{path: {path}, pathType: {kind}, backend: {{service: {{name: s{number}, port: {{number: 80}}}}}}}}")
            })
            .collect();
        let ingress = ingress("name: web", &format!("rules: [{{http: {{paths: [{}]}}}}]", rules.join(", ")));
        let router = Router::new([&ingress]);
        let name = router
            .route("any.example", request)
            .map(|route| route.backend.service.as_ref().unwrap().name.clone());
        assert_eq!(name, expected.map(|number| format!("s{number}")), "{kind} {paths:?} {request}");
    }
    assert!(path_matches(&PathType::ImplementationSpecific, "", "/x"));
    assert!(path_matches(&PathType::ImplementationSpecific, "/x", "/x/y"));
}

fn goes(router: &Router<'_>, host: &str, target: &str) -> String {
    router
        .route(host, target)
        .map(|route| route.backend.service.as_ref().unwrap().name.clone())
        .unwrap_or_default()
}

/// One rule: host, kind, path, service.
fn rule(host: &str, kind: &str, path: &str, service: &str) -> String {
    format!(
        "{{host: '{host}', http: {{paths: [{{path: '{path}', pathType: {kind}, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]}}}}"
    )
}

#[test]
fn hosts_and_precedence() {
    let all = ingress(
        "name: web",
        &format!(
            "defaultBackend: {{service: {{name: rest, port: {{number: 80}}}}}}, rules: [{}]",
            [
                rule("*.foo.com", "Prefix", "/", "wild"),
                rule("bar.foo.com", "Prefix", "/only", "bar"),
                rule("exact.com", "Prefix", "/foo", "prefix"),
                rule("exact.com", "Exact", "/foo", "exact"),
                rule("exact.com", "ImplementationSpecific", "/foo", "vague"),
                rule("exact.com", "Exact", "/long/path", "long"),
                rule("exact.com", "Prefix", "/long", "short"),
                rule("", "Prefix", "/any", "any"),
                "{host: empty.com}".to_owned(),
            ]
            .join(", ")
        ),
    );
    let router = Router::new([&all]);
    for (host, target, service) in [
        // The documentation's three hosts for `*.foo.com`.
        ("qux.foo.com", "/", "wild"),
        ("baz.bar.foo.com", "/", "rest"),
        ("foo.com", "/", "rest"),
        // A host decides before one with `*`, also where no path of it fits.
        ("bar.foo.com", "/only/this", "bar"),
        ("bar.foo.com", "/", "rest"),
        ("BAR.foo.com.:8443", "/only?x=/any", "bar"),
        ("exact.com", "/foo", "exact"),
        ("exact.com", "/foo/bar", "prefix"),
        ("exact.com", "/long/path", "long"),
        ("exact.com", "/long/path/more", "short"),
        ("exact.com", "/any", "rest"),
        ("other.com", "/any/thing#part", "any"),
        ("other.com", "/", "rest"),
        ("empty.com", "/any", "rest"),
        ("[fd00::1]:80", "/any", "any"),
        ("", "", "rest"),
    ] {
        assert_eq!(goes(&router, host, target), service, "{host} {target}");
    }
    assert!(Router::default().route("a", "/").is_none());

    // Of equal rules that of the oldest counts, and its default backend that of a host.
    let old = ingress(
        "name: old, creationTimestamp: '2025-01-01T00:00:00Z'",
        &format!(
            "defaultBackend: {{service: {{name: old-rest, port: {{number: 80}}}}}}, rules: [{}]",
            rule("a.com", "Prefix", "/x", "old")
        ),
    );
    let new = ingress(
        "name: aaa, creationTimestamp: '2026-01-01T00:00:00Z'",
        &format!(
            "defaultBackend: {{service: {{name: new-rest, port: {{number: 80}}}}}}, rules: [{}, {}]",
            rule("a.com", "Prefix", "/x", "new"),
            rule("b.com", "Prefix", "/y", "new")
        ),
    );
    let router = Router::new([&new, &old]);
    assert_eq!(goes(&router, "a.com", "/x"), "old");
    assert_eq!(goes(&router, "b.com", "/"), "new-rest");
    assert_eq!(goes(&router, "c.com", "/"), "old-rest");
    let route = router.route("a.com", "/x/y").unwrap();
    assert_eq!((route.ingress.metadata.name.as_str(), route.path.unwrap().path.as_str()), ("old", "/x"));
}

#[test]
fn ports_of_backends() {
    let Object::Service(service) = object(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: http, port: 80, targetPort: web}, {port: 443}]}\n",
    ) else {
        panic!()
    };
    let port = |port: &str| {
        let ingress =
            ingress("name: web", &format!("defaultBackend: {{service: {{name: web, port: {{{port}}}}}}}"));
        let backend = ingress.spec.default_backend.unwrap().service.unwrap();
        service_port(&service, &backend).map(|port| port.port).map_err(|error| error.to_string())
    };
    assert_eq!(port("name: http"), Ok(80));
    assert_eq!(port("number: 443"), Ok(443));
    assert_eq!(port("number: 81"), Err("service `web` has no port `81`, only `http` (80), `443`".to_owned()));
    assert_eq!(
        port("name: https"),
        Err("service `web` has no port `https`, only `http` (80), `443`".to_owned())
    );
    let backend = ingress("name: web", "defaultBackend: {service: {name: web, port: {number: 1}}}")
        .spec
        .default_backend;
    let error = service_port(&Service::default(), &backend.unwrap().service.unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "service `web` has no port `1`, only none");
}

/// `class_of`: the annotation, the field, the newest default (`plugin/pkg/admission/network/defaultingressclass`).
#[test]
fn classes() {
    let class = |name: &str, metadata: &str| -> IngressClass {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}{metadata}}}\nspec: {{controller: example.com/{name}}}\n"
        );
        let Object::IngressClass(class) = object(&text) else { panic!("{text}") };
        *class
    };
    let default = |time: &str| {
        format!(
            ", creationTimestamp: '{time}', annotations: {{ingressclass.kubernetes.io/is-default-class: 'true'}}"
        )
    };
    let classes = [
        class("plain", ""),
        class("old", &default("2025-01-01T00:00:00Z")),
        class("second", &default("2026-01-01T00:00:00Z")),
        class("first", &default("2026-01-01T00:00:00Z")),
    ];
    let of = |metadata: &str, spec: &str, classes: &[IngressClass]| match class_of(
        &ingress(metadata, spec),
        classes,
    ) {
        ClassChoice::Class(class) => class.spec.controller.clone(),
        ClassChoice::Unknown(name) => format!("unknown {name}"),
        ClassChoice::None => "none".to_owned(),
    };
    assert_eq!(of("name: a", "ingressClassName: plain", &classes), "example.com/plain");
    assert_eq!(of("name: a", "ingressClassName: nginx", &classes), "unknown nginx");
    assert_eq!(
        of("name: a, annotations: {kubernetes.io/ingress.class: old}", "ingressClassName: plain", &classes),
        "example.com/old"
    );
    assert_eq!(of("name: a", "", &classes), "example.com/first");
    assert_eq!(of("name: a", "", &classes[..1]), "none");
    assert!(default_class(&[]).is_none());
}

proptest! {
    /// A prefix of some path means it with and without more behind, and routing any text ends.
    #[test]
    fn prefixes(path in "(/[a-z]{1,3}){0,4}/?", more in "(/[a-z]{1,3}){0,3}", host in ".{0,12}", target in ".{0,12}") {
        let request = format!("{}{more}", path.trim_end_matches('/'));
        prop_assert!(path_matches(&PathType::Prefix, &path, &request));
        prop_assert!(path_matches(&PathType::Exact, &path, &path));
        let ingress = ingress("name: web", &format!("rules: [{}]", rule("", "Prefix", "/", "web")));
        let router = Router::new([&ingress]);
        prop_assert_eq!(goes(&router, &host, &target), "web");
    }
}
