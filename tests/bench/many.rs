//! What an administrator waits for among many people. `many fill CONFIG COUNT` adds `many0` and so on, as mixed as people
//! are; `many pages CONFIG` asks the server for the list of users, with every filter and order; `many bulk CONFIG` requests
//! registration of all that were added, and says how long the server took.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use idp_server::config::Config;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::Hasher;
use twolatch_core::crypto::{SystemEntropy, random_text};
use twolatch_core::factor::{Factor, Kind, Proof};
use twolatch_core::login::Logins;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::login::manage::Actor;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::store::Store;
use twolatch_core::store::budgets::{Budget, charge};
use twolatch_core::store::factors::insert_factor;
use twolatch_core::store::jobs::{Action, Stage};
use twolatch_core::store::people::Search;
use twolatch_core::store::sessions::insert_session;
use twolatch_core::store::users::{insert_user, note_login};
use twolatch_core::time::{Clock, SystemClock};
use twolatch_core::user::{Role, User};

use crate::http::{Failure, exchange};
use crate::people::person;

mod http;
mod people;

/// People in one transaction.
const BATCH: u32 = 500;

/// How often each page is asked for.
const TIMES: usize = 100;

/// Every filter, every order, and what is far from the start.
const LISTS: [&str; 18] = [
    "",
    "page=1000",
    "q=many99",
    "q=nobody",
    "status=pending",
    "status=activated",
    "status=disabled&page=50",
    "role=supervisor",
    "group=group3&status=pending",
    "method=totp&sort=-name",
    "locked=yes",
    "sort=role",
    "sort=-login",
    "sort=status",
    "sort=-methods&page=200",
    "sort=group",
    "sort=locked",
    "sort=added&status=pending&page=200",
];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["fill", config, count] => fill(&open(config).await?.0, count.parse()?).await,
        ["pages", config] => pages(open(config).await?).await,
        ["bulk", config] => bulk(&open(config).await?.0).await,
        _ => Err("usage: many fill CONFIG COUNT | many pages CONFIG | many bulk CONFIG".into()),
    }
}

async fn open(config: &str) -> Result<(Logins, SocketAddr), Failure> {
    let config = Config::load(Path::new(config))?;
    let entropy = Arc::new(SystemEntropy::new());
    let store = Store::open(config.database.clone(), KeyRing::load(&config.keys)?, entropy.clone()).await?;
    let hasher = Hasher::new(config.password, 1, &*entropy)?;
    let logins = Logins {
        store,
        hasher,
        locked: false,
        mail: false,
        approval: twolatch_core::login::answers::Approval::default(),
        organisation: "Bench".into(),
        host: "bench".into(),
    };
    Ok((logins, config.listen))
}

