//! VERSION.

use crate::config::NetworkConfig;
use crate::invocation::{Invocation, Verb};
use crate::name::PluginType;
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;
use crate::version::SupportedVersions;

use super::error::answer;
use super::{Chain, Fault, InvocationError};

/// Asks programs for the versions that they speak.
///
/// What they answer makes one configuration serve old and new plugins:
///
/// ```
/// use cni_client::chain::{Probe, drive};
/// use cni_client::config::NetworkConfig;
/// use cni_client::invocation::Invocation;
/// use cni_client::plugins::Output;
/// use cni_client::version::Version;
///
/// let mut config = NetworkConfig::parse(
///     r#"{"cniVersions": ["0.4.0", "1.0.0", "1.1.0"], "name": "n", "plugins": [{"type": "bridge"}]}"#,
/// )?;
/// let answer = r#"{"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}"#;
/// let mut bookworm = |_: &Invocation| Ok(Output::success(answer));
/// let report = drive(Probe::of_network(&config, "/usr/lib/cni".parse()?), &mut bookworm);
/// assert_eq!(config.choose_version(&report.spoken)?, Version::V1_0_0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Probe {
    programs: Vec<PluginType>,
    path: SearchPath,
    next: usize,
    report: ProbeReport,
}

/// What plugins answer.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct ProbeReport {
    /// The versions that each program speaks.
    pub spoken: Vec<(PluginType, SupportedVersions)>,
    /// The programs that did not say.
    pub failures: Vec<InvocationError>,
}

impl Probe {
    /// Asks these programs.
    #[must_use]
    pub fn new(programs: impl IntoIterator<Item = PluginType>, path: SearchPath) -> Self {
        Self { programs: programs.into_iter().collect(), path, next: 0, report: ProbeReport::default() }
    }

    /// Asks all programs of a network, those that addresses are delegated to included.
    #[must_use]
    pub fn of_network(config: &NetworkConfig, path: SearchPath) -> Self {
        Self::new(config.programs(), path)
    }

    fn advance(&mut self, answer: Result<SupportedVersions, InvocationError>) {
        let Some(program) = self.programs.get(self.next) else { return };
        self.next += 1;
        match answer {
            Ok(versions) => self.report.spoken.push((program.clone(), versions)),
            Err(error) => self.report.failures.push(error),
        }
    }
}

impl Chain for Probe {
    type Outcome = ProbeReport;

    fn next_invocation(&self) -> Option<Invocation> {
        let program = self.programs.get(self.next)?;
        Some(Invocation::version(program.clone(), &self.path))
    }

    fn on_output(&mut self, output: Output) {
        let Some(program) = self.programs.get(self.next) else { return };
        let versions = match answer(Verb::Version, program, output) {
            Ok(output) => SupportedVersions::decode(&output.stdout).map_err(|error| {
                InvocationError::of_output(Verb::Version, program, output, Fault::BadResult(error))
            }),
            Err(error) => match error.fault() {
                Fault::Refused(refusal) => SupportedVersions::of_error(refusal).ok_or(error),
                _ => Err(error),
            },
        };
        self.advance(versions);
    }

    fn on_failure(&mut self, failure: Failure) {
        let Some(program) = self.programs.get(self.next) else { return };
        let error = InvocationError::failure(Verb::Version, program, failure);
        self.advance(Err(error));
    }

    fn finish(self) -> Self::Outcome {
        self.report
    }
}
