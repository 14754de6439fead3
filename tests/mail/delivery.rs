//! Delivery from the queue, with a mail server that does what mail servers do, on a clock that stands still.

use std::time::Duration;

use idp_server::config::mail::{Mail as Settings, MailServer, Security};
use idp_server::mail::deliver::{self, Fate, bury, deliver};
use idp_server::mail::relay::{Relay, Trouble};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use twolatch_core::door::Door;
use twolatch_core::letter::{Letter, Mail, Notice};
use twolatch_core::secret::Secret;
use twolatch_core::store::mails::queue;

use super::smtp::Post;
use crate::support::site::{Browser, Site};
use crate::support::wait::{Stopwatch, until};

/// Nothing that a person waits for takes longer, whatever a mail server does.
const AT_ONCE: Duration = Duration::from_secs(1);

struct Office {
    post: Post,
    settings: Settings,
    site: Site,
    running: Option<(watch::Sender<bool>, JoinHandle<()>)>,
    _folder: TempDir,
}

impl Office {
    async fn new(security: Security) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let post = Post::new(folder.path())?;
        let server = MailServer { host: "127.0.0.1".to_owned(), port: post.port, security, credentials: None };
        let ca = (security != Security::Plain).then(|| post.path("ca.pem"));
        if ca.is_some() {
            post.certify("IP:127.0.0.1");
        }
        let settings = Settings { from: "Twolatch <id@example.org>".parse().unwrap(), server, ca };
        let site = Site::with(|config| config.mail = Some(settings.clone())).await;
        Some(Self { post, settings, site, running: None, _folder: folder })
    }

    fn relay(&self) -> Relay {
        Relay::new(&self.settings).unwrap()
    }

    /// Delivers from now on, as `twolatch serve` does.
    fn start(&mut self) {
        let (stopper, stop) = watch::channel(false);
        let work = deliver::run(self.site.app.clone(), self.settings.clone(), self.relay(), stop);
        self.running = Some((stopper, tokio::spawn(work)));
    }

    async fn stop(&mut self) {
        let (stopper, task) = self.running.take().unwrap();
        stopper.send_replace(true);
        task.await.unwrap();
    }

    /// Queues a code that lives for five minutes.
    async fn queue(&self, code: &str) {
        let letter = Letter::Code { code: Secret::new(code.to_owned()), door: Door::Web, minutes: 5 };
        self.queue_letter(letter, 300).await;
    }

    async fn queue_letter(&self, letter: Letter, life: i64) {
        let (store, now) = (self.site.app.store.clone(), self.site.now());
        let mail = Mail { to: "alice@example.org".parse().unwrap(), name: "alice".to_owned(), language: None, letter };
        let work = self.site.app.store.write(move |connection| {
            Box::pin(async move { queue(connection, &store, &mail, now.plus(life), now).await })
        });
        work.await.unwrap();
    }

    /// Delivers the one mail that is due, here and now.
    async fn deliver(&self) -> Fate {
        let outgoing = self.site.app.store.claim_mails(1, self.site.now()).await.unwrap().remove(0);
        deliver(&self.site.app, &self.settings, &self.relay(), &outgoing).await.unwrap()
    }

    async fn waiting(&self) -> i64 {
        self.site.number("SELECT COUNT(*) FROM mails").await
    }

    /// Waits until the one mail in the queue has been tried as often, and given back.
    fn wait_for_try(&self, tries: i64) {
        let soon = self.site.now().plus(60).unix();
        let query = || {
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM mails WHERE tries = $1 AND next_at <= $2")
                .bind(tries)
                .bind(soon)
                .fetch_one(self.site.app.store.pool())
        };
        aside(|| until("the try", || (Handle::current().block_on(query()).unwrap() == 1).then_some(())));
    }

    fn wait_for_mail(&self, count: usize) -> Vec<String> {
        aside(|| self.post.wait_for(count))
    }

    /// Waits until nothing is queued.
    fn wait_for_nothing(&self) {
        let empty = || Handle::current().block_on(self.waiting()) == 0;
        aside(|| until("an empty queue", || empty().then_some(())));
    }
}

/// Waits for another process without holding up the tasks of this one.
fn aside<T>(wait: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(wait)
}

