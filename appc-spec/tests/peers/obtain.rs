//! Images by their names, signed by keys of the real gpg, from a server of our own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use appc_spec::archive::{BuildOptions, ImageBuilder};
use appc_spec::fetch::{Client, Obtain, ObtainErrorKind, Settings};
use appc_spec::store::{ImportOptions, Store};
use appc_spec::trust::{Keystore, PublicKey, Scope, SecretKey};
use appc_spec::{AppString, Dependency, ImageManifest, Strength};

use super::gpg::Gpg;
use super::server::{Answer, Question, Server};

/// What the server has, by path.
type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

struct Place {
    directory: tempfile::TempDir,
    gpg: Gpg,
    files: Files,
    server: Server,
}

/// A server with pages for `127.0.0.1`; what it has, has an ETag, and `/fresh` need not be asked for again.
fn answer(files: &Files, question: &Question) -> Answer {
    let host = &question.headers["host"];
    if question.path.ends_with("?ac-discovery=1") {
        return Answer::ok(format!(
            "<meta name=ac-discovery content='127.0.0.1/fresh http://{host}/fresh.{{ext}}'>\
             <meta name=ac-discovery content='127.0.0.1 http://{host}/{{version}}.{{ext}}'>"
        ));
    }
    let Some(content) = files.lock().unwrap().get(&question.path).cloned() else {
        return Answer::status(404);
    };
    let etag = format!("\"{}\"", content.len());
    if question.headers.get("if-none-match") == Some(&etag) {
        return Answer::status(304);
    }
    let age = if question.path.starts_with("/fresh") { "max-age=100" } else { "no-cache" };
    Answer::ok(content).header("ETag", etag).header("Cache-Control", age)
}

impl Place {
    fn new() -> Self {
        let files = Files::default();
        let of_server = files.clone();
        let server = Server::new(
            move |question| answer(&of_server, question),
            Arc::new(|stream| Some(Box::new(stream))),
        );
        let gpg = Gpg::new();
        gpg.run(&["--quick-generate-key", "me", "ed25519", "sign", "1y"]);
        Self { directory: tempfile::tempdir().unwrap(), gpg, files, server }
    }

    fn keystore(&self) -> Keystore {
        Keystore::new(None, Some(self.directory.path().join("etc")))
    }

    fn trust(&self, prefix: &str) {
        let keys = PublicKey::read_all(&self.gpg.public("me")).unwrap();
        self.keystore().trust(&keys[0], &Scope::Prefix(prefix.parse().unwrap())).unwrap();
    }

    /// Puts an image there, signed.
    fn publish(&self, file: &str, name: &str, version: &str, on: &[&str]) {
        let app: AppString = format!("127.0.0.1/{name}:{version}").parse().unwrap();
        let mut manifest = ImageManifest::try_from(&app.for_this_machine()).unwrap();
        manifest.dependencies = on
            .iter()
            .map(|version| {
                let app: AppString = format!("127.0.0.1/base:{version}").parse().unwrap();
                let labels = ImageManifest::try_from(&app).unwrap().labels;
                Dependency { image_name: app.name, image_id: None, labels, size: 0 }
            })
            .collect();
        let mut bytes = Vec::new();
        ImageBuilder::new(manifest)
            .file(format!("{name}-{version}"), 0o644, version)
            .write(&mut bytes, &BuildOptions::reproducible())
            .unwrap();
        let secret = SecretKey::read(&self.gpg.run(&["--export-secret-keys", "me"]), "").unwrap();
        let mut files = self.files.lock().unwrap();
        files.insert(format!("/{file}.aci.asc"), secret.sign(bytes.as_slice()).unwrap().into_bytes());
        files.insert(format!("/{file}.aci"), bytes);
    }

    fn client(&self) -> Client {
        let mut settings = Settings::new();
        settings.port = Some(self.server.port);
        settings.plain_http.push(format!("127.0.0.1:{}", self.server.port));
        Client::new(settings)
    }

    fn downloads(&self) -> usize {
        self.server.paths().iter().filter(|path| path.ends_with(".aci")).count()
    }
}

