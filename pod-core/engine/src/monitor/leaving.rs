//! Apps and hooks whose process has ended, and whose control group is being emptied. Only the kernel can hold that up; the monitor's loop goes on
//! meanwhile.

use pod_core::Timestamp;
use pod_core::lifecycle::Event;
use pod_core::pod::AppName;

use super::Monitor;
use crate::cgroup::{AppGroup, Removal};

/// A group on its way out.
#[derive(Debug)]
pub(super) struct Leaving {
    app: AppName,
    /// What the machine is told when the group is gone: until then nothing may take its place.
    event: Option<Event>,
    removal: Removal,
    /// When to go on.
    pub(super) next: Timestamp,
}

impl Monitor<'_, '_> {
    /// Removes a group with everything in it, and tells the machine then.
    pub(super) fn leave(&mut self, app: AppName, group: &AppGroup, event: Option<Event>) {
        let leaving = Leaving { app, event, removal: group.remove(), next: self.clock.now() };
        self.go_on(leaving);
    }

    /// Goes on with what is due.
    pub(super) fn take_leaving(&mut self) {
        let now = self.clock.now();
        for leaving in std::mem::take(&mut self.leaving) {
            if leaving.next <= now {
                self.go_on(leaving);
            } else {
                self.leaving.push(leaving);
            }
        }
    }

    fn go_on(&mut self, mut leaving: Leaving) {
        match leaving.removal.step() {
            Ok(Some(pause)) => {
                leaving.next = self.clock.now() + pause;
                self.leaving.push(leaving);
                return;
            }
            Ok(None) => {}
            // Whoever collects the pod tries again.
            Err(error) => self.warn(Some(&leaving.app), error.chain()),
        }
        if let Some(event) = leaving.event {
            self.tell(event);
        }
    }

    /// Whether an app's process has ended, and the machine does not know yet.
    pub(super) fn is_leaving(&self, app: &AppName) -> bool {
        self.leaving.iter().any(|leaving| leaving.event.is_some() && leaving.app == *app)
    }
}
