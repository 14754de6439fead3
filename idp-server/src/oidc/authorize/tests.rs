use twolatch_core::factor::{Kind, Proof};
use twolatch_core::grant::Wanted;
use twolatch_core::user::User;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        client: "app".parse().unwrap(),
        redirect_uri: "https://app.example.com/".to_owned(),
        form_post: false,
        state: None,
        nonce: None,
        scope: "openid".to_owned(),
        challenge: None,
        prompts: Vec::new(),
        max_age: None,
        acr: None,
        subject: None,
        login_hint: None,
        language: None,
        claims: Wanted::default(),
        jkt: None,
        pushed: None,
        at: NOW,
        before: Some("old".to_owned()),
        consented: None,
    }
}

fn session(id: &str, age: i64) -> Session {
    let at = NOW.plus(-age);
    let user = User::new(Id::from_stored("alice".to_owned()), "alice".parse().unwrap(), NOW, NOW);
    // A level raised later does not make the password any fresher.
    let proofs = vec![Proof { kind: Kind::Password, at }, Proof { kind: Kind::Totp, at: NOW }];
    Session {
        id_hash: id.to_owned(),
        sid: id.to_owned(),
        user,
        proofs,
        confirmed_at: None,
        created_at: at,
        console_at: None,
    }
}

#[test]
fn what_is_missing_follows_from_request_and_session() {
    use Assurance::{Authenticator as High, Password as Low};
    let login = || Missing::Login;
    let fail = |code| Missing::Fail(code, "");
    let edit = |edit: fn(&mut AuthorizationRequest)| {
        let mut request = request();
        edit(&mut request);
        request
    };
    let (old, new) = (session("old", 100), session("new", 0));
    let cases: [(AuthorizationRequest, Option<&Session>, Option<Assurance>, Missing); 17] = [
        (request(), Some(&old), Some(Low), Missing::Nothing),
        (request(), None, None, login()),
        (request(), Some(&old), None, login()),
        (request(), Some(&new), None, login()),
        (edit(|r| r.prompts = vec![Prompt::None]), None, None, fail(Code::LoginRequired)),
        (edit(|r| r.prompts = vec![Prompt::None]), Some(&old), None, fail(Code::LoginRequired)),
        (edit(|r| r.prompts = vec![Prompt::Login]), Some(&old), Some(High), login()),
        (edit(|r| r.prompts = vec![Prompt::Login]), Some(&session("old", 0)), Some(High), login()),
        (edit(|r| r.prompts = vec![Prompt::Login]), Some(&session("new", 1)), Some(High), login()),
        (edit(|r| r.prompts = vec![Prompt::Login]), Some(&new), Some(High), Missing::Nothing),
        (edit(|r| r.max_age = Some(99)), Some(&old), Some(High), login()),
        (edit(|r| r.max_age = Some(100)), Some(&old), Some(High), Missing::Nothing),
        (edit(|r| r.acr = Some(High)), Some(&old), Some(Low), login()),
        (edit(|r| r.acr = Some(High)), Some(&new), Some(Low), fail(Code::UnmetAuthenticationRequirements)),
        (edit(|r| r.subject = Some("bob".to_owned())), Some(&old), Some(High), login()),
        (edit(|r| r.subject = Some("bob".to_owned())), Some(&new), Some(High), fail(Code::LoginRequired)),
        (edit(|r| r.subject = Some("alice".to_owned())), Some(&old), Some(High), Missing::Nothing),
    ];
    for (index, (request, session, assurance, expected)) in cases.into_iter().enumerate() {
        let found = match missing(&request, session, assurance, NOW) {
            Missing::Fail(code, _) => Missing::Fail(code, ""),
            other => other,
        };
        assert_eq!(found, expected, "case {index}");
    }
}

#[test]
fn without_a_proof_there_is_no_time_and_nothing_is_issued() {
    let mut empty = session("old", 0);
    empty.proofs.clear();
    assert_eq!(missing(&request(), Some(&empty), Some(Assurance::Password), NOW), Missing::Login);
}
