use openidconnect::JsonWebKey;

use super::*;
use crate::oidc::tests::{NOW, app, at};

async fn one(app: &App, alg: SigningAlg) -> SigningKey {
    create_missing(&app.store, NOW).await.unwrap();
    current(app, alg).await.unwrap()
}

fn token(key: &SigningKey, header: &str, payload: &str) -> String {
    let signed =
        format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(payload.as_bytes()));
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&key.signature(signed.as_bytes()).unwrap()))
}

#[tokio::test]
async fn each_algorithm_signs_what_the_published_key_verifies() {
    let (_folder, app) = app().await;
    for alg in SigningAlg::ALL {
        let key = one(&app, alg).await;
        let signature = PrivateSigningKey::sign(&key, &key.alg(), b"message").unwrap();
        let public = key.as_verification_key();
        public.verify_signature(&key.alg(), b"message", &signature).unwrap();
        assert!(public.verify_signature(&key.alg(), b"massage", &signature).is_err());
        assert!(PrivateSigningKey::sign(&key, &CoreJwsSigningAlgorithm::HmacSha256, b"message").is_err());
        assert_eq!(key.public()["alg"], alg.as_str());
    }
    let rsa = one(&app, SigningAlg::Rs256).await;
    assert_eq!(BASE64URL_NOPAD.decode(rsa.public()["n"].as_str().unwrap().as_bytes()).unwrap().len(), 256);
}

#[tokio::test]
async fn o17_o18_only_our_own_header_and_three_plain_parts_are_read() {
    let (_folder, app) = app().await;
    for alg in SigningAlg::ALL {
        let key = one(&app, alg).await;
        let (name, kid) = (alg.as_str(), key.kid.as_str());
        let good = token(&key, &format!(r#"{{"alg":"{name}","kid":"{kid}"}}"#), r#"{"sub":"x"}"#);
        let claims = verify(&app, &good).await.unwrap().unwrap();
        assert_eq!(claims["sub"], "x");
        let bad = [
            token(&key, &format!(r#"{{"alg":"none","kid":"{kid}"}}"#), "{}"),
            token(&key, &format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#), "{}"),
            token(&key, &format!(r#"{{"alg":"{name}"}}"#), "{}"),
            token(&key, &format!(r#"{{"alg":"{name}","kid":"x"}}"#), "{}"),
            token(&key, &format!(r#"{{"alg":"{name}","kid":"{kid}","crit":["x"]}}"#), "{}"),
            token(&key, &format!(r#"{{"alg":"{name}","kid":"{kid}","jwk":{{}}}}"#), "{}"),
            token(&key, &format!(r#"{{"alg":"{name}","kid":"{kid}"}}"#), "[]"),
            token(&key, &format!(r#"{{"alg":"{name}","kid":"{kid}"}}"#), &"[".repeat(1000)),
            format!("{good}."),
            format!("x.{good}"),
            format!("{good}="),
            good.replace('.', ".\n"),
            String::new(),
            ".".repeat(10_000),
        ];
        for token in bad {
            assert_eq!(verify(&app, &token).await.unwrap(), None, "{token}");
        }
    }
}

#[tokio::test]
async fn a_key_that_was_moved_or_made_elsewhere_is_not_used() {
    let (_folder, app) = app().await;
    create_missing(&app.store, NOW).await.unwrap();
    let sealed = generate(SigningAlg::EdDsa, app.entropy(), NOW).unwrap();
    let kid = sealed.kid.clone();
    app.store.add_signing_key(sealed).await.unwrap();
    let pool = app.store.pool();
    let sql = "UPDATE signing_keys SET kid = 'other' WHERE kid = $1";
    assert_eq!(sqlx::query(sql).bind(kid).execute(pool).await.unwrap().rows_affected(), 1);
    assert!(matches!(key_set(&app).await, Err(StoreError::Row { table: "signing_keys", .. })));
}

#[tokio::test]
async fn a_retired_key_stays_published_for_a_day_and_signs_nothing() {
    let (_folder, app) = app().await;
    let mut old = generate(SigningAlg::EdDsa, app.entropy(), NOW).unwrap();
    old.retired_at = Some(NOW);
    let kid = old.kid.clone();
    app.store.add_signing_key(old).await.unwrap();
    assert_ne!(one(&app, SigningAlg::EdDsa).await.kid, kid);
    for (age, shown) in [(0, true), (OVERLAP - 1, true), (OVERLAP, false)] {
        let set: Value = serde_json::from_slice(&key_set(&at(&app, NOW.plus(age))).await.unwrap()).unwrap();
        let keys = set["keys"].as_array().unwrap();
        assert_eq!(
            (keys.iter().any(|key| key["kid"] == kid.as_str()), keys.len()),
            (shown, SigningAlg::ALL.len() + usize::from(shown)),
            "{age}"
        );
    }
}
