//! What this process has counted since it was started: verdicts as its records say, and how long they took. Every label is
//! of a closed list, so that nobody outside makes a new one. It must not know how the numbers are shown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::audit::{Event, Record};
use crate::door::Door;
use crate::reason::Reason;

/// How a code or password can end: well, or with a reason.
const ENDS: usize = Reason::ALL.len() + 1;

/// The upper ends of the classes of how long verdicts take, in milliseconds.
pub const CLASSES: [u64; 11] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000];

/// What a record says that is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    event: Event,
    door: Option<Door>,
    refused: Option<Reason>,
}

impl Counted {
    /// Nothing where the record is not counted.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let Record { event, door, refused, .. } = *record;
        matches!(event, Event::Code | Event::Password | Event::ClockBack).then_some(Self { event, door, refused })
    }
}

/// The numbers. They only grow.
#[derive(Debug)]
pub struct Tally {
    /// Codes, by door and end.
    codes: Vec<AtomicU64>,
    /// Passwords, right and wrong.
    passwords: [AtomicU64; 2],
    clock_back: AtomicU64,
    /// Verdicts by class; one more class for all that took longer.
    classes: [AtomicU64; CLASSES.len() + 1],
    microseconds: AtomicU64,
}

/// How long verdicts took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// How many took no longer than each of [`CLASSES`], and how many there were.
    pub within: Vec<u64>,
    /// All of them together.
    pub sum: Duration,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            codes: (0..Door::ALL.len() * ENDS).map(|_| AtomicU64::default()).collect(),
            passwords: Default::default(),
            clock_back: AtomicU64::default(),
            classes: Default::default(),
            microseconds: AtomicU64::default(),
        }
    }
}

impl Tally {
    /// Counts what was committed.
    pub(super) fn count(&self, counted: &[Counted]) {
        for Counted { event, door, refused } in counted {
            match event {
                Event::Code => {
                    let end = refused.map_or(0, |reason| 1 + reason as usize);
                    add(self.codes.get(door.unwrap_or(Door::Other) as usize * ENDS + end), 1);
                }
                Event::Password => add(self.passwords.get(usize::from(refused.is_some())), 1),
                _ => add(Some(&self.clock_back), 1),
            }
        }
    }

    /// Counts a verdict that took so long, from the request for it to the end of its commit.
    pub(super) fn took(&self, time: Duration) {
        let class = CLASSES.partition_point(|end| Duration::from_millis(*end) < time);
        add(self.classes.get(class), 1);
        add(Some(&self.microseconds), u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// How many codes ended how at which door: all that there can be, also where there was none.
    pub fn codes(&self) -> impl Iterator<Item = (Door, Option<Reason>, u64)> {
        let ends = || [None].into_iter().chain(Reason::ALL.map(Some));
        let labels = Door::ALL.into_iter().flat_map(move |door| ends().map(move |end| (door, end)));
        labels.zip(&self.codes).map(|((door, end), count)| (door, end, count.load(Ordering::Relaxed)))
    }

    /// How many passwords of ours were right, and how many were refused.
    #[must_use]
    pub fn passwords(&self) -> [u64; 2] {
        self.passwords.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// How often this process has recorded that the clock was set back.
    #[must_use]
    pub fn clock_back(&self) -> u64 {
        self.clock_back.load(Ordering::Relaxed)
    }

    /// How long verdicts took.
    #[must_use]
    pub fn times(&self) -> Times {
        let mut all = 0;
        let within = self.classes.each_ref().map(|count| {
            all += count.load(Ordering::Relaxed);
            all
        });
        Times { within: within.into(), sum: Duration::from_micros(self.microseconds.load(Ordering::Relaxed)) }
    }
}

/// When a verdict is asked for.
#[expect(clippy::disallowed_methods, reason = "measures, and judges nothing")]
pub(super) fn start() -> Instant {
    Instant::now()
}

fn add(to: Option<&AtomicU64>, count: u64) {
    if let Some(to) = to {
        to.fetch_add(count, Ordering::Relaxed);
    }
}
