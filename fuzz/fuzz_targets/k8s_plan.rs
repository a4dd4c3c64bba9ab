//! Schedules, sets of indexes and events of the simulated cluster: what is read is printed and read again as the same, and a schedule's
//! next time is later.
#![no_main]

use k8s_model::plan::cron_job::{Schedule, TimeZoneName};
use k8s_model::plan::job::Indexes;
use k8s_model::plan::sim::{Event, Timed};
use libfuzzer_sys::fuzz_target;
use pod_core::Timestamp;

fuzz_target!(|text: &str| {
    if let Ok(schedule) = text.parse::<Schedule>() {
        for zone in ["UTC", "America/New_York", "Australia/Lord_Howe"] {
            let zone: TimeZoneName = zone.parse().expect("a zone that is built in");
            if let Some(next) = schedule.next(Timestamp::UNIX_EPOCH, &zone) {
                assert!(next > Timestamp::UNIX_EPOCH);
            }
        }
    }
    let indexes = Indexes::parse(text, 1000);
    assert_eq!(Indexes::parse(&indexes.to_string(), 1000), indexes);
    if let Ok(event) = text.parse::<Event>() {
        let printed = event.to_string();
        assert_eq!(printed.parse::<Event>().as_ref(), Ok(&event), "{printed}");
    }
    let _ = text.parse::<Timed>();
    let _ = text.parse::<TimeZoneName>();
});
