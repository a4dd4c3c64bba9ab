//! Gives up what an app must not have: users, groups, capabilities, system calls.

use pod_core::pod::Capability;
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::identity::Identity;
use super::report::{Doing, Failure, Reporter};
use crate::plan::Confinement;
use crate::userns::{self, Maps};

/// Becomes the user and keeps only the capabilities that the confinement names: for user 0 permitted and effective, for
/// others only in the bounding set; inheritable and ambient none (Docker since CVE-2022-24769).
pub(crate) fn become_user(
    identity: &Identity,
    confinement: &Confinement,
    reporter: &Reporter,
) -> Result<(), Failure> {
    let all = rustix::thread::capabilities(None).doing(|| "reading capabilities".to_owned())?.permitted;
    let wanted = set(&confinement.capabilities);
    let missing = wanted - all;
    // "All" means all that there are.
    if !missing.is_empty() && !confinement.privileged {
        reporter.warn(format!("not available on this machine, and not given to the app: {}", names(missing)));
    }
    let kept = wanted & all;
    bound(kept).doing(|| "limiting capabilities".to_owned())?;

    let gid = Gid::from_raw(identity.gid);
    rustix::thread::set_thread_res_gid(gid, gid, gid)
        .map_err(|errno| refused("group", identity.gid, errno))?;
    take_groups(&identity.groups, reporter)?;
    let uid = Uid::from_raw(identity.uid);
    rustix::thread::set_thread_res_uid(uid, uid, uid)
        .map_err(|errno| refused("user", identity.uid, errno))?;

    let own = if identity.uid == 0 { kept } else { CapabilitySet::empty() };
    let sets = CapabilitySets { effective: own, permitted: own, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets).doing(|| "giving up capabilities".to_owned())?;
    // Becoming another user makes a process as visible as the machine's fs.suid_dumpable says (proc_sys_fs(5)).
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .doing(|| "hiding stage1 from the pod".to_owned())
}

/// The kernel's word for an identifier that a user namespace does not have.
fn refused(what: &str, id: u32, errno: Errno) -> Failure {
    match errno {
        Errno::INVAL => Failure::config(format!("{what} {id} does not exist in the pod's user namespace")),
        errno => Failure::create(format!("becoming {what} {id}"), errno),
    }
}

/// Takes the groups. Those that the pod itself names were checked before it was made, so what a user namespace lacks is only what an image
/// says of its user, and missing that is a warning.
fn take_groups(groups: &[u32], reporter: &Reporter) -> Result<(), Failure> {
    let set = |groups: &[u32]| {
        let groups: Vec<Gid> = groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
        rustix::thread::set_thread_groups(&groups)
    };
    let action = || format!("taking the groups {groups:?}");
    match set(groups) {
        Err(errno @ (Errno::INVAL | Errno::PERM)) => {
            let maps = Maps::own().map_err(|_| Failure::create(action(), errno))?;
            let (there, missing): (Vec<u32>, Vec<u32>) = groups.iter().partition(|gid| maps.has_group(**gid));
            if !missing.is_empty() {
                reporter.warn(format!(
                    "groups that do not exist in the pod's user namespace are not given to the app: {}",
                    missing.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
                ));
            }
            match set(&there) {
                // With one identifier only the kernel lets nobody change groups, nor give up those that the user has besides.
                Err(Errno::PERM) if !userns::is_initial() => {
                    let others = rustix::process::getgroups().doing(action)?;
                    if others.iter().any(|gid| *gid != rustix::process::getegid()) {
                        reporter.warn(
                            "the app keeps the groups that you have besides your own: only with ranges in `/etc/subgid` can they be given up",
                        );
                    }
                    Ok(())
                }
                taken => taken.doing(action),
            }
        }
        taken => taken.doing(action),
    }
}

/// Takes all other capabilities, those of a newer kernel included, from the bounding set, and the ambient set away.
fn bound(kept: CapabilitySet) -> Result<(), Errno> {
    for number in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << number);
        if kept.contains(one) {
            continue;
        }
        match rustix::thread::capability_is_in_bounding_set(one) {
            Ok(true) => rustix::thread::remove_capability_from_bounding_set(one)?,
            Ok(false) => {}
            // Beyond the last one that this kernel has.
            Err(_) => break,
        }
    }
    rustix::thread::clear_ambient_capability_set()
}

fn set(capabilities: &[Capability]) -> CapabilitySet {
    capabilities
        .iter()
        .fold(CapabilitySet::empty(), |set, one| set | CapabilitySet::from_bits_retain(1 << one.number()))
}

fn names(missing: CapabilitySet) -> String {
    let named: Vec<&str> = Capability::ALL
        .iter()
        .filter(|one| missing.contains(CapabilitySet::from_bits_retain(1 << one.number())))
        .map(|one| one.as_str())
        .collect();
    named.join(", ")
}
