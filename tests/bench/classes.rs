//! `classes CONFIG SAMPLES WEB-SAMPLES`: how long a refusal takes, by its reason (SAME, T-12). The server of that
//! configuration runs; nothing else should.
//!
//! Each sample is another person's, or another name's, and comes from an address of its own, so that every one meets a
//! budget as it stands before the first try. The order is shuffled in each turn.

use std::hint::black_box;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use idp_server::config::Config;
use tokio::net::TcpSocket;
use tokio::time::Instant;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::Hasher;
use twolatch_core::crypto::{Entropy, SystemEntropy};
use twolatch_core::factor::Factor;
use twolatch_core::id::Id;
use twolatch_core::secret::{Secret, same};
use twolatch_core::store::Store;
use twolatch_core::store::budgets::{Budget, HARD_STOP};
use twolatch_core::store::factors::insert_factor;
use twolatch_core::store::users::insert_user;
use twolatch_core::time::{Clock, SystemClock, Timestamp};
use twolatch_core::user::User;

use crate::http::{Failure, exchange};
use crate::people::person;
use crate::wire::{answer, begin};

mod http;
mod people;
mod wire;

/// Why a code is refused. The first is what the others are compared with.
const CODES: [&str; 6] = ["wrong", "unknown", "disabled", "locked", "locked-again", "held"];

/// Why name and password are refused.
const PASSWORDS: [&str; 3] = ["wrong", "unknown", "disabled"];

/// A code that is somebody's now with a chance of a few in a million.
const CODE: &str = "000000";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, samples, web] = arguments.as_slice() else {
        return Err("usage: classes CONFIG SAMPLES WEB-SAMPLES".into());
    };
    let (samples, web): (usize, usize) = (samples.parse()?, web.parse()?);
    let config = Config::load(Path::new(config))?;
    fill(&config, samples).await?;

    let mut order = Shuffled(1);
    let mut codes = Class::all(CODES);
    for number in 0..samples {
        for class in order.shuffle(&mut codes) {
            code(&config, class, number).await?;
        }
    }
    let mut passwords = Class::all(PASSWORDS);
    let form = LoginForm::fetch(config.listen).await?;
    for number in 0..web {
        for class in order.shuffle(&mut passwords) {
            form.submit(config.listen, class, number).await?;
        }
    }
    let mut output = io::stdout().lock();
    table(&mut output, "prompt, host", &mut codes, |class| &mut class.prompts)?;
    table(&mut output, "code, host", &mut codes, |class| &mut class.verdicts)?;
    table(&mut output, "password, web", &mut passwords, |class| &mut class.verdicts)?;
    otp12_compare(&mut output, &mut order)
}

/// How long comparing secrets takes where they are equal, and where their first byte differs (OTP-12): Welch's t of a
/// million of either, the slowest tenth left out, which was interrupted by something else. Beyond 4.5 it tells a byte.
fn otp12_compare(output: &mut impl Write, order: &mut Shuffled) -> Result<(), Failure> {
    const SAMPLES: usize = 20_000;
    const AT_ONCE: u32 = 50;
    let secret = [7_u8; 32];
    let mut other = secret;
    other[0] = 8;
    let mut classes = [(secret, Vec::new()), (other, Vec::new())];
    for _ in 0..SAMPLES {
        for (shown, times) in order.shuffle(&mut classes) {
            let begun = Instant::now();
            for _ in 0..AT_ONCE {
                black_box(same(black_box(&secret), black_box(shown)));
            }
            times.push(begun.elapsed().as_secs_f64() * 1e9 / f64::from(AT_ONCE));
        }
    }
    classes.sort_by_key(|(shown, _)| *shown);
    let [equal, differs] = classes.map(|(_, mut times)| {
        times.sort_unstable_by(f64::total_cmp);
        times.truncate(SAMPLES / 10 * 9);
        let count = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
        let mean = times.iter().sum::<f64>() / count;
        let spread = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, spread / count)
    });
    let t = (equal.0 - differs.0) / (equal.1 + differs.1).sqrt();
    writeln!(output, "\ncompare: equal {:.1} ns, first byte differs {:.1} ns, t = {t:.1} (4.5)", equal.0, differs.0)?;
    Ok(())
}

/// A reason to refuse, and what it took.
struct Class {
    name: &'static str,
    /// Its place in the table, and in the addresses that its samples come from.
    place: u8,
    prompts: Vec<Duration>,
    verdicts: Vec<Duration>,
}

