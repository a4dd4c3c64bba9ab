//! Logging in: which credential answers which challenge, one after the other, and to whom it may be shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ureq::http::{HeaderValue, Uri};

use super::endpoint::Origin;
use super::http::Session;
use super::{Challenge, Error, ErrorKind, credential_helper, token};
use crate::image::{Credential, Login};

/// What requests are for: a repository at one registry or mirror.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) origin: Origin,
    /// The repository's path.
    pub(super) repository: String,
    /// The name by which the keyring is asked: domain and path.
    pub(super) name: String,
    pub(super) push: bool,
    /// The registry itself, not a mirror of it.
    pub(super) is_home: bool,
}

impl Target {
    /// The address of something in the repository.
    pub(super) fn url(&self, what: &str, doing: &str) -> Result<Uri, Error> {
        let text = format!("{}/v2/{}/{what}", self.origin, self.repository);
        text.parse().map_err(|error| Error::caused(ErrorKind::Malformed, doing, error))
    }
}

/// The state of all logins of one operation.
#[derive(Default)]
pub(super) struct Logins(Mutex<HashMap<Target, Arc<Mutex<State>>>>);

#[derive(Default)]
struct State {
    /// Counts changes, so that of several threads with one refused header only the first changes it.
    generation: u64,
    header: Option<HeaderValue>,
    /// Whether a request with this header was taken.
    proven: bool,
    /// The credentials that the keyring gave, once it was asked.
    candidates: Option<Vec<(String, Credential)>>,
    /// How many of them have been tried.
    tried: usize,
    tried_anonymously: bool,
    /// A token server on another host, which was not shown our credentials.
    withheld_from: Option<String>,
    /// Why a helper that the keyring names gave no answer.
    helper_error: Option<Error>,
    /// The challenges of the last refusal, for a refusal that has none of its own.
    challenges: Vec<Challenge>,
}

impl Logins {
    /// The header to send, and a ticket for [`Logins::accepted`] or [`Logins::refused`].
    pub(super) fn header(&self, target: &Target) -> (u64, Option<HeaderValue>) {
        let state = self.state(target);
        let state = lock(&state);
        (state.generation, state.header.clone())
    }

    /// The header of that ticket was good.
    pub(super) fn accepted(&self, target: &Target, ticket: u64) {
        let state = self.state(target);
        let mut state = lock(&state);
        if state.generation == ticket {
            state.proven = true;
        }
    }

    /// The header of that ticket was refused with these challenges: finds the next to try.
    ///
    /// # Errors
    ///
    /// There is none left, or a token server failed.
    pub(super) fn refused(
        &self,
        session: &Session<'_>,
        target: &Target,
        ticket: u64,
        challenges: Vec<Challenge>,
    ) -> Result<(), Error> {
        let state = self.state(target);
        let mut state = lock(&state);
        if state.generation != ticket {
            return Ok(());
        }
        state.challenges = challenges;
        state.advance(session, target)
    }

    /// The header of that ticket is somebody's who may not: finds the next to try. `false` when there is none left.
    pub(super) fn denied(&self, session: &Session<'_>, target: &Target, ticket: u64) -> Result<bool, Error> {
        let state = self.state(target);
        let mut state = lock(&state);
        if state.generation != ticket {
            return Ok(true);
        }
        state.proven = false;
        let left = state.candidates.as_ref().is_some_and(|all| state.tried < all.len());
        if !left || state.withheld_from.is_some() {
            return Ok(false);
        }
        match state.advance(session, target) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Unauthorized => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn state(&self, target: &Target) -> Arc<Mutex<State>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(target.clone()).or_default())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn advance(&mut self, session: &Session<'_>, target: &Target) -> Result<(), Error> {
        let scheme = |name| self.challenges.iter().find(|challenge| challenge.is_scheme(name));
        let Some(challenge) = scheme("Bearer").or_else(|| scheme("Basic")).cloned() else {
            let schemes: Vec<_> =
                self.challenges.iter().map(|c| format!("`{}`", c.scheme().escape_debug())).collect();
            let detail =
                format!("it wants neither Basic nor Bearer authentication, but [{}]", schemes.join(", "));
            return Err(Error::new(
                ErrorKind::Unauthorized,
                format!("cannot log in to `{}`", target.origin),
                detail,
            ));
        };
        let candidates = match self.candidates.take() {
            Some(candidates) => candidates,
            None => self.ask_keyring(session, target)?,
        };
        let found = self.first_accepted(session, target, &challenge, &candidates);
        self.candidates = Some(candidates);
        self.header = Some(found?.ok_or_else(|| self.unauthorized(target))?);
        self.generation += 1;
        self.proven = false;
        Ok(())
    }

