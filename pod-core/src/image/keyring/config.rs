//! Credentials files: Docker's `config.json`, the older `.dockercfg`, and the Kubernetes Secrets that carry them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::key::{Key, KeyError};
use super::{Credential, SecretText};

/// How a credentials file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigFormat {
    /// `{"auths": {KEY: ENTRY}, "credHelpers": {HOST: NAME}, "credsStore": NAME}`.
    ConfigJson,
    /// `{KEY: ENTRY}`, as Docker wrote before version 1.7.
    Dockercfg,
}

impl ConfigFormat {
    /// The layout inside a Kubernetes Secret, from its `type`; `None` for a type that carries no image credentials.
    ///
    /// ```
    /// use pod_core::image::ConfigFormat;
    ///
    /// let format = ConfigFormat::of_secret("kubernetes.io/dockerconfigjson");
    /// assert_eq!(format, Some(ConfigFormat::ConfigJson));
    /// assert_eq!(format.map(ConfigFormat::secret_key), Some(".dockerconfigjson"));
    /// assert_eq!(ConfigFormat::of_secret("Opaque"), None);
    /// ```
    #[must_use]
    pub fn of_secret(secret_type: &str) -> Option<Self> {
        match secret_type {
            "kubernetes.io/dockerconfigjson" => Some(Self::ConfigJson),
            "kubernetes.io/dockercfg" => Some(Self::Dockercfg),
            _ => None,
        }
    }

    /// The layout of a file, from its name: `.dockercfg` is the old one.
    #[must_use]
    pub fn of_file(name: &str) -> Self {
        if name == ".dockercfg" { Self::Dockercfg } else { Self::ConfigJson }
    }

    /// The key under which a Kubernetes Secret of this type keeps the file in its `data`.
    #[must_use]
    pub const fn secret_key(self) -> &'static str {
        match self {
            Self::ConfigJson => ".dockerconfigjson",
            Self::Dockercfg => ".dockercfg",
        }
    }
}

/// The contents of one credentials file, for [`Keyring::add`](super::Keyring::add).
///
/// An entry that cannot be used is left out and described in [`DockerConfig::problems`]; the others stay. (The kubelet throws
/// the whole file away.) Fields that have nothing to do with registries are not looked at.
#[derive(Debug, Clone, Default)]
pub struct DockerConfig {
    pub(super) entries: Vec<(Key, Credential)>,
    pub(super) helpers: Vec<(String, String)>,
    pub(super) store: Option<String>,
    problems: Vec<EntryError>,
}

impl DockerConfig {
    /// Reads a file, or the bytes of a Secret. The passwords are copied into memory that is wiped; `bytes` stays the caller's to wipe.
    /// (A password that JSON had to escape also passes through a buffer of serde_json, which is not wiped.)
    ///
    /// ```
    /// use pod_core::image::{ConfigFormat, DockerConfig};
    ///
    /// let text = br#"{"auths": {"a.example": {"auth": "..."}, "b.example": {"auth": "dTpw"}}}"#;
    /// let config = DockerConfig::read(ConfigFormat::ConfigJson, text)?;
    /// assert_eq!(config.keys().collect::<Vec<_>>(), ["b.example"]);
    /// assert_eq!(config.problems()[0].to_string(), r#"auths["a.example"].auth: not base64 at byte 0"#);
    /// # Ok::<(), pod_core::image::ReadConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The file is not one JSON object: `[]`, `{"auths": {}`.
    pub fn read(format: ConfigFormat, bytes: &[u8]) -> Result<Self, ReadConfigError> {
        let fields: Object<'_, &RawValue> =
            serde_json::from_slice(bytes).map_err(|error| ReadConfigError::new(&error))?;
        let mut config = Self::default();
        match format {
            ConfigFormat::Dockercfg => config.read_entries("", fields),
            ConfigFormat::ConfigJson => config.read_top(fields),
        }
        Ok(config)
    }

