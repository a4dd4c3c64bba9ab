//! What a plugin says when it fails: the error object and its codes (specification section 5, "Error").

use std::fmt;

use crate::json::{Json, JsonError, Members, Node, Object};

/// The number that classifies an error.
///
/// Codes rarely help: most plugins give 999 for almost every fault. Codes from 100 are the plugin's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// 1: the plugin does not speak the version.
    IncompatibleVersion,
    /// 2: a field of the configuration is not supported.
    UnsupportedField,
    /// 3: the container is unknown; nothing needs to be cleaned up for it.
    UnknownContainer,
    /// 4: an environment variable is missing or bad.
    InvalidEnvironment,
    /// 5: reading or writing failed.
    Io,
    /// 6: something could not be decoded.
    Decode,
    /// 7: the configuration is not valid.
    InvalidConfig,
    /// 8: the network namespace is not valid (an addition of the Go library).
    InvalidNetns,
    /// 11: a passing condition; try again later.
    TryAgainLater,
    /// 50: the plugin cannot serve ADD (an answer to STATUS).
    NotAvailable,
    /// 51: as 50, and containers that are attached may have limited connectivity.
    LimitedConnectivity,
    /// 999: anything (an addition of the Go library).
    Internal,
    /// Another number.
    Other(u64),
}

impl ErrorCode {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::IncompatibleVersion => 1,
            Self::UnsupportedField => 2,
            Self::UnknownContainer => 3,
            Self::InvalidEnvironment => 4,
            Self::Io => 5,
            Self::Decode => 6,
            Self::InvalidConfig => 7,
            Self::InvalidNetns => 8,
            Self::TryAgainLater => 11,
            Self::NotAvailable => 50,
            Self::LimitedConnectivity => 51,
            Self::Internal => 999,
            Self::Other(number) => number,
        }
    }
}

impl From<u64> for ErrorCode {
    fn from(number: u64) -> Self {
        match number {
            1 => Self::IncompatibleVersion,
            2 => Self::UnsupportedField,
            3 => Self::UnknownContainer,
            4 => Self::InvalidEnvironment,
            5 => Self::Io,
            6 => Self::Decode,
            7 => Self::InvalidConfig,
            8 => Self::InvalidNetns,
            11 => Self::TryAgainLater,
            50 => Self::NotAvailable,
            51 => Self::LimitedConnectivity,
            999 => Self::Internal,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// The error object that a plugin writes to its standard output before it exits with another code than 0.
///
/// ```
/// use cni_client::error::{ErrorCode, PluginError};
///
/// let error = PluginError::decode(br#"{"cniVersion":"1.1.0","code":7,"msg":"bad config","details":"no subnet"}"#)?;
/// assert_eq!(error.code(), ErrorCode::InvalidConfig);
/// assert_eq!(error.to_string(), "bad config; no subnet (code 7)");
/// # Ok::<(), cni_client::json::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginError {
    version: String,
    code: ErrorCode,
    message: String,
    details: String,
    other: Object,
}

impl PluginError {
    /// An error without a version and details.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            version: String::new(),
            code,
            message: message.into(),
            details: String::new(),
            other: Object::new(),
        }
    }

    /// Adds the longer text.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }

    /// Reads what a plugin wrote.
    ///
    /// # Errors
    ///
    /// On what is no JSON object (`panic: …`), and on an object with neither `code` nor `msg` (`{}`): that says nothing.
    pub fn decode(stdout: &[u8]) -> Result<Self, JsonError> {
        let mut members = Node::root_of_bytes(stdout)?.members()?;
        if !members.has("code") && !members.has("msg") {
            return Err(members.fail("an error has `code` and `msg`"));
        }
        Self::take(&mut members).map(|error| Self { other: members.rest(), ..error })
    }

    /// Takes the members of an error out of an object.
    pub(crate) fn take(members: &mut Members<'_>) -> Result<Self, JsonError> {
        let number = members.take("code").map(|node| node.integer::<u64>("from 0")).transpose()?;
        Ok(Self {
            version: members.text("cniVersion")?,
            code: ErrorCode::from(number.unwrap_or(0)),
            message: members.text("msg")?,
            details: members.text("details")?,
            other: Object::new(),
        })
    }

    /// The class of the error; 0 (as [`ErrorCode::Other`]) when the plugin gave none.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The short text, `msg`.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The longer text; empty when there is none.
    #[must_use]
    pub fn details(&self) -> &str {
        &self.details
    }

    /// The version as the plugin wrote it; empty when it wrote none, as most do.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Members that the specification does not name.
    #[must_use]
    pub const fn other(&self) -> &Object {
        &self.other
    }

    /// The error as a plugin writes it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut object = Object::new();
        if !self.version.is_empty() {
            object.insert("cniVersion", Json::string(&self.version));
        }
        object.insert("code", Json::trusted(self.code.to_string()));
        object.insert("msg", Json::string(&self.message));
        if !self.details.is_empty() {
            object.insert("details", Json::string(&self.details));
        }
        object.extend(&self.other);
        object.to_json()
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = if self.message.is_empty() { "no message" } else { self.message.trim_end() };
        f.write_str(message)?;
        if !self.details.is_empty() {
            write!(f, "; {}", self.details.trim_end())?;
        }
        write!(f, " (code {})", self.code)
    }
}

impl std::error::Error for PluginError {}
