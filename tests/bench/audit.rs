//! `audit CONFIG ROWS`: fills the audit with as many records and measures, at the running server of that configuration, the
//! pages of the console that read it; then an export, and the check of the whole trail.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use idp_server::config::Config;
use idp_server::web::cookie::Cookie;
use tokio::net::TcpStream;
use tokio::time::Instant;
use twolatch_core::audit::{Event, Record};
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::{Entropy, SystemEntropy, random_text};
use twolatch_core::door::Door;
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::reason::Reason;
use twolatch_core::store::Store;
use twolatch_core::store::audit::record;
use twolatch_core::store::factors::insert_factor;
use twolatch_core::store::sessions::insert_session;
use twolatch_core::store::users::insert_user;
use twolatch_core::time::{Clock, SystemClock};
use twolatch_core::user::Role;

use crate::http::{Failure, exchange};
use crate::people::person;

mod http;
mod people;

/// Records in one transaction.
const BATCH: i64 = 1000;

/// Times each page is opened.
const TIMES: usize = 100;

/// People whom the records are about.
const PEOPLE: i64 = 10_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, rows] = arguments.as_slice() else { return Err("usage: audit CONFIG ROWS".into()) };
    let (config, rows): (_, i64) = (Config::load(Path::new(config))?, rows.parse()?);
    let entropy = Arc::new(SystemEntropy::new());
    let store = Store::open(config.database.clone(), KeyRing::load(&config.keys)?, entropy.clone()).await?;
    let mut out = std::io::stdout();
    let begun = Instant::now();
    fill(&store, rows).await?;
    writeln!(out, "{rows} records written in {:.0} s", begun.elapsed().as_secs_f64())?;
    let cookie = format!("{}={}", Cookie::Session.name(config.is_https()), signed_in(&store, &*entropy).await?);
    // The last three lead to few records, or to none: an index, or a search that ends.
    for query in [
        "",
        "?event=code",
        "?event=code&result=wrong&door=ssh",
        "?result=refused",
        "?person=bench77",
        "?person=bench77&event=code&door=web",
        "?event=policy_changed",
        "?result=row_mac",
        "?client=nobody",
    ] {
        let mut times = Vec::with_capacity(TIMES);
        let mut bytes = 0;
        for _ in 0..TIMES {
            let begun = Instant::now();
            bytes = get(&config, &format!("/admin/audit{query}"), &cookie).await?.len();
            times.push(begun.elapsed());
        }
        times.sort();
        let at = |percent: usize| times.get(TIMES * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0;
        writeln!(out, "audit{query:<40} median {:>5.1} ms, p99 {:>5.1} ms, {bytes} bytes", at(50), at(99))?;
    }
    for path in ["/admin", "/admin/audit/export?format=csv", "/admin/audit/verify"] {
        let begun = Instant::now();
        let bytes = get(&config, path, &cookie).await?.len();
        writeln!(out, "{path:<45} {:>6.1} s, {bytes} bytes", begun.elapsed().as_secs_f64())?;
    }
    let begun = Instant::now();
    // Each answer comes after two seconds at the latest.
    while !get(&config, "/admin/audit/verify", &cookie).await?.contains("<dl>") {
        if begun.elapsed() > Duration::from_mins(5) {
            return Err("the check does not end".into());
        }
    }
    writeln!(out, "the whole trail checked after {:.1} s more", begun.elapsed().as_secs_f64())?;
    store.close().await;
    Ok(())
}

/// Records as a year has them: most are codes that were right, few are refusals, one in a thousand is a change.
async fn fill(store: &Store, rows: i64) -> Result<(), Failure> {
    let start = SystemClock.now().plus(-rows);
    let mut next = 0;
    while next < rows {
        let end = rows.min(next + BATCH);
        let inside = store.clone();
        store
            .write(move |connection| {
                Box::pin(async move {
                    for number in next..end {
                        let event = if number % 1000 == 7 { Event::UserChanged } else { Event::Code };
                        let one = Record {
                            door: Door::ALL.into_iter().nth(usize::try_from(number % 3).unwrap_or_default()),
                            refused: (number % 20 == 3).then_some(Reason::Wrong),
                            source: Some(format!("192.0.2.{}", number % 250)),
                            host: Some("bench".to_owned()),
                            factor: Some(Kind::Totp),
                            ..Record::new(start.plus(number), event).about(&format!("bench{}", number * 7919 % PEOPLE))
                        };
                        record(connection, &inside, one).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        store.link_audit(SystemClock.now()).await?;
        next = end;
    }
    while store.link_audit(SystemClock.now()).await?.is_some() {}
    Ok(())
}

/// A supervisor who has just shown a second factor.
async fn signed_in(store: &Store, entropy: &dyn Entropy) -> Result<String, Failure> {
    let (mut user, factor) = person("supervisor", entropy)?;
    user.role = Role::Supervisor;
    let token = random_text::<20>(entropy)?;
    let now = SystemClock.now();
    let (inside, cookie) = (store.clone(), token.clone());
    store
        .write(move |connection| {
            Box::pin(async move {
                insert_user(connection, &inside, &user).await?;
                insert_factor(connection, &inside, &factor).await?;
                let proofs = [Proof { kind: Kind::Password, at: now }, Proof { kind: Kind::Totp, at: now }];
                insert_session(connection, &inside, &cookie, &user, &proofs, "bench", now).await
            })
        })
        .await?;
    Ok(token)
}

/// The body of a page.
async fn get(config: &Config, path: &str, cookie: &str) -> Result<String, Failure> {
    let stream = TcpStream::connect(config.listen).await?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n", config.listen);
    let (head, body) = exchange(stream, &head, "").await?;
    if head.starts_with("HTTP/1.1 200") { Ok(body) } else { Err(format!("{path}: {head}").into()) }
}
