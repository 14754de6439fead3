//! People at every door: hosts at the socket, browsers, programs at `/api/v1/auth`, administrators at the command line.
//! Each shows the code of the present step; then, most of the time, the same code again.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use serde_json::{Value, json};
use twolatch_core::time::{Clock, SystemClock};

use crate::support::host::{begin, verdict};
use crate::support::server::program;
use crate::support::site::PASSWORD;
use crate::support::totp;
use crate::support::visitor::Visitor;
use crate::support::wait::pause;

use super::history::{Code, History};
use super::place::{AT_HOSTS, AT_WEB, Person, Place};

/// Threads at the socket.
const HOSTS: usize = 3;

/// Between two people of a thread.
const PACE: Duration = Duration::from_millis(40);

/// Seconds for which an app shows a code.
const STEP: i64 = 30;

/// Everybody, and where they go.
pub(crate) struct Load<'p> {
    history: &'p History,
    people: Vec<Person>,
    socket: PathBuf,
    issuer: String,
    config: PathBuf,
    log: Option<PathBuf>,
    over: AtomicBool,
    /// Odd while something is broken.
    weather: AtomicUsize,
    /// What went wrong while nothing was broken.
    wrong: Mutex<Vec<String>>,
    done: Mutex<Vec<(&'static str, usize)>>,
}

/// The load ends with this, also where its test fails.
pub(crate) struct Ends<'l, 'p>(&'l Load<'p>);

impl Drop for Ends<'_, '_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

/// It ends, too, where somebody at it finds a fault: what goes on would only hide it.
struct Fails<'l>(&'l AtomicBool);

impl Drop for Fails<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl<'p> Load<'p> {
    pub(crate) fn new(place: &Place, history: &'p History) -> Self {
        let log = place.cluster.is_none().then(|| place.server.data_path().join("twolatch.db-wal"));
        Self {
            history,
            people: place.people.clone(),
            socket: place.server.socket().to_owned(),
            issuer: place.server.issuer(),
            config: place.server.config_path(),
            log,
            over: AtomicBool::new(false),
            weather: AtomicUsize::new(0),
            wrong: Mutex::default(),
            done: Mutex::default(),
        }
    }

