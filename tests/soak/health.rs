//! What the server takes: memory, files, threads, the log of its database. Only what it takes while all is well counts.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread::Scope;
use std::time::Duration;

use crate::support::wait::{Stopwatch, pause};

use super::load::Load;
use super::{SLOPE, WARM};

/// Between two looks.
const APART: Duration = Duration::from_secs(1);

type Count = fn(&Sample) -> u64;

/// What is counted, and by how much it may differ from one third of the time to the next.
const GROWTH: [(&str, u64, Count); 3] =
    [("files", 8, |one| one.files), ("threads", 2, |one| one.threads), ("bytes of log", 1 << 20, |one| one.log)];

/// What was seen at once.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    /// When the life of the server began.
    since: Duration,
    /// KiB.
    memory: f64,
    /// What of it is its own, and no page of the program's file.
    own: f64,
    files: u64,
    threads: u64,
    /// Bytes of the write-ahead log; 0 where the database is not in a file.
    log: u64,
}

/// All that was seen.
pub(crate) struct Health {
    watch: Stopwatch,
    /// The server; 0 while there is none.
    process: AtomicU32,
    /// The second in which its life began.
    since: AtomicU64,
    samples: Mutex<Vec<Sample>>,
}

impl Health {
    pub(crate) fn new() -> Self {
        let (process, since) = (AtomicU32::new(0), AtomicU64::new(0));
        Self { watch: Stopwatch::start(), process, since, samples: Mutex::default() }
    }

    /// A new life of the server begins, or none.
    pub(crate) fn begins(&self, process: u32) {
        self.since.store(self.watch.elapsed().as_secs(), Ordering::Relaxed);
        self.process.store(process, Ordering::Relaxed);
    }

    fn since(&self) -> Duration {
        Duration::from_secs(self.since.load(Ordering::Relaxed))
    }

    /// Looks from now on, as long as there is load.
    pub(crate) fn watch<'s>(&'s self, scope: &'s Scope<'s, '_>, load: &'s Load) {
        scope.spawn(move || {
            while load.goes_on() {
                let process = self.process.load(Ordering::Relaxed);
                if load.is_well() && process != 0 {
                    self.samples.lock().unwrap().extend(look(process, self.watch.elapsed(), self.since(), load.log()));
                }
                pause(APART);
            }
        });
    }

    /// Nothing has grown from the second third to the last one, which the same server has lived through.
    pub(crate) fn check(&self, whole: Duration) {
        let samples = self.samples.lock().unwrap();
        let third = |from: u32| {
            let part: Vec<Sample> = samples
                .iter()
                .filter(|one| (whole * from / 3..whole * (from + 1) / 3).contains(&one.at))
                .copied()
                .collect();
            assert!(!part.is_empty(), "nobody has looked in a third of the time");
            part
        };
        let (second, last) = (third(1), third(2));
        for (what, slack, of) in GROWTH {
            let most = |part: &[Sample]| part.iter().map(of).max().unwrap();
            let (before, after) = (most(&second), most(&last));
            eprintln!("{what}: at most {before}, then {after}");
            assert!(after <= before + slack, "{what} grow: at most {before}, then {after}");
        }
        // A server that has just begun fills its caches: each life is warm after a while of its own.
        let since = samples.last().expect("somebody has looked").since;
        let from = if whole > 2 * WARM { since + WARM } else { whole / 3 };
        let late: Vec<Sample> = samples.iter().filter(|one| one.at >= from).copied().collect();
        // Password hashes come and go: what stays is the least of each part of the time.
        let slope_of = |of: fn(&Sample) -> f64| {
            let least = |part: &[Sample]| {
                (part[0].at.as_secs_f64() / 3600.0, part.iter().map(of).fold(f64::INFINITY, f64::min))
            };
            let points: Vec<(f64, f64)> = late.chunks(late.len().div_ceil(12)).map(least).collect();
            eprintln!("least: {:.0?}", points.iter().map(|(_, least)| *least).collect::<Vec<_>>());
            slope(&points)
        };
        let (slope, own) = (slope_of(|one| one.memory), slope_of(|one| one.own));
        let highest = late.iter().map(|one| one.memory).fold(0.0, f64::max);
        eprintln!(
            "memory: at most {highest:.0} KiB, {slope:.0} KiB an hour since {} s, {own:.0} of them its own",
            from.as_secs()
        );
        assert!(from < WARM || slope <= SLOPE, "the memory grows by {slope:.0} KiB an hour");
    }
}

fn look(process: u32, at: Duration, since: Duration, log: Option<PathBuf>) -> Option<Sample> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let number = |name: &str| -> Option<u32> {
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
    };
    Some(Sample {
        at,
        since,
        memory: number("VmRSS:").map(f64::from)?,
        own: number("RssAnon:").map(f64::from)?,
        files: fs::read_dir(format!("/proc/{process}/fd")).ok()?.map(|_| 1).sum(),
        threads: number("Threads:")?.into(),
        log: log.and_then(|log| fs::metadata(log).ok()).map_or(0, |file| file.len()),
    })
}

/// Of the straight line that is nearest to all of them.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = f64::from(u32::try_from(points.len()).unwrap());
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let under: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    over / under
}
