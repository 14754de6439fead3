//! What has to be known before and after a service is switched on: who administers this machine, who is exempt, who has
//! logged in. It asks sudo and other commands of this program, and must not know what is written where.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Group, gethostname};
use serde_json::Value;
use twolatch_core::door::Door;
use twolatch_core::time::{Clock, SystemClock, Timestamp};

use super::{SSHD_CONFIG, ask, refused};
use crate::cli::CliError;
use crate::cli::import::progress;
use crate::cli::user::{Local, local_accounts};
use crate::date;
use crate::doctor::sshd::effective;
use crate::stack::walk::is_ours;
use crate::stack::{Kind, read};
use crate::wiring::automation::Automation;
use crate::wiring::pending::Pending;

/// Groups whose members become root, by su if not by sudo.
const ADMINS: [&str; 3] = ["sudo", "wheel", "admin"];

/// Who administers this machine, but for those.
pub(super) fn administrators(without: &[String]) -> Result<Vec<Local>, CliError> {
    let mut members: Vec<String> = vec!["root".to_owned()];
    for group in ADMINS {
        let found = Group::from_name(group).map_err(io::Error::from)?;
        members.extend(found.into_iter().flat_map(|group| group.mem));
    }
    let mut accounts: Vec<Local> = local_accounts()?.into_iter().filter(Local::can_log_in).collect();
    accounts.retain(|account| !without.contains(&account.name));
    // sudo answers for one at a time.
    let (mut done, all) = (0, accounts.len());
    accounts.retain(|account| {
        done += 1;
        if all >= 100 {
            progress(done, all);
        }
        members.contains(&account.name) || may_sudo(&account.name)
    });
    Ok(accounts)
}

/// Who of them would be refused at a service, each with the reason.
pub(super) fn kept_out(config: &Path, service: &str, administrators: &[Local]) -> Vec<String> {
    administrators.iter().filter_map(|account| why_kept_out(config, service, account)).collect()
}

/// sudo itself knows, whatever its rules come from.
fn may_sudo(name: &str) -> bool {
    let output = Command::new("sudo").args(["-n", "-l", "-U", name]).env("LC_ALL", "C").stdin(Stdio::null()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("may run the following commands"))
}

fn why_kept_out(config: &Path, service: &str, account: &Local) -> Option<String> {
    let (name, door) = (&account.name, Door::of_service(service, Some("tty"), None));
    let has_keys = || {
        [".ssh/authorized_keys", ".ssh/authorized_keys2"]
            .iter()
            .any(|file| Path::new(&account.home).join(file).exists())
    };
    if service == "sshd" && account.uid == 0 && has_keys() && keeps_root_from_prompts() {
        let why = "who has a key: sshd lets root in at no prompt, after a key neither, unless `PermitRootLogin yes`";
        return Some(format!("{name}, {why}"));
    }
    if service == "sshd" && has_no_password(name) && !takes_keys_for_passwords() {
        // Who has no key either does not come in by sshd today.
        return has_keys()
            .then(|| format!("{name}, who has a key and no password, which sshd asks for before the code"));
    }
    match ask(config, &["policy", "explain", name, "--door", door.as_str(), "--json"]) {
        Err(error) => Some(format!("{name} ({error}; `twolatch user add {name}` makes an account known)")),
        Ok(all) => {
            let lets_in = |explained: &Value| explained["refused"] == false;
            let is_in = all.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(lets_in));
            (!is_in).then(|| name.clone())
        }
    }
}

fn keeps_root_from_prompts() -> bool {
    let all = effective(Path::new(SSHD_CONFIG), &["root".to_owned()]).unwrap_or_default();
    all.iter().any(|(_, effective)| effective.keeps_root_from_prompts())
}

/// Whether the stack of sshd has a line at which a key that sshd has checked stands for the password.
fn takes_keys_for_passwords() -> bool {
    let lines = read(Path::new("/"), "sshd", Kind::Auth).unwrap_or_default();
    lines.iter().any(|line| is_ours(line) && line.has("key_used"))
}

/// Whether nobody can show a password for an account: shadow(5) has a mark in front of it, or none. Where that cannot be
/// read, PAM says.
fn has_no_password(name: &str) -> bool {
    let text = std::fs::read_to_string("/etc/shadow").unwrap_or_default();
    let mut fields = text.lines().map(|line| line.split(':')).filter_map(|mut line| line.next().zip(line.next()));
    fields.any(|(one, hash)| one == name && hash.starts_with(['!', '*']))
}

/// Whom sshd may let in by a key alone: people who are exempt by name, at the door ssh, on this machine, from a network.
pub(super) fn automation(config: &Path) -> Result<Vec<Automation>, CliError> {
    let policy = ask(config, &["policy", "show", "--json"])?;
    let host = gethostname().map_err(io::Error::from)?.to_string_lossy().into_owned();
    let is = |value: &Value, wanted: &str| value.as_str().is_none_or(|value| value.eq_ignore_ascii_case(wanted));
    let mut all = Vec::new();
    for one in policy.get("exemptions").and_then(Value::as_array).into_iter().flatten() {
        let holds = is(&one["door"], "ssh") && is(&one["service"], "sshd") && is(&one["host"], &host);
        let lasts = one["until"].as_i64().is_some_and(|until| SystemClock.now() < Timestamp::from_unix(until));
        // sshd tells the account line of no key.
        let asks_for_more = one["client"].is_string() || one["key"].is_string() || one["level"] != "off";
        if let (Some(user), Some(network)) = (one["person"].as_str(), one["network"].as_str())
            && holds
            && lasts
            && !asks_for_more
        {
            all.push(Automation { user: user.parse().map_err(refused)?, network: network.parse().map_err(refused)? });
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// Whether a code was right, or somebody has set up with one, at that service of this machine since then.
pub(super) fn has_logged_in(config: &Path, pending: &Pending) -> Result<bool, CliError> {
    let door = Door::of_service(&pending.service, Some("tty"), None);
    let host = gethostname().map_err(io::Error::from)?.to_string_lossy().into_owned();
    let since: String = date::machine(pending.since).chars().take("2026-03-03T14:05".len()).collect();
    let which = ["audit", "list", "--result", "ok", "--door", door.as_str(), "--since", &since];
    let records = ask(config, &[&which[..], &["--limit", "1000", "--json"]].concat())?;
    let counts = |record: &Value| {
        record["at"].as_i64().is_some_and(|at| Timestamp::from_unix(at) >= pending.since)
            && record["host"].as_str() == Some(&host)
            && (record["event"] == "code" || record["event"] == "factor_added")
            && record["factor"].is_string()
            && is_of(record, &pending.service)
    };
    Ok(records.as_array().is_some_and(|records| records.iter().any(counts)))
}

/// Whether a record of a service's door is of that very service.
fn is_of(record: &Value, service: &str) -> bool {
    const SHARING: [&str; 2] = ["sudo-i", "su-l"];
    let named = record["detail"].as_str();
    if SHARING.contains(&service) { named == Some(service) } else { !named.is_some_and(|one| SHARING.contains(&one)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_that_shares_a_door_is_not_the_other() {
        let (sudo, login_shell) = (json!({ "detail": null }), json!({ "detail": "sudo-i" }));
        assert!(is_of(&sudo, "sudo") && !is_of(&sudo, "sudo-i"));
        assert!(is_of(&login_shell, "sudo-i") && !is_of(&login_shell, "sudo"));
    }
}
