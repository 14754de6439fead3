//! What was told of every code, and what the database says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::place::Place;

/// A code, and the time step that it is of.
pub(crate) type Code = (i64, String);

/// Of each person.
#[derive(Default)]
struct Told {
    granted: BTreeSet<Code>,
    /// Of these nobody knows whether they were accepted.
    unknown: BTreeSet<Code>,
    /// What else was told.
    refused: BTreeMap<Code, Vec<String>>,
}

/// All that was told.
#[derive(Default)]
pub(crate) struct History {
    people: Mutex<BTreeMap<String, Told>>,
    granted: AtomicUsize,
}

impl History {
    /// How many logins there were.
    pub(crate) fn granted(&self) -> usize {
        self.granted.load(Ordering::Relaxed)
    }

    /// Notes what was told of a code: that it was accepted, a reason, or nothing.
    pub(crate) fn note(&self, name: &str, code: &Code, told: Option<&str>) {
        let mut people = self.people.lock().unwrap();
        let of = people.entry(name.to_owned()).or_default();
        match told {
            Some("granted") => {
                assert!(of.granted.insert(code.clone()), "{name}: {code:?} was accepted twice");
                self.granted.fetch_add(1, Ordering::Relaxed);
            }
            None | Some("outcome_unknown") => drop(of.unknown.insert(code.clone())),
            // Told for certain that it was not accepted, and yet it is used: nobody gets in by that, but it is said.
            Some("replay") if !of.granted.contains(code) && of.unknown.insert(code.clone()) => {
                eprintln!("{name}: {code:?} is used, but only this was told: {:?}", of.refused.get(code));
            }
            Some("replay") => {}
            Some(reason) => of.refused.entry(code.clone()).or_default().push(reason.to_owned()),
        }
    }

    /// Whatever was told is in the database: a success behind its commit, and a commit for good.
    pub(crate) fn check_told(&self, place: &Place) {
        let told = self.figures(|told| (told.granted.len(), 0));
        for (name, (granted, _)) in told {
            let accepted = usize::try_from(place.accepted(&name)).unwrap();
            assert!(accepted >= granted, "{name}: {granted} successes were told, {accepted} are in the database");
        }
    }

    /// And in the end there is nothing else in it: no code counts twice.
    pub(crate) fn check_all(&self, place: &Place) {
        let (mut sum, mut untold) = (0, 0);
        for (name, (granted, unknown)) in
            self.figures(|told| (told.granted.len(), told.unknown.difference(&told.granted).count()))
        {
            let accepted = usize::try_from(place.accepted(&name)).unwrap();
            let most = granted + unknown;
            assert!(
                (granted..=most).contains(&accepted),
                "{name}: {granted} to {most} were accepted, and {accepted} are noted"
            );
            (sum, untold) = (sum + granted, untold + accepted - granted);
        }
        eprintln!("{sum} codes were accepted, and {untold} of which nobody was told");
    }

    fn figures(&self, of: fn(&Told) -> (usize, usize)) -> Vec<(String, (usize, usize))> {
        self.people.lock().unwrap().iter().map(|(name, told)| (name.clone(), of(told))).collect()
    }
}
