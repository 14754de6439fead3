//! `twolatch enable` and `disable`: our module at a service of this machine, on and off, so that nobody is locked out by it.
//!
//! The database is never opened here: that would take away root's right to write system files. What is asked of it, is asked
//! by other commands of this program.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setsid};
use serde_json::Value;
use twolatch_core::store::timekeeping::STEP_BACK;
use twolatch_core::time::{Clock, SystemClock};

use self::diff::diff;
use super::{CliError, say};
use crate::doctor::Verdict;
use crate::doctor::services::has_account_line;
use crate::doctor::sshd::{Stack, effective, judge};
use crate::wiring::automation;
use crate::wiring::pending::{Pending, file_of, forget, hold, write};
use crate::wiring::{Edit, Wanted, disabling, enabling};

mod diff;
mod facts;

/// Everything is below this.
const ROOT: &str = "/";

/// What sshd reads.
const SSHD_CONFIG: &str = "/etc/ssh/sshd_config";

/// Where sshd writes its pid, where nothing else is said.
const PID_FILE: &str = "/run/sshd.pid";

/// How often it is looked whether somebody has logged in.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What systemd starts.
const UNIT: &str = "/etc/systemd/system/twolatch-enable.service";

/// Ask for a code at a service of this machine. What is written is put back by itself unless somebody logs in anew.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Enable {
    /// Which: sshd, sudo, sudo-i, su, su-l or login.
    #[arg(required_unless_present_any = ["settle", "watch"])]
    service: Option<String>,
    /// Show what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// For sshd: refuse whoever comes in by a key alone and policy asks a code of. People who are exempt by name, at the door
    /// ssh, from a network, may then come by a key alone.
    #[arg(long)]
    account_line: bool,
    /// So many minutes are left to log in anew with a code; then the files are put back.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(i64).range(1..=60))]
    minutes: i64,
    /// Go on although this account would be refused; can be given several times.
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Keep what somebody has logged in through since, and put back what is overdue: for whatever runs at a start.
    #[arg(long, conflicts_with = "service")]
    settle: bool,
    /// The same until nothing is left to settle.
    #[arg(long, hide = true, conflicts_with = "service")]
    watch: bool,
}

/// Ask for no code any more at a service where `enable` has made it ask.
#[derive(Debug, Args)]
pub(super) struct Disable {
    /// Which.
    service: String,
    /// Show what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Enable {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        if self.watch {
            // Whoever has started it may go, and its terminal with it.
            let _ = setsid();
            return wait(config, false).await;
        }
        let Some(service) = self.service.filter(|_| !self.settle) else {
            let settled = settle(config);
            if !Pending::all(Path::new(ROOT))?.pending.is_empty() {
                stand_watch(config)?;
            }
            return settled;
        };
        let root = Path::new(ROOT);
        let notes = Pending::all(root)?;
        if notes.broken.contains(&file_of(root, &service)) {
            return Err(broken(&file_of(root, &service)));
        }
        if notes.pending.iter().any(|pending| pending.service == service) {
            return Err(CliError::data(format!(
                "{service} was switched on just before, and nobody has logged in with a code yet: do so, or \
                 `twolatch disable {service}`"
            )));
        }
        let automation = match service.as_str() {
            "sshd" => automation::file(&facts::automation(config)?),
            _ => None,
        };
        let edits =
            enabling(root, &service, &Wanted { account_line: self.account_line, automation }).map_err(refused)?;
        if edits.is_empty() {
            say(format_args!("{service} asks for a code already; there is nothing to write."));
            return Ok(());
        }
        show(&edits);
        let administrators = facts::administrators(&self.without)?;
        let names: Vec<String> = administrators.iter().map(|account| account.name.clone()).collect();
        let kept_out = facts::kept_out(config, &service, &administrators);
        if !kept_out.is_empty() {
            return Err(CliError::data(format!(
                "nothing was written, for who administers this machine would be refused at {service}: {}. \
                 `twolatch policy explain NAME` says why; --without NAME goes on without them",
                kept_out.join("; ")
            )));
        }
        if self.dry_run {
            return Ok(());
        }
        as_root()?;
        let held = hold(root)?;
        if Pending::all(root)?.pending.iter().any(|pending| pending.service == service) {
            return Err(CliError::data(format!("somebody else is just switching {service} on")));
        }
        let since = SystemClock.now();
        let pending = Pending { service: service.clone(), edits, since, until: since.plus(self.minutes * 60) };
        pending.announce(root)?;
        if automation::is_alone(&pending.edits) {
            let done =
                pending.apply().map_err(CliError::from).and_then(|()| check_sshd(&names)).and_then(|()| reload_sshd());
            done.map_err(|error| go_back(&pending, &error.to_string()))?;
            return Ok(forget(root, &service)?);
        }
        let done = stand_watch(config).and_then(|()| Ok(pending.apply()?)).and_then(|()| match service.as_str() {
            "sshd" => check_sshd(&names).and_then(|()| reload_sshd()),
            _ => Ok(()),
        });
        done.map_err(|error| go_back(&pending, &error.to_string()))?;
        drop(held);
        say(format_args!(
            "{service} asks for a code now. Log in anew with one within {} minutes, in another terminal, while this session \
             stays open: then it is kept. Otherwise the files are put back.",
            self.minutes
        ));
        wait(config, true).await?;
        // Whoever has settled it, the files tell how.
        if pending.stands()? {
            return Ok(());
        }
        Err(CliError::failed(format!("nobody has logged in with a code in time: {service} is as it was")))
    }
}

