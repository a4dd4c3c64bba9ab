//! Network namespaces (feature `netns`).
//!
//! A [`Namespace`] is an open handle: the namespace lives as long as a handle, a process or a mount holds it. [`create`]
//! binds one to a path, such as `/run/netns/c1`, and [`remove`] takes it away again. Both need `CAP_SYS_ADMIN`, in the user
//! namespace that owns the mounts.
#![expect(clippy::disallowed_methods, reason = "the feature `netns` is where namespaces are")]

mod error;
mod loopback;

pub use error::NetnsError;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::mount::{UnmountFlags, mount_bind, unmount};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use error::Doing;

/// The kernel's name for the file system of namespaces, `NSFS_MAGIC`.
const NSFS: u32 = 0x6e73_6673;

/// An open network namespace.
///
/// ```no_run
/// use cni_client::netns::Namespace;
///
/// let namespace = Namespace::anonymous()?;
/// namespace.loopback_up()?;
/// let listener = namespace.run(|| std::net::TcpListener::bind("127.0.0.1:80"))??;
/// println!("{} inside {}", listener.local_addr()?, namespace.path().display());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Namespace(OwnedFd);

impl Namespace {
    /// A new namespace that has no name. It is gone when the last handle is, unless a process or a mount holds it.
    ///
    /// # Errors
    ///
    /// When the kernel refuses (`CAP_SYS_ADMIN`, the limit of namespaces), or no thread can be started.
    pub fn anonymous() -> Result<Self, NetnsError> {
        on_a_thread(|| {
            unshare().map_err(|source| NetnsError::new(Doing::Make, None, source))?;
            Self::current()
        })?
    }

    /// The namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// When `/proc` is not there.
    pub fn current() -> Result<Self, NetnsError> {
        Self::open(Path::new("/proc/thread-self/ns/net"))
    }

    /// The namespace at a path, such as `/run/netns/c1` or `/proc/42/ns/net`.
    ///
    /// # Errors
    ///
    /// When nothing is there, and when what is there is no namespace, such as the empty file that `umount` leaves.
    pub fn open(path: &Path) -> Result<Self, NetnsError> {
        let error = |source| NetnsError::new(Doing::Open, Some(path), source);
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default())
            .open(path)
            .map_err(error)?;
        let kind = rustix::fs::fstatfs(&file).map_err(|errno| error(errno.into()))?.f_type;
        if u32::try_from(kind).ok() != Some(NSFS) {
            return Err(NetnsError::no_namespace(path));
        }
        Ok(Self(file.into()))
    }

    /// A path that leads to it while this handle is open, for this process and its children.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd()).into()
    }

    /// Whether two handles are of one namespace.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let identity =
            |namespace: &Self| rustix::fs::fstat(&namespace.0).map(|stat| (stat.st_dev, stat.st_ino));
        matches!((identity(self), identity(other)), (Ok(a), Ok(b)) if a == b)
    }

    /// Runs something inside, on a thread of its own: the caller's thread never changes. Programs that it starts and
    /// sockets that it opens belong to the namespace.
    ///
    /// # Errors
    ///
    /// When the namespace cannot be entered, or no thread can be started.
    ///
    /// # Panics
    ///
    /// When `inside` does, with what it panicked with.
    pub fn run<T: Send>(&self, inside: impl FnOnce() -> T + Send) -> Result<T, NetnsError> {
        on_a_thread(|| {
            move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(|errno| NetnsError::new(Doing::Enter, None, errno.into()))?;
            Ok(inside())
        })?
    }

    /// Sets its loopback interface up, which gives it 127.0.0.1 and ::1.
    ///
    /// # Errors
    ///
    /// When the namespace cannot be entered, or the kernel refuses (`CAP_NET_ADMIN`).
    pub fn loopback_up(&self) -> Result<(), NetnsError> {
        self.run(loopback::up)?.map_err(|source| NetnsError::new(Doing::Loopback, None, source))
    }

    /// Binds it to a path, which is made; its folder must be there.
    ///
    /// # Errors
    ///
    /// When something is there already, and when it cannot be mounted; nothing is left then.
    pub fn bind(&self, path: &Path) -> Result<(), NetnsError> {
        let error = |source| NetnsError::new(Doing::Bind, Some(path), source);
        OpenOptions::new().write(true).create_new(true).mode(0o444).open(path).map_err(error)?;
        mount_bind(self.path(), path).map_err(|errno| {
            let _ = fs::remove_file(path);
            error(errno.into())
        })
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes a namespace at a path, with its loopback up.
///
/// ```no_run
/// use std::path::Path;
///
/// let path = Path::new("/run/netns/c1");
/// cni_client::netns::create(path)?;
/// assert!(cni_client::netns::remove(path)?);
/// assert!(!cni_client::netns::remove(path)?);
/// # Ok::<(), cni_client::netns::NetnsError>(())
/// ```
///
/// # Errors
///
/// When something is there already, and when the kernel refuses; nothing is left then.
pub fn create(path: &Path) -> Result<Namespace, NetnsError> {
    let namespace = Namespace::anonymous()?;
    namespace.loopback_up()?;
    namespace.bind(path)?;
    Ok(namespace)
}

/// Takes the path of a namespace away; false when nothing is there. It waits for no one: processes inside keep the namespace
/// until they end.
///
/// # Errors
///
/// When it cannot be unmounted, and when what is there is a folder or a file with something in it.
pub fn remove(path: &Path) -> Result<bool, NetnsError> {
    let error = |source| NetnsError::new(Doing::Remove, Some(path), source);
    // Somebody may have mounted twice.
    while is_namespace(path) {
        unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW).map_err(|errno| error(errno.into()))?;
    }
    match File::open(path).and_then(|file| file.metadata()) {
        Ok(metadata) if !metadata.is_file() || metadata.len() > 0 => {
            return Err(NetnsError::no_namespace(path));
        }
        Ok(_) => {}
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(error(source)),
    }
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(error(source)),
        _ => Ok(true),
    }
}

/// Whether a namespace is at a path. What else may be mounted there is none of our business.
fn is_namespace(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|fs| u32::try_from(fs.f_type).ok() == Some(NSFS))
}

/// Moves the calling thread into a new network namespace.
#[expect(deprecated, reason = "the safe one suffices: with these flags no other thread's view changes")]
fn unshare() -> io::Result<()> {
    Ok(rustix::thread::unshare(UnshareFlags::NEWNET)?)
}

/// Runs something on a thread that ends with it, so that whatever becomes of the thread's namespace hurts nobody.
fn on_a_thread<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, NetnsError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("netns".to_owned()).spawn_scoped(scope, run);
        match thread.map_err(|source| NetnsError::new(Doing::Thread, None, source))?.join() {
            Ok(value) => Ok(value),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
