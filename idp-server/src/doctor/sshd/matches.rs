//! What the `Match` lines of sshd's files tell apart, with an example of each. What sshd makes of them it must not know.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

/// So many files are read.
const MOST: usize = 128;

/// Where sshd looks for what is included without a whole path.
const BESIDE: &str = "/etc/ssh";

/// Where somebody may come from, and arrive: examples of what is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Examples {
    /// Addresses they come from.
    pub(super) from: Vec<String>,
    /// The names of these.
    pub(super) hosts: Vec<String>,
    /// Addresses at which they arrive.
    pub(super) to: Vec<String>,
    /// Ports of these.
    pub(super) ports: Vec<String>,
    /// Routing domains.
    pub(super) domains: Vec<String>,
}

/// A `Match` line.
#[derive(Debug, Default)]
pub(super) struct Match {
    /// `FILE:LINE`.
    pub(super) place: String,
    /// Whether it tells people apart; what is unknown may do so.
    pub(super) tells_people_apart: bool,
    /// Who is named.
    pub(super) users: Vec<String>,
    /// What else is named.
    pub(super) examples: Examples,
    /// What of it there is no example of.
    pub(super) unknown: Vec<String>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Matches {
    pub(super) all: Vec<Match>,
    /// What is included and was not read: its place, and as it is written.
    pub(super) unread: Vec<(String, String)>,
}

/// Reads them from this file, from what lies beside it to be included, and from what is included.
pub(super) fn read(config: &Path) -> Matches {
    let mut reader = Reader::default();
    reader.file(config);
    let beside = config.parent().unwrap_or(config).join("sshd_config.d/*.conf");
    for file in files(&beside) {
        reader.file(&file);
    }
    reader.matches
}

#[derive(Default)]
struct Reader {
    seen: BTreeSet<PathBuf>,
    matches: Matches,
}

impl Reader {
    fn file(&mut self, file: &Path) {
        let own = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        if self.seen.len() >= MOST || !self.seen.insert(own) {
            return;
        }
        let text = fs::read(file).unwrap_or_default();
        for (number, line) in (1..).zip(String::from_utf8_lossy(&text).lines()) {
            let place = || format!("{}:{number}", file.display());
            let mut words = words(line).into_iter();
            match words.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "match" => self.matches.all.push(Match::of(place(), words)),
                "include" => {
                    for pattern in words {
                        if pattern.contains(['[', '{']) || self.seen.len() >= MOST {
                            self.matches.unread.push((place(), pattern));
                        } else {
                            for file in files(&Path::new(BESIDE).join(pattern)) {
                                self.file(&file);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

impl Match {
    fn of(place: String, mut words: impl Iterator<Item = String>) -> Self {
        let mut line = Self { place, ..Self::default() };
        while let Some(word) = words.next() {
            let criterion = word.to_ascii_lowercase();
            if ["all", "canonical", "final"].contains(&criterion.as_str()) {
                continue;
            }
            if criterion == "invalid-user" {
                line.tells_people_apart = true;
                line.unknown.push(word);
                continue;
            }
            let named = words.next().unwrap_or_default();
            let patterns = named.split(',').map(|pattern| pattern.trim().trim_start_matches('!'));
            let patterns = patterns.filter(|pattern| !pattern.is_empty());
            let others = |pattern: &&str| *pattern != "*"; // of which any other place is an example
            let Examples { from, hosts, to, ports, domains } = &mut line.examples;
            match criterion.as_str() {
                "user" => {
                    line.tells_people_apart = true;
                    line.users.extend(patterns.map(str::to_owned));
                }
                "group" => line.tells_people_apart = true,
                "address" => from.extend(patterns.filter(others).map(address)),
                "localaddress" => to.extend(patterns.filter(others).map(address)),
                "host" => hosts.extend(patterns.filter(others).map(|host| host.replace(['*', '?'], "x"))),
                "rdomain" => domains.extend(patterns.map(|domain| domain.replace(['*', '?'], "x"))),
                "localport" => ports.extend(patterns.filter(|port| is_port(port)).map(str::to_owned)),
                _ => {
                    line.tells_people_apart = true;
                    line.unknown.push(word);
                }
            }
        }
        line
    }
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// An address that a pattern names.
fn address(pattern: &str) -> String {
    if let Some(first) = pattern.split_once('/').and_then(|(network, bits)| first_of(network, bits)) {
        return first.to_string();
    }
    // One star may stand for several parts.
    let fillings = ["1", "1.1", "1.1.1", ":1", "1::1"];
    let filled = fillings.map(|filling| pattern.replace('?', "1").replace('*', filling));
    let whole = filled.iter().find(|address| address.parse::<IpAddr>().is_ok()).or(filled.first());
    whole.cloned().unwrap_or_default()
}

/// The first address of a network that is not its own.
fn first_of(network: &str, bits: &str) -> Option<IpAddr> {
    let bits: u32 = bits.parse().ok()?;
    Some(match network.parse().ok()? {
        IpAddr::V4(network) => {
            let first = u32::from(network) & u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(first | u32::from(bits < 31)))
        }
        IpAddr::V6(network) => {
            let first = u128::from(network) & u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(first | u128::from(bits < 127)))
        }
    })
}

/// The words of a line as sshd takes it apart, without its comment.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted && word.is_empty() => break,
            end if !is_quoted && (end.is_whitespace() || end == '=') => words.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The files that a path with `*` and `?` names, in order.
fn files(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy();
        if !text.contains(['*', '?']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let is_named = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with('.') == text.starts_with('.') && fits(text.as_bytes(), name.as_bytes())
        };
        let inner = |folder: &PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        found = found.iter().flat_map(inner).filter(is_named).collect();
        found.sort();
    }
    found.retain(|path| path.is_file());
    found
}

/// Whether a name is one that a pattern names.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), more) => fits(rest, name) || more.is_some_and(|(_, name)| fits(pattern, name)),
        (Some((one, rest)), Some((other, name))) => (*one == b'?' || one == other) && fits(rest, name),
        _ => false,
    }
}

#[cfg(test)]
#[path = "matches/tests.rs"]
mod tests;
