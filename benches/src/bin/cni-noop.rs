//! A network plugin that does nothing: it reads its input and gives the shortest answer that is one.

use std::io::{Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut input = Vec::new();
    if std::io::stdin().read_to_end(&mut input).is_err() || input.is_empty() {
        return ExitCode::FAILURE;
    }
    let answer: &[u8] = match std::env::var_os("CNI_COMMAND") {
        Some(verb) if verb == "ADD" => {
            br#"{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/run/netns/none"}],"ips":[{"address":"10.1.0.5/16"}],"dns":{}}"#
        }
        _ => b"",
    };
    if std::io::stdout().write_all(answer).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