    /// The keys that have credentials, in the order of the file, without scheme and user.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.text())
    }

    /// What could not be used, in the order of the file.
    #[must_use]
    pub fn problems(&self) -> &[EntryError] {
        &self.problems
    }

    fn problem(&mut self, field: String, kind: Kind) {
        self.problems.push(EntryError { field, kind });
    }

    fn read_top(&mut self, fields: Object<'_, &RawValue>) {
        for (name, value) in fields.last_wins() {
            match &*name.to_ascii_lowercase() {
                "auths" => match object(value) {
                    Some(Some(entries)) => self.read_entries("auths", entries),
                    Some(None) => {}
                    None => self.problem("auths".to_owned(), Kind::NoObject),
                },
                "credhelpers" => match object(value) {
                    Some(Some(helpers)) => self.read_helpers(helpers),
                    Some(None) => {}
                    None => self.problem("credHelpers".to_owned(), Kind::NoObject),
                },
                "credsstore" => match helper(value) {
                    Ok(name) => self.store = name,
                    Err(kind) => self.problem("credsStore".to_owned(), kind),
                },
                _ => {}
            }
        }
    }

    fn read_helpers(&mut self, helpers: Object<'_, &RawValue>) {
        for (host, value) in helpers.last_wins() {
            match helper(value) {
                Ok(Some(name)) => self.helpers.push((host.into_owned(), name)),
                Ok(None) => {}
                Err(kind) => self.problem(format!("credHelpers[{:?}]", shown(&host)), kind),
            }
        }
    }

    fn read_entries(&mut self, map: &str, entries: Object<'_, &RawValue>) {
        for (key, value) in entries.last_wins() {
            let path = format!("{map}[{:?}]", shown(&key));
            match read_entry(value) {
                Err((field, kind)) => self.problem(format!("{path}{field}"), kind),
                // `{}` is what Docker writes for a registry whose credentials a store keeps.
                Ok(None) => {}
                Ok(Some(credential)) => match Key::parse(&key) {
                    Ok(key) => self.entries.push((key, credential)),
                    Err(error) => self.problem(path, Kind::Key(error)),
                },
            }
        }
    }
}

/// A key as a message may show it: a URL can have a password before its `@`.
fn shown(key: &str) -> Cow<'_, str> {
    let start = key.find("://").map_or(0, |at| at + 3);
    let rest = key.get(start..).unwrap_or_default();
    let authority = rest.find(['/', '?', '#']).map_or(rest, |end| rest.get(..end).unwrap_or_default());
    match authority.rfind('@') {
        None => Cow::Borrowed(key),
        Some(at) => Cow::Owned(
            [key.get(..start), rest.get(at + 1..)].into_iter().flatten().collect::<Vec<_>>().concat(),
        ),
    }
}

fn read_entry(value: &RawValue) -> Result<Option<Credential>, (&'static str, Kind)> {
    let Some(fields) = object(value).ok_or(("", Kind::NoObject))? else { return Ok(None) };
    let (mut username, mut password, mut auth, mut identity, mut registry) = (None, None, None, None, None);
    for (name, value) in fields.last_wins() {
        // Go reads the names of fields without regard to case.
        let (slot, field) = match &*name.to_ascii_lowercase() {
            "username" => (&mut username, ".username"),
            "password" => (&mut password, ".password"),
            "auth" => (&mut auth, ".auth"),
            "identitytoken" => (&mut identity, ".identitytoken"),
            "registrytoken" => (&mut registry, ".registrytoken"),
            _ => continue,
        };
        *slot = string(value).map_err(|kind| (field, kind))?.filter(|text| !text.expose().is_empty());
    }
    if let Some(token) = identity {
        return Ok(Some(Credential::IdentityToken(token)));
    }
    if let Some(token) = registry {
        return Ok(Some(Credential::RegistryToken(token)));
    }
    if let Some(auth) = auth {
        return decode_auth(auth.expose()).map(Some).map_err(|kind| (".auth", kind));
    }
    if username.is_none() && password.is_none() {
        return Ok(None);
    }
    let username = username.map(|name| name.expose().to_owned()).unwrap_or_default();
    Ok(Some(Credential::Password { username, password: password.unwrap_or_else(|| String::new().into()) }))
}

