//! The rules of kube-proxy: 1 000 to 100 000 endpoints to text for iptables-restore, and the change of one service among many.
//!
//! ```sh
//! cargo bench -p podkit-benches --bench service
//! ```
//!
//! The time for each endpoint, and that of a change, stand as ratios to those of the smallest load; beside them the time that copying the
//! same text takes.
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use k8s_model::core::{Protocol, Service, ServicePort};
use k8s_model::discovery::{AddressType, Endpoint, EndpointPort, EndpointSlice, SERVICE_NAME_LABEL};
use k8s_model::service::{Backed, Proxy, Saved};

const ROUNDS: usize = 5;
/// The endpoints of a service.
const EACH: usize = 10;

fn main() {
    let mut first: Option<(Duration, Duration)> = None;
    for endpoints in [1_000, 10_000, 100_000] {
        let services: Vec<(Service, EndpointSlice)> =
            (0..endpoints / EACH).map(|number| service(number, EACH)).collect();
        let backed: Vec<Backed<'_>> =
            services.iter().map(|(service, slice)| Backed { service, slices: vec![slice] }).collect();
        let proxy = Proxy::default();
        let text = proxy.restore(&backed, &Saved::default());
        let count = u32::try_from(endpoints).unwrap_or(u32::MAX);
        let each = timed(|| drop(black_box(proxy.restore(&backed, &Saved::default())))) / count;
        let copy = timed(|| drop(black_box(text.clone())));

        let (before, after) = (service(endpoints / EACH / 2, EACH), service(endpoints / EACH / 2, EACH + 1));
        let change = timed(|| {
            let before = Backed { service: &before.0, slices: vec![&before.1] };
            let after = Backed { service: &after.0, slices: vec![&after.1] };
            drop(black_box(proxy.change(Some(&before), Some(&after))));
        });
        let (first_each, first_change) = *first.get_or_insert((each, change));
        println!(
            "{endpoints} endpoints of {} services: {each:?} an endpoint ({:.2} of that with the fewest), {:.1} MB of text, {:.0} times as long as copying it; \
             one service changes: {change:?} ({:.2})",
            services.len(),
            ratio(each, first_each),
            f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)) / 1e6,
            ratio(each * count, copy),
            ratio(change, first_change),
        );
    }
}

fn service(number: usize, endpoints: usize) -> (Service, EndpointSlice) {
    let name = format!("web-{number}");
    let mut service = Service::default();
    service.metadata.name.clone_from(&name);
    "default".clone_into(&mut service.metadata.namespace);
    let port = ServicePort { port: 80, protocol: Protocol::Tcp, ..ServicePort::default() };
    service.spec.ports.push(port);
    service.spec.cluster_ip = address(10, 96, number);
    let mut slice = EndpointSlice { address_type: AddressType::IPv4, ..EndpointSlice::default() };
    slice.metadata.labels.insert(SERVICE_NAME_LABEL.to_owned(), name);
    slice.metadata.namespace.clone_from(&service.metadata.namespace);
    let port = EndpointPort { name: Some(String::new()), port: Some(8080), ..EndpointPort::default() };
    slice.ports.push(port);
    for endpoint in 0..endpoints {
        let place =
            Endpoint { addresses: vec![address(11, 0, number * 16 + endpoint)], ..Endpoint::default() };
        slice.endpoints.push(place);
    }
    (service, slice)
}

fn address(first: usize, second: usize, number: usize) -> String {
    format!("{first}.{}.{}.{}", second + (number >> 16), number >> 8 & 255, number & 255)
}

fn timed(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}
