//! A real terminal: tmux shows what a user would see, and types what a user would type.

use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::image_pods::with_tools;
use crate::program::Podrun;
use crate::soak::pods;
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    let needs = [Need::Root, Need::Program("tmux"), Need::Program("stty")];
    vec![
        test("terminal::in_front_of_a_pod", &needs, in_front_of_a_pod),
        test("terminal::a_command", &needs, a_command),
        test("terminal::other_keys", &needs, other_keys),
    ]
}

/// A terminal of 100 columns and 30 lines with a shell in it, whose prompt is `user> `.
struct Terminal<'a> {
    podrun: &'a Podrun,
    socket: String,
}

impl<'a> Terminal<'a> {
    fn open(podrun: &'a Podrun) -> Self {
        let terminal = Self { podrun, socket: format!("podkit-{}", podrun.marker()) };
        let shell = format!(
            "env PODKIT_DIR={} PATH={}:$PATH PS1='user> ' sh",
            podrun.data().display(),
            std::path::Path::new(env!("CARGO_BIN_EXE_podrun")).parent().expect("a directory").display()
        );
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", &shell]);
        terminal.shows("user>");
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command
            .args(["-L", &self.socket])
            .args(arguments)
            .current_dir(self.podrun.scratch())
            .env_remove("TMUX");
        let output = command.output().expect("tmux starts");
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Types a line.
    fn types(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.keys(&["Enter"]);
    }

    /// Presses keys, by tmux's names.
    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Waits until the screen shows a text: the screen then.
    fn shows(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let screen = self.tmux(&["capture-pane", "-p"]);
            if screen.contains(text) {
                return screen;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "no `{text}`:\n{screen}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}

/// A podrun that has a shell with `stty` in the store.
fn podrun() -> Podrun {
    let podrun = with_tools();
    let file = podrun.scratch().join("tty.aci");
    let words =
        ["build", "--copy-exec", "/bin/sh,/bin/stty,/bin/cat,/bin/sleep", "--name", "example.com/tty"];
    let words = words.iter().map(std::ffi::OsStr::new);
    crate::program::acitool(words.chain(["--exec".as_ref(), "/bin/sh".as_ref(), file.as_os_str()])).success();
    podrun
}

/// `run -it`: a prompt, the terminal's size and its changes, Ctrl-C as a key, out by the keys and in again, and the exit code.
fn in_front_of_a_pod() {
    let podrun = podrun();
    let terminal = Terminal::open(&podrun);
    terminal.types("podrun run -it --rm --net=none tty.aci --set-env PS1='pod> '; echo code=$?");
    // Its first prompt came before anybody was attached.
    terminal.shows("pod>");
    terminal.types("stty size");
    terminal.shows("30 100");
    terminal.tmux(&["resize-window", "-x", "80", "-y", "20"]);
    terminal.types("stty size; test -t 0 && test -t 2 && echo a $TERM");
    let screen = terminal.shows("20 80");
    assert!(screen.contains("a xterm") || terminal.shows("a xterm").contains("a xterm"));
    // Ctrl-C is the shell's: it ends what the shell runs, not the pod.
    terminal.types("echo now $((40 + 1)); sleep 1000");
    terminal.shows("now 41");
    terminal.keys(&["C-c"]);
    terminal.types("echo still $((40 + 2))");
    terminal.shows("still 42");
    terminal.types("x=here");
    terminal.keys(&["C-p", "C-q"]);
    let screen = terminal.shows("code=0");
    assert!(screen.contains("runs on"), "{screen}");
    let uuid = pods(&podrun).pop_first().expect("a pod");
    assert!(podrun.run(["list"]).success().stdout.contains("running"));
    // The user's own terminal is as it was: what is typed is echoed and edited.
    terminal.types("stty -a | grep -c ' icanon'");
    terminal.shows("\n1\n");
    terminal.types(&format!("podrun attach -i {uuid}; echo left=$?"));
    terminal.types("echo it is $x; stty size");
    let screen = terminal.shows("it is here");
    assert!(screen.contains("20 80") || terminal.shows("20 80").contains("20 80"));
    terminal.types("exit 7");
    terminal.shows("left=0");
    podrun.run(["wait", &uuid]).exits(7);
    podrun.run(["rm", &uuid]).success();
    // And without a way out: the code is the program's, and with --rm nothing is left.
    terminal
        .types("podrun run -it --rm --net=none tty.aci -- -c 'echo in $(stty size); exit 5'; echo code=$?");
    let screen = terminal.shows("code=5");
    assert!(screen.contains("in 20 80") || screen.contains("in 0 0"), "{screen}");
    assert!(pods(&podrun).is_empty());
}

/// `exec -it`: a terminal of its own beside the program, with its size and its keys.
fn a_command() {
    let podrun = podrun();
    let uuid = podrun.run(["run", "-d", "--net=none", "tty.aci", "--", "-c", "sleep 1000"]).success().stdout;
    let uuid = uuid.trim_end();
    let terminal = Terminal::open(&podrun);
    terminal.types(&format!("podrun exec -it --env PS1='cmd> ' {uuid} sh; echo code=$?"));
    terminal.shows("cmd>");
    terminal.types("stty size");
    terminal.shows("30 100");
    terminal.tmux(&["resize-window", "-x", "120", "-y", "40"]);
    terminal.types("stty size");
    terminal.shows("40 120");
    terminal.types("echo now $((40 + 1)); sleep 1000");
    terminal.shows("now 41");
    terminal.keys(&["C-c"]);
    terminal.types("echo back");
    terminal.shows("back\n");
    // The end of the input.
    terminal.keys(&["C-d"]);
    // The last exit status was that of `echo`.
    terminal.shows("code=0");
    podrun.run(["stop", "--force", uuid]).success();
    podrun.run(["rm", uuid]).success();
}

/// Other keys to leave by; the default ones are then the program's.
fn other_keys() {
    let podrun = podrun();
    let terminal = Terminal::open(&podrun);
    terminal.types(
        "podrun run -it --net=none --detach-keys='ctrl-]' tty.aci -- -c 'echo up; cat -v'; echo code=$?",
    );
    terminal.shows("up\n");
    terminal.keys(&["C-p", "C-a", "Enter"]);
    terminal.shows("^P^A");
    terminal.keys(&["C-]"]);
    terminal.shows("code=0");
    let uuid = pods(&podrun).pop_first().expect("a pod");
    podrun.run(["stop", "--force", &uuid]).success();
    podrun.run(["rm", &uuid]).success();
}
