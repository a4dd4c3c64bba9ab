//! Rules become a program of the kernel's packet filter language (Documentation/userspace-api/seccomp_filter.rst).
//!
//! The program decides by a binary search over ranges of numbers with the same fate, about seven comparisons a call. The
//! `seccompiler` crate makes a chain with a comparison for each system call, knows two actions a filter where three are wanted
//! here, and sets no_new_privs whenever it installs one.

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W,
    sock_filter,
};

use super::{Action, Condition, Op, Rule, Rules};

/// `BPF_MAXINSNS` (linux/bpf_common.h).
const MAX: usize = 4096;

/// Offsets in `struct seccomp_data` (linux/seccomp.h).
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// `AUDIT_ARCH_…` (linux/audit.h).
#[cfg(target_arch = "x86_64")]
const NATIVE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const NATIVE: u32 = 0xc000_00b7;

/// The program; `None` when it is longer than the kernel takes.
pub(super) fn program(rules: &Rules) -> Option<Vec<sock_filter>> {
    let mut program = vec![
        load(ARCHITECTURE),
        jump(BPF_JEQ, NATIVE, 1, 0),
        // Another architecture has other numbers: libseccomp's default for those that a profile does not name.
        give(Action::KillProcess),
        load(NUMBER),
    ];
    program.extend(search(&ranges(rules), rules.default));
    (program.len() <= MAX).then_some(program)
}

/// Numbers from `first` on that have the same rules.
struct Range<'a> {
    first: u32,
    fate: Fate<'a>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate<'a> {
    Always(Action),
    Rules(&'a [Rule]),
}

fn ranges(rules: &Rules) -> Vec<Range<'_>> {
    let mut ranges: Vec<Range<'_>> = Vec::new();
    let known = rules.by_number.iter().map(|rules_of_one| match rules_of_one.as_slice() {
        [] => Fate::Always(rules.default),
        [rule, ..] if rule.conditions.is_empty() => Fate::Always(rule.action),
        rules_of_one => Fate::Rules(rules_of_one),
    });
    // What is above all known numbers includes those of x32, which has the architecture of x86_64, and -1.
    for (first, fate) in (0u32..).zip(known.chain([Fate::Always(rules.unknown)])) {
        if ranges.last().is_none_or(|range| range.fate != fate) {
            ranges.push(Range { first, fate });
        }
    }
    ranges
}

