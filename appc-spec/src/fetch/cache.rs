//! How long what was fetched stays fresh (RFC 9111).

use std::time::Duration;

/// What a server said of an answer, to be kept with it and shown again when asking for it once more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheInfo {
    /// The version of the answer, as the server calls it.
    pub etag: Option<String>,
    /// For how long it need not be asked for again; zero where the server says that it must.
    pub max_age: Option<Duration>,
}

impl CacheInfo {
    /// Of the headers `ETag` and `Cache-Control`.
    #[must_use]
    pub fn of_headers(etag: Option<&str>, cache_control: Option<&str>) -> Self {
        let mut max_age = None;
        for directive in cache_control.unwrap_or_default().split(',') {
            let directive = directive.trim().to_ascii_lowercase();
            if matches!(directive.as_str(), "no-cache" | "no-store") {
                max_age = Some(Duration::ZERO);
                break;
            }
            if let Some(seconds) = directive.strip_prefix("max-age=") {
                let seconds = seconds.trim_matches('"');
                // More than fits is a very long time (RFC 9111 §1.2.2); what is no number is stale.
                let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
                let seconds =
                    if digits { seconds.parse().unwrap_or_else(|_| u64::from(u32::MAX)) } else { 0 };
                max_age = Some(Duration::from_secs(seconds));
            }
        }
        Self { etag: etag.map(ToOwned::to_owned), max_age }
    }

    /// Whether what is so old need not be asked for again.
    #[must_use]
    pub fn is_fresh(&self, age: Duration) -> bool {
        self.max_age.is_some_and(|max_age| age < max_age)
    }
}
