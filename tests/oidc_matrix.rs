//! Every grant under every policy: what is given at first, under a policy that lets everybody in, is redeemed after everything
//! has changed that can. A rule that is written here once more, in a few lines, says what comes of it.

use axum::http::StatusCode;
use twolatch_core::client::GrantType;
use twolatch_core::crypto::token_hash;
use twolatch_core::device_grant::NO_REDIRECT;
use twolatch_core::factor::Kind;
use twolatch_core::grant::{Answering, Grant, Wanted};
use twolatch_core::id::Id;
use twolatch_core::policy::Level;
use twolatch_core::store::sessions::SESSION_LIFE;

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Browser, Provider, Registered, good, with};

on_both!(cve_2024_38371_whatever_the_grant_the_same_policy_counts);

/// What has been given, and how it is redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Code,
    Refresh,
    Device,
    /// Nothing but the session: `prompt=none`.
    Silent,
    AccessToken,
}

const GIVEN: [Given; 5] = [Given::Code, Given::Refresh, Given::Device, Given::Silent, Given::AccessToken];

/// Whom the client is for by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Everybody,
    /// Those of a group that the person is in.
    Theirs,
    /// Those of one that they are not in.
    Others,
}

/// How things stand by then.
#[derive(Debug, Clone, Copy)]
struct Case {
    proofs: &'static [Kind],
    level: Level,
    whom: For,
    person_disabled: bool,
    client_disabled: bool,
    session_ended: bool,
}

impl Case {
    fn all(level: Level) -> Vec<Self> {
        let mut all = Vec::new();
        for proofs in [&[Kind::Password][..], &BOTH] {
            for whom in [For::Everybody, For::Theirs, For::Others] {
                for bits in 0..8 {
                    let is = |bit: u8| bits & (1 << bit) != 0;
                    let (person_disabled, client_disabled, session_ended) = (is(0), is(1), is(2));
                    all.push(Self { proofs, level, whom, person_disabled, client_disabled, session_ended });
                }
            }
        }
        all
    }

    /// What has to come of it. Nobody here has anything set up: where that is optional, a password will do.
    fn lets(self, given: Given) -> bool {
        let everybody_in = !self.person_disabled && !self.client_disabled && !self.session_ended;
        let enough = self.proofs.len() == 2 || self.level != Level::Required;
        // A token that is out is not asked how somebody has signed in; it lives for an hour at most.
        everybody_in && self.whom != For::Others && (enough || given == Given::AccessToken)
    }
}

/// Something that was given.
struct Held {
    case: Case,
    given: Given,
    browser: Browser,
    client: Registered,
    what: String,
}

async fn cve_2024_38371_whatever_the_grant_the_same_policy_counts(core: Core) {
    let provider = Provider::over(core).await;
    let (mut let_in, mut kept_out) = (0, 0);
    for level in Level::ALL {
        provider.set_level(Level::Off).await;
        let mut all = Vec::new();
        for (number, case) in Case::all(level).into_iter().enumerate() {
            for given in GIVEN {
                let name = format!("{level}-{number}-{given:?}").to_lowercase();
                all.push(give(&provider, &name, case, given).await);
            }
        }
        provider.set_level(level).await;
        for held in all {
            change(&provider, &held).await;
            let (came, expected) = (redeem(&provider, &held).await, held.case.lets(held.given));
            assert_eq!(came, expected, "{:?} {:?}", held.given, held.case);
            *(if came { &mut let_in } else { &mut kept_out }) += 1;
        }
    }
    // Neither half is empty: 720 in all.
    assert_eq!((let_in, kept_out), (52, 668));
}

async fn give(provider: &Provider, name: &str, case: Case, given: Given) -> Held {
    let browser = provider.browser(name, case.proofs).await;
    let client = provider.client(|client| client.settings.grants.push(GrantType::DeviceCode)).await;
    let offline = with(&good(&client), "scope", "openid profile offline_access");
    let code = || async { provider.authorize(Some(&browser), &offline).await.param("code").unwrap() };
    let what = match given {
        Given::Code => code().await,
        Given::Refresh => provider.redeem(&client, &code().await).await.text("refresh_token"),
        Given::AccessToken => provider.redeem(&client, &code().await).await.text("access_token"),
        Given::Device => device(provider, &browser, &client).await,
        Given::Silent => String::new(),
    };
    Held { case, given, browser, client, what }
}

/// A device that somebody has let in, and that has not come for its tokens yet.
async fn device(provider: &Provider, browser: &Browser, client: &Registered) -> String {
    let asked = provider.ask("/device_authorization", client, &[("scope", "openid profile offline_access")]).await;
    let (code, now) = (asked.text("device_code"), provider.now());
    let session = provider.app.store.session(&browser.token, now).await.unwrap().unwrap();
    let grant = Grant {
        id: Id::random(provider.app.entropy()).unwrap(),
        client: client.id.parse().unwrap(),
        user: session.user.id.clone(),
        sid: session.sid,
        offline: true,
        place: String::new(),
        redirect_uri: NO_REDIRECT.to_owned(),
        challenge: None,
        nonce: None,
        scope: "openid profile offline_access".to_owned(),
        claims: Wanted::default(),
        proofs: session.proofs,
        security_version: session.user.security_version,
        created_at: now,
        code: token_hash(&code),
        refresh: None,
        expires_at: now.plus(SESSION_LIFE),
        used_at: None,
        jkt: None,
    };
    let name = session.user.name.to_string();
    provider.app.store.add_grant(grant, name, Answering::Device, false).await.unwrap();
    code
}

async fn change(provider: &Provider, held: &Held) {
    let Held { case, browser, client, .. } = held;
    if case.session_ended {
        provider.sign_out(browser).await;
    }
    if case.person_disabled {
        provider.change(&browser.user, |user| user.disabled_at = Some(user.created_at)).await;
    }
    let groups = match case.whom {
        For::Everybody => Vec::new(),
        For::Theirs => vec!["staff".parse().unwrap()],
        For::Others => vec!["pilots".parse().unwrap()],
    };
    let disabled = case.client_disabled;
    let edit = move |client: &mut twolatch_core::client::Client| {
        client.settings.groups = groups;
        client.disabled_at = disabled.then_some(client.created_at);
    };
    provider.edit(client, edit).await;
}

/// Whether anything comes of it.
async fn redeem(provider: &Provider, held: &Held) -> bool {
    let Held { browser, client, what, .. } = held;
    let answer = match held.given {
        Given::Code => provider.redeem(client, what).await,
        Given::Refresh => provider.token(client, &[("grant_type", "refresh_token"), ("refresh_token", what)]).await,
        Given::Device => {
            let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
            provider.token(client, &[grant, ("device_code", what)]).await
        }
        Given::Silent => {
            let asked = with(&good(client), "prompt", "none");
            return provider.authorize(Some(browser), &asked).await.param("code").is_some();
        }
        Given::AccessToken => provider.userinfo(what).await,
    };
    answer.status == StatusCode::OK
}