impl Disable {
    pub(super) fn run(self) -> Result<(), CliError> {
        let edits = disabling(Path::new(ROOT), &self.service).map_err(refused)?;
        show(&edits);
        if self.dry_run {
            return Ok(());
        }
        as_root()?;
        let _held = hold(Path::new(ROOT))?;
        edits.iter().try_for_each(write)?;
        if self.service == "sshd" {
            reload_sshd()?;
        }
        // Not before: whatever ends this command, somebody still looks after what is left of our lines.
        forget(Path::new(ROOT), &self.service)?;
        say(format_args!("{} asks for no code any more.", self.service));
        Ok(())
    }
}

fn refused(error: impl std::fmt::Display) -> CliError {
    CliError::data(error.to_string())
}

fn as_root() -> Result<(), CliError> {
    if nix::unistd::geteuid().is_root() {
        Ok(())
    } else {
        Err(CliError::failed("only root writes these files".to_owned()))
    }
}

fn show(edits: &[Edit]) {
    for edit in edits {
        say(diff(edit));
    }
}

/// Asks this very program, which prints JSON.
fn ask(config: &Path, arguments: &[&str]) -> Result<Value, CliError> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(CliError::failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(refused)
}

/// Whether sshd takes its files as they are now, comes to PAM in every way that it offers everybody, and keeps none of those
/// who administer this machine out. What else it makes of `Match` lines is somebody's will, and is said.
fn check_sshd(administrators: &[String]) -> Result<(), CliError> {
    let pam = Stack { asks: true, closes: has_account_line(Path::new(ROOT), "sshd"), root_has_key: false };
    let all = effective(Path::new(SSHD_CONFIG), administrators).map_err(CliError::failed)?;
    for (index, (whom, effective)) in all.iter().enumerate() {
        for bad in judge(whom, effective, pam).into_iter().filter(|finding| finding.verdict.is_bad()) {
            // The first is what no `Match` changes.
            if index == 0 || bad.verdict == Verdict::LockOut {
                return Err(CliError::failed(format!("sshd: {}", bad.found)));
            }
            say(format_args!("sshd: {}", bad.found));
        }
    }
    Ok(())
}

/// Lets an sshd that runs read its files anew. Sessions that are open stay.
fn reload_sshd() -> Result<(), CliError> {
    // Where its files are wrong, by somebody else's hand, it still runs by those from before.
    let all = effective(Path::new(SSHD_CONFIG), &[]).unwrap_or_default();
    let file = all.first().map_or(Path::new(PID_FILE), |(_, effective)| effective.pid_file());
    if file == Path::new("none") {
        return Err(CliError::failed(
            "sshd has `PidFile none`, so nobody can tell it to read its files anew".to_owned(),
        ));
    }
    match std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()) {
        Some(pid) => kill(Pid::from_raw(pid), Signal::SIGHUP)
            .map_err(|error| CliError::failed(format!("sshd cannot be told to read its files anew: {error}"))),
        None => Ok(()), // it does not run, or reads them at each connection
    }
}

