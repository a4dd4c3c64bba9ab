//! Discovery and images from a real server on the loopback.

pub(crate) mod server;

use std::io::Read;
use std::time::Duration;

use appc_spec::AppString;
use appc_spec::fetch::{Body, CacheInfo, Client, FetchErrorKind, FetchedSignature, Settings};

use server::{Answer, Question, Server};

fn plain(answers: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Server {
    Server::new(answers, std::sync::Arc::new(|stream| Some(Box::new(stream))))
}

fn client(server: &Server, change: impl FnOnce(&mut Settings)) -> Client {
    let mut settings = Settings::new();
    settings.port = Some(server.port);
    settings.plain_http = vec![format!("127.0.0.1:{}", server.port)];
    settings.silence = Duration::from_secs(20);
    change(&mut settings);
    Client::new(settings)
}

fn app(text: &str) -> AppString {
    text.parse().unwrap()
}

fn chain(error: &dyn std::error::Error) -> String {
    let text = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    text.collect::<Vec<_>>().join(": ")
}

/// A page that leads to the same server.
fn page(port_of: &str, templates: &[&str]) -> String {
    templates
        .iter()
        .map(|template| format!("<meta name='ac-discovery' content='127.0.0.1 http://{port_of}/{template}'>"))
        .collect()
}

fn content(body: Body) -> Result<Vec<u8>, std::io::Error> {
    let Body::New { mut reader, .. } = body else { panic!("{body:?}") };
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map(|_| bytes)
}

#[test]
fn a_name_leads_to_an_image_and_its_signature() {
    let server = plain(|question| {
        let host = question.headers["host"].clone();
        match question.path.as_str() {
            "/a/b?ac-discovery=1" => Answer::status(404),
            "/a?ac-discovery=1" => Answer::ok("<p>nothing here"),
            "/?ac-discovery=1" => Answer::ok(page(&host, &["gone/{name}.{ext}", "{name}-{version}.{ext}"])),
            "/127.0.0.1/a/b-1.0.aci" => {
                Answer::ok("image").header("ETag", "\"v1\"").header("Cache-Control", "max-age=60")
            }
            "/127.0.0.1/a/b-1.0.aci.asc" => Answer::ok("signature"),
            _ => Answer::status(404),
        }
    });
    let client = client(&server, |_| {});
    let discovered = client.discover(&app("127.0.0.1/a/b:1.0")).unwrap();
    assert_eq!(discovered.page, "127.0.0.1");
    let told: Vec<_> =
        discovered.attempts.iter().map(|one| (one.place.as_str(), one.error.is_some())).collect();
    assert_eq!(told, [("127.0.0.1/a/b", true), ("127.0.0.1/a", false)]);
    // The first place does not have it, the second does.
    let fetched = client.image(&discovered, None).unwrap();
    assert_eq!(fetched.attempts.len(), 1);
    assert!(fetched.endpoint.image.ends_with("/127.0.0.1/a/b-1.0.aci"));
    let Body::New { cache, size, .. } = &fetched.body else { panic!("{:?}", fetched.body) };
    assert_eq!(
        (cache.etag.as_deref(), cache.max_age, *size),
        (Some("\"v1\""), Some(Duration::from_secs(60)), Some(5))
    );
    assert_eq!(content(fetched.body).unwrap(), b"image");
    assert_eq!(client.signature(&fetched.endpoint).unwrap(), FetchedSignature::Bytes(b"signature".to_vec()));
}

#[test]
fn what_is_known_is_asked_for_by_its_version() {
    let server = plain(|question| match question.headers.get("if-none-match").map(String::as_str) {
        Some("\"v1\"") => Answer::status(304).header("ETag", "\"v1\"").header("Cache-Control", "max-age=5"),
        _ => Answer::ok("new").header("ETag", "\"v2\""),
    });
    let client = client(&server, |_| {});
    let url = format!("http://127.0.0.1:{}/x.aci", server.port);
    let known = CacheInfo::of_headers(Some("\"v1\""), None);
    let Body::NotModified(cache) = client.get(&url, Some(&known)).unwrap() else {
        panic!("it is not modified")
    };
    assert_eq!(cache.max_age, Some(Duration::from_secs(5)));
    assert_eq!(content(client.get(&url, None).unwrap()).unwrap(), b"new");
}

#[test]
fn freshness_is_what_the_server_says() {
    let cases = [
        (None, None),
        (Some("max-age=10"), Some(10)),
        (Some("public, Max-Age=\"7\""), Some(7)),
        (Some("max-age=10, no-cache"), Some(0)),
        (Some("no-store"), Some(0)),
        (Some("max-age=soon"), Some(0)),
        (Some("max-age=99999999999999999999999"), Some(u64::from(u32::MAX))),
        (Some("private"), None),
    ];
    for (header, seconds) in cases {
        assert_eq!(
            CacheInfo::of_headers(None, header).max_age,
            seconds.map(Duration::from_secs),
            "{header:?}"
        );
    }
    let cache = CacheInfo::of_headers(None, Some("max-age=10"));
    assert!(cache.is_fresh(Duration::from_secs(9)) && !cache.is_fresh(Duration::from_secs(10)));
    assert!(!CacheInfo::default().is_fresh(Duration::ZERO));
}

#[test]
fn what_servers_refuse_is_told() {
    for (status, kind, climbs) in [
        (401, FetchErrorKind::Unauthorized, false),
        (500, FetchErrorKind::Server, false),
        (503, FetchErrorKind::Server, false),
        (403, FetchErrorKind::Undiscovered, true),
        (404, FetchErrorKind::Undiscovered, true),
    ] {
        let server = plain(move |_| Answer::status(status));
        let error = client(&server, |_| {}).discover(&app("127.0.0.1/a")).unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert!(chain(&error).contains(&format!("status {status}")), "{}", chain(&error));
        assert_eq!(server.paths().len(), if climbs { 2 } else { 1 });
    }
    let server = plain(|_| Answer::ok("<html>"));
    let error = client(&server, |_| {}).discover(&app("127.0.0.1/a:1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot fetch `127.0.0.1/a:1`: no page tells of an image: `127.0.0.1/a` says nothing, `127.0.0.1` says nothing"
    );
}

#[test]
fn plain_http_goes_only_where_it_may() {
    let server = plain(|question| match question.path.as_str() {
        "/away" => Answer::status(302).header("Location", "http://localhost:1/x"),
        _ => Answer::ok("x"),
    });
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let strict = client(&server, |settings| settings.plain_http.clear());
    let error = strict.get(&url("/x"), None).unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Refused);
    assert!(
        error.to_string().ends_with(&format!("plain http is not allowed for `127.0.0.1:{}`", server.port))
    );
    // A page by https that is not there is not asked for by http either.
    assert_eq!(strict.discover(&app("127.0.0.1/a")).unwrap_err().kind(), FetchErrorKind::Network);
    assert!(server.paths().is_empty());
    // A redirect is held to the same.
    let error = client(&server, |_| {}).get(&url("/away"), None).unwrap_err();
    assert!(error.to_string().ends_with("plain http is not allowed for `localhost:1`"), "{error}");
    for wrong in ["ftp://127.0.0.1/x", "http://user:secret@127.0.0.1/x", "x", "file:///etc/passwd"] {
        assert!(client(&server, |_| {}).get(wrong, None).is_err(), "{wrong}");
    }
}

#[test]
fn redirects_are_counted_and_followed_as_they_stand() {
    let server = plain(|question| match question.path.as_str() {
        "/d/one" => Answer::status(301).header("Location", "two?q#fragment"),
        "/d/two?q" => Answer::status(307).header("Location", "/three"),
        "/three" => Answer::ok("there"),
        "/nowhere" => Answer::status(302),
        _ => Answer::status(302).header("Location", "/round"),
    });
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let patient = client(&server, |_| {});
    assert_eq!(content(patient.get(&url("/d/one"), None).unwrap()).unwrap(), b"there");
    let error = patient.get(&url("/round"), None).unwrap_err();
    assert!(error.to_string().ends_with("more than 10 redirects"));
    let error = client(&server, |settings| settings.redirects = 0).get(&url("/d/one"), None).unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Refused);
    let error = patient.get(&url("/nowhere"), None).unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Malformed);
}

