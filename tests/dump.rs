//! T-7: somebody takes the whole database. Whatever was shown or given out while people signed in, none of it is in there.

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use sqlx::Row;
use twolatch_core::crypto::{token_hash, token_hash_of};
use twolatch_core::letter::Letter;

use crate::login_methods::{give_address, keep_recovery};
use crate::support::site::{Browser, PASSWORD, Site};

/// Every value of every table, as text; and once more all bytes of the files.
struct Dump {
    values: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Dump {
    #[expect(clippy::disallowed_methods, reason = "the names of the tables come from the database itself")]
    async fn of(site: &Site) -> Self {
        let pool = site.core.store().pool();
        let columns = sqlx::query(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
        );
        let mut values = Vec::new();
        for column in columns.fetch_all(pool).await.unwrap() {
            let (table, name): (String, String) = (column.get(0), column.get(1));
            let text = format!("SELECT CAST({name} AS TEXT) FROM {table} WHERE {name} IS NOT NULL");
            for row in sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(pool).await.unwrap() {
                values.push((format!("{table}.{name}"), row.get(0)));
            }
        }
        Self { values, bytes: site.core.file_bytes() }
    }

    /// Whether a text is anywhere, in whichever case it may be typed.
    fn holds(&self, text: &str) -> Option<&str> {
        assert!(text.len() >= 16, "a shorter text is there by chance: {text}");
        let cases = [text.to_owned(), text.to_ascii_lowercase(), text.to_ascii_uppercase()];
        for case in &cases {
            if let Some((place, _)) = self.values.iter().find(|(_, value)| value.contains(case.as_str())) {
                return Some(place);
            }
        }
        cases.iter().any(|case| self.holds_bytes(case.as_bytes())).then_some("the file")
    }

    fn holds_bytes(&self, bytes: &[u8]) -> bool {
        self.bytes.windows(bytes.len()).any(|window| window == bytes)
    }

    /// Whether a short word stands anywhere by itself.
    fn has_word(&self, word: &str) -> Option<&str> {
        let is_it = |value: &str| value.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == word);
        self.values.iter().find(|(_, value)| is_it(value)).map(|(place, _)| place.as_str())
    }
}

