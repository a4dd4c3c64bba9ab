//! Credential helpers: `docker-credential-NAME get`, as data. Feature `registry` runs them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use super::{Credential, SecretText};

/// A question to a credential helper: run [`HelperCall::program`] with the argument `get`, write [`HelperCall::server`] to
/// its standard input, close it, and give what it prints to [`HelperCall::read_answer`].
///
/// The protocol is docker-credential-helpers'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperCall {
    program: String,
    server: String,
}

impl HelperCall {
    pub(super) fn new(name: &str, server: &str) -> Self {
        Self { program: format!("docker-credential-{name}"), server: server.to_owned() }
    }

    /// The program's name, which is looked up in `PATH`: `docker-credential-` and a name that cannot have a `/`.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The registry that is asked for: `host[:port]`, or `https://index.docker.io/v1/` for `docker.io`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What the helper's standard output means; `None` when it has no credentials for this registry.
    ///
    /// `success` says whether it exited with status 0. A user name of `<token>` means that the secret is an identity token.
    ///
    /// # Errors
    ///
    /// The helper failed for another reason than having nothing, or it printed something that is not `{"Username", "Secret"}`.
    pub fn read_answer(&self, success: bool, stdout: &[u8]) -> Result<Option<Credential>, HelperAnswerError> {
        let error =
            |failed| HelperAnswerError { program: self.program.clone(), server: self.server.clone(), failed };
        if !success {
            // The one message that means "none" (docker-credential-helpers, `credentials.errCredentialsNotFoundMessage`).
            let none = stdout.trim_ascii() == b"credentials not found in native keychain";
            return if none { Ok(None) } else { Err(error(true)) };
        }
        let answer: Answer<'_> = serde_json::from_slice(stdout).map_err(|_| error(false))?;
        if answer.secret.is_empty() && answer.username.is_empty() {
            return Ok(None);
        }
        let secret = SecretText::from(answer.secret.into_owned());
        Ok(Some(if answer.username == "<token>" {
            Credential::IdentityToken(secret)
        } else {
            Credential::Password { username: answer.username.into_owned(), password: secret }
        }))
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(rename = "Username", borrow)]
    username: Cow<'a, str>,
    #[serde(rename = "Secret", borrow)]
    secret: Cow<'a, str>,
}

/// A credential helper gave no answer that can be used. What it printed is not shown: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperAnswerError {
    program: String,
    server: String,
    failed: bool,
}

impl fmt::Display for HelperAnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, server, failed } = self;
        if *failed {
            write!(f, "`{program} get` for `{server}` failed")
        } else {
            write!(
                f,
                "`{program} get` for `{server}` printed no object with the strings `Username` and `Secret`"
            )
        }
    }
}

impl std::error::Error for HelperAnswerError {}
