use super::*;
use crate::crypto::SystemEntropy;

fn hasher(cores: usize) -> Hasher {
    Hasher::new(Cost::default(), cores, &SystemEntropy::new()).unwrap()
}

#[test]
fn pw1_what_may_be_chosen() {
    let (bytes, long, emoji) = ("ab\u{e9}3$ ".repeat(36) + "Qz7w", "aB3$ ".repeat(52), "🦀".repeat(64));
    // No two neighbours of the alphabet or a keyboard stand side by side.
    let different: String = (0..64_u32).filter_map(|number| char::from_u32(33 + number * 29 % 94)).collect();
    let table = [
        ("short", "seven77", LEAST, Err(Weak::Short(8))),
        ("8 characters in 7 and a half", "öäüéß77", LEAST, Err(Weak::Short(8))),
        ("8 characters of other tongues", "öxüéßk7q", LEAST, Ok(())),
        ("14 where it is all that is asked for", "seven harbours", LEAST_ALONE, Err(Weak::Short(15))),
        ("15 there", "seven harbours9", LEAST_ALONE, Ok(())),
        ("common", "password", LEAST, Err(Weak::Common)),
        ("common with digits", "Password123", LEAST, Err(Weak::Common)),
        ("the own name", "alice.example", LEAST, Err(Weak::Common)),
        ("the own address", "alice@example.org", LEAST, Err(Weak::Common)),
        ("the organisation", "Acme Rockets", LEAST, Err(Weak::Common)),
        ("words", "correct horse battery staple", LEAST, Ok(())),
        ("64 different characters", different.as_str(), LEAST, Ok(())),
        ("64 emoji", emoji.as_str(), LEAST, Err(Weak::Common)),
        ("256 bytes", bytes.as_str(), LEAST, Ok(())),
        ("260 bytes", long.as_str(), LEAST, Err(Weak::Long)),
        ("control", "abc\u{7}defghijkl", LEAST, Err(Weak::Control)),
    ];
    assert_eq!((bytes.len(), different.chars().count()), (256, 64));
    let context = ["alice.example", "alice@example.org", "Acme Rockets"];
    for (name, password, least, expected) in table {
        assert_eq!(acceptable(&Secret::new(password.to_owned()), least, &context), expected, "{name}");
    }
}

#[tokio::test]
async fn pw3_right_wrong_and_rising_cost() {
    let password = || Secret::new("correct horse battery staple".to_owned());
    let cheap = Cost { memory_kib: 19 * 1024, passes: 1, lanes: 1 };
    let old = Hasher::new(cheap, 1, &SystemEntropy::new()).unwrap();
    let stored = old.hash(password(), &SystemEntropy::new()).await.unwrap();
    assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=1,p=1$"));

    let new = hasher(1);
    let checked = new.check(password(), Some(stored.clone())).await.unwrap();
    assert_eq!(checked, Checked { right: true, outdated: true });
    let wrong = new.check(Secret::new("another password".to_owned()), Some(stored)).await.unwrap();
    assert!(!wrong.right);
}

#[tokio::test]
async fn pw4_a_stored_hash_cannot_ask_for_more_than_the_bounds() {
    let stored = "$argon2id$v=19$m=2097152,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for text in [stored, "", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAA", "not a hash"] {
        let checked = hasher(1).check(Secret::new("x".to_owned()), Some(Secret::new(text.to_owned()))).await;
        assert_eq!(checked, Err(HashError::Params), "{text}");
    }
}

#[tokio::test]
async fn pw7_an_unknown_user_is_hashed_for_and_never_right() {
    let checked = hasher(1).check(Secret::new(String::new()), None).await.unwrap();
    assert_eq!(checked, Checked { right: false, outdated: false });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pw5_the_queue_is_bounded() {
    let hasher = hasher(1);
    let tries = (0..40).map(|_| {
        let hasher = hasher.clone();
        tokio::spawn(async move { hasher.check(Secret::new("x".to_owned()), None).await })
    });
    let mut busy = 0;
    for one in tries.collect::<Vec<_>>() {
        busy += usize::from(one.await.unwrap() == Err(HashError::Busy));
    }
    assert!(busy >= 40 - 2 * (1 + QUEUE_PER_CORE), "{busy} were turned away");
    assert!(busy > 0);
}

/// The rule is none: text is compared byte for byte as it was sent (ASVS 6.2.8), neither NFC nor NFKC (NIST 800-63B
/// would have the latter). Keyboards of one system always send one form; who changes to a system with the other sets a
/// new password.
#[tokio::test]
async fn pw2_composed_and_decomposed_letters_are_different_passwords() {
    let (composed, decomposed) = ("caf\u{e9} lantern drifts", "cafe\u{301} lantern drifts");
    let hasher = hasher(1);
    for (set, other) in [(composed, decomposed), (decomposed, composed)] {
        assert_eq!(acceptable(&Secret::new(set.to_owned()), LEAST, &[]), Ok(()));
        let stored = hasher.hash(Secret::new(set.to_owned()), &SystemEntropy::new()).await.unwrap();
        let right =
            async |text: &str| hasher.check(Secret::new(text.to_owned()), Some(stored.clone())).await.unwrap().right;
        assert!(right(set).await, "as it was set");
        assert!(!right(other).await, "in the other form");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pw5_a_dropped_check_keeps_its_permit_until_its_hash_ends() {
    let hasher = hasher(1);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (end, may_end) = std::sync::mpsc::channel::<()>();
    let long = hasher.clone();
    let request = tokio::spawn(async move {
        // In place of a hash: something that runs for as long as the test wants.
        long.run(move || {
            begun.send(()).unwrap();
            may_end.recv().unwrap();
            Ok(())
        })
        .await
    });
    has_begun.await.unwrap();
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    assert_eq!(hasher.running.available_permits(), 0, "the thread still works");
    assert_eq!(hasher.queue.available_permits(), QUEUE_PER_CORE, "and its place in the queue is taken");
    let mut next = Box::pin(hasher.check(Secret::new("x".to_owned()), None));
    let waker = std::task::Waker::noop();
    assert!(next.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    assert_eq!(hasher.running.available_permits(), 0, "so the next one waits for it");
    end.send(()).unwrap();
    assert!(!next.await.unwrap().right);
    // The permits come back with the threads.
    while hasher.queue.available_permits() < 1 + QUEUE_PER_CORE {
        tokio::task::yield_now().await;
    }
    assert_eq!(hasher.running.available_permits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_no_more_memory_is_kept_than_hashes_run_at_once() {
    let hasher = hasher(2);
    let check = || {
        let hasher = hasher.clone();
        tokio::spawn(async move { hasher.check(Secret::new("somebody's password".to_owned()), None).await })
    };
    for checked in [check(), check(), check(), check(), check(), check()] {
        assert!(!checked.await.unwrap().unwrap().right);
    }
    assert!((1..=2).contains(&hasher.memory.kept().len()));
}
