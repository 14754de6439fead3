//! `web CONFIG SECONDS`: whole sign-ins to a web app (password, code, token) at the server of that configuration, beside
//! what Argon2 alone allows on the same cores: as many as go through, then at half that rate, then at three times it.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idp_server::config::Config;
use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep_until};
use twolatch_core::client::{AuthMethod, Client, Settings, SigningAlg};
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::password::Hasher;
use twolatch_core::factor::totp::Totp;
use twolatch_core::secret::Secret;
use twolatch_core::store::Store;
use twolatch_core::store::factors::insert_factor;
use twolatch_core::store::users::insert_user;
use twolatch_core::time::{Clock, SystemClock};

use crate::http::{Failure, exchange};
use crate::people::person;

mod http;
mod people;

const PASSWORD: &str = "copper lantern drifts";
const CLIENT: &str = "bench";
const REDIRECT: &str = "http://127.0.0.1:1/callback";
/// The verifier of RFC 7636, appendix B, and its challenge.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Sign-ins at once where as many as go through are wanted.
const AT_ONCE: usize = 8;

/// How a sign-in ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Token,
    /// Turned away with 503 and a time to come back at.
    Busy,
    Failed,
}

/// What a run of sign-ins came to.
#[derive(Default)]
struct Run {
    tokens: u32,
    busy: u32,
    failed: u32,
    times: Vec<Duration>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, seconds] = arguments.as_slice() else { return Err("usage: web CONFIG SECONDS".into()) };
    let (config, seconds): (_, u64) = (Config::load(Path::new(config))?, seconds.parse()?);
    let (long, short) = (Duration::from_secs(seconds), Duration::from_secs(seconds.min(20)));
    let alone = argon2_alone(&config, Duration::from_secs(5)).await?;
    // Enough for each phase, if nothing but Argon2 took any time.
    let people = Arc::new(fill(&config, fits(long, alone) + fits(short, alone / 4) + 200).await?);
    let next = Arc::new(AtomicUsize::new(0));
    let mut out = std::io::stdout();

    let whole = closed(&config, &people, &next, short).await?;
    let each = short / whole.tokens.max(1);
    let share = alone.as_secs_f64() / each.as_secs_f64();
    writeln!(
        out,
        "Argon2 alone {:.1}/s; whole sign-ins {:.1}/s = {share:.2} of that; {}",
        per_second(alone),
        per_second(each),
        whole.said()
    )?;
    let half = open(&config, &people, &next, each * 2, long).await?;
    writeln!(out, "at {:.1}/s for {seconds} s: {}", per_second(each * 2), half.said())?;
    let flood = open(&config, &people, &next, each / 3, short).await?;
    let served = f64::from(flood.tokens) / f64::from(whole.tokens.max(1));
    writeln!(out, "at {:.1}/s offered: {served:.2} of the most served; {}", per_second(each / 3), flood.said())?;
    let start = Instant::now();
    let calm = loop {
        let (name, totp) = take(&people, &next)?;
        let begun = Instant::now();
        let end = sign_in(config.listen, name, totp, 1).await.unwrap_or(End::Failed);
        if end == End::Token && begun.elapsed() < Duration::from_millis(500) {
            break start.elapsed();
        }
    };
    writeln!(out, "a sign-in within 500 ms again after {:.1} s", calm.as_secs_f64())?;
    Ok(())
}

fn per_second(each: Duration) -> f64 {
    1.0 / each.as_secs_f64()
}

/// How many of this length there are in that time.
fn fits(time: Duration, each: Duration) -> usize {
    usize::try_from(time.as_micros() / each.as_micros().max(1)).unwrap_or(usize::MAX)
}

/// How long the cores together take for a hash.
async fn argon2_alone(config: &Config, time: Duration) -> Result<Duration, Failure> {
    let entropy = SystemEntropy::new();
    let cores = std::thread::available_parallelism()?.get();
    let hasher = Hasher::new(config.password, cores, &entropy)?;
    let stored = hasher.hash(Secret::new(PASSWORD.to_owned()), &entropy).await?;
    let start = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..cores {
        let (hasher, stored) = (hasher.clone(), stored.clone());
        tasks.push(tokio::spawn(async move {
            let mut done = 0_u32;
            while start.elapsed() < time {
                if hasher.check(Secret::new(PASSWORD.to_owned()), Some(stored.clone())).await.is_ok() {
                    done += 1;
                }
            }
            done
        }));
    }
    let mut all = 0;
    for task in tasks {
        all += task.await?;
    }
    Ok(start.elapsed() / all)
}

