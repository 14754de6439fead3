//! Whom to ask sshd about, and from where: so that every `Match` line is tried that can be. What it answers, it must not know.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use super::super::{Finding, Verdict};
use super::matches::{Examples, Match, Matches, read};

/// So many people are looked at one by one where the configuration tells them apart.
const MOST_NAMES: usize = 64;

/// So much is asked at most; sshd answers some 80 in a second.
const MOST: usize = 128;

/// An address that stands for all others.
pub(super) const OUTSIDE: &str = "192.0.2.1";

/// The same, from outside and from here.
const ANYWHERE: [&str; 2] = [OUTSIDE, "127.0.0.1"];

/// At which address whoever comes from outside arrives, where nothing else is named.
const HERE: &str = "192.0.2.2";

/// Who stands for all.
pub(super) const EVERYBODY: &str = "everybody";

/// One thing to ask.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Who it is about.
    pub(super) whom: String,
    /// The same as sshd wants to hear it (`-C`).
    pub(super) connection: String,
}

/// All there is to ask.
#[derive(Debug)]
pub(super) struct Questions {
    /// What sshd wants to hear in the general question; nothing, where no `Match` is.
    pub(super) general: Option<String>,
    pub(super) asked: Vec<Question>,
    /// What is not tried.
    pub(super) untried: Vec<Finding>,
}

/// What to ask of this configuration about these people.
pub(super) fn questions(config: &Path, names: &[String]) -> Questions {
    let matches = read(config);
    let mut untried: Vec<Finding> = of_unknown(&matches).collect();
    if matches.all.is_empty() {
        return Questions { general: None, asked: Vec::new(), untried };
    }
    let port = free_port(&matches.all);
    // Without a port sshd refuses to answer where one is named, and where nobody is named it leaves the other lines out.
    let general = Some(format!("lport={port}"));
    let are_apart = matches.all.iter().any(|line| line.tells_people_apart);
    let names = if are_apart { in_order(&matches.all, names) } else { anybody(names) };
    if names.len() > MOST_NAMES {
        let found = format!("`Match` tells people apart: {MOST_NAMES} of {} accounts are looked at", names.len());
        untried.push(note(found));
    }
    let names = names.get(..MOST_NAMES).unwrap_or(&names);
    let places = places(&matches.all);
    if places.len() * names.len() > MOST {
        let found = format!("`Match` names so much that not all of it is tried together, but {MOST} cases of it");
        untried.push(note(found));
    }
    let of_place = |place: &Place| -> Vec<Question> {
        let question = |name: &&String| Question {
            whom: place.told(if are_apart { name } else { EVERYBODY }),
            connection: place.connection(name, &port),
        };
        names.iter().map(question).collect()
    };
    let asked = places.iter().flat_map(of_place).take(MOST).collect();
    Questions { general, asked, untried }
}

fn note(found: String) -> Finding {
    Finding::new("sshd", Verdict::Note, found, "`sshd -T -C user=NAME,host=HOST,addr=ADDRESS` shows the others")
}

fn of_unknown(matches: &Matches) -> impl Iterator<Item = Finding> {
    let criteria = matches.all.iter().flat_map(|line| {
        line.unknown.iter().map(|word| note(format!("`Match {word}`: not tried")).at(line.place.clone()))
    });
    let files = matches.unread.iter().map(|(place, pattern)| {
        note(format!("`Include {pattern}`: what `Match` names there is not tried")).at(place.clone())
    });
    criteria.chain(files)
}

/// Root first, then who is named: the others stand behind them where they are too many.
fn in_order<'a>(lines: &[Match], names: &'a [String]) -> Vec<&'a String> {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_by_key(|name| (*name != "root", !lines.iter().any(|line| line.users.contains(name))));
    names
}

/// One who stands for all.
fn anybody(names: &[String]) -> Vec<&String> {
    names.iter().find(|name| *name == "root").or(names.first()).into_iter().collect()
}

