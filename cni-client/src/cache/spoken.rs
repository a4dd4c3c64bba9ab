//! What plugins have answered to VERSION, for the processes that come after: a line for each answer, appended in one write. The last
//! line of a program counts; one that says nothing takes back those before it, and one that was cut off is passed over.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::json::{Json, JsonError, Node, Object};
use crate::plugins::Identity;
use crate::version::{SupportedVersions, Version};

use super::error::Doing;
use super::{Cache, CacheError, record};

/// Programs are replaced seldom: a file that has grown to this was not read for a long time.
const LARGE: u64 = 64 * 1024;

impl Cache {
    /// What a program has answered to VERSION, if somebody has written it down.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read.
    pub fn spoken(&self, program: &Identity) -> Result<Option<SupportedVersions>, CacheError> {
        let text = record::text(&self.versions())?.unwrap_or_default();
        let mut lines = text.lines().rev().filter_map(|line| parse(line).ok());
        let found = lines.find(|(identity, _)| *identity == *program.as_str());
        Ok(found.map(|(_, versions)| versions).filter(|versions| versions.iter().next().is_some()))
    }

    /// Writes down what a program has answered; nothing takes back what was written.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn note_spoken(
        &self,
        program: &Identity,
        versions: Option<&SupportedVersions>,
    ) -> Result<(), CacheError> {
        let path = self.versions();
        let write = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            let mut file = options.append(true).create(true).mode(0o600).open(&path)?;
            if file.metadata()?.len() > LARGE {
                file.set_len(0)?;
            }
            // A line that a full disk has cut off before must not swallow this one.
            file.write_all(format!("\n{}\n", line(program, versions)).as_bytes())
        };
        write().map_err(|source| CacheError::io(Doing::Write, &path, source))
    }

    fn versions(&self) -> PathBuf {
        self.folder.join("versions")
    }
}

fn line(program: &Identity, versions: Option<&SupportedVersions>) -> Json {
    let versions: Vec<String> = versions
        .into_iter()
        .flat_map(SupportedVersions::iter)
        .map(|version| format!("\"{version}\""))
        .collect();
    let mut object = Object::new();
    object.insert("program", Json::string(program.as_str()));
    object.insert("supportedVersions", Json::trusted(format!("[{}]", versions.join(","))));
    object.to_json()
}

fn parse(line: &str) -> Result<(String, SupportedVersions), JsonError> {
    let mut members = Node::root(line)?.members()?;
    let program = members.required("program")?.string()?;
    let versions = members.list("supportedVersions", |node| node.parsed::<Version>())?;
    Ok((program, SupportedVersions::new(versions)))
}
