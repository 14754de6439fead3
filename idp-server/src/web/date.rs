//! Moments as people read them. It must not know whose.

use twolatch_core::time::Timestamp;

#[cfg(test)]
mod tests;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `3 March 2026`, in UTC.
#[must_use]
pub fn day(moment: Timestamp) -> String {
    let (year, month, day) = civil(moment.unix().div_euclid(86_400));
    let month = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default();
    format!("{day} {month} {year}")
}

/// `3 March 2026, 14:05 UTC`.
#[must_use]
pub fn minute(moment: Timestamp) -> String {
    let second = moment.unix().rem_euclid(86_400);
    format!("{}, {:02}:{:02} UTC", day(moment), second / 3600, second / 60 % 60)
}

/// `2026-03-03T14:05:09Z`, for machines.
#[must_use]
pub fn machine(moment: Timestamp) -> String {
    let (year, month, day) = civil(moment.unix().div_euclid(86_400));
    let second = moment.unix().rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of the day that many days after 1 January 1970. Years are counted from March, so that the leap
/// day is a year's last; 400 of them have 146,097 days.
const fn civil(days: i64) -> (i64, i64, i64) {
    let since = days + 719_468; // 1 March of year 0
    let era = since.div_euclid(146_097);
    let in_era = since.rem_euclid(146_097);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}
