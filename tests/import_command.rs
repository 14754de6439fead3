//! `twolatch import`: what it says of each line, what it refuses to read, and that what it takes over lets in.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::support::database::Engine;
use crate::support::host::{begin, verdict};
use crate::support::on_both_databases;
use crate::support::server::Server;
use crate::support::totp;

on_both_databases!(every_format_is_taken_over_and_its_codes_let_in, one_line_that_cannot_be_means_that_nothing_is,);

/// A server that does not run, and a folder for files that only their owner reads.
struct Place {
    server: Server,
    folder: TempDir,
}

impl Place {
    fn new(engine: Engine) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Some(Self { server: Server::init(engine, folder.path())?, folder })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, text: &str) -> String {
        self.file_with_mode(name, text, 0o600)
    }

    fn file_with_mode(&self, name: &str, text: &str, mode: u32) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// What is said, on either output, and with which status it ends.
    fn says(&self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let output = self.server.try_run(&words, "");
        let (said, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let status = output.status.code().unwrap();
        format!("{said}{error}({status})\n").replace(self.folder.path().to_str().unwrap(), "FOLDER")
    }
}

/// Secrets of the golden files, as base32.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn every_format_is_taken_over_and_its_codes_let_in(engine: Engine) {
    let Some(mut place) = Place::new(engine) else { return };
    let secrets: Vec<String> = (0..5).map(|_| totp::new_secret()).collect();
    let hex = data_encoding::HEXLOWER.encode(&data_encoding::BASE32_NOPAD.decode(secrets[1].as_bytes()).unwrap());
    place.file("google", &format!("{}\n\" WINDOW_SIZE 17\n\" TOTP_AUTH\n12345678\n", secrets[0]));
    place.file("oath", &format!("HOTP/T30/6 person1 - {hex}\n"));
    place.file("uris", &format!("otpauth://totp/Example:person2@web1?secret={}&issuer=Example\n", secrets[2]));
    place.file("export", &export("person3", &secrets[3]));
    place.file("csv", &format!("name,secret,label\nperson4,{},Phone\n", secrets[4]));
    place.server.run(&["user", "add", "person0"], "");
    let mut said = String::new();
    for line in [
        "import google --user person0 FOLDER/google --dry-run",
        "import google --user person0 FOLDER/google",
        "import google --user person0 FOLDER/google",
        "import oath FOLDER/oath",
        "import oath FOLDER/oath --add-people",
        "import uris FOLDER/uris --add-people",
        "import uris FOLDER/export --add-people --json",
        "import csv FOLDER/csv --add-people",
        "factor list person4",
        "audit verify",
    ] {
        let folder = place.folder.path().to_str().unwrap();
        write!(said, "$ twolatch {line}\n{}\n", place.says(&line.replace("FOLDER", folder))).unwrap();
    }
    assert!(!secrets.iter().any(|secret| said.contains(secret)) && !said.contains(&hex), "{said}");
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b[a-z2-7]{26}\b", "ID");
    settings.bind(|| insta::assert_snapshot!("every_format", said));

    place.server.start();
    let socket = place.server.socket().to_owned();
    for (number, secret) in secrets.iter().enumerate() {
        let name = format!("person{number}");
        let attempt = begin(&socket, &name).unwrap();
        assert_eq!(verdict(&socket, &name, &attempt, &totp::code(secret)).as_deref(), Some("granted"), "{name}");
    }
    let attempt = begin(&socket, "person0").unwrap();
    assert_eq!(verdict(&socket, "person0", &attempt, "1234 5678").as_deref(), Some("granted"), "a scratch code");
    let log = place.server.log();
    assert!(!secrets.iter().any(|secret| log.contains(secret)), "{log}");
}