impl Class {
    fn all<const N: usize>(names: [&'static str; N]) -> Vec<Self> {
        let class = |(place, name)| Self { name, place, prompts: Vec::new(), verdicts: Vec::new() };
        (1..).zip(names).map(class).collect()
    }

    /// An address that nothing else comes from.
    fn address(&self, network: u8, number: usize) -> Ipv4Addr {
        let [.., high, low] = number.to_be_bytes();
        Ipv4Addr::new(network, self.place, high, low)
    }
}

/// Adds the people of all classes, in the states that tell the classes apart.
async fn fill(config: &Config, samples: usize) -> Result<(), Failure> {
    let entropy = Arc::new(SystemEntropy::new());
    let store = Store::open(config.database.clone(), KeyRing::load(&config.keys)?, entropy.clone()).await?;
    let now = SystemClock.now();
    let mut people: Vec<(User, Factor)> = Vec::new();
    let mut budgets: Vec<(String, i64, Timestamp)> = Vec::new();
    for number in 0..samples {
        for class in ["wrong", "disabled", "locked", "again", "held"] {
            let (mut user, factor) = person(&format!("{class}{number}"), &*entropy)?;
            let budget = Budget::of_totp(user.id.as_str());
            match class {
                "disabled" => user.disabled_at = Some(now),
                "locked" | "again" => budgets.push((budget.id, budget.free, now.plus(3600))),
                "held" => budgets.push((budget.id, HARD_STOP, now)),
                _ => {}
            }
            people.push((user, factor));
        }
    }
    let hasher = Hasher::new(config.password, 1, &*entropy)?;
    for name in ["web-wrong", "web-disabled"] {
        let (mut user, factor) = person(name, &*entropy)?;
        user.password = Some(hasher.hash(Secret::new(random_text(&*entropy)?), &*entropy).await?);
        user.disabled_at = (name == "web-disabled").then_some(now);
        people.push((user, factor));
    }
    let inside = store.clone();
    store
        .write(move |connection| {
            Box::pin(async move {
                for (user, factor) in &people {
                    insert_user(connection, &inside, user).await?;
                    insert_factor(connection, &inside, factor).await?;
                }
                for (id, fails, next_at) in budgets {
                    sqlx::query(
                        "INSERT INTO budgets (id, fails, next_at, changed_at, noted_at) VALUES ($1, $2, $3, $4, 0)",
                    )
                    .bind(id)
                    .bind(fails)
                    .bind(next_at.unix())
                    .bind(now.unix())
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(())
            })
        })
        .await?;
    store.close().await;
    Ok(())
}

fn random_text(entropy: &dyn Entropy) -> Result<String, Failure> {
    Ok(Id::<User>::random(entropy)?.to_string())
}

/// One login with a wrong code.
async fn code(config: &Config, class: &mut Class, number: usize) -> Result<(), Failure> {
    let name = format!("{}{number}", class.name.trim_start_matches("locked-"));
    if class.name == "locked-again" {
        // The first of these in a while is recorded, the others are not.
        let attempt = begin(&config.socket, &name, "192.0.2.1").await?;
        answer(&config.socket, &name, &attempt, CODE).await?;
    }
    let source = class.address(10, number).to_string();
    let start = Instant::now();
    let attempt = begin(&config.socket, &name, &source).await?;
    class.prompts.push(start.elapsed());
    let start = Instant::now();
    let verdict = answer(&config.socket, &name, &attempt, CODE).await?;
    class.verdicts.push(start.elapsed());
    let expected = if class.name.starts_with("locked") { "wait" } else { class.name };
    if verdict.get("reason").and_then(|reason| reason.as_str()) != Some(expected) {
        return Err(format!("{}: {verdict}", class.name).into());
    }
    Ok(())
}

/// The form on the sign-in page, as one browser has it.
struct LoginForm {
    cookie: String,
    token: String,
}

impl LoginForm {
    async fn fetch(server: SocketAddr) -> Result<Self, Failure> {
        let stream = tokio::net::TcpStream::connect(server).await?;
        let (head, page) = exchange(stream, &format!("GET /login HTTP/1.1\r\nhost: {server}\r\n"), "").await?;
        let cookie = between(&head, "set-cookie: ", ";").ok_or("no cookie")?;
        let token = between(&page, "name=\"form\" value=\"", "\"").ok_or("no form")?;
        Ok(Self { cookie, token })
    }

    /// Sends it from an address of its own, with a password that nobody has.
    async fn submit(&self, server: SocketAddr, class: &mut Class, number: usize) -> Result<(), Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((class.address(127, number), 0)))?;
        let name = if class.name == "unknown" { format!("web-unknown{number}") } else { format!("web-{}", class.name) };
        let Self { cookie, token } = self;
        let head = format!(
            "POST /login HTTP/1.1\r\nhost: {server}\r\ncookie: {cookie}\r\n\
             content-type: application/x-www-form-urlencoded\r\n"
        );
        let start = Instant::now();
        let stream = socket.connect(server).await?;
        let (head, _) =
            exchange(stream, &head, &format!("form={token}&username={name}&password=not-the-password")).await?;
        class.verdicts.push(start.elapsed());
        if !head.starts_with("HTTP/1.1 303") || !head.contains("location: /login\r\n") {
            return Err(format!("{}: {head}", class.name).into());
        }
        Ok(())
    }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found.to_owned())
}

/// Orders that have nothing to do with one another: who comes after whom must not matter.
struct Shuffled(u64);

impl Shuffled {
    fn shuffle<'a, T>(&mut self, classes: &'a mut [T]) -> &'a mut [T] {
        for last in (1..classes.len()).rev() {
            // Knuth's generator; its high bits are good enough for this.
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(self.0 >> 33).unwrap_or_default() % (last + 1);
            classes.swap(last, other);
        }
        classes
    }
}

/// One row a class: median, 95th percentile, and the median against that of the first class.
fn table(
    output: &mut impl Write,
    title: &str,
    classes: &mut [Class],
    times: impl Fn(&mut Class) -> &mut Vec<Duration>,
) -> io::Result<()> {
    writeln!(output, "{title:<18} {:>10} {:>10} {:>10}", "median/us", "p95/us", "x-wrong")?;
    classes.sort_by_key(|class| class.place);
    let mut base = None;
    for class in classes {
        let times = times(class);
        times.sort_unstable();
        let at =
            |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default().as_secs_f64() * 1e6;
        let (median, late) = (at(50), at(95));
        let ratio = median / *base.get_or_insert(median);
        writeln!(output, "{:<18} {median:>10.0} {late:>10.0} {ratio:>10.2}", class.name)?;
    }
    Ok(())
}
