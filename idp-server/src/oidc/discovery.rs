//! `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: what this provider does, and
//! nothing that it does not (OpenID Connect Discovery 1.0, 3; RFC 8414, 2).

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::Request;
use axum::response::Response;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::url::ParseError;
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl, LanguageTag,
    ProviderMetadata, RegistrationUrl, ResponseTypes, Scope as ScopeName, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use twolatch_core::client::SigningAlg;
use twolatch_core::step::Assurance;

use super::error::{Code, OauthError};
use super::scope::Scope;
use super::{document, dpop};
use crate::state::App;
use crate::text::Language;

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What later standards added.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct More {
    /// RFC 8414, 2
    code_challenge_methods_supported: Vec<String>,
    /// RFC 9207, 3
    authorization_response_iss_parameter_supported: bool,
    /// RFC 8628, 4
    device_authorization_endpoint: String,
    /// RFC 9126, 5
    pushed_authorization_request_endpoint: String,
    /// RFC 8414, 2
    introspection_endpoint: String,
    /// RFC 8414, 2
    introspection_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 8414, 2
    introspection_endpoint_auth_signing_alg_values_supported: Vec<CoreJwsSigningAlgorithm>,
    /// RFC 8414, 2
    revocation_endpoint_auth_signing_alg_values_supported: Vec<CoreJwsSigningAlgorithm>,
    /// RFC 8414, 2
    revocation_endpoint: String,
    /// RFC 8414, 2
    revocation_endpoint_auth_methods_supported: Vec<String>,
    /// OpenID Connect RP-Initiated Logout 1.0, 2.1
    end_session_endpoint: String,
    /// OpenID Connect Back-Channel Logout 1.0, 2.1
    backchannel_logout_supported: bool,
    /// The same.
    backchannel_logout_session_supported: bool,
    /// RFC 9449, 5.1
    dpop_signing_alg_values_supported: Vec<String>,
    /// Initiating User Registration via OpenID Connect 1.0, 5
    prompt_values_supported: Vec<String>,
}

impl AdditionalProviderMetadata for More {}

/// What tokens say of themselves, and of how somebody has signed in.
const CLAIMS: [&str; 11] = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"];

/// What we sign with, and take that clients have signed.
const ALGS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How clients prove themselves where they have to.
const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

/// The metadata as it is sent, once somebody has asked.
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<OnceLock<Bytes>>);

/// Answers the metadata.
pub fn get(app: &App, request: &Request, Written(written): &Written) -> Response {
    let json = match written.get() {
        Some(json) => Ok(json.clone()),
        None => write(app).map(|json| written.get_or_init(|| json).clone()),
    };
    document::answer(app, request, json)
}

fn write(app: &App) -> Result<Bytes, OauthError> {
    let failed = |error: String| OauthError::new(Code::ServerError, error);
    let metadata = metadata(&app.config.issuer, app.config.clients.registration);
    let metadata = metadata.map_err(|error| failed(error.to_string()))?;
    Ok(serde_json::to_string(&metadata).map_err(|error| failed(error.to_string()))?.into())
}

fn metadata(issuer: &str, registration: bool) -> Result<Metadata, ParseError> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let more = More {
        code_challenge_methods_supported: words(&["S256"]),
        authorization_response_iss_parameter_supported: true,
        device_authorization_endpoint: format!("{issuer}/device_authorization"),
        pushed_authorization_request_endpoint: format!("{issuer}/par"),
        introspection_endpoint: format!("{issuer}/introspect"),
        introspection_endpoint_auth_methods_supported: words(&METHODS),
        introspection_endpoint_auth_signing_alg_values_supported: ALGS.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: ALGS.to_vec(),
        revocation_endpoint: format!("{issuer}/revoke"),
        revocation_endpoint_auth_methods_supported: [words(&METHODS), words(&["none"])].concat(),
        end_session_endpoint: format!("{issuer}/logout"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        dpop_signing_alg_values_supported: words(&dpop::ALGS.map(SigningAlg::as_str)),
        prompt_values_supported: words(&["none", "login", "consent", "select_account", "create"]),
    };
    let metadata = Metadata::new(
        IssuerUrl::new(issuer.to_owned())?,
        AuthUrl::new(format!("{issuer}/authorize"))?,
        JsonWebKeySetUrl::new(format!("{issuer}/jwks"))?,
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public],
        ALGS.to_vec(),
        more,
    );
    Ok(metadata
        .set_token_endpoint(Some(TokenUrl::new(format!("{issuer}/token"))?))
        .set_registration_endpoint(
            registration.then(|| RegistrationUrl::new(format!("{issuer}/register"))).transpose()?,
        )
        .set_userinfo_endpoint(Some(UserInfoUrl::new(format!("{issuer}/userinfo"))?))
        .set_scopes_supported(Some(
            Scope::ALL.into_iter().map(|scope| ScopeName::new(scope.as_str().to_owned())).collect(),
        ))
        .set_response_modes_supported(Some(vec![CoreResponseMode::Query, CoreResponseMode::FormPost]))
        .set_grant_types_supported(Some(vec![
            CoreGrantType::AuthorizationCode,
            CoreGrantType::RefreshToken,
            CoreGrantType::ClientCredentials,
            CoreGrantType::DeviceCode,
        ]))
        .set_acr_values_supported(Some(
            Assurance::ALL.into_iter().map(|level| AuthenticationContextClass::new(level.acr().to_owned())).collect(),
        ))
        .set_token_endpoint_auth_methods_supported(Some(vec![
            CoreClientAuthMethod::ClientSecretBasic,
            CoreClientAuthMethod::ClientSecretPost,
            CoreClientAuthMethod::PrivateKeyJwt,
            CoreClientAuthMethod::None,
        ]))
        .set_token_endpoint_auth_signing_alg_values_supported(Some(ALGS.to_vec()))
        .set_request_object_signing_alg_values_supported(Some(ALGS.to_vec()))
        .set_userinfo_signing_alg_values_supported(Some(ALGS.to_vec()))
        .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
        .set_claims_supported(Some(
            CLAIMS
                .into_iter()
                .chain(Scope::ALL.iter().flat_map(|scope| scope.claims()).copied())
                .map(|name| CoreClaimName::new(name.to_owned()))
                .collect(),
        ))
        .set_claims_parameter_supported(Some(true))
        .set_ui_locales_supported(Some(
            Language::ALL.into_iter().map(|language| LanguageTag::new(language.tag().to_owned())).collect(),
        ))
        .set_request_parameter_supported(Some(true))
        .set_request_uri_parameter_supported(Some(false)))
}
