//! What sshd offers, and what follows.

use super::super::Verdict;
use super::{Effective, Stack, judge};

fn verdicts(text: &str) -> Vec<(Verdict, String)> {
    with_stack(text, Stack { asks: true, closes: false })
}

fn with_stack(text: &str, pam: Stack) -> Vec<(Verdict, String)> {
    judge("everybody", &Effective::parse(text), pam)
        .into_iter()
        .map(|finding| (finding.verdict, finding.found))
        .collect()
}

const RIGHT: &str = "usepam yes\npubkeyauthentication yes\npasswordauthentication no\nkbdinteractiveauthentication yes\n\
                     gssapiauthentication no\nhostbasedauthentication no\nlogingracetime 300\npermitrootlogin no\n\
                     authenticationmethods keyboard-interactive publickey,keyboard-interactive\n";

fn with(key: &str, value: &str) -> String {
    let others: Vec<&str> = RIGHT.lines().filter(|line| !line.starts_with(key)).collect();
    format!("{}\n{key} {value}\n", others.join("\n"))
}

fn found(text: &str, verdict: Verdict, word: &str) {
    let all = verdicts(text);
    assert!(all.iter().any(|(one, found)| *one == verdict && found.contains(word)), "{word}: {all:?}");
}

#[test]
fn both_ways_ask() {
    assert!(verdicts(RIGHT).iter().all(|(verdict, _)| *verdict == Verdict::Well), "{:?}", verdicts(RIGHT));
    assert_eq!(verdicts(RIGHT).len(), 2);
}

#[test]
fn each_fault_is_named() {
    found(&with("authenticationmethods", "any"), Verdict::Bypass, "publickey: no code");
    found(&with("authenticationmethods", "publickey keyboard-interactive"), Verdict::Bypass, "publickey: no code");
    found(&with("kbdinteractiveauthentication", "no"), Verdict::LockOut, "KbdInteractiveAuthentication no");
    found(&with("authenticationmethods", "keyboard-interactive:bsdauth"), Verdict::Bypass, "no code");
    found(&with("authenticationmethods", "keyboard-interactive:pam"), Verdict::Well, "asked for a code");
    found(&with("usepam", "no"), Verdict::Bypass, "UsePAM no");
    found(&with("logingracetime", "120"), Verdict::LockOut, "LoginGraceTime 120");
    found(&with("permitrootlogin", "prohibit-password"), Verdict::Note, "root");
    let password =
        with("authenticationmethods", "any").replace("passwordauthentication no", "passwordauthentication yes");
    found(&password, Verdict::LockOut, "password: refused");
    assert!(with_stack(RIGHT, Stack::default()).is_empty());
    let by_key = with_stack(&with("authenticationmethods", "publickey"), Stack { asks: true, closes: true });
    assert!(by_key.iter().all(|(verdict, _)| *verdict == Verdict::Note), "the account line refuses them: {by_key:?}");
    assert!(verdicts(&with("logingracetime", "0")).iter().all(|(verdict, _)| *verdict == Verdict::Well), "no limit");
}
