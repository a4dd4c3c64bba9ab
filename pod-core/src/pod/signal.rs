//! The numbers of signals on Linux (signal(7)); those that differ between processors are x86's and ARM's.

/// The first and last of the real-time signals.
const REAL_TIME: (i32, i32) = (34, 64);

const NUMBERS: &[(&str, i32)] = &[
    ("SIGABRT", 6),
    ("SIGALRM", 14),
    ("SIGBUS", 7),
    ("SIGCHLD", 17),
    ("SIGCLD", 17),
    ("SIGCONT", 18),
    ("SIGFPE", 8),
    ("SIGHUP", 1),
    ("SIGILL", 4),
    ("SIGINT", 2),
    ("SIGIO", 29),
    ("SIGIOT", 6),
    ("SIGKILL", 9),
    ("SIGPIPE", 13),
    ("SIGPOLL", 29),
    ("SIGPROF", 27),
    ("SIGPWR", 30),
    ("SIGQUIT", 3),
    ("SIGSEGV", 11),
    ("SIGSTKFLT", 16),
    ("SIGSTOP", 19),
    ("SIGSYS", 31),
    ("SIGTERM", 15),
    ("SIGTRAP", 5),
    ("SIGTSTP", 20),
    ("SIGTTIN", 21),
    ("SIGTTOU", 22),
    ("SIGURG", 23),
    ("SIGUSR1", 10),
    ("SIGUSR2", 12),
    ("SIGVTALRM", 26),
    ("SIGWINCH", 28),
    ("SIGXCPU", 24),
    ("SIGXFSZ", 25),
];

/// The number of a signal by the name that Kubernetes has for it; of the real-time ones it has `SIGRTMIN` to `SIGRTMIN+15` and
/// `SIGRTMAX-14` to `SIGRTMAX`.
///
/// ```
/// use pod_core::pod::signal;
///
/// assert_eq!(signal::number("SIGTERM"), Some(15));
/// assert_eq!(signal::number("TERM"), None);
/// ```
#[must_use]
pub fn number(name: &str) -> Option<i32> {
    let (min, max) = REAL_TIME;
    let offset = |text: &str, most: i32| {
        text.parse::<u8>().ok().map(i32::from).filter(|offset| (1..=most).contains(offset))
    };
    match name {
        "SIGRTMIN" => Some(min),
        "SIGRTMAX" => Some(max),
        _ => match (name.strip_prefix("SIGRTMIN+"), name.strip_prefix("SIGRTMAX-")) {
            (Some(text), _) => offset(text, 15).map(|offset| min + offset),
            (_, Some(text)) => offset(text, 14).map(|offset| max - offset),
            _ => NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number),
        },
    }
}

/// The names of the signals, but for the real-time ones.
#[must_use]
pub fn names() -> Vec<&'static str> {
    NUMBERS.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn names_have_numbers() {
        let cases = [
            ("SIGTERM", Some(15)),
            ("SIGRTMIN+3", Some(37)),
            ("SIGRTMAX-1", Some(63)),
            ("SIGRTMIN+16", None),
            ("SIGRTMIN+0", None),
            ("TERM", None),
            ("", None),
        ];
        for (name, wanted) in cases {
            assert_eq!(number(name), wanted, "{name}");
        }
    }
}
