//! What a registry is shown, kept out of logs and wiped after use.

use std::fmt;

use zeroize::Zeroizing;

/// A password or token: its `Debug` shows nothing, and its memory is overwritten when it is dropped.
///
/// ```
/// use pod_core::image::SecretText;
///
/// let password = SecretText::from("hunter2".to_owned());
/// assert_eq!(format!("{password:?}"), "SecretText(hidden)");
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text itself. Do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

/// One way to log in to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// A user's name and password, for Basic authentication or for asking a token server.
    Password {
        /// The user's name. It may be empty.
        username: String,
        /// The password. It may be empty.
        password: SecretText,
    },
    /// An OAuth 2 refresh token, which a token server turns into an access token (`identitytoken` in config.json).
    IdentityToken(SecretText),
    /// A bearer token that the registry itself takes (`registrytoken` in config.json).
    RegistryToken(SecretText),
}
