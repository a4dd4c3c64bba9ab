//! The neutral model: what an app and its image become together, names, capabilities, templates, times, and the JSON of it all.

use pod_core::Timestamp;
use pod_core::pod::{
    AppName, Capability, EnvVar, ImageConfig, PodSpec, RestartPolicy, SandboxFact, SandboxFacts, Template,
    VolumeName,
};
use proptest::prelude::*;

use crate::lifecycle::spec::{exec, init, main, pod, probe, secs, sidecar};

fn texts(list: &[&str]) -> Option<Vec<Template>> {
    Some(list.iter().map(|text| Template::from(*text)).collect())
}

fn image() -> ImageConfig {
    ImageConfig {
        entrypoint: vec!["/entry".to_owned()],
        cmd: vec!["one".to_owned(), "two".to_owned()],
        ..ImageConfig::default()
    }
}

/// Kubernetes, "Define a command and arguments for a container": the table of its notes.
#[test]
fn command_and_arguments() {
    for (command, args, argv) in [
        (None, None, vec!["/entry", "one", "two"]),
        (texts(&["/other"]), None, vec!["/other"]),
        (None, texts(&["three"]), vec!["/entry", "three"]),
        (texts(&["/other"]), texts(&["three"]), vec!["/other", "three"]),
        (None, Some(Vec::new()), vec!["/entry"]),
    ] {
        let mut app = main("a");
        (app.command, app.args) = (command, args);
        assert_eq!(app.process(&image(), &SandboxFacts::default()).unwrap().argv, argv);
    }
    let error = main("a").process(&ImageConfig::default(), &SandboxFacts::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no command specified: the app has none, and neither has the image `img:1`"
    );
}

/// The app's environment goes over the image's, that over a `PATH`; names stay unique and keep their first place.
#[test]
fn environment() {
    let mut app = main("a");
    let var = |name: &str, value: Template| EnvVar { name: name.to_owned(), value };
    app.env = vec![var("B", "app".into()), var("IP", SandboxFact::PodIp.into()), var("B", "last".into())];
    let config = ImageConfig {
        env: vec![("A".to_owned(), "image".to_owned()), ("B".to_owned(), "image".to_owned())],
        ..image()
    };
    let facts = SandboxFacts { pod_ips: vec!["10.1.2.3".parse().unwrap()], host_ips: Vec::new() };
    let env = app.process(&config, &facts).unwrap().env;
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(env, [("PATH", path), ("A", "image"), ("B", "last"), ("IP", "10.1.2.3")]);
}

#[test]
fn working_directory() {
    for (app_dir, image_dir, dir) in
        [(None, "", "/"), (None, "/srv", "/srv"), (Some("/app"), "/srv", "/app"), (Some(""), "/srv", "/srv")]
    {
        let mut app = main("a");
        app.working_dir = app_dir.map(ToOwned::to_owned);
        let config = ImageConfig { working_dir: image_dir.to_owned(), ..image() };
        assert_eq!(app.process(&config, &SandboxFacts::default()).unwrap().working_dir, dir);
    }
}

/// The app's user replaces the image's, and then the image's group means nothing; groups add up.
#[test]
fn users_and_groups() {
    for (app_user, app_group, image_user, image_group, user, group) in [
        (None, None, "", "", "0", None),
        (None, None, "web:www", "", "web", Some("www")),
        (None, None, "web", "20", "web", Some("20")),
        (Some("7"), None, "web", "20", "7", None),
        (Some("7:8"), None, "web", "20", "7", Some("8")),
        (Some("7"), Some("9"), "web", "20", "7", Some("9")),
        (None, Some("9"), "web:www", "20", "web", Some("9")),
        (None, None, ":www", "", "0", Some("www")),
    ] {
        let mut app = main("a");
        app.security.user = app_user.map(ToOwned::to_owned);
        app.security.group = app_group.map(ToOwned::to_owned);
        app.security.supplementary_groups = vec![5, 3];
        let config = ImageConfig {
            user: image_user.to_owned(),
            group: image_group.to_owned(),
            supplementary_groups: vec![4, 3],
            ..image()
        };
        let process = app.process(&config, &SandboxFacts::default()).unwrap();
        assert_eq!(
            (process.user.user.as_str(), process.user.group.as_deref()),
            (user, group),
            "{app_user:?} {image_user}"
        );
        assert_eq!(process.user.supplementary_groups, [3, 4, 5]);
    }
}

