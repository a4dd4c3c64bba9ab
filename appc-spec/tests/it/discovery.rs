//! Where images are: templates, pages, prefixes.
//!
//! The rows come from probes of the Go implementation (discovery-probe) and its tests (`discovery_test.go`); where this one differs on
//! purpose, the row says why.

use appc_spec::discovery::{Template, covers, pages};
use appc_spec::{AcIdentifier, AppString, Strength};
use proptest::prelude::*;

fn app(text: &str) -> AppString {
    AppString::parse(text, Strength::Compat).unwrap()
}

fn image(template: &str, name: &str) -> Result<String, String> {
    let template: Template =
        template.parse().map_err(|error: appc_spec::discovery::TemplateError| error.to_string())?;
    template.render(&app(name)).map(|place| place.image).map_err(|error| error.to_string())
}

#[test]
fn templates_make_urls() {
    let cases: &[(&str, &str, Result<&str, &str>)] = &[
        (
            "https://s/{name}-{version}-{os}-{arch}.{ext}",
            "example.com/a:1.0.0,os=linux,arch=amd64",
            Ok("https://s/example.com/a-1.0.0-linux-amd64.aci"),
        ),
        ("https://s/{name}-{version}.{ext}", "example.com/a", Ok("https://s/example.com/a-latest.aci")),
        (
            "https://s/{name}-{os}.{ext}",
            "example.com/a",
            Err("the template needs the label `os`, which is not asked for"),
        ),
        (
            "https://s/{name}",
            "a",
            Err("the template has no `{ext}`, by which an image and its signature differ"),
        ),
        ("https://s/{name}.{ext", "a", Err("the `{` at byte 17 of the template has no `}` after it")),
        // A value is a value, whatever is in it.
        ("https://s/{name}-{version}.{ext}", "a,version={os},os=linux", Ok("https://s/a-%7Bos%7D.aci")),
        (
            "https://s/{name}-{version}.{ext}",
            "a,version=../../evil?x=#",
            Ok("https://s/a-..%2F..%2Fevil%3Fx%3D%23.aci"),
        ),
        (
            "https://s/{version}/{name}.{ext}",
            "a,version=..",
            Err("the label `version` leads somewhere else: it is only dots"),
        ),
        ("https://s/{name}-{version}.{ext}", "a,version=é 1+2", Ok("https://s/a-%C3%A9%201%2B2.aci")),
        // Labels of these names have no say.
        ("https://s/{name}.{ext}", "a,ext=zip", Ok("https://s/a.aci")),
        ("{ext}{ext}", "a", Ok("aciaci")),
    ];
    for (template, name, wanted) in cases {
        let found = image(template, name);
        assert_eq!(found.as_deref().map_err(String::as_str), *wanted, "{template} of {name}");
    }
}

#[test]
fn pages_are_asked_from_the_name_upwards() {
    let pages_of = |name: &str| {
        let name = AcIdentifier::parse(name, Strength::Compat).unwrap();
        pages(&name).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        pages_of("example.com/project/sub"),
        ["example.com/project/sub", "example.com/project", "example.com"]
    );
    assert_eq!(pages_of("foo"), ["foo"]);
    assert_eq!(pages_of("example.com//foo"), ["example.com//foo", "example.com"]);
}

#[test]
fn a_prefix_covers_whole_parts() {
    let cases = [
        ("example.com", "example.com", true),
        ("example.com", "example.com/foo", true),
        ("example.com/foo", "example.com/foo/bar", true),
        ("example.com/foo/", "example.com/foo/bar", true),
        // The Go implementation takes these two.
        ("example.com/foo", "example.com/foobar", false),
        ("example.co", "example.com", false),
        ("", "example.com", false),
        ("/", "example.com", false),
        ("example.com/foo", "example.com", false),
    ];
    for (prefix, name, covered) in cases {
        assert_eq!(covers(prefix, &name.parse().unwrap()), covered, "{prefix} {name}");
    }
}

proptest! {
    #[test]
    fn a_template_prints_as_it_was_read(text in "[a-z/:{}.]{0,40}") {
        if let Ok(template) = text.parse::<Template>() {
            prop_assert_eq!(template.to_string(), text);
        }
    }

    /// Whatever a label says, it adds no part to the path, no query and no fragment.
    #[test]
    fn a_value_stays_in_its_part(value in "\\PC{1,20}") {
        let app = app("a").with_label("version".parse().unwrap(), value.clone());
        match "https://s/x/{version}/y.{ext}".parse::<Template>().unwrap().render(&app) {
            Ok(place) => {
                prop_assert_eq!(place.image.matches('/').count(), 5);
                prop_assert!(!place.image.contains(['?', '#', '\\', ' ']));
            }
            Err(_) => prop_assert!(value == "." || value == ".."),
        }
    }
}

