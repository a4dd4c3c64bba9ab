//! What others do for the pod and what may take long: to have an image, to attach and detach a network. Each runs in a thread of its
//! own that ends with it, so that the monitor's loop waits for none.
//!
//! The monitor launches processes meanwhile. It may: nothing but system calls runs between its clone and its exec, so it does not
//! matter what a thread holds at that moment.

use std::any::Any;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

use pod_core::lifecycle::ImageFailure;
use pod_core::pod::{App, AppName, PodSpec, Uuid};
use rustix::event::{EventfdFlags, eventfd};

use crate::dir::ImageRecord;
use crate::error::{Doing, Error};
use crate::plan::SandboxPlan;
use crate::ports::{Attachment, Interrupt, Network, NetworkError, RootFs, RootFsError};
use crate::{image, stage1};

type Images<'env> = Arc<Mutex<&'env mut (dyn RootFs + Send)>>;
type Networks<'env> = Arc<Mutex<&'env mut (dyn Network + Send)>>;

/// What a job came to.
#[derive(Debug)]
pub(super) enum Answer {
    Image(AppName, Result<Box<ImageRecord>, RootFsError>),
    Attached(Result<Attachment, NetworkError>),
    Detached(Result<(), NetworkError>),
    Namespaces(Result<(), String>),
}

/// The jobs of a pod.
pub(super) struct Jobs<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    images: Images<'env>,
    network: Networks<'env>,
    /// Make images and network give up, once.
    interrupts: Vec<Interrupt>,
    /// Readable when a job has ended.
    wake: Arc<OwnedFd>,
    answers: (Sender<Answer>, Receiver<Answer>),
}

impl<'scope, 'env> Jobs<'scope, 'env> {
    pub(super) fn new(
        scope: &'scope Scope<'scope, 'env>,
        images: &'env mut (dyn RootFs + Send),
        network: &'env mut (dyn Network + Send),
    ) -> Result<Self, Error> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).doing("make", "an eventfd")?;
        Ok(Self {
            scope,
            interrupts: images.interrupt().into_iter().chain(network.interrupt()).collect(),
            images: Arc::new(Mutex::new(images)),
            network: Arc::new(Mutex::new(network)),
            wake: Arc::new(wake),
            answers: channel(),
        })
    }

    /// What to poll.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// What has come to its end since the last time.
    pub(super) fn answers(&self) -> Vec<Answer> {
        let mut count = [0; 8];
        // Nothing to read is nothing to do.
        let _ = rustix::io::read(&*self.wake, &mut count);
        self.answers.1.try_iter().collect()
    }

    /// Asks for an app's image.
    pub(super) fn image(&self, app: &App) {
        let (images, app) = (Arc::clone(&self.images), app.clone());
        let name = app.name.clone();
        let failed = {
            let name = name.clone();
            move |message| Answer::Image(name, Err(RootFsError { failure: ImageFailure::Pull, message }))
        };
        self.run(failed, move || {
            let mut images = images.lock().unwrap_or_else(PoisonError::into_inner);
            Answer::Image(name, image::ensure(&mut **images, &app).map(Box::new))
        });
    }

    /// Makes the pod's namespaces, in which the thread ends.
    pub(super) fn namespaces(&self, plan: SandboxPlan) {
        self.run(
            |message| Answer::Namespaces(Err(message)),
            move || {
                let made = stage1::make_sandbox_in_this_thread(&plan);
                Answer::Namespaces(made.map_err(|failure| failure.to_string()))
            },
        );
    }

    /// Waits until they are made, or cannot be. Only the kernel can hold that up.
    pub(super) fn await_namespaces(&self) {
        while self.answers.1.recv().is_ok_and(|answer| !matches!(answer, Answer::Namespaces(_))) {}
    }

    /// Attaches the pod's network namespace.
    pub(super) fn attach(&self, spec: &PodSpec, netns: PathBuf) {
        let (network, spec) = (Arc::clone(&self.network), spec.clone());
        self.run(
            |message| Answer::Attached(Err(message.into())),
            move || {
                let mut network = network.lock().unwrap_or_else(PoisonError::into_inner);
                Answer::Attached(network.attach(&spec, &netns))
            },
        );
    }

    /// The pod is to end: what is being pulled or attached is not needed any more.
    pub(super) fn give_up(&mut self) {
        self.interrupts.drain(..).for_each(|interrupt| interrupt());
    }

    /// Takes the pod off the network again.
    pub(super) fn detach(&self, uid: Uuid, netns: Option<PathBuf>) {
        let network = Arc::clone(&self.network);
        self.run(
            |message| Answer::Detached(Err(message.into())),
            move || {
                let mut network = network.lock().unwrap_or_else(PoisonError::into_inner);
                Answer::Detached(network.detach(uid, netns.as_deref()))
            },
        );
    }

    /// Has the network for itself, once no job does: for what comes after the pod's end.
    pub(super) fn with_network<T>(&self, work: impl FnOnce(&mut dyn Network) -> T) -> T {
        work(&mut **self.network.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs something in a thread; what fails or panics becomes an answer, too.
    fn run(
        &self,
        failed: impl FnOnce(String) -> Answer + Clone + Send + 'scope,
        work: impl FnOnce() -> Answer + Send + 'scope,
    ) {
        let (wake, answers) = (Arc::clone(&self.wake), self.answers.0.clone());
        let in_panic = failed.clone();
        let job = move || {
            let answer = catch_unwind(AssertUnwindSafe(work))
                .unwrap_or_else(|panic| in_panic(format!("panicked: {}", said(&*panic))));
            // The monitor lives as long as this does, and so do these.
            let _ = answers.send(answer);
            let _ = rustix::io::write(&*wake, &1_u64.to_ne_bytes());
        };
        if let Err(error) = Builder::new().name("job".to_owned()).spawn_scoped(self.scope, job) {
            let _ = self.answers.0.send(failed(format!("no thread can be made: {error}")));
            let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