/// Undoes what has just been begun.
fn go_back(pending: &Pending, why: &str) -> CliError {
    match put_back(pending) {
        Ok(()) => CliError::failed(format!("nothing is changed: {why}")),
        Err(error) => CliError::failed(format!(
            "{why}; and the files could not be put back: {error}. `twolatch disable {}` tries again",
            pending.service
        )),
    }
}

/// Something looks after it also where this command is ended, as by the end of its connection; where systemd runs, after a
/// start of the machine, too.
fn stand_watch(config: &Path) -> Result<(), CliError> {
    let program = std::env::current_exe()?;
    if Path::new("/run/systemd/system").is_dir() {
        let unit = format!(
            "[Unit]\nDescription=Put back what `twolatch enable` has written, unless somebody logs in\n\
             ConditionDirectoryNotEmpty=/var/lib/twolatch-enable\n\n\
             [Service]\nExecStart={} enable --watch --config {}\nRestart=on-failure\nRestartSec=5\n\n[Install]\nWantedBy=multi-user.target\n",
            program.display(),
            config.canonicalize()?.display()
        );
        write(&Edit { path: UNIT.into(), before: None, after: Some(unit) })?;
        systemctl(&["daemon-reload"])?;
        return systemctl(&["enable", "--now", "--quiet", "twolatch-enable.service"]);
    }
    Command::new(program)
        .args(["enable", "--watch", "--config"])
        .arg(config.canonicalize()?)
        .current_dir(ROOT)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(())
}

fn systemctl(arguments: &[&str]) -> Result<(), CliError> {
    let output = Command::new("systemctl").args(arguments).stdin(Stdio::null()).output()?;
    let said = || format!("systemctl {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    if output.status.success() { Ok(()) } else { Err(CliError::failed(said())) }
}

/// Waits until everything is settled, and says how long that may take where somebody looks on.
async fn wait(config: &Path, shows: bool) -> Result<(), CliError> {
    let shows = shows && std::io::stderr().is_terminal();
    loop {
        let all = Pending::all(Path::new(ROOT)).map(|notes| notes.pending);
        if all.as_ref().is_ok_and(Vec::is_empty) {
            return Ok(());
        }
        if shows {
            let left =
                all.iter().flatten().map(|pending| pending.until.since(SystemClock.now())).max().unwrap_or_default();
            drop(write!(std::io::stderr(), "\r{left} s are left "));
        }
        // Tried again: what stands in the way now, as a full disk, may be gone then; ending would leave people locked out.
        if let Err(error) = settle(config) {
            drop(writeln!(std::io::stderr(), "twolatch: {error}; trying again"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Keeps what somebody has logged in through, and puts back what is overdue: all of it that can be.
fn settle(config: &Path) -> Result<(), CliError> {
    let root = Path::new(ROOT);
    if Pending::all(root)?.is_empty() {
        return Ok(());
    }
    let _held = hold(root)?;
    let notes = Pending::all(root)?;
    let mut fault = notes.broken.first().map(|path| broken(path));
    for pending in &notes.pending {
        if let Err(error) = settle_one(config, pending) {
            fault.get_or_insert(error);
        }
    }
    fault.map_or(Ok(()), Err)
}

fn settle_one(config: &Path, pending: &Pending) -> Result<(), CliError> {
    let now = SystemClock.now();
    if facts::has_logged_in(config, pending).unwrap_or(false) {
        forget(Path::new(ROOT), &pending.service)?;
        say(format_args!("{}: somebody has logged in with a code; it stays.", pending.service));
    } else if now >= pending.until || pending.since.since(now) > STEP_BACK {
        // A clock that was ahead when it began has kept people out, and would for as long.
        put_back(pending)?;
        say(format_args!("{}: nobody has logged in with a code; it is as it was.", pending.service));
    }
    Ok(())
}

/// Forgotten last: what is not done yet is tried again.
fn put_back(pending: &Pending) -> Result<(), CliError> {
    pending.undo()?;
    if pending.service == "sshd" {
        reload_sshd()?;
    }
    Ok(forget(Path::new(ROOT), &pending.service)?)
}

fn broken(note: &Path) -> CliError {
    let service = note.file_stem().unwrap_or_default().display();
    CliError::failed(format!(
        "{} cannot be read, so nobody knows how {service} was before `twolatch enable`: look at its files; `twolatch \
         disable {service}` takes our lines out, if there are any, and this file can be removed",
        note.display()
    ))
}
