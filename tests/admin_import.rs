//! Import and export of people: dry run, all or nothing, lines named, no formula and no secret (W-15, W-29).

use std::fmt::Write as _;

use axum::http::StatusCode;
use twolatch_core::user::Role;

use crate::admin::{confirm, of_role};
use crate::support::core::{Core, NOW, actor, on_both, parsed};
use crate::support::database::Engine;
use crate::support::server::Server;
use crate::support::site::Site;

on_both!(w29_many_are_added_at_once_or_nobody_is, t9_an_import_by_who_is_no_administrator_any_more_adds_nobody,);

const GOOD: &str = "name,email,role,groups,level\n\
                    anna,anna@example.org,supervisor,staff;ops,required\n\
                    \"ben\",\"=ben@example.org\",,,\n\
                    carl,,,staff,\n";

fn server() -> (tempfile::TempDir, Server) {
    let sockets = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, sockets.path()).unwrap();
    (sockets, server)
}

fn names(server: &Server) -> Vec<String> {
    let all = server.json(&["user", "list"]);
    all.as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
}

/// What is wrong with a file, as it is told.
fn refused(server: &Server, text: &str) -> String {
    let output = server.try_run(&["user", "import", "-"], text);
    assert_eq!(output.status.code(), Some(65), "{text:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_dry_run_changes_nothing_and_an_import_adds_all() {
    let (folder, server) = server();
    let file = folder.path().join("people.csv");
    std::fs::write(&file, GOOD).unwrap();
    let file = file.to_str().unwrap();
    let said = server.run(&["user", "import", file, "--dry-run"], "");
    assert!(said.contains("line 3: ben would be added as member."), "{said}");
    assert!(said.contains("3 would be added; nothing is changed."), "{said}");
    assert!(names(&server).is_empty());
    let said = server.run(&["user", "import", file], "");
    assert_eq!(said, "3 added.\n");
    assert_eq!(names(&server), ["anna", "ben", "carl"]);
    let anna = server.json(&["user", "show", "anna"]);
    assert_eq!((anna["email"].as_str(), anna["role"].as_str()), (Some("anna@example.org"), Some("supervisor")));
    assert_eq!(anna["groups"], serde_json::json!(["ops", "staff"]));
    let told = refused(&server, GOOD);
    for line in [":2: There is a user anna already", ":3: There is a user ben already", ":4: There is a user carl"] {
        assert!(told.contains(line), "import over what is there: {told}");
    }
    assert!(told.contains(":2: Somebody has the address anna@example.org already"), "{told}");
}

#[test]
fn t9_whoever_was_removed_lately_gets_no_link_and_the_others_do() {
    let (_folder, server) = server();
    let mail = "\n[mail]\nfrom = \"id@example.org\"\nurl = \"smtp://127.0.0.1:9?tls=none\"\n";
    let config = std::fs::read_to_string(server.config_path()).unwrap();
    std::fs::write(server.config_path(), config + mail).unwrap();
    server.run(&["user", "add", "anna"], "");
    server.run(&["user", "delete", "anna"], "");
    let table = "name,email\nanna,other@example.org\nben,ben@example.org\n";
    let output = server.try_run(&["user", "import", "-", "--invite"], table);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("anna was removed and added again: no link or code goes there for 72 hours"), "{said}");
    assert!(said.contains("ben: mail_deferred"), "nobody takes mail there, but it is tried: {said}");
    let output = server.try_run(&["user", "invite", "--mail", "anna"], "");
    assert_eq!(output.status.code(), Some(65), "{output:?}");
}

