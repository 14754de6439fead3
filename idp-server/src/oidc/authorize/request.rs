//! An authorization request, checked in the order of the protocol (OpenID Connect Core, 3.1.2.2; RFC 6749, 4.1.1). Client
//! and redirect URI are settled before: whatever is wrong here is told to the client. It must not know who is signed in.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use twolatch_core::client::{Client, ClientId, GrantType, Happening, Trust};
use twolatch_core::consent::Disclosure;
use twolatch_core::grant::Wanted;
use twolatch_core::step::Assurance;
use twolatch_core::time::Timestamp;

use crate::oidc::error::{Code, OauthError};
use crate::oidc::params::Params;
use crate::oidc::pkce;
use crate::oidc::scope::Scope;
use crate::oidc::told;
use crate::text::Language;

#[cfg(test)]
mod tests;

/// The longest `state`. It travels in addresses, there and back.
pub(super) const MAX_STATE: usize = 1024;

/// The longest `nonce`.
const MAX_NONCE: usize = 512;

/// The longest `login_hint` that is shown; a longer one is no name.
const MAX_HINT: usize = 254;

/// What a client asks for. It lives in the browser, sealed, while the person signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes; proven again before it does.
    pub redirect_uri: String,
    /// Whether the answer goes in a form.
    pub form_post: bool,
    /// Goes back unchanged.
    pub state: Option<String>,
    /// Goes into the ID token unchanged.
    pub nonce: Option<String>,
    /// The scopes, as understood.
    pub scope: String,
    /// What it asks for by name beside that.
    pub claims: Wanted,
    /// The PKCE challenge.
    pub challenge: Option<String>,
    /// Whether and how the person may be asked.
    pub prompts: Vec<Prompt>,
    /// How many seconds ago the person may have signed in.
    pub max_age: Option<i64>,
    /// The least that the client accepts.
    pub acr: Option<Assurance>,
    /// The only person that the client accepts.
    pub subject: Option<String>,
    /// Whom the client expects; a pre-filled field, never a proof.
    pub login_hint: Option<String>,
    /// The first of the client's `ui_locales` that we have.
    pub language: Option<Language>,
    /// The thumbprint of the key that its code is bound to (RFC 9449, 10).
    pub jkt: Option<String>,
    /// What it is stored under, if the client has pushed it.
    pub pushed: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// The session that the browser had then: another one is a new sign-in.
    pub before: Option<String>,
    /// The session whose person has let the client have what it asks for, in answer to this very request.
    pub consented: Option<String>,
}

/// The `prompt` values that we support (OpenID Connect Core, 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Answer without asking, or not at all.
    None,
    /// Ask, whoever is signed in.
    Login,
    /// Ask what the client may learn, whatever was said before; never for the organisation's own.
    Consent,
    /// The person may have no account yet.
    Create,
}

impl AuthorizationRequest {
    /// Whether it asks for that.
    #[must_use]
    pub fn asks(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }

    /// What the client would learn.
    #[must_use]
    pub fn disclosure(&self) -> Disclosure {
        let scopes = self.scope.split(' ').map(str::to_owned).collect();
        let named = self.claims.userinfo.iter().chain(&self.claims.id_token);
        let of_scopes: Vec<&str> = Scope::parse(&self.scope).iter().flat_map(|scope| scope.claims()).copied().collect();
        let mut claims: Vec<String> = named.filter(|name| !of_scopes.contains(&name.as_str())).cloned().collect();
        claims.sort();
        claims.dedup();
        Disclosure { scopes, claims }
    }

    /// Checks the parameters that follow client and redirect URI.
    ///
    /// # Errors
    /// The code that the standard names for the first thing that is wrong.
    pub fn parse(params: &Params, client: &Client, redirect_uri: &str, now: Timestamp) -> Result<Self, OauthError> {
        let invalid = |detail: &'static str| OauthError::new(Code::InvalidRequest, detail);
        if let Some(name) = params.repeated() {
            return Err(OauthError::new(Code::InvalidRequest, format!("the parameter {name:?} is repeated")));
        }
        if !client.may(GrantType::AuthorizationCode) {
            let detail = format!("client {} is not registered for authorization_code", client.id);
            return Err(OauthError::new(Code::UnauthorizedClient, detail));
        }
        if params.value("response_type") != Some("code") {
            return Err(OauthError::new(Code::UnsupportedResponseType, "the response_type is not `code`"));
        }
        if params.value("response_mode").is_some_and(|mode| !["query", "form_post"].contains(&mode)) {
            return Err(invalid("the response_mode is neither `query` nor `form_post`"));
        }
        if params.value("request_uri").is_some() {
            return Err(OauthError::new(Code::RequestUriNotSupported, "request_uri is not supported"));
        }
        let scopes = Scope::parse(params.value("scope").unwrap_or_default());
        if !scopes.contains(&Scope::Openid) {
            return Err(OauthError::new(Code::InvalidScope, "the scope does not contain `openid`"));
        }
        let scopes = Scope::allowed(client, &scopes);
        let challenge = challenge(params, client.requires_pkce())?;
        let nonce = params.value("nonce");
        if nonce.is_some_and(|nonce| nonce.len() > MAX_NONCE || nonce.contains('\0')) {
            return Err(invalid("the nonce is longer than 512 bytes, or has a NUL that databases do not keep"));
        }
        let max_age = params.value("max_age").map(seconds).transpose()?;
        let prompts = params.value("prompt").map(prompts).transpose()?.unwrap_or_default();
        let mut claims = params.value("claims").map(|text| claims(text, client)).transpose()?.unwrap_or_default();
        if client.settings.trust != Trust::FirstParty {
            // What it is told is what people are shown.
            let own = client.settings.claims.iter().map(ToString::to_string);
            let own: Vec<String> = own.filter(|name| !claims.wanted.userinfo.contains(name)).collect();
            claims.wanted.userinfo.extend(own);
        }
        Ok(Self {
            client: client.id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            form_post: is_form_post(params),
            state: params.value("state").map(str::to_owned),
            nonce: nonce.map(str::to_owned),
            scope: Scope::join(&scopes),
            claims: claims.wanted,
            challenge,
            prompts,
            max_age,
            acr: lowest(params.value("acr_values").unwrap_or_default().split(' ')).max(claims.acr),
            subject: claims.subject,
            login_hint: params.value("login_hint").filter(|hint| is_shown(hint)).map(str::to_owned),
            language: params.value("ui_locales").and_then(Language::of_tags),
            jkt: params.value("dpop_jkt").map(thumbprint).transpose()?,
            pushed: None,
            at: now,
            before: None,
            consented: None,
        })
    }
}