/// A tree whose leaves return.
fn search(ranges: &[Range<'_>], default: Action) -> Vec<sock_filter> {
    let (below, from) = ranges.split_at(ranges.len() / 2);
    let Some(middle) = from.first() else { return vec![give(default)] };
    if below.is_empty() {
        return leaf(middle.fate, default);
    }
    let below = search(below, default);
    let mut program = match u8::try_from(below.len()) {
        Ok(length) => vec![jump(BPF_JGE, middle.first, length, 0)],
        // A conditional jump reaches 255 instructions, an unconditional one all.
        Err(_) => vec![jump(BPF_JGE, middle.first, 0, 1), statement(BPF_JMP | BPF_JA, below.len() as u32)],
    };
    program.extend(below);
    program.extend(search(from, default));
    program
}

fn leaf(fate: Fate<'_>, default: Action) -> Vec<sock_filter> {
    match fate {
        Fate::Always(action) => vec![give(action)],
        Fate::Rules(rules) => {
            let mut program: Vec<sock_filter> = rules.iter().flat_map(alternative).collect();
            program.push(give(default));
            program
        }
    }
}

/// A rule: gives its action when all conditions hold, else goes on behind itself.
fn alternative(rule: &Rule) -> Vec<sock_filter> {
    let steps: Vec<Vec<Step>> = rule.conditions.iter().map(condition).collect();
    let total: usize = steps.iter().map(Vec::len).sum();
    let mut program = Vec::with_capacity(total + 1);
    for steps in steps {
        let held = program.len() + steps.len();
        for step in steps {
            let here = program.len() + 1;
            // Six arguments of at most six instructions each: within the reach of a jump.
            let offset = |to: To| match to {
                To::Next => 0,
                To::Held => held.saturating_sub(here) as u8,
                To::Failed => (total + 1).saturating_sub(here) as u8,
            };
            program.push(match step {
                Step::Plain(instruction) => instruction,
                Step::Jump(test, value, yes, no) => jump(test, value, offset(yes), offset(no)),
            });
        }
    }
    program.push(give(rule.action));
    program
}

enum Step {
    Plain(sock_filter),
    Jump(u32, u32, To, To),
}

#[derive(Clone, Copy)]
enum To {
    Next,
    Held,
    Failed,
}

/// A comparison of 64 bits by two of 32, the upper half first.
fn condition(condition: &Condition) -> Vec<Step> {
    use To::{Failed, Held, Next};
    let (high, low) = ((condition.value >> 32) as u32, condition.value as u32);
    // Both architectures keep the lower half first.
    let at = ARGUMENTS + 8 * u32::from(condition.argument);
    let (upper, lower) = (Step::Plain(load(at + 4)), Step::Plain(load(at)));
    match condition.op {
        Op::Equal => vec![
            upper,
            Step::Jump(BPF_JEQ, high, Next, Failed),
            lower,
            Step::Jump(BPF_JEQ, low, Held, Failed),
        ],
        Op::NotEqual => {
            vec![upper, Step::Jump(BPF_JEQ, high, Next, Held), lower, Step::Jump(BPF_JEQ, low, Failed, Held)]
        }
        Op::MaskedEqual(mask) => vec![
            upper,
            Step::Plain(statement(BPF_ALU | BPF_AND | BPF_K, (mask >> 32) as u32)),
            Step::Jump(BPF_JEQ, high, Next, Failed),
            lower,
            Step::Plain(statement(BPF_ALU | BPF_AND | BPF_K, mask as u32)),
            Step::Jump(BPF_JEQ, low, Held, Failed),
        ],
        Op::Greater | Op::GreaterOrEqual => vec![
            upper,
            Step::Jump(BPF_JGT, high, Held, Next),
            Step::Jump(BPF_JEQ, high, Next, Failed),
            lower,
            Step::Jump(if condition.op == Op::Greater { BPF_JGT } else { BPF_JGE }, low, Held, Failed),
        ],
        Op::Less | Op::LessOrEqual => vec![
            upper,
            Step::Jump(BPF_JGT, high, Failed, Next),
            Step::Jump(BPF_JEQ, high, Next, Held),
            lower,
            Step::Jump(if condition.op == Op::Less { BPF_JGE } else { BPF_JGT }, low, Failed, Held),
        ],
    }
}

fn load(offset: u32) -> sock_filter {
    statement(BPF_LD | BPF_W | BPF_ABS, offset)
}

fn give(action: Action) -> sock_filter {
    let value = match action {
        Action::Allow => libc::SECCOMP_RET_ALLOW,
        Action::Errno(errno) => libc::SECCOMP_RET_ERRNO | u32::from(errno),
        Action::KillThread => libc::SECCOMP_RET_KILL_THREAD,
        Action::KillProcess => libc::SECCOMP_RET_KILL_PROCESS,
        Action::Trap => libc::SECCOMP_RET_TRAP,
        Action::Log => libc::SECCOMP_RET_LOG,
        Action::Trace(message) => libc::SECCOMP_RET_TRACE | u32::from(message),
    };
    statement(BPF_RET | BPF_K, value)
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn jump(test: u32, k: u32, yes: u8, no: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | test | BPF_K) as u16, jt: yes, jf: no, k }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A system call as the kernel shows it to a filter.
    #[derive(Debug, Clone)]
    struct Call {
        architecture: u32,
        number: u32,
        arguments: [u64; 6],
    }

    /// Runs a program as the kernel would (net/core/filter.c), with its rules: only forward jumps within the program.
    fn interpret(program: &[sock_filter], call: &Call) -> u32 {
        let (mut accumulator, mut at) = (0u32, 0usize);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            let code = u32::from(code);
            at += 1;
            match code {
                code if code == BPF_LD | BPF_W | BPF_ABS => {
                    accumulator = match k {
                        NUMBER => call.number,
                        ARCHITECTURE => call.architecture,
                        offset => {
                            let argument = call.arguments[((offset - ARGUMENTS) / 8) as usize];
                            if (offset - ARGUMENTS).is_multiple_of(8) {
                                argument as u32
                            } else {
                                (argument >> 32) as u32
                            }
                        }
                    };
                }
                code if code == BPF_ALU | BPF_AND | BPF_K => accumulator &= k,
                code if code == BPF_RET | BPF_K => return k,
                code if code == BPF_JMP | BPF_JA => at += k as usize,
                code => {
                    assert_eq!(code & 0x07, BPF_JMP);
                    let holds = match code - BPF_JMP {
                        BPF_JEQ => accumulator == k,
                        BPF_JGT => accumulator > k,
                        BPF_JGE => accumulator >= k,
                        other => panic!("instruction {other:#x}"),
                    };
                    at += usize::from(if holds { jt } else { jf });
                }
            }
        }
    }

    /// What the rules say, read plainly.
    fn verdict(rules: &Rules, call: &Call) -> Action {
        if call.architecture != NATIVE {
            return Action::KillProcess;
        }
        let Some(rules_of_one) = rules.by_number.get(call.number as usize) else { return rules.unknown };
        let holds = |condition: &Condition| {
            let (argument, value) = (call.arguments[usize::from(condition.argument)], condition.value);
            match condition.op {
                Op::Equal => argument == value,
                Op::NotEqual => argument != value,
                Op::Less => argument < value,
                Op::LessOrEqual => argument <= value,
                Op::Greater => argument > value,
                Op::GreaterOrEqual => argument >= value,
                Op::MaskedEqual(mask) => argument & mask == value,
            }
        };
        rules_of_one
            .iter()
            .find(|rule| rule.conditions.iter().all(holds))
            .map_or(rules.default, |rule| rule.action)
    }

    fn returned(action: Action) -> u32 {
        give(action).k
    }

    /// Few different numbers, so that comparisons hold often.
    fn value() -> impl Strategy<Value = u64> {
        let half = prop::sample::select(vec![0u64, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]);
        (half.clone(), half).prop_map(|(high, low)| high << 32 | low)
    }

    fn action() -> impl Strategy<Value = Action> {
        prop::sample::select(vec![
            Action::Allow,
            Action::Errno(1),
            Action::Errno(38),
            Action::Trap,
            Action::Log,
            Action::Trace(7),
        ])
    }

    fn rule() -> impl Strategy<Value = Rule> {
        let op = prop_oneof![
            Just(Op::Equal),
            Just(Op::NotEqual),
            Just(Op::Less),
            Just(Op::LessOrEqual),
            Just(Op::Greater),
            Just(Op::GreaterOrEqual),
            value().prop_map(Op::MaskedEqual),
        ];
        let condition =
            (0u8..6, op, value()).prop_map(|(argument, op, value)| Condition { argument, op, value });
        (prop::collection::vec(condition, 0..6), action())
            .prop_map(|(conditions, action)| Rule { conditions, action })
    }

    proptest! {
        #[test]
        fn program_says_what_the_rules_say(
            by_number in prop::collection::vec(prop::collection::vec(rule(), 0..3), 0..40),
            default in action(),
            unknown in action(),
            calls in prop::collection::vec((0u32..50, prop::array::uniform6(value())), 50),
        ) {
            let rules = Rules { default, by_number, unknown };
            let program = program(&rules).unwrap();
            for (number, arguments) in calls {
                let call = Call { architecture: NATIVE, number, arguments };
                prop_assert_eq!(interpret(&program, &call), returned(verdict(&rules, &call)), "{:?}", call);
            }
        }
    }

    #[test]
    fn default_filter() {
        let call = |number: u32, arguments| Call { architecture: NATIVE, number, arguments };
        let named = |name: &str| u32::from(super::super::syscalls::number(name).unwrap());
        let plain = Rules::standard(pod_core::pod::Capability::DEFAULT);
        let admin = Rules::standard(&[pod_core::pod::Capability::SysAdmin]);
        let (plain_program, admin_program) = (program(&plain).unwrap(), program(&admin).unwrap());
        let (eperm, enosys) = (returned(Action::Errno(1)), returned(Action::Errno(38)));
        let allow = returned(Action::Allow);
        // (system call, first argument, by default, with CAP_SYS_ADMIN)
        let cases = [
            (named("read"), 0, allow, allow),
            (named("mount"), 0, eperm, allow),
            (named("keyctl"), 0, eperm, eperm),
            (named("io_uring_setup"), 0, eperm, eperm),
            (named("userfaultfd"), 0, eperm, eperm),
            (named("clone3"), 0, enosys, allow),
            (named("clone"), 0x0120_0011, allow, allow),
            (named("clone"), 0x1000_0011, eperm, allow),
            (named("clone"), 0x1_1000_0011, eperm, allow),
            (named("chroot"), 0, allow, eperm),
            (named("socket"), 2, allow, allow),
            (named("socket"), 38, eperm, eperm),
            (named("socket"), 40, eperm, eperm),
            (named("personality"), 0xffff_ffff, allow, allow),
            (named("personality"), 0x0004_0000, eperm, eperm),
            // A hole in the numbering, the first number after the last one, x32, and -1.
            (400, 0, enosys, enosys),
            (5000, 0, enosys, enosys),
            (0x4000_0000, 0, enosys, enosys),
            (u32::MAX, 0, enosys, enosys),
        ];
        for (number, first, by_default, with_admin) in cases {
            let call = call(number, [first, 0, 0, 0, 0, 0]);
            assert_eq!(interpret(&plain_program, &call), by_default, "{call:x?}");
            assert_eq!(interpret(&admin_program, &call), with_admin, "{call:x?}");
        }
        // i386.
        let foreign = Call { architecture: 0x4000_0003, number: named("read"), arguments: [0; 6] };
        assert_eq!(interpret(&plain_program, &foreign), returned(Action::KillProcess));
    }
}