/// An export of Google Authenticator with one account: SHA-1, six digits, of the time.
fn export(name: &str, secret: &str) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let field = |tag: u8, bytes: &[u8]| [&[tag << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let account = [field(1, &secret), field(2, name.as_bytes()), vec![0x20, 1, 0x28, 1, 0x30, 2]].concat();
    let message = [field(1, &account), vec![0x10, 1, 0x18, 1, 0x20, 0]].concat();
    let data = data_encoding::BASE64.encode(&message).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("otpauth-migration://offline?data={data}\n")
}

/// W-29 and OTP-2: a bad line in the middle, a weak seed, somebody unknown, somebody who is set up already.
fn one_line_that_cannot_be_means_that_nothing_is(engine: Engine) {
    let Some(place) = Place::new(engine) else { return };
    place.server.run(&["user", "add", "alice", "bob"], "");
    place.server.run(&["factor", "add-totp", "bob", "--secret-stdin"], &format!("{}\n", totp::new_secret()));
    let lines = format!(
        "name,secret\nalice,{SECRET}\nbob,{SECRET}\ncarol,{SECRET}\ndave,GEZDGNBVGY3TQOJQ\nerin,1890\nfrank,GEZDGNBV\n"
    );
    let path = place.file("csv", &lines);
    let mut said = String::new();
    for options in
        ["", " --add-people --dry-run", " --add-people --leave-out", " --add-people --beside --allow-weak --leave-out"]
    {
        let line = format!("import csv {path}{options}");
        write!(said, "$ twolatch import csv FOLDER/csv{options}\n{}", place.says(&line)).unwrap();
        let users = place.server.json(&["user", "list"]);
        write!(said, "-- there are {} people now\n\n", users.as_array().unwrap().len()).unwrap();
    }
    let listed = place.server.run(&["factor", "list", "dave"], "");
    said += listed.split_once("  ").unwrap().1;
    insta::assert_snapshot!("all_or_nothing", said);
}

#[test]
fn p29_what_others_may_have_touched_is_not_read() {
    let place = Place::new(Engine::Sqlite).unwrap();
    let line = format!("name,secret\nalice,{SECRET}\n");
    let good = place.file("good", &line);
    symlink(&good, place.path("link")).unwrap();
    fs::copy(&good, place.path("twin")).unwrap();
    fs::hard_link(place.path("twin"), place.path("other name")).unwrap();
    nix::unistd::mkfifo(Path::new(&place.path("fifo")), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(place.path("folder")).unwrap();
    place.file_with_mode("open", &line, 0o644);
    place.file_with_mode("of_group", &line, 0o620);
    fs::write(place.file("binary", ""), [0xff, 0xfe]).unwrap();
    fs::File::create(place.path("large")).unwrap().set_len(64 * 1024 * 1024 + 1).unwrap();
    fs::set_permissions(place.path("large"), fs::Permissions::from_mode(0o600)).unwrap();
    let mut said = String::new();
    for name in ["link", "twin", "fifo", "folder", "open", "of_group", "binary", "large", "missing"] {
        said += &place.says(&format!("import csv {}", place.path(name)));
    }
    insta::assert_snapshot!("unsafe_files", said);
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(place.path("good"), Some(12345), None).unwrap();
        let said = place.says(&format!("import csv {good}"));
        assert!(said.contains("belongs to uid 12345"), "{said}");
    }
}

/// A home is its owner's: what stands there may be a trap for whoever reads it as root.
#[test]
fn t10_no_link_in_a_home_leads_anywhere() {
    let Some(machine) = crate::support::machine::Machine::enter() else { return };
    let place = Place::new(Engine::Sqlite).unwrap();
    let names: Vec<String> = (0..6).map(|_| machine.account().name).collect();
    let file = |name: &str| format!("/home/{name}/.google_authenticator");
    let text = format!("{SECRET}\n\" TOTP_AUTH\n");
    let own = |name: &str| {
        fs::write(file(name), &text).unwrap();
        fs::set_permissions(file(name), fs::Permissions::from_mode(0o400)).unwrap();
        crate::support::run("chown", &[name, &file(name)], "");
    };
    own(&names[0]);
    symlink(file(&names[0]), file(&names[1])).unwrap();
    own(&names[2]);
    crate::support::run("chown", &[&names[0], &file(&names[2])], "");
    nix::unistd::mkfifo(Path::new(&file(&names[3])), nix::sys::stat::Mode::S_IRWXU).unwrap();
    own(&names[4]);
    fs::set_permissions(file(&names[4]), fs::Permissions::from_mode(0o604)).unwrap();
    // A folder below the home may lead elsewhere as well; names[5] has no file at all.
    symlink(format!("/home/{}", names[0]), format!("/home/{}/.ga", names[1])).unwrap();

    let report = |options: &[&str]| {
        let output =
            place.server.try_run(&[&["import", "google", "--homes", "--json", "--dry-run"], options].concat(), "");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let of = |report: &serde_json::Value, name: &str| {
        let rows = report["lines"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name)?;
        Some(format!("{} {}", row["outcome"].as_str().unwrap(), row["notes"][0].as_str().unwrap_or_default()))
    };
    let homes = report(&["--add-people"]);
    assert_eq!(of(&homes, &names[0]).unwrap(), "taken_with_owner ");
    assert!(of(&homes, &names[1]).unwrap().contains("symbolic link"), "{homes}");
    assert!(of(&homes, &names[2]).unwrap().contains("belongs to uid"), "{homes}");
    assert!(of(&homes, &names[3]).unwrap().contains("plain file"), "{homes}");
    assert!(of(&homes, &names[4]).unwrap().contains("mode 604"), "{homes}");
    assert_eq!(of(&homes, &names[5]), None);
    let below = report(&["--add-people", "--secret", "~/.ga/.google_authenticator"]);
    assert!(of(&below, &names[1]).unwrap().contains("symbolic link"), "{below}");
    let elsewhere = report(&["--add-people", "--secret", "/home/${USER}/.google_authenticator"]);
    assert_eq!(of(&elsewhere, &names[0]).unwrap(), "taken_with_owner ");
    assert!(of(&elsewhere, &names[1]).unwrap().contains("symbolic link"), "{elsewhere}");
}