    fn first_accepted(
        &mut self,
        session: &Session<'_>,
        target: &Target,
        challenge: &Challenge,
        candidates: &[(String, Credential)],
    ) -> Result<Option<HeaderValue>, Error> {
        if self.proven {
            // It was good once: a token that has expired. The same credential gives another.
            self.tried = self.tried.saturating_sub(1);
            self.tried_anonymously = false;
        }
        let realm =
            if challenge.is_scheme("Bearer") { Some(self.realm(session, target, challenge)?) } else { None };
        let withheld = self.withheld_from.is_some();
        let scope =
            format!("repository:{}:pull{}", target.repository, if target.push { ",push" } else { "" });
        while let Some((_, credential)) = candidates.get(self.tried).filter(|_| !withheld) {
            self.tried += 1;
            let header = match (credential, &realm) {
                (Credential::RegistryToken(token), _) => Some(token::bearer(token)?),
                (Credential::Password { username, password }, None) => {
                    Some(token::basic(username, password)?)
                }
                (Credential::IdentityToken(_), None) => None,
                (credential, Some(realm)) => {
                    let token = token::request(session, realm, challenge, &scope, Some(credential))?;
                    token.as_ref().map(token::bearer).transpose()?
                }
            };
            if header.is_some() {
                return Ok(header);
            }
        }
        // The kubelet pulls anonymously only where no key matched. Where our credentials may not be shown, that is all there is.
        let Some(realm) = realm.filter(|_| (candidates.is_empty() || withheld) && !self.tried_anonymously)
        else {
            return Ok(None);
        };
        self.tried_anonymously = true;
        token::request(session, &realm, challenge, &scope, None)?.as_ref().map(token::bearer).transpose()
    }

    /// The token server's address, noted when it is not to see our credentials.
    fn realm(&mut self, session: &Session<'_>, target: &Target, challenge: &Challenge) -> Result<Uri, Error> {
        let realm = challenge.parameter("realm").unwrap_or_default();
        let url: Option<Uri> = realm.parse().ok();
        let Some((url, origin)) = url.and_then(|url| Origin::of(&url).map(|origin| (url, origin))) else {
            let detail = format!("its challenge names no token server: `{}`", realm.escape_debug());
            return Err(Error::new(
                ErrorKind::Malformed,
                format!("cannot log in to `{}`", target.origin),
                detail,
            ));
        };
        self.withheld_from =
            (!session.settings.trusts_realm(&target.origin, &origin)).then(|| origin.authority());
        Ok(url)
    }

    fn unauthorized(&mut self, target: &Target) -> Error {
        let doing = format!("cannot log in to `{}`", target.origin);
        if let Some(error) = self.helper_error.take() {
            return Error::caused(ErrorKind::Unauthorized, doing, error);
        }
        let keys: Vec<_> =
            self.candidates.iter().flatten().map(|(key, _)| format!("`{}`", key.escape_debug())).collect();
        let keys = keys.join(", ");
        let detail = match &self.withheld_from {
            _ if keys.is_empty() => format!("no credentials match `{}`", target.name),
            None => format!("the credentials for {keys} were refused"),
            Some(host) => format!(
                "its token server is on another host, `{}`, which is not trusted with the credentials for {keys}",
                host.escape_debug()
            ),
        };
        Error::new(ErrorKind::Unauthorized, doing, detail)
    }

    /// All credentials for a target in the keyring's order. A helper that fails is as one that has nothing, until nothing else helps.
    fn ask_keyring(
        &mut self,
        session: &Session<'_>,
        target: &Target,
    ) -> Result<Vec<(String, Credential)>, Error> {
        let mut found = Vec::new();
        for candidate in session.settings.keyring.lookup_repository(&target.name) {
            let credential = match candidate.login() {
                Login::Known(credential) => Some((*credential).clone()),
                Login::Ask(call) => {
                    match credential_helper::ask(call, session.settings.silence, session.cancel()) {
                        Ok(credential) => credential,
                        Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                        Err(error) => {
                            self.helper_error.get_or_insert(error);
                            None
                        }
                    }
                }
            };
            found.extend(credential.map(|credential| (candidate.key().to_owned(), credential)));
        }
        Ok(found)
    }
}
