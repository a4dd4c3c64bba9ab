//! Any page is read; whatever it and the labels say, an image and its signature are at two places, and a value stays in its part of the URL.
#![no_main]

use appc_spec::discovery::{Page, Tag, Template, pages};
use appc_spec::{AppString, Strength};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (html, name) = text.split_once('\0').unwrap_or((text, "example.com/a:1"));
    let page = Page::parse(html);
    let Ok(app) = AppString::parse(name, Strength::Compat) else { return };
    let found = page.find(&app);
    for endpoint in &found.endpoints {
        assert_ne!(endpoint.image, endpoint.signature);
    }
    assert!(pages(&app.name).all(|page| app.name.as_str().starts_with(page)));
    // What is written is read again, but for white space at the ends and what HTML has no way to write.
    let written = Page::parse(&page.to_html());
    assert_eq!(written.tags().len(), page.tags().len());
    for tag in page.tags() {
        if let Tag::Images { template, .. } = tag
            && let Ok(parsed) = template.parse::<Template>()
        {
            assert_eq!(parsed.to_string(), *template);
        }
    }
    let slashes = "https://s/{version}/{os}.{ext}".parse::<Template>().unwrap().render(&app);
    if let Ok(endpoint) = slashes {
        assert_eq!(endpoint.image.matches('/').count(), 4);
        assert!(!endpoint.image.contains(['?', '#', ' ', '\\']));
    }
});
