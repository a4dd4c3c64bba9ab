//! `ExposedPorts`: `80`, `80/tcp`, `8000-8010/udp`.

use super::NotCarried;
use crate::{AcName, Port, Strength};

/// The ports of a configuration, in the order of their numbers.
pub(super) fn all(written: impl Iterator<Item = String>, not_carried: &mut Vec<NotCarried>) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for text in written {
        match parse(&text) {
            Ok(port) if ports.iter().any(|known| known.name == port.name) => {}
            Ok(port) => ports.push(port),
            Err(reason) => {
                let field = format!("config.ExposedPorts[{}]", text.escape_debug());
                not_carried.push(NotCarried::new(field, reason));
            }
        }
    }
    ports.sort_by(|a, b| (a.port, a.count, &a.protocol).cmp(&(b.port, b.count, &b.protocol)));
    ports
}

/// A port or a range of ports (`nat.Port`): tcp where no protocol is written.
pub(in crate::oci) fn parse(text: &str) -> Result<Port, String> {
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("`{}` is none of tcp, udp and sctp", protocol.escape_debug()));
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u16>().ok().filter(|number| digits && *number > 0);
        number.ok_or_else(|| format!("`{}` is no port from 1 to 65535", text.escape_debug()))
    };
    let (first, last) = match range.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(range)?, number(range)?),
    };
    let count = u64::from(last)
        .checked_sub(u64::from(first))
        .ok_or_else(|| format!("the range ends at {last}, before its begin at {first}"))?;
    let name = if count == 0 { format!("{first}-{protocol}") } else { format!("{first}-{last}-{protocol}") };
    Ok(Port {
        name: AcName::parse(&name, Strength::Strict).map_err(|error| error.to_string())?,
        protocol,
        port: first,
        count: count + 1,
        socket_activated: false,
    })
}
