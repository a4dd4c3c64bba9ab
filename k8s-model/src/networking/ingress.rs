//! Ingresses: HTTP from outside to services.

use crate::core::{Protocol, TypedLocalObjectReference};
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};

object! {
    /// Leads HTTP requests from outside to services.
    pub struct Ingress {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: IngressSpec = "spec",
        /// What was last seen.
        pub status: IngressStatus = "status",
    }

    /// What is wanted of an ingress.
    pub struct IngressSpec {
        /// The class of controller that looks after it.
        pub ingress_class_name: Option<String> = "ingressClassName",
        /// Where requests go that no rule is about.
        pub default_backend: Option<Box<IngressBackend>> = "defaultBackend",
        /// The certificates.
        pub tls: Vec<IngressTls> = "tls",
        /// Which requests go where.
        pub rules: Vec<IngressRule> = "rules",
    }

    /// Where requests go; exactly one member.
    pub struct IngressBackend {
        /// A service.
        pub service: Option<Box<IngressServiceBackend>> = "service",
        /// Another object of the same namespace.
        pub resource: Option<Box<TypedLocalObjectReference>> = "resource",
    }

    /// A service that requests go to.
    pub struct IngressServiceBackend {
        /// Its name.
        pub name: String = "name" always,
        /// Its port.
        pub port: ServiceBackendPort = "port",
    }

    /// A port of a service; exactly one member.
    pub struct ServiceBackendPort {
        /// Its name.
        pub name: String = "name",
        /// Its number.
        pub number: i32 = "number",
    }

    /// A certificate for some hosts.
    pub struct IngressTls as "IngressTLS" {
        /// The hosts.
        pub hosts: Vec<String> = "hosts",
        /// The secret with the certificate and its key.
        pub secret_name: String = "secretName",
    }

    /// Where requests to one host go.
    pub struct IngressRule {
        /// The host, `*.example.com` for those below it; empty is any one.
        pub host: String = "host",
        /// By path.
        pub http: Option<Box<HttpIngressRuleValue>> = "http",
    }

    /// Where requests go, by path.
    pub struct HttpIngressRuleValue as "HTTPIngressRuleValue" {
        /// The paths.
        pub paths: Vec<HttpIngressPath> = "paths" always,
    }

    /// Where requests of one path go.
    pub struct HttpIngressPath as "HTTPIngressPath" {
        /// The path; it begins with `/`.
        pub path: String = "path",
        /// How it is compared.
        pub path_type: Option<PathType> = "pathType" always,
        /// Where they go.
        pub backend: IngressBackend = "backend" always,
    }

    /// What was last seen of an ingress.
    pub struct IngressStatus {
        /// The load balancer.
        pub load_balancer: IngressLoadBalancerStatus = "loadBalancer",
    }

    /// What was last seen of the load balancer of an ingress.
    pub struct IngressLoadBalancerStatus {
        /// Where it takes traffic.
        pub ingress: Vec<IngressLoadBalancerIngress> = "ingress",
    }

    /// A place where the load balancer of an ingress takes traffic.
    pub struct IngressLoadBalancerIngress {
        /// Its address.
        pub ip: String = "ip",
        /// Its host name.
        pub hostname: String = "hostname",
        /// The ports.
        pub ports: Vec<IngressPortStatus> = "ports",
    }

    /// What was last seen of a port of an ingress.
    pub struct IngressPortStatus {
        /// The port.
        pub port: i32 = "port" always,
        /// Its protocol.
        pub protocol: Protocol = "protocol" always,
        /// What went wrong, as a word or as `domain/word`.
        pub error: Option<String> = "error",
    }

    /// A controller that looks after ingresses.
    pub struct IngressClass {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: IngressClassSpec = "spec",
    }

    /// What a class of ingresses is.
    pub struct IngressClassSpec {
        /// The controller: `example.com/ingress`.
        pub controller: String = "controller",
        /// An object with its settings.
        pub parameters: Option<Box<IngressClassParametersReference>> = "parameters",
    }

    /// An object with the settings of a class of ingresses.
    pub struct IngressClassParametersReference {
        /// The group of its kind; absent is the core group.
        pub api_group: Option<String> = "apiGroup",
        /// Its kind.
        pub kind: String = "kind" always,
        /// Its name.
        pub name: String = "name" always,
        /// `Cluster` or `Namespace`.
        pub scope: Option<String> = "scope" always,
        /// Its namespace; for `Namespace` only.
        pub namespace: Option<String> = "namespace",
    }
}

open_enum! {
    /// How the path of a request is compared.
    pub enum PathType {
        /// It is the same.
        Exact = "Exact",
        /// As the controller likes.
        ImplementationSpecific = "ImplementationSpecific",
        /// It begins with the same elements.
        Prefix = "Prefix",
    }
}
