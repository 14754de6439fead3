//! What the command line prints, word for word: as tables for people, as JSON for programs, and as errors.

use std::fmt::Write as _;

use crate::support::database::Engine;
use crate::support::server::Server;

/// Of earlier rules.
const VERSIONS: [&str; 3] = ["policy history --limit 3", "policy restore 2", "policy restore 99"];

/// Of people who ask for help.
const RECOVERY: [&str; 4] =
    ["recovery list", "recovery list --json", "recovery approve nobody", "recovery dismiss nobody --note no"];

/// Of tokens with which programs act.
const TOKENS: [&str; 9] = [
    "token add --user alice --scope users:read users:write --note nightly",
    "token add --user alice --scope audit:read --note audit --days 365 --json",
    "token add --user alice --scope everything --note x",
    "token add --user alice --scope users:read --note x --days 366",
    "token add --user nobody --scope users:read --note x",
    "token add --user alice --note x",
    "token list",
    "token list --json",
    "token delete none",
];

/// One system from its first user on, each command with all that it says.
#[test]
fn what_commands_print() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n";
    let table: [(&str, &[&str], &str); 9] = [
        (
            "users",
            &[
                "user add alice --email alice@example.org --role admin --group ops",
                "user add alice",
                "user add -- -x",
                "user add bob --shared",
                "user show alice",
                "user disable bob",
                "user list",
                "user list --json",
                "user list --second-factor PENDING --role admin",
                "user list --json --group nobody",
                "user list --locked",
                "user list --second-factor no",
                "user list --search AL --method totp",
                "user bulk disable",
                "user bulk disable alice --role admin",
                "user bulk request-registration --all --dry-run",
                "user bulk request-registration --all",
                "user bulk disable --role admin --json",
                "user bulk lock alice",
                "user bulk set-methods alice",
                "user bulk set-methods alice --methods totp",
                "user show nobody",
                "user invite alice",
                "user invite alice --json",
                "user unlock alice",
                "user delete bob",
                "user delete alice",
            ],
            "",
        ),
        (
            "factors",
            &[
                "factor add-totp alice --secret-stdin --label Phone",
                "factor list alice",
                "factor list alice --json",
                "factor reset alice",
            ],
            secret,
        ),
        ("weak factor", &["factor add-totp alice --secret-stdin"], "AAAA\n"),
        (
            "policy",
            &[
                "policy set required",
                "policy set optional --group ops",
                "policy exempt alice --door ssh --days 3 --reason travelling",
                "policy exempt alice --days 3",
                "policy show",
                "policy show --json",
                "policy explain alice",
                "policy set --admin-link wait:24",
                "policy set --admin-link sometimes",
                "policy set never",
            ],
            "",
        ),
        ("policy versions", &VERSIONS, ""),
        (
            "clients",
            &[
                "client add --name Wiki --id wiki --redirect-uri https://wiki.example.org/callback --public",
                "client add --name Shop --id shop --redirect-uri http://shop.example.org/callback",
                "client list",
                "client show wiki --json",
                "client delete wiki",
                "client delete wiki",
            ],
            "",
        ),
        ("tokens", &TOKENS, ""),
        ("recovery", &RECOVERY, ""),
        ("the rest", &["audit verify", "clock accept", "no-such-command"], ""),
    ];
    let settings = settings(folder.path().to_str().unwrap());
    let _bound = settings.bind_to_scope();
    for (name, lines, input) in table {
        let mut shown = String::new();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let output = server.try_run(&words, input);
            let (said, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            write!(shown, "$ twolatch {line}\n{said}").unwrap();
            if !output.status.success() {
                writeln!(shown, "{error}(exit status {})", output.status.code().unwrap()).unwrap();
            }
            shown.push('\n');
        }
        insta::assert_snapshot!(name.replace(' ', "_"), shown);
    }
}

/// What is another one each time is shown as what it is.
fn settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    for (pattern, instead) in [
        (r"/setup/[a-z2-7]+", "/setup/TOKEN"),
        (r"twolatch_api_[a-z2-7]{32}", "TOKEN"),
        (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT"),
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "MOMENT"),
        (r"\b\d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d UTC", "MINUTE"),
        (r"\b1[789]\d{8}\b", "UNIXTIME"),
        (r"\b[a-z2-7]{26}\b", "ID"),
    ] {
        settings.add_filter(pattern, instead);
    }
    settings.add_filter(&regex_escape(folder), "FOLDER");
    settings
}

fn regex_escape(path: &str) -> String {
    path.replace('.', r"\.")
}