#[test]
fn w29_every_fault_has_its_line_and_nobody_is_added() {
    let (_folder, server) = server();
    let cases = [
        ("", ":1: "),
        ("name,email\n", ":1: "),
        ("email\nanna@example.org\n", ":1: "),
        ("name,password\nanna,secret\n", ":1: "),
        ("name,name\nanna,anna\n", ":1: "),
        ("name\nanna\n\nben x\n", ":4: "),
        ("name,email\nanna,not an address\n", ":2: "),
        ("name,role\nanna,owner\n", ":2: "),
        ("name,groups\nanna,staff;no group\u{1}\n", ":2: "),
        ("name,level\nanna,always\n", ":2: "),
        ("name,email\nanna\n", ":2: "),
        ("name\nanna\nANNA\n", ":3: "),
        ("name,email\nanna,a@example.org\nben,A@Example.org\n", ":3: "),
        ("name,groups\nanna,\"a\nb", ":2: "),
        ("name\nan\"na\n", ":2: "),
    ];
    for (text, line) in cases {
        let told = refused(&server, text);
        assert!(told.contains(line), "{text:?}: {told}");
        assert!(told.starts_with("twolatch: nobody is added:"), "{text:?}: {told}");
    }
    assert!(names(&server).is_empty());
    let mut many = String::from("name,groups\n");
    for number in 0..100_000 {
        let group = if number == 50_000 { "=cmd|' /C calc'!A0" } else { "staff" };
        writeln!(many, "p{number},{group}").unwrap();
    }
    let told = refused(&server, &many);
    assert!(told.contains(":50002: "), "{told}");
    assert!(names(&server).is_empty(), "all or nothing");
    let output = server.try_run(&["user", "import", "/nowhere/people.csv"], "");
    assert_eq!(output.status.code(), Some(65));
}

