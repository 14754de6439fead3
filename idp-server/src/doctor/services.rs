//! What PAM asks at each service of this machine that reaches our module. What sshd asks before that it must not know.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Finding, Verdict, sandboxes};
use crate::stack::walk::{Walked, Way, asks_for_code, is_ours, walk};
use crate::stack::{Action, FOLDERS, Kind, Line, read};

/// Services at which somebody sits who can be asked twice.
pub const DOORS: [&str; 6] = ["sshd", "sudo", "sudo-i", "su", "su-l", "login"];

/// Where modules are, below `/`.
const MODULES: [&str; 4] = ["lib", "lib64", "usr/lib", "usr/lib64"];

/// What PAM asks at a service.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether our module asks for a code there.
    pub asks: bool,
    /// What is to be said of it.
    pub findings: Vec<Finding>,
}

/// Looks at all services below `root`, which is `/`. Those that do not reach our module are listed only where they are
/// doors.
#[must_use]
pub fn examine(root: &Path) -> Vec<Service> {
    let files = FOLDERS.iter().filter_map(|folder| std::fs::read_dir(root.join(folder)).ok()).flatten().flatten();
    let names: BTreeSet<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.iter().filter(|name| is_service(name)).filter_map(|name| service(root, name)).collect()
}

/// What others include is no service of its own, nor what programs that install packages leave beside a file.
fn is_service(name: &str) -> bool {
    const LEFT: [&str; 4] = [".dpkg-", ".ucf-", ".rpm", "~"];
    !name.starts_with("common-") && !name.starts_with('.') && !LEFT.iter().any(|left| name.contains(left))
}

fn service(root: &Path, name: &str) -> Option<Service> {
    let lines = match read(root, name, Kind::Auth) {
        Ok(lines) => lines,
        Err(error) => {
            let finding = Finding::new(name, Verdict::LockOut, error.to_string(), "correct that line");
            return Some(Service { name: name.to_owned(), asks: false, findings: vec![finding] });
        }
    };
    if !lines.iter().any(asks_for_code) {
        let is_door = DOORS.contains(&name);
        let remedy = format!("`twolatch enable {name}` makes it ask; `--dry-run` shows what it would write");
        let finding = Finding::new(name, Verdict::Note, "asks for no code", &remedy);
        return is_door.then(|| Service { name: name.to_owned(), asks: false, findings: vec![finding] });
    }
    let mut findings = judge(root, name, &lines);
    if !findings.iter().any(|finding| finding.verdict.is_bad()) {
        findings.insert(0, Finding::well(name, "asks for a code behind the password, and nobody gets by"));
    }
    Some(Service { name: name.to_owned(), asks: true, findings })
}

/// Whether our module has a say in who may come in at a service, and nothing leads past it.
#[must_use]
pub fn has_account_line(root: &Path, name: &str) -> bool {
    let lines = read(root, name, Kind::Account).unwrap_or_default();
    let ways = walk(&lines, |_| true).in_by;
    lines.iter().any(is_ours) && ways.iter().all(|way| way.proofs.code)
}

/// What is to be said of a service's lines, of which one asks for a code.
#[must_use]
pub fn judge(root: &Path, name: &str, lines: &[Line]) -> Vec<Finding> {
    let modules = modules_of(root);
    let is_there = |line: &Line| is_there(root, &modules, line);
    let mut findings = of_our_lines(name, lines, is_there);
    findings.extend(of_ways(name, lines, &walk(lines, is_there)));
    findings.extend(sandboxes::examine(root, name, lines));
    findings
}

/// What can be said of our lines by themselves.
fn of_our_lines(name: &str, lines: &[Line], is_there: impl Fn(&Line) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in lines.iter().filter(|line| is_ours(line)) {
        let says = |verdict, found: String, remedy: &str| Finding::new(name, verdict, found, remedy).at(line.place());
        if !is_there(line) {
            let verdict = if binds(line, "module_unknown") { Verdict::LockOut } else { Verdict::Bypass };
            findings.push(says(verdict, format!("{} is not installed", line.module), "install libpam-twolatch"));
        }
        if line.is_quiet {
            let found = "with `-auth` nothing is logged where the module is missing".to_owned();
            findings.push(says(Verdict::LockOut, found, "write `auth`, without the dash"));
        }
        if line.file.ends_with("common-auth") && !DOORS.contains(&name) {
            let found =
                format!("{name} is asked for a code by common-auth, which programs include that cannot ask for one");
            findings.push(says(
                Verdict::LockOut,
                found,
                "take the line out there, and put it into the services that can ask",
            ));
        }
        if line.has("nullok") {
            let found = "`nullok`: whom policy asks for nothing passes; accounts that Twolatch does not know do not";
            findings.push(says(Verdict::Note, found.to_owned(), ""));
        }
    }
    findings
}

