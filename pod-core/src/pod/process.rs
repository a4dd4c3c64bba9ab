//! What an image says of its process, and what becomes of it together with the app.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{App, SandboxFacts};

/// The `PATH` of a process whose image and app set none (appc executor specification, "environment").
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What an image says of the process that it holds, in no flavour's own form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageConfig {
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// Arguments that an app may replace.
    pub cmd: Vec<String>,
    /// The environment, in order.
    pub env: Vec<(String, String)>,
    /// The user: a number, a name, or `user:group`. Empty is 0.
    pub user: String,
    /// The group: a number or a name. Empty is the user's own.
    pub group: String,
    /// Further groups, by number.
    pub supplementary_groups: Vec<u32>,
    /// An absolute path, or empty for `/`.
    pub working_dir: String,
    /// The signal that asks the process to stop, by number.
    pub stop_signal: Option<i32>,
}

/// The process that an app starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// The program and its arguments; never empty. A program without a slash is looked up in the environment's `PATH`.
    pub argv: Vec<String>,
    /// The environment: names are unique.
    pub env: Vec<(String, String)>,
    /// Where it starts; an absolute path.
    pub working_dir: String,
    /// Who it is.
    pub user: User,
}

/// Who a process is; names are looked up in the app's own root file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// A number or a name.
    pub user: String,
    /// A number or a name; `None` is the user's own group, or 0 when it has no entry.
    pub group: Option<String>,
    /// Further groups, by number.
    pub supplementary_groups: Vec<u32>,
    /// Whether user 0 is refused.
    pub non_root: bool,
}

/// Why an app and its image make no process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessError {
    image: String,
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no command specified: the app has none, and neither has the image `{}`", self.image)
    }
}

impl std::error::Error for ProcessError {}

impl App {
    /// The process that this app starts from an image: `command` replaces the image's entry point and arguments, `args` its
    /// arguments only (Kubernetes, "Define a command and arguments for a container").
    ///
    /// # Errors
    ///
    /// When neither the app nor the image names a program.
    pub fn process(&self, image: &ImageConfig, facts: &SandboxFacts) -> Result<Process, ProcessError> {
        let render =
            |list: &Vec<super::Template>| list.iter().map(|text| text.render(facts)).collect::<Vec<_>>();
        let mut argv = self.command.as_ref().map_or_else(|| image.entrypoint.clone(), render);
        match (&self.command, &self.args) {
            (_, Some(args)) => argv.extend(render(args)),
            (None, None) => argv.extend(image.cmd.iter().cloned()),
            (Some(_), None) => {}
        }
        if argv.is_empty() {
            return Err(ProcessError { image: self.image.clone() });
        }
        let working_dir = [self.working_dir.as_deref(), Some(image.working_dir.as_str()), Some("/")]
            .into_iter()
            .flatten()
            .find(|dir| !dir.is_empty())
            .unwrap_or("/")
            .to_owned();
        Ok(Process { argv, env: self.environment(image, facts), working_dir, user: self.user(image) })
    }

    fn environment(&self, image: &ImageConfig, facts: &SandboxFacts) -> Vec<(String, String)> {
        let own = self.env.iter().map(|var| (var.name.clone(), var.value.render(facts)));
        let mut env: Vec<(String, String)> = vec![("PATH".to_owned(), DEFAULT_PATH.to_owned())];
        for (name, value) in image.env.iter().cloned().chain(own) {
            match env.iter_mut().find(|(known, _)| *known == name) {
                Some(entry) => entry.1 = value,
                None => env.push((name, value)),
            }
        }
        env
    }

    fn user(&self, image: &ImageConfig) -> User {
        let named = self.security.user.as_deref();
        let (user, group) = split_user(named.unwrap_or(&image.user));
        let group = self
            .security
            .group
            .clone()
            .or(group)
            .or_else(|| (named.is_none() && !image.group.is_empty()).then(|| image.group.clone()));
        let mut supplementary_groups = image.supplementary_groups.clone();
        supplementary_groups.extend(&self.security.supplementary_groups);
        supplementary_groups.sort_unstable();
        supplementary_groups.dedup();
        User { user, group, supplementary_groups, non_root: self.security.run_as_non_root }
    }
}

/// Takes `user:group` apart; no user is 0.
fn split_user(text: &str) -> (String, Option<String>) {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    };
    (if user.is_empty() { "0" } else { user }.to_owned(), group.map(ToOwned::to_owned))
}
