//! Walks at random through sign-in, set-up and recovery: several tabs, prompts of hosts, steps out of order, another door,
//! restarts, servers that are killed in the middle of what they do, requests, links, remembered browsers, resets. None may
//! reach what policy forbids, use anything twice, or leave a person outside for good.

use std::collections::{BTreeMap, BTreeSet};

use twolatch_core::factor::totp::Totp;
use twolatch_core::login::Logins;
use twolatch_core::policy::{AdminLink, RecoveryKept, Rules};
use twolatch_core::secret::Secret;
use twolatch_core::time::Timestamp;
use twolatch_core::user::{Role, User};

use crate::support::core::{Core, NOW, actor, parsed};
use crate::support::database::Engine;
use crate::support::site::PASSWORD;
use crate::support::{rounds, setting};

mod browser;
mod help;
mod host;
mod killed;
mod truth;

use self::host::Login;
use self::truth::Buried;

/// The password of everybody at first, and the one that they change it to.
const PASSWORDS: [&str; 2] = [PASSWORD, "seven violet harbours"];

/// Moves in one walk.
const MOVES: usize = 16;

/// Systems that the walks are spread over: each has a policy of its own. Most keep a recovery key, which is one slow hash
/// where a set of codes is ten.
const SYSTEMS: [System; 4] = [
    System { walks: &[0], recovery: RecoveryKept::Codes, enrol_codes: 2, admin_link: AdminLink::On },
    System { walks: &[1, 2, 3], recovery: RecoveryKept::Key, enrol_codes: 1, admin_link: AdminLink::On },
    System { walks: &[4, 5, 6], recovery: RecoveryKept::Key, enrol_codes: 2, admin_link: AdminLink::Wait(1) },
    System { walks: &[7], recovery: RecoveryKept::Both, enrol_codes: 2, admin_link: AdminLink::On },
];