/// What can be said of where the stack leads.
fn of_ways(name: &str, lines: &[Line], walked: &Walked) -> Vec<Finding> {
    let mut findings = Vec::new();
    let by = |proofs: fn(&Way) -> bool| walked.in_by.iter().filter(move |way| proofs(way));
    if by(|way| way.proofs.code).next().is_none() {
        let found = "nobody gets in, not even with the right code";
        findings.push(Finding::new(name, Verdict::LockOut, found, "go through the lines of this service"));
    }
    let mut places = Vec::new();
    for way in by(|way| !way.proofs.code && !way.proofs.root && !way.proofs.spared) {
        let Some((line, answer)) = culprit(lines, way) else { continue };
        if places.contains(&line.place()) {
            continue;
        }
        places.push(line.place());
        let (control, module) = (&line.control.text, line.name());
        let found = match answer {
            Some(answer) if asks_for_code(line) => {
                format!("`{control}` on our line lets in whoever gives no right code ({answer})")
            }
            Some(answer) => format!("`{control} {module}` leads past the code where {module} says {answer}"),
            None => format!("{module} is the last word, and the code is not asked for"),
        };
        let remedy =
            if asks_for_code(line) { "write `required`" } else { "write `requisite`, or put our line in front of it" };
        findings.push(Finding::new(name, Verdict::Bypass, found, remedy).at(line.place()));
    }
    if by(|way| !way.proofs.code && way.proofs.root).next().is_some() {
        findings.push(Finding::new(name, Verdict::Note, "root is asked for nothing (pam_rootok)", ""));
    }
    let unproven = walked.asked_by.iter().find(|way| !way.proofs.first && !way.proofs.root);
    if let Some(way) = unproven {
        let ours = lines.iter().find(|line| asks_for_code(line));
        let is_by_key = ours.is_some_and(|line| line.has("first=key"));
        if !is_by_key {
            let is_enough = by(|way| way.proofs.code && !way.proofs.first && !way.proofs.root).next().is_some();
            findings.push(of_no_password(name, lines, way, is_enough));
        }
    }
    findings
}

/// Our line states that it is reached behind a password alone.
fn of_no_password(name: &str, lines: &[Line], way: &Way, is_enough: bool) -> Finding {
    let failed = way.steps.iter().rev().find_map(|step| {
        let line = lines.get(step.line)?;
        (step.answer != "success" && line.control.on(step.answer) != Action::Die).then_some(line)
    });
    let (verdict, what) = if is_enough {
        (Verdict::Bypass, "the code alone lets in")
    } else {
        (Verdict::LockOut, "strangers reach the code, and spend its owner's tries")
    };
    let why = failed.map_or_else(
        || "no password is asked for before it".to_owned(),
        |line| format!("`{}` does not end it where {} fails", line.control.text, line.name()),
    );
    let remedy =
        "put `auth requisite pam_unix.so` in front of our line, or a `requisite pam_deny.so` behind the password";
    Finding { place: failed.map(Line::place), ..Finding::new(name, verdict, format!("{what}: {why}"), remedy) }
}

/// The line that lets by: ours, where it refused; or else the one that led past it.
fn culprit<'a>(lines: &'a [Line], way: &Way) -> Option<(&'a Line, Option<&'static str>)> {
    let of = |step: &crate::stack::walk::Step| Some((lines.get(step.line)?, step.answer));
    let steps: Vec<(&Line, &'static str)> = way.steps.iter().filter_map(of).collect();
    if let Some((line, answer)) = steps.iter().find(|(line, _)| asks_for_code(line)) {
        return Some((*line, Some(*answer)));
    }
    let leads_on =
        |(line, answer): &&(&Line, &'static str)| matches!(line.control.on(answer), Action::Done | Action::Jump(_));
    let found = steps.iter().rev().find(leads_on).or(steps.last());
    found.map(|(line, answer)| (*line, Some(*answer)))
}

/// Whether an answer of this line ends in a refusal.
fn binds(line: &Line, answer: &str) -> bool {
    matches!(line.control.on(answer), Action::Bad | Action::Die)
}

/// Folders that PAM loads modules from.
fn modules_of(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for folder in MODULES.map(|folder| root.join(folder)) {
        let inner = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        folders.extend(inner.map(|inner| inner.join("security")).filter(|inner| inner.is_dir()));
        folders.push(folder.join("security"));
    }
    folders
}

fn is_there(root: &Path, folders: &[PathBuf], line: &Line) -> bool {
    match line.module.strip_prefix('/') {
        Some(path) => root.join(path).is_file(),
        None => folders.iter().any(|folder| folder.join(&line.module).is_file()),
    }
}

#[cfg(test)]
#[path = "services/tests.rs"]
mod tests;
