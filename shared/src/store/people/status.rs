//! How people's second factors stand, as conditions over `users u`: what [`Policy::status`] says of one person, asked of
//! all rows at once. Each is true or false for every row, never NULL: it can be negated.

use std::collections::BTreeSet;

use crate::client::ClientId;
use crate::door::Door;
use crate::factor::Kind;
use crate::policy::{Exemption, Level, Policy, Rule, StatusWord, Subject, Where};
use crate::store::bound::Bound;
use crate::time::Timestamp;

/// Everybody who stands so.
pub(super) fn status_is(word: StatusWord, policy: &Policy, now: Timestamp, bound: &mut Bound) -> String {
    let enrolled = enrolled(policy, bound);
    match word {
        StatusWord::Activated => {
            format!("(u.disabled_at IS NULL AND {enrolled} AND {})", asked(Level::Optional, policy, now, bound))
        }
        StatusWord::Pending => {
            format!("(u.disabled_at IS NULL AND NOT {enrolled} AND {})", asked(Level::Required, policy, now, bound))
        }
        StatusWord::Disabled => {
            let (some, all) = (asked(Level::Optional, policy, now, bound), asked(Level::Required, policy, now, bound));
            format!("(u.disabled_at IS NOT NULL OR CASE WHEN {enrolled} THEN NOT {some} ELSE NOT {all} END)")
        }
    }
}

/// Everybody who has set up what may be used: [`Policy::terms_of`].
fn enrolled(policy: &Policy, bound: &mut Bound) -> String {
    let rules = &policy.rules;
    let excludes = |rule: &Rule, kind| rule.methods.as_ref().is_some_and(|methods| !methods.contains(&kind));
    let mut usable = |kind: Kind| {
        let roles = rules.roles.iter().filter(|(_, rule)| excludes(rule, kind)).map(|(role, _)| role.as_str());
        let groups = rules.groups.iter().filter(|(_, rule)| excludes(rule, kind)).map(|(group, _)| group.as_str());
        let others = [of_roles(roles.collect(), bound), of_groups(groups.collect(), bound)];
        let (has, word) = (has(kind), kind.as_str());
        format!(
            "({has} AND (u.methods IS NULL OR u.methods LIKE '%\"{word}\"%') AND NOT {})",
            any(others.into_iter().flatten())
        )
    };
    any(rules.methods.iter().map(|kind| usable(*kind)).collect::<Vec<_>>())
}

/// Everybody who has set up any method at all, whether policy lets it be used or not.
pub(super) fn is_set_up() -> String {
    any(Kind::METHODS.into_iter().map(|kind| has(kind).to_owned()))
}

/// [`crate::user::User::has`].
pub(super) const fn has(kind: Kind) -> &'static str {
    match kind {
        Kind::Password => "u.password IS NOT NULL",
        Kind::Totp => "u.authenticators <> '[]'",
        Kind::EmailCode => {
            "(u.email_codes_at IS NOT NULL AND u.email_verified_at IS NOT NULL AND u.email_key IS NOT NULL)"
        }
        Kind::RecoveryCode | Kind::RecoveryKey => "u.recovery IS NOT NULL",
        Kind::Device | Kind::Later | Kind::Mailbox => "1 = 0",
    }
}

/// Everybody of whom a level is asked anywhere: [`Policy::most`].
fn asked(least: Level, policy: &Policy, now: Timestamp, bound: &mut Bound) -> String {
    if policy.locked {
        return any(["1 = 1".to_owned()]);
    }
    // Most places have neither a rule nor an exemption of their own: those are one.
    let places: BTreeSet<Place> = policy.places().into_iter().map(|at| Place::of(at, least, policy, now)).collect();
    let mut there = |at: &Place| {
        format!("({} AND NOT {})", raised(at, least, policy, bound), lowered(at, least, policy, now, bound))
    };
    any(places.iter().map(&mut there).collect::<Vec<_>>())
}

/// What tells a place from others, as far as a level is concerned.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// A rule raises everybody there.
    for_all: bool,
    /// The exemptions of groups and roles that lower it there, by where they stand.
    exemptions: BTreeSet<usize>,
    /// The door, where an exemption of a person is for it alone.
    only: Option<Door>,
    /// The application, likewise.
    only_client: Option<ClientId>,
    /// Whether persons are exempted there at all.
    persons: bool,
}

