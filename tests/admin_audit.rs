//! The audit in the console and at the command line: finding, taking away, checking.

use axum::http::{StatusCode, header};
use idp_server::router;
use serde_json::Value;
use twolatch_core::audit::{Event, Record};
use twolatch_core::door::Door;
use twolatch_core::reason::Reason;
use twolatch_core::store::audit::record;
use twolatch_core::user::Role;

use crate::admin::{confirm, of_role};
use crate::support::core::{actor, log_in, parsed, ssh, wrong_code};
use crate::support::database::Engine;
use crate::support::run;
use crate::support::server::Server;
use crate::support::site::{Browser, PASSWORD, Site, encode};
use crate::support::visitor::Visitor;
use crate::support::wait::until;

const AUDIT: &str = "/admin/audit";
const EXPORT: &str = "/admin/audit/export";
const VERIFY: &str = "/admin/audit/verify";

async fn note(site: &Site, records: Vec<Record>) {
    let store = site.app.store.clone();
    let work = site.app.store.write(move |connection| {
        Box::pin(async move {
            for one in records {
                record(connection, &store, one).await?;
            }
            Ok(())
        })
    });
    work.await.unwrap();
}

fn code(site: &Site, name: &str, seconds: i64) -> Record {
    let refused = Some(Reason::Wrong);
    Record { door: Some(Door::Ssh), refused, ..Record::new(site.now().plus(seconds), Event::Code).about(&name) }
}

