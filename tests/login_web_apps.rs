//! Signing in to web apps through the pages: where a sign-in goes on to, and what an app may ask for.

use openidconnect::Nonce;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier};
use twolatch_core::client::{AuthMethod, Client, Settings, SigningAlg};
use twolatch_core::factor::Kind;
use twolatch_core::login::web::Goal;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};

use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, PASSWORD, Page, Site, encode};

/// Adds a web app; answers its request, as a query.
async fn with_app(site: &Site) -> String {
    idp_server::oidc::sign::create_missing(site.core.store(), site.now()).await.unwrap();
    let client = Client {
        id: "wiki".parse().unwrap(),
        name: "The <b>Wiki</b>".to_owned(),
        secret: None,
        redirect_uris: vec![BACK.parse().unwrap()],
        auth_method: AuthMethod::None,
        alg: SigningAlg::Es256,
        former: None,
        logout_uri: None,
        settings: Settings::default(),
        pkce_waived_at: None,
        disabled_at: None,
        created_at: site.now(),
    };
    site.app.store.add_client(client, "test".to_owned()).await.unwrap();
    encode([
        ("client_id", "wiki"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s"),
        ("login_hint", "alice"),
        // RFC 7636, appendix B.
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ])
}

const BACK: &str = "https://wiki.example.com/back";

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_on_to_the_web_app_and_its_forms_may_end_nowhere_else() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let asked = with_app(&site).await;
    let mut browser = Browser::default();
    let page = site.open(&mut browser, &format!("/authorize?{asked}")).await;
    assert!(page.body.contains("to go on to <strong>The &#60;b&#62;Wiki&#60;/b&#62;</strong>"), "{page:?}");
    assert!(page.body.contains("value=\"alice\""), "whom the app expects is filled in");
    let actions = |page: &Page| {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        policy.split("; ").find(|part| part.starts_with("form-action")).unwrap().to_owned()
    };
    assert_eq!(actions(&page), "form-action 'self' https://wiki.example.com");
    let refused = site.submit(&mut browser, &page, &[("username", "alice"), ("password", "wrong")]).await;
    assert_eq!(
        actions(&refused),
        "form-action 'self' https://wiki.example.com",
        "a wrong try leads astray from nothing"
    );
    let page = site.submit(&mut browser, &refused, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!((page.title().as_str(), actions(&page)), ("Enter your code", actions(&refused)));
    let answer = site.post(&mut browser, &page, &[("code", &site.code(&totp))]).await;
    let resume = answer.location().unwrap();
    assert!(resume.starts_with("/authorize/resume?request="), "{resume}");
    let back = site.get(&mut browser, &resume).await.location().unwrap();
    assert!(back.starts_with("https://wiki.example.com/back?code=") && back.contains("&state=s&iss="), "{back}");
    assert_eq!(actions(&site.get(&mut browser, "/account").await), "form-action 'self'");
    // Signed in now: the app gets its answer at once, and a damaged request is none.
    let again = site.get(&mut browser, &format!("/authorize?{asked}")).await.location().unwrap();
    assert!(again.starts_with("https://wiki.example.com/back?code="), "{again}");
    let damaged = resume.replace("/authorize/resume?request=", "/login?continue=x");
    assert_eq!(site.open(&mut browser, &damaged).await.title(), "Your account");
}

#[tokio::test(flavor = "multi_thread")]
async fn o25_a_web_app_may_ask_for_more_than_policy() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    let (rules, now) = (Rules::initial(Level::Off), site.now());
    site.app.logins.set_rules(rules, 1, "test".to_owned(), &actor(now)).await.unwrap();
    site.advance(2);
    for (least, expected) in [
        (Assurance::Password, Step::Granted(Assurance::Password)),
        (Assurance::Authenticator, Step::SecondFactor { methods: vec![Kind::Totp], recovery: false }),
    ] {
        let goal = Goal { least, ..Goal::default() };
        let password = Secret::new(PASSWORD.to_owned());
        let token = site.app.logins.enter("alice", password, "192.0.2.1", goal, site.now()).await.unwrap();
        assert_eq!(site.app.logins.current(&token, site.now()).await.unwrap().step, expected);
    }
}

