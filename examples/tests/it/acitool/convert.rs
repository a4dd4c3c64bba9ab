//! Between App Container's format and the others'.

use serde_json::{Value, json};

use super::{Place, acitool, actool, json};

/// Out to a layout that skopeo takes, through Docker's archive, and back: the same files, and actool finds nothing wrong.
pub(super) fn there_and_back() {
    let place = Place::new();
    let (source, layout) = (place.path("source.aci"), place.path("layout-out"));
    acitool(["build", &place.layout(), &source]).success();
    let ran =
        acitool(["convert", "--output", "json", "--to-oci", "--name", "app", &source, &layout]).success();
    let report: Value = json(&ran.stdout);
    assert!(report["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{report}");
    let archive = place.path("docker.tar");
    let from = format!("oci:{layout}:app");
    let copied = std::process::Command::new("skopeo")
        .args(["copy", "-q", &from, &format!("docker-archive:{archive}:localhost/app:1")])
        .status()
        .expect("skopeo starts");
    assert!(copied.success());
    let back = place.path("back.aci");
    acitool(["convert", "--image", "localhost/app:1", &archive, &back]).success();
    actool(&["validate", &back]).success();
    let paths = |file: &str| {
        let listed: Value = json(&acitool(["ls", "--output", "json", file]).success().stdout);
        let paths = listed.as_array().expect("a list").iter().map(|entry| entry["path"].clone());
        let mut paths: Vec<_> = paths.map(|path| path.to_string()).collect();
        paths.sort();
        paths
    };
    assert_eq!(paths(&source), paths(&back));
    let manifest: Value = json(&acitool(["cat-manifest", &back]).success().stdout);
    assert_eq!(manifest["name"], json!("localhost/app"));
    // What is there stays, unless it is said.
    let ran = acitool(["convert", &archive, &back]).exits(1);
    assert!(ran.stderr.ends_with("is there already: `--overwrite` writes over it\n"), "{}", ran.stderr);
    acitool(["convert", "--overwrite", &archive, &back]).success();
    // The same bytes make the same image.
    let again = place.path("again.aci");
    acitool(["convert", &archive, &again]).success();
    assert_eq!(acitool(["id", &back]).success().stdout, acitool(["id", &again]).success().stdout);
}

pub(super) fn refuses() {
    let place = Place::new();
    let source = place.path("source.aci");
    acitool(["build", &place.layout(), &source]).success();
    let out = place.path("out.aci");
    acitool(["convert", &source, &out]).fails(
        1,
        &format!(
            "acitool: cannot read the image `{source}`: an archive is an image when it has `oci-layout`, `manifest.json` or `repositories`\n"
        ),
    );
    assert!(
        acitool(["convert", "--to-oci", "--overwrite", &source, &out])
            .exits(2)
            .stderr
            .contains("cannot be used with")
    );
    assert!(!std::path::Path::new(&out).exists());
}
