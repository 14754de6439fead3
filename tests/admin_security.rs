//! The console's settings of policy: the switch, rules, exemptions and versions, as an administrator uses them.

use twolatch_core::factor::totp::Totp;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::policy::{Level, Policy};
use twolatch_core::user::Role;

use crate::admin::{confirm, of_role};
use crate::support::core::{actor, code_at, parsed};
use crate::support::site::{Browser, PASSWORD, Page, Site};

const SECURITY: &str = "/admin/settings/security";
const AUTHENTICATOR: &str = "/account/authenticator";
const SWITCH: &str = "/admin/settings/switch";
const RULE: &str = "/admin/settings/rule";
const EXEMPTION: &str = "/admin/settings/exemption";

async fn policy(site: &Site) -> Policy {
    site.advance(2);
    Policy::clone(site.app.logins.policy(site.now()).await.unwrap().as_ref())
}

/// Opens a page that asks for a second factor first.
async fn reach(site: &Site, browser: &mut Browser, totp: &Totp, to: &str) -> Page {
    site.advance(301);
    let page = site.open(browser, to).await;
    confirm(site, browser, totp, &page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_takes_the_password_once_more_and_tells_every_administrator() {
    let site = Site::mailing().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    for name in ["admin", "other"] {
        if name == "other" {
            of_role(&site, name, Role::Admin).await;
        }
        let (address, now) = (format!("{name}@example.org").parse().unwrap(), site.now());
        let edit = |user: &mut twolatch_core::user::User| user.email = Some(address);
        site.app.logins.change_user(&parsed(name), String::new(), &actor(now), edit).await.unwrap();
    }
    site.sign_in(&mut browser, "admin", &totp).await;
    site.member("bob", true).await;
    let page = reach(&site, &mut browser, &totp, &format!("{SWITCH}?to=off")).await;
    assert_eq!(page.title(), "Turn it off", "{page:?}");
    assert!(
        page.body.contains("This lowers the protection") && page.body.contains("3 people will not be asked any more")
    );
    let before = policy(&site).await;
    let page = site.submit_to(&mut browser, &page, SWITCH, &[("current-password", "wrong wrong wrong")]).await;
    assert_eq!(page.said(), Some("The password is not right."));
    assert_eq!(policy(&site).await.version, before.version, "SEC: nothing without the password");
    let page = site.submit_to(&mut browser, &page, SWITCH, &[("current-password", PASSWORD)]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Security", Some("The switch is turned.")), "{page:?}");
    assert_eq!(policy(&site).await.rules.organisation, Level::Off);
    let told = site.app.store.claim_mails(1000, site.now()).await.unwrap();
    let told = told.iter().filter(|mail| matches!(mail.mail.letter, Letter::Alarm { event: Notice::Lowered, .. }));
    let mut told: Vec<&str> = told.map(|mail| mail.mail.name.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["admin", "other"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn floor_the_switch_undoes_nothing_that_another_server_has_set_in_this_second() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    let page = reach(&site, &mut browser, &totp, &format!("{SWITCH}?to=optional")).await;
    let (other, now) = (site.core.second_server().await, site.now());
    let before = site.app.logins.policy(now).await.unwrap();
    let mut rules = before.rules.clone();
    rules.roles.insert(Role::Admin, Level::Required.into());
    other.set_rules(rules, before.version, String::new(), &actor(now)).await.unwrap();
    // The page came from the other server, which knows the new version; this one reads it in the next second.
    let mut fields = page.hidden_of(SWITCH);
    fields.iter_mut().filter(|(name, _)| name == "version").for_each(|(_, value)| *value = "2".to_owned());
    fields.push(("current-password".to_owned(), PASSWORD.to_owned()));
    let typed = crate::support::site::encode(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    site.send(browser.form(SWITCH, &typed)).await;
    let after = policy(&site).await.rules;
    assert_eq!((after.roles.len(), after.organisation), (1, Level::Required), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_turned_on_without_a_second_factor_of_the_own() {
    let site = Site::new().await;
    let off = twolatch_core::policy::Rules { organisation: Level::Off, ..policy(&site).await.rules };
    site.app.logins.set_rules(off, 1, String::new(), &actor(site.now())).await.unwrap();
    site.member("admin", true).await;
    let role = |user: &mut twolatch_core::user::User| user.role = Role::Admin;
    site.app.logins.change_user(&parsed("admin"), String::new(), &actor(site.now()), role).await.unwrap();
    site.advance(2);
    let mut browser = Browser::default();
    site.enter(&mut browser, "admin").await;
    let page = site.open(&mut browser, &format!("{SWITCH}?to=required")).await;
    let page = site.submit_to(&mut browser, &page, "/account/confirm", &[("current-password", PASSWORD)]).await;
    assert_eq!(page.title(), "Turn it on for everybody", "{page:?}");
    assert!(page.body.contains("First your own second factor"), "{page:?}");
    // The same form from another tab changes nothing either.
    let optional = site.open(&mut browser, &format!("{SWITCH}?to=optional")).await;
    let version = policy(&site).await.version.to_string();
    let forged = [("to", "required"), ("version", &version), ("current-password", PASSWORD)];
    let token = optional.hidden_of(SWITCH).into_iter().find(|(name, _)| name == "form").unwrap().1;
    let mut fields = vec![("form", token.as_str())];
    fields.extend(forged);
    let answer = site.send(browser.form(SWITCH, &crate::support::site::encode(fields))).await;
    assert_eq!(answer.location().as_deref(), Some("/admin/settings/switch?to=required"), "{answer:?}");
    assert_eq!(policy(&site).await.rules.organisation, Level::Off); // With what is set up it is turned, in one step.
    let page = site.open(&mut browser, &format!("{SWITCH}?to=required")).await;
    let app = ("method", "totp");
    let wrong = site.submit_to(&mut browser, &page, SWITCH, &[app, ("current-password", "wrong wrong wrong")]).await;
    assert_eq!(wrong.said(), Some("The password is not right."));
    let page = site.submit_to(&mut browser, &wrong, SWITCH, &[app, ("current-password", PASSWORD)]).await;
    let totp = page.authenticator();
    let page = site.submit_to(&mut browser, &page, AUTHENTICATOR, &[("code", &code_at(&totp, site.now(), -1))]).await;
    assert_eq!(policy(&site).await.rules.organisation, Level::Off, "not before it is there");
    let page = site.submit_to(&mut browser, &page, AUTHENTICATOR, &[("code", &site.code(&totp))]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Recovery codes", Some("The switch is turned.")), "{page:?}");
    assert_eq!(policy(&site).await.rules.organisation, Level::Required);
    assert_eq!(site.number("SELECT COUNT(*) FROM factors").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn floor_under_the_lock_the_switch_is_shown_and_fixed() {
    let mut site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    site = site.locked();
    let page = site.open(&mut browser, SECURITY).await;
    assert!(page.body.contains("The configuration file holds it there") && !page.body.contains(SWITCH), "{page:?}");
    let page = reach(&site, &mut browser, &totp, &format!("{SWITCH}?to=off")).await;
    assert_eq!(page.title(), "Security", "there is nothing to turn");
    let page = reach(&site, &mut browser, &totp, &format!("{RULE}?scope=all&of=")).await;
    let typed = [
        ("app", "yes"),
        ("email", "yes"),
        ("skips", "3"),
        ("skip_until", ""),
        ("device_days", "14"),
        ("recovery", "codes"),
        ("enrol_codes", "2"),
        ("setup_days", "7"),
        ("admin_link", "on"),
    ];
    let page = site.submit_to(&mut browser, &page, RULE, &typed).await;
    let page = site.submit_to(&mut browser, &page, RULE, &[]).await;
    let said = "The configuration file does not let anybody be below required. Nothing was changed.";
    assert_eq!(page.said(), Some(said), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_looked_at_before_it_is_in_force_and_can_be_taken_back() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    site.enrolled("alice").await;
    let page = reach(&site, &mut browser, &totp, RULE).await;
    let rule = |of| [("scope", "role"), ("of", of), ("level", "required"), ("email", "yes"), ("device_days", "3")];
    let bad = site.submit_to(&mut browser, &page, RULE, &rule("chief")).await;
    assert_eq!(bad.said(), Some("There is nothing of that name. Nothing was changed."));
    let look = site.submit_to(&mut browser, &page, RULE, &rule("member")).await;
    assert_eq!(look.title(), "Rule: Role member", "{look:?}");
    assert!(look.body.contains("One person will have to set up") && look.body.contains("alice"), "{look:?}");
    let before = policy(&site).await;
    assert!(before.rules.roles.is_empty(), "looking changes nothing");
    let page = site.submit_to(&mut browser, &look, RULE, &[]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Security", Some("The rule is in force.")));
    assert!(page.body.contains("<th scope=\"row\">Role member</th><td>Required</td><td>Email</td>"), "{page:?}");
    // The page that was looked at before belongs to other rules.
    let stale = site.submit_to(&mut browser, &look, RULE, &[]).await;
    assert!(stale.said().unwrap().starts_with("Somebody else has changed the rules meanwhile."), "{stale:?}");
    // A rule that keeps every administrator out is none: nothing can be mailed here.
    let page = site.open(&mut browser, RULE).await;
    let look = site.submit_to(&mut browser, &page, RULE, &[("scope", "role"), ("of", "admin"), ("email", "yes")]).await;
    let page = site.submit_to(&mut browser, &look, RULE, &[]).await;
    assert!(page.said().unwrap().starts_with("Under these rules no administrator could sign in."), "{page:?}");
    // Back to where it was.
    let page = site.open(&mut browser, &format!("/admin/settings/version/{}", before.version)).await;
    assert_eq!(page.title(), format!("Go back to version {}", before.version));
    let to = format!("/admin/settings/version/{}", before.version);
    let page = site.submit_to(&mut browser, &page, &to, &[]).await;
    assert_eq!(page.said(), Some("The earlier rules are in force again."), "{page:?}");
    assert!(policy(&site).await.rules.roles.is_empty());
    let events = site.number("SELECT COUNT(*) FROM audit WHERE event = 'policy_changed' AND actor = 'admin'").await;
    assert_eq!(events, 2, "TRACE: each change, and by whom");
    assert!(site.app.store.link_audit(site.now()).await.unwrap().is_some(), "t9: in the anchored log");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exemption_has_an_end_and_a_reason() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    site.enrolled("alice").await;
    let page = reach(&site, &mut browser, &totp, EXEMPTION).await;
    let typed = |of, days, reason| {
        let limits = ["client", "service", "host", "network", "key"].map(|limit| (limit, ""));
        let rest =
            [("kind", "person"), ("of", of), ("door", "ssh"), ("level", "off"), ("days", days), ("reason", reason)];
        [&limits[..], &rest].concat()
    };
    for (of, days, reason, said) in [
        ("nobody", "3", "trip", "There is nobody of that name. Nothing was changed."),
        ("alice", "0", "trip", "Type a number of days, from 1 to 366."),
        ("alice", "3", " ", "Give a reason, of at most 500 characters."),
    ] {
        let page = site.submit_to(&mut browser, &page, EXEMPTION, &typed(of, days, reason)).await;
        assert_eq!(page.said(), Some(said));
    }
    let limited = |limit: &'static str, value: &'static str| {
        let all = typed("alice", "3", "trip").into_iter();
        all.map(|(field, typed)| if field == limit { (field, value) } else { (field, typed) }).collect::<Vec<_>>()
    };
    for (field, value, said) in [
        (
            "network",
            "10.1.2.3/8",
            "More of the address is set than the length takes. The network is 10.0.0.0/8. Nothing was changed.",
        ),
        ("network", "::/0", "A length of 0 is every address there is. Leave the network empty, if that is meant."),
        ("key", "MD5:00", "Type SHA256:… as ssh-keygen -lf prints it, or the line of the .pub file."),
        ("host", "*", "A host has letters, digits, . _ and - in its name."),
    ] {
        let page = site.submit_to(&mut browser, &page, EXEMPTION, &limited(field, value)).await;
        assert_eq!(page.said(), Some(said));
        assert!(page.body.contains(&format!("value=\"{value}\"")), "what was typed stays: {page:?}");
    }
    let page = site.submit_to(&mut browser, &page, EXEMPTION, &limited("client", "wiki")).await;
    assert!(page.said().is_some_and(|said| said.starts_with("No login is within all of these limits.")), "{page:?}");
    assert!(policy(&site).await.exemptions.is_empty());
    let page = site.open(&mut browser, EXEMPTION).await;
    let page = site.submit_to(&mut browser, &page, EXEMPTION, &limited("network", "192.0.2.0/28")).await;
    assert!(page.body.contains("SSH<br>Network 192.0.2.0/28"), "{page:?}");
    let why = |address: &str| format!("/admin/settings/why?person=alice&address={address}&key=&host=&service=");
    let page = site.open(&mut browser, &why("192.0.2.1")).await;
    assert_eq!(page.body.matches("The exemption ").count(), 1, "{page:?}");
    let page = site.open(&mut browser, &why("192.0.2.16")).await;
    assert_eq!(page.body.matches("The exemption ").count(), 0, "{page:?}");
    let page = site.open(&mut browser, &why("here")).await;
    assert_eq!(page.said(), Some("That is no address. Type one like 192.0.2.7 or 2001:db8::7."));
    let page = site.open(&mut browser, "/admin/settings/security").await;
    site.submit_to(&mut browser, &page, "/admin/settings/exemption/end", &[]).await;
    let page = site.open(&mut browser, EXEMPTION).await;
    let page = site.submit_to(&mut browser, &page, EXEMPTION, &typed("alice", "3", "trip <b>")).await;
    assert_eq!(page.said(), Some("The exemption is in force."), "{page:?}");
    assert!(page.body.contains("trip &#60;b&#62;") && page.body.contains("<td>admin</td>"), "{page:?}");
    let made = policy(&site).await.exemptions;
    assert_eq!((made.len(), made[0].author.as_str()), (1, "admin"));
    let page = site.submit_to(&mut browser, &page, "/admin/settings/exemption/end", &[]).await;
    assert_eq!(page.said(), Some("The exemption is ended."));
    assert!(policy(&site).await.exemptions.is_empty());
}
