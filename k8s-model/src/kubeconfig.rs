//! How clients reach clusters: the file `~/.kube/config` (`k8s.io/client-go/tools/clientcmd/api/v1`).

mod rules;

pub use rules::{OMITTED, REDACTED, files, load};

use std::collections::BTreeMap;

use serde_json::Value;

use crate::schema::{Bytes, object};

object! {
    /// Clusters, users, and which user of which cluster is meant.
    pub struct Config {
        /// Settings of `kubectl`; no longer used.
        pub preferences: Preferences = "preferences" always,
        /// The clusters.
        pub clusters: Vec<NamedCluster> = "clusters" always,
        /// The users.
        pub users: Vec<NamedAuthInfo> = "users" always,
        /// Who talks to what.
        pub contexts: Vec<NamedContext> = "contexts" always,
        /// The context that is used when none is named.
        pub current_context: String = "current-context" always,
        /// What other programs keep here.
        pub extensions: Vec<NamedExtension> = "extensions",
    }

    /// Settings of `kubectl`; no longer used.
    pub struct Preferences {
        /// Whether there are colours.
        pub colors: bool = "colors",
        /// What other programs keep here.
        pub extensions: Vec<NamedExtension> = "extensions",
    }

    /// A cluster and its name here.
    pub struct NamedCluster {
        /// The name.
        pub name: String = "name" always,
        /// The cluster.
        pub cluster: Cluster = "cluster" always,
    }

    /// How a cluster is reached.
    pub struct Cluster {
        /// The address of its API server: `https://10.0.0.1:6443`.
        pub server: String = "server" always,
        /// The name that its certificate is checked for; that of the address when empty.
        pub tls_server_name: String = "tls-server-name",
        /// Whether its certificate is not checked.
        pub insecure_skip_tls_verify: bool = "insecure-skip-tls-verify",
        /// The file of the authority that its certificate is of.
        pub certificate_authority: String = "certificate-authority",
        /// That file itself; it wins.
        pub certificate_authority_data: Bytes = "certificate-authority-data",
        /// The proxy that it is reached by: `http`, `https` or `socks5`.
        pub proxy_url: String = "proxy-url",
        /// Whether answers are not to be compressed.
        pub disable_compression: bool = "disable-compression",
        /// What other programs keep here.
        pub extensions: Vec<NamedExtension> = "extensions",
    }

    /// A user and its name here.
    pub struct NamedAuthInfo {
        /// The name.
        pub name: String = "name" always,
        /// The user.
        pub user: AuthInfo = "user" always,
    }

    /// How a user shows who it is.
    pub struct AuthInfo {
        /// The file of its certificate.
        pub client_certificate: String = "client-certificate",
        /// That file itself; it wins.
        pub client_certificate_data: Bytes = "client-certificate-data",
        /// The file of its key.
        pub client_key: String = "client-key",
        /// That file itself; it wins.
        pub client_key_data: Bytes = "client-key-data",
        /// Its bearer token.
        pub token: String = "token",
        /// The file with its token, which is read again and again; it wins.
        pub token_file: String = "tokenFile",
        /// Who it acts for.
        pub as_: String = "as",
        /// The identifier of whom it acts for.
        pub as_uid: String = "as-uid",
        /// The groups of whom it acts for.
        pub as_groups: Vec<String> = "as-groups",
        /// What else is known of whom it acts for.
        pub as_user_extra: BTreeMap<String, Vec<String>> = "as-user-extra",
        /// Its name for basic authentication.
        pub username: String = "username",
        /// Its password for basic authentication.
        pub password: String = "password",
        /// A plugin that is built in.
        pub auth_provider: Option<Box<AuthProviderConfig>> = "auth-provider",
        /// A program that brings credentials.
        pub exec: Option<Box<ExecConfig>> = "exec",
        /// What other programs keep here.
        pub extensions: Vec<NamedExtension> = "extensions",
    }

    /// A plugin for credentials that is built in.
    pub struct AuthProviderConfig {
        /// Its name.
        pub name: String = "name" always,
        /// Its settings.
        pub config: BTreeMap<String, String> = "config" always,
    }

    /// A program that brings credentials.
    pub struct ExecConfig {
        /// The program.
        pub command: String = "command" always,
        /// Its arguments.
        pub args: Vec<String> = "args" always,
        /// Further variables of its environment.
        pub env: Vec<ExecEnvVar> = "env" always,
        /// The version in which it answers: `client.authentication.k8s.io/v1`.
        pub api_version: String = "apiVersion",
        /// What a user is told when the program is not there.
        pub install_hint: String = "installHint",
        /// Whether it is told about the cluster.
        pub provide_cluster_info: bool = "provideClusterInfo" always,
        /// Whether it may ask the user: `Never`, `IfAvailable`, `Always`.
        pub interactive_mode: String = "interactiveMode",
    }

    /// A variable of a program's environment.
    pub struct ExecEnvVar {
        /// Its name.
        pub name: String = "name" always,
        /// Its value.
        pub value: String = "value" always,
    }

    /// A context and its name here.
    pub struct NamedContext {
        /// The name.
        pub name: String = "name" always,
        /// The context.
        pub context: Context = "context" always,
    }

    /// Who talks to what.
    pub struct Context {
        /// The name of the cluster.
        pub cluster: String = "cluster" always,
        /// The name of the user.
        pub user: String = "user" always,
        /// The namespace that is meant when none is named.
        pub namespace: String = "namespace",
        /// What other programs keep here.
        pub extensions: Vec<NamedExtension> = "extensions",
    }

    /// Something that another program keeps here.
    pub struct NamedExtension {
        /// Its name.
        pub name: String = "name" always,
        /// What it is.
        pub extension: Option<Value> = "extension" always,
    }
}
