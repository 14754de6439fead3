//! The client that the plan `fapi2-security-profile-final` comes with: `private_key_jwt`, pushed requests, bound tokens. Each
//! part of what it sends can be spoilt.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Method, header};
use idp_server::oidc::dpop;
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Demand, SigningAlg};

use crate::support::core::Core;
use crate::support::provider::{Answer, BOTH, Browser, ISSUER, Provider, Registered, form, good, redemption, with};
use crate::support::signer::Signer;

pub(super) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A client under FAPI, and a browser in which somebody is signed in.
pub(super) struct Fapi {
    pub(super) provider: Provider,
    pub(super) client: Registered,
    pub(super) browser: Browser,
    /// What it proves itself with.
    pub(super) signer: Signer,
    /// What its tokens are bound to.
    pub(super) holder: Signer,
    next: AtomicU32,
}

impl Fapi {
    pub(super) async fn over(core: Core) -> Self {
        let provider = Provider::over(core).await;
        let browser = provider.browser("alice", &BOTH).await;
        Self::of(provider, browser).await
    }

    /// Another client, at which the same person signs in.
    pub(super) async fn other(&self) -> Self {
        Self::of(self.provider.clone(), self.browser.clone()).await
    }

    async fn of(provider: Provider, browser: Browser) -> Self {
        let (signer, holder) = (Signer::new(SigningAlg::EdDsa), Signer::new(SigningAlg::Es256));
        let key = signer.key();
        let client = provider
            .client(|client| {
                (client.auth_method, client.secret, client.alg) = (AuthMethod::PrivateKeyJwt, None, SigningAlg::Ps256);
                client.settings.keys = vec![key];
                client.settings.demands = vec![Demand::Fapi];
            })
            .await;
        Self { provider, client, browser, signer, holder, next: AtomicU32::new(0) }
    }

    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.client.id, self.next.fetch_add(1, Ordering::SeqCst))
    }

    /// What an assertion says.
    pub(super) fn claims(&self) -> Value {
        let now = self.provider.now().unix();
        let id = &self.client.id;
        json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": self.name(), "iat": now, "exp": now + 60 })
    }

    /// What a proof for a request says.
    pub(super) fn proof_claims(&self, method: &str, path: &str) -> Value {
        let now = self.provider.now();
        json!({
            "jti": self.name(), "htm": method, "htu": format!("{ISSUER}{path}"), "iat": now.unix(),
            "nonce": dpop::nonce(&self.provider.app.store, now),
        })
    }

    pub(super) fn proof(&self, method: &str, path: &str) -> String {
        self.holder.dpop(&self.proof_claims(method, path))
    }

    /// A request of the client with this assertion and this proof.
    pub(super) async fn send(
        &self,
        path: &str,
        params: &[(&str, &str)],
        assertion: Option<&str>,
        proof: Option<&str>,
    ) -> Answer {
        let mut params = params.to_vec();
        if let Some(assertion) = assertion {
            params.push(("client_assertion", assertion));
            params.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        }
        let mut headers = vec![FORM];
        headers.extend(proof.map(|proof| ("DPoP", proof)));
        self.provider.raw(Method::POST, path, &headers, &form(&params)).await
    }

    /// A request as the client makes it.
    pub(super) async fn ask(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        let (assertion, proof) = (self.signer.sign(&self.claims()), self.proof("POST", path));
        let proof = (path == "/token").then_some(proof.as_str());
        self.send(path, params, Some(&assertion), proof).await
    }

    /// The parameters of a request that is pushed.
    pub(super) fn request(&self) -> Vec<(&str, &str)> {
        good(&self.client)
    }

    pub(super) async fn push(&self, params: &[(&str, &str)]) -> Answer {
        self.ask("/par", params).await
    }

    /// The address of a request that was pushed.
    pub(super) async fn pushed(&self, params: &[(&str, &str)]) -> String {
        self.push(params).await.text("request_uri")
    }

    pub(super) async fn authorize(&self, request_uri: &str) -> Answer {
        let params = [("client_id", self.client.id.as_str()), ("request_uri", request_uri)];
        self.provider.authorize(Some(&self.browser), &params).await
    }

    /// The answer to a request that is pushed and begun.
    pub(super) async fn begin(&self, params: &[(&str, &str)]) -> Answer {
        let uri = self.pushed(params).await;
        self.authorize(&uri).await
    }

    pub(super) async fn code(&self) -> String {
        let answer = self.begin(&self.request()).await;
        answer.param("code").unwrap_or_else(|| panic!("{answer:?}"))
    }

    pub(super) async fn redeem(&self, code: &str) -> Answer {
        self.ask("/token", &redemption(code)).await
    }

    pub(super) async fn access(&self) -> String {
        self.redeem(&self.code().await).await.text("access_token")
    }

    /// A proof for the resource that the suite calls: ours is /userinfo.
    pub(super) fn resource_claims(&self, access: &str) -> Value {
        let mut claims = self.proof_claims("GET", "/userinfo");
        claims["ath"] = twolatch_core::crypto::token_hash(access).into();
        claims
    }

    pub(super) async fn resource(&self, access: &str, proof: &str) -> Answer {
        let authorization = format!("DPoP {access}");
        let headers = [(header::AUTHORIZATION.as_str(), authorization.as_str()), ("DPoP", proof)];
        self.provider.raw(Method::GET, "/userinfo", &headers, "").await
    }
}

/// A request with one parameter replaced, added, or taken away by an empty value.
pub(super) fn but<'a>(fapi: &'a Fapi, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    with(&fapi.request(), name, value)
}
