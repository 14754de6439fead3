//! What has changed between a backup and the database that it replaces, and who must not simply come back.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::store::Person;
use crate::store::restored::Inventory;
use crate::user::{GroupName, Role};

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `person`, `client`, `exemption` or `policy`.
    pub what: &'static str,
    /// Which.
    pub name: String,
    /// What has happened since the backup, and what is so again.
    pub change: String,
    /// Whether this person cannot log in until somebody enables them.
    pub held: bool,
}

/// What the restore of one person amounts to.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) id: String,
    pub(super) name: String,
    says: Vec<String>,
    /// They had less before: somebody has taken it away for a reason that is not known here.
    pub(super) held: bool,
    /// An older password is theirs again.
    pub(super) password: bool,
    /// An older address is theirs again.
    pub(super) address: bool,
}

/// The people who are not as they were before the restore.
pub(super) fn compare(before: Option<&Inventory>, after: &Inventory) -> Vec<Verdict> {
    let Some(before) = before else { return Vec::new() };
    let mut verdicts = Vec::new();
    for (id, person) in &after.people {
        let mut verdict = Verdict { id: id.clone(), name: person.user.name.to_string(), ..Verdict::default() };
        match before.people.get(id) {
            Some(was) => verdict.of_one(was, person),
            None if before.damaged.contains(&verdict.name) => verdict.hold("their row could not be read"),
            None => verdict.hold("removed since"),
        }
        if !verdict.says.is_empty() {
            verdicts.push(verdict);
        }
    }
    verdicts
}

impl Verdict {
    fn hold(&mut self, why: impl Into<String>) {
        self.held = true;
        self.says.push(why.into());
    }

    fn say(&mut self, what: impl Into<String>) {
        self.says.push(what.into());
    }

    fn of_one(&mut self, was: &Person, is: &Person) {
        let (before, after) = (&was.user, &is.user);
        match (before.disabled_at, after.disabled_at) {
            (Some(_), None) => self.hold("disabled since"),
            (None, Some(_)) => self.say("enabled since, is disabled again"),
            _ => {}
        }
        if before.role != after.role {
            let change = format!("role {} since, is {} again", before.role, after.role);
            if rank(after.role) > rank(before.role) { self.hold(change) } else { self.say(change) }
        }
        let ids = |person: &Person| person.factors.iter().map(|factor| factor.id.to_string()).collect::<BTreeSet<_>>();
        let (had, has) = (ids(was), ids(is));
        for factor in is.factors.iter().filter(|factor| !had.contains(factor.id.as_str())) {
            self.hold(format!("authenticator `{}` removed since, is back", factor.name));
        }
        for factor in was.factors.iter().filter(|factor| !has.contains(factor.id.as_str())) {
            self.say(format!("authenticator `{}` added since, is gone", factor.name));
        }
        match (before.email_codes_at, after.email_codes_at) {
            (None, Some(_)) => self.hold("codes by mail turned off since, are on again"),
            (Some(_), None) => self.say("codes by mail turned on since, are off again"),
            _ => {}
        }
        let is_set_up = |person: &Person| !person.factors.is_empty() || person.user.email_codes_at.is_some();
        if is_set_up(was) && !is_set_up(is) {
            self.hold("set up a second factor since, has none again");
        }
        let password = |person: &Person| person.user.password.as_ref().map(|password| password.expose().to_owned());
        if password(was) != password(is) {
            self.password = after.password.is_some();
            let says = "password changed since: the old one must be changed at the next sign-in";
            // Whoever knows the old one would be the first to come.
            if self.password && !is_set_up(is) { self.hold(says) } else { self.say(says) }
        }
        if before.email != after.email {
            self.address = after.email.is_some();
            self.say("address changed since: nothing that opens the account goes to the old one until it is confirmed");
        }
        let back: Vec<&str> =
            after.groups.iter().filter(|group| !before.groups.contains(group)).map(GroupName::as_str).collect();
        if !back.is_empty() {
            self.hold(format!("taken out of groups since, is in again: {}", back.join(", ")));
        } else if before.groups != after.groups {
            self.say("put into groups since, is in them no more");
        }
        if before.level != after.level || before.methods != after.methods {
            self.say("own rules changed since");
        }
    }
}

/// Who may do more.
const fn rank(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::Supervisor => 1,
        Role::Admin => 2,
    }
}

/// All that is different, people first.
pub(super) fn changes(before: Option<&Inventory>, after: &Inventory, verdicts: Vec<Verdict>) -> Vec<Change> {
    let Some(before) = before else { return Vec::new() };
    let change =
        |what, name: &str, change: &str| Change { what, name: name.to_owned(), change: change.to_owned(), held: false };
    let mut all: Vec<Change> = verdicts
        .into_iter()
        .map(|verdict| Change {
            what: "person",
            name: verdict.name,
            change: verdict.says.join("; "),
            held: verdict.held,
        })
        .collect();
    let gone = before.people.iter().filter(|(id, _)| !after.people.contains_key(*id));
    all.extend(gone.map(|(_, person)| change("person", person.user.name.as_str(), "added since, is gone")));
    all.extend(after.damaged.iter().map(|name| change("person", name, "their row in the backup cannot be read")));
    if before.rules != after.rules {
        all.push(change("policy", "rules", "changed since, are as they were; `twolatch policy history` has both"));
    }
    for id in ended(before, after) {
        all.push(change("exemption", &id, "ended since: it stays ended"));
    }
    for (id, _) in before.exemptions.iter().filter(|(id, _)| !after.exemptions.contains_key(*id)) {
        all.push(change("exemption", id, "made since, is gone"));
    }
    for (id, is) in &after.clients {
        match before.clients.get(id) {
            None => all.push(Change {
                held: true,
                ..change("client", id, "removed since, is back: nobody can sign in to it until it is enabled")
            }),
            Some(was) if was != is => all.push(change("client", id, "changed since: it stays as it is now")),
            Some(_) => {}
        }
    }
    for (id, _) in before.clients.iter().filter(|(id, _)| !after.clients.contains_key(*id)) {
        all.push(change("client", id, "added since, is gone"));
    }
    for name in &before.requests {
        all.push(change("person", name, "their request for recovery is gone: they ask again"));
    }
    all
}

/// The exemptions of the backup that had ended.
pub(super) fn ended(before: &Inventory, after: &Inventory) -> Vec<String> {
    after.exemptions.keys().filter(|id| !before.exemptions.contains_key(*id)).cloned().collect()
}