/// A test with an office, skipped where there is no mail server.
macro_rules! office {
    ($security:expr) => {
        match Office::new($security).await {
            Some(office) => office,
            None => return,
        }
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_over_starttls_and_one_connection_serves_many() {
    let mut office = office!(Security::StartTls);
    let password = Secret::new("p@ss/+ %\u{e9}".to_owned());
    office.settings.server.credentials = Some(("id@example.org".to_owned(), password));
    let login = ["--tls", "starttls", "--login", "id@example.org", "p@ss/+ %\u{e9}"];
    let _server = office.post.open("good", &login);
    office.start();
    for code in ["111111", "222222", "333333"] {
        office.queue(code).await;
        office.wait_for_nothing();
    }
    let taken = office.post.taken();
    assert_eq!(taken.len(), 3);
    let mail = &taken[0];
    assert!(mail.starts_with("For: alice@example.org\n") && mail.matches("For: ").count() == 1, "{mail}");
    for part in ["To: alice@example.org", "From: Twolatch <id@example.org>", "Auto-Submitted: auto-generated"] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    assert!(mail.contains("Content-Type: text/plain") && mail.contains("Content-Type: text/html"), "{mail}");
    assert_eq!(mail.matches("111111").count(), 2, "once in each part: {mail}");
    assert_eq!((office.post.told("STARTTLS"), office.post.told("AUTH"), office.post.told("MAIL")), (1, 1, 3));
    office.stop().await;
    aside(|| until("the farewell", || (office.post.told("QUIT") == 1).then_some(())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_over_tls_from_the_start() {
    let mut office = office!(Security::Tls);
    let _server = office.post.open("good", &["--tls", "wrapped"]);
    office.start();
    office.queue("111111").await;
    assert!(office.wait_for_mail(1)[0].contains("111111"));
    office.wait_for_nothing();
    assert_eq!((office.post.told("TLS"), office.post.told("STARTTLS")), (1, 0));
    assert_eq!(office.relay().check().await, Ok(()), "as the doctor looks at it");
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_a_mail_server_that_is_down_gets_the_mail_later_and_once() {
    let mut office = office!(Security::StartTls);
    office.start();
    office.queue("111111").await;
    office.wait_for_try(1);
    let _server = office.post.open("good", &["--tls", "starttls"]);
    office.site.advance(5);
    assert!(office.wait_for_mail(1)[0].contains("111111"));
    office.wait_for_nothing();
    office.site.advance(250);
    office.queue("222222").await;
    office.wait_for_nothing();
    assert_eq!(office.post.taken().len(), 2, "the first did not come again");
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_a_mail_server_that_says_nothing_holds_nobody_up() {
    let mut office = office!(Security::Tls);
    let _server = office.post.open("mute", &[]);
    office.start();
    for code in ["111111", "222222", "333333", "444444"] {
        let watch = Stopwatch::start();
        office.queue(code).await;
        assert!(watch.elapsed() < AT_ONCE);
    }
    aside(|| until("two deliveries", || (office.post.told("CONNECT") >= 3).then_some(())));
    let totp = office.site.enrolled("bob").await;
    let watch = Stopwatch::start();
    office.site.get(&mut Browser::default(), "/login").await;
    assert!(watch.elapsed() < AT_ONCE);
    let watch = Stopwatch::start();
    office.site.sign_in(&mut Browser::default(), "bob", &totp).await;
    assert!(watch.elapsed() < 3 * AT_ONCE, "three pages, one with a password hash");
    assert_eq!(office.waiting().await, 4, "nothing is lost");
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_a_slow_mail_server_gets_each_mail_once() {
    let mut office = office!(Security::Tls);
    let _server = office.post.open("slow", &["--tls", "wrapped"]);
    office.start();
    for code in ["111111", "222222", "333333"] {
        office.queue(code).await;
    }
    aside(|| until("two deliveries", || (office.post.told("HOLDING") == 2).then_some(())));
    assert_eq!((office.post.told("DATA"), office.waiting().await), (2, 3), "at most two at once");
    office.post.go();
    office.wait_for_nothing();
    assert_eq!(office.post.taken().len(), 3);
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_greylisting_delays_mail() {
    let mut office = office!(Security::StartTls);
    let _server = office.post.open("greylist", &["--tls", "starttls"]);
    office.queue("111111").await;
    let next = office.site.now().plus(5);
    assert_eq!(office.deliver().await, Fate::Deferred { next, trouble: Trouble::Later(451) });
    office.start();
    office.site.advance(5);
    office.wait_for_nothing();
    assert_eq!((office.post.taken().len(), office.post.told("RCPT")), (1, 2));
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_mail_that_is_rejected_is_not_tried_again() {
    let office = office!(Security::StartTls);
    let _server = office.post.open("reject", &["--tls", "starttls"]);
    office.queue("111111").await;
    let fate = office.deliver().await;
    assert_eq!(fate, Fate::Failed(Trouble::Refused(550)));
    let Fate::Failed(trouble) = fate else { return };
    assert!(!trouble.to_string().contains("alice"), "{trouble}");
    assert_eq!((office.waiting().await, office.post.told("RCPT")), (0, 1));
}

/// Delivers once to a server that must not get mail, and says why it did not.
async fn refused(office: &Office, mode: &str, more: &[&str]) -> String {
    let mut with_login = more.to_vec();
    if mode == "good" {
        with_login.extend(["--login", "id", "secret"]);
    }
    let _server = office.post.open(mode, &with_login);
    office.queue("111111").await;
    let fate = office.deliver().await;
    let Fate::Deferred { trouble: Trouble::Connection(why), .. } = fate else { panic!("{fate:?}") };
    assert_eq!(office.waiting().await, 1, "until somebody mends it");
    for command in ["AUTH", "MAIL", "RCPT", "DATA"] {
        assert_eq!(office.post.told(command), 0, "{command} was said to the wrong one");
    }
    why
}

impl Office {
    /// The same, with a user and a password that no other server must see.
    fn with_login(mut self) -> Self {
        self.settings.server.credentials = Some(("id".to_owned(), Secret::new("secret".to_owned())));
        self
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec11_without_starttls_nothing_is_said() {
    let office = office!(Security::StartTls).with_login();
    let why = refused(&office, "good", &[]).await;
    assert!(why.contains("it offers no STARTTLS, so nothing was sent"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec11_a_certificate_for_another_name_is_refused() {
    for (security, tls) in [(Security::StartTls, "starttls"), (Security::Tls, "wrapped")] {
        let office = office!(security).with_login();
        office.post.certify("DNS:mail.example.org,IP:127.0.0.2");
        let why = refused(&office, "good", &["--tls", tls]).await;
        assert!(why.contains("invalid peer certificate") && why.contains("not valid for"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec11_t1_a_certificate_that_has_expired_is_refused() {
    let office = office!(Security::Tls).with_login();
    office.post.certify_for("IP:127.0.0.1", -1);
    let why = refused(&office, "good", &["--tls", "wrapped"]).await;
    assert!(why.contains("invalid peer certificate: Expired"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec11_a_certificate_of_an_unknown_authority_is_refused() {
    for (security, tls) in [(Security::StartTls, "starttls"), (Security::Tls, "wrapped")] {
        let mut office = office!(security).with_login();
        let other = office.post.path("other.pem");
        std::fs::rename(office.post.path("ca.pem"), &other).unwrap();
        office.post.certify("IP:127.0.0.1");
        for ca in [Some(other), None] {
            office.settings.ca = ca;
            office.site.advance(400);
            let why = refused(&office, "good", &["--tls", tls]).await;
            assert!(why.contains("invalid peer certificate"), "{why}");
            bury(&office.site.app, office.site.now().plus(300)).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec11_answers_put_in_before_tls_are_not_believed() {
    let office = office!(Security::StartTls).with_login();
    let why = refused(&office, "inject", &[]).await;
    assert!(why.contains("corrupt message") || why.contains("InvalidContentType"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f12_a_code_that_has_died_is_not_sent() {
    let mut office = office!(Security::Tls);
    office.start();
    office.queue("111111").await;
    office.wait_for_try(1);
    office.site.advance(300);
    let _server = office.post.open("good", &["--tls", "wrapped"]);
    office.queue("222222").await;
    let taken = office.wait_for_mail(1);
    assert!(taken.len() == 1 && taken[0].contains("222222"), "{taken:?}");
    assert_eq!(bury(&office.site.app, office.site.now()).await.unwrap(), 1);
    office.wait_for_nothing();
    assert_eq!(office.post.taken().len(), 1);
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t7_the_database_files_hold_neither_address_nor_text() {
    let office = office!(Security::Tls);
    office.queue("314159").await;
    let place = Some("host-of-a-thief.example".to_owned());
    let letter =
        Letter::Notice { event: Notice::PasswordChanged, at: office.site.now(), door: None, place, not_me: None };
    office.queue_letter(letter, 86_400).await;
    office.site.app.store.checkpoint().await.unwrap();
    let named = sqlx::query_scalar::<_, String>("SELECT file FROM pragma_database_list WHERE name = 'main'");
    let file = named.fetch_one(office.site.app.store.pool()).await.unwrap();
    let mut seen = Vec::new();
    for end in ["", "-wal"] {
        seen.extend(std::fs::read(format!("{file}{end}")).unwrap());
    }
    let holds = |text: &str| seen.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("notice"), "the row is there");
    for text in ["314159", "alice", "example.org", "host-of-a-thief"] {
        assert!(!holds(text), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w13_w23_text_of_others_stays_text_and_one_recipient_one() {
    let office = office!(Security::Plain);
    let _server = office.post.open("good", &[]);
    let hostile = "{{7*7}}<img onerror=x>\r\n.\r\nRCPT TO:<eve@example.org>\r\nBcc: eve@example.org";
    let letter =
        Letter::Alarm { who: hostile.to_owned(), event: Notice::RecoveryAsked, at: office.site.now(), stop: None };
    office.queue_letter(letter, 300).await;
    assert_eq!(office.deliver().await, Fate::Taken);
    let taken = office.post.taken();
    assert!(taken[0].starts_with("For: alice@example.org\n"), "{taken:?}");
    assert_eq!((taken.len(), office.post.told("RCPT"), office.post.told("MAIL")), (1, 1, 1));
    let (head, body) =
        taken[0].replace('\r', "").split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(body.contains("{{7*7}}") && !body.contains("49"), "{body}");
    let (text, html) = body.split_once("text/html").unwrap();
    assert!(text.contains("<img"), "{text}");
    assert!(!html.contains("<img"), "{html}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_certificates_is_no_authority() {
    let mut office = office!(Security::Tls);
    for (name, text) in [("empty.pem", ""), ("missing.pem", "")] {
        let path = office.post.path(name);
        if name == "empty.pem" {
            std::fs::write(&path, text).unwrap();
        }
        office.settings.ca = Some(path);
        let error = Relay::new(&office.settings).err().unwrap().to_string();
        assert!(error.starts_with("mail.ca: ") && error.contains(name), "{error}");
    }
}
