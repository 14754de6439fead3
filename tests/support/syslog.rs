//! What the programs inside `tests/machine.sh` sent to syslog.

use std::fs;
use std::time::Duration;

use super::setting;
use super::wait::try_until;

/// All lines.
pub(crate) fn lines() -> Vec<String> {
    let path = setting("TWOLATCH_SYSLOG").expect("TWOLATCH_SYSLOG is set by tests/machine.sh");
    String::from_utf8_lossy(&fs::read(path).unwrap()).lines().map(str::to_owned).collect()
}

/// The lines that name this person.
pub(crate) fn lines_about(name: &str) -> Vec<String> {
    let names = |line: &String| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == name);
    lines().into_iter().filter(names).collect()
}

/// Waits for a line about this person that our module wrote with this reason.
pub(crate) fn expect_reason(name: &str, reason: &str) {
    let ours = |line: &String| line.contains("twolatch") && line.contains(reason);
    let found = try_until(Duration::from_secs(5), || lines_about(name).into_iter().find(ours));
    assert!(found.is_some(), "syslog has no `{reason}` about {name}:\n{}", lines_about(name).join("\n"));
}

/// The log shows none of these.
pub(crate) fn assert_hides(secrets: &[&str]) {
    for line in lines() {
        for secret in secrets {
            assert!(!line.contains(secret), "syslog shows a secret: {line}");
        }
    }
}

/// No line about this person shows this code. (Elsewhere six digits may stand for something else.)
pub(crate) fn assert_hides_code(name: &str, code: &str) {
    for line in lines_about(name) {
        assert!(!line.contains(code), "syslog shows a code: {line}");
    }
}
