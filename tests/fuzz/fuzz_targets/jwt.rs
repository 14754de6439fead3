//! What clients sign, and the keys that they register: whatever is read means one thing, and nobody's signature is taken for
//! that of a key that has signed nothing.

#![no_main]

use idp_server::oidc::jose::{LONGEST, Signed};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use twolatch_core::client::PublicKey;
use twolatch_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// The key of RFC 8037, A.2, and one of RFC 7515, A.3.
fn keys() -> Vec<PublicKey> {
    let keys = [
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
        json!({
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }),
    ];
    keys.iter().map(|key| PublicKey::read(key).unwrap()).collect()
}

fuzz_target!(|input: &[u8]| {
    if let Ok(value) = serde_json::from_slice::<Value>(input)
        && let Ok(keys) = PublicKey::set(&value)
    {
        for key in keys {
            let written = serde_json::to_value(&key).unwrap();
            assert!(["d", "p", "q", "k"].iter().all(|private| written.get(private).is_none()));
            let again = PublicKey::read(&written).expect("it was one before");
            assert_eq!((again.thumbprint(), &again), (key.thumbprint(), &key));
        }
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(signed) = Signed::read(text) else { return };
    assert_eq!(text.split('.').count(), 3);
    let alg = signed.header("alg").and_then(Value::as_str).expect("it names its algorithm");
    assert!(["RS256", "PS256", "ES256", "EdDSA", "Ed25519"].contains(&alg));
    assert!(["crit", "jku", "x5u", "x5c", "b64"].iter().all(|name| signed.header(name).is_none()));
    assert!(signed.by_one_of(&keys()).is_err(), "nobody has signed anything");
    if let Ok(until) = signed.times(NOW, LONGEST) {
        assert!(until > NOW && until.since(NOW) <= LONGEST + 60);
    }
    let _ = (signed.audience(), signed.text("iss"), signed.time("iat"), signed.is_of_type(&[None, Some("jwt")]));
});