struct System {
    /// Which of every eight walks are here.
    walks: &'static [u64],
    recovery: RecoveryKept,
    enrol_codes: u8,
    admin_link: AdminLink,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rec7_w20_random_walks_on_sqlite() {
    walks(Engine::Sqlite, 400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rec7_w20_random_walks_on_postgres() {
    walks(Engine::Postgres, 100).await;
}

async fn walks(engine: Engine, count: u64) {
    // A walk that fails is named by its number; it takes the same turns when it is walked again, but for the moments at
    // which servers are killed.
    let only = setting("TWOLATCH_WALK").and_then(|number| number.parse().ok());
    let count = count * u64::try_from(rounds()).unwrap().max(20) / 20;
    let numbers = only.map_or(0..count, |number: u64| number..number + 1);
    let mut systems = Vec::new();
    for system in &SYSTEMS {
        let Some(core) = Core::new(engine).await else { return };
        let numbers = numbers.clone().filter(|number| system.walks.contains(&(number % 8)));
        systems.push(tokio::spawn(async move {
            prepare(&core, system).await;
            let mut kills = (0, 0);
            for number in numbers {
                let (killed, of) = Walk::begin(&core, number).await.go().await;
                kills = (kills.0 + killed, kills.1 + of);
            }
            kills
        }));
    }
    let (mut killed, mut of) = (0, 0);
    for system in systems {
        let kills = system.await.unwrap();
        killed += kills.0;
        of += kills.1;
    }
    eprintln!("{killed} of {of} killed servers were in the middle of something");
    assert!(only.is_some() || killed * 4 >= of && of >= count, "kills come too late: {killed} of {of}");
}

/// The policy of a system, and an administrator who is always there.
async fn prepare(core: &Core, system: &System) {
    core.enrolled("root").await;
    core.give_password("root").await;
    core.logins.change_user(&parsed("root"), String::new(), &actor(NOW), |user| user.role = Role::Admin).await.unwrap();
    let edit = |rules: &mut Rules| {
        (rules.recovery, rules.enrol_codes, rules.admin_link) =
            (system.recovery, system.enrol_codes, system.admin_link);
    };
    core.edit_rules(edit, NOW).await;
}

/// One person's way, and what is known of it from outside.
struct Walk<'a> {
    core: &'a Core,
    logins: Logins,
    number: u64,
    name: String,
    id: String,
    /// An address of their own: all walks begin at the same moment, and a place has one time only.
    source: String,
    admin: bool,
    now: Timestamp,
    random: u64,
    /// Which of the two passwords is theirs, as far as they know.
    password: usize,
    /// Sign-ins in browsers, by their tokens.
    tabs: Vec<String>,
    /// Logins at prompts.
    prompts: Vec<Login>,
    /// Sessions and remembered browsers, by their cookies.
    sessions: Vec<String>,
    devices: Vec<String>,
    /// The last code that came by mail, and the tokens of links that did.
    mailed: Option<Secret>,
    not_me: Vec<String>,
    recovery_links: Vec<String>,
    stops: Vec<String>,
    invites: Vec<String>,
    /// The authenticators that are stored, by their ids.
    apps: BTreeMap<String, Totp>,
    /// The recovery codes and key that were shown, by the set's id; and those that wait to be stored, whose id is not
    /// known.
    sets: BTreeMap<String, Vec<Secret>>,
    set: Option<String>,
    unstored: Option<Vec<Secret>>,
    /// All that was ever spent, and the records of everything having been ended; and when that was last looked up.
    spent: BTreeSet<String>,
    looked_at: Timestamp,
    /// What must not work any more.
    buried: Buried,
    /// Servers killed in the middle of something, and all that were killed.
    kills: (u64, u64),
}

impl<'a> Walk<'a> {
    async fn begin(core: &'a Core, number: u64) -> Self {
        let name = format!("walker{number}");
        let admin = number % 5 == 4;
        core.member(&name).await;
        let logins = Logins { mail: true, ..core.logins.clone() };
        let address = format!("{name}@example.org");
        let edit = |user: &mut User| {
            user.email = address.parse().ok();
            // A link to an address that nobody has shown to be theirs is never mailed.
            (user.role, user.email_verified_at) = if admin { (Role::Admin, Some(NOW)) } else { (user.role, None) };
        };
        logins.change_user(&parsed(&name), String::new(), &actor(NOW), edit).await.unwrap();
        let password = Secret::new(PASSWORDS[0].to_owned());
        logins.reset_password(&parsed(&name), password, !number.is_multiple_of(3), &actor(NOW)).await.unwrap();
        let id = logins.named(&parsed(&name)).await.unwrap().user.id.to_string();
        Self {
            core,
            logins,
            number,
            name,
            id,
            source: format!("198.51.{}.{}", number / 250, number % 250),
            admin,
            now: NOW,
            random: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            password: 0,
            tabs: Vec::new(),
            prompts: Vec::new(),
            sessions: Vec::new(),
            devices: Vec::new(),
            mailed: None,
            not_me: Vec::new(),
            recovery_links: Vec::new(),
            stops: Vec::new(),
            invites: Vec::new(),
            apps: BTreeMap::new(),
            sets: BTreeMap::new(),
            set: None,
            unstored: None,
            spent: BTreeSet::new(),
            looked_at: NOW,
            buried: Buried::default(),
            kills: (0, 0),
        }
    }

    async fn go(mut self) -> (u64, u64) {
        for _ in 0..MOVES {
            match self.roll(6) {
                0 => self.killed().await,
                _ => self.one_move().await,
            }
            self.compare().await;
        }
        self.must_get_in().await;
        // Somebody who has everything, and something under way, is reset: none of it works any more.
        self.open_tab().await;
        self.open_prompt().await;
        self.compare().await;
        self.logins.reset_factors(&parsed(&self.name), &actor(self.now)).await.unwrap();
        for kind in 0..truth::KINDS {
            self.compare().await;
            self.try_what_is_buried(kind).await;
        }
        self.core.logins.delete_user(&parsed(&self.name), &actor(self.now)).await.unwrap();
        self.kills
    }

    async fn one_move(&mut self) {
        match self.roll(16) {
            0 | 1 => self.open_tab().await,
            2 => self.wait(),
            3 => self.restart().await,
            4 => self.open_prompt().await,
            5..=7 => self.answer_somewhere().await,
            8 => self.ask_for_help().await,
            9 if self.roll(4) == 0 => {
                let kind = self.roll(truth::KINDS);
                self.try_what_is_buried(kind).await;
            }
            _ => self.step_somewhere().await,
        }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % sides
    }

    /// One of so many, or nothing where there are none.
    fn pick(&mut self, count: usize) -> Option<usize> {
        let sides = u64::try_from(count).unwrap();
        (sides > 0).then(|| usize::try_from(self.roll(sides)).unwrap())
    }

    /// Some minutes; now and then longer than a session, a link or a device lives.
    fn wait(&mut self) {
        let seconds = match self.roll(12) {
            0 => 3_600,
            1 => 90_000,
            _ => self.roll(400),
        };
        self.now = self.now.plus(i64::try_from(seconds).unwrap());
    }

    async fn restart(&mut self) {
        self.logins = Logins { mail: true, ..self.core.second_server().await };
    }

    /// Whatever happened: with some patience, and at the worst by an administrator, everybody gets in, at both doors.
    async fn must_get_in(&mut self) {
        self.tabs.clear();
        let mut came_in = false;
        for patience in 0..60 {
            if patience == 45 {
                self.let_an_administrator_help().await;
            }
            self.now = self.now.plus(90);
            if self.tabs.is_empty() {
                self.open_tab().await;
            }
            let Some(tab) = self.tabs.first().cloned() else { continue };
            came_in = self.step(&tab, false).await;
            // What was set up, made or replaced is known only then.
            self.compare().await;
            if came_in {
                break;
            }
        }
        assert!(came_in, "walk {}: {} cannot get in any more", self.number, self.name);
        self.prompts.clear();
        for _ in 0..60 {
            self.now = self.now.plus(90);
            if self.prompts.is_empty() {
                self.open_prompt().await;
            }
            let came_in = !self.prompts.is_empty() && self.answer(0, false).await;
            self.compare().await;
            if came_in {
                return;
            }
        }
        panic!("walk {}: {} cannot get in over SSH any more", self.number, self.name);
    }
}