#[test]
fn w15_an_export_runs_nothing_holds_no_secret_and_reads_back_the_same() {
    let (_folder, one) = server();
    one.run(&["user", "import", "-"], GOOD);
    one.run(&["user", "set", "carl", "--password-stdin", "--keep"], "copper lantern drifts");
    one.run(&["factor", "add-totp", "carl", "--secret-stdin"], "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    let table = one.run(&["user", "export"], "");
    assert_eq!(
        table,
        "name,email,role,groups,level\r\nanna,anna@example.org,supervisor,\"ops;staff\",required\r\n\
         ben,\"'=ben@example.org\",member,,\r\ncarl,,member,staff,\r\n"
    );
    let (_folder, other) = server();
    other.run(&["user", "import", "-"], &table);
    assert_eq!(other.run(&["user", "export"], ""), table);
}

#[test]
fn t8_a_changed_row_ends_no_list_and_is_never_left_out_silently() {
    let (_folder, server) = server();
    server.run(&["user", "import", "-"], GOOD);
    let file = server.config_path().with_file_name("data").join("twolatch.db");
    let tamper = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
                  c.execute(\"UPDATE users SET role = 'admin' WHERE name = 'ben'\"); \
                  c.execute(\"INSERT INTO memberships SELECT 'ops', id FROM users WHERE name = 'carl'\"); c.commit()";
    crate::support::run(crate::mail::smtp::PYTHON, &["-c", tamper, file.to_str().unwrap()], "");
    let table: [(&[&str], &str); 3] = [
        (&["user", "list"], "anna"),
        (&["user", "list", "--json"], "\"anna\""),
        (&["user", "export"], "row_mac: ben,,,,"),
    ];
    for (arguments, expected) in table {
        let output = server.try_run(arguments, "");
        let (said, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(70), "{arguments:?}: {told}");
        assert!(said.contains(expected) && said.contains("carl") && !said.contains("admin"), "{said}");
        assert!(told.contains("row_mac") && told.contains(": ben"), "{told}");
    }
    // What was exported so is taken nowhere.
    let exported = String::from_utf8(server.try_run(&["user", "export"], "").stdout).unwrap();
    assert!(refused(&self::server().1, &exported).contains(":3: "), "{exported}");
    let output = server.try_run(&["factor", "reset", "--group", "staff"], "");
    assert_eq!(output.status.code(), Some(0), "who is not in it is not in its way: {output:?}");
    let said = server.run(&["factor", "reset", "--group", "ops"], "");
    assert!(said.contains("anna sets up") && !said.contains("carl"), "{said}");
    let output = server.try_run(&["factor", "reset", "--all"], "");
    assert_eq!(output.status.code(), Some(70), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("carl sets up"));
}

#[test]
fn who_cannot_be_reached_is_not_invited_by_mail() {
    let (_folder, server) = server();
    let output = server.try_run(&["user", "import", "-", "--invite"], GOOD);
    assert!(String::from_utf8(output.stderr).unwrap().contains(":4: carl has no address"));
    assert!(names(&server).is_empty());
}

async fn w29_many_are_added_at_once_or_nobody_is(core: Core) {
    let user = |name: &str, email: Option<&str>| {
        let id = twolatch_core::id::Id::random(core.store().entropy()).unwrap();
        let mut user = twolatch_core::user::User::new(id, parsed(name), NOW.plus(100), NOW);
        user.email = email.map(|email| email.parse().unwrap());
        user.groups = vec!["staff".parse().unwrap()];
        user
    };
    core.member("taken").await;
    let good = vec![user("anna", Some("anna@example.org")), user("ben", None)];
    core.logins.add_users(good, &actor(NOW)).await.unwrap();
    for bad in [user("TAKEN", None), user("carl", Some("ANNA@example.org"))] {
        let refused = core.logins.add_users(vec![user("dora", None), bad, user("emil", None)], &actor(NOW)).await;
        assert!(matches!(refused, Err(twolatch_core::login::manage::ManageError::TakenMeanwhile)), "{refused:?}");
    }
    assert_eq!(core.number("SELECT COUNT(*) FROM users").await, 3);
    assert_eq!(core.number("SELECT COUNT(*) FROM memberships").await, 2);
    let recorded = core.store().latest_audit(100).await.unwrap();
    let said = Some("imported, role member, groups staff");
    assert_eq!(recorded.iter().filter(|record| record.detail.as_deref() == said).count(), 2);
    let keys = |all: &[&str]| all.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let taken = core.store().taken_names(&keys(&["anna", "nobody", "taken"])).await.unwrap();
    assert_eq!(taken.into_iter().collect::<Vec<_>>(), ["anna", "taken"]);
    let many: Vec<String> = (0..1200).map(|number| format!("p{number}@example.org")).collect();
    let taken = core.store().taken_addresses(&[many, keys(&["anna@example.org"])].concat()).await.unwrap();
    assert_eq!(taken.into_iter().collect::<Vec<_>>(), ["anna@example.org"]);
}

async fn t9_an_import_by_who_is_no_administrator_any_more_adds_nobody(core: Core) {
    let user = core.member("ann").await;
    let acting = twolatch_core::login::manage::Acting {
        id: user.id.clone(),
        security_version: user.security_version,
        source: "192.0.2.1".to_owned(),
        token: None,
    };
    let by = twolatch_core::login::manage::Actor { name: "ann".to_owned(), now: NOW, acting: Some(acting) };
    let id = twolatch_core::id::Id::random(core.store().entropy()).unwrap();
    let new = twolatch_core::user::User::new(id, parsed("anna"), NOW, NOW);
    assert!(core.logins.add_users(vec![new], &by).await.is_err());
    assert_eq!(core.number("SELECT COUNT(*) FROM users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_table_is_shown_before_it_is_imported() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    let page = site.open(&mut browser, "/admin/import").await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(page.title(), "Import people");
    let page = site.submit(&mut browser, &page, &[("table", "name\nadmin\n\nb d\n")]).await;
    assert_eq!(page.said(), Some("Nothing is imported: 2 lines have to be corrected."), "{page:?}");
    assert!(page.body.contains("There is a user admin already"), "{page:?}");
    assert!(page.body.contains("<th scope=\"row\">4</th>"), "{page:?}");
    let page = site.submit(&mut browser, &page, &[("table", "name,email\nanna,anna@example.org\n")]).await;
    assert!(page.body.contains("Add 1 person"), "{page:?}");
    assert_eq!(site.core.number("SELECT COUNT(*) FROM users").await, 1, "it was only looked at");
    let page = site.submit(&mut browser, &page, &[]).await;
    assert_eq!(page.said(), Some("1 person was added."), "{page:?}");
    let anna = site.app.logins.named(&parsed("anna")).await.unwrap().user;
    assert_eq!(anna.email_verified_at, None, "nobody has read mail there yet");
    let file = site.open(&mut browser, "/admin/export").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert!(file.body.contains("anna,anna@example.org,member,,\r\n"), "{file:?}");
}
