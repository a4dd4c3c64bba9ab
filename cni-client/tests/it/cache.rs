//! Stored attachments.
#![expect(clippy::disallowed_methods, reason = "tests of the feature that does IO")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use cni_client::attachment::Attachment;
use cni_client::cache::{Access, Cache, list_libcni};
use cni_client::name::ContainerId;
use cni_client::request::Request;
use cni_client::result::AddResult;
use cni_client::version::Version;
use tempfile::TempDir;

use super::{config, full};

/// The file that the container `c` shares with others.
const STRIPE_OF_C: &str = "62";

fn attachment(network: &str, container: &str) -> Attachment {
    let config =
        config(&format!(r#"{{"cniVersion":"1.0.0","name":"{network}","plugins":[{{"type":"p"}}]}}"#));
    let request = Request::new(container.parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
    Attachment::new(config, request).unwrap()
}

fn cache() -> (TempDir, Cache) {
    let folder = TempDir::new().unwrap();
    let cache = Cache::open(folder.path().join("a/b")).unwrap();
    (folder, cache)
}

#[test]
fn records_come_and_go() {
    let (_folder, cache) = cache();
    // libcni stores these two under one name.
    let (one, two) = (attachment("a-b", "c"), attachment("a", "b-c"));
    for cache in [cache.clone(), cache.clone().synced()] {
        cache.store(&one).unwrap();
        cache.store(&two).unwrap();
        assert_eq!(cache.load(&one.key()).unwrap(), Some(one.clone()));
        let listing = cache.list().unwrap();
        assert_eq!((listing.attachments, listing.problems.len()), (vec![two.clone(), one.clone()], 0));
    }
    let mode = |file: &str| fs::metadata(cache.folder().join(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("a-b:c:eth0.json")), (0o700, 0o600));
    cache.remove(&one.key()).unwrap();
    cache.remove(&one.key()).unwrap();
    assert_eq!(cache.load(&one.key()).unwrap(), None);
    assert_eq!(fs::read_dir(cache.folder()).unwrap().count(), 2, "the other record and the folder of locks");
}

#[test]
fn results_are_added_and_a_line_that_was_cut_off_counts_for_nothing() {
    let (_folder, cache) = cache();
    let asked = attachment("n", "c");
    let result = |address: &str| {
        let text = format!(r#"{{"ips":[{{"address":"{address}"}}],"x":9007199254740993}}"#);
        AddResult::decode(text.as_bytes(), asked.version()).unwrap()
    };
    for cache in [cache.clone(), cache.clone().synced()] {
        let mut record = cache.begin(&asked).unwrap();
        assert_eq!(cache.load(&asked.key()).unwrap(), Some(asked.clone()));
        let again = full(&cache.begin(&asked).unwrap_err());
        assert!(again.ends_with("n:c:eth0.json`: File exists (os error 17)"), "{again}");
        record.append(&result("10.0.0.1/8")).unwrap();
        let (first, second) = (
            asked.clone().with_result(result("10.0.0.1/8")),
            asked.clone().with_result(result("10.0.0.2/8")),
        );
        assert_eq!(cache.load(&asked.key()).unwrap(), Some(first.clone()));
        record.append(&result("10.0.0.2/8")).unwrap();
        assert_eq!(cache.load(&asked.key()).unwrap(), Some(second));

        // A process that is killed, or a power cut, leaves any beginning of the file.
        let file = cache.folder().join("n:c:eth0.json");
        let whole = fs::read(&file).unwrap();
        let lines: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').map(|at| at + 1).collect();
        for length in 0..whole.len() {
            fs::write(&file, &whole[..length]).unwrap();
            match cache.load(&asked.key()) {
                Ok(loaded) if length >= lines[1] => assert_eq!(loaded, Some(first.clone())),
                Ok(loaded) => assert_eq!((loaded, length + 1 >= lines[0]), (Some(asked.clone()), true)),
                Err(error) => assert!(error.is_broken() && length + 1 < lines[0], "{length}: {error}"),
            }
        }
        fs::write(&file, &whole).unwrap();
        let stored = cache.load(&asked.key()).unwrap().unwrap();
        cache.store(&stored).unwrap();
        assert_eq!(cache.load(&asked.key()).unwrap(), Some(stored));
        cache.remove(&asked.key()).unwrap();
    }
    let mut record = cache.begin(&asked).unwrap();
    cache.remove(&asked.key()).unwrap();
    let error = full(&record.append(&result("10.0.0.1/8")).unwrap_err());
    assert!(error.ends_with("n:c:eth0.json`: No such file or directory (os error 2)"), "{error}");
}

/// Members are kept as they were written, and people lay them out over several lines.
/// A record's file becomes another record: nothing of the old one may be read, whatever their lengths and whenever somebody died.
#[test]
fn the_file_of_a_record_that_is_gone_is_used_again() {
    let (_folder, cache) = cache();
    let spare = cache.folder().join(format!("lock/spare:{STRIPE_OF_C}"));
    let inode = |file: &std::path::Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(file).unwrap());
    let with_args = |network: &str, length: usize| {
        let request = Request::new("c".parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
        let args = format!("A={}", "x".repeat(length)).parse().unwrap();
        let config =
            config(&format!(r#"{{"cniVersion":"1.0.0","name":"{network}","plugins":[{{"type":"a"}}]}}"#));
        Attachment::new(config, request.with_args(args)).unwrap()
    };
    let result = AddResult::decode(br#"{"ips":[{"address":"10.0.0.2/24"}]}"#, Version::V1_0_0).unwrap();
    let mut last = None;
    for length in [10, 5000, 3900, 20_000, 1, 3900, 2] {
        let attachment = with_args("n", length);
        let mut record = cache.begin(&attachment).unwrap();
        let file = cache.folder().join("n:c:eth0.json");
        assert!(last.is_none_or(|last| last == inode(&file)), "it is the same file");
        assert_eq!(cache.load(&attachment.key()).unwrap().as_ref(), Some(&attachment), "{length}");
        record.append(&result).unwrap();
        assert_eq!(
            cache.load(&attachment.key()).unwrap(),
            Some(attachment.clone().with_result(result.clone()))
        );
        assert!(cache.begin(&attachment).unwrap_err().is_occupied());
        last = Some(inode(&file));
        cache.remove(&attachment.key()).unwrap();
        assert_eq!((cache.load(&attachment.key()).unwrap(), inode(&spare)), (None, last.unwrap()));
    }
    // Of several records at once one file is kept.
    let both = [with_args("n", 1), with_args("m", 2)];
    both.iter().for_each(|attachment| drop(cache.begin(attachment).unwrap()));
    assert!(!spare.exists());
    both.iter().for_each(|attachment| cache.remove(&attachment.key()).unwrap());
    assert_eq!(cache.list().unwrap().attachments.len(), 0);
    // Somebody died while he filled it.
    fs::write(&spare, [b'{'; 9000]).unwrap();
    let _ = cache.begin(&both[0]).unwrap();
    assert_eq!(cache.load(&both[0].key()).unwrap().as_ref(), Some(&both[0]));
    // What is no file of ours is left alone.
    std::os::unix::fs::symlink("/nowhere/at/all", &spare).unwrap();
    let _ = cache.begin(&both[1]).unwrap();
    assert_eq!(cache.list().unwrap().attachments.len(), 2);
}

#[test]
fn a_configuration_of_many_lines_is_one_line() {
    let (_folder, cache) = cache();
    let config = config(
        "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"p\",\"ipam\":{\r\n  \"type\":\n\"q\",\"x\":\"a\\nb\"\n}}]}",
    );
    let request = Request::new("c".parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
    let asked = Attachment::new(config, request).unwrap();
    let result = AddResult::decode(b"{\"ips\":[],\n\"x\":{\n\"y\": \"\\n\"\n}}", asked.version()).unwrap();
    let mut record = cache.begin(&asked).unwrap();
    record.append(&result).unwrap();
    let text = fs::read_to_string(cache.folder().join("n:c:eth0.json")).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    let loaded = cache.load(&asked.key()).unwrap().unwrap();
    assert!(loaded.to_json().as_str().contains(r#""x":"a\nb""#), "{}", loaded.to_json());
    assert!(loaded.result().unwrap().to_json().as_str().contains(r#""y": "\n""#));
}

#[test]
fn broken_records_are_told_and_stand_in_nobodys_way() {
    let (_folder, cache) = cache();
    let good = attachment("n", "good");
    cache.store(&good).unwrap();
    for (name, text) in [
        ("n:empty:eth0.json", ""),
        ("n:half:eth0.json", "{\"kind\":\"podkit"),
        (".n:x:eth0.tmp", "x"),
        ("readme", ""),
    ] {
        fs::write(cache.folder().join(name), text).unwrap();
    }
    let listing = cache.list().unwrap();
    assert_eq!(listing.attachments, [good]);
    let mut problems: Vec<String> = listing.problems.iter().map(|problem| full(problem)).collect();
    problems.sort();
    let folder = cache.folder().display();
    assert_eq!(
        problems,
        [
            format!(
                "`{folder}/n:empty:eth0.json` is no record of an attachment: 1:1: EOF while parsing a value"
            ),
            format!(
                "`{folder}/n:half:eth0.json` is no record of an attachment: 1:15: EOF while parsing a string"
            ),
        ]
    );
    let error = cache.load(&attachment("n", "empty").key()).unwrap_err();
    assert!(error.is_broken() && error.path().ends_with("n:empty:eth0.json"));
}

#[test]
fn what_was_half_written_is_swept_when_it_is_old() {
    let (_folder, cache) = cache();
    let (old, new) = (cache.folder().join(".n:a:eth0.tmp"), cache.folder().join(".n:b:eth0.tmp"));
    for file in [&old, &new] {
        fs::write(file, "half").unwrap();
    }
    let past = std::time::SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(&old).unwrap().set_modified(past).unwrap();
    cache.sweep().unwrap();
    assert_eq!((old.exists(), new.exists()), (false, true));
}

#[test]
fn a_folder_that_cannot_be_used() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = file.path().join("sub");
    let error = Cache::open(&folder).unwrap_err();
    assert_eq!(
        full(&error),
        format!("cannot make folder `{}`: Not a directory (os error 20)", folder.display())
    );
    let (_folder, cache) = cache();
    fs::remove_dir_all(cache.folder()).unwrap();
    assert_eq!(
        full(&cache.store(&attachment("n", "c")).unwrap_err()),
        format!(
            "cannot write `{}/n:c:eth0.json`: No such file or directory (os error 2)",
            cache.folder().display()
        )
    );
    let long = attachment("n", &"c".repeat(300));
    let (_folder, cache) = self::cache();
    assert!(full(&cache.store(&long).unwrap_err()).ends_with(".json`: File name too long (os error 36)"));
}

#[test]
fn locks_exclude_each_other() {
    let (_folder, cache) = cache();
    let (container, network) = ("c".parse().unwrap(), "n".parse().unwrap());
    let short = Duration::from_millis(50);
    let held = cache.lock_container(&container, short).unwrap();
    let busy = cache.lock_container(&container, short).unwrap_err();
    assert!(busy.is_busy());
    assert_eq!(
        busy.to_string(),
        format!(
            "another process has held `{}/lock/containers:{}` for more than 50ms",
            cache.folder().display(),
            STRIPE_OF_C
        )
    );
    drop(cache.lock_container(&"d".parse().unwrap(), short).unwrap());
    let other = cache.clone();
    let waiter = std::thread::spawn(move || {
        let start = Instant::now();
        let lock = other.lock_container(&"c".parse().unwrap(), Duration::from_secs(10)).unwrap();
        (start.elapsed(), drop(lock)).0
    });
    std::thread::sleep(Duration::from_millis(150));
    drop(held);
    assert!(waiter.join().unwrap() >= Duration::from_millis(100));

    let shared = (
        cache.lock_network(&network, Access::Shared, short).unwrap(),
        cache.lock_network(&network, Access::Shared, short).unwrap(),
    );
    assert!(cache.lock_network(&network, Access::Exclusive, short).unwrap_err().is_busy());
    drop(shared);
    let alone = cache.lock_network(&network, Access::Exclusive, short).unwrap();
    assert!(cache.lock_network(&network, Access::Shared, short).unwrap_err().is_busy());
    drop(alone);
    let files = fs::read_dir(cache.folder().join("lock")).unwrap().count();
    assert_eq!(files, 3, "of two containers and a network, which stay");
}

/// Several containers at once never wait for each other, although two of them share a file.
#[test]
fn many_containers_share_few_files() {
    let (_folder, cache) = cache();
    let containers: Vec<ContainerId> = (0..200).map(|at| format!("c{at}").parse().unwrap()).collect();
    let short = Duration::from_millis(50);
    let locks = cache.lock_containers(&containers, short).unwrap();
    assert!(locks.len() > 50, "{} of 64", locks.len());
    assert!(cache.lock_container(&containers[7], short).unwrap_err().is_busy());
    drop(locks);
    assert_eq!(cache.lock_container(&containers[7], short).unwrap().left(), None);
    assert!(fs::read_dir(cache.folder().join("lock")).unwrap().count() <= 64);
}

/// The name of a container stays in the file when its client is killed, however short the next one's is.
#[test]
fn a_lock_knows_whom_it_was_left_for() {
    let (_folder, cache) = cache();
    let (short, container) = (Duration::from_millis(50), "c".parse().unwrap());
    let file = cache.folder().join(format!("lock/containers:{STRIPE_OF_C}"));
    drop(cache.lock_container(&container, short).unwrap());
    fs::write(&file, "a-container-with-a-long-name\n").unwrap();
    let lock = cache.lock_container(&container, short).unwrap();
    assert_eq!(lock.left().map(ToString::to_string).as_deref(), Some("a-container-with-a-long-name"));
    assert!(fs::read_to_string(&file).unwrap().starts_with("c\n"));
    drop(lock);
    assert_eq!(cache.lock_container(&container, short).unwrap().left(), None);
    fs::write(&file, "../no name\0").unwrap();
    assert_eq!(cache.lock_container(&container, short).unwrap().left(), None);
}

/// Locks whose files come and go must still let only one in at a time.
#[test]
fn nobody_meets_inside_a_lock() {
    let (_folder, cache) = cache();
    let inside = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..40 {
                    let lock = cache.lock_container(&"c".parse().unwrap(), Duration::from_secs(60)).unwrap();
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    std::thread::yield_now();
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    drop(lock);
                }
            });
        }
    });
}

#[test]
fn what_libcni_has_stored() {
    let folder = TempDir::new().unwrap();
    let nothing = list_libcni(&folder.path().join("results")).unwrap();
    assert_eq!((nothing.attachments.len(), nothing.problems.len()), (0, 0));
    fs::write(folder.path().join("n-c1-eth0"), super::attachment::LIBCNI).unwrap();
    fs::write(folder.path().join("n-c2-eth0"), r#"{"cniVersion":"0.3.1","ips":[]}"#).unwrap();
    let listing = list_libcni(folder.path()).unwrap();
    assert_eq!(listing.attachments[0].key().to_string(), "n:c1:eth0");
    assert_eq!(
        full(&listing.problems[0]),
        format!(
            "`{}/n-c2-eth0` is no record of an attachment: 1:1: `kind` is missing",
            folder.path().display()
        )
    );
}
