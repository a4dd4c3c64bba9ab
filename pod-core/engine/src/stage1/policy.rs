//! Decisions as data, each with its source.

pub(crate) mod devices;
pub(crate) mod paths;
pub(crate) mod syscalls;
pub(crate) mod sysctls;
