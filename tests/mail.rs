//! Mail, through a real mail server, with the real `twolatch`. What the mail server may do wrong is in `delivery`.

use std::fs;
use std::path::Path;

use crate::support::database::Engine;
use crate::support::server::{FAKETIME, Server};
use crate::support::skip;
use crate::support::wait::until;

use self::smtp::Post;

mod delivery;
pub(crate) mod smtp;

/// A server with alice, who has an address, and bob, who has none; with `[mail]`.
fn server(engine: Engine, sockets: &Path, post: &Post) -> Option<Server> {
    let server = Server::init(engine, sockets)?;
    server.run(&["user", "add", "alice", "--email", "alice@example.org"], "");
    server.run(&["user", "add", "bob"], "");
    let none = server.try_run(&["user", "invite", "alice", "--mail"], "");
    assert_eq!(none.status.code(), Some(65), "no [mail] section");
    let config = fs::read_to_string(server.config_path()).unwrap();
    let url = format!("smtp://127.0.0.1:{}?tls=none", post.port);
    let config = format!("{config}\n[mail]\nfrom = \"Twolatch <id@example.org>\"\nurl = \"{url}\"\n");
    fs::write(server.config_path(), config).unwrap();
    Some(server)
}

/// The same, whose clock goes on by more than any pause between two tries when it is started again.
fn server_in_time(engine: Engine, sockets: &Path, post: &Post) -> Option<Server> {
    if !Path::new(FAKETIME).exists() {
        skip("no libfaketime: no server is started later");
        return None;
    }
    server(engine, sockets, post)
}

fn invite(server: &Server, name: &str) -> (Option<i32>, String) {
    let output = server.try_run(&["user", "invite", name, "--mail"], "");
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn an_invitation_is_mailed_once_and_only_to_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let Some(post) = Post::new(folder.path()) else { return };
    let server = server(Engine::Sqlite, folder.path(), &post).unwrap();
    let (status, said) = invite(&server, "bob");
    assert_eq!(status, Some(65));
    assert!(said.contains("bob has no mail address; `twolatch user set bob --email"), "{said}");

    let _running = post.open("good", &[]);
    let said = server.run(&["user", "invite", "alice", "--mail"], "");
    assert_eq!(said, "alice has mail.\n", "the link is not printed");
    let mail = post.wait_for(1).remove(0);
    assert!(mail.starts_with("For: alice@example.org\n"), "{mail}");
    assert!(mail.replace("=\r\n", "").contains(&format!("{}/setup/", server.issuer())), "{mail}");
    assert_eq!(post.told("RCPT"), 1);
    let doctor = String::from_utf8(server.try_run(&["doctor"], "").stdout).unwrap();
    let well = format!("ok       mail       127.0.0.1 port {}, no TLS answers", post.port);
    assert!(doctor.contains(&well), "{doctor}");
    assert_eq!((post.told("MAIL"), post.taken().len()), (1, 1), "the doctor sends nothing");
}

#[test]
fn f12_an_invitation_that_is_not_taken_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let Some(post) = Post::new(folder.path()) else { return };
    let server = server(Engine::Sqlite, folder.path(), &post).unwrap();
    let (status, said) = invite(&server, "alice");
    assert_eq!(status, Some(75), "{said}");
    assert!(said.contains("alice: mail_deferred: 127.0.0.1 port") && said.contains("The server tries again"), "{said}");
    let doctor = String::from_utf8(server.try_run(&["doctor"], "").stdout).unwrap();
    assert!(doctor.contains("FAIL     mail       127.0.0.1 port"), "{doctor}");

    let _running = post.open("reject", &[]);
    let (status, said) = invite(&server, "alice");
    assert_eq!(status, Some(69), "{said}");
    assert!(said.contains("alice: mail_failed: the mail server refuses it (550). It is not tried again."), "{said}");
}

#[test]
fn f12_serve_delivers_what_waited_and_logs_neither_address_nor_text() {
    let folder = tempfile::tempdir().unwrap();
    let Some(post) = Post::new(folder.path()) else { return };
    let Some(mut server) = server_in_time(Engine::Sqlite, folder.path(), &post) else { return };
    assert_eq!(invite(&server, "alice").0, Some(75));
    server.shift_clock(Some("+1m"));
    server.start();
    until("a try", || server.log().contains("mail_deferred").then_some(()));
    server.stop();
    let running = post.open("good", &[]);
    server.shift_clock(Some("+2m"));
    server.start();
    let mail = post.wait_for(1).remove(0);
    assert!(mail.contains("/setup/"), "{mail}");
    until("the record", || server.log().contains("mail_sent").then_some(()));
    server.stop();
    drop(running);
    let log = server.log();
    assert!(log.contains("kind=\"invite\"") && log.contains("next_in="), "{log}");
    for text in ["alice", "example.org", "/setup/"] {
        assert!(!log.contains(text), "{text}: {log}");
    }
    assert_eq!(post.taken().len(), 1);
}

#[test]
fn f12_a_server_killed_while_it_sends_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(post) = Post::new(folder.path()) else { return };
    let Some(mut server) = server_in_time(Engine::Sqlite, folder.path(), &post) else { return };
    assert_eq!(invite(&server, "alice").0, Some(75));
    let running = post.open("slow", &[]);
    server.shift_clock(Some("+1m"));
    server.start();
    until("a delivery", || (post.told("HOLDING") == 1).then_some(()));
    server.kill();
    until("the end of the connection", || (post.told("LOST") >= 2).then_some(()));
    drop(running);
    let _running = post.open("good", &[]);
    server.shift_clock(Some("+3m")); // more than mail is lent for
    server.start();
    post.wait_for(1);
    until("the record", || server.log().contains("mail_sent").then_some(()));
    server.stop();
    assert_eq!(post.taken().len(), 1);
}
