//! Exemptions with a real server: made at the command line, asked for over the socket, explained and ended.

use serde_json::{Value, json};

use crate::exempting::{FINGERPRINT, KEY, OTHER};
use crate::support::database::Engine;
use crate::support::host::{begin, begin_with, verdict};
use crate::support::on_both_databases;
use crate::support::server::Server;
use crate::support::{run, skip, totp};

on_both_databases!(exemptions_over_the_socket);

fn exemptions_over_the_socket(engine: Engine) {
    if !nix::unistd::geteuid().is_root() {
        skip("not root: nobody else may say what a host has seen");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    let secret = totp::new_secret();
    server.run(&["user", "add", "alice"], "");
    server.run(&["factor", "add-totp", "alice", "--secret-stdin"], &format!("{secret}\n"));
    let host = run("hostname", &[], "").trim().to_owned();
    let exempt = ["policy", "exempt", "alice", "--days", "3", "--reason", "backups"];
    let limits =
        ["--door", "ssh", "--host", &host, "--network", "10.0.0.0/8", "--key", KEY.strip_prefix("publickey ").unwrap()];
    server.run(&[&exempt[..], &limits].concat(), "");
    server.start();
    let asked = |told: &Value| begin_with(server.socket(), "alice", told).unwrap();
    assert_eq!(asked(&json!({"rhost": "10.1.2.3", "key": KEY})), "not_asked");
    assert_eq!(asked(&json!({"rhost": "10.1.2.3", "key": KEY, "evidence": "key"})), "not_asked");
    assert_eq!(asked(&json!({"rhost": "10.1.2.3", "key": OTHER})), "ask");
    assert_eq!(asked(&json!({"rhost": "10.1.2.3"})), "ask");
    assert_eq!(asked(&json!({"rhost": "11.1.2.3", "key": KEY})), "ask");
    assert_eq!(asked(&json!({"rhost": "10.1.2.3", "key": KEY, "service": "sudo"})), "ask");
    let sealed = begin(server.socket(), "alice").unwrap();
    assert_eq!(verdict(server.socket(), "alice", &sealed, &totp::code(&secret)).as_deref(), Some("granted"));

    let explain = |more: &[&str]| {
        let explained = server.json(&[&["policy", "explain", "alice", "--door", "ssh"], more].concat());
        explained[0]["level"].as_str().unwrap().to_owned()
    };
    assert_eq!(explain(&["--address", "10.1.2.3", "--key", FINGERPRINT]), "off");
    assert_eq!(explain(&["--address", "10.1.2.3", "--key", FINGERPRINT, "--host", "other"]), "required");
    assert_eq!(explain(&["--address", "10.1.2.3"]), "required");
    let shown = server.json(&["policy", "show"]);
    let made = &shown["exemptions"][0];
    assert_eq!(
        (&made["network"], &made["key"], &made["door"]),
        (&json!("10.0.0.0/8"), &json!(FINGERPRINT), &json!("ssh"))
    );
    assert!(
        server
            .run(&["policy", "show"], "")
            .contains(&format!("ssh, host {}, network 10.0.0.0/8, key SHA256:", host.to_lowercase()))
    );
    server.run(&["policy", "exempt", "--end", made["id"].as_str().unwrap()], "");
    let records = server.json(&["audit", "list", "--limit", "100"]);
    let records: Vec<&str> = records.as_array().unwrap().iter().filter_map(|one| one["detail"].as_str()).collect();
    for part in ["ended {", "10.0.0.0/8", FINGERPRINT, "backups"] {
        assert!(
            records.iter().any(|detail| detail.starts_with("ended ") && detail.contains(part)),
            "{part}: {records:?}"
        );
    }
    assert!(
        records.iter().any(|detail| detail.contains("by the exemption") && detail.contains(FINGERPRINT)),
        "{records:?}"
    );
    for (limit, said) in [
        (["--network", "10.1.2.3/8"], "the network is 10.0.0.0/8"),
        (["--network", "0.0.0.0/0"], "every address"),
        (["--key", "ssh-ed25519-cert-v01@openssh.com AAAA"], "a certificate is no key"),
        (["--host", "*.example.org"], "hostname"),
        (["--client", "wiki"], "no login is within all of these limits"),
    ] {
        let more: &[&str] = if limit[0] == "--client" { &["--door", "ssh"] } else { &[] };
        let output = server.try_run(&[&exempt[..], &limit, more].concat(), "");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains(said), "{told}");
    }
}
