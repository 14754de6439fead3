use super::*;

fn point(byte: u8) -> String {
    BASE64URL_NOPAD.encode(&[byte; 32])
}

#[test]
fn a_key_is_written_as_it_was_read() {
    for key in [
        json!({ "crv": "P-256", "kid": "a", "kty": "EC", "x": point(1), "y": point(2) }),
        json!({ "alg": "EdDSA", "crv": "Ed25519", "kty": "OKP", "x": point(3) }),
    ] {
        let read: PublicKey = serde_json::from_value(key.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), key);
        assert_eq!(PublicKey::set(&json!({ "keys": [key.clone(), key] })).unwrap(), [read.clone(), read]);
    }
}

#[test]
fn o15_what_is_no_public_key_is_refused() {
    let ed = |more: Value| {
        let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "x": point(3) });
        for (name, value) in more.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    };
    for (key, error) in [
        (json!([]), KeyError::Shape),
        (json!({}), KeyError::Kind),
        (json!({ "keys": {} }), KeyError::Shape),
        (json!({ "kty": "oct", "k": "AAAA" }), KeyError::Private),
        (ed(json!({ "d": point(4) })), KeyError::Private),
        (ed(json!({ "use": "enc" })), KeyError::Use),
        (ed(json!({ "key_ops": ["sign"] })), KeyError::Use),
        (ed(json!({ "alg": "ES256" })), KeyError::Kind),
        (ed(json!({ "alg": "HS256" })), KeyError::Kind),
        (ed(json!({ "crv": "X25519" })), KeyError::Kind),
        (ed(json!({ "kid": 7 })), KeyError::Shape),
        (ed(json!({ "kid": "k".repeat(257) })), KeyError::Shape),
        (ed(json!({ "x": "AAAA" })), KeyError::Shape),
        (ed(json!({ "x": format!("{}=", point(3)) })), KeyError::Shape),
        (json!({ "kty": "EC", "crv": "P-384", "x": point(1), "y": point(1) }), KeyError::Kind),
        (json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(&[200; 128]), "e": "AQAB" }), KeyError::Size),
        (json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(&[200; 256]), "e": "Aw" }), KeyError::Size),
        (json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(&[200; 1024]), "e": "AQAB" }), KeyError::Size),
    ] {
        assert_eq!(PublicKey::set(&key), Err(error), "{key}");
    }
}

#[test]
fn an_algorithm_fits_its_own_kind_of_key() {
    let rsa = PublicKey {
        alg: None,
        ..PublicKey::read(&json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(&[200; 256]), "e": "AQAB" })).unwrap()
    };
    let is_for = |key: &PublicKey| SigningAlg::ALL.map(|alg| key.is_for(alg));
    assert_eq!(is_for(&rsa), [true, true, false, false]);
    assert_eq!(is_for(&PublicKey { alg: Some(SigningAlg::Ps256), ..rsa }), [false, true, false, false]);
    let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": point(3), "alg": "Ed25519" });
    let ed = PublicKey::read(&ed).unwrap();
    assert_eq!(is_for(&ed), [false, false, false, true]);
}

#[test]
fn the_thumbprint_is_that_of_the_standard() {
    // RFC 8037, A.3
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "x" });
    assert_eq!(PublicKey::read(&key).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}
