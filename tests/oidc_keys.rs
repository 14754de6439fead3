//! Other keys in the place of those that sign tokens, while clients keep the key set as long as they are told to.

use std::collections::BTreeSet;

use axum::http::{Method, header};
use data_encoding::BASE64URL_NOPAD;
use idp_server::oidc::sign;
use serde_json::Value;
use twolatch_core::client::{GrantType, SigningAlg, TokenFormat};

use crate::support::core::{Core, actor, on_both};
use crate::support::provider::{BOTH, Provider, Registered, redemption};

on_both!(
    oau23_a_new_key_is_published_before_it_signs_and_the_old_one_as_long_as_it_is_needed,
    oau23_by_schedule_no_client_that_keeps_the_key_set_meets_an_unknown_key,
);

/// The name of the key that has signed a token.
fn kid_of(token: &str) -> String {
    let header = BASE64URL_NOPAD.decode(token.split('.').next().unwrap().as_bytes()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// The names of the keys that a server shows.
async fn published(provider: &Provider) -> Vec<String> {
    let set = provider.raw(Method::GET, "/jwks", &[], "").await.json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn oau23_a_new_key_is_published_before_it_signs_and_the_old_one_as_long_as_it_is_needed(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(|_| {}).await;
    let signs = async |name: &str| {
        let browser = provider.browser(name, &BOTH).await;
        let code = provider.code(&browser, &client).await;
        let answer = provider.token(&client, &redemption(&code)).await;
        kid_of(&answer.text("id_token"))
    };
    let published = async || published(&provider).await;
    let rotate = async |leaked| sign::rotate(&provider.app.store, leaked, &actor(provider.now())).await.unwrap();
    let old = signs("alice").await;
    assert!(rotate(false).await.is_some());
    assert!(rotate(false).await.is_none(), "keys wait already");
    provider.advance(1);
    assert_eq!(published().await.len(), 2 * SigningAlg::ALL.len(), "the new ones are published at once");
    assert_eq!(signs("bob").await, old, "and do not sign yet");
    provider.advance(3600);
    let new = signs("carol").await;
    assert_ne!(new, old);
    let served = published().await;
    assert!(served.contains(&old) && served.contains(&new));
    provider.advance(86_400);
    let served = published().await;
    assert!(!served.contains(&old) && served.contains(&new));
    // Others have the keys: nothing that they have signed is good.
    assert!(rotate(true).await.is_some());
    provider.advance(1);
    let served = published().await;
    assert!(!served.contains(&new) && served.len() == SigningAlg::ALL.len(), "{served:?}");
    assert!(served.contains(&signs("dave").await));
}

/// A client, or an API of its own, that looks at the key set no more often than it is told to.
struct Keeper {
    keys: Vec<String>,
    until: i64,
}

impl Keeper {
    async fn knows(&mut self, server: &Provider, kid: &String) -> bool {
        let now = server.now().unix();
        if now >= self.until {
            let answer = server.raw(Method::GET, "/jwks", &[], "").await;
            let life = answer.header(header::CACHE_CONTROL).rsplit_once("max-age=").unwrap().1.parse::<i64>().unwrap();
            *self = Self { keys: published(server).await, until: now + life };
        }
        self.keys.contains(kid)
    }
}

async fn signed(server: &Provider, client: &Registered) -> String {
    kid_of(&server.token(client, &[("grant_type", "client_credentials")]).await.text("access_token"))
}

async fn oau23_by_schedule_no_client_that_keeps_the_key_set_meets_an_unknown_key(core: Core) {
    let provider = Provider::configured(core, |config| config.clients.signing_key_days = Some(30)).await;
    let servers = [provider.clone(), provider.second_server().await];
    let client = provider
        .client(|client| {
            client.settings.grants = vec![GrantType::ClientCredentials];
            client.settings.scopes = vec!["jobs:read".parse().unwrap()];
            client.settings.access_tokens = TokenFormat::Jwt;
            client.redirect_uris.clear();
        })
        .await;
    let mut keepers = [0, 1].map(|_| Keeper { keys: Vec::new(), until: 0 });
    let mut seen = BTreeSet::new();
    for month in 0..3 {
        // Both servers look at once, every five minutes about the time that there are new keys.
        for _ in 0..30 {
            let looks =
                servers.clone().map(|server| tokio::spawn(async move { sign::rotate_by_schedule(&server.app).await }));
            for look in looks {
                look.await.unwrap().unwrap();
            }
            for (index, server) in servers.iter().enumerate() {
                let kid = signed(server, &client).await;
                // What one server has signed is checked with what the other has shown.
                assert!(keepers[1 - index].knows(&servers[1 - index], &kid).await, "month {month}: {kid}");
                seen.insert(kid);
            }
            provider.advance(300);
        }
        assert_eq!(seen.len(), month + 1, "month {month}");
        provider.advance(30 * 86_400 - 3600);
    }
    let rotations = "SELECT COUNT(*) FROM audit WHERE event = 'key_added' AND detail LIKE 'signing keys%'";
    assert_eq!(provider.number(rotations).await, 2, "the servers agree on when");
    assert!(published(&provider).await.len() <= 2 * SigningAlg::ALL.len(), "what is over is gone");
}
