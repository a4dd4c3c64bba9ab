//! An app on its way to run: image, preStart hook, start.

use std::time::Duration;

use super::super::outbox::Context;
use super::super::probe::ProbeRuns;
use super::{Action, AppLife, Hook, ImageFailure, Pull, Stage, StartFailure};

impl AppLife {
    /// Its turn: begins with its image.
    pub(in crate::lifecycle) fn begin(&mut self, cx: &mut Context<'_>) {
        let Stage::Ready { counts } = self.stage else { return };
        if let Some(end) = counts {
            let left = self.restarts.remaining_since(end, cx.now);
            if !left.is_zero() {
                return self.hold_back(left, cx);
            }
            self.restarts.next(end, cx.now);
        }
        self.stage = Stage::Image;
        cx.out.push(Action::EnsureImage { app: self.name().clone() });
    }

    pub(super) fn image_pulling(&self, cx: &mut Context<'_>) {
        if matches!(self.stage, Stage::Image) {
            cx.normal(Some(self.name()), "Pulling", format!("Pulling image {:?}", self.record.image));
        }
    }

    pub(super) fn image_ready(&mut self, image_id: String, pull: Option<Pull>, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Image) {
            return;
        }
        let image = &self.record.image;
        let message = match pull {
            None => {
                format!("Container image {image:?} already present on machine and can be accessed by the pod")
            }
            Some(Pull { took, size }) => {
                let took = Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
                format!(
                    "Successfully pulled image {image:?} in {took:?} ({took:?} including waiting). Image size: {size} bytes."
                )
            }
        };
        cx.normal(Some(&self.record.name), "Pulled", message);
        self.record.image_id = image_id;
        self.attempt = self.next_attempt;
        self.next_attempt = self.next_attempt.saturating_add(1);
        match self.hooks.pre_start.clone() {
            Some(handler) => self.stage = Stage::PreStart(self.hook(Hook::PreStart, &handler, None, cx)),
            None => self.start(cx),
        }
    }

    pub(super) fn image_failed(&mut self, failure: ImageFailure, message: String, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Image) {
            return;
        }
        let (app, image) = (self.record.name.clone(), &self.record.image);
        let (reason, message) = match failure {
            ImageFailure::Pull => {
                cx.warn(Some(&app), "Failed", format!("Failed to pull image {image:?}: {message}"));
                ("ErrImagePull", message)
            }
            ImageFailure::NeverPull => {
                let message = format!("Container image {image:?} is not present with pull policy of Never");
                cx.warn(Some(&app), "ErrImageNeverPull", message.clone());
                ("ErrImageNeverPull", message)
            }
            ImageFailure::InvalidName => {
                let message = format!("Failed to apply default image tag {image:?}: {message}");
                cx.warn(Some(&app), "InspectFailed", message.clone());
                ("InvalidImageName", message)
            }
        };
        cx.warn(Some(&app), "Failed", format!("Error: {reason}"));
        self.not_created(reason, message, cx);
    }

    pub(super) fn start(&mut self, cx: &mut Context<'_>) {
        self.stage = Stage::Starting;
        cx.out.push(Action::Start { app: self.name().clone(), attempt: self.attempt });
    }

    pub(super) fn started(&mut self, attempt: u32, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Starting) || attempt != self.attempt {
            return;
        }
        cx.normal(Some(self.name()), "Created", "Container created");
        cx.normal(Some(self.name()), "Started", "Container started");
        self.record.count_run();
        self.started_at = Some(cx.now);
        if let Some(ending) = cx.facts.ending {
            let message = format!("Stopping container {}", self.name());
            self.stop(&message, ending.left(cx.now), false, cx);
        } else if cx.facts.restarting {
            let message = format!("Stopping container {}", self.name());
            self.stop(&message, Duration::ZERO, false, cx);
        } else if let Some(handler) = self.hooks.post_start.clone() {
            self.stage = Stage::PostStart(self.hook(Hook::PostStart, &handler, None, cx));
        } else {
            self.runs(cx);
        }
    }

    /// It runs, and its postStart hook is through: only now does it show, and only now is it probed.
    pub(super) fn runs(&mut self, cx: &Context<'_>) {
        let started_at = self.started_at.unwrap_or(cx.now);
        self.stage = Stage::Running;
        self.record.runs(started_at);
        let probes = ProbeRuns::new(&self.probes, started_at);
        self.was_up |= probes.started();
        self.probe_runs = Some(probes);
    }

    pub(super) fn start_failed(
        &mut self,
        attempt: u32,
        failure: StartFailure,
        message: String,
        cx: &mut Context<'_>,
    ) {
        if !matches!(self.stage, Stage::Starting) || attempt != self.attempt {
            return;
        }
        let app = self.name().clone();
        match failure {
            StartFailure::Config | StartFailure::Create => {
                cx.warn(Some(&app), "Failed", format!("Error: {message}"));
                let config = failure == StartFailure::Config;
                let reason = if config { "CreateContainerConfigError" } else { "CreateContainerError" };
                self.not_created(reason, message, cx);
            }
            StartFailure::Run => {
                cx.normal(Some(&app), "Created", "Container created");
                cx.warn(Some(&app), "Failed", format!("Error: {message}"));
                self.not_run("StartError", "RunContainerError", message, cx);
            }
        }
    }
}
