//! HTTPS with certificates that openssl made.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use appc_spec::fetch::{Body, Client, FetchErrorKind, Settings};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::run;
use super::server::{Answer, Server};

/// An authority and a certificate of it for 127.0.0.1; another authority.
fn certificates(directory: &Path) {
    let openssl = |arguments: &[&str]| {
        let arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        run("openssl", &arguments, directory);
    };
    let key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    for name in ["ca", "other"] {
        let (file, out) = (format!("{name}.key"), format!("{name}.pem"));
        openssl(
            &[&key[..], &["-x509", "-keyout", &file, "-out", &out, "-subj", "/CN=test authority"]].concat(),
        );
    }
    openssl(
        &[&key[..], &["-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=test server"]].concat(),
    );
    fs::write(directory.join("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ]);
}

fn server(
    directory: &Path,
    answers: impl Fn(&super::server::Question) -> Answer + Send + Sync + 'static,
) -> Server {
    let certificate = CertificateDer::from_pem_file(directory.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(directory.join("server.key")).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
    let config = Arc::new(config);
    Server::new(
        answers,
        Arc::new(move |stream| {
            let connection = rustls::ServerConnection::new(config.clone()).ok()?;
            Some(Box::new(rustls::StreamOwned::new(connection, stream)))
        }),
    )
}

fn client(directory: &Path, authority: &str, port: u16) -> Client {
    let pem = fs::read(directory.join(authority)).unwrap();
    let mut settings = Settings::new().with_authorities(&pem).unwrap();
    settings.port = Some(port);
    Client::new(settings)
}

pub(super) fn https() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    certificates(path);
    let server = server(path, |question| {
        let host = question.headers["host"].clone();
        match question.path.as_str() {
            "/app?ac-discovery=1" => Answer::ok(format!(
                "<meta name=ac-discovery content='127.0.0.1/app https://{host}/{{name}}.{{ext}}'>\
                 <meta name=ac-discovery-pubkeys content='127.0.0.1/app https://{host}/keys'>"
            )),
            "/127.0.0.1/app.aci" => Answer::ok("image"),
            "/keys" => Answer::ok("keys"),
            "/down" => Answer::status(302).header("Location", format!("http://{host}/127.0.0.1/app.aci")),
            _ => Answer::status(404),
        }
    });
    let app = "127.0.0.1/app".parse().unwrap();
    let believing = client(path, "ca.pem", server.port);
    let discovered = believing.discover(&app).unwrap();
    let fetched = believing.image(&discovered, None).unwrap();
    let Body::New { mut reader, .. } = fetched.body else { panic!("{:?}", fetched.body) };
    let mut text = String::new();
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    assert_eq!(text, "image");
    let keys = believing.discover_keys(&app.name).unwrap().found.keys;
    assert_eq!(believing.keys(&keys[0]).unwrap(), b"keys");
    // From https to http nobody is led.
    let error = believing.get(&format!("https://127.0.0.1:{}/down", server.port), None).unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Refused);

    let asked = server.paths().len();
    let error = client(path, "other.pem", server.port).discover(&app).unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Network);
    // The system's authorities do not know it either.
    let mut settings = Settings::new();
    settings.port = Some(server.port);
    assert_eq!(Client::new(settings).discover(&app).unwrap_err().kind(), FetchErrorKind::Network);
    assert_eq!(server.paths().len(), asked, "nothing is said to who is not believed");
    assert!(Settings::new().with_authorities(b"no certificate").is_err());
}
