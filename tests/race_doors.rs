//! Races through the real doors: `ssh` to an sshd, `sudo` and browsers all stand at the prompt, and then one code is
//! shown at all of them at once. On PostgreSQL two servers share the database, and each door asks another of them.

use std::sync::Barrier;
use std::thread;

use serde_json::Value;
use twolatch_core::store::budgets::Charge;
use twolatch_core::time::{Clock, SystemClock, Timestamp};

use crate::support::database::Engine;
use crate::support::machine::First;
use crate::support::site::Page;
use crate::support::sshd::{Methods, Sshd};
use crate::support::visitor::Visitor;
use crate::support::world::{Login, Person, World};
use crate::support::{on_both_databases, rounds};

on_both_databases!(
    p13_once_one_code_at_64_real_prompts_is_one_success,
    p14_count_64_wrong_codes_at_real_prompts_are_judged_up_to_the_budget,
);

/// Prompts that one code is shown at.
const SSH: usize = 22;
const SUDO: usize = 21;
const WEB: usize = 21;
const USES: usize = SSH + SUDO + WEB;

/// Tries of one person that are judged before there is a delay, and the first delay in seconds.
const BUDGET: usize = 5;
const FIRST_DELAY: i64 = 30;

/// A machine with all doors.
struct Doors {
    world: World,
    sshd: Sshd,
}

/// A door where a code is asked for.
enum Prompt {
    /// What it shows to those whom it lets in, and where it asks.
    Terminal(String, Login),
    Web(Visitor, Page),
}

impl Doors {
    fn open(engine: Engine) -> Option<Self> {
        let mut world = World::new(engine, &[], First::Stack)?;
        if engine == Engine::Postgres {
            world.add_server();
        }
        let servers = world.servers();
        for (service, server) in [("sshd", servers[0]), ("sudo", servers[servers.len() - 1])] {
            // One prompt, so that who is refused is not asked again.
            world.machine.pam_stack_with(service, First::Stack, server.socket(), "prompts=1");
        }
        // The usual key exchange is most of what so many connections cost.
        let more = "MaxStartups 200\nLoginGraceTime 300\nKexAlgorithms curve25519-sha256";
        let sshd = Sshd::start_with(Methods::KeyboardInteractive, more);
        Some(Self { world, sshd })
    }

    /// A new person's prompts at all doors.
    fn prompts(&self, person: &Person) -> Vec<Prompt> {
        let (name, password) = (person.name(), &person.account.password);
        let ssh = (0..SSH).map(|_| (name.to_owned(), self.sshd.login(name, None)));
        let sudo = (0..SUDO).map(|_| ("root".to_owned(), person.account.sudo()));
        let terminals: Vec<(String, Login)> = ssh.chain(sudo).collect();
        thread::scope(|scope| {
            let reached: Vec<_> = terminals
                .into_iter()
                .map(|(shown, mut login)| {
                    scope.spawn(move || {
                        assert!(login.reach_code(password), "no code was asked for:\n{}", login.screen());
                        Prompt::Terminal(shown, login)
                    })
                })
                .collect();
            let mut prompts = self.web_prompts(name);
            prompts.extend(reached.into_iter().map(|prompt| prompt.join().unwrap()));
            prompts
        })
    }

    /// Where there are two servers, the code goes to the one that did not see the password.
    fn web_prompts(&self, name: &str) -> Vec<Prompt> {
        let (servers, client) = (self.world.servers(), Visitor::client());
        let prompt = |number: usize| {
            let mut visitor = Visitor::new(&client, servers[number % servers.len()]);
            let page = visitor.reach_code(name);
            visitor.move_to(servers[(number + 1) % servers.len()]);
            Prompt::Web(visitor, page)
        };
        (0..WEB).map(prompt).collect()
    }
}

impl Prompt {
    /// Shows a code; where the prompt is a terminal, what comes of it is seen later.
    fn show(&mut self, code: &str) {
        match self {
            Self::Terminal(_, login) => login.type_code(code),
            Self::Web(visitor, page) => *page = visitor.post(page, &[("code", code)]),
        }
    }

