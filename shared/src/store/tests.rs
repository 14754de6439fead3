//! What only the engine-facing part can show; the contract of every method is in the integration tests.

use std::path::Path;

use super::*;
use crate::crypto::SystemEntropy;
use crate::time::Timestamp;

fn ring(folder: &Path) -> KeyRing {
    let path = folder.join("keys");
    KeyRing::load(&path).or_else(|_| KeyRing::create(&path, &SystemEntropy::new())).unwrap()
}

async fn store(folder: &Path) -> Store {
    let location = Location::file(&folder.join("test.db"));
    Store::open(location, ring(folder), Arc::new(SystemEntropy::new())).await.unwrap()
}

async fn count(store: &Store) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM budgets").fetch_one(store.pool()).await.unwrap()
}

async fn insert(store: &Store, id: usize, keep: bool) -> Written<usize> {
    store
        .write(move |connection| {
            Box::pin(async move {
                sqlx::query("INSERT INTO budgets (id, fails, next_at, changed_at, noted_at) VALUES ($1, 0, 0, 0, 0)")
                    .bind(format!("b{id}"))
                    .execute(connection)
                    .await?;
                if keep { Ok(id) } else { Err(StoreError::Conflict) }
            })
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_keeps_what_answers_ok_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let writes = (0..300).map(|id| {
        let store = store.clone();
        tokio::spawn(async move { insert(&store, id, id % 3 != 0).await })
    });
    for (id, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
        let result = write.await.unwrap();
        assert_eq!(result.is_ok(), id % 3 != 0, "{id}: {result:?}");
    }
    assert_eq!(count(&store).await, 200);
    assert!(matches!(insert(&store, 1, true).await, Err(StoreError::Duplicate)));
    assert_eq!(insert(&store, 301, true).await.unwrap(), 301, "a unique violation harms nobody else");
}

#[tokio::test]
async fn an_abandoned_write_is_committed_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    {
        let mut write = Box::pin(insert(&store, 1, true));
        let waker = std::task::Waker::noop();
        assert!(write.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    }
    insert(&store, 2, true).await.unwrap();
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn f15_another_key_under_the_same_name_or_none_is_found_at_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(folder.path()).await);
    let keys = folder.path().join("keys");
    let id = ring(folder.path()).ids().next().unwrap().to_owned();
    let other = data_encoding::BASE64.encode(&[9; 32]);
    for (text, expected) in [(format!("{id}:{other}\n"), "is not the key"), (format!("zzz:{other}\n"), "does not have")]
    {
        std::fs::write(&keys, text).unwrap();
        let location = Location::file(&folder.path().join("test.db"));
        let error = Store::open(location, ring(folder.path()), Arc::new(SystemEntropy::new())).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_sequence_settles_behind_the_oldest_open_write() {
    let sequence = Arc::new(Sequence::default());
    let first = sequence.ticket();
    assert_eq!(sequence.next(), 1);
    let second = sequence.ticket();
    assert_eq!(sequence.next(), 2);
    assert_eq!(sequence.settled(), 0);
    drop(first);
    assert_eq!(sequence.settled(), 1);
    drop(second);
    assert_eq!(sequence.settled(), 2);
}

#[test]
fn a_location_hides_its_password_and_leaves_nothing_to_the_environment() {
    let location: Location = "postgres://tl:secret@db.example/twolatch".parse().unwrap();
    assert_eq!(location.to_string(), "postgres://tl@db.example:5432/twolatch");
    let Location::Postgres(url) = &location else { panic!("{location}") };
    assert!(url.expose().starts_with("postgres://tl:secret@db.example:5432/twolatch?"), "{}", url.expose());
    for bad in [
        "",
        "sqlite://",
        "mysql://a@b/c",
        "postgres://host/db",
        "postgres://u@h/",
        "postgres://u@h/d?host=/run&host=far",
        "/var/lib/x.db",
    ] {
        assert!(bad.parse::<Location>().is_err(), "{bad}");
    }
}

#[test]
fn t1_only_a_socket_or_this_machine_is_spoken_to_without_a_verified_certificate() {
    let cases = [
        ("postgres://tl:x@db.example/twolatch", "verify-full"),
        ("postgres://tl:x@localhost.example/twolatch", "verify-full"),
        ("postgres://tl:x@db.example/twolatch?host=10.0.0.1", "verify-full"),
        ("postgres://tl:x@localhost/twolatch?hostaddr=10.0.0.1", "verify-full"),
        ("postgres://tl:x@db.example/twolatch?hostaddr=10.0.0.1&host=/run/postgresql", "verify-full"),
        ("postgres://tl:x@localhost/twolatch?host=/run/postgresql", "prefer"),
        ("postgres://tl:x@localhost/twolatch?host=%2Frun%2Fpostgresql", "prefer"),
        ("postgres://tl:x@%2Frun%2Fpostgresql/twolatch", "prefer"),
        ("postgres://tl:x@localhost/twolatch", "prefer"),
        ("postgres://tl:x@127.0.0.1:5433/twolatch", "prefer"),
        ("postgres://tl:x@[::1]/twolatch", "prefer"),
        ("postgres://tl:x@[::1]:5433/twolatch", "prefer"),
        ("postgres://tl:x@db.example/twolatch?sslmode=require", "require"),
    ];
    for (text, mode) in cases {
        let Ok(Location::Postgres(url)) = text.parse() else { panic!("{text}") };
        let modes: Vec<&str> =
            url.expose().split(['?', '&']).filter_map(|pair| pair.strip_prefix("sslmode=")).collect();
        assert_eq!(modes, [mode], "{text}");
    }
}

#[tokio::test]
async fn the_bundled_sqlite_has_no_wal_reset_race() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(store.pool()).await.unwrap();
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
}

#[tokio::test]
async fn f4_a_link_that_was_written_unheard_is_not_written_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path()).await;
    let now = Timestamp::from_unix(1_800_000_000);
    let record = async |store: &Store| {
        let (work, about) = (store.clone(), crate::audit::Record::new(now, crate::audit::Event::UserAdded));
        let written = store.write(move |c| Box::pin(async move { audit::record(c, &work, about).await })).await;
        written.unwrap();
    };
    record(&store).await;
    store.link_audit(now).await.unwrap().unwrap();
    let before = store.inner.chain.lock().await.clone();
    record(&store).await;
    let second = store.link_audit(now).await.unwrap();
    store.inner.chain.lock().await.lose(before.clone());
    record(&store).await;
    assert_eq!(store.link_audit(now).await.unwrap(), second, "it was there already, and is told of now");
    let third = store.link_audit(now).await.unwrap().unwrap();
    assert!(store.link_audit(now).await.unwrap().is_none());
    let verified = store.verify_audit(&[third], &mut |_| {}).await.unwrap();
    assert_eq!((verified.faults, verified.links), (Vec::<String>::new(), 3));
}