/// All ways in which bytes are commonly written.
fn written(bytes: &[u8]) -> Vec<String> {
    [HEXLOWER, HEXUPPER, BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD].map(|way| way.encode(bytes)).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn otp11_ses1_eml6_pw6_rec2_a_dump_opens_nothing() {
    let site = Site::mailing().await;
    let totp = site.enrolled("alice").await;
    give_address(&site, "alice", true).await;
    let codes = keep_recovery(&site, "alice", &totp).await;

    // With the app, remembered; again with the remembered browser, whose secret turns.
    site.advance(60);
    let mut app = Browser::default();
    let page = site.enter(&mut app, "alice").await;
    let attempt = app.cookies["__Host-twolatch_attempt"].clone();
    let page = site.submit(&mut app, &page, &[("code", &site.code(&totp)), ("remember", "yes")]).await;
    assert_eq!(page.title(), "Your account", "{page:?}");
    let mut cookies = vec![("attempt", attempt)];
    cookies.extend(
        app.cookies.iter().map(|(name, value)| (name.as_str(), value.clone())).collect::<Vec<_>>().iter().cloned(),
    );
    let mut again = app.clone();
    again.cookies.retain(|name, _| name == "__Host-twolatch_device");
    assert_eq!(site.enter(&mut again, "alice").await.title(), "Your account", "the remembered browser");

    // With a mailed code; its letter stays in the queue, as it does while a mail server is slow.
    let mut mail = Browser::default();
    site.enter(&mut mail, "alice").await;
    let page = site.open(&mut mail, "/login/method").await;
    let page = site.submit(&mut mail, &page, &[("method", "email")]).await;
    let letters = site.app.store.claim_mails(100, site.now()).await.unwrap();
    let mailed = letters.iter().find_map(|letter| match &letter.mail.letter {
        Letter::Code { code, .. } => Some(code.expose().to_owned()),
        _ => None,
    });
    let mailed = mailed.unwrap();
    let page = site.submit(&mut mail, &page, &[("code", &mailed)]).await;
    assert_eq!(page.title(), "Your account", "{page:?}");

    // With a recovery code; and one that is half way, with another app pending.
    let mut recovery = Browser::default();
    site.enter(&mut recovery, "alice").await;
    let page = site.open(&mut recovery, "/login/recover").await;
    let page = site.submit(&mut recovery, &page, &[("recovery-code", &codes[3])]).await;
    assert_eq!(page.title(), "Your account", "{page:?}");
    site.member("bob", true).await;
    let mut bob = Browser::default();
    let page = site.enter(&mut bob, "bob").await;
    let pending = site.choose_app(&mut bob, &page).await.authenticator();
    // Two more mails on their way, one of them used up by nobody.
    let mut waiting = Browser::default();
    site.enter(&mut waiting, "alice").await;
    let unused = site.app.store.claim_mails(100, site.now()).await.unwrap();
    let unused = unused.iter().find_map(|letter| match &letter.mail.letter {
        Letter::Code { code, .. } => Some(code.expose().to_owned()),
        _ => None,
    });

    let dump = Dump::of(&site).await;
    let is_there = |place: &str| dump.values.iter().any(|(name, _)| name == place);
    for place in ["users.password", "factors.secret", "recovery_codes.hash", "mails.sealed", "devices.secret_hash"] {
        assert!(is_there(place), "{place} is in the dump, which is thus a whole one");
    }
    assert!(dump.holds("alice@example.org").is_some() && dump.holds_bytes(b"alice@example.org"));

    for (whose, totp) in [("alice", &totp), ("pending", &pending)] {
        assert!(!dump.holds_bytes(&totp.secret), "{whose}: the seed itself");
        for text in written(&totp.secret) {
            assert_eq!(dump.holds(&text), None, "{whose}: the seed as {text}");
        }
    }
    for browser in [&app, &again, &mail, &recovery, &bob, &waiting] {
        cookies.extend(browser.cookies.iter().map(|(name, value)| (name.as_str(), value.clone())));
    }
    let mut hashed = 0;
    for (name, value) in &cookies {
        for part in value.split('.').filter(|part| part.len() >= 30) {
            assert_eq!(dump.holds(part), None, "{name}: {part}");
            hashed += usize::from(dump.holds(&token_hash(part)).is_some());
        }
    }
    assert!(hashed >= 5, "only their hashes are there: {hashed} of {}", cookies.len());
    for code in [Some(&mailed), unused.as_ref()].into_iter().flatten() {
        assert_eq!(dump.has_word(code), None, "a mailed code");
    }
    for code in &codes {
        let plain = code.replace('-', "");
        for text in [code.as_str(), &plain] {
            assert_eq!(dump.holds(text), None, "a recovery code");
            for text in written(text.as_bytes()) {
                assert_eq!(dump.holds(&text), None, "a recovery code in another coat");
            }
            let digest = token_hash_of(text.as_bytes());
            let digest = BASE64URL_NOPAD.decode(digest.as_bytes()).unwrap();
            assert!(written(&digest).iter().all(|text| dump.holds(text).is_none()), "rec2: a fast hash of one");
        }
    }
    assert_eq!(dump.holds(PASSWORD), None, "the password");
    let stored = site.core.user("alice").await.password.unwrap();
    assert!(stored.expose().starts_with("$argon2id$"));
    assert_eq!(dump.holds(stored.expose()), None, "pw6: nor what it hashes to, for which no key would be needed");
    let hash = stored.expose().rsplit('$').next().unwrap();
    assert_eq!(dump.holds(hash), None, "pw6");
    let elsewhere =
        dump.values.iter().find(|(place, value)| value.contains("$argon2") && place != "recovery_codes.hash");
    assert_eq!(elsewhere, None, "hashes stand only where the codes have 80 bits of their own");
}
