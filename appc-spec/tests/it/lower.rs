//! What the neutral model gets of an image.

mod pod;

use appc_spec::{ImageManifest, Json, Strength, lower};
use pod_core::image::Reference;

fn image(app: &str) -> ImageManifest {
    let text = format!(r#"{{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "a", "app": {app}}}"#);
    ImageManifest::from_json(&text, Strength::Compat).unwrap()
}

#[test]
fn an_app_becomes_an_image_config() {
    let lowered = lower::image(&image(
        r#"{"exec": ["/bin/a", "-b"], "user": "www", "group": "33", "supplementaryGIDs": [5, 6], "workingDirectory": "/srv",
            "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
            "ports": [{"name": "web", "protocol": "tcp", "port": 80}]}"#,
    ))
    .unwrap();
    let config = lowered.config;
    assert_eq!(config.entrypoint, ["/bin/a", "-b"]);
    assert!(config.cmd.is_empty());
    assert_eq!((config.user.as_str(), config.group.as_str()), ("www", "33"));
    assert_eq!(config.supplementary_groups, [5, 6]);
    assert_eq!(config.working_dir, "/srv");
    assert_eq!(config.env, [("B".to_owned(), "2".to_owned()), ("A".to_owned(), "1".to_owned())]);
    assert_eq!(lowered.not_carried, ["app.ports"]);
}

#[test]
fn what_cannot_be_carried_is_an_error_that_names_the_field() {
    let cases = [
        (
            r#"{"exec": [], "user": "/bin/ping", "group": "0"}"#,
            "app.user: the owner of the file `/bin/ping` cannot be taken: name a user or a number",
        ),
        (
            r#"{"exec": [], "user": "0", "group": "a:b"}"#,
            "app.group: `a:b` has a `:`, which no name of a user or group has",
        ),
        (
            r#"{"exec": [], "user": "0", "group": "0", "supplementaryGIDs": [1, -1]}"#,
            "app.supplementaryGIDs[1]: -1 is no identifier from 0 to 4294967294",
        ),
    ];
    for (app, wanted) in cases {
        assert_eq!(lower::image(&image(app)).unwrap_err().to_string(), wanted);
    }
}

#[test]
fn the_name_of_an_image_becomes_an_app_container_name() {
    for (name, wanted) in [
        ("nginx", "nginx"),
        ("nginx:1.27", "nginx:1.27"),
        ("docker.io/library/nginx:1.27", "nginx:1.27"),
        ("example.com/team/web", "example.com/team/web"),
        ("example.com:5000/team/web:V1", "example.com_5000/team/web:V1"),
        (
            "example.com/a:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "example.com/a:1",
        ),
        ("example.com/a__b", "example.com/a__b"),
    ] {
        let reference = Reference::parse(name).unwrap();
        assert_eq!(lower::app_string(&reference).unwrap().to_string(), wanted, "{name}");
    }
}
