//! The end of a set-up: recovery codes or key are shown once, one of them is typed back, and then all is stored at once.

use sqlx::AnyConnection;

use super::recovery::of_fault;
use super::{Asked, Attempt, Logins, Made, Shown, granted, refused, texts};
use crate::audit::{Event, Record};
use crate::factor::Kind;
use crate::id::Id;
use crate::letter::Notice;
use crate::login::address::with_email_codes;
use crate::login::notices::tell;
use crate::login::recover::{HashedSet, NewSet, put_in_force};
use crate::login::setup;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::users::{person_held, update_user};
use crate::store::{Person, Store, StoreError, Written};
use crate::time::Timestamp;
use crate::user::User;
use crate::wire::Outcome;

/// All that a set-up stores.
struct Finished {
    user: Id<User>,
    security_version: i64,
    made: Made,
    /// The address is known to be theirs.
    mailbox: bool,
    /// Nothing where the person has a set that stays.
    set: Option<HashedSet>,
    about: Record,
}

impl Logins {
    /// Shows recovery codes or key, as policy wants them; who has some already is done.
    pub(super) async fn keep_or_finish(
        &self,
        name: &str,
        attempt: Attempt,
        person: &Person,
        made: Made,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if person.user.recovery.is_some() {
            return self.finish_setup(name, attempt, made, None, now).await;
        }
        let kept = self.policy(now).await?.rules.recovery;
        let set = NewSet::new(self.store.entropy(), kept, now)?;
        let shown = Shown::saying(texts::to_keep(&set));
        self.ask(name, Attempt { asked: Asked::Keep(made, set), ..attempt }, shown, now)
    }

    /// Takes one of the shown texts: they are kept.
    pub(super) async fn kept(
        &self,
        name: &str,
        mut attempt: Attempt,
        text: &Secret,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Asked::Keep(made, set) = std::mem::replace(&mut attempt.asked, Asked::Choice) else {
            return Ok(refused(Reason::AttemptInvalid));
        };
        if !set.holds(text) {
            // Nothing was guessed: whoever types here has them on the screen.
            return self.no_code(name, Attempt { asked: Asked::Keep(made, set), ..attempt }, now);
        }
        match self.hash_set(&set).await {
            Ok(hashed) => self.finish_setup(name, attempt, made, Some(hashed), now).await,
            Err(error) => of_fault(error.into()),
        }
    }

    async fn finish_setup(
        &self,
        name: &str,
        attempt: Attempt,
        made: Made,
        set: Option<HashedSet>,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let Some(user) = attempt.subject.clone() else { return Ok(refused(Reason::AttemptInvalid)) };
        let whom = user.to_string();
        let finished = Finished {
            user,
            security_version: attempt.security_version,
            made,
            mailbox: attempt.mailbox,
            set,
            about: self.verdict_of(&attempt, name, now),
        };
        let store = self.store.clone();
        let written = self
            .store
            .write_about(Some(&whom), move |connection| {
                Box::pin(async move { finished.store(connection, &store).await })
            })
            .await;
        granted(written)
    }
}

impl Finished {
    /// Method, recovery set, records and notices, if nobody has changed the person and the window was open a set-up's time
    /// ago. The record of the new method is the verdict of the attempt.
    async fn store(self, connection: &mut AnyConnection, store: &Store) -> Written<()> {
        let now = self.about.at;
        let found = person_held(connection, store, &self.user).await?;
        let open = found.filter(|person| {
            person.is_as_it_was(self.security_version) && now < person.user.setup_until.plus(setup::LIFE)
        });
        let Some(Person { mut user, .. }) = open else { return Err(StoreError::Conflict) };
        if self.mailbox {
            user.email_verified_at = user.email_verified_at.or(Some(now));
        }
        let (user, notice) = match self.made {
            Made::App(carried) => {
                let Some(confirmed) = carried.unpacked() else { return Err(StoreError::Conflict) };
                let named = setup::default_name(&user);
                let user = confirmed.store(connection, store, &user, &named, self.about.clone()).await?;
                (user, Notice::AuthenticatorAdded)
            }
            Made::Mail => {
                let changed = with_email_codes(user, now);
                update_user(connection, store, &changed, self.security_version).await?;
                let about = Record { event: Event::EmailCodesOn, factor: Some(Kind::EmailCode), ..self.about.clone() };
                record(connection, store, about).await?;
                (changed, Notice::EmailCodeOn)
            }
        };
        tell(connection, store, &user, notice, &self.about).await?;
        let Some(set) = self.set else { return Ok(()) };
        let about = Record { attempt: None, factor: None, ..self.about };
        put_in_force(connection, store, &user, set, about).await.map(drop)
    }
}
