//! Signing in to web apps through the pages: where a sign-in goes on to, and what an app may ask for.

use twolatch_core::client::{AuthMethod, Client, SigningAlg};
use twolatch_core::factor::Kind;
use twolatch_core::login::web::Goal;
use twolatch_core::policy::{Level, Rules};
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};

use crate::support::core::actor;
use crate::support::site::{Browser, PASSWORD, Page, Site, encode};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_on_to_the_web_app_and_its_forms_may_end_nowhere_else() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    idp_server::oidc::sign::create_missing(site.core.store(), site.now()).await.unwrap();
    let client = Client {
        id: "wiki".parse().unwrap(),
        name: "The <b>Wiki</b>".to_owned(),
        secret: None,
        redirect_uris: vec!["https://wiki.example.com/back".parse().unwrap()],
        auth_method: AuthMethod::None,
        alg: SigningAlg::Es256,
        pkce_waived_at: None,
        disabled_at: None,
        created_at: site.now(),
    };
    site.app.store.add_client(client, "test".to_owned()).await.unwrap();
    let asked = encode([
        ("client_id", "wiki"),
        ("redirect_uri", "https://wiki.example.com/back"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s"),
        ("login_hint", "alice"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
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
        let goal = Goal { continue_to: None, least };
        let password = Secret::new(PASSWORD.to_owned());
        let token = site.app.logins.enter("alice", password, "192.0.2.1", goal, site.now()).await.unwrap();
        assert_eq!(site.app.logins.current(&token, site.now()).await.unwrap().step, expected);
    }
}
