//! Ingresses of `extensions/v1beta1` and `networking.k8s.io/v1beta1`.
//!
//! Source: `Convert_v1beta1_IngressBackend_To_networking_IngressBackend` and `SetDefaults_IngressPath…`, Kubernetes 1.20.

#![expect(unreachable_pub, reason = "the declaration of an object makes it public")]

use super::{Content, Notes};
use crate::core::TypedLocalObjectReference;
use crate::decode::Decoder;
use crate::int_or_string::IntOrString;
use crate::meta::ObjectMeta;
use crate::networking::{
    HttpIngressPath, HttpIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressStatus, IngressTls, PathType, ServiceBackendPort,
};
use crate::object::Object;
use crate::schema::{Value, object};
use crate::tree::Node;

object! {
    /// An ingress of an old version.
    pub struct OldIngress as "Ingress" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: OldIngressSpec = "spec",
        /// What was last seen.
        pub status: IngressStatus = "status",
    }

    /// What is wanted of an ingress of an old version.
    pub struct OldIngressSpec as "IngressSpec" {
        /// The class of controller that looks after it.
        pub ingress_class_name: Option<String> = "ingressClassName",
        /// Where requests go that no rule is about.
        pub backend: Option<Box<OldBackend>> = "backend",
        /// The certificates.
        pub tls: Vec<IngressTls> = "tls",
        /// Which requests go where.
        pub rules: Vec<OldRule> = "rules",
    }

    /// Where requests go.
    pub struct OldBackend as "IngressBackend" {
        /// The name of a service.
        pub service_name: String = "serviceName",
        /// Its port, by number or by name.
        pub service_port: Option<IntOrString> = "servicePort",
        /// Another object of the same namespace.
        pub resource: Option<Box<TypedLocalObjectReference>> = "resource",
    }

    /// Where requests to one host go.
    pub struct OldRule as "IngressRule" {
        /// The host.
        pub host: String = "host",
        /// By path.
        pub http: Option<Box<OldPaths>> = "http",
    }

    /// Where requests go, by path.
    pub struct OldPaths as "HTTPIngressRuleValue" {
        /// The paths.
        pub paths: Vec<OldPath> = "paths" always,
    }

    /// Where requests of one path go.
    pub struct OldPath as "HTTPIngressPath" {
        /// The path.
        pub path: String = "path",
        /// How it is compared.
        pub path_type: Option<PathType> = "pathType",
        /// Where they go.
        pub backend: OldBackend = "backend" always,
    }
}

pub(super) fn read<'t>(root: Node<'t>, decoder: &mut Decoder<'t>, notes: &mut Notes) -> Object {
    let mut old = OldIngress::initial();
    crate::schema::decode_fields(&mut old, root, decoder, &["apiVersion", "kind"]);
    let OldIngress { metadata, spec, status } = old;
    let rules = spec.rules.into_iter().enumerate();
    let spec = IngressSpec {
        ingress_class_name: spec.ingress_class_name,
        default_backend: spec.backend.map(|backend| Box::new(new_backend(*backend))),
        tls: spec.tls,
        rules: rules.map(|(index, rule)| new_rule(index, rule, notes)).collect(),
    };
    Ingress { metadata, spec, status }.into()
}

fn new_rule(rule_index: usize, rule: OldRule, notes: &mut Notes) -> IngressRule {
    let mut new_path = |(index, path): (usize, OldPath)| {
        if path.path_type.is_none() {
            let message = "`ImplementationSpecific` is filled in, the default of its version";
            notes.add(format!("spec.rules[{rule_index}].http.paths[{index}].pathType"), message);
        }
        HttpIngressPath {
            path: path.path,
            path_type: Some(path.path_type.unwrap_or(PathType::ImplementationSpecific)),
            backend: new_backend(path.backend),
        }
    };
    let http = rule.http.map(|http| {
        let paths = http.paths.into_iter().enumerate().map(&mut new_path).collect();
        Box::new(HttpIngressRuleValue { paths })
    });
    IngressRule { host: rule.host, http }
}

fn new_backend(old: OldBackend) -> IngressBackend {
    let port = match old.service_port {
        Some(IntOrString::Int(number)) => ServiceBackendPort { name: String::new(), number },
        Some(IntOrString::String(name)) => ServiceBackendPort { name, number: 0 },
        None => ServiceBackendPort::default(),
    };
    let service = (!old.service_name.is_empty() || port != ServiceBackendPort::default())
        .then(|| Box::new(IngressServiceBackend { name: old.service_name, port }));
    IngressBackend { service, resource: old.resource }
}

pub(super) fn write(object: &mut Ingress) -> Content {
    let Ingress { metadata, spec, status } = std::mem::take(object);
    let spec = OldIngressSpec {
        ingress_class_name: spec.ingress_class_name,
        backend: spec.default_backend.map(|backend| Box::new(old_backend(*backend))),
        tls: spec.tls,
        rules: spec.rules.into_iter().map(old_rule).collect(),
    };
    Content::Old(Box::new(OldIngress { metadata, spec, status }))
}

fn old_rule(rule: IngressRule) -> OldRule {
    let old_path = |path: HttpIngressPath| OldPath {
        path: path.path,
        path_type: path.path_type,
        backend: old_backend(path.backend),
    };
    let http =
        rule.http.map(|http| Box::new(OldPaths { paths: http.paths.into_iter().map(old_path).collect() }));
    OldRule { host: rule.host, http }
}

fn old_backend(new: IngressBackend) -> OldBackend {
    let service = new.service.map(|service| *service).unwrap_or_default();
    let service_port = match service.port {
        ServiceBackendPort { name, number: 0 } if name.is_empty() => None,
        ServiceBackendPort { name, .. } if !name.is_empty() => Some(IntOrString::String(name)),
        ServiceBackendPort { number, .. } => Some(IntOrString::Int(number)),
    };
    OldBackend { service_name: service.name, service_port, resource: new.resource }
}
