//! What a page says of images and keys (specification, "Discovery URL").

use html5gum::{DefaultEmitter, StringReader, Token, Tokenizer};

use super::{Endpoint, Template, TemplateError, covers};
use crate::AppString;

/// The most tags of a page that count.
const MAX_TAGS: usize = 256;

/// What a page says of images and keys: its `meta` tags named `ac-discovery` and `ac-discovery-pubkeys`.
///
/// ```
/// use appc_spec::discovery::Page;
///
/// let page = Page::parse(r#"<!DOCTYPE html><title>My app</title>
///     <meta name="ac-discovery" content="example.com https://storage.example.com/{name}-{version}.{ext}">
///     <meta name="ac-discovery-pubkeys" content="example.com https://example.com/pubkeys.gpg">"#);
/// let found = page.find(&"example.com/worker:1.0".parse()?);
/// assert_eq!(found.endpoints[0].image, "https://storage.example.com/example.com/worker-1.0.aci");
/// assert_eq!(found.keys, ["https://example.com/pubkeys.gpg"]);
/// # Ok::<(), appc_spec::ParseParameterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    tags: Vec<Tag>,
}

/// A tag of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tag {
    /// A template for images whose names are, or are below, a prefix; or why it is none.
    Images {
        /// The prefix.
        prefix: String,
        /// The text of the template.
        template: String,
    },
    /// Where the public keys for such images are.
    Keys {
        /// The prefix.
        prefix: String,
        /// The URL.
        url: String,
    },
}

/// What a page says of one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Found {
    /// Where it is, the places in the order of the page.
    pub endpoints: Vec<Endpoint>,
    /// Where the keys are.
    pub keys: Vec<String>,
    /// Templates for it that make no URL.
    pub passed_over: Vec<PassedOver>,
}

/// A template that makes no URL of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedOver {
    /// Its text.
    pub template: String,
    /// Why.
    pub error: TemplateError,
}

impl Page {
    /// A page with these tags.
    #[must_use]
    pub const fn new(tags: Vec<Tag>) -> Self {
        Self { tags }
    }

    /// The page as HTML, for a web server.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut html = String::from("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n");
        for tag in &self.tags {
            let (name, prefix, rest) = match tag {
                Tag::Images { prefix, template } => ("ac-discovery", prefix, template),
                Tag::Keys { prefix, url } => ("ac-discovery-pubkeys", prefix, url),
            };
            let content = format!("{prefix} {rest}").replace('&', "&amp;").replace('"', "&quot;");
            html += &format!("<meta name=\"{name}\" content=\"{content}\">\n");
        }
        html + "</head>\n</html>\n"
    }

    /// Finds the tags of a page, wherever they stand in it but for comments, scripts and other text. Of an HTML document nothing is
    /// an error.
    #[must_use]
    pub fn parse(html: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut tokenizer = Tokenizer::<StringReader<'_>, _>::new_with_emitter(html, emitter);
        let mut tags = Vec::new();
        while let Some(Ok(token)) = tokenizer.next() {
            let Token::StartTag(tag) = token else { continue };
            if tag.name.as_slice() != b"meta" {
                continue;
            }
            let attribute = |name: &[u8]| {
                tag.attributes.get(name).map(|value| String::from_utf8_lossy(value.as_slice()).into_owned())
            };
            let (Some(name), Some(content)) = (attribute(b"name"), attribute(b"content")) else { continue };
            tags.extend(Tag::of(&name, &content));
            if tags.len() >= MAX_TAGS {
                break;
            }
        }
        Self { tags }
    }

    /// All tags in the order of the page.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// What the page says of an image.
    #[must_use]
    pub fn find(&self, app: &AppString) -> Found {
        let mut found = Found::default();
        for tag in &self.tags {
            match tag {
                Tag::Images { prefix, template } if covers(prefix, &app.name) => {
                    match template.parse::<Template>().and_then(|parsed| parsed.render(app)) {
                        Ok(endpoint) => found.endpoints.push(endpoint),
                        Err(error) => {
                            found.passed_over.push(PassedOver { template: template.clone(), error });
                        }
                    }
                }
                Tag::Keys { prefix, url } if covers(prefix, &app.name) => found.keys.push(url.clone()),
                _ => {}
            }
        }
        found
    }
}

impl Tag {
    /// A template for images whose names are, or are below, a prefix.
    #[must_use]
    pub fn images(prefix: &str, template: &Template) -> Self {
        Self::Images { prefix: prefix.to_owned(), template: template.to_string() }
    }

    /// Where the keys for such images are.
    #[must_use]
    pub fn keys(prefix: &str, url: impl Into<String>) -> Self {
        Self::Keys { prefix: prefix.to_owned(), url: url.into() }
    }

    /// A tag of that name and content: a prefix, white space, the rest.
    fn of(name: &str, content: &str) -> Option<Self> {
        let (prefix, rest) = content.trim().split_once(|c: char| c.is_ascii_whitespace())?;
        let (prefix, rest) = (prefix.to_owned(), rest.trim().to_owned());
        match name {
            "ac-discovery" => Some(Self::Images { prefix, template: rest }),
            "ac-discovery-pubkeys" => Some(Self::Keys { prefix, url: rest }),
            _ => None,
        }
    }
}
