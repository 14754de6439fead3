//! Refused codes by day and door, as bars and as the rows of a table. It must not know how they are drawn.

use twolatch_core::door::Door;
use twolatch_core::store::people::figures::{DAY, Failed};
use twolatch_core::time::Timestamp;

use crate::date;
use crate::figures::DAYS;

/// How wide the space of a day is, how wide the bar in it, and how high the highest.
pub(super) const STEP: i64 = 48;
const BAR: i64 = 32;
pub(super) const HEIGHT: i64 = 120;

/// The chart.
#[derive(Debug, Clone, Default)]
pub(super) struct Chart {
    pub(super) days: Vec<Day>,
    /// Doors at which anything was refused.
    pub(super) doors: Vec<Door>,
    /// Of all days.
    pub(super) total: i64,
}

/// A day.
#[derive(Debug, Clone)]
pub(super) struct Day {
    /// Month and day: `03-14`.
    pub(super) name: String,
    /// The middle of its bar.
    pub(super) middle: i64,
    /// Of each of [`Chart::doors`].
    pub(super) counts: Vec<i64>,
    pub(super) total: i64,
    pub(super) bars: Vec<Bar>,
}

/// The part of a bar that is one door's.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    pub(super) door: &'static str,
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

impl Chart {
    /// The days from the first one on.
    pub(super) fn of(failed: &[Failed], first: i64) -> Self {
        let count = |day: i64, door: Door| -> i64 {
            failed.iter().filter(|one| one.day == day && one.door == door.as_str()).map(|one| one.count).sum()
        };
        let all = first..first + DAYS;
        let doors: Vec<Door> =
            Door::ALL.into_iter().filter(|door| all.clone().any(|day| count(day, *door) > 0)).collect();
        let counts = |day: i64| -> Vec<i64> { doors.iter().map(|door| count(day, *door)).collect() };
        let highest = all.clone().map(|day| counts(day).iter().sum::<i64>()).max().unwrap_or_default().max(1);
        let days: Vec<Day> = (0..)
            .zip(all)
            .map(|(index, day)| {
                let counts = counts(day);
                let x = index * STEP + (STEP - BAR) / 2;
                let mut bars = Vec::new();
                let mut below = 0;
                for (door, count) in doors.iter().zip(&counts).filter(|(_, count)| **count > 0) {
                    // From sums, so that rounding leaves no gaps.
                    let (from, to) = (below * HEIGHT / highest, (below + count) * HEIGHT / highest);
                    below += count;
                    let height = (to - from).max(1);
                    bars.push(Bar { door: door.as_str(), x, y: HEIGHT - from - height, width: BAR, height });
                }
                let name = date::machine(Timestamp::from_unix(day * DAY)).chars().skip(5).take(5).collect();
                Day { name, middle: x + BAR / 2, total: below, counts, bars }
            })
            .collect();
        Self { total: days.iter().map(|day| day.total).sum(), days, doors }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other_and_none_is_too_high() {
        let failed = |day, door: &str, count| Failed { day, door: door.to_owned(), count };
        let chart =
            Chart::of(&[failed(100, "web", 3), failed(100, "su", 1), failed(113, "web", 1), failed(99, "ssh", 9)], 100);
        assert_eq!((chart.days.len(), chart.total, chart.doors.as_slice()), (14, 5, &[Door::Web, Door::Su][..]));
        let [web, su] = &chart.days[0].bars[..] else { panic!("two bars") };
        assert_eq!((web.y + web.height, web.height, su.y + su.height, su.y), (HEIGHT, 90, web.y, 0));
        assert_eq!((chart.days[0].name.as_str(), chart.days[0].counts.as_slice()), ("04-11", &[3, 1][..]));
        assert!(chart.days[1].bars.is_empty());
        assert_eq!(Chart::of(&[], 100).total, 0);
    }
}
