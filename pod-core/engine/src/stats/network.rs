//! The interfaces of a network namespace (proc_pid_net(5), `dev`).

use std::fs;

use serde::{Deserialize, Serialize};

/// What has passed an interface since it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceStats {
    /// Its name.
    pub name: String,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets that came damaged.
    pub rx_errors: u64,
    /// Packets received and dropped.
    pub rx_dropped: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Packets that could not be sent.
    pub tx_errors: u64,
    /// Packets dropped instead of sent.
    pub tx_dropped: u64,
}

/// Those of the namespace that a process is in, but for the loopback interface; none when it is gone.
pub(super) fn of_process(pid: u32) -> Vec<InterfaceStats> {
    parse(&fs::read_to_string(format!("/proc/{pid}/net/dev")).unwrap_or_default())
}

fn parse(text: &str) -> Vec<InterfaceStats> {
    text.lines().filter_map(line).filter(|interface| interface.name != "lo").collect()
}

/// `eth0: 1 2 …`: eight numbers of what was received, eight of what was sent.
fn line(line: &str) -> Option<InterfaceStats> {
    let (name, numbers) = line.split_once(':')?;
    let numbers: Vec<u64> = numbers.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect();
    let [
        rx_bytes,
        rx_packets,
        rx_errors,
        rx_dropped,
        _,
        _,
        _,
        _,
        tx_bytes,
        tx_packets,
        tx_errors,
        tx_dropped,
        ..,
    ] = *numbers.as_slice()
    else {
        return None;
    };
    let name = name.trim().to_owned();
    Some(InterfaceStats {
        name,
        rx_bytes,
        rx_packets,
        rx_errors,
        rx_dropped,
        tx_bytes,
        tx_packets,
        tx_errors,
        tx_dropped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
             lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0\n  \
             eth0:12345 67 1 2 0 0 0 0 890 12 3 4 0 0 0 0\n";
        let interfaces = parse(text);
        let [eth0] = interfaces.as_slice() else { panic!("{interfaces:?}") };
        assert_eq!((eth0.name.as_str(), eth0.rx_bytes, eth0.rx_packets), ("eth0", 12345, 67));
        assert_eq!((eth0.rx_errors, eth0.rx_dropped, eth0.tx_bytes, eth0.tx_packets), (1, 2, 890, 12));
        assert_eq!((eth0.tx_errors, eth0.tx_dropped), (3, 4));
    }
}
