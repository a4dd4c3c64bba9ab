//! The version that is spoken with a network's plugins.

use crate::chain::{ChainError, Probe, drive};
use crate::config::NetworkConfig;
use crate::error::ErrorCode;
use crate::name::PluginType;
use crate::plugins::{Identity, Plugins};
use crate::version::SupportedVersions;

use super::{Client, ClientError};

impl<P: Plugins> Client<P> {
    /// Chooses the newest version that the plugins of a network know. A plugin that does not answer does not count: the
    /// operation itself will say what is wrong with it.
    ///
    /// What a program has answered is written down beside the records. As long as it is [the same program](Plugins::identity), no
    /// process of this client or of another one asks it again.
    ///
    /// # Errors
    ///
    /// When there is no common version.
    pub fn choose_version(&mut self, config: &mut NetworkConfig) -> Result<(), ClientError> {
        let mut spoken: Vec<(PluginType, SupportedVersions)> = Vec::new();
        // Before they are asked: one that is replaced meanwhile has another identity when it is looked for again.
        let mut unknown: Vec<(PluginType, Option<Identity>)> = Vec::new();
        for program in config.programs() {
            let identity = self.plugins.identity(&program, &self.path);
            match identity.as_ref().and_then(|identity| self.noted(identity)) {
                Some(versions) => spoken.push((program, versions)),
                None => unknown.push((program, identity)),
            }
        }
        let programs = unknown.iter().map(|(program, _)| program.clone());
        let report = drive(Probe::new(programs, self.path.clone()), &mut self.plugins);
        for (program, versions) in &report.spoken {
            if let Some((_, Some(identity))) = unknown.iter().find(|(asked, _)| asked == program) {
                self.note(identity, Some(versions));
            }
        }
        spoken.extend(report.spoken);
        config.choose_version(&spoken)?;
        Ok(())
    }

    /// A plugin that refuses the version that it was spoken to in has been taken for what it is not: a script that runs something
    /// else by now.
    pub(super) fn doubt(&mut self, error: &ChainError) {
        let refusals =
            error.failures().iter().filter(|one| one.code() == Some(ErrorCode::IncompatibleVersion));
        for refusal in refusals {
            if let Some(identity) = self.plugins.identity(refusal.plugin(), &self.path)
                && self.noted(&identity).is_some()
            {
                self.note(&identity, None);
            }
        }
    }

    /// What was noted; what cannot be read is asked for.
    fn noted(&mut self, identity: &Identity) -> Option<SupportedVersions> {
        if let Some(versions) = self.spoken.get(identity) {
            return Some(versions.clone());
        }
        let noted = self.cache.spoken(identity).unwrap_or_else(|error| {
            tracing::debug!(%error, "plugins are asked for their versions");
            None
        });
        self.spoken.extend(noted.clone().map(|versions| (identity.clone(), versions)));
        noted
    }

    /// A full disk costs no more than to ask again.
    fn note(&mut self, identity: &Identity, versions: Option<&SupportedVersions>) {
        match versions {
            Some(versions) => drop(self.spoken.insert(identity.clone(), versions.clone())),
            None => drop(self.spoken.remove(identity)),
        }
        if let Err(error) = self.cache.note_spoken(identity, versions) {
            tracing::debug!(%error, "what a plugin speaks is not written down");
        }
    }
}
