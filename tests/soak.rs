//! S-2: mixed load at every door with a fault every two minutes. No code is accepted twice, no success is told that is not
//! in the database, every fault heals by itself, and nothing grows: memory, files, threads, the log of the database.
//!
//! `TWOLATCH_SOAK_MINUTES` says how long; faults come closer together where that is short.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::database::Engine;
use crate::support::wait::{Stopwatch, pause, until};
use crate::support::{on_both_databases, setting};

use self::health::Health;
use self::history::History;
use self::load::Load;
use self::place::Place;
use self::trouble::Trouble;

mod health;
mod history;
mod load;
mod place;
mod trouble;

on_both_databases!(s2_nothing_is_lost_or_grows_under_load_and_faults);

/// So long the slope of the memory is not looked at: caches and pools fill.
const WARM: Duration = Duration::from_mins(15);

/// What the memory may grow by in an hour.
const SLOPE: f64 = 1024.0;

fn s2_nothing_is_lost_or_grows_under_load_and_faults(engine: Engine) {
    let minutes: u64 = setting("TWOLATCH_SOAK_MINUTES").map_or(1, |minutes| minutes.parse().unwrap());
    let whole = Duration::from_mins(minutes);
    let apart = (whole / 15).clamp(Duration::from_secs(6), Duration::from_mins(2));
    let Some(mut place) = Place::new(engine) else { return };
    let (history, health, watch) = (History::default(), Health::new(), Stopwatch::start());
    let load = Load::new(&place, &history);
    thread::scope(|scope| {
        load.start(scope);
        let _ends = load.ends();
        health.watch(scope, &load);
        health.begins(place.server.pid());
        until("the first login", || (history.granted() > 0).then_some(()));
        let mut number = 0;
        while watch.elapsed() < whole {
            assert!(load.goes_on(), "somebody has found a fault");
            load.goes_well();
            pause(apart / 2);
            // What follows the first third is one life of the server, whose growth is measured.
            let troubles = Trouble::all(engine, watch.elapsed() < whole / 3);
            let trouble = troubles[number % troubles.len()];
            number += 1;
            if !trouble.is_borne() {
                load.goes_badly();
            }
            eprintln!("{engine:?}, {} s: {trouble:?}, {} logins so far", watch.elapsed().as_secs(), history.granted());
            trouble.strike(&mut place, &health, apart / 4);
            let before = history.granted();
            let heals = Stopwatch::start();
            until("a login behind the fault", || (history.granted() > before + 1).then_some(()));
            eprintln!("{engine:?}, {} s: a login after {:?}", watch.elapsed().as_secs(), heals.elapsed());
            pause(apart / 4);
            history.check_told(&place);
        }
        load.goes_badly();
        // The last one: whatever was told by now must be there.
        Trouble::Killed.strike(&mut place, &health, Duration::ZERO);
        history.check_told(&place);
    });
    history.check_all(&place);
    health.check(whole);
    load.check(&place);
    place.server.stop();
    assert_eq!(place.server.json(&["audit", "verify"])["faults"], json!([]));
}
