//! The port of a service that a backend means.

use crate::core::{Service, ServicePort};
use crate::networking::IngressServiceBackend;

/// Why a backend leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The service has no such port.
    #[error("service `{service}` has no port `{port}`, only {known}")]
    NoPort {
        /// The service.
        service: String,
        /// The port, by name or number.
        port: String,
        /// The ports that it has.
        known: String,
    },
}

/// The port of a service that a backend means, by its name or its number.
///
/// # Errors
///
/// When the service has no such port: `port: {number: 81}` where it has 80 alone.
pub fn service_port<'s>(
    service: &'s Service,
    backend: &IngressServiceBackend,
) -> Result<&'s ServicePort, BackendError> {
    let wanted = &backend.port;
    let is_meant = |port: &&ServicePort| {
        if wanted.name.is_empty() { port.port == wanted.number } else { port.name == wanted.name }
    };
    service.spec.ports.iter().find(is_meant).ok_or_else(|| BackendError::NoPort {
        service: backend.name.clone(),
        port: if wanted.name.is_empty() { wanted.number.to_string() } else { wanted.name.clone() },
        known: known(service),
    })
}

fn known(service: &Service) -> String {
    let ports = service.spec.ports.iter().map(|port| match port.name.as_str() {
        "" => format!("`{}`", port.port),
        name => format!("`{name}` ({})", port.port),
    });
    match ports.collect::<Vec<_>>() {
        none if none.is_empty() => "none".to_owned(),
        some => some.join(", "),
    }
}
