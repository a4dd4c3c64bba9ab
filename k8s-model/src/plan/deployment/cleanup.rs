//! Old replica sets that are no longer kept.

use super::super::action;
use super::{Sync, revision};

impl Sync<'_> {
    /// Deletes the oldest revisions beyond `revisionHistoryLimit`, as far as they have no pods.
    pub(super) fn clean_up(&mut self) {
        let Some(limit) = self.deployment.spec.revision_history_limit.filter(|limit| *limit != i32::MAX)
        else {
            return;
        };
        let mut old: Vec<usize> = self
            .sets
            .iter()
            .enumerate()
            .filter(|(index, set)| {
                Some(*index) != self.new && set.object.metadata.deletion_timestamp.is_none()
            })
            .map(|(index, _)| index)
            .collect();
        let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        // The sets are in the order of their age, which decides between equal revisions.
        old.sort_by_key(|index| self.sets.get(*index).map(|set| revision(&set.object.metadata)));
        for index in old.into_iter().take(surplus) {
            let Some(set) = self.sets.get_mut(index) else { continue };
            let (metadata, status) = (&set.object.metadata, &set.object.status);
            if status.replicas != 0 || set.is_active() || metadata.generation > status.observed_generation {
                continue;
            }
            set.deleted = true;
            let object = action::reference("apps/v1", "ReplicaSet", metadata);
            self.actions.push(action::delete(object, None));
        }
    }
}
