//! Statistics in Prometheus' text format 0.0.4, with the names of the kubelet's `/metrics/cadvisor` and `/metrics/resource`.

use std::fmt::Write as _;

use super::{AppStats, InterfaceStats, PodStats};

type OfApp = fn(&AppStats) -> Option<f64>;
type OfInterface = fn(&InterfaceStats) -> u64;

/// Those of each app: name, type, help, value.
const APP: [(&str, &str, &str, OfApp); 8] = [
    ("container_cpu_usage_seconds_total", "counter", "Processor time used, in seconds.", |app| {
        app.cpu.map(|cpu| cpu.as_secs_f64())
    }),
    ("container_memory_working_set_bytes", "gauge", "Memory that cannot be taken back, in bytes.", |app| {
        app.memory.map(|memory| float(memory.working_set))
    }),
    ("container_memory_usage_bytes", "gauge", "Memory charged, in bytes.", |app| {
        app.memory.map(|memory| float(memory.usage))
    }),
    ("container_memory_rss", "gauge", "Anonymous memory, in bytes.", |app| {
        app.memory.map(|memory| float(memory.rss))
    }),
    ("container_spec_memory_limit_bytes", "gauge", "Limit of the memory, in bytes.", |app| {
        app.memory.and_then(|memory| memory.limit).map(float)
    }),
    ("container_fs_reads_bytes_total", "counter", "Bytes read from block devices.", |app| {
        app.io.map(|io| float(io.read))
    }),
    ("container_fs_writes_bytes_total", "counter", "Bytes written to block devices.", |app| {
        app.io.map(|io| float(io.written))
    }),
    ("container_threads", "gauge", "Processes and threads.", |app| app.pids.map(float)),
];

/// Those of each interface.
const INTERFACE: [(&str, &str, OfInterface); 8] = [
    ("container_network_receive_bytes_total", "Bytes received.", |one| one.rx_bytes),
    ("container_network_receive_packets_total", "Packets received.", |one| one.rx_packets),
    ("container_network_receive_errors_total", "Packets that came damaged.", |one| one.rx_errors),
    ("container_network_receive_packets_dropped_total", "Packets received and dropped.", |one| {
        one.rx_dropped
    }),
    ("container_network_transmit_bytes_total", "Bytes sent.", |one| one.tx_bytes),
    ("container_network_transmit_packets_total", "Packets sent.", |one| one.tx_packets),
    ("container_network_transmit_errors_total", "Packets that could not be sent.", |one| one.tx_errors),
    ("container_network_transmit_packets_dropped_total", "Packets dropped instead of sent.", |one| {
        one.tx_dropped
    }),
];

/// What pods use, as a Prometheus server reads it.
///
/// ```
/// assert_eq!(pod_engine::prometheus(&[]), "");
/// ```
#[must_use]
pub fn prometheus(pods: &[PodStats]) -> String {
    let mut text = String::new();
    for (name, kind, help, value) in APP {
        let mut samples = String::new();
        for pod in pods {
            for app in &pod.apps {
                let Some(value) = value(app) else { continue };
                let labels = labels(pod, "container", app.name.as_str());
                // Writing to a String cannot fail.
                let _ = writeln!(samples, "{name}{{{labels}}} {value}");
            }
        }
        family(&mut text, name, kind, help, &samples);
    }
    for (name, help, value) in INTERFACE {
        let mut samples = String::new();
        for pod in pods {
            for interface in &pod.interfaces {
                let labels = labels(pod, "interface", &interface.name);
                let _ = writeln!(samples, "{name}{{{labels}}} {}", value(interface));
            }
        }
        family(&mut text, name, "counter", help, &samples);
    }
    text
}

fn family(text: &mut String, name: &str, kind: &str, help: &str, samples: &str) {
    if !samples.is_empty() {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}");
    }
}

fn labels(pod: &PodStats, name: &str, value: &str) -> String {
    format!(
        "{name}=\"{}\",namespace=\"{}\",pod=\"{}\",uid=\"{}\"",
        escape(value),
        escape(&pod.namespace),
        escape(&pod.name),
        pod.uid
    )
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[expect(clippy::cast_precision_loss, reason = "the format has no other numbers")]
const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pod_core::Timestamp;
    use pod_core::pod::Uuid;

    use super::super::MemoryStats;
    use super::*;

    #[test]
    fn text() {
        let pod = PodStats {
            at: Timestamp::UNIX_EPOCH,
            uid: Uuid::nil(),
            namespace: "default".to_owned(),
            name: "a\"b".to_owned(),
            apps: vec![AppStats {
                name: "web".parse().unwrap(),
                cpu: Some(Duration::from_millis(1500)),
                memory: Some(MemoryStats { usage: 3, working_set: 2, rss: 1, limit: None }),
                io: None,
                pids: Some(4),
            }],
            interfaces: vec![],
        };
        let of = "{container=\"web\",namespace=\"default\",pod=\"a\\\"b\",uid=\"00000000-0000-0000-0000-000000000000\"}";
        let expected = format!(
            "# HELP container_cpu_usage_seconds_total Processor time used, in seconds.\n\
             # TYPE container_cpu_usage_seconds_total counter\n\
             container_cpu_usage_seconds_total{of} 1.5\n\
             # HELP container_memory_working_set_bytes Memory that cannot be taken back, in bytes.\n\
             # TYPE container_memory_working_set_bytes gauge\n\
             container_memory_working_set_bytes{of} 2\n\
             # HELP container_memory_usage_bytes Memory charged, in bytes.\n\
             # TYPE container_memory_usage_bytes gauge\n\
             container_memory_usage_bytes{of} 3\n\
             # HELP container_memory_rss Anonymous memory, in bytes.\n\
             # TYPE container_memory_rss gauge\n\
             container_memory_rss{of} 1\n\
             # HELP container_threads Processes and threads.\n\
             # TYPE container_threads gauge\n\
             container_threads{of} 4\n"
        );
        assert_eq!(prometheus(&[pod]), expected);
    }
}
