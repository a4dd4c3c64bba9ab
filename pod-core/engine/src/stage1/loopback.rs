//! Brings up `lo` of the network namespace that we are in, by hand-written rtnetlink(7).

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// `RTM_NEWLINK`, `NLMSG_ERROR`: linux/rtnetlink.h, linux/netlink.h.
const RTM_NEWLINK: u16 = 16;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
/// linux/if.h.
const IFF_UP: u32 = 1;
/// `lo` is the first interface of every network namespace (net/core/dev.c, `LOOPBACK_IFINDEX`).
const LOOPBACK: i32 = 1;

/// `struct nlmsghdr` and `struct ifinfomsg`.
const LENGTH: usize = 16 + 16;

pub(crate) fn up() -> Result<(), Errno> {
    // No protocol: 0 is NETLINK_ROUTE.
    let socket =
        rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    rustix::net::sendto(&socket, &request(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 256];
    let (count, _) = rustix::net::recv(&socket, answer.as_mut_slice(), RecvFlags::empty())?;
    match acknowledged(answer.get(..count).unwrap_or_default()) {
        Some(0) => Ok(()),
        Some(errno) => Err(Errno::from_raw_os_error(errno.saturating_neg())),
        None => Err(Errno::PROTO),
    }
}

fn request() -> [u8; LENGTH] {
    let mut message = [0; LENGTH];
    let fields: [&[u8]; 10] = [
        // nlmsghdr: length, type, flags, sequence, port
        &(LENGTH as u32).to_ne_bytes(),
        &RTM_NEWLINK.to_ne_bytes(),
        &(NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes(),
        &1u32.to_ne_bytes(),
        &0u32.to_ne_bytes(),
        // ifinfomsg: family and padding, type; index, flags, changed flags
        &[0, 0],
        &0u16.to_ne_bytes(),
        &LOOPBACK.to_ne_bytes(),
        &IFF_UP.to_ne_bytes(),
        &IFF_UP.to_ne_bytes(),
    ];
    for (place, byte) in message.iter_mut().zip(fields.into_iter().flatten()) {
        *place = *byte;
    }
    message
}

/// The error of an `NLMSG_ERROR` answer: 0, or a negative errno.
fn acknowledged(answer: &[u8]) -> Option<i32> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let error = i32::from_ne_bytes(answer.get(16..20)?.try_into().ok()?);
    (kind == NLMSG_ERROR).then_some(error)
}
