use super::*;
use crate::crypto::SystemEntropy;

const PLACE: Place<'static> = Place { table: "factors", column: "secret", row: "f1", owner: "u1" };

fn ring() -> (tempfile::TempDir, KeyRing) {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::create(&folder.path().join("keys"), &SystemEntropy::new()).unwrap();
    (folder, ring)
}

#[test]
fn opens_only_at_its_place() {
    let (_folder, ring) = ring();
    let sealed = ring.seal(&SystemEntropy::new(), PLACE, b"seed").unwrap();
    assert_eq!(ring.open(PLACE, &sealed).unwrap().as_slice(), b"seed");
    let elsewhere = [
        Place { table: "users", ..PLACE },
        Place { column: "name", ..PLACE },
        Place { row: "f2", ..PLACE },
        Place { owner: "u2", ..PLACE },
        Place { row: "f1u", owner: "1", ..PLACE },
    ];
    for place in elsewhere {
        assert_eq!(ring.open(place, &sealed), Err(SealError::Tampered), "{place:?}");
    }
}

#[test]
fn sec2_any_changed_byte_gives_one_error() {
    let (_folder, ring) = ring();
    let sealed = ring.seal(&SystemEntropy::new(), PLACE, b"seed").unwrap();
    let body = sealed.find('.').unwrap() + 1;
    for index in body..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        assert_eq!(ring.open(PLACE, &String::from_utf8(changed).unwrap()), Err(SealError::Tampered), "{index}");
        assert_eq!(ring.open(PLACE, sealed.get(..index).unwrap()), Err(SealError::Tampered), "cut at {index}");
    }
    assert_eq!(ring.open(PLACE, ""), Err(SealError::Tampered));
}

#[test]
fn k5_an_unknown_key_is_named() {
    let (_folder, ring) = ring();
    let (_other_folder, other) = self::ring();
    let sealed = other.seal(&SystemEntropy::new(), PLACE, b"seed").unwrap();
    assert!(matches!(ring.open(PLACE, &sealed), Err(SealError::KeyUnknown(_))));
}

#[test]
fn a_row_mark_covers_every_column_and_where_it_ends() {
    let (_folder, ring) = ring();
    let columns = [Some("alice"), None, Some("admin")];
    let mark = ring.mark_row("users", &columns);
    assert_eq!(ring.check_row("users", &columns, &mark), Ok(()));
    for changed in
        [[Some("alice"), Some(""), Some("admin")], [Some("alicea"), None, Some("dmin")], [Some("alice"), None, None]]
    {
        assert_eq!(ring.check_row("users", &changed, &mark), Err(SealError::Tampered), "{changed:?}");
    }
    assert_eq!(ring.check_row("factors", &columns, &mark), Err(SealError::Tampered));
    assert_eq!(ring.check_audit("users", &columns, &mark), Err(SealError::Tampered), "another purpose, another key");
}

#[test]
fn sec2_no_nonce_comes_twice_in_a_million() {
    let (_folder, ring) = ring();
    let nonces = |count: usize| -> Vec<[u8; 16]> {
        let entropy = SystemEntropy::new();
        let sealed = (0..count).map(|_| ring.seal(&entropy, PLACE, b"").unwrap());
        // Twelve bytes are sixteen characters.
        sealed.map(|text| text.split_once('.').unwrap().1.as_bytes()[..16].try_into().unwrap()).collect()
    };
    let mut all: Vec<[u8; 16]> = std::thread::scope(|scope| {
        let halves = [0; 2].map(|_| scope.spawn(|| nonces(500_000)));
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
}
