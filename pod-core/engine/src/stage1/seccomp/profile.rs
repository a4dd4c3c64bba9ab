//! Profiles in the OCI form: `linux.seccomp` of the runtime specification (config-linux.md, "Seccomp").

use std::fmt;

use rustix::io::Errno;
use serde::Deserialize;

use super::{Action, Condition, Op, Rules, errno};

/// The architectures of this program's own instructions, and those that run beside it on the same machine.
#[cfg(target_arch = "x86_64")]
const NATIVE: &str = "SCMP_ARCH_X86_64";
#[cfg(target_arch = "aarch64")]
const NATIVE: &str = "SCMP_ARCH_AARCH64";

/// What a file says.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) rules: Rules,
    pub(super) flags: libc::c_ulong,
    pub(super) warnings: Vec<String>,
}

/// Why a profile is not taken.
#[derive(Debug)]
pub(super) enum ProfileError {
    /// Not this JSON: also a member that this version does not know.
    Json(serde_json::Error),
    /// Something that cannot be done here, by its name.
    Unsupported(String),
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "{error}"),
            Self::Unsupported(what) => f.write_str(what),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    default_action: String,
    default_errno_ret: Option<u32>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    syscalls: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    names: Vec<String>,
    action: String,
    errno_ret: Option<u32>,
    #[serde(default)]
    args: Vec<Argument>,
    #[serde(default, rename = "comment")]
    _comment: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Argument {
    index: u8,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

pub(super) fn parse(text: &[u8]) -> Result<Profile, ProfileError> {
    let document: Document = serde_json::from_slice(text).map_err(ProfileError::Json)?;
    let warnings = architectures(&document.architectures)?;
    let default = action(&document.default_action, document.default_errno_ret, "defaultAction")?;
    // As runc does (`libcontainer/seccomp/patchbpf`): to a profile that forbids, newer system calls do not exist.
    let unknown = match default {
        Action::Allow | Action::Log | Action::Trace(_) => default,
        Action::Errno(_) | Action::KillThread | Action::KillProcess | Action::Trap => {
            Action::Errno(errno(Errno::NOSYS))
        }
    };
    let mut rules = Rules::new(default, unknown);
    for (index, entry) in document.syscalls.iter().enumerate() {
        let at = format!("syscalls[{index}]");
        let action = action(&entry.action, entry.errno_ret, &format!("{at}.action"))?;
        for conditions in alternatives(&entry.args, &at)? {
            for name in &entry.names {
                rules.add(name, conditions.clone(), action);
            }
        }
    }
    Ok(Profile { rules, flags: flags(&document.flags)?, warnings })
}

fn architectures(named: &[String]) -> Result<Vec<String>, ProfileError> {
    if !named.is_empty() && !named.iter().any(|name| name == NATIVE) {
        return Err(ProfileError::Unsupported(format!(
            "architectures: `{NATIVE}`, this machine's, is not among them"
        )));
    }
    let others: Vec<&str> = named.iter().map(String::as_str).filter(|name| *name != NATIVE).collect();
    if others.is_empty() {
        return Ok(vec![]);
    }
    Ok(vec![format!(
        "architectures: programs of {} are killed, only `{NATIVE}` is filtered here",
        others.join(", ")
    )])
}

fn flags(named: &[String]) -> Result<libc::c_ulong, ProfileError> {
    named.iter().try_fold(0, |flags, name| {
        Ok(flags
            | match name.as_str() {
                // It synchronises threads, of which there is one.
                "SECCOMP_FILTER_FLAG_TSYNC" => 0,
                "SECCOMP_FILTER_FLAG_LOG" => libc::SECCOMP_FILTER_FLAG_LOG,
                "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                other => return Err(ProfileError::Unsupported(format!("flags: `{other}` is not supported"))),
            })
    })
}

fn action(name: &str, errno_ret: Option<u32>, at: &str) -> Result<Action, ProfileError> {
    let number = || {
        // MAX_ERRNO (linux/err.h) is what the kernel caps it at.
        u16::try_from(errno_ret.unwrap_or(libc::EPERM as u32))
            .ok()
            .filter(|number| *number <= 4095)
            .ok_or_else(|| ProfileError::Unsupported(format!("{at}: the errno is over 4095")))
    };
    Ok(match name {
        "SCMP_ACT_ALLOW" => Action::Allow,
        "SCMP_ACT_ERRNO" => Action::Errno(number()?),
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => Action::KillThread,
        "SCMP_ACT_KILL_PROCESS" => Action::KillProcess,
        "SCMP_ACT_TRAP" => Action::Trap,
        "SCMP_ACT_LOG" => Action::Log,
        "SCMP_ACT_TRACE" => Action::Trace(number()?),
        other => return Err(ProfileError::Unsupported(format!("{at}: `{other}` is not supported"))),
    })
}

/// All conditions of an entry must hold, unless two are about the same argument: then any of them (as runc does, because
/// libseccomp cannot say the other).
fn alternatives(arguments: &[Argument], at: &str) -> Result<Vec<Vec<Condition>>, ProfileError> {
    let conditions = arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| condition(argument, &format!("{at}.args[{index}]")))
        .collect::<Result<Vec<_>, _>>()?;
    let repeated = conditions.iter().enumerate().any(|(index, condition)| {
        conditions.iter().take(index).any(|earlier| earlier.argument == condition.argument)
    });
    Ok(if repeated { conditions.into_iter().map(|one| vec![one]).collect() } else { vec![conditions] })
}