#[test]
fn credentials_go_to_their_host_only() {
    let other = plain(|_| Answer::ok("other"));
    let port = other.port;
    let server = plain(move |question| match question.path.as_str() {
        "/away" => Answer::status(302).header("Location", format!("http://127.0.0.1:{port}/x")),
        _ => Answer::ok("home"),
    });
    let client = client(&server, |settings| {
        settings.plain_http.push(format!("127.0.0.1:{port}"));
        settings.authorization.insert(format!("127.0.0.1:{}", server.port), "Basic c2VjcmV0".to_owned());
    });
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    client.get(&url("/x"), None).unwrap();
    client.get(&url("/away"), None).unwrap();
    assert!(server.asked().iter().all(|question| question.headers["authorization"] == "Basic c2VjcmV0"));
    assert!(!other.asked()[0].headers.contains_key("authorization"));
    assert!(!format!("{client:?}").contains("c2VjcmV0"));
}

#[test]
fn answers_are_no_longer_than_they_may_be() {
    let server = plain(|question| match question.path.as_str() {
        "/cut" => Answer { cut: true, ..Answer::ok("cut") },
        "/chunked" => {
            Answer::ok("5\r\n12345\r\n6\r\n123456\r\n0\r\n\r\n").header("Transfer-Encoding", "chunked")
        }
        _ => Answer::ok("12345678901"),
    });
    let small = client(&server, |settings| {
        settings.image_limit = 10;
        settings.small_limit = 10;
        settings.page_limit = 10;
    });
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let error = small.get(&url("/x"), None).unwrap_err();
    assert!(error.to_string().ends_with("it has 11 bytes, more than 10"), "{error}");
    assert_eq!(small.keys(&url("/x")).unwrap_err().kind(), FetchErrorKind::TooLarge);
    assert_eq!(small.discover(&app("127.0.0.1")).unwrap_err().kind(), FetchErrorKind::TooLarge);
    // Where the length is not said beforehand, it is counted.
    let error = content(small.get(&url("/chunked"), None).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "there are more than 10 bytes");
    assert!(content(client(&server, |_| {}).get(&url("/cut"), None).unwrap()).is_err());
}

#[test]
fn a_signature_may_come_later() {
    let server = plain(|question| match question.path.as_str() {
        "/?ac-discovery=1" => Answer::ok(page(&question.headers["host"], &["x.{ext}"])),
        "/x.aci.asc" => Answer::status(202),
        _ => Answer::ok("image"),
    });
    let client = client(&server, |_| {});
    let discovered = client.discover(&app("127.0.0.1")).unwrap();
    assert_eq!(client.signature(&discovered.found.endpoints[0]).unwrap(), FetchedSignature::Deferred);
}