    /// Whether it has let in, once it has ended.
    fn has_let_in(self, person: &Person, refusal: &str) -> bool {
        match self {
            Self::Terminal(shown, login) => {
                let ended = login.end_without_code(&person.account.password);
                if !ended.is_in(&shown) {
                    ended.assert_refused();
                    return false;
                }
                true
            }
            Self::Web(visitor, answer) if visitor.has_session() => {
                assert_eq!(answer.location().as_deref(), Some("/account"), "{answer:?}");
                true
            }
            Self::Web(mut visitor, answer) => {
                assert_eq!(answer.location().as_deref(), Some("/login/code"), "{answer:?}");
                let page = visitor.get("/login/code");
                assert!(page.said().is_some_and(|said| said.starts_with(refusal)), "{page:?}");
                false
            }
        }
    }
}

/// Shows a code at all prompts at once.
fn show_at_once(prompts: &mut [Prompt], code: &str) {
    let all_are_there = Barrier::new(prompts.len());
    thread::scope(|scope| {
        for prompt in prompts {
            scope.spawn(|| {
                all_are_there.wait();
                prompt.show(code);
            });
        }
    });
}

/// How many of the prompts let in.
fn let_in(prompts: Vec<Prompt>, person: &Person, refusal: &str) -> usize {
    prompts.into_iter().filter_map(|prompt| prompt.has_let_in(person, refusal).then_some(())).count()
}

/// What became of one code.
fn check_once(doors: &Doors, round: usize, person: &Person, prompts: Vec<Prompt>) {
    let successes = let_in(prompts, person, "That code was used before.");
    assert_eq!(successes, 1, "round {round}");
    let mut verdicts = doors.world.verdicts(person.name());
    verdicts.sort_unstable();
    assert_eq!(verdicts.len(), USES, "round {round}: {verdicts:?}");
    assert_eq!(verdicts[0], "ok", "round {round}: {verdicts:?}");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "replay"), "round {round}: {verdicts:?}");
}

fn p13_once_one_code_at_64_real_prompts_is_one_success(engine: Engine) {
    let Some(doors) = Doors::open(engine) else { return };
    // Whoever is refused over SSH or by sudo is kept waiting for a moment: the next round is prepared meanwhile.
    let mut before: Option<(usize, Person, Vec<Prompt>)> = None;
    for round in 0..rounds() {
        let person = doors.world.enrolled_everywhere();
        let mut prompts = doors.prompts(&person);
        show_at_once(&mut prompts, &person.code());
        if let Some((round, person, prompts)) = before.replace((round, person, prompts)) {
            check_once(&doors, round, &person, prompts);
        }
    }
    let (round, person, prompts) = before.expect("there was a round");
    check_once(&doors, round, &person, prompts);
}

fn p14_count_64_wrong_codes_at_real_prompts_are_judged_up_to_the_budget(engine: Engine) {
    let Some(mut doors) = Doors::open(engine) else { return };
    let person = doors.world.enrolled_everywhere();
    let mut prompts = doors.prompts(&person);
    show_at_once(&mut prompts, &person.wrong_code());
    assert_eq!(let_in(prompts, &person, "That code is not right."), 0);
    doors.world.restart();

    let records = doors.world.records(|record| record["event"] == "code" && record["user_name"] == person.name());
    let (judged, others): (Vec<&Value>, Vec<&Value>) = records.iter().partition(|record| record["result"] == "wrong");
    assert_eq!(judged.len(), BUDGET, "{records:?}");
    assert!(!others.is_empty() && others.iter().all(|record| record["result"] == "wait"), "{records:?}");
    let times: Vec<i64> = judged.iter().map(|record| record["at"].as_i64().unwrap()).collect();
    let (fails, then) = doors.world.server.standing(person.name(), Timestamp::from_unix(times[0]));
    assert_eq!(fails, i64::try_from(BUDGET).unwrap());
    let Charge::Wait(until) = then else { panic!("{then:?}") };
    assert!(times.contains(&(until.unix() - FIRST_DELAY)), "{until:?}: {times:?}");
    let shown = doors.world.server.json(&["user", "show", person.name()]);
    // Unless the machine is so slow that the delay is over.
    if SystemClock.now() < until {
        assert_eq!(shown["locked_until"], until.unix(), "{shown}");
    }
}
