//! The clients of the suite: each with what its modules come with, and with a secret or a key that is told to the suite alone.

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Client, Demand, PublicKey, RedirectUri, Settings, SigningAlg};
use twolatch_core::crypto::random_text;

use crate::cli::CliError;
use crate::state::App;

/// What the names of the clients begin with. By it they are known as ours.
const NAME: &str = "Conformance suite: ";

/// Which client of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first of most plans.
    First,
    /// The second of most plans.
    Second,
    /// One that shows its secret in the form.
    SecretPost,
    /// The one that is told of sign-outs: in other plans the suite takes such a call for a fault.
    Backchannel,
    /// The first under FAPI.
    FapiFirst,
    /// The second under FAPI.
    FapiSecond,
}

impl Kind {
    pub(super) const ALL: [Self; 6] =
        [Self::First, Self::Second, Self::SecretPost, Self::Backchannel, Self::FapiFirst, Self::FapiSecond];

    const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::SecretPost => "secret-post",
            Self::Backchannel => "backchannel",
            Self::FapiFirst => "fapi-first",
            Self::FapiSecond => "fapi-second",
        }
    }

    const fn is_fapi(self) -> bool {
        matches!(self, Self::FapiFirst | Self::FapiSecond)
    }
}

/// A client, and what the suite has to know of it.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) kind: Kind,
    pub(super) client: Client,
    /// The suite's own part of its configuration.
    pub(super) told: Value,
}

impl Registered {
    /// A client whose addresses are below `base`.
    pub(super) fn make(app: &App, kind: Kind, alias: &str, base: &str) -> Result<Self, CliError> {
        let now = app.now();
        let id = format!("conformance-{alias}-{}", kind.word());
        let mut client = Client {
            id: id.parse().map_err(wrong)?,
            name: format!("{NAME}{}", kind.word()),
            secret: None,
            former: None,
            // The second address is where the suite's second client is answered under FAPI.
            redirect_uris: vec![
                address(&format!("{base}/callback"))?,
                address(&format!("{base}/callback?dummy1=lorem&dummy2=ipsum"))?,
            ],
            auth_method: AuthMethod::ClientSecretBasic,
            alg: SigningAlg::Rs256,
            logout_uri: None,
            settings: Settings::default(),
            // Most modules send no challenge.
            pkce_waived_at: (!kind.is_fapi()).then_some(now),
            disabled_at: None,
            created_at: now,
        };
        client.settings.post_logout_redirect_uris = vec![address(&format!("{base}/post_logout_redirect"))?];
        match kind {
            Kind::SecretPost => client.auth_method = AuthMethod::ClientSecretPost,
            Kind::Backchannel => client.logout_uri = Some(address(&format!("{base}/backchannel_logout"))?),
            Kind::FapiFirst | Kind::FapiSecond => return Self::with_key(app, kind, client),
            Kind::First | Kind::Second => {}
        }
        let secret = random_text::<32>(app.entropy()).map_err(failed)?;
        client.secret = Some(app.store.client_secret_mark(&id, &secret));
        Ok(Self { kind, client, told: json!({ "client_id": id, "client_secret": secret }) })
    }

    /// A client under FAPI: with a key pair, of which the suite gets the private half.
    fn with_key(app: &App, kind: Kind, mut client: Client) -> Result<Self, CliError> {
        let kid = random_text::<10>(app.entropy()).map_err(failed)?;
        let (public, private) = key_pair(&kid).map_err(|_| CliError::failed("no key could be made".to_owned()))?;
        client.auth_method = AuthMethod::PrivateKeyJwt;
        client.alg = SigningAlg::Ps256;
        client.settings.demands = vec![Demand::Fapi];
        client.settings.keys = vec![PublicKey::read(&public).map_err(|error| CliError::failed(error.to_string()))?];
        let told = json!({
            "client_id": client.id, "scope": "openid profile email offline_access", "dpop_signing_alg": "ES256",
            "jwks": { "keys": [private] },
        });
        Ok(Self { kind, client, told })
    }
}

/// Whether this command has made a client.
pub(super) fn is_ours(client: &Client) -> bool {
    client.name.starts_with(NAME)
}

/// A key for ES256, in public and as a whole (RFC 7518, 6.2).
fn key_pair(kid: &str) -> Result<(Value, Value), Unspecified> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    // What comes first says that both halves follow.
    let point = pair.public_key().as_ref().get(1..).ok_or(Unspecified)?;
    let (x, y) = point.split_at_checked(32).ok_or(Unspecified)?;
    let public = json!({
        "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "use": "sig", "alg": "ES256", "kid": kid,
    });
    let mut private = public.clone();
    if let Some(members) = private.as_object_mut() {
        members.insert("d".to_owned(), text(pair.private_key().as_be_bytes()?.as_ref()).into());
    }
    Ok((public, private))
}

fn address(uri: &str) -> Result<RedirectUri, CliError> {
    uri.parse().map_err(|error| CliError::data(format!("--suite: {uri}: {error}")))
}

fn wrong(error: impl std::fmt::Display) -> CliError {
    CliError::data(error.to_string())
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::failed(error.to_string())
}