pub(super) fn by_name() {
    let place = Place::new();
    let store = Store::open(place.directory.path().join("store")).unwrap();
    let (client, keys, now) = (place.client(), place.keystore(), SystemTime::now() + Duration::from_secs(5));
    let obtain = Obtain::new(&store, &client, Some(&keys), now);
    let app = |text: &str| text.parse::<AppString>().unwrap();
    let kind = |text: &str| obtain.fetch(&app(text), &mut |_, _, _| {}).unwrap_err().kind();
    place.publish("1", "app", "1", &[]);

    assert_eq!(kind("127.0.0.1/app:1"), ObtainErrorKind::NoKey);
    assert!(place.server.paths().is_empty(), "nobody is asked");
    place.trust("127.0.0.1/app");
    assert_eq!(kind("127.0.0.1/app:none"), ObtainErrorKind::Fetch);
    assert!(obtain.present(&app("127.0.0.1/app:1")).unwrap().is_none());
    let first = obtain.fetch(&app("127.0.0.1/app:1"), &mut |_, _, _| {}).unwrap();
    assert!(first.is_new && obtain.present(&app("127.0.0.1/app")).unwrap().is_some());
    let again = obtain.fetch(&app("127.0.0.1/app:1"), &mut |_, _, _| panic!("nothing comes")).unwrap();
    assert_eq!((again.is_new, again.image.id()), (false, first.image.id()));

    // Another image of that name: another version, and one for another name.
    place.publish("2", "app", "3", &[]);
    assert_eq!(kind("127.0.0.1/app:2"), ObtainErrorKind::Store);
    place.publish("4", "other", "4", &[]);
    assert_eq!(kind("127.0.0.1/app:4"), ObtainErrorKind::Store);
    assert_eq!(store.list().unwrap().len(), 1);

    // The signature of another image.
    place.publish("5", "app", "5", &[]);
    let wrong = place.files.lock().unwrap()["/1.aci.asc"].clone();
    place.files.lock().unwrap().insert("/5.aci.asc".to_owned(), wrong);
    assert_eq!(kind("127.0.0.1/app:5"), ObtainErrorKind::Trust);
    // By nobody who is known: the image is not even fetched.
    place.gpg.run(&["--quick-generate-key", "other", "ed25519", "sign", "1y"]);
    let stranger = place.gpg.sign(None, "other", &[]);
    place.files.lock().unwrap().insert("/5.aci.asc".to_owned(), stranger);
    let downloads = place.downloads();
    assert_eq!(kind("127.0.0.1/app:5"), ObtainErrorKind::Trust);
    assert_eq!(place.downloads(), downloads);
    // Without a keystore the same is taken, and not believed later.
    let unchecked = Obtain::new(&store, &client, None, now);
    unchecked.fetch(&app("127.0.0.1/app:5"), &mut |_, _, _| {}).unwrap();
    assert!(unchecked.present(&app("127.0.0.1/app:5")).unwrap().is_some());
    assert!(obtain.present(&app("127.0.0.1/app:5")).unwrap().is_none());
}

pub(super) fn with_dependencies() {
    let place = Place::new();
    let store = Store::open(place.directory.path().join("store")).unwrap();
    let (client, keys, now) = (place.client(), place.keystore(), SystemTime::now() + Duration::from_secs(5));
    let obtain = Obtain::new(&store, &client, Some(&keys), now);
    let fetch = |text: &str| obtain.fetch(&text.parse().unwrap(), &mut |_, _, _| {});
    place.trust("127.0.0.1/top");
    place.publish("9", "top", "9", &["1", "2"]);
    place.publish("1", "base", "1", &["2"]);
    place.publish("2", "base", "2", &[]);

    // The key for one name says nothing of the others.
    assert_eq!(fetch("127.0.0.1/top:9").unwrap_err().kind(), ObtainErrorKind::NoKey);
    place.trust("127.0.0.1/base");
    let before = place.downloads();
    let top = fetch("127.0.0.1/top:9").unwrap().image;
    assert_eq!(place.downloads() - before, 3, "one says that it is still the newest");
    let order = store.render_order(&top).unwrap();
    assert!(order.passes().len() >= 3);

    // What was not verified is no dependency of something that is.
    let (other, bytes) = (
        Store::open(place.directory.path().join("other")).unwrap(),
        place.files.lock().unwrap()["/2.aci"].clone(),
    );
    let options = ImportOptions::new(Strength::Strict, now);
    other.import("base", bytes.as_slice(), &options, &mut |_| {}).unwrap();
    let obtain = Obtain::new(&other, &client, Some(&keys), now);
    obtain.fetch(&"127.0.0.1/top:9".parse().unwrap(), &mut |_, _, _| {}).unwrap();
    assert!(obtain.present(&"127.0.0.1/base:2".parse().unwrap()).unwrap().is_some());

    // What is fresh is not asked for again; later it is.
    place.trust("127.0.0.1/fresh");
    place.publish("fresh", "fresh", "1", &[]);
    let asked = || place.server.paths().iter().filter(|path| *path == "/fresh.aci").count();
    for (later, wanted) in [(0, 1), (50, 1), (150, 2)] {
        let obtain = Obtain::new(&store, &client, Some(&keys), now + Duration::from_secs(later));
        obtain.fetch(&"127.0.0.1/fresh".parse().unwrap(), &mut |_, _, _| {}).unwrap();
        assert_eq!(asked(), wanted, "after {later} seconds");
    }
}
