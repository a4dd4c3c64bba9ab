//! The forms of names and values (`k8s.io/apimachinery/pkg/util/validation`): each function returns what is wrong.

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
                     alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and \
                         end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const UNDERSCORE_SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-', '_' or '.', and must \
                                    start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                                    '[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*')";
const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
                         'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end \
                           with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
                           '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or \
                          'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const HTTP_HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation \
                           is '[-A-Za-z0-9]+')";

const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end \
                          with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is \
                          '[a-z]([-a-z0-9]*[a-z0-9])?')";
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case \
                        alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for \
                        validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const PERCENT: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation \
                       is '[0-9]+%')";

fn too_long(text: &str, max: usize) -> Option<String> {
    (text.len() > max).then(|| format!("must be no more than {max} bytes"))
}

fn unless(good: bool, message: &str) -> Option<String> {
    (!good).then(|| message.to_owned())
}

/// Whether a text is made of such bytes, with such ones at its ends, and is not empty.
fn is_framed(text: &str, edge: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    matches!((bytes.first(), bytes.last()), (Some(first), Some(last)) if edge(*first) && edge(*last))
        && bytes.iter().all(|byte| edge(*byte) || inner(*byte))
}

const fn is_lower_alphanumeric(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9')
}

fn is_label(text: &str) -> bool {
    is_framed(text, is_lower_alphanumeric, |byte| byte == b'-')
}

/// A DNS label (RFC 1123), of at most 63 bytes.
pub(crate) fn dns_label(text: &str) -> Vec<String> {
    too_long(text, 63).into_iter().chain(unless(is_label(text), LABEL)).collect()
}

/// A DNS subdomain (RFC 1123), of at most 253 bytes: the name of most objects.
pub(crate) fn dns_subdomain(text: &str) -> Vec<String> {
    too_long(text, 253).into_iter().chain(unless(text.split('.').all(is_label), SUBDOMAIN)).collect()
}

/// The same with underscores, as resolvers take them.
pub(crate) fn dns_subdomain_with_underscore(text: &str) -> Vec<String> {
    let is_part =
        |part: &str| is_framed(part, |byte| is_lower_alphanumeric(byte) || byte == b'_', |byte| byte == b'-');
    too_long(text, 253)
        .into_iter()
        .chain(unless(text.split('.').all(is_part), UNDERSCORE_SUBDOMAIN))
        .collect()
}

fn is_name_part(text: &str) -> bool {
    is_framed(text, |byte| byte.is_ascii_alphanumeric(), |byte| matches!(byte, b'-' | b'_' | b'.'))
}

/// A qualified name: `name` or `prefix/name`, as labels and resources have it.
pub(crate) fn qualified_name(text: &str) -> Vec<String> {
    let mut messages = Vec::new();
    let name = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                messages.push("prefix part must be non-empty".to_owned());
            } else {
                messages.extend(
                    dns_subdomain(prefix).into_iter().map(|message| format!("prefix part {message}")),
                );
            }
            *name
        }
        _ => {
            return vec![format!(
                "a qualified name {QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        messages.push("name part must be non-empty".to_owned());
    } else if let Some(message) = too_long(name, 63) {
        messages.push(format!("name part {message}"));
    }
    if !is_name_part(name) {
        messages.push(format!("name part {QUALIFIED}"));
    }
    messages
}

/// The value of a label, of at most 63 bytes.
pub(crate) fn label_value(text: &str) -> Vec<String> {
    too_long(text, 63).into_iter().chain(unless(text.is_empty() || is_name_part(text), LABEL_VALUE)).collect()
}

/// The name of an environment variable: any printable ASCII but `=` (since 1.34; before that it was a C identifier with `-` and `.`).
pub(crate) fn env_var_name(text: &str) -> Vec<String> {
    let good = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'=');
    unless(
        good,
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
    )
    .into_iter()
    .collect()
}

