//! Whom we believe: the system's certificate authorities, or the caller's.
#![expect(
    clippy::disallowed_methods,
    reason = "feature `registry-tls` reads the system's certificate authorities"
)]

use std::sync::{Arc, OnceLock};

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{Error, ErrorKind};

/// Where systems keep the certificate authorities that they trust, the first that is there counts (Go's `crypto/x509`).
const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The certificate authorities that servers must have a certificate of.
#[derive(Clone, Default)]
pub(super) struct Roots {
    own: Option<Arc<Vec<Certificate<'static>>>>,
    system: Arc<OnceLock<Arc<Vec<Certificate<'static>>>>>,
}

impl Roots {
    pub(super) fn of_pem(pem: &[u8]) -> Result<Self, Error> {
        let certificates = read(pem);
        if certificates.is_empty() {
            return Err(Error::new(
                ErrorKind::Malformed,
                "cannot read certificate authorities",
                "there is no PEM certificate",
            ));
        }
        Ok(Self { own: Some(Arc::new(certificates)), system: Arc::default() })
    }

    pub(super) fn config(&self) -> TlsConfig {
        let certificates = self.own.as_ref().unwrap_or_else(|| {
            self.system.get_or_init(|| {
                let bundle = SYSTEM_BUNDLES.iter().find_map(|path| std::fs::read(path).ok());
                Arc::new(bundle.map(|pem| read(&pem)).unwrap_or_default())
            })
        });
        TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::clone(certificates)))
            .build()
    }
}

fn read(pem: &[u8]) -> Vec<Certificate<'static>> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    parse_pem(pem).filter_map(certificate).collect()
}
