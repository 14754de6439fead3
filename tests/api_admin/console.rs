//! Tokens of programs in the console: made behind a fresh second factor, shown once, deleted.

use twolatch_core::user::Role;

use super::{Program, person, record};
use crate::admin::{confirm, of_role};
use crate::support::site::Site;

const TOKENS: &str = "/admin/tokens";
const NEW: &str = "/admin/tokens/new";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_shown_once_used_and_deleted() {
    let site = Site::mailing().await;
    let (mut browser, totp) = of_role(&site, "ann", Role::Admin).await;
    person(&site, "other", Role::Admin).await;
    let page = site.open(&mut browser, TOKENS).await;
    assert!(page.body.contains("No program has a token."), "{page:?}");
    site.advance(301);
    let page = site.open(&mut browser, NEW).await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(page.title(), "New token");
    let fields = |note, user, days, pick| [("note", note), ("user", user), ("days", days), (pick, "yes")];
    for (fields, said) in [
        (fields("x", "ann", "366", "pick-users:read"), "A token lives for 1 to 365 days."),
        (fields("x", "ann", "x", "pick-users:read"), "A token lives for 1 to 365 days."),
        (fields("", "ann", "9", "pick-users:read"), "Say what it is for, in up to 128 characters."),
        (fields("x", "nobody", "9", "pick-users:read"), "There is nobody of that name."),
        (fields("x", "ann", "9", "pick-everything"), "Tick at least one thing that it may."),
        (fields("x", "other", "9", "pick-users:read"), "other is another administrator, who makes their own tokens."),
    ] {
        let page = site.post_to(&mut browser, &page, NEW, &fields).await;
        assert_eq!(page.said(), Some(said), "{page:?}");
    }
    let made = site.post_to(&mut browser, &page, NEW, &fields("Nightly <b>", "Ann", "30", "pick-users:read")).await;
    let shown = made.body.split("id=\"token\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(shown.starts_with("twolatch_api_"), "{made:?}");
    let (by, whom, _, detail) = record(&site, "api_token_made").await;
    assert_eq!((by.as_str(), whom.as_str()), ("ann", "ann"));
    assert!(detail.ends_with("Nightly <b>: users:read") && !detail.contains(&shown), "{detail}");
    let program = Program(shown.clone());
    assert_eq!(program.get(&site, "/users").await.status, 200);
    let page = site.open(&mut browser, TOKENS).await;
    assert!(page.body.contains("Nightly &#60;b&#62;") && !page.body.contains(&shown), "{page:?}");
    let (mut sees, _) = of_role(&site, "sees", Role::Supervisor).await;
    let looking = site.open(&mut sees, TOKENS).await;
    assert!(looking.body.contains("Nightly") && !looking.body.contains("/delete"), "{looking:?}");
    let page = site.post_to(&mut browser, &page, "/admin/tokens/delete", &[]).await;
    let page = site.open(&mut browser, &page.location().unwrap()).await;
    assert_eq!(page.said(), Some("The token is deleted. No program acts with it any more."));
    assert_eq!(record(&site, "api_token_deleted").await.1, "ann");
    assert_eq!(program.get(&site, "/users").await.status, 401);
}
