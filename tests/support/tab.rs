//! A sign-in through a browser on the core alone, and sessions. A tab is only its token: the server knows the rest.

use twolatch_core::crypto::random_text;
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::login::Logins;
use twolatch_core::login::web::{Current, Fault, Goal};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::Session;
use twolatch_core::store::sessions::insert_session;
use twolatch_core::time::Timestamp;

use super::core::{Core, NOW, actor, parsed};
use super::site::PASSWORD;

/// Where all tabs are.
pub(crate) const SOURCE: &str = "192.0.2.1";

/// A sign-in whose password was right, at one of the servers.
#[derive(Clone)]
pub(crate) struct Tab {
    pub(crate) logins: Logins,
    pub(crate) token: String,
}

/// Why something was not taken; nothing where it was.
pub(crate) fn refusal<T>(done: Result<T, Fault>) -> Option<Reason> {
    match done {
        Ok(_) => None,
        Err(Fault::Refused(reason)) => Some(reason),
        Err(Fault::Over) => Some(Reason::AttemptOutdated),
        Err(Fault::Busy) => Some(Reason::Busy),
        Err(Fault::Store(error)) => Some(error.reason()),
        Err(other @ (Fault::Weak(_) | Fault::Unconfirmed)) => panic!("{other:?}"),
    }
}

impl Tab {
    pub(crate) async fn open(logins: &Logins, name: &str, now: Timestamp) -> Self {
        let password = Secret::new(PASSWORD.to_owned());
        let token = logins.enter(name, password, SOURCE, Goal::default(), now).await.unwrap();
        Self { logins: logins.clone(), token }
    }

    /// The same sign-in, at another server.
    pub(crate) fn at(&self, logins: &Logins) -> Self {
        Self { logins: logins.clone(), token: self.token.clone() }
    }

    pub(crate) async fn current(&self, now: Timestamp) -> Result<Current, Fault> {
        self.logins.current(&self.token, now).await
    }

    /// Shows a code of the app.
    pub(crate) async fn app(&self, code: &str, now: Timestamp) -> Option<Reason> {
        let code = Secret::new(code.to_owned());
        match self.current(now).await {
            Ok(current) => refusal(self.logins.enter_code(current, code, SOURCE, now).await),
            Err(fault) => refusal(Err::<(), _>(fault)),
        }
    }

    /// Shows a recovery code, with or without its hyphens.
    pub(crate) async fn recovery(&self, code: &str, now: Timestamp) -> Option<Reason> {
        let code = Secret::new(code.replace('-', ""));
        match self.current(now).await {
            Ok(current) => refusal(self.logins.enter_recovery(current, code, SOURCE, now).await),
            Err(fault) => refusal(Err::<(), _>(fault)),
        }
    }

    /// Asks for a code by mail.
    pub(crate) async fn mail(&self, now: Timestamp) {
        let mut current = self.current(now).await.unwrap();
        self.logins.mail_code(&mut current, SOURCE, now).await.unwrap();
    }

    /// Shows a mailed code.
    pub(crate) async fn mailed(&self, code: &str, now: Timestamp) -> Option<Reason> {
        let code = Secret::new(code.to_owned());
        match self.current(now).await {
            Ok(current) => refusal(self.logins.enter_email_code(current, code, SOURCE, now).await),
            Err(fault) => refusal(Err::<(), _>(fault)),
        }
    }

    /// The cookie of the session that this becomes; nothing where something is missing.
    pub(crate) async fn finish(&self, now: Timestamp) -> Option<String> {
        let current = self.current(now).await.ok()?;
        self.logins.finish(current, SOURCE, now).await.ok().map(|(cookie, _)| cookie)
    }
}

impl Core {
    /// Gives somebody a password of their own.
    pub(crate) async fn give_password(&self, name: &str) {
        let password = Secret::new(PASSWORD.to_owned());
        self.logins.reset_password(&parsed(name), password, true, &actor(NOW)).await.unwrap();
    }
}

/// A session of somebody, written down by hand, and its token.
pub(crate) async fn session(logins: &Logins, name: &str, now: Timestamp) -> (String, Session) {
    let user = logins.named(&parsed(name)).await.unwrap().user;
    let token = random_text::<20>(logins.store.entropy()).unwrap();
    let (store, cookie) = (logins.store.clone(), token.clone());
    let proofs = [Kind::Password, Kind::Totp].map(|kind| Proof { kind, at: now });
    let write = logins
        .store
        .write(move |c| Box::pin(async move { insert_session(c, &store, &cookie, &user, &proofs, SOURCE, now).await }));
    write.await.unwrap();
    let session = alive(logins, &token, now).await.unwrap();
    (token, session)
}

pub(crate) async fn alive(logins: &Logins, token: &str, now: Timestamp) -> Option<Session> {
    logins.store.session(token, now).await.unwrap()
}

/// The same, of somebody who has just shown that it is they.
pub(crate) async fn confirmed(logins: &Logins, name: &str, now: Timestamp) -> Session {
    Session { confirmed_at: Some(now), ..session(logins, name, now).await.1 }
}
