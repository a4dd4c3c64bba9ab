//! How a pod's monitor is spoken to: packets of JSON, with descriptors beside them, through a socket in the pod directory.
//!
//! Each connection has one request, and then replies until one side closes it. Input and output of what runs never pass through the
//! monitor: pipes and terminals are handed over.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use pod_core::lifecycle::{ConditionStatus, ExitStatus};
use pod_core::pod::AppName;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect,
    listen, recvmsg, sendmsg, socket_with,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Doing, Error};

/// The socket in a pod directory; it is there while the pod's monitor lives.
const SOCKET: &str = "control";

/// The longest packet. A command line may not be longer, which the kernel allows.
pub(crate) const MAX: usize = 128 * 1024;

/// As many descriptors as a packet may carry.
const MAX_FDS: usize = 3;

/// As many connections as wait to be accepted.
const BACKLOG: i32 = 64;

/// What is asked of a monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Request {
    /// End the pod, with this grace period or its own. Replies: `Done`, and `Finished` when nothing of it is left.
    Stop { grace_ms: Option<u64> },
    /// Say how it stands with a readiness gate. Reply: `Done` or `Refused`.
    Gate { gate: String, status: ConditionStatus },
    /// Tell of every change. Replies: `Done`, `Changed` as often as needed, `Finished`.
    Watch,
    /// Run a command in an app; standard input, output and error come along. Replies: `Started` and `Exited`, or `Refused`.
    Exec(ExecRequest),
    /// Hand over an app's streams: pipes for its output (and its errors, unless it has a terminal) come along. Replies: `Attached`,
    /// with a descriptor of its input if that was asked for and is there; `Ended`. Or `Refused`.
    Attach { app: AppName, stdin: bool },
}

/// A command in a running app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecRequest {
    pub(crate) app: AppName,
    pub(crate) command: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) working_dir: Option<String>,
    pub(crate) tty: bool,
}

/// What a monitor answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Reply {
    /// It will be done.
    Done,
    /// It cannot be done: a sentence.
    Refused(String),
    /// The command runs.
    Started,
    /// The command has ended.
    Exited(ExitStatus),
    /// The streams are handed over.
    Attached { tty: bool },
    /// The app has ended; so many bytes of its output did not fit into the pipes and were passed over.
    Ended { skipped: u64 },
    /// Something about the pod has changed.
    Changed,
    /// The pod has ended, and nothing of it but its directory is left.
    Finished,
}

/// The address of the socket in a pod directory, short whatever the directory's path is; good while the descriptor lives.
fn address(dir: &Path) -> Result<(OwnedFd, SocketAddrUnix), Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(dir, flags, Mode::empty()).doing("open", dir)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd())).join(SOCKET);
    let address = SocketAddrUnix::new(path).doing("find the socket of", dir)?;
    Ok((fd, address))
}

/// The monitor's end, which does not block.
pub(crate) fn listen_in(dir: &Path) -> Result<OwnedFd, Error> {
    let (_dir, address) = address(dir)?;
    let make = || {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        bind(&socket, &address)?;
        listen(&socket, BACKLOG)?;
        Ok::<_, Errno>(socket)
    };
    make().doing("listen in", dir)
}

