//! Chains against fake plugins that remember what they have set up, with faults at random places.

use std::collections::BTreeSet;

use cni_client::chain::{Add, Del, OnError, drive};
use cni_client::invocation::{Invocation, Verb};
use cni_client::plugins::{Exit, Failure, Output, Plugins};
use proptest::prelude::*;

use super::{config, path, request};

/// What happens to one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Fine,
    /// It does its work and fails then.
    FailsAfter,
    /// It fails before it does anything.
    FailsBefore,
    /// It is killed half-way.
    Killed,
    /// Its program is missing.
    Missing,
    /// It does its work and its answer is rubbish.
    Rubbish,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Fine),
        1 => Just(Event::FailsAfter),
        1 => Just(Event::FailsBefore),
        1 => Just(Event::Killed),
        1 => Just(Event::Missing),
        1 => Just(Event::Rubbish),
    ]
}

/// The world: which plugins have something set up, and everything that ran.
#[derive(Debug, Default)]
struct World {
    events: Vec<Event>,
    set_up: BTreeSet<String>,
    runs: Vec<(Verb, String)>,
    /// What the plugins saw as the previous result.
    seen: Vec<Option<String>>,
}

impl Plugins for World {
    fn run(&mut self, invocation: &Invocation) -> Result<Output, Failure> {
        let event = self.events.pop().unwrap_or(Event::Fine);
        if event == Event::Missing {
            return Err(Failure::NotFound { searched: Vec::new() });
        }
        let plugin = invocation.plugin.to_string();
        self.runs.push((invocation.verb, plugin.clone()));
        let stdin: serde_json::Value = serde_json::from_str(&invocation.stdin).unwrap();
        self.seen
            .push(stdin.get("prevResult").map(|result| result["dns"]["domain"].as_str().unwrap().to_owned()));
        if event != Event::FailsBefore {
            match invocation.verb {
                Verb::Add => assert!(self.set_up.insert(plugin.clone()), "added twice"),
                // DEL is good for what is not there, too.
                _ => drop(self.set_up.remove(&plugin)),
            }
        }
        match event {
            Event::Fine => Ok(Output::success(format!(r#"{{"dns":{{"domain":"{plugin}"}}}}"#))),
            Event::Killed => Err(Failure::TooMuchOutput { limit: 1, stderr: Vec::new() }),
            Event::Rubbish => Ok(Output::success("rubbish")),
            _ => Ok(Output::new(Exit::Code(1), r#"{"code":999,"msg":"fault"}"#)),
        }
    }
}

fn network(plugins: usize) -> cni_client::config::NetworkConfig {
    let plugins: Vec<String> = (0..plugins).map(|at| format!(r#"{{"type":"p{at}"}}"#)).collect();
    config(&format!(r#"{{"cniVersion":"1.0.0","name":"n","plugins":[{}]}}"#, plugins.join(",")))
}

fn names(world: &World, verb: Verb) -> Vec<String> {
    world.runs.iter().filter(|(v, _)| *v == verb).map(|(_, plugin)| plugin.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever goes wrong in ADD, and nothing while it is undone: every plugin that ran gets its DEL, in reverse, and
    /// nothing stays.
    #[test]
    fn a_failed_add_leaves_nothing(count in 1usize..6, at in 0usize..6, fault in event()) {
        let mut events = vec![Event::Fine; count + 6];
        let last = events.len() - 1;
        events[last - at] = fault;
        let mut world = World { events, ..World::default() };
        let outcome = drive(Add::new(network(count), request(), path()).unwrap(), &mut world);
        let added = names(&world, Verb::Add);
        let expected: Vec<String> = (0..added.len()).map(|at| format!("p{at}")).collect();
        prop_assert_eq!(&added, &expected);
        match outcome {
            Ok(attachment) => {
                prop_assert_eq!(world.set_up.len(), count);
                let last = format!("p{}", count - 1);
                prop_assert_eq!(&attachment.result().unwrap().dns.domain, &last);
                prop_assert!(names(&world, Verb::Del).is_empty());
            }
            Err(error) => {
                prop_assert!(error.is_undone());
                prop_assert!(world.set_up.is_empty());
                let mut undone = names(&world, Verb::Del);
                undone.reverse();
                prop_assert_eq!(undone, added);
            }
        }
    }

    /// With faults everywhere: rollback still reaches every plugin that ran, and says so when something may be left.
    #[test]
    fn rollback_reaches_everybody(count in 1usize..6, events in proptest::collection::vec(event(), 12)) {
        let mut world = World { events: events.clone(), ..World::default() };
        if let Err(error) = drive(Add::new(network(count), request(), path()).unwrap(), &mut world) {
            let added = names(&world, Verb::Add);
            let missing = error.undo_failures().iter().filter(|e| e.exit().is_none() && e.stderr().is_empty()
                && e.to_string().contains("is in none of")).count();
            let mut undone = names(&world, Verb::Del);
            undone.reverse();
            // Those whose program has vanished meanwhile cannot run; all others have.
            prop_assert_eq!(undone.len() + missing, added.len());
            prop_assert!(undone.iter().all(|plugin| added.contains(plugin)));
            prop_assert!(undone.is_sorted());
            prop_assert!(!error.is_undone() || world.set_up.is_empty());
        }
        // Each ADD saw the result of the one before.
        for (at, (verb, _)) in world.runs.iter().enumerate().filter(|(_, (verb, _))| *verb == Verb::Add) {
            let previous = at.checked_sub(1).map(|at| format!("p{at}"));
            prop_assert_eq!((&world.seen[at], *verb), (&previous, Verb::Add));
        }
    }

    /// DEL that goes on visits all in reverse with the final result; DEL that halts stops after the first failure.
    #[test]
    fn del_visits_all(count in 1usize..6, events in proptest::collection::vec(event(), 6), halt: bool) {
        let mut world = World::default();
        let attachment = drive(Add::new(network(count), request(), path()).unwrap(), &mut world).unwrap();
        let stored = cni_client::attachment::Attachment::parse(attachment.to_json().as_str()).unwrap();
        prop_assert_eq!(&stored, &attachment);
        (world.events, world.runs, world.seen) = (events.clone(), Vec::new(), Vec::new());
        let on_error = if halt { OnError::Halt } else { OnError::GoOn };
        let outcome = drive(Del::new(stored, path(), on_error), &mut world);

        let faults: Vec<Event> = events.iter().rev().take(count).copied().collect();
        // DEL has no result: rubbish on standard output is not read.
        let bad = |event: &Event| !matches!(event, Event::Fine | Event::Rubbish);
        let visited = if halt { faults.iter().position(bad).map_or(count, |at| at + 1) } else { count };
        let failed = faults[..visited].iter().filter(|event| bad(event)).count();
        let ran: Vec<String> = (0..visited)
            .filter(|at| faults[*at] != Event::Missing)
            .map(|at| format!("p{}", count - 1 - at))
            .collect();
        prop_assert_eq!(names(&world, Verb::Del), ran);
        let last = format!("p{}", count - 1);
        prop_assert!(world.seen.iter().all(|seen| seen.as_ref() == Some(&last)));
        match outcome {
            Ok(()) => prop_assert!(failed == 0 && world.set_up.is_empty()),
            Err(error) => prop_assert_eq!(error.failures().len(), failed),
        }
    }
}
