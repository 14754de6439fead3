//! Where sudo does not ask PAM, or not each time, or asks it by another stack: from its rules. Who may do what by them it
//! must not know.

use std::path::Path;

use self::files::{Line, read};
use super::{Finding, Verdict};
use crate::stack::walk::asks_for_code;
use crate::stack::{self, Kind};

mod files;

/// Settings that name the stack by which sudo asks.
const STACKS: [&str; 3] = ["pam_service", "pam_login_service", "pam_askpass_service"];

/// Looks at sudo's rules below `root`, which is `/`.
#[must_use]
pub fn examine(root: &Path) -> Vec<Finding> {
    let rules = read(root);
    let mut findings = Vec::new();
    let mut ticket = Ticket::default();
    for line in &rules.lines {
        match defaults(&line.text) {
            Some((is_for_all, settings)) => {
                for setting in &settings {
                    findings.extend(of_setting(root, setting).map(|finding| finding.at(line.place())));
                    ticket.hear(is_for_all, setting, line);
                }
            }
            None if has_tag(&line.text) => findings.push(asks_nothing("`NOPASSWD`").at(line.place())),
            None => {}
        }
    }
    for (path, why) in &rules.unread {
        let found = format!("{}: {why}", path.display());
        findings.push(Finding::new("sudo", Verdict::Note, found, "look there yourself, or run it as root"));
    }
    findings.extend(ticket.findings());
    findings
}

fn asks_nothing(what: &str) -> Finding {
    let found = format!("{what}: sudo asks nothing here, no code either");
    Finding::new("sudo", Verdict::Bypass, found, "take it out, or know why it stands there")
}

/// One setting of a `Defaults` line.
#[derive(Debug)]
struct Setting {
    name: String,
    is_on: bool,
    /// Empty, where there is none.
    value: String,
}

/// The settings of a `Defaults` line, and whether they are for all.
fn defaults(line: &str) -> Option<(bool, Vec<Setting>)> {
    let rest = line.trim_start().strip_prefix("Defaults")?;
    let is_for_all = rest.starts_with(char::is_whitespace);
    let rest = if is_for_all { rest } else { rest.strip_prefix([':', '@', '>', '!'])? };
    // Whom it is for are words, too: such as no setting is called.
    let settings = words(rest).into_iter().map(|word| {
        let plain = word.trim_start_matches('!');
        let is_on = (word.len() - plain.len()).is_multiple_of(2);
        let (name, value) = plain.split_once('=').unwrap_or((plain, ""));
        Setting { name: name.to_owned(), is_on, value: value.to_owned() }
    });
    Some((is_for_all, settings.collect()))
}

/// Words between blanks and commas; `! a` and `a = b` are one each, and so is what stands in quotes.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut is_quoted, mut after_blank) = (String::new(), false, false);
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let is_blank = character.is_whitespace() && !is_quoted;
        let ends = is_blank && !word.ends_with(['!', '=']) || character == ',' && !is_quoted;
        match character {
            _ if ends => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            _ if is_blank => {}
            '"' => is_quoted = !is_quoted,
            '\\' => word.extend(characters.next()),
            '=' if word.is_empty() && after_blank => word = words.pop().unwrap_or_default() + "=",
            other => word.push(other),
        }
        after_blank = is_blank;
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

fn of_setting(root: &Path, setting: &Setting) -> Option<Finding> {
    let Setting { name, is_on, value } = setting;
    match name.as_str() {
        "authenticate" if !is_on => Some(asks_nothing("`!authenticate`")),
        "exempt_group" if *is_on && !value.is_empty() => {
            let found = format!("`exempt_group={value}`: sudo asks the members of that group nothing, no code either");
            Some(Finding::new("sudo", Verdict::Bypass, found, "take it out, or know why it stands there"))
        }
        name if STACKS.contains(&name) && *is_on && !value.is_empty() => Some(of_stack(root, name, value)),
        _ => None,
    }
}

/// Another stack than that which is judged as sudo's.
fn of_stack(root: &Path, setting: &str, service: &str) -> Finding {
    let found = format!("`{setting}={service}`: sudo asks by the stack of {service}");
    match stack::read(root, service, Kind::Auth) {
        Ok(lines) if lines.iter().any(asks_for_code) => {
            Finding::new("sudo", Verdict::Note, format!("{found}, which asks for a code"), "")
        }
        Ok(_) => {
            let remedy = "take it out, or put our line into that stack";
            Finding::new("sudo", Verdict::Bypass, format!("{found}, which asks for no code"), remedy)
        }
        Err(error) => Finding::new("sudo", Verdict::LockOut, format!("{found}: {error}"), "correct that line"),
    }
}

/// Whether a rule has the tag `NOPASSWD`: what is quoted, or behind a backslash, is none.
fn has_tag(rule: &str) -> bool {
    let mut bare = String::new();
    let (mut is_quoted, mut characters) = (false, rule.chars());
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            '\\' => {
                characters.next();
                bare.push('_');
            }
            _ if is_quoted => bare.push('_'),
            other => bare.push(other),
        }
    }
    let before_colons: Vec<&str> = bare.rsplit(':').skip(1).collect();
    let begins = |before: &str| before.is_empty() || before.ends_with([' ', '\t', '=', ')', ',']);
    before_colons.iter().any(|text| text.trim_end().strip_suffix("NOPASSWD").is_some_and(begins))
}

/// How long sudo asks nothing again.
#[derive(Debug, Default)]
struct Ticket {
    /// What counts for all is what is said last.
    for_all: Option<(String, String)>,
    for_some: Vec<(String, String)>,
}

impl Ticket {
    fn hear(&mut self, is_for_all: bool, setting: &Setting, line: &Line) {
        if setting.name != "timestamp_timeout" {
            return;
        }
        let value = if setting.is_on { setting.value.clone() } else { "0".to_owned() };
        if is_for_all {
            self.for_all = Some((value, line.place()));
        } else {
            self.for_some.push((value, line.place()));
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let for_some = self.for_some.iter().map(|(value, place)| of_ticket("whom this line is for: ", value).at(place));
        let for_all = self.for_all.as_ref().map_or_else(
            || {
                let found = "asks PAM again only when its ticket has run out: after 15 minutes, for nothing is said \
                             (`timestamp_timeout`)";
                Finding::new("sudo", Verdict::Note, found, EACH_TIME)
            },
            |(value, place)| of_ticket("", value).at(place),
        );
        for_some.chain([for_all]).collect()
    }
}

const EACH_TIME: &str = "`Defaults timestamp_timeout=0` asks each time";

fn of_ticket(whom: &str, value: &str) -> Finding {
    let minutes: f64 = value.parse().unwrap_or(f64::NAN);
    if minutes < 0.0 {
        let found = format!(
            "{whom}its ticket never runs out (`timestamp_timeout={value}`): it does not ask again until the machine is \
             started anew"
        );
        return Finding::new("sudo", Verdict::Note, found, EACH_TIME);
    }
    if minutes <= 0.0 {
        return Finding::well("sudo", format!("{whom}asks PAM each time (`timestamp_timeout={value}`)"));
    }
    let found = format!(
        "{whom}asks PAM again only when its ticket has run out: after {value} minutes (`timestamp_timeout={value}`)"
    );
    Finding::new("sudo", Verdict::Note, found, EACH_TIME)
}

#[cfg(test)]
#[path = "sudo/tests.rs"]
mod tests;
