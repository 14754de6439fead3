//! `twolatch import`: moving over from other programs. Files are read first, as whoever runs the command; then all of it is
//! weighed, and taken over in one transaction or not at all.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use nix::unistd::User as Account;
use twolatch_core::login::import::{Brought, Fate, Insisting, Weighed};
use twolatch_core::time::{Clock, SystemClock};
use twolatch_core::user::{Email, UserName};

use self::file::Home;
use self::report::{Outcome, Report, Row};
use super::open::{close, open};
use super::user::local_accounts;
use super::{CliError, actor};
use crate::import::{Entry, Fault, Found, google, line_of, oath, table, uris};
use crate::state::App;

mod file;
mod report;

/// No file is larger: a hundred thousand people take some ten megabytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Where people are taken over from. What they have there goes on working there.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// From the files of google-authenticator: one person's, or those in all homes.
    Google(Google),
    /// From the users file of `pam_oath`, as `/etc/users.oath`.
    Oath(Listed),
    /// From otpauth:// URIs, one to a line, and exports of Google Authenticator (otpauth-migration://).
    Uris(Uris),
    /// From a table (CSV) whose first line names the columns, of name, secret, algorithm, digits, period and label.
    Csv(Listed),
}

/// How it is done.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "options of the command line; each has nothing to do with the others"
)]
struct How {
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Add people whom Twolatch does not know yet.
    #[arg(long)]
    add_people: bool,
    /// Take over what can be, and leave the rest; without it one line that cannot be means that nothing is.
    #[arg(long)]
    leave_out: bool,
    /// Add it to what somebody has set up already.
    #[arg(long)]
    beside: bool,
    /// Take secrets of 80 to 127 bits, too: they can be guessed more easily, and lists show them as weak.
    #[arg(long)]
    allow_weak: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Google {
    /// The file; - is standard input. If left out, the one that --secret names.
    #[arg(conflicts_with = "homes")]
    file: Option<PathBuf>,
    /// Whose it is.
    #[arg(long, value_name = "NAME", required_unless_present = "homes")]
    user: Option<UserName>,
    /// Those of all accounts of this machine (/etc/passwd) who have one.
    #[arg(long, conflicts_with = "user")]
    homes: bool,
    /// Where the files are, as in google-authenticator's `secret=`: ${HOME}, ~ and ${USER} are filled in.
    #[arg(long, value_name = "PATTERN", default_value = file::SECRET)]
    secret: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
pub(super) struct Listed {
    /// The file; - is standard input.
    file: PathBuf,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
pub(super) struct Uris {
    /// The file; - is standard input.
    file: PathBuf,
    /// Whose all of them are, whatever is written in them. Without it the account in a URI is a user name, a verified
    /// address, or `name@host`.
    #[arg(long, value_name = "NAME")]
    user: Option<UserName>,
    #[command(flatten)]
    how: How,
}

/// What was found, and where.
struct Line {
    place: String,
    found: Found,
}

impl Import {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        // Before the database is opened: that may take the right to read other people's files away.
        let (lines, how) = self.read()?;
        if lines.is_empty() {
            return Err(CliError::data("there is nothing to take over"));
        }
        let app = open(config).await?;
        let result = take(&app, lines, &how).await;
        close(&app).await?;
        result
    }

    fn read(self) -> Result<(Vec<Line>, How), CliError> {
        let now = SystemClock.now();
        Ok(match self {
            Self::Google(google) => (google.read()?, google.how),
            Self::Oath(listed) => (lines_of(&listed.file, |text| oath::read(text, now))?, listed.how),
            Self::Csv(listed) => (lines_of(&listed.file, table::read)?, listed.how),
            Self::Uris(asked) => {
                let mut lines = lines_of(&asked.file, uris::read)?;
                if let Some(user) = &asked.user {
                    for line in &mut lines {
                        line.belongs_to(user.as_str());
                    }
                }
                (lines, asked.how)
            }
        })
    }
}

impl Google {
    fn read(&self) -> Result<Vec<Line>, CliError> {
        match (&self.user, &self.file) {
            (Some(user), Some(path)) => {
                let owner = account_of(user)?.map(|home| home.uid);
                let text = file::named(path, google::MAX_BYTES, owner);
                let text = text.map_err(|why| CliError::data(format!("{}: {why}", shown(path))))?;
                Ok(vec![Line::of_google(shown(path), user.as_str(), &text)])
            }
            (Some(user), None) => {
                let home = account_of(user)?;
                let home = home.ok_or_else(|| CliError::data(format!("this machine has no account `{user}`")))?;
                let line = self.of_home(&home);
                let missing = || CliError::data(format!("{user} has no file {}", self.secret));
                line.map(|line| vec![line]).ok_or_else(missing)
            }
            (None, _) => {
                let accounts = local_accounts()?;
                let homes: Vec<Home> = accounts.into_iter().map(of_local).collect();
                let lines = homes.iter().enumerate().filter_map(|(index, home)| {
                    progress(index + 1, homes.len());
                    self.of_home(home)
                });
                Ok(lines.collect())
            }
        }
    }

    fn of_home(&self, home: &Home) -> Option<Line> {
        let (path, read) = file::of_home(home, &self.secret, google::MAX_BYTES);
        let place = shown(&path);
        match read {
            Ok(text) => text.map(|text| Line::of_google(place, &home.name, &text)),
            Err(text) => Some(Line { place, found: Err(Fault { line: 1, owner: Some(home.name.clone()), text }) }),
        }
    }
}

impl Line {
    fn of_google(place: String, user: &str, text: &str) -> Self {
        let mut line = Self { place, found: google::read(text, SystemClock.now()) };
        line.belongs_to(user);
        line
    }

    fn belongs_to(&mut self, user: &str) {
        match &mut self.found {
            Ok(entry) => entry.owner = Some(user.to_owned()),
            Err(fault) => fault.owner = Some(user.to_owned()),
        }
    }
}

fn lines_of(path: &Path, read: impl Fn(&str) -> Vec<Found>) -> Result<Vec<Line>, CliError> {
    let text = file::named(path, MAX_BYTES, None);
    let text = text.map_err(|why| CliError::data(format!("{}: {why}", shown(path))))?;
    let place = shown(path);
    Ok(read(&text).into_iter().map(|found| Line { place: format!("{place}:{}", line_of(&found)), found }).collect())
}

fn account_of(user: &UserName) -> Result<Option<Home>, CliError> {
    let found = Account::from_name(user.as_str()).map_err(std::io::Error::from)?;
    Ok(found.map(|account| Home { name: account.name, uid: account.uid.as_raw(), path: account.dir }))
}

fn of_local(account: super::user::Local) -> Home {
    Home { name: account.name, uid: account.uid, path: PathBuf::from(account.home) }
}

fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

/// Weighs all of it, says what becomes of each, and does it.
async fn take(app: &App, lines: Vec<Line>, how: &How) -> Result<(), CliError> {
    let actor = actor(app.now());
    let (mut rows, mut brought, mut places) = (Vec::with_capacity(lines.len()), Vec::new(), Vec::new());
    for Line { place, found } in lines {
        match found {
            Ok(entry) => {
                let resolved = owner_of(app, &entry).await?;
                let name = resolved.as_ref().map(ToString::to_string).ok().or_else(|| entry.owner.clone());
                let mut row = Row { place, name, outcome: Outcome::Refused, notes: entry.notes };
                match resolved {
                    Ok(name) => {
                        let Entry { totp, label, last_step, scratch, .. } = entry;
                        brought.push(Brought { name, totp, label, last_step, scratch });
                        places.push(rows.len());
                    }
                    Err(why) => row.notes = vec![why],
                }
                rows.push(row);
            }
            Err(fault) => {
                rows.push(Row { place, name: fault.owner, outcome: Outcome::Refused, notes: vec![fault.text] });
            }
        }
    }
    let insisting = Insisting { add_people: how.add_people, beside: how.beside, weak: how.allow_weak };
    let weighed = app.logins.weigh(&brought, insisting, actor.now).await?;
    drop(brought);
    for (place, (fate, remarks)) in places.into_iter().zip(&weighed.each) {
        let Some(row) = rows.get_mut(place) else { continue };
        row.outcome = Outcome::of(*fate);
        match fate {
            Fate::Refused(why) => row.notes = vec![why.to_string()],
            Fate::There => row.notes.clear(),
            Fate::Taken | Fate::WithOwner => {}
        }
        row.notes.extend(remarks.iter().map(ToString::to_string));
    }
    let mut report = Report::new(rows, weighed.would_do());
    let stops = report.refused > 0 && !how.leave_out;
    if how.dry_run || stops || weighed.people() == 0 {
        report.print(how.json)?;
        return if stops { Err(refused(&report)) } else { Ok(()) };
    }
    report.not_told = write(app, weighed, &actor).await?;
    report.changed = true;
    report.print(how.json)
}

async fn write(app: &App, weighed: Weighed, actor: &twolatch_core::login::manage::Actor) -> Result<usize, CliError> {
    let all = weighed.people();
    let done = app.logins.take_over(weighed, actor, Arc::new(move |done| progress(done, all))).await?;
    Ok(done.untold)
}

fn refused(report: &Report) -> CliError {
    CliError::data(format!(
        "nothing is taken over: {} of {} cannot be, as said above; put that right, or take the others with --leave-out",
        report.refused,
        report.lines.len()
    ))
}

/// Who is meant: a user name, a verified address, or a user name at a machine.
async fn owner_of(app: &App, entry: &Entry) -> Result<Result<UserName, String>, CliError> {
    let Some(owner) = &entry.owner else {
        return Ok(Err("it does not say whose it is; --user NAME does".to_owned()));
    };
    if let Ok(name) = owner.parse::<UserName>() {
        return Ok(Ok(name));
    }
    if let Ok(address) = owner.parse::<Email>()
        && let Some(person) = app.store.person_by_email(&address.key()).await?
    {
        return Ok(Ok(person.user.name));
    }
    let local = owner.split_once('@').and_then(|(name, _)| name.parse().ok());
    Ok(local.ok_or_else(|| "this is neither a user name nor an address that Twolatch knows".to_owned()))
}

/// How far it is, on a terminal, in one line.
pub(super) fn progress(done: usize, all: usize) {
    let mut to = std::io::stderr();
    if to.is_terminal() && (done.is_multiple_of(100) || done == all) {
        let end = if done == all { "\n" } else { "" };
        drop(write!(to, "\r{done} of {all}{end}"));
        drop(to.flush());
    }
}
