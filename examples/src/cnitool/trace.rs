//! `--trace`: each run of a plugin as it was.

use std::time::Instant;

use cni_client::invocation::Invocation;
use cni_client::name::PluginType;
use cni_client::plugins::{Failure, Identity, Output, Plugins};
use cni_client::request::SearchPath;

use crate::output::eprint;

/// Runs plugins, and shows how if it is asked to.
#[derive(Debug)]
pub(crate) struct Traced<P> {
    plugins: P,
    shows: bool,
}

impl<P> Traced<P> {
    pub(crate) const fn new(plugins: P, shows: bool) -> Self {
        Self { plugins, shows }
    }
}

impl<P: Plugins> Plugins for Traced<P> {
    fn run(&mut self, invocation: &Invocation) -> Result<Output, Failure> {
        if !self.shows {
            return self.plugins.run(invocation);
        }
        let variables: String = invocation
            .environment
            .iter()
            .map(|(name, value)| format!(" {name}={}", value.to_string_lossy()))
            .collect();
        eprint(&format!("> {}{variables}\n> {}\n", invocation.plugin, invocation.stdin));
        let began = Instant::now();
        let outcome = self.plugins.run(invocation);
        let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
        let (stdout, stderr, end) = match &outcome {
            Ok(output) => (&*output.stdout, &*output.stderr, output.exit.to_string()),
            Err(failure) => (&[][..], failure.stderr(), failure.to_string()),
        };
        let lines = |stream: &str, bytes: &[u8]| -> String {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.lines().map(|line| format!("< {stream}{line}\n")).collect()
        };
        eprint(&(lines("", stdout) + &lines("stderr: ", stderr)));
        eprint(&format!("< {end} after {milliseconds:.1} ms\n"));
        outcome
    }

    fn identity(&mut self, plugin: &PluginType, path: &SearchPath) -> Option<Identity> {
        self.plugins.identity(plugin, path)
    }
}