impl Place {
    fn of(at: Where<'_>, least: Level, policy: &Policy, now: Timestamp) -> Self {
        let (rules, door) = (&policy.rules, at.door);
        let client = at.client.and_then(|client| rules.clients.get(client));
        let mut here = rules.doors.get(&door).into_iter().chain(client);
        let for_all = rules.organisation >= least || here.any(|rule| rule.level >= Some(least));
        let here = policy.exemptions.iter().enumerate().filter(|(_, one)| lowers(one, at, least, now));
        let (of_persons, others): (Vec<_>, Vec<_>) = here.partition(|(_, one)| matches!(one.subject, Subject::User(_)));
        Self {
            for_all,
            exemptions: others.into_iter().map(|(index, _)| index).collect(),
            only: of_persons.iter().any(|(_, one)| one.within.door.is_some()).then_some(door),
            only_client: of_persons.iter().find_map(|(_, one)| one.within.client.clone()),
            persons: !of_persons.is_empty(),
        }
    }
}

/// One that looks at what is not known of the place does not.
fn lowers(exemption: &Exemption, at: Where<'_>, least: Level, now: Timestamp) -> bool {
    let within = &exemption.within;
    exemption.level < least
        && now < exemption.until
        && within.is_plain()
        && within.door.is_none_or(|door| door == at.door)
        && within.client.as_ref().is_none_or(|client| Some(client) == at.client)
}

/// Everybody whom a rule raises.
fn raised(at: &Place, least: Level, policy: &Policy, bound: &mut Bound) -> String {
    if at.for_all {
        return any(["1 = 1".to_owned()]);
    }
    let rules = &policy.rules;
    let roles: Vec<_> =
        rules.roles.iter().filter(|(_, rule)| rule.level >= Some(least)).map(|(role, _)| role.as_str()).collect();
    let groups: Vec<_> =
        rules.groups.iter().filter(|(_, rule)| rule.level >= Some(least)).map(|(group, _)| group.as_str()).collect();
    let levels: Vec<_> = Level::ALL.into_iter().filter(|level| *level >= least).map(Level::as_str).collect();
    let own = format!("COALESCE(u.level, '') IN ({})", bound.texts(levels));
    any([Some(own), of_roles(roles, bound), of_groups(groups, bound)].into_iter().flatten())
}

/// Everybody whom an exemption lowers. Those of persons may be many: they are looked up where they are stored.
fn lowered(at: &Place, least: Level, policy: &Policy, now: Timestamp, bound: &mut Bound) -> String {
    let subjects = || at.exemptions.iter().filter_map(|index| policy.exemptions.get(*index)).map(|one| &one.subject);
    let roles =
        subjects().filter_map(|subject| if let Subject::Role(role) = subject { Some(role.as_str()) } else { None });
    let groups =
        subjects().filter_map(|subject| if let Subject::Group(group) = subject { Some(group.as_str()) } else { None });
    let mut parts = vec![of_roles(roles.collect(), bound), of_groups(groups.collect(), bound)];
    if at.persons {
        let levels: Vec<_> = Level::ALL.into_iter().filter(|level| *level < least).map(Level::as_str).collect();
        let (levels, now) = (bound.texts(levels), bound.number(now.unix()));
        let door = at.only.map_or(String::new(), |door| format!(" OR door = {}", bound.text(door.as_str())));
        let client = at.only_client.as_ref();
        let client = client.map_or(String::new(), |client| format!(" OR client = {}", bound.text(client.as_str())));
        parts.push(Some(format!(
            "u.id IN (SELECT subject FROM exemptions WHERE subject_kind = 'user' AND level IN ({levels}) \
             AND until > {now} AND (door IS NULL{door}) AND (client IS NULL{client}) \
             AND service IS NULL AND host IS NULL AND network IS NULL AND ssh_key IS NULL)"
        )));
    }
    any(parts.into_iter().flatten())
}

fn of_roles(roles: Vec<&str>, bound: &mut Bound) -> Option<String> {
    (!roles.is_empty()).then(|| format!("u.role IN ({})", bound.texts(roles)))
}

/// Everybody in one of these groups.
pub(super) fn of_groups(groups: Vec<&str>, bound: &mut Bound) -> Option<String> {
    (!groups.is_empty())
        .then(|| format!("u.id IN (SELECT user_id FROM memberships WHERE group_name IN ({}))", bound.texts(groups)))
}

/// Any of these; nobody, if there are none.
fn any(conditions: impl IntoIterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.into_iter().collect();
    if conditions.is_empty() { "(1 = 0)".to_owned() } else { format!("({})", conditions.join(" OR ")) }
}
