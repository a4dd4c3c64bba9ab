//! Tokens: what a `Bearer` challenge asks for (distribution "Token Authentication Specification"; its OAuth 2 form).

use serde::Deserialize;
use ureq::http::{HeaderValue, Method, Uri};

use super::endpoint::{encoded, with_query};
use super::http::{Payload, Request, Session};
use super::{Challenge, Error, ErrorKind};
use crate::image::{Credential, SecretText};
use base64::Engine as _;

/// What a token server may answer, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// How this client calls itself to token servers.
const CLIENT_ID: &str = "podkit";

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

/// Asks the server that `challenge` names for a token. `None` when it refuses the credential.
pub(super) fn request(
    session: &Session<'_>,
    realm: &Uri,
    challenge: &Challenge,
    scope: &str,
    credential: Option<&Credential>,
) -> Result<Option<SecretText>, Error> {
    let doing = format!("cannot get a token from `{}`", without_query(realm));
    let malformed = |detail: &str| Error::new(ErrorKind::Malformed, &*doing, detail);
    // A push begins with questions that need less than what follows.
    let asked = challenge.parameter("scope").filter(|asked| !asked.is_empty() && !scope.ends_with(",push"));
    let scope = asked.unwrap_or(scope);
    let service = challenge.parameter("service");
    let mut parameters: Vec<(&str, &str)> = service.map(|service| ("service", service)).into_iter().collect();

    let form;
    let (method, url, authorization) = match credential {
        Some(Credential::IdentityToken(token)) => {
            parameters.extend([("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("scope", scope)]);
            let mut text = zeroize::Zeroizing::new(String::new());
            for (name, value) in parameters {
                text.push_str(&format!("{name}={}&", encoded(value)));
            }
            text.push_str("refresh_token=");
            text.push_str(&zeroize::Zeroizing::new(encoded(token.expose())));
            form = Some(text);
            (Method::POST, realm.clone(), None)
        }
        _ => {
            // Each scope of the challenge is a parameter of its own.
            parameters
                .extend(scope.split(' ').filter(|scope| !scope.is_empty()).map(|scope| ("scope", scope)));
            let mut url = realm.clone();
            for (name, value) in parameters {
                url = with_query(&url, name, value)
                    .ok_or_else(|| malformed("its address takes no parameters"))?;
            }
            form = None;
            let basic = match credential {
                Some(Credential::Password { username, password }) => Some(basic(username, password)?),
                _ => None,
            };
            (Method::GET, url, basic)
        }
    };
    let payload = form.as_ref().map_or(Payload::None, |form| Payload::Bytes(form.as_bytes()));
    let mut headers = vec![("accept", "application/json".to_owned())];
    if form.is_some() {
        headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    }
    let request = Request { method, url, headers, payload, doing: &doing };
    let answer = session.retrying(true, || session.once(&request, authorization.as_ref()))?;
    match answer.status() {
        200 => {}
        400 | 401 | 403 if credential.is_some() => return Ok(None),
        401 | 403 => return Ok(None),
        status => return Err(Error::new(ErrorKind::Server, &*doing, format!("status {status}"))),
    }
    let bytes = zeroize::Zeroizing::new(answer.read(session, MAX_ANSWER, &doing)?);
    let answer: Answer =
        serde_json::from_slice(&bytes).map_err(|_| malformed("the answer is not an object with a token"))?;
    let token = answer.token.filter(|token| !token.is_empty()).or(answer.access_token).map(SecretText::from);
    let fits = |token: &SecretText| {
        !token.expose().is_empty() && token.expose().bytes().all(|b| b.is_ascii_graphic())
    };
    token.filter(fits).map(Some).ok_or_else(|| malformed("the answer has no token that fits a header"))
}

/// An address without what its query may give away.
fn without_query(url: &Uri) -> String {
    url.to_string().split('?').next().unwrap_or_default().to_owned()
}

/// The header of Basic authentication (RFC 7617).
pub(super) fn basic(username: &str, password: &SecretText) -> Result<HeaderValue, Error> {
    let pair = zeroize::Zeroizing::new(format!("{username}:{}", password.expose()));
    let text = zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
    header("Basic ", &text)
}

/// The header that carries a token (RFC 6750).
pub(super) fn bearer(token: &SecretText) -> Result<HeaderValue, Error> {
    header("Bearer ", token.expose())
}

fn header(scheme: &str, text: &str) -> Result<HeaderValue, Error> {
    let whole = zeroize::Zeroizing::new(format!("{scheme}{text}"));
    let mut value = HeaderValue::from_str(&whole).map_err(|_| {
        Error::new(ErrorKind::Refused, "cannot log in", "the token has characters that no header may have")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