#[cfg(feature = "discovery")]
mod page {
    use appc_spec::discovery::{Page, Tag};

    use super::app;

    fn shown(html: &str) -> Vec<String> {
        let text = |tag: &Tag| match tag {
            Tag::Images { prefix, template } => format!("images {prefix} {template}"),
            Tag::Keys { prefix, url } => format!("keys {prefix} {url}"),
            _ => "?".to_owned(),
        };
        Page::parse(html).tags().iter().map(text).collect()
    }

    #[test]
    fn tags_are_found_as_html_has_them() {
        let one = ["images example.com https://x/{name}.{ext}"];
        let cases: &[(&str, &[&str])] = &[
            (r#"<meta name="ac-discovery" content="example.com https://x/{name}.{ext}">"#, &one),
            (r#"<META NAME="ac-discovery" CONTENT="example.com https://x/{name}.{ext}"/>"#, &one),
            (r#"<meta name="AC-discovery" content="example.com https://x/{name}.{ext}">"#, &[]),
            (r#"<meta content="example.com   https://x/{name}.{ext}  " name=ac-discovery>"#, &one),
            // The Go implementation wants a space, the specification does not say.
            ("<meta name='ac-discovery' content='example.com\thttps://x/{name}.{ext}'>", &one),
            (r#"<meta name="ac-discovery" content="example.com">"#, &[]),
            (r#"<meta name="ac-other" content="example.com https://x">"#, &[]),
            (r#"<!-- <meta name="ac-discovery" content="example.com https://x"> -->"#, &[]),
            (r#"<script>var a = '<meta name="ac-discovery" content="example.com https://x">'</script>"#, &[]),
            (r#"<textarea><meta name="ac-discovery" content="example.com https://x"></textarea>"#, &[]),
            (
                r#"<body><p><meta name="ac-discovery" content="example.com https://x"></p>"#,
                &["images example.com https://x"],
            ),
            (
                r#"<meta name="ac-discovery" content="example.com https://x/?a=1&amp;b=2">"#,
                &["images example.com https://x/?a=1&b=2"],
            ),
            (r#"<meta property="ac-discovery" content="example.com https://x">"#, &[]),
            // The first of two attributes counts, as browsers do; the Go implementation takes the last.
            (
                r#"<meta name="ac-discovery" name="ac-discovery-pubkeys" content="example.com https://x">"#,
                &["images example.com https://x"],
            ),
            (r#"<meta name="ac-discovery" content="example.com https://x"#, &[]),
            (
                r#"<meta name="ac-discovery-pubkeys" content="example.com https://x/k.gpg">"#,
                &["keys example.com https://x/k.gpg"],
            ),
        ];
        for (html, wanted) in cases {
            assert_eq!(shown(html), *wanted, "{html}");
        }
    }

    #[test]
    fn a_page_tells_what_it_has_and_what_is_wrong_with_the_rest() {
        let page = Page::parse(
            r#"<meta name="ac-discovery" content="example.com https://a/{name}-{version}-{os}.{ext}">
               <meta name="ac-discovery" content="example.com/other https://b/{name}.{ext}">
               <meta name="ac-discovery" content="example.com https://c/{name}">
               <meta name="ac-discovery" content="example.com hdfs://d/{name}.{ext}">
               <meta name="ac-discovery-pubkeys" content="example.com https://k1">
               <meta name="ac-discovery-pubkeys" content="example.org https://k2">"#,
        );
        let found = page.find(&app("example.com/app:1"));
        assert_eq!(
            found.endpoints.iter().map(|one| one.image.as_str()).collect::<Vec<_>>(),
            ["hdfs://d/example.com/app.aci"]
        );
        assert_eq!(found.keys, ["https://k1"]);
        let passed: Vec<_> = found.passed_over.iter().map(|one| one.error.to_string()).collect();
        assert_eq!(
            passed,
            [
                "the template needs the label `os`, which is not asked for",
                "the template has no `{ext}`, by which an image and its signature differ"
            ]
        );
    }

    #[test]
    fn no_page_makes_more_than_it_should() {
        let html = r#"<meta name="ac-discovery" content="a b">"#.repeat(10_000);
        assert_eq!(Page::parse(&html).tags().len(), 256);
    }

    #[test]
    fn a_page_that_is_written_is_read_again() {
        let tags = vec![
            Tag::Images {
                prefix: "example.com".to_owned(),
                template: "https://x/?a=\"1\"&b=<2>/{name}.{ext}".to_owned(),
            },
            Tag::Keys { prefix: "example.com".to_owned(), url: "https://x/k".to_owned() },
        ];
        let page = Page::new(tags.clone());
        assert_eq!(Page::parse(&page.to_html()).tags(), tags);
    }
}