/// People with one password and an authenticator each, and a client for them to sign in to.
async fn fill(config: &Config, count: usize) -> Result<Vec<(String, Totp)>, Failure> {
    let entropy = Arc::new(SystemEntropy::new());
    let store = Store::open(config.database.clone(), KeyRing::load(&config.keys)?, entropy.clone()).await?;
    let password =
        Hasher::new(config.password, 1, &*entropy)?.hash(Secret::new(PASSWORD.to_owned()), &*entropy).await?;
    let mut people = Vec::with_capacity(count);
    let mut shown = Vec::with_capacity(count);
    for number in 0..count {
        let (mut user, factor) = person(&format!("web{number}"), &*entropy)?;
        user.password = Some(password.clone());
        shown.push((user.name.to_string(), factor.totp.clone()));
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
                Ok(())
            })
        })
        .await?;
    let client = Client {
        id: CLIENT.parse()?,
        name: "Bench".to_owned(),
        secret: None,
        redirect_uris: vec![REDIRECT.parse()?],
        auth_method: AuthMethod::None,
        alg: SigningAlg::Es256,
        former: None,
        logout_uri: None,
        settings: Settings::default(),
        pkce_waived_at: None,
        disabled_at: None,
        created_at: SystemClock.now(),
    };
    store.add_client(client, "bench".to_owned()).await?;
    store.close().await;
    Ok(shown)
}

fn take<'a>(people: &'a [(String, Totp)], next: &AtomicUsize) -> Result<(&'a str, &'a Totp), Failure> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    people.get(number).map(|(name, totp)| (name.as_str(), totp)).ok_or_else(|| "not enough people".into())
}

/// As many as go through, a few at once.
async fn closed(
    config: &Config,
    people: &Arc<Vec<(String, Totp)>>,
    next: &Arc<AtomicUsize>,
    time: Duration,
) -> Result<Run, Failure> {
    let start = Instant::now();
    let mut tasks = Vec::new();
    for worker in 0..AT_ONCE {
        let (server, people, next) = (config.listen, Arc::clone(people), Arc::clone(next));
        tasks.push(tokio::spawn(async move {
            let mut ends = Vec::new();
            while start.elapsed() < time {
                let Ok((name, totp)) = take(&people, &next) else { break };
                let begun = Instant::now();
                let end = sign_in(server, name, totp, worker).await.unwrap_or(End::Failed);
                ends.push((end, begun.elapsed()));
            }
            ends
        }));
    }
    let mut run = Run::default();
    for task in tasks {
        task.await?.into_iter().for_each(|end| run.count(end));
    }
    Ok(run)
}

/// At a fixed rate, whatever the answers take.
async fn open(
    config: &Config,
    people: &Arc<Vec<(String, Totp)>>,
    next: &Arc<AtomicUsize>,
    each: Duration,
    time: Duration,
) -> Result<Run, Failure> {
    let (start, mut due) = (Instant::now(), Instant::now());
    let mut tasks = Vec::new();
    while due - start < time {
        due += each;
        let number = tasks.len();
        sleep_until(due).await;
        let (server, people, next) = (config.listen, Arc::clone(people), Arc::clone(next));
        tasks.push(tokio::spawn(async move {
            let Ok((name, totp)) = take(&people, &next) else { return (End::Failed, Duration::ZERO) };
            let end = sign_in(server, name, totp, number).await.unwrap_or(End::Failed);
            (end, due.elapsed())
        }));
    }
    let mut run = Run::default();
    for task in tasks {
        run.count(task.await?);
    }
    Ok(run)
}

impl Run {
    fn count(&mut self, (end, took): (End, Duration)) {
        match end {
            End::Token => {
                self.tokens += 1;
                self.times.push(took);
            }
            End::Busy => self.busy += 1,
            End::Failed => self.failed += 1,
        }
    }

    fn said(&self) -> String {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default().as_millis();
        let Self { tokens, busy, failed, .. } = self;
        format!("{tokens} tokens, {busy} told to come back, {failed} failed; p50 {} ms, p99 {} ms", at(50), at(99))
    }
}

