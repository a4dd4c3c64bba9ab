//! Sets of system calls as profiles in the OCI form (runtime specification, config-linux.md, "Seccomp").

use std::path::{Path, PathBuf};

use pod_core::pod::SeccompProfile;

use super::LowerError;
use crate::json::Writer;
use crate::{AcName, SeccompSet, Strength};

/// A seccomp profile that a pod needs as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeccompFile {
    /// Its absolute path: [`PodSettings::seccomp_directory`](super::PodSettings::seccomp_directory) and the app's name.
    pub path: PathBuf,
    /// Its content, JSON.
    pub json: String,
}

/// What a program needs to come up and go away under a filter that allows only a few calls ("the minimum set of syscalls
/// required for app life-cycle").
const LIFE_CYCLE: [&str; 5] = ["execve", "execveat", "exit", "exit_group", "rt_sigreturn"];

/// The profile of a retain or remove set, and its file where it needs one.
///
/// `@appc.io/all` in a retain set asks for no filter at all, `@appc.io/empty` in a remove set for the executor's own one.
pub(super) fn profile(
    set: &SeccompSet,
    retain: bool,
    app: &AcName,
    directory: &Path,
) -> Result<(SeccompProfile, Option<SeccompFile>), LowerError> {
    let wildcard = if retain { "@appc.io/all" } else { "@appc.io/empty" };
    if set.set.iter().any(|name| name == wildcard) {
        let profile = if retain { SeccompProfile::Unconfined } else { SeccompProfile::RuntimeDefault };
        return Ok((profile, None));
    }
    if let Some((index, name)) = set.set.iter().enumerate().find(|(_, name)| name.starts_with('@')) {
        let message = format!("the set `{}` is not known", name.escape_debug());
        return Err(LowerError::new(format!("value.set[{index}]"), message));
    }
    let errno = if set.errno.is_empty() {
        None
    } else {
        let known = ERRORS.iter().find(|(name, _)| *name == set.errno);
        let unknown = || LowerError::new("value.errno", format!("Linux has no error `{}`", set.errno));
        Some(known.ok_or_else(unknown)?.1)
    };
    let path = directory.join(format!("{app}.json"));
    let file = SeccompFile { path: path.clone(), json: json(set, retain, errno) };
    Ok((SeccompProfile::Localhost(path), Some(file)))
}

fn json(set: &SeccompSet, retain: bool, errno: Option<u16>) -> String {
    let blocked = if errno.is_some() { "SCMP_ACT_ERRNO" } else { "SCMP_ACT_KILL_PROCESS" };
    let names: Vec<String> = if retain {
        set.set.iter().cloned().chain(LIFE_CYCLE.map(ToOwned::to_owned)).collect()
    } else {
        set.set.clone()
    };
    let (default, listed) = if retain { (blocked, "SCMP_ACT_ALLOW") } else { ("SCMP_ACT_ALLOW", blocked) };
    let mut out = Writer::new(Strength::Strict);
    out.object(|object| {
        object.text("defaultAction", default);
        if let Some(errno) = errno.filter(|_| retain) {
            object.member("defaultErrnoRet", &u64::from(errno));
        }
        object.with("syscalls", |out| {
            out.raw("[");
            out.object(|object| {
                object.member("names", &names);
                object.text("action", listed);
                if let Some(errno) = errno.filter(|_| !retain) {
                    object.member("errnoRet", &u64::from(errno));
                }
            });
            out.raw("]");
        });
    });
    out.finish()
}

