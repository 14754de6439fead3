//! SEC-9: every way in stands in the README with what it asks, and one that does not fails here.

use std::collections::BTreeSet;

use idp_server::api::admin::{API, document, operation};
use idp_server::router;
use idp_server::web::path;
use twolatch_core::door::Door;

const README: &str = include_str!("../README.md");

/// Of no account, and without any power.
const OPEN: [&str; 1] = ["/"];

#[test]
fn sec_9_every_way_in_is_written_down() {
    let section = README.split("\n## Every way in\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let words: BTreeSet<&str> = section.split('`').skip(1).step_by(2).collect();
    let web = [
        router::people(),
        router::console(),
        router::openid_connect(),
        router::registration(),
        router::forward(),
        router::programs(),
    ];
    let api: Vec<String> =
        operation::all(&document("")).into_iter().map(|operation| format!("{API}{}", operation.path)).collect();
    let routes: Vec<&str> = web
        .into_iter()
        .flatten()
        .map(|(path, _)| path)
        .chain([path::CALLBACK])
        .chain(api.iter().map(String::as_str))
        .filter(|path| !OPEN.contains(path))
        .collect();
    let is_under = |path: &str, word: &str| {
        path == word || path.strip_prefix(word).is_some_and(|rest| word.ends_with('/') || rest.starts_with('/'))
    };
    for path in &routes {
        assert!(words.iter().any(|word| is_under(path, word)), "{path} is not written down");
    }
    for word in words.iter().filter(|word| word.starts_with('/')) {
        assert!(routes.iter().any(|path| is_under(path, word)), "{word} is no route any more");
    }
    let services = ["sshd", "login", "sudo", "sudo-i", "su", "su-l"];
    let doors: BTreeSet<Door> = services.iter().map(|name| Door::of_service(name, Some("tty1"), None)).collect();
    assert!(Door::ALL.iter().all(|door| doors.contains(door) || [Door::Web, Door::Other].contains(door)));
    for service in services {
        assert!(words.contains(service), "{service} is not written down");
    }
}