/// From the app's request to its token, each request on a connection of its own and each person at another address.
async fn sign_in(server: SocketAddr, name: &str, totp: &Totp, number: usize) -> Result<End, Failure> {
    let [.., high, low] = number.to_be_bytes();
    let mut browser = Browser { server, from: SocketAddr::from(([127, 1, high, low], 0)), cookies: BTreeMap::new() };
    let query = format!(
        "response_type=code&client_id={CLIENT}&redirect_uri={REDIRECT}&scope=openid&state=s&code_challenge={CHALLENGE}\
         &code_challenge_method=S256"
    );
    let mut page = browser.open(&format!("/authorize?{query}")).await?;
    for fields in [format!("username={name}&password={PASSWORD}").replace(' ', "+"), String::new()] {
        let typed = if fields.is_empty() {
            let now = SystemClock.now();
            let code = totp.code_of(totp.step_at(now)).ok_or("no code")?;
            format!("code={}", code.expose())
        } else {
            fields
        };
        let form = page.form()?;
        page = browser.post(&page.path, &format!("{form}&{typed}")).await?;
        if page.busy {
            return Ok(End::Busy);
        }
    }
    let code = between(&page.gone_to, "code=", "&").ok_or("no code")?;
    let body = format!(
        "grant_type=authorization_code&client_id={CLIENT}&redirect_uri={REDIRECT}&code={code}&code_verifier={VERIFIER}"
    );
    let head = format!("POST /token HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/x-www-form-urlencoded\r\n");
    let (head, answer) = exchange(browser.connect().await?, &head, &body).await?;
    Ok(if head.starts_with("HTTP/1.1 200") && answer.contains("id_token") { End::Token } else { End::Failed })
}

/// What a browser keeps.
struct Browser {
    server: SocketAddr,
    from: SocketAddr,
    cookies: BTreeMap<String, String>,
}

/// What it shows.
#[derive(Default)]
struct Page {
    path: String,
    body: String,
    gone_to: String,
    busy: bool,
}

impl Page {
    /// The hidden fields of its form.
    fn form(&self) -> Result<String, Failure> {
        let token = between(&self.body, "name=\"form\" value=\"", "\"").ok_or("no form")?;
        let onward = between(&self.body, "name=\"continue\" value=\"", "\"");
        Ok(format!("form={token}") + &onward.map(|sealed| format!("&continue={sealed}")).unwrap_or_default())
    }
}

impl Browser {
    async fn connect(&self) -> Result<tokio::net::TcpStream, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(self.from)?;
        Ok(socket.connect(self.server).await?)
    }

    async fn ask(&mut self, line: &str, body: &str) -> Result<(String, String), Failure> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n",
            self.server,
            cookies.join("; ")
        );
        let (head, body) = exchange(self.connect().await?, &head, body).await?;
        for line in head.lines() {
            if let Some((name, value)) = line.strip_prefix("set-cookie: ").and_then(|cookie| cookie.split_once('=')) {
                let value = value.split(';').next().unwrap_or_default();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok((head, body))
    }

    /// Follows redirects to a page, or out of the server.
    async fn open(&mut self, path: &str) -> Result<Page, Failure> {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let (head, body) = self.ask(&format!("GET {path}"), "").await?;
            let Some(to) = between(&head, "location: ", "\r\n") else {
                return Ok(Page { path, body, ..Page::default() });
            };
            if to.starts_with(REDIRECT) {
                return Ok(Page { gone_to: to, ..Page::default() });
            }
            to.strip_prefix(&format!("http://{}", self.server)).unwrap_or(&to).clone_into(&mut path);
        }
        Err("too many redirects".into())
    }

    /// Sends a form to the page that it came from, and goes where that leads.
    async fn post(&mut self, path: &str, form: &str) -> Result<Page, Failure> {
        let path = path.split('?').next().unwrap_or(path);
        let (head, _) = self.ask(&format!("POST {path}"), form).await?;
        if head.starts_with("HTTP/1.1 503") && head.contains("retry-after: ") {
            return Ok(Page { busy: true, ..Page::default() });
        }
        let Some(to) = between(&head, "location: ", "\r\n") else { return Err(head.into()) };
        let to = to.strip_prefix(&format!("http://{}", self.server)).unwrap_or(&to).to_owned();
        if to.starts_with(REDIRECT) {
            return Ok(Page { gone_to: to, ..Page::default() });
        }
        self.open(&to).await
    }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split(after).next().unwrap_or(rest).to_owned())
}
