//! What this machine asks at its doors, all of it together, and whether its clock is kept right.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use twolatch_core::break_glass::{FOLDER, GROUP};

use super::sshd::{Stack, effective, judge_all, untried};
use super::{Finding, PATIENCE, Verdict, sandboxes, services, sudo};
use crate::break_glass::{self, BreakGlassError, Holder};

/// Seconds that `login` gives, where nothing is said.
const LOGIN_TIMEOUT: u32 = 60;

/// Looks at the machine below `root`, which is `/`; `names` can log in there, by an sshd with that configuration.
#[must_use]
pub fn examine(root: &Path, sshd_config: &Path, names: &[String]) -> Vec<Finding> {
    let services = services::examine(root);
    let asks = |name: &str| services.iter().any(|service| service.name == name && service.asks);
    let mut findings: Vec<Finding> = services.iter().flat_map(|service| service.findings.clone()).collect();
    let closes = services::has_account_line(root, "sshd");
    let pam = Stack { asks: asks("sshd"), closes, root_has_key: root_has_key(root) };
    match effective(sshd_config, names) {
        Ok(all) => findings.extend(judge_all(&all, pam)),
        Err(error) => findings.push(Finding::new("sshd", Verdict::Broken, error, "correct what `sshd -t` names")),
    }
    if asks("sudo") {
        findings.extend(sudo::examine(root));
    }
    if asks("login") {
        findings.extend(login_timeout(root));
        findings.push(of_break_glass(break_glass::holders(&root.join(FOLDER.trim_start_matches('/')))));
    }
    if asks("polkit-1") {
        let found = "its rules may keep an authorisation for a while (`auth_admin_keep`): then it does not ask again";
        findings.push(Finding::new("polkit-1", Verdict::Note, found, ""));
    }
    if asks("sshd") {
        findings.extend(untried(sshd_config, names));
        let found = "an open connection (ControlMaster) opens further sessions without a login";
        findings.push(Finding::new("sshd", Verdict::Note, found, "`MaxSessions 1` closes that"));
    }
    if services.iter().any(|service| service.asks) {
        findings.extend(sandboxes::of_machine(root));
    }
    findings.extend(clock());
    findings
}

/// Whether sshd finds a key of root where it looks for one.
fn root_has_key(root: &Path) -> bool {
    let is_key = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    ["authorized_keys", "authorized_keys2"].iter().any(|name| {
        let text = std::fs::read_to_string(root.join("root/.ssh").join(name)).unwrap_or_default();
        text.lines().any(is_key)
    })
}

/// Who gets in at the console while no server answers.
fn of_break_glass(holders: Result<Vec<Holder>, BreakGlassError>) -> Finding {
    let holders = match holders {
        Ok(holders) => holders,
        Err(BreakGlassError::File { error, .. }) if error.kind() == ErrorKind::PermissionDenied => {
            return Finding::new(
                "login",
                Verdict::Note,
                "who has break-glass codes is for root to see",
                "run it as root",
            );
        }
        Err(error) => return Finding::new("login", Verdict::Broken, error.to_string(), ""),
    };
    let (asked, others): (Vec<Holder>, Vec<Holder>) =
        holders.into_iter().filter(|holder| holder.left > 0).partition(|holder| holder.in_group);
    let told = |holders: &[Holder]| {
        let each = holders.iter().map(|holder| format!("{} ({} left)", holder.name, holder.left));
        each.collect::<Vec<_>>().join(", ")
    };
    if !asked.is_empty() {
        return Finding::well("login", format!("break-glass codes, for when no server answers: {}", told(&asked)));
    }
    let mut found = "nobody gets in while no server answers: nobody has break-glass codes".to_owned();
    if !others.is_empty() {
        found = format!("{found} and is in the group `{GROUP}`; codes without the group: {}", told(&others));
    }
    let remedy = "`twolatch break-glass issue NAME`, and NAME into the group `twolatch-breakglass`";
    Finding::new("login", Verdict::Note, found, remedy)
}

fn login_timeout(root: &Path) -> Option<Finding> {
    let file = root.join("etc/login.defs");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let said = (1..).zip(text.lines()).find_map(|(number, line)| {
        let mut words = line.split_whitespace();
        (words.next() == Some("LOGIN_TIMEOUT")).then_some((number, words.next()?.parse().ok()?))
    });
    let (place, seconds) = said.map_or((None, LOGIN_TIMEOUT), |(number, seconds): (usize, u32)| {
        (Some(format!("{}:{number}", file.display())), seconds)
    });
    let found = format!("`LOGIN_TIMEOUT {seconds}`: whoever takes longer for password and code is cut off");
    let finding = Finding::new("login", Verdict::LockOut, found, "`LOGIN_TIMEOUT 300` in /etc/login.defs");
    (seconds > 0 && seconds < PATIENCE).then_some(Finding { place, ..finding })
}

/// Whether somebody keeps the clock right: a clock that is wrong refuses right codes.
fn clock() -> Option<Finding> {
    let output = Command::new("timedatectl").args(["show", "-p", "NTPSynchronized", "--value"]).output().ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(Finding::well("clock", "synchronised")),
        "no" => Some(Finding::new(
            "clock",
            Verdict::Note,
            "not synchronised: codes are refused once it is half a minute wrong",
            "install chrony or systemd-timesyncd",
        )),
        _ => None, // no systemd to ask
    }
}
