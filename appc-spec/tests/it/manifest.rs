//! Whole manifests, and what exactly is said of broken ones.

use appc_spec::{
    AppString, ImageManifest, IsolatorValue, Json, MountPoint, PodManifest, Port, Strength, Volume,
};

/// The example of the specification's "Image Manifest Schema", shortened; it spells `supplementaryGids` so.
const IMAGE: &str = r#"{
    "acKind": "ImageManifest",
    "acVersion": "0.8.11",
    "name": "example.com/reduce-worker",
    "labels": [{"name": "version", "value": "1.0.0"}, {"name": "arch", "value": "amd64"}, {"name": "os", "value": "linux"}],
    "app": {
        "exec": ["/usr/bin/reduce-worker", "--quiet"],
        "user": "100",
        "group": "300",
        "supplementaryGids": [400, 500],
        "eventHandlers": [
            {"exec": ["/usr/bin/data-downloader"], "name": "pre-start"},
            {"exec": ["/usr/bin/deregister-worker", "--verbose"], "name": "post-stop"}
        ],
        "workingDirectory": "/opt/work",
        "environment": [{"name": "REDUCE_WORKER_DEBUG", "value": "true"}],
        "isolators": [
            {"name": "resource/cpu", "value": {"request": "250m", "limit": "500m"}},
            {"name": "resource/memory", "value": {"request": "1G", "limit": "2G"}},
            {"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_NET_BIND_SERVICE"]}}
        ],
        "mountPoints": [{"name": "work", "path": "/var/lib/work", "readOnly": false}],
        "ports": [{"name": "health", "port": 4000, "protocol": "tcp", "socketActivated": true}]
    },
    "dependencies": [{"imageName": "example.com/reduce-worker-base", "labels": [{"name": "os", "value": "linux"}], "size": 22017258}],
    "pathWhitelist": ["/etc/ca/example.com/crt", "/usr/bin/map-reduce-worker", "/opt/libs/reduce-toolkit.so"],
    "annotations": [
        {"name": "authors", "value": "Carly Container <carly@example.com>"},
        {"name": "created", "value": "2014-10-27T19:32:27.67021798Z"},
        {"name": "documentation", "value": "https://example.com/docs"}
    ]
}"#;

#[test]
fn the_example_of_the_specification_is_read_strictly() {
    let manifest = ImageManifest::from_json(IMAGE, Strength::Strict).unwrap();
    let app = manifest.app.as_ref().unwrap();
    assert_eq!(app.supplementary_gids, [400, 500]);
    assert_eq!(app.environment.value("REDUCE_WORKER_DEBUG"), Some("true"));
    let IsolatorValue::Cpu(cpu) = app.isolators[0].value() else { panic!("{:?}", app.isolators[0]) };
    assert_eq!(cpu.limit.as_ref().and_then(|limit| limit.milli_value()), Some(500));
    assert_eq!(manifest.annotations.created().unwrap().unix_seconds(), 1_414_438_347);
    let again =
        ImageManifest::from_json(&manifest.to_json_pretty(Strength::Strict), Strength::Strict).unwrap();
    assert_eq!(again, manifest);
}

#[test]
fn pretty_json_is_indented_by_two_spaces() {
    let text = r#"{"acKind":"ImageManifest","acVersion":"0.8.11","name":"a","app":{"exec":[],"user":"{","group":"\"]"}}"#;
    let manifest = ImageManifest::from_json(text, Strength::Strict).unwrap();
    let pretty = r#"{
  "acKind": "ImageManifest",
  "acVersion": "0.8.11",
  "name": "a",
  "app": {
    "exec": [],
    "user": "{",
    "group": "\"]"
  }
}
"#;
    assert_eq!(manifest.to_json_pretty(Strength::Strict), pretty);
}

