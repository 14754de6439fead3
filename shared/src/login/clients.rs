//! What administrators do to applications: each is one transaction with its audit record, in which it is made sure that the
//! whole of an application may be registered like that. A secret leaves once, when it is made.

use std::borrow::Cow;

use sqlx::AnyConnection;
use thiserror::Error;

use super::Logins;
use super::actor::{Actor, allow};
use crate::audit::Event;
use crate::client::{Client, ClientId, Unfit};
use crate::crypto::{NoEntropy, random_text};
use crate::secret::Secret;
use crate::store::audit::record;
use crate::store::clients::{client_held, clients_held, insert_client, put_client, remove_client};
use crate::store::{Store, StoreError, Written};

/// Why nothing was done to an application, for who asked for it.
#[derive(Debug, Error)]
pub enum NotChanged {
    /// It may not be registered like this.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The id is taken.
    #[error("there is a client `{0}` already; `twolatch client show {0}` shows it")]
    Taken(ClientId),
    /// There is no such client.
    #[error("there is no client `{0}`; `twolatch client list` shows all")]
    Missing(ClientId),
    /// There is no secret to renew.
    #[error("{0} has no secret: it is public, or has keys of its own")]
    Public(ClientId),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel gives no randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// A change of an application.
#[derive(Debug, Clone)]
pub struct Change {
    /// Of which one.
    pub id: ClientId,
    /// The version that it was made from ([`Store::client_version`]): another one is not overwritten. `None` for a change that
    /// comes to the same whatever was before.
    pub seen: Option<String>,
    /// What the record says, after the id.
    pub said: Cow<'static, str>,
}

impl Change {
    /// One that comes to the same whatever was before.
    #[must_use]
    pub const fn of(id: ClientId, said: &'static str) -> Self {
        Self { id, seen: None, said: Cow::Borrowed(said) }
    }
}

/// What the record says of a client with another secret.
pub const RENEWED: &str = "has another secret";

impl Logins {
    /// Registers an application, with a new secret where it has one. `ours` is the host that people know this server by.
    ///
    /// # Errors
    /// Why it was not registered.
    pub async fn add_client(
        &self,
        mut client: Client,
        ours: &str,
        actor: &Actor,
    ) -> Result<(Client, Option<Secret>), NotChanged> {
        let secret = client.auth_method.has_secret().then(|| self.client_secret(&client.id)).transpose()?;
        client.secret = secret.as_ref().map(|(_, mark)| mark.clone());
        let about = actor.record(Event::ClientAdded).saying(client.id.clone());
        let (store, by, ours, new) = (self.store.clone(), actor.clone(), ours.to_owned(), client.clone());
        let added = self.store.write(move |connection| {
            Box::pin(async move {
                allow(connection, &store, &by).await?;
                if let Err(unfit) = new.check(&ours, &hosting(connection, &store, &new).await?) {
                    return Ok(Err(unfit));
                }
                insert_client(connection, &store, &new).await?;
                record(connection, &store, about).await?;
                Ok(Ok(()))
            })
        });
        match added.await {
            Ok(fits) => fits?,
            Err(StoreError::Duplicate) => return Err(NotChanged::Taken(client.id)),
            Err(error) => return Err(error.into()),
        }
        Ok((client, secret.map(|(secret, _)| secret)))
    }

    /// Changes an application; answers what it is then.
    ///
    /// # Errors
    /// Why nothing was changed: [`StoreError::Conflict`] where it is not any more what the change was made from.
    pub async fn change_client(
        &self,
        change: Change,
        ours: &str,
        actor: &Actor,
        edit: impl FnOnce(&mut Client) + Send + 'static,
    ) -> Result<Client, NotChanged> {
        let about = actor.record(Event::ClientChanged).saying(format!("{} {}", change.id, change.said));
        let (store, by, ours, id) = (self.store.clone(), actor.clone(), ours.to_owned(), change.id.clone());
        let changed = self.store.write(move |connection| {
            Box::pin(async move {
                allow(connection, &store, &by).await?;
                let Some((before, mark)) = client_held(connection, &store, &change.id).await? else { return Ok(None) };
                if change.seen.is_some_and(|seen| store.client_version(&before).is_ok_and(|version| version != seen)) {
                    return Err(StoreError::Conflict);
                }
                let mut after = before.clone();
                edit(&mut after);
                settle(&before, &mut after);
                if let Err(unfit) = after.check(&ours, &hosting(connection, &store, &after).await?) {
                    return Ok(Some(Err(unfit)));
                }
                put_client(connection, &store, &after, mark).await?;
                record(connection, &store, about).await?;
                Ok(Some(Ok(after)))
            })
        });
        Ok(changed.await?.ok_or(NotChanged::Missing(id))??)
    }

    /// Gives an application another secret; the one before is good for `keep` seconds more, or not at all where that is 0.
    ///
    /// # Errors
    /// Why it has none: [`NotChanged::Public`] where it has no secret.
    pub async fn renew_client_secret(
        &self,
        change: Change,
        keep: i64,
        ours: &str,
        actor: &Actor,
    ) -> Result<(Client, Secret), NotChanged> {
        let id = change.id.clone();
        let before = self.store.client(&id).await?.ok_or_else(|| NotChanged::Missing(id.clone()))?;
        if before.secret.is_none() {
            return Err(NotChanged::Public(id));
        }
        let ((secret, mark), until) = (self.client_secret(&id)?, actor.now.plus(keep));
        let edit = move |client: &mut Client| {
            let former = client.secret.replace(mark);
            client.former = former.filter(|_| keep > 0).map(|former| (former, until));
        };
        Ok((self.change_client(change, ours, actor, edit).await?, secret))
    }

    /// Removes an application: whatever it holds is worth nothing from then on.
    ///
    /// # Errors
    /// Why it was not removed.
    pub async fn delete_client(&self, id: ClientId, actor: &Actor) -> Result<(), NotChanged> {
        let about = actor.record(Event::ClientDeleted).saying(id.clone());
        let (store, by, gone) = (self.store.clone(), actor.clone(), id.clone());
        let deleted = self.store.write(move |connection| {
            Box::pin(async move {
                allow(connection, &store, &by).await?;
                let was_there = remove_client(connection, &gone).await?;
                if was_there {
                    record(connection, &store, about).await?;
                }
                Ok(was_there)
            })
        });
        if deleted.await? { Ok(()) } else { Err(NotChanged::Missing(id)) }
    }

    /// A new secret, and what is stored of it.
    fn client_secret(&self, id: &ClientId) -> Result<(Secret, String), NoEntropy> {
        let secret = random_text::<32>(self.store.entropy())?;
        let mark = self.store.client_secret_mark(id.as_str(), &secret);
        Ok((Secret::new(secret), mark))
    }
}

/// Whose hosts one could take: all others, where it has any.
async fn hosting(connection: &mut AnyConnection, store: &Store, client: &Client) -> Written<Vec<Client>> {
    if client.settings.hosts.is_empty() {
        return Ok(Vec::new());
    }
    Ok(clients_held(connection, store).await?.into_values().collect())
}

/// What an administrator has changed of a client that has registered itself, it does not change back: none of it is its own
/// any more. Whether it is shut out, and which secret it has, says nothing of that.
fn settle(before: &Client, after: &mut Client) {
    let Client { secret, former, disabled_at, .. } = before.clone();
    let is_another = Client { secret, former, disabled_at, ..after.clone() } != *before;
    if let Some(own) = after.settings.registration.as_mut().filter(|_| is_another) {
        own.settled = true;
    }
}
