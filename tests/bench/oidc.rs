//! `oidc CONFIG`: puts into that configuration's database what the OpenID Connect provider is measured with: clients, and
//! somebody who is signed in. Prints the cookie of that session.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use idp_server::config::Config;
use idp_server::web::cookie::Cookie;
use twolatch_core::client::{AuthMethod, Client, GrantType, Settings, SigningAlg, TokenFormat};
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::crypto::{SystemEntropy, random_text};
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::store::Store;
use twolatch_core::store::factors::insert_factor;
use twolatch_core::store::sessions::insert_session;
use twolatch_core::store::users::insert_user;
use twolatch_core::time::{Clock, SystemClock};

use crate::people::person;

mod people;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SECRET: &str = "a secret that is long enough for everybody";
const REDIRECT: &str = "http://127.0.0.1:1/callback";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config] = arguments.as_slice() else { return Err("usage: oidc CONFIG".into()) };
    let config = Config::load(Path::new(config))?;
    let entropy = Arc::new(SystemEntropy::new());
    let store = Store::open(config.database.clone(), KeyRing::load(&config.keys)?, entropy.clone()).await?;
    for (id, alg, machine) in [
        ("bench-rs256", SigningAlg::Rs256, None),
        ("bench-es256", SigningAlg::Es256, None),
        ("machine", SigningAlg::Rs256, Some(TokenFormat::Opaque)),
        ("machine-jwt", SigningAlg::Es256, Some(TokenFormat::Jwt)),
    ] {
        store.add_client(client(&store, id, alg, machine)?, "bench".to_owned()).await?;
    }
    let (user, factor) = person("alice", &*entropy)?;
    let (token, now) = (random_text::<20>(&*entropy)?, SystemClock.now());
    let (inside, sent) = (store.clone(), token.clone());
    let written = store.write(move |connection| {
        Box::pin(async move {
            insert_user(connection, &inside, &user).await?;
            insert_factor(connection, &inside, &factor).await?;
            let proofs = [Kind::Password, Kind::Totp].map(|kind| Proof { kind, at: now });
            insert_session(connection, &inside, &sent, &user, &proofs, "127.0.0.1", now).await
        })
    });
    written.await?;
    store.close().await;
    let name = Cookie::Session.name(config.is_https());
    writeln!(std::io::stdout(), "{name}={token}")?;
    Ok(())
}

/// A client that signs people in, or one that asks for itself.
fn client(store: &Store, id: &str, alg: SigningAlg, machine: Option<TokenFormat>) -> Result<Client, Failure> {
    let settings = match machine {
        None => Settings::default(),
        Some(access_tokens) => Settings {
            grants: vec![GrantType::ClientCredentials],
            scopes: vec!["jobs:read".parse()?],
            access_tokens,
            audiences: vec!["https://api.example.org".to_owned()],
            ..Settings::default()
        },
    };
    Ok(Client {
        id: id.parse()?,
        name: "Bench".to_owned(),
        secret: Some(store.client_secret_mark(id, SECRET)),
        redirect_uris: if machine.is_none() { vec![REDIRECT.parse()?] } else { Vec::new() },
        auth_method: AuthMethod::ClientSecretBasic,
        alg,
        former: None,
        logout_uri: None,
        settings,
        pkce_waived_at: None,
        disabled_at: None,
        created_at: SystemClock.now(),
    })
}
