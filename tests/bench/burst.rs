//! `burst SOCKET PEOPLE RATE SECONDS`: offers logins at a fixed rate, whatever the answers take, each a new connection and
//! another person with the code of the present step. Latency is counted from the moment a login was due.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::secret::Secret;
use twolatch_core::time::{Clock, SystemClock};

use crate::http::Failure;
use crate::wire::{answer, begin};

mod http;
mod wire;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, people, rate, seconds] = arguments.as_slice() else {
        return Err("usage: burst SOCKET PEOPLE RATE SECONDS".into());
    };
    let (socket, rate, seconds): (PathBuf, u32, u32) = (socket.into(), rate.parse()?, seconds.parse()?);
    let text = std::fs::read_to_string(people)?;
    let people: Vec<(String, Totp)> = text.lines().filter_map(person).take((rate * seconds) as usize).collect();
    if people.len() < (rate * seconds) as usize {
        return Err("not enough people for one login each".into());
    }
    let start = Instant::now();
    let mut logins = Vec::with_capacity(people.len());
    for (number, (name, totp)) in (0..).zip(people) {
        let due = start + Duration::from_secs(1) * number / rate;
        tokio::time::sleep_until(due).await;
        let socket = socket.clone();
        logins.push(tokio::spawn(async move {
            let right = log_in(&socket, &name, &totp).await.is_ok_and(|outcome| outcome == "granted");
            (right, due.elapsed())
        }));
    }
    let (mut right, mut times) = (0, Vec::with_capacity(logins.len()));
    for login in logins {
        let (granted, took) = login.await?;
        right += u32::from(granted);
        times.push(took);
    }
    times.sort_unstable();
    let at =
        |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0;
    let (all, p50, p99, most) = (times.len(), at(50), at(99), at(100).max(at(99)));
    writeln!(std::io::stdout(), "{right} of {all} right, p50 {p50:.1} ms, p99 {p99:.1} ms, most {most:.1} ms")?;
    Ok(())
}

fn person(line: &str) -> Option<(String, Totp)> {
    let (name, secret) = line.split_once(' ')?;
    Some((name.to_owned(), Totp::from_base32(&Secret::new(secret.to_owned()), Algorithm::Sha1, 6, 30).ok()?))
}

async fn log_in(socket: &Path, name: &str, totp: &Totp) -> Result<String, Failure> {
    let attempt = begin(socket, name, "192.0.2.1").await?;
    let code = totp.code_of(totp.step_at(SystemClock.now())).ok_or("no code")?;
    let verdict = answer(socket, name, &attempt, code.expose()).await?;
    Ok(verdict.get("outcome").and_then(Value::as_str).unwrap_or_default().to_owned())
}