/// RFC 1123 labels: what may be a name, and so a part of a path.
#[test]
fn names() {
    for text in ["a", "0", "web-1", &"a".repeat(63)] {
        assert_eq!(text.parse::<AppName>().unwrap().as_str(), text);
    }
    for (text, message) in [
        ("", "a name is empty"),
        ("-a", "unexpected `-` at byte 0 of a name: it begins and ends with `a-z` or `0-9`"),
        ("a-", "unexpected `-` at byte 1 of a name: it begins and ends with `a-z` or `0-9`"),
        ("a/b", "unexpected `/` at byte 1 of a name: only `a-z`, `0-9` and `-` are allowed"),
        ("é", "unexpected `é` at byte 0 of a name: only `a-z`, `0-9` and `-` are allowed"),
        (&"a".repeat(64), "a name of 64 bytes is too long: at most 63"),
    ] {
        assert_eq!(text.parse::<VolumeName>().unwrap_err().to_string(), message);
    }
    assert!(serde_json::from_str::<AppName>("\"..\"").is_err());
}

/// capabilities(7) and linux/capability.h: numbers, and names as runtimes take them.
#[test]
fn capabilities() {
    assert_eq!(Capability::ALL.len(), 41);
    for (number, capability) in Capability::ALL.iter().enumerate() {
        assert_eq!(usize::from(capability.number()), number);
        assert_eq!(capability.as_str().parse::<Capability>().unwrap(), *capability);
    }
    assert_eq!("net_admin".parse::<Capability>().unwrap(), Capability::NetAdmin);
    assert_eq!(
        "ALL".parse::<Capability>().unwrap_err().to_string(),
        "`ALL` is no Linux capability: one such as `NET_ADMIN` or `CAP_NET_ADMIN` is wanted"
    );
}

#[test]
fn templates_join_and_fill_in() {
    let template =
        Template::from("a").then_text("b").then_template(&Template::from(SandboxFact::PodIps).then_text("!"));
    assert_eq!(
        (template.as_text(), Template::from("ab").as_text(), Template::default().as_text()),
        (None, Some("ab"), Some(""))
    );
    assert_eq!(serde_json::to_string(&template).unwrap(), r#"["ab",{"fact":"PodIps"},"!"]"#);
    let facts = SandboxFacts {
        pod_ips: vec!["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()],
        host_ips: Vec::new(),
    };
    assert_eq!(template.render(&facts), "ab10.0.0.1,fd00::1!");
    assert_eq!(template.render(&SandboxFacts::default()), "ab!");
}

#[test]
fn times() {
    let time: Timestamp = "2026-11-25T10:00:00.25+02:00".parse().unwrap();
    assert_eq!(time.to_string(), "2026-11-25T08:00:00.25Z");
    assert_eq!(time.whole_seconds().to_string(), "2026-11-25T08:00:00Z");
    assert_eq!(time.unix(), (1_795_593_600, 250_000_000));
    assert_eq!(time.since(time + secs(1)), secs(0));
    assert!((time + std::time::Duration::MAX).since(time) > secs(1 << 30));
    // Both ends saturate.
    let long = secs(400_000_000_000);
    let (early, late) = (std::time::SystemTime::UNIX_EPOCH - long, std::time::SystemTime::UNIX_EPOCH + long);
    assert!(Timestamp::from(early).to_string().starts_with("-009999-"));
    assert!(Timestamp::from(late).to_string().starts_with("9999-"));
    assert_eq!(
        "yesterday".parse::<Timestamp>().unwrap_err().to_string(),
        "`yesterday` is no RFC 3339 time: one such as `2026-11-25T10:00:00Z` is wanted"
    );
}

/// A pod directory keeps the model as JSON.
#[test]
fn the_model_reads_back_from_json() {
    let mut web = main("web");
    web.hooks.pre_stop = Some(exec("bye"));
    web.probes.readiness = Some(probe());
    web.env = vec![EnvVar { name: "IP".to_owned(), value: SandboxFact::HostIp.into() }];
    web.security.capabilities = Capability::DEFAULT.iter().copied().collect();
    let spec = pod(RestartPolicy::OnFailure, vec![init("i"), sidecar("s"), web]);
    let json = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<PodSpec>(&json).unwrap(), spec);
    assert_eq!(spec.app(&"s".parse().unwrap()).map(|app| app.name.as_str()), Some("s"));
    assert!(spec.volume(&"v".parse().unwrap()).is_none());
}

proptest! {
    #[test]
    fn times_read_back(seconds in -60_000_000_000_i64..250_000_000_000, nanos in 0..1_000_000_000_u32) {
        let moment = std::time::SystemTime::UNIX_EPOCH;
        let moment = if seconds < 0 { moment - secs(seconds.unsigned_abs()) } else { moment + secs(seconds.unsigned_abs()) };
        let time = Timestamp::from(moment + std::time::Duration::from_nanos(nanos.into()));
        prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
    }

    #[test]
    fn names_read_back_or_are_refused(text in "[a-z0-9A-Z./-]{0,70}") {
        if let Ok(name) = text.parse::<AppName>() {
            prop_assert_eq!(name.to_string(), text);
        }
    }
}
