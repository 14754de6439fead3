//! A real browser, the real server, and a web app behind Apache's `mod_auth_openidc`. The clicking is done by
//! `browser/drive.mjs` and `browser/recover.mjs`; this starts what they need and hands over where everything is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::mail::smtp::Post;
use crate::support::database::Engine;
use crate::support::server::{Process, Server};
use crate::support::{free_port, skip, totp};

use self::apache::{APACHE, Apache, MODULE};

mod apache;
mod apps;
mod hub;
mod proxy;
pub(crate) mod relying;

const CHROMIUM: &str = "/usr/bin/chromium";

/// What somebody's password is where a test needs to know it.
pub(crate) const PASSWORD: &str = "copper lantern drifts";

#[test]
fn w_03_people_set_up_and_sign_in_to_a_web_app_in_a_real_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let sockets = tempfile::tempdir().unwrap();
    let Some(post) = Post::new(sockets.path()) else { return };
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let port = free_port();
    let callback = format!("http://127.0.0.1:{port}/app/callback");
    let client = server.json(&["client", "add", "--name", "The Wiki", "--redirect-uri", &callback]);
    let first = server.json(&["init", "--new-link"]);
    server.run(&["user", "add", "alice", "bob", "dave", "hana", "budi", "citra", "ivan"], "");
    let [invited, invited_too] = ["alice", "citra"].map(|name| server.json(&["user", "invite", name]));
    let secret = totp::new_secret();
    for name in ["bob", "dave", "hana", "budi", "ivan"] {
        server.run(&["factor", "add-totp", name, "--secret-stdin"], &secret);
        server.run(&["user", "set", name, "--password-stdin", "--keep"], PASSWORD);
    }
    server.run(&["user", "add", "carol", "--password-stdin"], PASSWORD);
    server.run(&["user", "add", "erin", "--email", "erin@example.org"], "");
    server.run(&["user", "add", "gina"], "");
    for name in ["erin", "gina"] {
        server.run(&["user", "set", name, "--password-stdin", "--keep"], PASSWORD);
    }
    let _office = mailing(&server, &post);
    server.start();
    let apache = Apache::start(port, &server.issuer(), &client, "OIDCScope \"openid profile\"\n");

    let mut given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "firstLink": first["setup_link"],
        "inviteLink": invited[0]["link"],
        "invited": "alice",
        "enrolled": "bob",
        "changing": "hana",
        "scriptless": "dave",
        "secret": secret,
        "added": "carol",
        "mailed": "erin",
        "post": post.path("taken"),
        "addedScriptless": "gina",
        "indonesian": "budi",
        "inviteLinkIndonesian": invited_too[0]["link"],
        "app": format!("http://127.0.0.1:{port}/app/"),
        "framed": "ivan",
        "frame": format!("http://127.0.0.1:{port}/frame.html"),
        "screenshots": screenshots(),
    });
    drive(&folder, "drive.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}\n{}", apache.log(), server.log()));

    // The same server as an organisation of its own would have it.
    server.stop();
    let logo = sockets.path().join("logo.svg");
    fs::write(&logo, LOGO).unwrap();
    let config = fs::read_to_string(server.config_path()).unwrap();
    let own = format!("[pages]\nlanguage = \"id\"\nlogo = {logo:?}\naccent = \"#ffcc00\"\n");
    assert!(config.contains("[pages]\n"));
    fs::write(server.config_path(), config.replace("[pages]\n", &own)).unwrap();
    server.start();
    given["branded"] = true.into();
    drive(&folder, "drive.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}", server.log()));
    for hidden in [PASSWORD, secret.as_str(), "otpauth"] {
        assert!(!server.log().contains(hidden), "the log holds a secret");
    }
}

/// A wide logo, for which the head of a narrow page has no room.
const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"90\" viewBox=\"0 0 720 90\">\
    <rect width=\"720\" height=\"90\" rx=\"20\" fill=\"#c90\"/><circle cx=\"45\" cy=\"45\" r=\"30\" fill=\"#fff\"/></svg>";

#[test]
fn what_is_lost_or_changed_is_recovered_in_a_real_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let sockets = tempfile::tempdir().unwrap();
    let Some(post) = Post::new(sockets.path()) else { return };
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let secret = totp::new_secret();
    for name in ["jane", "kate", "lena", "mona", "nora", "olga", "pia"] {
        server.run(&["user", "add", name], "");
        server.run(&["user", "set", name, "--password-stdin", "--keep"], PASSWORD);
        if !["olga", "pia"].contains(&name) {
            server.run(&["factor", "add-totp", name, "--secret-stdin"], &secret);
        }
        if ["lena", "mona", "nora", "olga"].contains(&name) {
            let role = if name == "olga" { "member" } else { "admin" };
            server.run(&["user", "set", name, "--email", &format!("{name}@example.org"), "--role", role], "");
        }
    }
    let _office = mailing(&server, &post);
    server.start();
    let command = server.command(&[]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "secret": secret,
        "post": post.path("taken"),
        "twolatch": words.map(|word| word.to_str().unwrap()).collect::<Vec<_>>(),
        "screenshots": screenshots(),
    });
    drive(&folder, "recover.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}", server.log()));
}

/// Gives a server a mail server, which runs until it is dropped.
fn mailing(server: &Server, post: &Post) -> Process {
    let mail = format!("[mail]\nfrom = \"id@example.org\"\nurl = \"smtp://127.0.0.1:{}?tls=none\"\n", post.port);
    let config = fs::read_to_string(server.config_path()).unwrap();
    fs::write(server.config_path(), format!("{config}\n{mail}")).unwrap();
    post.open("good", &[])
}

fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots")
}

fn drive(folder: &Path, script: &str, given: &serde_json::Value) -> Result<(), String> {
    let driven = Command::new("node").arg(folder.join(script)).arg(given.to_string()).output().unwrap();
    let said = [driven.stdout, driven.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    if driven.status.success() { Ok(()) } else { Err(said) }
}

/// Whether everything is there; what the script needs is fetched once.
fn ready(folder: &Path) -> Option<()> {
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    let missing = [CHROMIUM, APACHE, MODULE].into_iter().find(|path| !Path::new(path).exists());
    let why = match missing {
        Some(path) => format!("browser: there is no {path}"),
        None if !node.is_ok_and(|status| status.success()) => "browser: there is no node".to_owned(),
        None if folder.join("node_modules/playwright-core").exists() => return Some(()),
        None => {
            let mut npm = Command::new("npm");
            npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
            npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").stdout(Stdio::null());
            if npm.status().is_ok_and(|status| status.success()) {
                return Some(());
            }
            "browser: `npm ci` in tests/browser failed".to_owned()
        }
    };
    skip(&why);
    None
}