fn condition(argument: &Argument, at: &str) -> Result<Condition, ProfileError> {
    if argument.index > 5 {
        return Err(ProfileError::Unsupported(format!("{at}.index: a system call has arguments 0 to 5")));
    }
    let (op, value) = match argument.op.as_str() {
        "SCMP_CMP_EQ" => (Op::Equal, argument.value),
        "SCMP_CMP_NE" => (Op::NotEqual, argument.value),
        "SCMP_CMP_LT" => (Op::Less, argument.value),
        "SCMP_CMP_LE" => (Op::LessOrEqual, argument.value),
        "SCMP_CMP_GT" => (Op::Greater, argument.value),
        "SCMP_CMP_GE" => (Op::GreaterOrEqual, argument.value),
        "SCMP_CMP_MASKED_EQ" => (Op::MaskedEqual(argument.value), argument.value_two),
        other => return Err(ProfileError::Unsupported(format!("{at}.op: `{other}` is not supported"))),
    };
    Ok(Condition { argument: argument.index, op, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Profile, String> {
        parse(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn translates() {
        let profile = parsed(&format!(
            r#"{{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13, "architectures": ["{NATIVE}", "SCMP_ARCH_X32"],
                "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"],
                "syscalls": [
                  {{"names": ["read", "no_such_call"], "action": "SCMP_ACT_ALLOW"}},
                  {{"names": ["write"], "action": "SCMP_ACT_TRACE", "errnoRet": 5, "args": [
                     {{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}},
                     {{"index": 2, "value": 240, "valueTwo": 16, "op": "SCMP_CMP_MASKED_EQ"}}]}},
                  {{"names": ["close"], "action": "SCMP_ACT_LOG", "comment": "x", "args": [
                     {{"index": 0, "value": 1, "op": "SCMP_CMP_LT"}}, {{"index": 0, "value": 9, "op": "SCMP_CMP_GT"}}]}}
                ]}}"#
        ))
        .unwrap();
        let of = |name: &str| {
            profile.rules.by_number[usize::from(super::super::syscalls::number(name).unwrap())].clone()
        };
        let condition = |argument, op, value| Condition { argument, op, value };
        let rule = |conditions, action| super::super::Rule { conditions, action };
        assert_eq!(of("read"), [rule(vec![], Action::Allow)]);
        let both = vec![condition(0, Op::Equal, 1), condition(2, Op::MaskedEqual(240), 16)];
        assert_eq!(of("write"), [rule(both, Action::Trace(5))]);
        let (less, greater) = (condition(0, Op::Less, 1), condition(0, Op::Greater, 9));
        assert_eq!(of("close"), [rule(vec![less], Action::Log), rule(vec![greater], Action::Log)]);
        assert_eq!((profile.rules.default, profile.rules.unknown), (Action::Errno(13), Action::Errno(38)));
        assert_eq!(profile.flags, libc::SECCOMP_FILTER_FLAG_LOG);
        let warning =
            format!("architectures: programs of SCMP_ARCH_X32 are killed, only `{NATIVE}` is filtered here");
        assert_eq!(profile.warnings, [warning]);
    }

    #[test]
    fn refuses_by_name() {
        let entry = |entry: &str| format!(r#"{{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{entry}]}}"#);
        let cases = [
            ("{".to_owned(), "EOF while parsing an object at line 1 column 1"),
            ("{}".to_owned(), "missing field `defaultAction` at line 1 column 2"),
            (r#"{"defaultAction": "ALLOW"}"#.to_owned(), "defaultAction: `ALLOW` is not supported"),
            (
                r#"{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]}"#
                    .to_owned(),
                "flags: `SECCOMP_FILTER_FLAG_NEW_LISTENER` is not supported",
            ),
            (
                r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096}"#.to_owned(),
                "defaultAction: the errno is over 4095",
            ),
            (
                entry(r#"{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}"#),
                "syscalls[0].action: `SCMP_ACT_NOTIFY` is not supported",
            ),
            (
                entry(
                    r#"{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}"#,
                ),
                "syscalls[0].args[0].index: a system call has arguments 0 to 5",
            ),
            (
                entry(
                    r#"{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 0, "op": "EQ"}]}"#,
                ),
                "syscalls[0].args[0].op: `EQ` is not supported",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(parsed(&text).unwrap_err(), message);
        }
        // Docker's own form is another one: its `archMap` and `includes` are decided by who writes the profile.
        let docker = parsed(r#"{"defaultAction": "SCMP_ACT_ERRNO", "archMap": []}"#).unwrap_err();
        assert!(docker.starts_with("unknown field `archMap`"), "{docker}");
        let other = parsed(r#"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_S390X"]}"#)
            .unwrap_err();
        assert_eq!(other, format!("architectures: `{NATIVE}`, this machine's, is not among them"));
    }
}