/// The next who calls; `None` when nobody does now.
pub(crate) fn accept(listener: &OwnedFd) -> Result<Option<OwnedFd>, Errno> {
    match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
        Ok(socket) => Ok(Some(socket)),
        Err(Errno::AGAIN | Errno::CONNABORTED | Errno::INTR) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A connection to the monitor of the pod in a directory; `None` when nobody listens there.
pub(crate) fn call(dir: &Path) -> Result<Option<OwnedFd>, Error> {
    let (_dir, address) = match address(dir) {
        Ok(found) => found,
        Err(error) if error.is_no_entry() => return Ok(None),
        Err(error) => return Err(error),
    };
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .doing("make", "a socket")?;
    match connect(&socket, &address) {
        Ok(()) => Ok(Some(socket)),
        Err(Errno::NOENT | Errno::CONNREFUSED) => Ok(None),
        Err(error) => Err(error).doing("call the monitor in", dir),
    }
}

/// Sends a packet. [`Errno::AGAIN`]: whoever is to read it does not.
pub(crate) fn send<T: Serialize>(
    socket: BorrowedFd<'_>,
    packet: &T,
    fds: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let bytes = serde_json::to_vec(packet).map_err(|_| Errno::INVAL)?;
    if bytes.len() > MAX {
        return Err(Errno::MSGSIZE);
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(Errno::MSGSIZE);
    }
    rustix::io::retry_on_intr(|| sendmsg(socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL))
        .map(drop)
}

/// Receives a packet; `None` when the other side has closed. [`Errno::AGAIN`]: nothing is there; [`Errno::BADMSG`]: it is none.
pub(crate) fn receive<T: DeserializeOwned>(
    socket: BorrowedFd<'_>,
) -> Result<Option<(T, Vec<OwnedFd>)>, Errno> {
    let mut bytes = vec![0; MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC)
    });
    let received = match received {
        Ok(received) => received,
        Err(Errno::CONNRESET) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(Errno::BADMSG);
    }
    let text = bytes.get(..received.bytes).unwrap_or_default();
    serde_json::from_slice(text).map(|packet| Some((packet, fds))).map_err(|_| Errno::BADMSG)
}

/// A connection of whoever asks something of a monitor.
#[derive(Debug)]
pub(crate) struct Call {
    socket: OwnedFd,
    dir: PathBuf,
}

impl Call {
    /// Asks; `None` when nobody listens.
    pub(crate) fn ask(dir: &Path, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<Option<Self>, Error> {
        let Some(socket) = call(dir)? else { return Ok(None) };
        match send(socket.as_fd(), request, fds) {
            Ok(()) => Ok(Some(Self { socket, dir: dir.to_owned() })),
            Err(Errno::PIPE | Errno::CONNRESET) => Ok(None),
            Err(Errno::MSGSIZE) => {
                Err(Error::refused("command", format!("it is longer than {MAX} bytes, with its environment")))
            }
            Err(error) => Err(error).doing("ask the monitor in", dir),
        }
    }

    /// Waits for the next reply; `None` when the monitor is gone.
    pub(crate) fn reply(&self) -> Result<Option<(Reply, Vec<OwnedFd>)>, Error> {
        receive(self.socket.as_fd()).doing("hear the monitor in", &self.dir)
    }
}

impl AsFd for Call {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_and_descriptors() {
        // A directory whose path is longer than a socket's may be.
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("x".repeat(200));
        std::fs::create_dir(&dir).unwrap();
        assert!(call(&dir).unwrap().is_none(), "nobody is there");
        let listener = listen_in(&dir).unwrap();
        assert!(accept(&listener).unwrap().is_none());
        let moved = base.path().join("moved");
        std::fs::rename(&dir, &moved).unwrap();

        let (ours, theirs) = rustix::pipe::pipe().unwrap();
        let request = Request::Attach { app: "web".parse().unwrap(), stdin: true };
        let asked = Call::ask(&moved, &request, &[theirs.as_fd()]).unwrap().unwrap();
        drop(theirs);
        let caller = accept(&listener).unwrap().unwrap();
        let (got, fds) = receive::<Request>(caller.as_fd()).unwrap().unwrap();
        assert_eq!((got, fds.len()), (request, 1));
        rustix::io::write(&fds[0], b"hello").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(rustix::io::read(&ours, &mut buffer).unwrap(), 5);
        assert_eq!(receive::<Request>(caller.as_fd()).unwrap_err(), Errno::AGAIN);

        send(caller.as_fd(), &Reply::Attached { tty: false }, &[]).unwrap();
        assert_eq!(asked.reply().unwrap().unwrap().0, Reply::Attached { tty: false });
        send(caller.as_fd(), &"nonsense", &[]).unwrap();
        assert!(asked.reply().is_err());
        drop(caller);
        assert!(asked.reply().unwrap().is_none());

        let long = Request::Exec(ExecRequest {
            app: "web".parse().unwrap(),
            command: vec!["x".repeat(MAX)],
            env: vec![],
            working_dir: None,
            tty: false,
        });
        let error = Call::ask(&moved, &long, &[]).unwrap_err();
        assert_eq!(error.to_string(), "command: it is longer than 131072 bytes, with its environment");
        drop(listener);
        assert!(Call::ask(&moved, &Request::Watch, &[]).unwrap().is_none());
    }
}
