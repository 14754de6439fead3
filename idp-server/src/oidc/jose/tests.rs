use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn pair() -> (Ed25519KeyPair, PublicKey) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
    let key = PublicKey::read(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "one" })).unwrap();
    (pair, key)
}

fn token(pair: &Ed25519KeyPair, header: &str, claims: &str) -> String {
    let message =
        format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(claims.as_bytes()));
    format!("{message}.{}", BASE64URL_NOPAD.encode(pair.sign(message.as_bytes()).as_ref()))
}

#[test]
fn o16_o17_o18_what_can_be_read_in_two_ways_is_not_read() {
    let (pair, key) = pair();
    let good = token(&pair, r#"{"alg":"EdDSA"}"#, r#"{"iss":"a"}"#);
    assert!(Signed::read(&good).unwrap().is_by(&key));
    let header = |header: &str| token(&pair, header, "{}");
    for bad in [
        header(r#"{"alg":"none"}"#),
        header(r#"{"alg":"nOnE"}"#),
        header(r#"{"alg":"HS256"}"#),
        header(r#"{"alg":"ES512"}"#),
        header("{}"),
        header(r#"{"alg":"EdDSA","alg":"EdDSA"}"#),
        header(r#"{"alg":"EdDSA","crit":[]}"#),
        header(r#"{"alg":"EdDSA","jku":"https://a.example/"}"#),
        header(r#"{"alg":"EdDSA","x5u":"https://a.example/"}"#),
        header(r#"{"alg":"EdDSA","x5c":[]}"#),
        header(r#"{"alg":"EdDSA","b64":false}"#),
        header(r#"{"alg":"EdDSA","enc":"A128GCM"}"#),
        header(&format!(r#"{{"alg":"EdDSA","kid":{}}}"#, "[".repeat(2000))),
        token(&pair, r#"{"alg":"EdDSA"}"#, r#"{"iss":"a","iss":"b"}"#),
        token(&pair, r#"{"alg":"EdDSA"}"#, "[]"),
        token(&pair, r#"{"alg":"EdDSA"}"#, "{} "),
        format!("{good}."),
        format!("{good}=="),
        format!("{good}\n"),
        format!("{good}.x"),
        good.replacen('.', "", 1),
        String::new(),
        "..".to_owned(),
        "x".repeat(MOST + 1),
    ] {
        // A space behind the claims is JSON; all else is nothing.
        let read = Signed::read(&bad);
        assert_eq!(read.is_err(), !bad.contains(&BASE64URL_NOPAD.encode(b"{} ")), "{bad}");
    }
    let unsigned = good.rsplit_once('.').map(|(message, _)| format!("{message}.")).unwrap();
    assert!(!Signed::read(&unsigned).unwrap().is_by(&key));
    let other = token(&self::pair().0, r#"{"alg":"EdDSA"}"#, "{}");
    assert!(!Signed::read(&other).unwrap().is_by(&key));
}

#[test]
fn o16_a_kid_is_a_name_among_the_clients_own_and_nothing_else() {
    let (pair, key) = pair();
    let with = |kid: &str| token(&pair, &format!(r#"{{"alg":"EdDSA","kid":{kid}}}"#), "{}");
    let by = |token: &str, keys: &[PublicKey]| Signed::read(token).unwrap().by_one_of(keys).is_ok();
    let nameless = PublicKey { kid: None, ..key.clone() };
    assert!(by(&with("\"one\""), std::slice::from_ref(&key)));
    assert!(by(&with("\"two\""), std::slice::from_ref(&nameless)));
    assert!(by(&token(&pair, r#"{"alg":"EdDSA"}"#, "{}"), &[self::pair().1, key.clone()]));
    for kid in ["\"two\"", "\"\"", "\"../../dev/null\"", "\"' OR 1=1\"", "\"\\u0000\"", "7", "[\"one\"]"] {
        assert!(!by(&with(kid), std::slice::from_ref(&key)), "{kid}");
    }
    assert!(!by(&with("\"one\""), &[]));
    let only_rsa = PublicKey { alg: Some(SigningAlg::Ps256), ..key };
    assert!(!by(&with("\"one\""), &[only_rsa]));
}

#[test]
fn o15_o18_a_time_is_whole_seconds_and_an_end_is_near() {
    let (pair, _) = pair();
    let times = |claims: &str| {
        let token = token(&pair, r#"{"alg":"EdDSA"}"#, claims);
        Signed::read(&token).unwrap().times(NOW, LONGEST)
    };
    let now = NOW.unix();
    assert_eq!(times(&json!({ "exp": now + 60, "iat": now, "nbf": now + 8 }).to_string()), Ok(NOW.plus(70)));
    assert!(times(&json!({ "exp": now - 9 }).to_string()).is_ok());
    assert!(times(&json!({ "exp": now + 3600 }).to_string()).is_ok());
    for bad in [
        json!({}),
        json!({ "exp": now - 10 }),
        json!({ "exp": now - 300 }),
        json!({ "exp": now + 3601 }),
        json!({ "exp": now + 365 * 86_400 }),
        json!({ "exp": (now + 60).to_string() }),
        json!({ "exp": 1e308 }),
        json!({ "exp": 1_800_000_060.5 }),
        json!({ "exp": -1 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": i64::MAX }),
        json!({ "exp": null }),
        json!({ "exp": now + 60, "nbf": now + 61 }),
        json!({ "exp": now + 60, "iat": now + 61 }),
        json!({ "exp": now + 60, "iat": "now" }),
    ] {
        assert!(times(&bad.to_string()).is_err(), "{bad}");
    }
}

#[test]
fn an_audience_is_one_name_or_several() {
    let (pair, _) = pair();
    let is_for = |aud: Value| {
        let token = token(&pair, r#"{"alg":"EdDSA"}"#, &json!({ "aud": aud }).to_string());
        Signed::read(&token).unwrap().audience().map(|all| all.join(" "))
    };
    assert_eq!(is_for(json!("a")), Ok("a".to_owned()));
    assert_eq!(is_for(json!(["a", "b"])), Ok("a b".to_owned()));
    for bad in [json!([]), json!(null), json!(["a", 7]), json!({ "a": 1 }), json!(7)] {
        assert!(is_for(bad.clone()).is_err(), "{bad}");
    }
}
