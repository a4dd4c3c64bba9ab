//! The client: records and locks around the chains.
#![expect(clippy::disallowed_methods, reason = "tests of the feature that does IO")]

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;
use std::time::Duration;

use cni_client::attachment::Attachment;
use cni_client::cache::Cache;
use cni_client::client::{Client, ClientError};
use cni_client::invocation::{Invocation, Verb};
use cni_client::network::{Layer, Selection, resolve};
use cni_client::plugins::{Exit, Failure, Output};
use cni_client::request::{CapabilityArgs, PortMapping, Protocol, Request};
use tempfile::TempDir;

use super::{config, full, path, request};

pub(crate) const TWO: &str = r#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"},{"type":"b"}]}"#;

/// Notes every run as `VERB plugin interface`; `fault` may answer in its place.
pub(crate) type Log = Rc<RefCell<Vec<String>>>;

pub(crate) type Fake = Box<dyn FnMut(&Invocation) -> Result<Output, Failure>>;

pub(crate) fn client(
    folder: &TempDir,
    mut fault: impl FnMut(&Invocation) -> Option<Result<Output, Failure>> + 'static,
) -> (Client<Fake>, Log) {
    let log = Log::default();
    let notes = Rc::clone(&log);
    let fake: Fake = Box::new(move |run: &Invocation| {
        let interface =
            run.variable("CNI_IFNAME").map(|i| format!(" {}", i.to_str().unwrap())).unwrap_or_default();
        notes.borrow_mut().push(format!("{} {}{interface}", run.verb, run.plugin));
        fault(run).unwrap_or_else(|| match run.verb {
            Verb::Version => {
                Ok(Output::success(r#"{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}"#))
            }
            _ => Ok(Output::success(r#"{"ips":[{"address":"10.0.0.2/24"}]}"#)),
        })
    });
    let cache = Cache::open(folder.path().join("cache")).unwrap();
    (Client::new(fake, path(), cache).with_patience(Duration::from_millis(200)), log)
}

fn refusal() -> Option<Result<Output, Failure>> {
    Some(Ok(Output::new(Exit::Code(1), r#"{"code":999,"msg":"no"}"#)))
}

pub(crate) fn take(log: &Log) -> Vec<String> {
    log.take()
}

#[test]
fn add_check_del() {
    let folder = TempDir::new().unwrap();
    let (mut one, log) = client(&folder, |_| None);
    let attachment = one.add(config(TWO), request()).unwrap();
    let key = attachment.key();
    assert_eq!(one.cache().load(&key).unwrap(), Some(attachment));
    let again = one.add(config(TWO), request()).unwrap_err();
    assert_eq!(again.to_string(), "`eth0` of container `c1` is attached to network `n` already");
    assert_eq!(take(&log), ["ADD a eth0", "ADD b eth0"]);

    // Another process, from the record alone.
    let (mut two, log) = client(&folder, |_| None);
    two.check(&key).unwrap();
    assert!(two.del(&key).unwrap());
    assert!(!two.del(&key).unwrap());
    assert_eq!(take(&log), ["CHECK a eth0", "CHECK b eth0", "DEL b eth0", "DEL a eth0"]);
    let gone = two.check(&key).unwrap_err();
    assert_eq!(gone.to_string(), "`eth0` of container `c1` is not attached to network `n`");
    assert_eq!(fs::read_dir(two.cache().folder()).unwrap().count(), 1, "only the folder of locks");
}

#[test]
fn a_failed_add_leaves_no_record_unless_it_could_not_be_undone() {
    let folder = TempDir::new().unwrap();
    let (mut clean, _) =
        client(&folder, |run| (run.verb == Verb::Add && run.plugin.as_str() == "b").then(refusal)?);
    assert!(
        matches!(clean.add(config(TWO), request()).unwrap_err(), ClientError::Chain(error) if error.is_undone())
    );
    assert!(clean.cache().list().unwrap().attachments.is_empty());

    let (mut stuck, _) = client(&folder, |run| (run.plugin.as_str() == "b").then(refusal)?);
    stuck.add(config(TWO), request()).unwrap_err();
    let left = stuck.cache().list().unwrap().attachments;
    assert_eq!(left[0].result().unwrap().ips.len(), 1, "the result of the plugin that succeeded");
    let failed = stuck.del(&left[0].key()).unwrap_err();
    assert_eq!(
        full(&failed),
        "cannot delete `eth0` of container `c1` in network `n`: plugin `b` failed on DEL with exit code 1: no (code 999)"
    );
    assert_eq!(stuck.cache().list().unwrap().attachments.len(), 1);
    let (mut later, log) = client(&folder, |_| None);
    assert!(later.del(&left[0].key()).unwrap());
    assert_eq!(take(&log), ["DEL b eth0", "DEL a eth0"]);
}

/// As good as `kill -9` between two plugins: nothing of ours runs any more.
#[test]
fn who_dies_between_plugins_leaves_a_record_to_undo_from() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache");
    let killed = std::thread::spawn({
        let cache = cache.clone();
        move || {
            let mut client = Client::new(
                |run: &Invocation| -> Result<Output, Failure> {
                    assert_ne!(run.plugin.as_str(), "b", "killed");
                    Ok(Output::success(r#"{"ips":[{"address":"10.0.0.2/24"}]}"#))
                },
                path(),
                Cache::open(cache).unwrap(),
            );
            client.add(config(TWO), request())
        }
    });
    killed.join().unwrap_err();
    let (mut client, log) = client(&folder, |_| None);
    let left = client.cache().list().unwrap().attachments;
    assert_eq!(left[0].result().unwrap().ips.len(), 1);
    let report = client.detach(&"c1".parse().unwrap(), None, &|_| None).unwrap();
    assert_eq!((report.detached.len(), report.failures.len()), (1, 0));
    assert_eq!(take(&log), ["DEL b eth0", "DEL a eth0"]);
}

#[test]
fn without_a_place_for_the_record_nothing_runs() {
    let folder = TempDir::new().unwrap();
    let (mut client, log) = client(&folder, |_| None);
    fs::remove_dir_all(client.cache().folder()).unwrap();
    fs::create_dir_all(client.cache().folder().join("lock")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", client.cache().folder().join("n:c1:eth0.json")).unwrap();
    let error = client.add(config(TWO), request()).unwrap_err();
    assert!(full(&error).ends_with("n:c1:eth0.json`: File exists (os error 17)"), "{}", full(&error));
    assert!(take(&log).is_empty());
}

/// The disk is full after the first plugin: what cannot be recorded is taken back.
#[test]
fn a_result_that_cannot_be_stored_is_undone() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache");
    let (mut client, log) = client(&folder, move |run| {
        if run.verb == Verb::Add && run.plugin.as_str() == "a" {
            fs::remove_file(cache.join("n:c1:eth0.json")).unwrap();
        }
        None
    });
    let error = client.add(config(TWO), request()).unwrap_err();
    assert!(matches!(error, ClientError::Cache(_)));
    assert_eq!(take(&log), ["ADD a eth0", "ADD b eth0", "DEL b eth0", "DEL a eth0"]);
}

#[test]
fn a_broken_record_is_told_and_can_be_done_without() {
    let folder = TempDir::new().unwrap();
    let (mut client, log) = client(&folder, |_| None);
    let key = client.add(config(TWO), request()).unwrap().key();
    fs::write(client.cache().folder().join(format!("{key}.json")), "").unwrap();
    for error in [client.del(&key).unwrap_err(), client.add(config(TWO), request()).unwrap_err()] {
        assert!(
            full(&error)
                .ends_with("n:c1:eth0.json` is no record of an attachment: 1:1: EOF while parsing a value")
        );
    }
    let pod = "c1".parse().unwrap();
    let report = client.detach(&pod, None, &|_| None).unwrap();
    assert_eq!((report.detached.len(), report.failures.len()), (0, 1));
    take(&log);
    client.del_unrecorded(Attachment::new(config(TWO), request()).unwrap()).unwrap();
    assert_eq!(take(&log), ["DEL b eth0", "DEL a eth0"]);
    client.add(config(TWO), request()).unwrap();

    fs::write(client.cache().folder().join(format!("{key}.json")), "").unwrap();
    take(&log);
    let report = client.detach(&pod, None, &|_| Some(config(TWO))).unwrap();
    assert_eq!((report.detached, report.failures.len()), (vec![key], 0));
    assert_eq!(take(&log), ["DEL b eth0", "DEL a eth0"]);
    assert_eq!(client.cache().list().unwrap().problems.len(), 0);
}

#[test]
fn gc_forgets_what_it_deletes() {
    let folder = TempDir::new().unwrap();
    let (mut client, log) = client(&folder, |run| {
        let stuck = run.variable("CNI_CONTAINERID").is_some_and(|c| c == "stuck") && run.verb == Verb::Del;
        if stuck { refusal() } else { None }
    });
    for container in ["keep", "stale", "stuck"] {
        let request = cni_client::request::Request::new(
            container.parse().unwrap(),
            "/n".parse().unwrap(),
            "eth0".parse().unwrap(),
        );
        client.add(config(TWO), request).unwrap();
    }
    take(&log);
    let report = client.gc(config(TWO), [("keep".parse().unwrap(), "eth0".parse().unwrap())]).unwrap();
    assert_eq!((report.deleted.len(), report.undeleted.len(), report.failures.len()), (1, 1, 0));
    let left: Vec<String> = client
        .cache()
        .list()
        .unwrap()
        .attachments
        .iter()
        .map(|attachment| attachment.container().to_string())
        .collect();
    assert_eq!(left, ["keep", "stuck"]);
}

#[test]
fn operations_on_one_container_wait_for_each_other() {
    let folder = TempDir::new().unwrap();
    let (mut client, log) = client(&folder, |_| None);
    let cache = client.cache().clone();
    let _held = cache.lock_container(&"c1".parse().unwrap(), Duration::ZERO).unwrap();
    let busy = client.add(config(TWO), request()).unwrap_err();
    assert!(matches!(&busy, ClientError::Cache(error) if error.is_busy()), "{busy}");
    assert!(take(&log).is_empty());
}

#[test]
fn a_pod_joins_all_its_networks_or_none() {
    let layer = Layer::new("test")
        .with("1.conf", config(&TWO.replace("\"n\"", "\"n1\"")))
        .with("2.conf", config(&TWO.replace("\"n\"", "\"n2\"")));
    let Selection::Networks(wanted) = "n1:IP=10.0.0.9,n2".parse().unwrap() else { panic!("networks") };
    let joined = resolve(&wanted, &[layer]).unwrap().networks;
    let pod = "pod".parse().unwrap();
    let netns = "/proc/self/ns/net".parse().unwrap();
    let with = |joined: &[cni_client::network::Joined]| {
        joined.iter().cloned().map(|joined| (joined, CapabilityArgs::new())).collect::<Vec<_>>()
    };

    let folder = TempDir::new().unwrap();
    let (mut client, log) = self::client(&folder, |run| {
        let second = run.variable("CNI_IFNAME").is_some_and(|name| name == "eth1");
        if second && run.verb == Verb::Add && run.plugin.as_str() == "b" { refusal() } else { None }
    });
    client.attach(&pod, &netns, with(&joined)).unwrap_err();
    assert_eq!(
        take(&log),
        [
            "ADD a eth0",
            "ADD b eth0",
            "ADD a eth1",
            "ADD b eth1",
            "DEL b eth1",
            "DEL a eth1",
            "DEL b eth0",
            "DEL a eth0",
        ]
    );
    assert!(client.cache().list().unwrap().attachments.is_empty());

    let (mut client, log) = self::client(&folder, |_| None);
    let attached = client.attach(&pod, &netns, with(&joined)).unwrap();
    assert_eq!(attached[0].args().to_string(), "IP=10.0.0.9");
    take(&log);
    let report = client.detach(&pod, Some(&netns), &|_| None).unwrap();
    let gone: Vec<String> = report.detached.iter().map(ToString::to_string).collect();
    assert_eq!((gone, report.failures.len()), (vec!["n2:pod:eth1".to_owned(), "n1:pod:eth0".to_owned()], 0));
    assert_eq!(take(&log), ["DEL b eth1", "DEL a eth1", "DEL b eth0", "DEL a eth0"]);
    assert_eq!(client.detach(&pod, None, &|_| None).unwrap().detached.len(), 0);
}

/// A pod's folder moves when it is over, and its namespace with it.
#[test]
fn a_pod_is_detached_where_its_namespace_is_now() {
    let folder = TempDir::new().unwrap();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let plugins = {
        let seen = Rc::clone(&seen);
        move |run: &Invocation| -> Result<Output, Failure> {
            seen.borrow_mut().push(run.variable("CNI_NETNS").map(ToOwned::to_owned));
            Ok(Output::success("{}"))
        }
    };
    let cache = Cache::open(folder.path().join("cache")).unwrap();
    let mut client = Client::new(plugins, "/nowhere".parse().unwrap(), cache);
    let pod = "c1".parse().unwrap();
    for (now, expected) in [(Some("/moved/net"), Some("/moved/net".into())), (None, None)] {
        client.add(config(TWO), request()).unwrap();
        seen.borrow_mut().clear();
        let now = now.map(|path| path.parse().unwrap());
        assert_eq!(client.detach(&pod, now.as_ref(), &|_| None).unwrap().detached.len(), 1);
        assert_eq!(*seen.borrow(), [expected.clone(), expected]);
    }
}

/// A plugin that takes the configuration for wrong says so on ADD and on DEL, for ever: a pod must not hang on to that.
#[test]
fn what_is_refused_in_the_same_words_is_forgotten_with_the_pod() {
    let answer =
        |message: &str| Some(Ok(Output::new(Exit::Code(1), format!(r#"{{"code":999,"msg":"{message}"}}"#))));
    for (add, del, others_fail, is_left) in [
        ("invalid CIDR address", "invalid CIDR address", false, false),
        ("invalid CIDR address", "no such chain", false, true),
        ("invalid CIDR address", "invalid CIDR address", true, true),
    ] {
        let folder = TempDir::new().unwrap();
        let (mut client, log) = client(&folder, move |run| match (run.verb, run.plugin.as_str()) {
            (Verb::Add, "b") => answer(add),
            (Verb::Del, "b") => answer(del),
            (Verb::Del, "a") if others_fail => answer("busy"),
            _ => None,
        });
        let layer = Layer::new("x").with("1", config(TWO));
        let Selection::Networks(wanted) = "n".parse().unwrap() else { panic!() };
        let joined = resolve(&wanted, &[layer]).unwrap().networks;
        let (pod, netns) = ("pod".parse().unwrap(), "/n".parse().unwrap());
        let wish = joined.into_iter().map(|joined| (joined, CapabilityArgs::new()));
        let error = client.attach(&pod, &netns, wish).unwrap_err();
        assert!(full(&error).contains("undoing it, plugin `b` failed on DEL"), "{}", full(&error));
        assert_eq!(take(&log), ["ADD a eth0", "ADD b eth0", "DEL b eth0", "DEL a eth0"]);
        assert_eq!(client.cache().list().unwrap().attachments.len(), usize::from(is_left), "{add}, {del}");
        // Whoever keeps the namespace keeps the record.
        client.add(config(TWO), request()).unwrap_err();
        assert_eq!(client.cache().list().unwrap().attachments.len(), usize::from(is_left) + 1);
    }
}

#[test]
fn a_port_of_the_host_has_one_owner() {
    let folder = TempDir::new().unwrap();
    let (mut client, log) = client(&folder, |_| None);
    let with_port = |container: &str, port: u16, address: Option<&str>| {
        let mut capabilities = CapabilityArgs::new();
        let mut mapping = PortMapping::new(port, 80, Protocol::Tcp);
        mapping.host_ip = address.map(|address| address.parse().unwrap());
        capabilities.set_port_mappings(&[mapping]);
        let (netns, interface) = ("/n".parse().unwrap(), "eth0".parse().unwrap());
        Request::new(container.parse().unwrap(), netns, interface).with_capabilities(capabilities)
    };
    client.add(config(TWO), with_port("c1", 8080, None)).unwrap();
    take(&log);
    let error = client.add(config(TWO), with_port("c2", 8080, Some("127.0.0.1"))).unwrap_err();
    assert_eq!(
        full(&error),
        "host port 127.0.0.1:8080/tcp to port 80 is taken: container `c1` has host port 8080/tcp to port 80"
    );
    assert!(matches!(error, ClientError::Port(_)) && take(&log).is_empty());
    assert_eq!(client.cache().list().unwrap().attachments.len(), 1);
    client.add(config(TWO), with_port("c2", 8081, None)).unwrap();
}

/// Plugins pass over a mapping between families, and whoever asked for it would wait for ever.
#[test]
fn a_port_that_leads_nowhere_is_refused_after_all() {
    let folder = TempDir::new().unwrap();
    let (mut client, log) = client(&folder, |_| None);
    let layer = Layer::new("x").with("1", config(TWO));
    let Selection::Networks(wanted) = "n".parse().unwrap() else { panic!() };
    let (pod, netns) = ("pod".parse().unwrap(), "/n".parse().unwrap());
    for (address, said) in [
        ("::1", Some("host port [::1]:8080/tcp to port 80 leads nowhere: the pod has no IPv6 address")),
        ("127.0.0.1", None),
    ] {
        let joined = resolve(&wanted, std::slice::from_ref(&layer)).unwrap().networks;
        let mut capabilities = CapabilityArgs::new();
        let mapping = PortMapping::new(8080, 80, Protocol::Tcp).on(address.parse().unwrap());
        capabilities.set_port_mappings(&[mapping]);
        let attached = client.attach(&pod, &netns, joined.into_iter().map(|one| (one, capabilities.clone())));
        assert_eq!(attached.as_ref().err().map(|error| full(error)).as_deref(), said);
        let undone: &[&str] = if said.is_some() { &["DEL b eth0", "DEL a eth0"] } else { &[] };
        assert_eq!(take(&log), [&["ADD a eth0", "ADD b eth0"], undone].concat());
        assert_eq!(client.cache().list().unwrap().attachments.len(), usize::from(said.is_none()));
    }
}

/// Somebody died between a refused ADD and its DEL. The record has the configuration that is refused; the user has mended it since.
#[test]
fn what_was_never_attached_is_detached_by_the_mended_configuration() {
    let wrong = TWO.replace(r#"{"type":"a"}"#, r#"{"type":"a","subnet":"wrong"}"#);
    for (mended, has_result, is_detached) in [
        (Some(TWO), false, true),
        (None, false, false),
        (Some(&*wrong), false, false),
        (Some(TWO), true, false),
    ] {
        let folder = TempDir::new().unwrap();
        let (mut client, _) =
            client(&folder, |run| if run.stdin.contains("wrong") { refusal() } else { None });
        let attachment =
            Attachment::new(config(&wrong), request().with_args("IP=wrong".parse().unwrap())).unwrap();
        let result = cni_client::result::AddResult::decode(b"{}", attachment.version()).unwrap();
        let stored = if has_result { attachment.with_result(result) } else { attachment };
        client.cache().store(&stored).unwrap();
        let found = |_: &cni_client::name::NetworkName| mended.map(config);
        let report = client.detach(&"c1".parse().unwrap(), None, &found).unwrap();
        assert_eq!(
            (report.detached.len(), report.failures.len()),
            (usize::from(is_detached), usize::from(!is_detached))
        );
        assert_eq!(client.cache().list().unwrap().attachments.len(), usize::from(!is_detached));
    }
}

/// Whoever asks at the same time: two never get the same port, and who does not get it leaves nothing.
#[test]
fn a_port_of_the_host_is_given_out_once_at_most() {
    let folder = TempDir::new().unwrap();
    let cache = Cache::open(folder.path().join("cache")).unwrap();
    for round in 0..5 {
        let owners: usize = std::thread::scope(|scope| {
            let add = |index: usize| {
                let plugins = |run: &Invocation| -> Result<Output, Failure> {
                    if run.verb == Verb::Add {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    Ok(Output::success(r#"{"ips":[{"address":"10.0.0.2/24"}]}"#))
                };
                let mut client = Client::new(plugins, path(), cache.clone());
                let mut capabilities = CapabilityArgs::new();
                capabilities.set_port_mappings(&[PortMapping::new(8080, 80, Protocol::Tcp)]);
                let container = format!("c{round}-{index}").parse().unwrap();
                let request = Request::new(container, "/n".parse().unwrap(), "eth0".parse().unwrap());
                client.add(config(TWO), request.with_capabilities(capabilities)).is_ok()
            };
            let threads: Vec<_> = (0..6).map(|index| scope.spawn(move || add(index))).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        let left = cache.list().unwrap().attachments;
        assert!(owners <= 1 && left.len() == owners, "{owners} owners, {} records", left.len());
        left.iter().for_each(|attachment| cache.remove(&attachment.key()).unwrap());
    }
}