/// One in a hundred sees, one in twenty is disabled, one in ten has codes mailed, one in two has an app, one in three has
/// logged in, one in five hundred has to wait; ten groups, of which one has a rule.
async fn fill(logins: &Logins, count: u32) -> Result<(), Failure> {
    let now = SystemClock.now();
    let actor = Actor::command_line("bench".to_owned(), now);
    let policy = logins.policy(now).await?;
    let mut rules = Rules::initial(Level::Optional);
    rules.groups.insert("group3".parse()?, Level::Required.into());
    logins.set_rules(rules, policy.version, "bench".to_owned(), &actor).await?;
    for first in (0..count).step_by(BATCH as usize) {
        let mut people = Vec::new();
        for number in first..count.min(first + BATCH) {
            people.push((number, one(number, logins)?));
        }
        let store = logins.store.clone();
        logins
            .store
            .write(move |connection| {
                Box::pin(async move {
                    for (number, (user, factor)) in &people {
                        insert_user(connection, &store, user).await?;
                        if let Some(factor) = factor {
                            insert_factor(connection, &store, factor).await?;
                        }
                        if number.is_multiple_of(3) {
                            note_login(connection, &user.id, now.plus(-i64::from(*number))).await?;
                        }
                        for _ in 0..if number % 500 == 7 { 5 } else { 0 } {
                            let _ = charge(connection, &Budget::of_totp(user.id.as_str()), now.plus(86_400)).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await?;
    }
    Ok(())
}

fn one(number: u32, logins: &Logins) -> Result<(User, Option<Factor>), Failure> {
    let now = SystemClock.now();
    let (mut user, factor) = person(&format!("many{number}"), logins.store.entropy())?;
    user.email = Some(format!("many{number}@example.org").parse()?);
    user.email_verified_at = Some(now);
    user.email_codes_at = (number % 10 == 3).then_some(now);
    user.role = if number % 100 == 1 { Role::Supervisor } else { Role::Member };
    user.groups = vec![format!("group{}", number % 10).parse()?];
    user.disabled_at = (number % 20 == 5).then_some(now);
    user.created_at = now.plus(-i64::from(number));
    if number.is_multiple_of(2) {
        return Ok((user, Some(factor)));
    }
    user.authenticators.clear();
    Ok((user, None))
}

/// The list of users as a supervisor sees it.
async fn pages((logins, server): (Logins, SocketAddr)) -> Result<(), Failure> {
    let cookie = supervisor(&logins).await?;
    let mut out = std::io::stdout();
    for list in LISTS {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let head =
                format!("GET /admin/users?{list} HTTP/1.1\r\nhost: {server}\r\ncookie: twolatch_session={cookie}\r\n");
            let begun = Instant::now();
            let (head, body) = exchange(TcpStream::connect(server).await?, &head, "").await?;
            times.push(begun.elapsed());
            if !head.starts_with("HTTP/1.1 200") || body.len() > 100 * 1024 {
                return Err(format!("{list}: {} bytes; {head}", body.len()).into());
            }
        }
        times.sort_unstable();
        let at =
            |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0;
        writeln!(out, "{:<36} p50 {:6.1} ms, p99 {:6.1} ms", format!("users?{list}"), at(50), at(99))?;
    }
    Ok(())
}

/// Somebody who may look, and is signed in.
async fn supervisor(logins: &Logins) -> Result<String, Failure> {
    let (now, entropy) = (SystemClock.now(), logins.store.entropy());
    let cookie = random_text::<20>(entropy)?;
    let (user, factor) = person(&format!("sup{}", now.unix()), entropy)?;
    let user = User { role: Role::Supervisor, ..user };
    let (store, token) = (logins.store.clone(), cookie.clone());
    logins
        .store
        .write(move |connection| {
            Box::pin(async move {
                insert_user(connection, &store, &user).await?;
                insert_factor(connection, &store, &factor).await?;
                let proofs = [Kind::Password, Kind::Totp].map(|kind| Proof { kind, at: now });
                insert_session(connection, &store, &token, &user, &proofs, "127.0.0.1", now).await
            })
        })
        .await?;
    Ok(cookie)
}

/// Everybody who was added, also those who have something set up; done by the server that runs.
async fn bulk(logins: &Logins) -> Result<(), Failure> {
    let now = SystemClock.now();
    let actor = Actor::command_line("bench".to_owned(), now);
    let whom = Search { text: Some("many".to_owned()), ..Search::default() };
    let job = logins.preview_job(Action::RequestRegistration, whom, &actor).await?;
    let begun = Instant::now();
    let Started::Yes(job) =
        logins.start_job(job.id.as_str(), Choice { asks: true, resets: true, methods: None }, false, &actor).await?
    else {
        return Err("somebody was added meanwhile".into());
    };
    let mut out = std::io::stdout();
    loop {
        sleep(Duration::from_millis(100)).await;
        let now = logins.store.job(job.id.as_str()).await?.ok_or("the job is gone")?;
        if now.work.stage != Stage::Running {
            let seconds = begun.elapsed().as_secs_f64();
            let (done, failed, total) = (now.work.done, now.work.failed, job.total());
            writeln!(out, "registration requested of {done} of {total} in {seconds:.1} s, {failed} failed")?;
            return Ok(());
        }
    }
}
