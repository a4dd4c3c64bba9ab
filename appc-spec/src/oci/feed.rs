//! From a thread that writes to one that reads: a pipe that knows how it ends.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How many bytes go over at once.
const CHUNK: usize = 256 << 10;

/// How many chunks may wait.
const WAITING: usize = 8;

enum Message {
    Bytes(Vec<u8>),
    End,
}

/// The end that is written to. What is not finished is an error for the reader.
pub(super) struct Feed {
    sender: SyncSender<Message>,
    buffer: Vec<u8>,
}

/// The end that is read from.
pub(super) struct Intake {
    receiver: Receiver<Message>,
    bytes: Vec<u8>,
    at: usize,
    ended: bool,
}

pub(super) fn pipe() -> (Feed, Intake) {
    let (sender, receiver) = sync_channel(WAITING);
    let feed = Feed { sender, buffer: Vec::with_capacity(CHUNK) };
    (feed, Intake { receiver, bytes: Vec::new(), at: 0, ended: false })
}

impl Feed {
    /// Says that all was written.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.send(Message::End)
    }

    /// Sends all that a reader has.
    pub(super) fn copy(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        loop {
            let left = CHUNK - self.buffer.len();
            if reader.take(left as u64).read_to_end(&mut self.buffer)? == 0 {
                return Ok(());
            }
            if self.buffer.len() == CHUNK {
                self.flush()?;
            }
        }
    }

    fn send(&self, message: Message) -> io::Result<()> {
        self.sender.send(message).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
        if self.buffer.len() == CHUNK {
            self.flush()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.send(Message::Bytes(full))
    }
}

impl Read for Intake {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.bytes.len() && !self.ended {
            match self.receiver.recv() {
                Ok(Message::Bytes(bytes)) => (self.bytes, self.at) = (bytes, 0),
                Ok(Message::End) => self.ended = true,
                Err(_) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the writer gave up")),
            }
        }
        let count = self.bytes.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += count;
        Ok(count)
    }
}
