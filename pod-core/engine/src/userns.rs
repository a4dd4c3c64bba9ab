//! An ordinary user's way: this process becomes root of a user namespace of its own, and all that the engine does happens there.
//!
//! [`enter`] is called at the start of `main`. It maps the user to 0, and beside it the ranges that `/etc/subuid` and `/etc/subgid` give the
//! user, by newuidmap(1) and newgidmap(1); without ranges there is that one identifier only, and files of all others become its own. Then
//! this process has a mount namespace of its own as well: what it mounts is seen by the pod and by nobody else, and goes with them.

mod enter;
mod map;
mod ranges;

pub use enter::{EnterError, Entered, enter};
pub use map::{Identifiers, identifiers};
pub(crate) use map::{Maps, is_initial};