/// Image manifests that are wrong only by the specification, unless marked; what is said of each.
#[test]
fn a_broken_image_manifest_is_refused_with_place_and_field() {
    let head = r#"{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/a""#;
    let app =
        |member: &str| format!(r#"{head}, "app": {{"exec": ["/a"], "user": "0", "group": "0", {member}}}}}"#);
    let cases = [
        (String::new(), "1:1: the text ends where a value is wanted"),
        ("[]".to_owned(), "1:1: an object is wanted, not a list"),
        (format!("{head}}} x"), "1:77: unexpected `x`: the end of the text is wanted"),
        (format!("{head},\n  \"bogus\": 1}}"), "2:3: bogus: the specification has no such member"),
        (
            format!("{head}, \"Labels\": []}}"),
            "1:77: Labels: the specification has no such member; it is spelt `labels`",
        ),
        (format!("{head}, \"name\": \"b\"}}"), "1:77: name: the member stands here for the second time"),
        (
            r#"{"acKind": "ImageManifest", "name": "a"}"#.to_owned(),
            "1:1: acVersion: the member must be there",
        ),
        (
            r#"{"acKind": "PodManifest", "acVersion": "0.8.11", "name": "a"}"#.to_owned(),
            "1:12: acKind: the kind is `ImageManifest`, not `PodManifest`",
        ),
        (
            r#"{"acKind": "ImageManifest", "acVersion": "1", "name": "a"}"#.to_owned(),
            "1:42: acVersion: a semantic version is wanted: unexpected end of input while parsing major version number",
        ),
        (format!("{head}, \"pathWhitelist\": [\"etc\"]}}"), "1:94: pathWhitelist: `etc` is no absolute path"),
        (
            format!("{head}, \"dependencies\": [{{\"imageName\": \"b\", \"imageID\": \"sha512-ab\"}}]}}"),
            "1:124: dependencies[0].imageID: an image ID has 128 digits after `sha512-`, not 2",
        ),
        (
            app(r#""ports": [{"name": "a", "protocol": "tcp", "port": 70000}]"#),
            "1:179: app.ports[0].port: a port is 1 to 65535, not 70000",
        ),
        (
            app(r#""ports": [{"name": "a", "protocol": "tcp", "port": 2, "count": 18446744073709551615}]"#),
            "1:191: app.ports[0].count: 18446744073709551615 ports from 2 on end beyond 65535",
        ),
        (
            app(r#""mountPoints": [{"name": "a", "path": ""}]"#),
            "1:166: app.mountPoints[0].path: a mount point's path is not empty",
        ),
        (
            app(r#""supplementaryGIDs": [-1]"#),
            "1:149: app.supplementaryGIDs: -1 is no identifier from 0 to 4294967294",
        ),
        (
            app(r#""isolators": [{"name": "resource/memory", "value": {"limit": "10E"}}]"#),
            "1:189: app.isolators[0].value.limit: `10E` is more than 64 bits hold",
        ),
        (
            app(r#""isolators": [{"name": "resource/memory", "value": null}]"#),
            "1:179: app.isolators[0].value: null stands where a value must be",
        ),
        (
            app(
                r#""isolators": [{"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_KILL"]}},
{"name": "os/linux/capabilities-remove-set", "value": {"set": ["CAP_KILL"]}}]"#,
            ),
            "2:1: app.isolators[1]: the isolators `os/linux/capabilities-retain-set` and `os/linux/capabilities-remove-set` \
             exclude each other",
        ),
    ];
    let mut failures = String::new();
    for (text, wanted) in cases {
        let error = ImageManifest::from_json(&text, Strength::Strict).expect_err(&text).to_string();
        if error != wanted {
            failures += &format!("{text}\n  gives  {error}\n  wanted {wanted}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn unknown_isolators_are_kept_where_the_specification_lets_them_be_ignored() {
    let text = r#"{"acKind":"ImageManifest","acVersion":"0.8.11","name":"a","app":{"exec":[],"user":"0","group":"0","isolators":[{"name":"example.com/x","value":{"a":[1.50,"\u00e9"]}}]}}"#;
    let manifest = ImageManifest::from_json(text, Strength::Strict).unwrap();
    assert_eq!(manifest.app.as_ref().unwrap().isolators[0].json(), r#"{"a":[1.50,"\u00e9"]}"#);
    assert_eq!(manifest.to_json(Strength::Strict), text);
}

#[test]
fn compat_escapes_as_go_does_and_strict_does_not() {
    let text = r#"{"acKind":"ImageManifest","acVersion":"0.8.11","name":"a","annotations":[{"name":"x","value":"<&>\u2028"}]}"#;
    let manifest = ImageManifest::from_json(text, Strength::Compat).unwrap();
    assert!(manifest.to_json(Strength::Compat).contains(r#""\u003c\u0026\u003e\u2028""#));
    assert!(manifest.to_json(Strength::Strict).contains("\"<&>\u{2028}\""));
}

#[test]
fn bytes_that_are_no_utf8_are_refused_or_replaced() {
    let text = b"{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"a\",\n\"annotations\":[{\"name\":\"x\",\"value\":\"\xff\"}]}";
    let error = ImageManifest::from_json_slice(text, Strength::Strict).unwrap_err();
    assert_eq!(error.to_string(), "2:37: the text is not UTF-8");
    let manifest = ImageManifest::from_json_slice(text, Strength::Compat).unwrap();
    assert_eq!(manifest.annotations.value("x"), Some("\u{fffd}"));
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = ImageManifest::from_json(&text, Strength::Compat).unwrap_err();
    assert_eq!(error.to_string(), "1:102: values are nested more than 100 deep");
}

#[test]
fn a_broken_pod_manifest_is_refused_with_place_and_field() {
    let id = format!("sha512-{}", "ab".repeat(64));
    let pod = |members: &str| format!(r#"{{"acKind": "PodManifest", "acVersion": "0.8.11", {members}}}"#);
    let app = format!(r#"{{"name": "a", "image": {{"id": "{id}"}}}}"#);
    let cases = [
        (pod(&format!(r#""apps": [{app}, {app}]"#)), "apps", "the app `a` stands there twice"),
        (
            pod(r#""volumes": [{"name": "v", "kind": "empty", "mode": "rwx"}]"#),
            "volumes[0].mode",
            "`rwx` is no octal mode from `0` to `7777`",
        ),
        (
            pod(r#""volumes": [{"name": "v", "kind": "host", "source": "/x", "uid": 1}]"#),
            "volumes[0].uid",
            "a host volume has no `uid`",
        ),
        (
            pod(r#""ports": [{"name": "p", "hostPort": 0}]"#),
            "ports[0].hostPort",
            "a port is 1 to 65535, not 0",
        ),
        (
            pod(r#""ports": [{"name": "p", "hostPort": 1, "hostIP": "::1"}]"#),
            "ports[0].hostIP",
            "`::1` is an IPv6 address, where the specification has IPv4 only",
        ),
        (
            pod(
                r#""isolators": [{"name": "os/unix/sysctl", "value": {}}, {"name": "os/unix/sysctl", "value": {}}]"#,
            ),
            "isolators[1]",
            "the isolator `os/unix/sysctl` stands there twice",
        ),
    ];
    for (text, path, message) in cases {
        let error = PodManifest::from_json(&text, Strength::Strict).expect_err(&text);
        assert_eq!((error.path(), error.message()), (path, message), "{text}");
    }
}

#[test]
fn command_line_forms_say_what_is_wrong() {
    let cases = [
        (
            Volume::parse("a,kind=host,source", Strength::Compat).err(),
            "the part `source` of a volume has no `=`",
        ),
        (Volume::parse("a,kind=host,x=1", Strength::Compat).err(), "a volume has no `x`"),
        (
            Volume::parse("a,kind=empty,uid=x", Strength::Compat).err(),
            "the `uid` of a volume: `x` is no number that fits",
        ),
        (Port::parse("a,port=80", Strength::Strict).err(), "a port needs its `protocol`"),
        (MountPoint::parse("a,path=", Strength::Compat).err(), "a mount point needs its `path`"),
        (
            AppString::parse("a:1,version=2", Strength::Strict).err(),
            "the label `version` of an image name stands there twice",
        ),
        (
            AppString::parse("a,b=c:1", Strength::Strict).err(),
            "a colon stands only once in an image name, right after the name itself",
        ),
        (
            AppString::parse("A", Strength::Strict).err(),
            "the name of an image name: unexpected `A` at byte 0 of an identifier: only a-z, 0-9 and `-._~/` may stand there",
        ),
    ];
    for (error, wanted) in cases {
        assert_eq!(error.expect(wanted).to_string(), wanted);
    }
}
