//! Ports of the host that programs of the host have.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};

use crate::network::PortError;
use crate::request::{PortMapping, Protocol};

/// Makes sure that no program of this machine has a port that mappings want: plugins do not, and the program would not be reached
/// any more. To be asked in the network namespace of the host.
///
/// A mapping of SCTP is not looked at.
///
/// # Errors
///
/// When a port is in use, and when the address of a mapping is none of this machine.
pub fn require_ports<'a>(mappings: impl IntoIterator<Item = &'a PortMapping>) -> Result<(), PortError> {
    for mapping in mappings {
        let address = (mapping.host_ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), mapping.host_port);
        let bound = match mapping.protocol {
            Protocol::Tcp => TcpListener::bind(address).map(drop),
            Protocol::Udp => UdpSocket::bind(address).map(drop),
            _ => Ok(()),
        };
        match bound.map_err(|error| error.kind()) {
            Err(io::ErrorKind::AddrInUse) => return Err(PortError::in_use(mapping)),
            Err(io::ErrorKind::AddrNotAvailable) => return Err(PortError::foreign(mapping)),
            // Whatever else there is to say, the plugin will say.
            _ => {}
        }
    }
    Ok(())
}