    pub(crate) fn start<'s>(&'s self, scope: &'s Scope<'s, '_>) {
        let (hosts, others) = self.people.split_at(AT_HOSTS);
        let (browsers, programs) = others.split_at(AT_WEB);
        for people in hosts.chunks(AT_HOSTS / HOSTS) {
            scope.spawn(move || self.everybody("at hosts", people, |person, code| self.at_host(person, code)));
        }
        scope.spawn(move || self.everybody("in browsers", browsers, |person, code| self.in_browser(person, code)));
        scope.spawn(move || self.everybody("in programs", programs, |person, code| self.in_program(person, code)));
        scope.spawn(move || self.administrators());
    }

    pub(crate) fn ends(&self) -> Ends<'_, 'p> {
        Ends(self)
    }

    pub(crate) fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// From now on whoever is refused may be.
    pub(crate) fn goes_badly(&self) {
        self.weather.fetch_or(1, Ordering::SeqCst);
    }

    /// From now on nobody may be refused.
    pub(crate) fn goes_well(&self) {
        let weather = self.weather.load(Ordering::SeqCst);
        self.weather.store(weather + weather % 2, Ordering::SeqCst);
    }

    pub(crate) fn is_well(&self) -> bool {
        self.weather.load(Ordering::SeqCst).is_multiple_of(2)
    }

    /// The log of the database, where that is in a file.
    pub(crate) fn log(&self) -> Option<PathBuf> {
        self.log.clone()
    }

    /// Every door was used, and nothing went wrong while nothing was broken.
    pub(crate) fn check(&self, place: &Place) {
        let done = self.done.lock().unwrap();
        let wrong = self.wrong.lock().unwrap();
        for one in wrong.iter() {
            let name = one.split(',').next().unwrap_or_default();
            eprintln!("{one}; in the database: {:#?}", place.records(name));
        }
        assert!(wrong.is_empty(), "{} things went wrong while all was well: {wrong:#?}", wrong.len());
        eprintln!("done: {done:?}");
        assert!(done.iter().all(|(_, count)| *count > 0), "{done:?}");
    }

    /// Everybody once in each step, as long as it goes on.
    fn everybody(&self, what: &'static str, people: &[Person], log_in: impl Fn(&Person, &str) -> Option<String>) {
        let _fails = Fails(&self.over);
        let mut last = vec![0; people.len()];
        let mut count = 0;
        while self.goes_on() {
            let mut seconds = (0..STEP).cycle();
            for (person, last) in people.iter().zip(&mut last) {
                pause(PACE);
                // Each at another second of the step, so that somebody always comes.
                let (now, second) = (SystemClock.now().unix(), seconds.next().unwrap());
                if now / STEP == *last || now % STEP < second {
                    continue;
                }
                let Some(code) = code_of(person) else { continue };
                let before = self.weather.load(Ordering::SeqCst);
                let told = log_in(person, &code.1);
                self.history.note(&person.name, &code, told.as_deref());
                if told.as_deref() == Some("granted") {
                    count += 1;
                } else if before.is_multiple_of(2) && self.weather.load(Ordering::SeqCst) == before {
                    self.wrong.lock().unwrap().push(format!("{}, {what}: {code:?}: {told:?}", person.name));
                }
                // Who was not let in comes again with the same code.
                if matches!(told.as_deref(), Some("granted" | "replay")) {
                    *last = code.0;
                    if code.0 % 4 != 0 {
                        let again = log_in(person, &code.1);
                        self.history.note(&person.name, &code, again.as_deref());
                    }
                }
            }
        }
        self.done.lock().unwrap().push((what, count));
    }

    /// What a host is told.
    fn at_host(&self, person: &Person, code: &str) -> Option<String> {
        let Some(attempt) = begin(&self.socket, &person.name) else { return Some("no prompt".to_owned()) };
        verdict(&self.socket, &person.name, &attempt, code)
    }

    /// What a browser is: it has a session, or the page says why not.
    fn in_browser(&self, person: &Person, code: &str) -> Option<String> {
        let early = |what: &str| Some(what.to_owned());
        let client = Visitor::client();
        let mut browser = Visitor::at(&client, &self.issuer);
        let Some(page) = browser.try_get("/login").filter(|page| page.body.contains("<form")) else {
            return early("no page");
        };
        let entered = browser.try_post(&page, &[("username", &person.name), ("password", PASSWORD)]);
        if entered.and_then(|answer| answer.location()).as_deref() != Some("/login/code") {
            return early("not asked for a code");
        }
        let Some(page) = browser.try_get("/login/code").filter(|page| page.body.contains("<form")) else {
            return early("no page");
        };
        let answer = browser.try_post(&page, &[("code", code)])?;
        // Where there is no session and no word about the code, it may have been taken before something else went wrong.
        match answer.location().as_deref() {
            // Perhaps recovery codes come next.
            Some(next) if !["/login", "/login/code"].contains(&next) => early("granted"),
            _ => answer.said().map(str::to_owned),
        }
    }

    /// What a program is told: it has a token, or an error.
    fn in_program(&self, person: &Person, code: &str) -> Option<String> {
        let early = |what: &str| Some(what.to_owned());
        let client = Visitor::client();
        let ask = |body: Value| -> Option<Value> {
            client.post(format!("{}/api/v1/auth", self.issuer)).json(&body).send().ok()?.json().ok()
        };
        let entered = ask(json!({ "username": person.name, "password": PASSWORD }));
        let Some(flow) = entered.as_ref().and_then(|answer| answer["next"]["flow"].as_str()) else {
            return early("no flow");
        };
        let answer = ask(json!({ "flow": flow, "code": code }))?;
        match answer["error"].as_str() {
            None if answer["authentication_token"].is_string() => early("granted"),
            Some("used_code") => early("replay"),
            Some("wrong_code") => early("wrong"),
            // The code may have been taken before something else went wrong.
            _ => None,
        }
    }

    /// Lists, people who come and go, authenticators, invitations.
    fn administrators(&self) {
        let mut count = 0;
        for number in 0.. {
            let name = format!("new{}", number / 8);
            let secret = totp::new_secret();
            let (line, input): (&[&str], &str) = match number % 8 {
                0 => (&["user", "add", &name], ""),
                1 => (&["factor", "add-totp", &name, "--secret-stdin"], &secret),
                2 => (&["user", "list", "--json"], ""),
                3 => (&["factor", "reset", &name], ""),
                4 => (&["audit", "list", "--limit", "20"], ""),
                5 => (&["user", "invite", "invited", "--mail"], ""),
                6 => (&["policy", "explain", "p0", "--door", "ssh"], ""),
                _ => (&["user", "disable", &name], ""),
            };
            pause(PACE * 50);
            if !self.goes_on() {
                break;
            }
            let before = self.weather.load(Ordering::SeqCst);
            let said = self.run(line, input);
            let is_well = before.is_multiple_of(2) && self.weather.load(Ordering::SeqCst) == before;
            match said {
                Ok(()) => count += 1,
                // A person whom an earlier command could not add is not there; mail may be kept back.
                Err(_) if matches!(number % 8, 1 | 3 | 5 | 7) => {}
                Err(said) if is_well => self.wrong.lock().unwrap().push(format!("{line:?}: {said}")),
                Err(_) => {}
            }
        }
        self.done.lock().unwrap().push(("by administrators", count));
    }

    fn run(&self, line: &[&str], input: &str) -> Result<(), String> {
        let mut command = Command::new(program());
        command.args(line).arg("--config").arg(&self.config);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        let output = child.wait_with_output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

/// The code that somebody's app shows now; nothing where it just changes. By number: in the first moments of a step another
/// program may read a clock that is a few milliseconds behind, and would give the code before.
fn code_of(person: &Person) -> Option<Code> {
    let before = step();
    let code = totp::codes_from(&person.secret, &format!("@{}", before * STEP), 0).remove(0);
    (step() == before).then_some((before, code))
}

/// The present time step.
fn step() -> i64 {
    SystemClock.now().unix() / STEP
}
