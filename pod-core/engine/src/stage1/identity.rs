//! Who a process is: names looked up in the app's own `/etc/passwd` and `/etc/group`.

use std::io::Read;
use std::os::fd::AsFd;

use pod_core::pod::User;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::inside::Inside;
use super::report::{Doing, Failure};

/// The largest file that is read. Docker reads without a limit; a directory of 20,000 users has about 1 MiB.
const MAX_FILE: u64 = 16 << 20;
/// The largest identifier (Docker, Kubernetes `validation.IsValidUserID`). Above it, -1 would mean "do not change".
const MAX_ID: u32 = i32::MAX as u32;

/// A user with all that the kernel wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
    /// The home directory; `/` for a user without an entry.
    pub(crate) home: String,
}

/// Resolves a user in the root file system that this process is in.
pub(crate) fn resolve(user: &User) -> Result<Identity, Failure> {
    let root = rustix::fs::openat(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        .doing(|| "opening the app's root".to_owned())?;
    let read =
        |path: &str| read(Inside::new(root.as_fd()), path).doing(|| format!("reading the app's `{path}`"));
    resolve_in(user, &read("/etc/passwd")?, &read("/etc/group")?)
}

/// A small file, empty when there is none. Only a regular file is read: anything else could block or never end.
fn read(root: Inside<'_>, path: &str) -> Result<String, Errno> {
    let file = match root.open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(String::new()),
        file => file?,
    };
    if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL);
    }
    let mut bytes = Vec::new();
    std::fs::File::from(file)
        .take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Errno::FBIG);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// An entry of passwd(5).
struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

/// An entry of group(5).
struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

/// The entries that are well-formed, in order; other lines are skipped.
fn accounts(passwd: &str) -> impl Iterator<Item = Account<'_>> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _password) = (fields.next().filter(|name| !name.is_empty())?, fields.next()?);
        let (uid, gid) = (number(fields.next()?)?, number(fields.next()?)?);
        let home = fields.nth(1).filter(|home| !home.is_empty()).unwrap_or("/");
        Some(Account { name, uid, gid, home })
    })
}

fn groups(group: &str) -> impl Iterator<Item = Group<'_>> {
    group.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _password) = (fields.next().filter(|name| !name.is_empty())?, fields.next()?);
        let gid = number(fields.next()?)?;
        Some(Group { name, gid, members: fields.next().unwrap_or_default() })
    })
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|id| *id <= MAX_ID)
}

/// The rule of the appc specification (spec/aci.md, "user" and "group"): names first, then numbers.
pub(crate) fn resolve_in(user: &User, passwd: &str, group: &str) -> Result<Identity, Failure> {
    let by_name = accounts(passwd).find(|account| account.name == user.user);
    let (uid, account) = match (by_name, number(&user.user)) {
        (Some(account), _) => (account.uid, Some(account)),
        (None, Some(uid)) => (uid, accounts(passwd).find(|account| account.uid == uid)),
        (None, None) => {
            let text = format!("the user `{}` is not in the app's `/etc/passwd`, and no number", user.user);
            return Err(Failure::config(text));
        }
    };
    let gid = match &user.group {
        None => account.as_ref().map_or(0, |account| account.gid),
        Some(name) => groups(group)
            .find(|group| group.name == name)
            .map(|group| group.gid)
            .or_else(|| number(name))
            .ok_or_else(|| {
                Failure::config(format!("the group `{name}` is not in the app's `/etc/group`, and no number"))
            })?,
    };
    if user.non_root && uid == 0 {
        // The kubelet's words (`pkg/kubelet/kuberuntime/security_context.go`).
        return Err(Failure::config("container has runAsNonRoot and image will run as root"));
    }
    let mut ids = user.supplementary_groups.clone();
    if let Some(account) = &account {
        let member = |group: &Group<'_>| group.members.split(',').any(|name| name == account.name);
        ids.extend(groups(group).filter(member).map(|group| group.gid));
    }
    ids.push(gid);
    ids.sort_unstable();
    ids.dedup();
    let home = account.map_or("/", |account| account.home).to_owned();
    Ok(Identity { uid, gid, groups: ids, home })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken line\nnobody:x\nweb:x:33:34:Web:/srv/www:/bin/sh\n\
        4711:x:5:6::/named-like-a-number:/bin/sh\nminus:x:-1:-1::/:\nhuge:x:4294967295:0::/:\nnohome:x:40:40:::\n";
    const GROUP: &str =
        "root:x:0:\nweb:x:34:\n:x:1:web\nlogs:x:50:other,web\nbad:x:five:web\n60:x:61:\nlast:x:70:web";

    fn user(user: &str, group: Option<&str>) -> User {
        User {
            user: user.into(),
            group: group.map(Into::into),
            supplementary_groups: vec![2000, 50],
            non_root: false,
        }
    }

    #[test]
    fn names_first_then_numbers() {
        // (user, group) -> (uid, gid, groups, home)
        type Case = (&'static str, Option<&'static str>, u32, u32, &'static [u32], &'static str);
        let cases: &[Case] = &[
            ("root", None, 0, 0, &[0, 50, 2000], "/root"),
            ("0", None, 0, 0, &[0, 50, 2000], "/root"),
            ("web", None, 33, 34, &[34, 50, 70, 2000], "/srv/www"),
            ("33", None, 33, 34, &[34, 50, 70, 2000], "/srv/www"),
            ("33", Some("logs"), 33, 50, &[50, 70, 2000], "/srv/www"),
            ("4711", None, 5, 6, &[6, 50, 2000], "/named-like-a-number"),
            ("web", Some("60"), 33, 61, &[50, 61, 70, 2000], "/srv/www"),
            ("web", Some("62"), 33, 62, &[50, 62, 70, 2000], "/srv/www"),
            ("1000", None, 1000, 0, &[0, 50, 2000], "/"),
            ("1000", Some("1000"), 1000, 1000, &[50, 1000, 2000], "/"),
            ("nohome", None, 40, 40, &[40, 50, 2000], "/"),
        ];
        for (name, group, uid, gid, groups, home) in cases {
            let found = resolve_in(&user(name, *group), PASSWD, GROUP).unwrap();
            let wanted = Identity { uid: *uid, gid: *gid, groups: groups.to_vec(), home: (*home).into() };
            assert_eq!(found, wanted, "{name} {group:?}");
        }
    }

    #[test]
    fn refusals() {
        let no_user =
            |name: &str| format!("the user `{name}` is not in the app's `/etc/passwd`, and no number");
        for name in [
            "ghost",
            "",
            "nobody",
            "minus",
            "huge",
            "-1",
            "+1",
            "4294967295",
            "4294967296",
            "2147483648",
            "1 ",
        ] {
            let failure = resolve_in(&user(name, None), PASSWD, GROUP).unwrap_err();
            assert_eq!(failure.to_string(), no_user(name));
        }
        let failure = resolve_in(&user("web", Some("bad")), PASSWD, GROUP).unwrap_err();
        assert_eq!(failure.to_string(), "the group `bad` is not in the app's `/etc/group`, and no number");
        for name in ["0", "root"] {
            let failure =
                resolve_in(&User { non_root: true, ..user(name, None) }, PASSWD, GROUP).unwrap_err();
            assert_eq!(failure.to_string(), "container has runAsNonRoot and image will run as root");
        }
        assert!(resolve_in(&User { non_root: true, ..user("web", None) }, PASSWD, GROUP).is_ok());
    }
}
