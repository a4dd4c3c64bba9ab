//! How clients read such files: where they are, how several become one, and how they are shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{AuthInfo, Cluster, Config, Context};
use crate::decode::{Mode, Problem, ProblemKind, decode_str};
use crate::object::Object;
use crate::schema::Bytes;

/// What is shown instead of a secret.
pub const REDACTED: &str = "REDACTED";
/// What is shown instead of a file's content.
pub const OMITTED: &str = "DATA+OMITTED";

/// The files that are read: those of `KUBECONFIG`, each once, or else the one in the home directory.
///
/// ```
/// use k8s_model::kubeconfig::files;
///
/// assert_eq!(files(Some("/a:/b::/a"), "/home/me"), ["/a", "/b"]);
/// assert_eq!(files(None, "/home/me"), ["/home/me/.kube/config"]);
/// ```
#[must_use]
pub fn files(variable: Option<&str>, home: &str) -> Vec<String> {
    match variable.filter(|text| !text.is_empty()) {
        Some(text) => {
            let mut all: Vec<String> = Vec::new();
            for file in text.split(':').filter(|file| !file.is_empty()) {
                if !all.iter().any(|known| known == file) {
                    all.push(file.to_owned());
                }
            }
            all
        }
        None => vec![format!("{home}/.kube/config")],
    }
}

/// Reads a file of a directory that its relative paths start from. Unknown fields are passed over, as clients do; `apiVersion` and
/// `kind` may be left out.
///
/// # Errors
///
/// On a text that is neither YAML nor JSON, values of wrong types, and another kind.
pub fn load(text: &str, file: &str, directory: &str) -> Result<Config, Vec<Problem>> {
    let mut decoded = decode_str(text, file, Mode::Strict);
    if let Ok(values) = crate::tree::documents(text)
        && let [Value::Object(value)] = values.as_slice()
        && (value.get("kind").is_none() || value.get("apiVersion").is_none())
    {
        let mut value = value.clone();
        value.entry("apiVersion").or_insert_with(|| "v1".into());
        value.entry("kind").or_insert_with(|| "Config".into());
        decoded = decode_str(&Value::Object(value).to_string(), file, Mode::Strict);
    }
    let wrong: Vec<Problem> = decoded.problems.into_iter().filter(|problem| !passed_over(problem)).collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    // An empty file is an empty configuration.
    let mut config = match decoded.documents.into_iter().next().map(|document| document.object) {
        Some(Object::Config(config)) => *config,
        _ => Config::default(),
    };
    config.resolve(directory);
    Ok(config)
}

const fn passed_over(problem: &Problem) -> bool {
    matches!(problem.kind(), ProblemKind::UnknownField | ProblemKind::DuplicateKey)
}

fn absolute(path: &mut String, directory: &str) {
    if !path.is_empty() && !path.starts_with('/') && !directory.is_empty() {
        *path = format!("{}/{}", directory.trim_end_matches('/'), path.trim_start_matches("./"));
    }
}

impl Config {
    /// One configuration of several: the first one that says something wins, for each cluster, user and context as a whole.
    #[must_use]
    pub fn merge(all: impl IntoIterator<Item = Self>) -> Self {
        fn extend<T>(into: &mut Vec<T>, more: Vec<T>, name: impl Fn(&T) -> &str) {
            for element in more {
                if !into.iter().any(|known| name(known) == name(&element)) {
                    into.push(element);
                }
            }
        }
        let mut merged = Self::default();
        for config in all {
            extend(&mut merged.clusters, config.clusters, |named| &named.name);
            extend(&mut merged.users, config.users, |named| &named.name);
            extend(&mut merged.contexts, config.contexts, |named| &named.name);
            extend(&mut merged.extensions, config.extensions, |named| &named.name);
            merged.preferences.colors |= config.preferences.colors;
            extend(&mut merged.preferences.extensions, config.preferences.extensions, |named| &named.name);
            if merged.current_context.is_empty() {
                merged.current_context = config.current_context;
            }
        }
        merged
    }

    /// Lets relative paths start from a directory: that of the file that they stand in. A program without a slash is looked for in
    /// `PATH`, and stays as it is.
    pub fn resolve(&mut self, directory: &str) {
        for named in &mut self.clusters {
            absolute(&mut named.cluster.certificate_authority, directory);
        }
        for named in &mut self.users {
            let user = &mut named.user;
            for path in [&mut user.client_certificate, &mut user.client_key, &mut user.token_file] {
                absolute(path, directory);
            }
            if let Some(exec) = &mut user.exec
                && exec.command.contains('/')
            {
                absolute(&mut exec.command, directory);
            }
        }
    }

    /// A context and what it names; the current one where no name is given.
    ///
    /// # Errors
    ///
    /// On a context that is not there, in kubectl's words, and a cluster or user that is not there.
    pub fn context(&self, name: Option<&str>) -> Result<(&Context, &Cluster, Option<&AuthInfo>), String> {
        let name = name.unwrap_or(&self.current_context);
        if name.is_empty() {
            return Err("current-context must exist in order to minify".to_owned());
        }
        let context = self.contexts.iter().find(|named| named.name == name).map(|named| &named.context);
        let context = context.ok_or_else(|| format!("context \"{name}\" does not exist"))?;
        let cluster = self.clusters.iter().find(|named| named.name == context.cluster);
        let cluster = cluster.ok_or_else(|| format!("cluster \"{}\" does not exist", context.cluster))?;
        let user = self.users.iter().find(|named| named.name == context.user).map(|named| &named.user);
        if user.is_none() && !context.user.is_empty() {
            return Err(format!("auth info \"{}\" does not exist", context.user));
        }
        Ok((context, &cluster.cluster, user))
    }

    /// `kubectl config view --minify`: only the current context, and what it names.
    ///
    /// # Errors
    ///
    /// Those of [`context`](Self::context).
    pub fn minify(&mut self) -> Result<(), String> {
        let context = self.context(None)?.0.clone();
        self.contexts.retain(|named| named.name == self.current_context);
        self.clusters.retain(|named| named.name == context.cluster);
        self.users.retain(|named| named.name == context.user);
        Ok(())
    }

    /// `kubectl config view`: no secret is shown, and no content of files. kubectl itself shows those of plugins.
    pub fn redact(&mut self) {
        let omit = |bytes: &mut Bytes| {
            if !bytes.0.is_empty() {
                // The word is base64 of something, so it can stand where base64 is wanted.
                *bytes = Bytes(STANDARD.decode(OMITTED).unwrap_or_default());
            }
        };
        let hide = |text: &mut String| {
            if !text.is_empty() {
                REDACTED.clone_into(text);
            }
        };
        for named in &mut self.clusters {
            omit(&mut named.cluster.certificate_authority_data);
        }
        for named in &mut self.users {
            let user = &mut named.user;
            omit(&mut user.client_certificate_data);
            omit(&mut user.client_key_data);
            hide(&mut user.token);
            hide(&mut user.password);
            if let Some(provider) = &mut user.auth_provider {
                const SECRETS: [&str; 4] = ["access-token", "refresh-token", "id-token", "client-secret"];
                provider
                    .config
                    .iter_mut()
                    .filter(|(key, _)| SECRETS.contains(&key.as_str()))
                    .for_each(|(_, value)| hide(value));
            }
        }
    }
}