/// Types the password on the way to the app.
async fn on_the_way(site: &Site, browser: &mut Browser, asked: &str) -> Page {
    site.advance(60);
    let page = site.open(browser, &format!("/authorize?{asked}")).await;
    site.post(browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await
}

/// What the app is told about the sign-in that an answer ends: `acr` and `amr`.
async fn told(site: &Site, browser: &mut Browser, answer: &Page) -> (String, Vec<String>) {
    let back = site.get(browser, &answer.location().unwrap()).await.location().unwrap();
    let code =
        back.strip_prefix(&format!("{BACK}?code=")).unwrap_or_else(|| panic!("{back}")).split('&').next().unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "wiki"),
        ("redirect_uri", BACK),
        ("code", code),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ];
    let tokens = site.send(Browser::default().form("/token", &encode(fields))).await;
    let tokens: serde_json::Value = serde_json::from_str(&tokens.body).unwrap();
    let token: CoreIdToken = tokens["id_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).parse().unwrap();
    let verifier = CoreIdTokenVerifier::new_insecure_without_verification();
    let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(())).unwrap();
    let methods = claims.auth_method_refs().unwrap().iter().map(|one| one.as_str().to_owned()).collect();
    (claims.auth_context_ref().unwrap().as_str().to_owned(), methods)
}

#[tokio::test(flavor = "multi_thread")]
async fn floor_rec11_who_asks_for_more_adds_nothing_with_the_password_alone() {
    let site = Site::mailing().await;
    site.member("alice", true).await;
    let asked = with_app(&site).await + "&acr_values=urn%3Atwolatch%3Aacr%3A3";
    let (address, now) = ("alice@example.org".parse().unwrap(), site.now());
    let edit = |user: &mut twolatch_core::user::User| {
        user.email = Some(address);
        user.email_verified_at = Some(now);
        user.email_codes_at = Some(now);
    };
    site.app.logins.change_user(&parsed("alice"), String::new(), &actor(now), edit).await.unwrap();
    let mut browser = Browser::default();
    let answer = on_the_way(&site, &mut browser, &asked).await;
    assert_eq!(answer.location().as_deref(), Some("/login/email"), "what is there is shown first");
    for to in ["/login/setup", "/login/setup/app", "/login/recovery"] {
        assert_eq!(site.get(&mut browser, to).await.location().as_deref(), Some("/login/email"), "{to}");
    }
    let page = site.open(&mut browser, "/login/email").await;
    let mailed = site.codes_mailed().await.pop().unwrap();
    let page = site.submit(&mut browser, &page, &[("code", &mailed)]).await;
    let (_, page) = site.set_up_app(&mut browser, &page).await;
    let answer = site.post_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    let (level, _) = told(&site, &mut browser, &answer).await;
    assert_eq!(level, "urn:twolatch:acr:3");
}

#[tokio::test(flavor = "multi_thread")]
async fn eml1_t15_a_web_app_is_told_the_truth_about_every_method() {
    let site = Site::mailing().await;
    let totp = site.enrolled("alice").await;
    let asked = with_app(&site).await;
    let (address, now) = ("alice@example.org".parse().unwrap(), site.now());
    let edit = |user: &mut twolatch_core::user::User| {
        user.email = Some(address);
        user.email_verified_at = Some(now);
        user.email_codes_at = Some(now);
        user.recovery_due_at = Some(now);
    };
    site.app.logins.change_user(&parsed("alice"), String::new(), &actor(now), edit).await.unwrap();
    let expected = |level: u8, methods: &[&str]| {
        (format!("urn:twolatch:acr:{level}"), methods.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
    };

    // The app, with the browser remembered; recovery codes are kept on the way.
    let mut browser = Browser::default();
    let answer = on_the_way(&site, &mut browser, &asked).await;
    let page = site.open(&mut browser, &answer.location().unwrap()).await;
    let page = site.submit(&mut browser, &page, &[("code", &site.code(&totp)), ("remember", "yes")]).await;
    let code = page.body.split("<code>").nth(3).unwrap().split('<').next().unwrap().to_owned();
    let answer = site.post_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(told(&site, &mut browser, &answer).await, expected(3, &["pwd", "otp", "mfa"]));

    // The remembered browser stands for nothing more than a password.
    browser.cookies.retain(|name, _| name.contains("device"));
    assert_eq!(browser.cookies.len(), 1);
    let answer = on_the_way(&site, &mut browser, &asked).await;
    assert_eq!(told(&site, &mut browser, &answer).await, expected(1, &["pwd"]));

    let mut browser = Browser::default();
    on_the_way(&site, &mut browser, &asked).await;
    let page = site.open(&mut browser, "/login/method").await;
    let page = site.submit(&mut browser, &page, &[("method", "email")]).await;
    let mailed = site.codes_mailed().await.pop().unwrap();
    let answer = site.post(&mut browser, &page, &[("code", &mailed)]).await;
    assert_eq!(told(&site, &mut browser, &answer).await, expected(2, &["pwd", "email", "mfa"]));

    let mut browser = Browser::default();
    on_the_way(&site, &mut browser, &asked).await;
    let page = site.open(&mut browser, "/login/recover").await;
    let answer = site.post(&mut browser, &page, &[("recovery-code", &code)]).await;
    assert_eq!(told(&site, &mut browser, &answer).await, expected(3, &["pwd", "otp", "mfa"]));
}
