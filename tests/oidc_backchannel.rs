//! What a client hears when somebody signs out, over a real connection.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use data_encoding::BASE64URL_NOPAD;
use idp_server::oidc::backchannel::tell;
use idp_server::outgoing::Caller;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, url::form_urlencoded};
use serde_json::{Value, json};
use twolatch_core::client::SigningAlg;

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Provider, payload};

on_both!(
    a_logout_token_is_what_the_standard_says_and_verifies_with_our_key_set,
    a_client_that_answers_badly_is_told_again_and_one_that_is_gone_is_not,
);

/// A client that answers with these statuses, one after the other, and shows what it was sent.
pub(crate) fn listener(statuses: &'static [&'static str]) -> (String, mpsc::Receiver<String>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://127.0.0.1:{}/told?a=1", socket.local_addr().unwrap().port());
    let (send, heard) = mpsc::channel();
    thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = socket.accept().unwrap();
            let mut text = Vec::new();
            let mut buffer = [0; 4096];
            let is_whole = |text: &[u8]| {
                let text = String::from_utf8_lossy(text);
                let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
                let length = head
                    .lines()
                    .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
                length == Some(body.len())
            };
            while !is_whole(&text) {
                let count = stream.read(&mut buffer).unwrap();
                assert!(count > 0, "cut off");
                text.extend_from_slice(&buffer[..count]);
            }
            write!(stream, "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").unwrap();
            send.send(String::from_utf8(text).unwrap()).unwrap();
        }
    });
    (uri, heard)
}

async fn a_logout_token_is_what_the_standard_says_and_verifies_with_our_key_set(core: Core) {
    let provider = Provider::over(core).await;
    let caller = Caller::new(None).unwrap();
    for (alg, name) in [
        (SigningAlg::Rs256, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256),
        (SigningAlg::Es256, CoreJwsSigningAlgorithm::EcdsaP256Sha256),
        (SigningAlg::EdDsa, CoreJwsSigningAlgorithm::EdDsa),
    ] {
        let (uri, heard) = listener(&["200 OK"]);
        let client =
            provider.client(|client| (client.alg, client.logout_uri) = (alg, Some(uri.parse().unwrap()))).await;
        let browser = provider.browser(&format!("user-{}", alg.as_str().to_lowercase()), &BOTH).await;
        let id = payload(&provider.redeem(&client, &provider.code(&browser, &client).await).await.text("id_token"));
        provider.sign_out(&browser).await;
        let logout = provider.app.store.claim_logout(&[], provider.now()).await.unwrap().unwrap();
        tell(&provider.app, &caller, logout).await;
        let heard = heard.recv().unwrap();
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /told?a=1 HTTP/1.1\r\n"), "{head}");
        assert!(head.to_lowercase().contains("content-type: application/x-www-form-urlencoded"), "{head}");
        let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let [(field, token)] = fields.as_slice() else { panic!("{fields:?}") };
        assert_eq!(field, "logout_token");
        let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let header: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
        assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!(alg.as_str())));
        let keys: CoreJsonWebKeySet = serde_json::from_value(provider.visit(None, "/jwks").await.json()).unwrap();
        let key = keys.keys().iter().find(|key| key.key_id().is_some_and(|kid| kid.as_str() == header["kid"])).unwrap();
        let signed = token.rsplit_once('.').unwrap().0;
        key.verify_signature(&name, signed.as_bytes(), &BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap()).unwrap();
        let mut claims = payload(token);
        let jti = claims["jti"].take();
        assert_eq!(jti.as_str().unwrap().len(), 26);
        let now = provider.now().unix();
        let expected = json!({
            "iss": id["iss"], "aud": client.id, "sub": id["sub"], "sid": id["sid"], "iat": now, "exp": now + 120,
            "jti": null, "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(claims, expected, "and no nonce");
        // It names a session, but it is no ID token: nobody is signed out by it.
        let other = provider.sign_in(browser.user.clone(), &BOTH).await;
        let answer = provider.visit(Some(&other), &format!("/logout?id_token_hint={token}")).await;
        assert!(answer.body.contains("/logout/confirm"), "{answer:?}");
        let told = provider.app.store.logouts_of(&client.id.parse().unwrap()).await.unwrap();
        assert_eq!((told[0].told_at, told[0].next_at), (Some(provider.now()), None));
    }
}

async fn a_client_that_answers_badly_is_told_again_and_one_that_is_gone_is_not(core: Core) {
    let provider = Provider::over(core).await;
    let caller = Caller::new(None).unwrap();
    let (uri, heard) = listener(&["500 Internal Server Error", "302 Found", "204 No Content"]);
    let client = provider.client(|client| client.logout_uri = Some(uri.parse().unwrap())).await;
    let id = client.id.parse().unwrap();
    let browser = provider.browser("alice", &BOTH).await;
    provider.redeem(&client, &provider.code(&browser, &client).await).await;
    provider.sign_out(&browser).await;
    let store = &provider.app.store;
    for (pause, trouble) in [(5, Some("answers 500")), (10, Some("answers 302")), (0, None)] {
        let logout = store.claim_logout(&[], provider.now()).await.unwrap().unwrap();
        tell(&provider.app, &caller, logout).await;
        heard.recv().unwrap();
        let [told] = store.logouts_of(&id).await.unwrap().try_into().unwrap();
        assert_eq!(told.trouble.as_deref().map(|text| text.split(';').next().unwrap()), trouble);
        assert_eq!(told.next_at, trouble.map(|_| provider.now().plus(pause)));
        assert_eq!(told.told_at.is_some(), trouble.is_none());
        provider.advance(pause);
    }
    // Nobody listens there any more; then the client is gone, too.
    let browser = provider.sign_in(browser.user.clone(), &BOTH).await;
    provider.redeem(&client, &provider.code(&browser, &client).await).await;
    provider.sign_out(&browser).await;
    let logout = store.claim_logout(&[], provider.now()).await.unwrap().unwrap();
    tell(&provider.app, &caller, logout.clone()).await;
    let told = store.logouts_of(&id).await.unwrap();
    assert!(told.iter().any(|one| one.trouble.as_deref().is_some_and(|text| text.starts_with("no connection"))));
    provider.edit(&client, |client| client.logout_uri = None).await;
    provider.advance(5);
    let logout = store.claim_logout(&[], provider.now()).await.unwrap().unwrap();
    tell(&provider.app, &caller, logout).await;
    assert!(store.logouts_of(&id).await.unwrap().iter().all(|one| one.next_at.is_none()));
}
