//! Where the program that asks, or what is put around it, keeps our module from asking: lockers that show one field, the
//! sandbox of polkit, `SELinux`. Where our line stands it is told.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Finding, Verdict};
use crate::stack::Line;
use crate::stack::walk::asks_for_code;

/// Programs that answer each prompt with what was typed into their one field.
const ONE_FIELD: [&str; 4] = ["i3lock", "swaylock", "hyprlock", "sddm"];

/// Where units lie, below `/`; what is found first counts.
const UNITS: [&str; 4] = ["etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

/// What runs PAM for polkit, from version 127 on.
const POLKIT: &str = "polkit-agent-helper@.service";

/// What is to be said of a service that asks for a code. `root` is `/`.
#[must_use]
pub fn examine(root: &Path, service: &str, lines: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if ONE_FIELD.contains(&service)
        && let Some(line) = lines.iter().find(|line| asks_for_code(line) && !line.has("verify"))
    {
        let found = format!("{service} answers the prompt for the code with the password");
        let remedy = "`pam_twolatch.so forward_pass` in front of the password and `pam_twolatch.so verify` behind it";
        findings.push(Finding::new(service, Verdict::LockOut, found, remedy).at(line.place()));
    }
    if service == "polkit-1"
        && let Some(file) = without_unix_sockets(&files_of(root, POLKIT))
    {
        let found = "polkit's sandbox lets our module open no Unix socket";
        let remedy = "`RestrictAddressFamilies=AF_UNIX` for that unit";
        findings.push(Finding::new(service, Verdict::LockOut, found, remedy).at(file.display().to_string()));
    }
    findings
}

/// What is to be said of the machine.
#[must_use]
pub fn of_machine(root: &Path) -> Option<Finding> {
    let enforces = fs::read_to_string(root.join("sys/fs/selinux/enforce")).is_ok_and(|text| text.trim() == "1");
    let found = "enforces: services that ask for a code need the right to connect to Twolatch's socket";
    enforces
        .then(|| Finding::new("selinux", Verdict::Note, found, "`ausearch -m avc -ts recent` shows what it refused"))
}

/// A unit's file and what is laid over it, in the order in which they count.
fn files_of(root: &Path, unit: &str) -> Vec<PathBuf> {
    let own = UNITS.iter().map(|folder| root.join(folder).join(unit)).find(|file| file.is_file());
    let mut over: Vec<PathBuf> = UNITS
        .iter()
        .filter_map(|folder| fs::read_dir(root.join(folder).join(format!("{unit}.d"))).ok())
        .flat_map(|folder| folder.flatten().map(|entry| entry.path()))
        .collect();
    over.sort_by_key(|file| file.file_name().map(ToOwned::to_owned));
    own.into_iter().chain(over).collect()
}

/// The file that leaves Unix sockets out, where the unit has none in the end.
fn without_unix_sockets(files: &[PathBuf]) -> Option<PathBuf> {
    let mut leaves_out = None;
    // A list names what is allowed, and adds to the one before; with `~` it takes away; an empty one begins anew.
    let mut is_limited = false;
    for file in files {
        let text = fs::read_to_string(file).unwrap_or_default();
        for said in text.lines().filter_map(|line| line.trim().strip_prefix("RestrictAddressFamilies=")) {
            let names_it = said.split_whitespace().any(|family| family.trim_start_matches('~') == "AF_UNIX");
            match (said.trim().starts_with('~'), names_it) {
                (false, true) => leaves_out = None,
                (true, true) => leaves_out = Some(file.clone()),
                (false, false) if said.trim().is_empty() => (leaves_out, is_limited) = (None, false),
                (false, false) if !is_limited => leaves_out = Some(file.clone()),
                _ => {}
            }
            is_limited |= !said.trim().is_empty();
        }
    }
    leaves_out
}

#[cfg(test)]
#[path = "sandboxes/tests.rs"]
mod tests;
