//! The life of a pod, decided without IO: what happened goes in with the time, what to do comes out.
//!
//! An engine tells the machine [`Pod`] its [`Event`]s, carries out its [`Action`]s and wakes it at its deadline; what a user sees of
//! it is a [`PodStatus`] and a stream of [`Notice`]s. The rules are the kubelet's.

mod action;
mod app;
mod condition;
mod event;
mod hook;
mod notice;
mod order;
mod outbox;
mod phase;
mod pod;
mod probe;
mod record;
mod sandbox;
mod status;
mod stop;

pub use action::{Action, Signal};
pub use event::{Event, ExitStatus, Hook, ImageFailure, Outcome, ProbeKind, Pull, StartFailure};
pub use notice::{Notice, Severity};
pub use pod::Pod;
pub use status::{AppState, AppStatus, Condition, ConditionKind, ConditionStatus, PodPhase, PodStatus};
