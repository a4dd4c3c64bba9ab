//! Annotations that keep what a Docker image says of its process and an App Container manifest has no member for.
//!
//! The first two are docker2aci's. `exec`, `user` and the rest of the `app` hold for whoever does not know them.

/// The entry point, as a JSON list. With [`CMD`] it says where `exec` may be cut.
pub(crate) const ENTRYPOINT: &str = "appc.io/docker/entrypoint";

/// The default arguments, as a JSON list.
pub(crate) const CMD: &str = "appc.io/docker/cmd";

/// The user as it was written: `user`, `uid`, `user:group` and so on, or empty.
pub(crate) const USER: &str = "appc.io/docker/user";

/// The signal that asks the process to stop: `SIGQUIT`, `3`.
pub(crate) const STOP_SIGNAL: &str = "appc.io/docker/stopsignal";