/// `base64(user:password)`, padded or not, with line ends ignored, split at the first colon: what the kubelet takes.
fn decode_auth(auth: &str) -> Result<Credential, Kind> {
    let padding = if auth.trim_end().ends_with('=') {
        DecodePaddingMode::RequireCanonical
    } else {
        DecodePaddingMode::RequireNone
    };
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(padding).with_decode_allow_trailing_bits(true);
    let text = Zeroizing::new(auth.replace(['\r', '\n'], ""));
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let length = GeneralPurpose::new(&STANDARD, config).decode_slice(text.as_bytes(), &mut bytes).map_err(
        |error| {
            use base64::{DecodeError, DecodeSliceError};
            match error {
                DecodeSliceError::DecodeError(
                    DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol { offset: at, .. },
                ) => Kind::Base64(Some(at)),
                _ => Kind::Base64(None),
            }
        },
    )?;
    let text = std::str::from_utf8(bytes.get(..length).unwrap_or_default()).map_err(|_| Kind::Encoding)?;
    let (username, password) = text.split_once(':').ok_or(Kind::NoColon)?;
    Ok(Credential::Password { username: username.to_owned(), password: password.to_owned().into() })
}

/// `Some(None)` is `null`, which Go takes for an absent value.
fn object(value: &RawValue) -> Option<Option<Object<'_, &RawValue>>> {
    if value.get() == "null" { Some(None) } else { serde_json::from_str(value.get()).ok().map(Some) }
}

fn string(value: &RawValue) -> Result<Option<SecretText>, Kind> {
    match value.get() {
        "null" => Ok(None),
        text => serde_json::from_str::<Cow<'_, str>>(text)
            .map(|text| Some(SecretText::from(text.into_owned())))
            .map_err(|_| Kind::NoString),
    }
}

/// A helper's name becomes part of a program's name: only what cannot lead elsewhere is taken.
fn helper(value: &RawValue) -> Result<Option<String>, Kind> {
    let Some(name) = string(value)?.filter(|name| !name.expose().is_empty()) else { return Ok(None) };
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.expose().bytes().all(fits) { Ok(Some(name.expose().to_owned())) } else { Err(Kind::HelperName) }
}

/// An object's members as they stand, duplicates included.
struct Object<'a, T>(Vec<(Cow<'a, str>, T)>);

impl<'a, T> Object<'a, T> {
    /// One member for each name, at the place of its first appearance and with its last value, as Go's maps end up.
    fn last_wins(self) -> impl Iterator<Item = (Cow<'a, str>, T)> {
        let mut places = std::collections::HashMap::with_capacity(self.0.len());
        let mut members: Vec<(Cow<'a, str>, T)> = Vec::with_capacity(self.0.len());
        for (name, value) in self.0 {
            match places.get(&name).and_then(|at: &usize| members.get_mut(*at)) {
                Some(member) => member.1 = value,
                None => {
                    places.insert(name.clone(), members.len());
                    members.push((name, value));
                }
            }
        }
        members.into_iter()
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Object<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Vec<(Cow<'de, str>, T)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Object)
    }
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A credentials file cannot be read at all. What stands in the file is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadConfigError {
    line: usize,
    column: usize,
    syntax: bool,
}

impl ReadConfigError {
    fn new(error: &serde_json::Error) -> Self {
        Self { line: error.line(), column: error.column(), syntax: !error.is_data() }
    }

    /// The line of the first fault, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column of the first fault in bytes, from 1; 0 at the start of a line.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ReadConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.syntax { "not JSON" } else { "the credentials are not one JSON object" };
        write!(f, "{what}: line {}, column {}", self.line, self.column)
    }
}

impl std::error::Error for ReadConfigError {}

/// One entry of a credentials file that cannot be used: where it stands and why. No value is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryError {
    field: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Base64(Option<usize>),
    Encoding,
    HelperName,
    Key(KeyError),
    NoColon,
    NoObject,
    NoString,
}

impl EntryError {
    /// The field's path in the file, such as `auths["registry.example"].auth`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        match self.kind {
            Kind::Base64(Some(at)) => write!(f, "not base64 at byte {at}"),
            Kind::Base64(None) => f.write_str("not base64: it ends too early, or its padding is wrong"),
            Kind::Encoding => f.write_str("what the base64 stands for is not UTF-8"),
            Kind::HelperName => {
                f.write_str("the helper's name may have only letters, digits, `-`, `_` and `.`")
            }
            Kind::Key(error) => error.fmt(f),
            Kind::NoColon => f.write_str("what the base64 stands for has no `:` between user and password"),
            Kind::NoObject => f.write_str("must be an object"),
            Kind::NoString => f.write_str("must be a string"),
        }
    }
}

impl std::error::Error for EntryError {}
