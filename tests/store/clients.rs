//! The contract of applications: listed part by part, each change made from what was there, and gone with all that they hold.

use twolatch_core::client::{AppHost, Client, ClientId, Unfit};
use twolatch_core::login::clients::{Change, NotChanged, RENEWED};
use twolatch_core::store::{Store, StoreError};

use crate::support::core::{Core, NOW, actor, on_both};

on_both!(
    applications_are_found_part_by_part_and_a_damaged_one_alone_is_missing,
    a_change_is_made_from_what_was_seen_and_checked_as_a_whole,
    a_secret_is_renewed_and_the_one_before_kept,
    a_change_that_changes_nothing_is_not_recorded,
    t11_a_client_that_is_deleted_beside_changes_is_gone,
);

const OURS: &str = "id.example.org";

fn client(id: &str) -> Client {
    let mut client = Client::new(id.parse().unwrap(), "An app".to_owned(), NOW);
    client.redirect_uris = vec!["https://app.example.org/cb".parse().unwrap()];
    client
}

fn id(text: &str) -> ClientId {
    text.parse().unwrap()
}

async fn applications_are_found_part_by_part_and_a_damaged_one_alone_is_missing(core: Core) {
    let store = core.store();
    for id in ["b", "a", "c", "d"] {
        core.logins.add_client(client(id), OURS, &actor(NOW)).await.unwrap();
    }
    let taken = core.logins.add_client(client("a"), OURS, &actor(NOW)).await;
    assert!(matches!(taken, Err(NotChanged::Taken(_))), "{taken:?}");
    assert_eq!(store.count_clients().await.unwrap(), 4);
    core.tamper("UPDATE clients SET name = 'x' WHERE id = 'c'").await;
    let found = store.find_clients(1, 2).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|one| one.map(|client| client.id.to_string())).collect();
    assert_eq!(found, [Ok("b".to_owned()), Err("c".to_owned())]);
    core.logins.delete_client(id("a"), &actor(NOW)).await.unwrap();
    let missing = core.logins.delete_client(id("a"), &actor(NOW)).await;
    assert!(matches!(missing, Err(NotChanged::Missing(_))), "{missing:?}");
    assert_eq!(store.count_clients().await.unwrap(), 3);
}

async fn a_change_is_made_from_what_was_seen_and_checked_as_a_whole(core: Core) {
    let by = actor(NOW);
    for id in ["a", "b"] {
        core.logins.add_client(client(id), OURS, &by).await.unwrap();
    }
    let before = core.store().client(&id("a")).await.unwrap().unwrap();
    let seen = core.store().client_version(&before).unwrap();
    assert_ne!(seen, core.store().client_version(&client("b")).unwrap());
    let from = |seen: &str| Change { id: id("a"), seen: Some(seen.to_owned()), said: "has another name".into() };
    let changed = core.logins.change_client(from(&seen), OURS, &by, |client| client.name.push('!')).await.unwrap();
    assert_eq!(changed.name, "An app!");
    let again = core.logins.change_client(from(&seen), OURS, &by, |client| client.name.push('?')).await;
    assert!(matches!(again, Err(NotChanged::Store(StoreError::Conflict))), "{again:?}");
    let host: AppHost = "app.example.org".parse().unwrap();
    let hosted = |name: &str, host: AppHost| {
        let change = Change::of(id(name), "is at other hosts");
        let (logins, by) = (core.logins.clone(), by.clone());
        async move { logins.change_client(change, OURS, &by, |client| client.settings.hosts = vec![host]).await }
    };
    hosted("a", host.clone()).await.unwrap();
    let taken = hosted("b", host.clone()).await;
    assert!(matches!(&taken, Err(NotChanged::Unfit(Unfit::HostTaken(..)))), "{taken:?}");
    let own = hosted("b", OURS.parse().unwrap()).await;
    assert!(matches!(&own, Err(NotChanged::Unfit(Unfit::OwnHost(_)))), "{own:?}");
    let stored = core.store().client(&id("a")).await.unwrap().unwrap();
    assert_eq!((stored.name.as_str(), stored.settings.hosts), ("An app!", vec![host]));
    assert!(core.store().client(&id("b")).await.unwrap().unwrap().settings.hosts.is_empty(), "nothing was changed");
}

async fn a_secret_is_renewed_and_the_one_before_kept(core: Core) {
    let by = actor(NOW);
    let (_, first) = core.logins.add_client(client("a"), OURS, &by).await.unwrap();
    let renew =
        async |keep| core.logins.renew_client_secret(Change::of(id("a"), RENEWED), keep, OURS, &by).await.unwrap();
    let (client, second) = renew(60).await;
    let store = core.store();
    let (mark, until) = client.former.unwrap();
    assert!(store.is_client_secret("a", first.unwrap().expose(), &mark));
    assert!(store.is_client_secret("a", second.expose(), client.secret.as_deref().unwrap()));
    assert!(
        !store.is_client_secret("b", second.expose(), client.secret.as_deref().unwrap()),
        "each is one client's own"
    );
    assert_eq!(until, NOW.plus(60));
    assert_eq!(renew(0).await.0.former, None);
}

async fn a_change_that_changes_nothing_is_not_recorded(core: Core) {
    core.logins.add_client(client("a"), OURS, &actor(NOW)).await.unwrap();
    let store = core.store();
    let change = async |name: &'static str| {
        let edit = move |client: &mut Client| client.name = name.to_owned();
        store.change_client(id("a"), "has a name".to_owned(), "itself".to_owned(), NOW, edit).await.unwrap().unwrap()
    };
    let records = async || core.number("SELECT COUNT(*) FROM audit").await;
    let before = records().await;
    assert_eq!(change("An app").await, client_with(store, "An app").await);
    assert_eq!(records().await, before);
    assert_eq!(change("Another").await, client_with(store, "Another").await);
    assert_eq!(records().await, before + 1);
}

async fn client_with(store: &Store, name: &str) -> Client {
    Client { name: name.to_owned(), ..store.client(&id("a")).await.unwrap().unwrap() }
}

async fn t11_a_client_that_is_deleted_beside_changes_is_gone(core: Core) {
    for round in 0..20 {
        let name = format!("client-{round}");
        core.logins.add_client(client(&name), OURS, &actor(NOW)).await.unwrap();
        let rename = async |to: &'static str| {
            let edit = move |client: &mut Client| client.name = to.to_owned();
            core.store().change_client(id(&name), "has a name".to_owned(), "itself".to_owned(), NOW, edit).await
        };
        let by = actor(NOW);
        let (_, deleted, _) = tokio::join!(rename("One"), core.logins.delete_client(id(&name), &by), rename("Two"));
        assert!(deleted.is_ok(), "{deleted:?}");
        assert!(core.store().client(&id(&name)).await.unwrap().is_none(), "round {round}");
    }
}
