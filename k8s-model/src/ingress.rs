//! What an Ingress means: which service a request goes to, and which controller looks after it.
//!
//! ```
//! use k8s_model::ingress::Router;
//! # use k8s_model::decode::{Mode, decode_str};
//! # use k8s_model::object::Object;
//! # let text = "
//! # apiVersion: networking.k8s.io/v1
//! # kind: Ingress
//! # metadata: {name: web, namespace: default}
//! # spec:
//! #   rules:
//! #   - host: web.example.com
//! #     http:
//! #       paths:
//! #       - {path: /, pathType: Prefix, backend: {service: {name: front, port: {number: 80}}}}
//! #       - {path: /api, pathType: Prefix, backend: {service: {name: back, port: {name: http}}}}
//! # ";
//! # let decoded = decode_str(text, "web.yaml", Mode::Strict);
//! # let Object::Ingress(ingress) = &decoded.documents[0].object else { panic!() };
//! let router = Router::new([&**ingress]);
//! let route = router.route("web.example.com:8080", "/api/users?id=1").ok_or("no route")?;
//! assert_eq!(route.backend.service.as_ref().map(|service| service.name.as_str()), Some("back"));
//! assert!(router.route("other.example.com", "/").is_none());
//! # Ok::<(), &str>(())
//! ```
//!
//! Source: the documentation of `networking.k8s.io/v1` Ingress of Kubernetes 1.36. What that leaves to controllers is done here as ingress-nginx
//! does it: paths of the type `ImplementationSpecific` are prefixes, the most specific host alone decides, and of equal rules that of the oldest
//! Ingress counts.

mod backend;
mod class;
mod path;
mod router;

pub use backend::{BackendError, service_port};
pub(crate) use class::OLD_CLASS;
pub use class::{ClassChoice, class_of, default_class};
pub use path::path_matches;
pub use router::{Route, Router};
