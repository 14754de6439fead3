//! Mail, through a real mail server.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::database::Engine;
use crate::support::server::{Process, Server};
use crate::support::wait::until;
use crate::support::{free_port, skip};

#[test]
fn an_invitation_is_mailed_once_and_only_to_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let (inbox, port) = (folder.path().join("inbox"), free_port());
    let Some(_mail_server) = mail_server(&inbox, port) else { return };
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.run(&["user", "add", "alice", "--email", "alice@example.org"], "");
    server.run(&["user", "add", "bob"], "");

    let none = server.try_run(&["user", "invite", "alice", "--mail"], "");
    assert_eq!(none.status.code(), Some(65), "no [mail] section");
    let config = fs::read_to_string(server.config_path()).unwrap();
    let config = format!("{config}\n[mail]\nfrom = \"Twolatch <id@example.org>\"\nurl = \"smtp://127.0.0.1:{port}\"\n");
    fs::write(server.config_path(), &config).unwrap();
    let nowhere = server.try_run(&["user", "invite", "bob", "--mail"], "");
    assert_eq!(nowhere.status.code(), Some(65), "bob has no address");

    let said = server.run(&["user", "invite", "alice", "--mail"], "");
    assert_eq!(said, "alice has mail.\n", "the link is not printed");
    let message = until("the mail", || {
        fs::read_dir(inbox.join("new")).ok()?.next().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
    });
    assert!(message.contains("X-RcptTo: alice@example.org\n"), "{message}");
    assert!(message.contains(&format!("{}/setup/", server.issuer())), "{message}");

    fs::write(server.config_path(), config.replace("smtp://127.0.0.1", "smtp://mail.example.org")).unwrap();
    let plain = server.try_run(&["user", "list"], "");
    assert_eq!(plain.status.code(), Some(78), "sec_11: mail over a network goes over TLS or not at all");
}

fn mail_server(inbox: &Path, port: u16) -> Option<Process> {
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new("aiosmtpd");
    command.args(["-n", "-l", &address, "-c", "aiosmtpd.handlers.Mailbox"]).arg(inbox);
    let Ok(child) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        skip("no aiosmtpd: no mail is sent");
        return None;
    };
    let process = Process(child);
    until("the mail server", || std::net::TcpStream::connect(&address).ok());
    Some(process)
}