/// A port that no line names: the usual one, or one behind it.
fn free_port(lines: &[Match]) -> String {
    let is_named = |port: &String| lines.iter().any(|line| line.examples.ports.contains(port));
    (22..u16::MAX).map(|port| port.to_string()).find(|port| !is_named(port)).unwrap_or_default()
}

/// Where somebody comes from and arrives, as far as it is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Place {
    from: String,
    host: Option<String>,
    to: Option<String>,
    port: Option<String>,
    domain: Option<String>,
}

impl Place {
    fn told(&self, whom: &str) -> String {
        let mut told = format!("{whom} from {}", self.from);
        let more = [
            (", named ", &self.host),
            (", to ", &self.to),
            (", to port ", &self.port),
            (", in the routing domain ", &self.domain),
        ];
        for (word, named) in more {
            told.extend(named.iter().flat_map(|named| [word, named.as_str()]));
        }
        told
    }

    fn connection(&self, name: &str, port: &str) -> String {
        let from = self.from.as_str();
        let is_local = from.parse().is_ok_and(|from: IpAddr| from.is_loopback());
        let host = self.host.as_deref().unwrap_or(from);
        let to = self.to.as_deref().unwrap_or(if is_local { from } else { HERE });
        let port = self.port.as_deref().unwrap_or(port);
        let domain = self.domain.as_ref().map(|domain| format!(",rdomain={domain}")).unwrap_or_default();
        format!("user={name},host={host},addr={from},laddr={to},lport={port}{domain}")
    }
}

/// Where nothing is named, then what each line names, then all that is named together in every way; one more than are
/// asked about, where there are more.
fn places(lines: &[Match]) -> Vec<Place> {
    let anywhere = || ANYWHERE.map(str::to_owned).to_vec();
    let mut all = Examples { from: anywhere(), ..Examples::default() };
    let mut places = product(&all, true);
    for Match { examples, .. } in lines {
        let mut of_line = examples.clone();
        if of_line.from.is_empty() {
            of_line.from = anywhere();
        }
        places.extend(product(&of_line, false));
        all.from.extend_from_slice(&examples.from);
        all.hosts.extend_from_slice(&examples.hosts);
        all.to.extend_from_slice(&examples.to);
        all.ports.extend_from_slice(&examples.ports);
        all.domains.extend_from_slice(&examples.domains);
    }
    for named in [&mut all.from, &mut all.hosts, &mut all.to, &mut all.ports, &mut all.domains] {
        let mut once = BTreeSet::new();
        named.retain(|one| once.insert(one.clone()));
    }
    places.extend(product(&all, true));
    let mut once: Vec<Place> = Vec::new();
    for place in places {
        if once.len() <= MOST && !once.contains(&place) {
            once.push(place);
        }
    }
    once
}

/// All that is named together in every way; with what is not named too, where `or_not`.
fn product(examples: &Examples, or_not: bool) -> Vec<Place> {
    let from = examples.from.iter().map(|from| Place { from: from.clone(), ..Place::default() });
    let places = from.take(MOST + 1).collect();
    let places = times(places, &examples.hosts, or_not, |place, host| place.host = host);
    let places = times(places, &examples.to, or_not, |place, to| place.to = to);
    let places = times(places, &examples.ports, or_not, |place, port| place.port = port);
    times(places, &examples.domains, or_not, |place, domain| place.domain = domain)
}

fn times(places: Vec<Place>, named: &[String], or_not: bool, put: fn(&mut Place, Option<String>)) -> Vec<Place> {
    let none = (or_not || named.is_empty()).then_some(None);
    let each: Vec<Option<String>> = none.into_iter().chain(named.iter().cloned().map(Some)).collect();
    let of_place = |place: Place| {
        each.iter().map(move |one| {
            let mut place = place.clone();
            put(&mut place, one.clone());
            place
        })
    };
    places.into_iter().flat_map(of_place).take(MOST + 1).collect()
}

#[cfg(test)]
#[path = "questions/tests.rs"]
mod tests;
