//! A search as the condition of a statement. Its text is made of constants alone; what somebody has typed is bound.

use super::status::{has, is_set_up, of_groups, status_is};
use super::{Search, Sort};
use crate::factor::Kind;
use crate::id::Id;
use crate::policy::{Policy, StatusWord};
use crate::store::bound::Bound;
use crate::store::budgets::{HARD_STOP, OF_A_PERSON};
use crate::time::Timestamp;

/// Who matches, of `users u`.
pub(super) fn matches(search: &Search, policy: &Policy, now: Timestamp, bound: &mut Bound) -> String {
    let mut all = vec!["1 = 1".to_owned()];
    if let Some(text) = &search.text {
        let length = text.chars().count();
        let start = bound.text(text.to_ascii_lowercase());
        all.push(format!("(substr(u.name_key, 1, {length}) = {start} OR substr(u.email_key, 1, {length}) = {start})"));
    }
    if let Some(word) = search.status {
        all.push(status_is(word, policy, now, bound));
    }
    if let Some(role) = search.role {
        all.push(format!("u.role = {}", bound.text(role.as_str())));
    }
    all.extend(search.group.as_ref().and_then(|group| of_groups(vec![group.as_str()], bound)));
    all.extend(search.method.map(|kind| has(kind).to_owned()));
    if search.locked {
        all.push(format!("u.id IN ({})", locked(now, bound)));
    }
    if let Some(ids) = &search.ids {
        let ids = bound.texts(ids.iter().map(Id::as_str));
        all.push(if ids.is_empty() { "1 = 0".to_owned() } else { format!("u.id IN ({ids})") });
    }
    if let Some(set_up) = search.set_up {
        all.push(if set_up { is_set_up() } else { format!("NOT {}", is_set_up()) });
    }
    if let Some(password) = search.password {
        all.push(format!("u.password IS {}NULL", if password { "NOT " } else { "" }));
    }
    if let Some(disabled) = search.disabled {
        all.push(format!("u.disabled_at IS {}NULL", if disabled { "NOT " } else { "" }));
    }
    if let Some(id) = &search.besides {
        all.push(format!("u.id <> {}", bound.text(id.as_str())));
    }
    if let Some(until) = search.created_until {
        all.push(format!("u.created_at <= {}", bound.number(until.unix())));
    }
    all.join(" AND ")
}

/// The ids of all who have to wait, or are held.
fn locked(now: Timestamp, bound: &mut Bound) -> String {
    let now = bound.number(now.unix());
    let of = |start: &str| {
        let (behind, length) = (start.len() + 1, start.len());
        format!(
            "SELECT substr(id, {behind}) FROM budgets WHERE (next_at > 0 OR fails >= 100) \
             AND (next_at > {now} OR fails >= {HARD_STOP}) AND substr(id, 1, {length}) = '{start}'"
        )
    };
    OF_A_PERSON.map(of).join(" UNION ALL ")
}

/// Until when somebody has to wait: `held` is for ever, NULL not at all.
pub(super) fn waits(held: i64, now: Timestamp, bound: &mut Bound) -> String {
    let ids = OF_A_PERSON.map(|start| format!("'{start}' || u.id")).join(", ");
    let (held, now) = (bound.number(held), bound.number(now.unix()));
    format!(
        "(SELECT MAX(CASE WHEN b.fails >= {HARD_STOP} THEN {held} WHEN b.next_at > {now} THEN b.next_at END) \
         FROM budgets b WHERE b.id IN ({ids}))"
    )
}

/// When an authenticator of somebody was last used: of everybody at once, to be joined where all are sorted by it.
const USED: &str = " LEFT JOIN (SELECT user_id, MAX(last_used_at) AS at FROM factors GROUP BY user_id) used \
     ON used.user_id = u.id";

/// What is joined to sort, and the columns to sort by.
pub(super) fn sorted(
    sort: Sort,
    descending: bool,
    policy: &Policy,
    now: Timestamp,
    bound: &mut Bound,
) -> (&'static str, String) {
    let (joined, by) = match sort {
        Sort::Name => ("", Vec::new()),
        Sort::Status => ("", vec![ranked([StatusWord::Pending, StatusWord::Activated], policy, now, bound)]),
        Sort::Methods => ("", vec![first(has(Kind::Totp)), first(has(Kind::EmailCode))]),
        Sort::Role => ("", vec!["u.role".to_owned()]),
        Sort::Group => ("", vec![first("u.groups <> '[]'"), "u.groups".to_owned()]),
        Sort::Locked => ("", vec![first(&format!("u.id IN ({})", locked(now, bound)))]),
        Sort::LastLogin => (USED, vec![LAST_LOGIN.to_owned()]),
        Sort::Created => ("", vec!["u.created_at".to_owned()]),
    };
    let way = if descending { " DESC" } else { "" };
    let name = if by.is_empty() { format!("u.name_key{way}") } else { "u.name_key".to_owned() };
    let by: Vec<_> = by.into_iter().map(|one| format!("{one}{way}")).chain([name]).collect();
    (joined, by.join(", "))
}

/// The later one of the two moments that a login leaves.
const LAST_LOGIN: &str = "CASE WHEN COALESCE(used.at, 0) > COALESCE(u.last_login_at, 0) THEN used.at \
     ELSE COALESCE(u.last_login_at, 0) END";

fn first(condition: &str) -> String {
    format!("CASE WHEN {condition} THEN 0 ELSE 1 END")
}

fn ranked(words: [StatusWord; 2], policy: &Policy, now: Timestamp, bound: &mut Bound) -> String {
    let [one, two] = words.map(|word| status_is(word, policy, now, bound));
    format!("CASE WHEN {one} THEN 0 WHEN {two} THEN 1 ELSE 2 END")
}