/// Whether the answer is wanted in a form, also where something else is wrong with the request.
pub(super) fn is_form_post(params: &Params) -> bool {
    params.value("response_mode") == Some("form_post") && !params.is_repeated("response_mode")
}

/// The PKCE challenge: S256 or an error, and an error where one has to be there and is not (RFC 7636, 4.4.1).
fn challenge(params: &Params, required: bool) -> Result<Option<String>, OauthError> {
    let invalid = |detail: &'static str| OauthError::new(Code::InvalidRequest, detail).counted(Happening::Pkce);
    match (params.value("code_challenge"), params.value("code_challenge_method")) {
        (None, None) if !required => Ok(None),
        (None, _) => Err(invalid("there is no code_challenge")),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => Err(invalid("the code_challenge is not the base64url of 32 bytes")),
        (Some(_), _) => Err(invalid("the code_challenge_method is not `S256`")),
    }
}

/// The thumbprint of a key: 32 bytes, as a challenge is.
fn thumbprint(text: &str) -> Result<String, OauthError> {
    let fits = pkce::is_challenge(text).then(|| text.to_owned());
    fits.ok_or_else(|| OauthError::new(Code::InvalidRequest, "the dpop_jkt is not the base64url of 32 bytes"))
}

fn seconds(text: &str) -> Result<i64, OauthError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if digits { text.parse().ok() } else { None };
    seconds.ok_or_else(|| OauthError::new(Code::InvalidRequest, "max_age is not a number of seconds"))
}

/// What the words ask for together. Who chooses an account signs in.
fn prompts(text: &str) -> Result<Vec<Prompt>, OauthError> {
    let invalid = |detail: &'static str| OauthError::new(Code::InvalidRequest, detail);
    let mut prompts = Vec::new();
    for word in text.split(' ') {
        prompts.push(match word {
            "none" => Prompt::None,
            "login" | "select_account" => Prompt::Login,
            "consent" => Prompt::Consent,
            "create" => Prompt::Create,
            unknown => {
                let shown: String = unknown.chars().take(32).collect();
                return Err(OauthError::new(
                    Code::InvalidRequest,
                    format!("the prompt {shown:?} is none that there is"),
                ));
            }
        });
    }
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(invalid("the prompt `none` stands alone"));
    }
    Ok(prompts)
}

/// The least of the levels named; `None` where none is known. Whoever names several accepts each of them.
fn lowest<'a>(values: impl Iterator<Item = &'a str>) -> Option<Assurance> {
    let known = |value: &str| Assurance::ALL.into_iter().find(|level| level.acr() == value);
    values.filter_map(known).min()
}

/// What we heed of the `claims` parameter (OpenID Connect Core, 5.5): who, how sure, and what of them by name. All else is
/// ignored, as is whether something is essential: nobody can be asked for it.
#[derive(Debug, Default)]
struct Claims {
    acr: Option<Assurance>,
    subject: Option<String>,
    wanted: Wanted,
}

fn claims(text: &str, client: &Client) -> Result<Claims, OauthError> {
    let invalid = || OauthError::new(Code::InvalidRequest, "the claims parameter is not a JSON object");
    let asked: Value = serde_json::from_str(text).map_err(|_| invalid())?;
    let of_token = asked.as_object().ok_or_else(invalid)?.get("id_token");
    let named = |place: &str| {
        let named = asked.get(place).and_then(Value::as_object).into_iter().flatten();
        named.map(|(name, _)| name).filter(|name| told::is_for(client, name)).cloned().collect()
    };
    let member = |claim: &str| of_token.and_then(|claims| claims.get(claim));
    let mut claims = Claims {
        subject: member("sub").and_then(|sub| sub.get("value")).and_then(Value::as_str).map(str::to_owned),
        acr: None,
        wanted: Wanted { userinfo: named("userinfo"), id_token: named("id_token") },
    };
    if let Some(acr) = member("acr") {
        let several = acr.get("values").and_then(Value::as_array).into_iter().flatten();
        let values: Vec<&str> = acr.get("value").into_iter().chain(several).filter_map(Value::as_str).collect();
        claims.acr = lowest(values.iter().copied());
        let essential = acr.get("essential").and_then(Value::as_bool) == Some(true);
        if essential && claims.acr.is_none() && !values.is_empty() {
            return Err(OauthError::new(
                Code::UnmetAuthenticationRequirements,
                "the acr that the client calls essential is none of ours",
            ));
        }
    }
    Ok(claims)
}

fn is_shown(hint: &str) -> bool {
    hint.len() <= MAX_HINT && !hint.contains(char::is_control)
}