/// A key of a config map or secret.
pub(crate) fn config_key(text: &str) -> Vec<String> {
    let good = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let mut messages: Vec<String> = too_long(text, 253).into_iter().chain(unless(good, CONFIG_KEY)).collect();
    if text == "." {
        messages.push("must not be '.'".to_owned());
    } else if text == ".." {
        messages.push("must not be '..'".to_owned());
    } else if text.starts_with("..") {
        messages.push("must not start with '..'".to_owned());
    }
    messages
}

/// The name of an HTTP header.
pub(super) fn http_header(text: &str) -> Vec<String> {
    let good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    unless(good, HTTP_HEADER).into_iter().collect()
}

/// The name of a port (RFC 6335 §5.1), of at most 15 bytes.
pub(crate) fn port_name(text: &str) -> Vec<String> {
    let mut messages: Vec<String> = too_long(text, 15).into_iter().collect();
    if text.is_empty() || !text.bytes().all(|byte| is_lower_alphanumeric(byte) || byte == b'-') {
        messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        messages.push("must contain at least one letter or number (a-z, 0-9)".to_owned());
    }
    if text.contains("--") {
        messages.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        messages.push("must not begin or end with a hyphen".to_owned());
    }
    messages
}

/// What is said of a number that is out of its range.
pub(super) fn range(min: i64, max: i64) -> String {
    format!("must be between {min} and {max}, inclusive")
}

/// A port, from 1 to 65535.
pub(super) fn port_number(port: i64) -> Option<String> {
    (!(1..=65_535).contains(&port)).then(|| range(1, 65_535))
}

/// A user or group, from 0 to 2³¹-1.
pub(super) fn id(id: i64) -> Option<String> {
    let max = i64::from(i32::MAX);
    (!(0..=max).contains(&id)).then(|| range(0, max))
}

/// An address of either family, in its usual form.
pub(super) fn is_ip(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

/// What is said of a text that is no address.
pub(super) const IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// A DNS label that begins with a letter (RFC 1035): the name of a service.
pub(super) fn dns_1035_label(text: &str) -> Vec<String> {
    let good = is_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase());
    too_long(text, 63).into_iter().chain(unless(good, LABEL_1035)).collect()
}

/// A DNS subdomain whose first part is `*`.
pub(super) fn wildcard_subdomain(text: &str) -> Vec<String> {
    let good = text.strip_prefix("*.").is_some_and(|rest| rest.split('.').all(is_label));
    too_long(text, 253).into_iter().chain(unless(good, WILDCARD)).collect()
}

/// A part of a path in the API: the name of a role.
pub(super) fn path_segment(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    ["/", "%"]
        .iter()
        .filter(|part| text.contains(**part))
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}

/// A domain and a path: `example.com/ingress-controller`.
pub(super) fn domain_prefixed_path(text: &str) -> Vec<String> {
    let Some((domain, path)) = text.split_once('/').filter(|(domain, _)| !domain.is_empty()) else {
        return vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".to_owned()];
    };
    let mut messages = dns_subdomain(domain);
    if path.is_empty() {
        messages.push("must be a domain-prefixed path (such as \"acme.io/foo\")".to_owned());
    }
    let good =
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_:~.!$&'()*+,;=@%-".contains(&byte));
    if !good {
        messages.push(
            "Invalid path (regex used for validation is '^[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+$')".to_owned(),
        );
    }
    messages
}

/// A percentage: digits and a percent sign.
pub(super) fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%');
    let good = digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|byte| byte.is_ascii_digit()));
    unless(good, PERCENT).into_iter().collect()
}

/// A network: an address and the length of its prefix.
pub(super) fn cidr(text: &str) -> Option<(std::net::IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let address: std::net::IpAddr = address.parse().ok()?;
    let good = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: u8 = good.then(|| length.parse().ok())??;
    (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
}

/// What is said of a text that is no network.
pub(super) const CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