/// The links of a page with this in them.
fn links(body: &str, part: &str) -> Vec<String> {
    let all = body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
    all.filter(|link| link.contains(part)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_finds_records_and_follows_a_person() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "sees", Role::Supervisor).await;
    note(&site, (0..120).map(|number| code(&site, &format!("user{}", number % 2), number)).collect()).await;
    let page = site.open(&mut browser, AUDIT).await;
    assert_eq!((page.status, page.title().as_str()), (StatusCode::OK, "Audit"));
    assert_eq!(page.body.matches("<th scope=\"row\">").count(), 50);
    assert!(page.body.len() < 100_000, "{}", page.body.len());
    let life = links(&page.body, "person=user1").remove(0);
    assert_eq!(life, "/admin/audit?person=user1");

    let page = site.open(&mut browser, &format!("{life}&event=code&result=wrong&door=ssh")).await;
    assert!(page.body.contains("All that concerns <strong>user1</strong>"), "{page:?}");
    assert!(page.body.contains("<option value=\"wrong\" selected>"), "what is looked for stands in the form: {page:?}");
    assert!(!page.body.contains("user0"), "{page:?}");
    let older = links(&page.body, "from=").remove(0);
    let page = site.open(&mut browser, &older).await;
    assert_eq!(page.body.matches("<th scope=\"row\">").count(), 10, "60 in all");
    assert!(links(&page.body, "from=").is_empty(), "{page:?}");

    for person in ["nobody", "%25", "_", "user_", "x%27%20OR%20%271%27%3D%271"] {
        let page = site.open(&mut browser, &format!("{AUDIT}?person={person}")).await;
        assert!(page.body.contains("No record is like that here."), "w_17: {person}: {page:?}");
    }
    for wrong in ["event=%3Cb%3E", "result=x", "door=x", "client=%20a%20b", "since=yesterday", "until=2026-13-01"] {
        let page = site.open(&mut browser, &format!("{AUDIT}?{wrong}")).await;
        assert!(page.said().is_some() && page.body.contains("<title>Error: "), "{wrong}: {page:?}");
        assert!(!page.body.contains("<b>"), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w_15_what_is_taken_away_is_what_was_looked_for_and_runs_nothing() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "sees", Role::Supervisor).await;
    let armed = "=cmd|' /C calc'!A0";
    note(&site, (0..1200).map(|number| code(&site, "user", number).saying(armed)).collect()).await;
    let page = site.open(&mut browser, &format!("{EXPORT}?format=csv&person=user")).await;
    assert_eq!(page.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"audit.csv\"");
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    let lines: Vec<&str> = page.body.lines().collect();
    assert_eq!((lines.len(), lines[0].starts_with("at,event,result,person,")), (1201, true));
    assert!(lines[1..].iter().all(|line| line.contains(",\"'=cmd|' /C calc'!A0\",")), "{}", lines[1]);

    let page = site.open(&mut browser, &format!("{EXPORT}?format=json&event=code&person=user")).await;
    assert_eq!(page.headers[header::CONTENT_TYPE], "application/x-ndjson");
    let records: Vec<Value> = page.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((records.len(), &records[0]["detail"]), (1200, &armed.into()));
    for wrong in ["", "format=pdf", "format=csv&event=x"] {
        let page = site.open(&mut browser, &format!("{EXPORT}?{wrong}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    site.advance(1000);
    let page = site.open(&mut browser, &format!("{EXPORT}?format=csv")).await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(page.title(), "Audit", "back to the page, and to no file: {page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_the_console_says_whether_the_trail_is_whole() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "admin", Role::Admin).await;
    note(&site, vec![code(&site, "user", 0)]).await;
    while site.app.store.link_audit(site.now()).await.unwrap().is_some() {}
    let page = site.open(&mut browser, VERIFY).await;
    assert!(page.body.contains("every record is as it was written"), "{page:?}");
    site.core.tamper("UPDATE audit SET result = 'ok' WHERE user_name = 'user'").await;
    let page = site.open(&mut browser, VERIFY).await;
    assert!(page.body.contains("every record is as it was written"), "found just now: {page:?}");
    site.advance(61);
    let page = site.open(&mut browser, VERIFY).await;
    assert!(page.body.contains(": the record was changed</li>"), "{page:?}");
    site.core.tamper("DELETE FROM audit_links").await;
    site.core.tamper("DELETE FROM audit").await;
    site.advance(61);
    let page = site.open(&mut browser, VERIFY).await;
    assert!(page.body.contains("the trail was cut"), "this server remembers its own head: {page:?}");
}

fn at_the_command_line(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::init(engine, folder.path()) else { return };
    for name in ["alice", "bob"] {
        server.run(&["user", "add", name], "");
    }
    server.run(&["factor", "reset", "alice"], "");
    let listed = server.json(&["audit", "list", "--person", "alice"]);
    let mut events: Vec<&str> =
        listed.as_array().unwrap().iter().map(|record| record["event"].as_str().unwrap()).collect();
    events.sort_unstable(); // of one second, and of two processes
    assert_eq!(events, ["factors_reset", "user_added"]);
    let said = server.run(&["audit", "list", "--event", "user_added", "--result", "ok"], "");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert_eq!(server.run(&["audit", "list", "--until", "2020-01-01"], ""), "No record is like that.\n");
    let csv = server.run(&["audit", "export", "--event", "user_added"], "");
    assert_eq!((csv.lines().count(), csv.matches("user_added").count()), (3, 2), "{csv}");
    let json = server.run(&["audit", "export", "--format", "json", "--person", "bob"], "");
    assert_eq!(serde_json::from_str::<Value>(json.trim()).unwrap()["event"], "user_added");
    for wrong in ["--event=x", "--result=x", "--door=x", "--since=yesterday"] {
        let output = server.try_run(&["audit", "list", wrong], "");
        assert_eq!(output.status.code(), Some(2), "{wrong}");
    }

    let verified = server.json(&["audit", "verify"]);
    let head = verified["heads"][0].as_str().unwrap();
    let journal = format!("Mar 3 id twolatch[1]: audit head={head}\nanother line\n");
    let said = server.run(&["audit", "verify", "--heads", "-"], &journal);
    assert!(said.contains(" records, "), "{said}");
    let cut = journal.replace(head, "gone:7:x");
    let output = server.try_run(&["audit", "verify", "--heads", "-"], &cut);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("the first fault: gone:7:x: the journal names this link"), "{error}");
    let output = server.try_run(&["audit", "verify", "--heads", "-"], "no head\n");
    assert_eq!(output.status.code(), Some(65), "a journal without a head proves nothing");
}

#[test]
fn the_command_line_finds_takes_away_and_checks_sqlite() {
    at_the_command_line(Engine::Sqlite);
}

#[test]
fn the_command_line_finds_takes_away_and_checks_postgres() {
    at_the_command_line(Engine::Postgres);
}

#[test]
fn t16_sec_6_the_head_of_the_trail_stands_in_the_log_where_the_databases_writer_cannot_change_it() {
    const CUT: &str = "import sqlite3, sys; held = sqlite3.connect(sys.argv[1]); held.execute('DELETE FROM audit'); \
                       held.execute('DELETE FROM audit_links'); held.commit()";
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.start();
    let client = Visitor::client();
    let mut visitor = Visitor::new(&client, &server);
    let page = visitor.get("/login");
    visitor.post(&page, &[("username", "alice"), ("password", "wrong")]);
    until("the head", || server.log().contains("audit head=").then_some(()));
    let journal = server.log();
    server.run(&["audit", "verify", "--heads", "-"], &journal);
    server.stop();
    let file = server.config_path().with_file_name("data").join("twolatch.db");
    run("/usr/bin/python3", &["-c", CUT, file.to_str().unwrap()], "");
    server.run(&["audit", "verify"], "");
    let output = server.try_run(&["audit", "verify", "--heads", "-"], &journal);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("the trail was cut"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_5_every_try_is_on_record_with_who_where_how_and_how_it_ended() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    for (name, password) in [("alice", "wrong"), ("no\r\nbody", PASSWORD)] {
        let page = site.open(&mut browser, "/login").await;
        site.submit(&mut browser, &page, &[("username", name), ("password", password)]).await;
    }
    let page = site.enter(&mut browser, "alice").await;
    let page = site.submit(&mut browser, &page, &[("code", &wrong_code(&totp, site.now()))]).await;
    site.submit(&mut browser, &page, &[("code", &site.code(&totp))]).await;
    drop(log_in(&site.app.logins, &ssh("alice"), &site.code(&totp), site.now()).await);
    let records = site.app.store.latest_audit(50).await.unwrap();
    let tries: Vec<_> = records.iter().rev().filter(|one| ["password", "code"].contains(&one.event.as_str())).collect();
    let said: Vec<_> = tries
        .iter()
        .map(|one| {
            let part = |text: &'_ Option<String>| text.clone().unwrap_or_default();
            format!(
                "{} {} {} {} {} {}",
                one.event,
                one.result,
                part(&one.user_name),
                part(&one.door),
                part(&one.source),
                part(&one.factor)
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "password password alice web 192.0.2.7 password",
            "password password  web 192.0.2.7 password",
            "password ok alice web 192.0.2.7 password",
            "code wrong alice web 192.0.2.7 totp",
            "code ok alice web 192.0.2.7 totp",
            "code replay alice ssh 192.0.2.1 totp",
        ]
    );
    assert!(tries.iter().all(|one| one.host.as_deref() == Some("test") && one.at == site.now().unix()));
}

#[tokio::test(flavor = "multi_thread")]
async fn w_13_w_14_what_others_have_written_is_text_on_every_page_of_the_console() {
    const HOSTILE: &str = "{{7*7}}</title><script>alert(1)</script><img src=x onerror=1>'\"";
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    let anna = site.enrolled("anna").await;
    let (name, label, root) = (parsed("anna"), Some(HOSTILE.to_owned()), actor(site.now()));
    site.app.logins.provision_totp(&name, anna, label, &root).await.unwrap();
    note(&site, vec![code(&site, "anna", 0).saying(HOSTILE), code(&site, HOSTILE, 1)]).await;
    let page = site.open(&mut browser, "/admin/settings/exemption").await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    let limits = ["client", "service", "host", "network", "key"].map(|limit| (limit, ""));
    let typed =
        [("kind", "person"), ("of", "anna"), ("door", "ssh"), ("level", "off"), ("days", "3"), ("reason", HOSTILE)];
    let page = site.submit_to(&mut browser, &page, "/admin/settings/exemption", &[&limits[..], &typed].concat()).await;
    assert_eq!(page.said(), Some("The exemption is in force."), "{page:?}");
    let query = encode([("q", HOSTILE), ("person", HOSTILE), ("group", HOSTILE)]);
    let mut shown = 0;
    for (path, _) in router::console() {
        let to = path.replace("{name}", "anna").replace("{version}", "1").replace("{id}", "x");
        for to in [to.clone(), format!("{to}?{query}")] {
            let page = site.get(&mut browser, &to).await;
            let is_page =
                page.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
            if is_page {
                for tag in ["<script>alert", "<img src=x", "</title><script"] {
                    assert!(!page.body.contains(tag), "{to}: {page:?}");
                }
                shown += usize::from(page.body.contains("{{7*7}}&#60;/title&#62;"));
            }
        }
    }
    assert!(shown >= 4, "on {shown} pages it really stands: audit, person, rules, what was looked for");
}