/// Linux's errors by name (asm-generic/errno-base.h, errno.h, with their second names).
#[rustfmt::skip]
const ERRORS: &[(&str, u16)] = &[
    ("E2BIG", 7), ("EACCES", 13), ("EADDRINUSE", 98), ("EADDRNOTAVAIL", 99), ("EADV", 68), ("EAFNOSUPPORT", 97),
    ("EAGAIN", 11), ("EALREADY", 114), ("EBADE", 52), ("EBADF", 9), ("EBADFD", 77), ("EBADMSG", 74), ("EBADR", 53),
    ("EBADRQC", 56), ("EBADSLT", 57), ("EBFONT", 59), ("EBUSY", 16), ("ECANCELED", 125), ("ECHILD", 10),
    ("ECHRNG", 44), ("ECOMM", 70), ("ECONNABORTED", 103), ("ECONNREFUSED", 111), ("ECONNRESET", 104),
    ("EDEADLK", 35), ("EDEADLOCK", 35), ("EDESTADDRREQ", 89), ("EDOM", 33), ("EDOTDOT", 73), ("EDQUOT", 122),
    ("EEXIST", 17), ("EFAULT", 14), ("EFBIG", 27), ("EHOSTDOWN", 112), ("EHOSTUNREACH", 113), ("EHWPOISON", 133), ("EIDRM", 43),
    ("EILSEQ", 84), ("EINPROGRESS", 115), ("EINTR", 4), ("EINVAL", 22), ("EIO", 5), ("EISCONN", 106),
    ("EISDIR", 21), ("EISNAM", 120), ("EKEYEXPIRED", 127), ("EKEYREJECTED", 129), ("EKEYREVOKED", 128),
    ("EL2HLT", 51), ("EL2NSYNC", 45), ("EL3HLT", 46), ("EL3RST", 47), ("ELIBACC", 79), ("ELIBBAD", 80),
    ("ELIBEXEC", 83), ("ELIBMAX", 82), ("ELIBSCN", 81), ("ELNRNG", 48), ("ELOOP", 40), ("EMEDIUMTYPE", 124),
    ("EMFILE", 24), ("EMLINK", 31), ("EMSGSIZE", 90), ("EMULTIHOP", 72), ("ENAMETOOLONG", 36), ("ENAVAIL", 119),
    ("ENETDOWN", 100), ("ENETRESET", 102), ("ENETUNREACH", 101), ("ENFILE", 23), ("ENOANO", 55), ("ENOBUFS", 105),
    ("ENOCSI", 50), ("ENODATA", 61), ("ENODEV", 19), ("ENOENT", 2), ("ENOEXEC", 8), ("ENOKEY", 126), ("ENOLCK", 37),
    ("ENOLINK", 67), ("ENOMEDIUM", 123), ("ENOMEM", 12), ("ENOMSG", 42), ("ENONET", 64), ("ENOPKG", 65),
    ("ENOPROTOOPT", 92), ("ENOSPC", 28), ("ENOSR", 63), ("ENOSTR", 60), ("ENOSYS", 38), ("ENOTBLK", 15),
    ("ENOTCONN", 107), ("ENOTDIR", 20), ("ENOTEMPTY", 39), ("ENOTNAM", 118), ("ENOTRECOVERABLE", 131),
    ("ENOTSOCK", 88), ("ENOTSUP", 95), ("ENOTTY", 25), ("ENOTUNIQ", 76), ("ENXIO", 6), ("EOPNOTSUPP", 95),
    ("EOVERFLOW", 75), ("EOWNERDEAD", 130), ("EPERM", 1), ("EPFNOSUPPORT", 96), ("EPIPE", 32), ("EPROTO", 71),
    ("EPROTONOSUPPORT", 93), ("EPROTOTYPE", 91), ("ERANGE", 34), ("EREMCHG", 78), ("EREMOTE", 66),
    ("EREMOTEIO", 121), ("ERESTART", 85), ("ERFKILL", 132), ("EROFS", 30), ("ESHUTDOWN", 108),
    ("ESOCKTNOSUPPORT", 94), ("ESPIPE", 29), ("ESRCH", 3), ("ESRMNT", 69), ("ESTALE", 116), ("ESTRPIPE", 86),
    ("ETIME", 62), ("ETIMEDOUT", 110), ("ETOOMANYREFS", 109), ("ETXTBSY", 26), ("EUCLEAN", 117), ("EUNATCH", 49),
    ("EUSERS", 87), ("EWOULDBLOCK", 11), ("EXDEV", 18), ("EXFULL", 54),
];
