//! What sshd offers, and what follows.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::Verdict;
use super::{Effective, Stack, effective, judge, judge_all};

const ASKS: Stack = Stack { asks: true, closes: false, root_has_key: false };

fn verdicts(text: &str) -> Vec<(Verdict, String)> {
    with_stack(text, ASKS)
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
    let by_key = with_stack(&with("authenticationmethods", "publickey"), Stack { closes: true, ..ASKS });
    assert!(by_key.iter().all(|(verdict, _)| *verdict == Verdict::Note), "the account line refuses them: {by_key:?}");
    assert!(verdicts(&with("logingracetime", "0")).iter().all(|(verdict, _)| *verdict == Verdict::Well), "no limit");
}

/// What is said of root's own ways in.
fn of_root(all: &[(&str, String)], pam: Stack) -> Vec<(Verdict, String)> {
    let all: Vec<_> = all.iter().map(|(whom, text)| ((*whom).to_owned(), Effective::parse(text))).collect();
    let findings = judge_all(&all, pam).into_iter().filter(|finding| finding.found.contains("cannot come in by SSH"));
    findings.map(|finding| (finding.verdict, finding.found)).collect()
}

#[test]
fn root_is_kept_out_where_sshd_refuses_a_step_of_each_list() {
    let has_key = Stack { root_has_key: true, ..ASKS };
    for said in ["prohibit-password", "without-password", "forced-commands-only"] {
        let strict = with("permitrootlogin", said);
        for (pam, verdict) in [(has_key, Verdict::LockOut), (ASKS, Verdict::Note)] {
            let all = of_root(&[("everybody", strict.clone())], pam);
            assert!(all.len() == 1 && all[0].0 == verdict && all[0].1.contains(said), "{all:?}");
        }
        let by_key = strict.replace("authenticationmethods keyboard-interactive ", "authenticationmethods publickey ");
        assert!(of_root(&[("everybody", by_key)], has_key).is_empty(), "a key alone is enough for root");
        assert!(of_root(&[("alice from 192.0.2.1", strict.clone())], has_key).is_empty());
        let own = [("everybody", strict.clone()), ("root from 192.0.2.1", with("permitrootlogin", "yes"))];
        assert!(of_root(&own, has_key).is_empty(), "root has an answer of its own");
        let elsewhere = [("everybody", strict.clone()), ("root from 10.0.0.1", with("permitrootlogin", "yes"))];
        assert_eq!(of_root(&elsewhere, has_key).len(), 1, "and comes in from one place alone");
    }
    assert!(of_root(&[("everybody", with("permitrootlogin", "yes"))], has_key).is_empty());
    assert!(of_root(&[("everybody", with("usepam", "no"))], has_key).is_empty());
}

/// What the sshd of this machine makes of a configuration, where there is one.
fn asked(lines: &str, names: &[&str]) -> Option<Result<Vec<(String, Effective)>, String>> {
    // It needs this folder to answer.
    if !Path::new("/usr/sbin/sshd").exists() || !Path::new("/run/sshd").exists() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let (key, config) = (folder.path().join("host_key"), folder.path().join("config"));
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
    assert!(made.success());
    let right = "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\nLoginGraceTime 300\n\
                 PermitRootLogin yes\nAuthenticationMethods keyboard-interactive\n";
    fs::write(&config, format!("HostKey {}\n{right}{lines}", key.display())).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Some(effective(&config, &names))
}

#[test]
fn what_match_names_is_asked_of_a_real_sshd() {
    for (lines, whom) in [
        ("Match Address 10.0.0.0/8\n", "everybody from 10.0.0.1"),
        ("Match Address 2001:db8::/32\n", "everybody from 2001:db8::1"),
        ("Match Address \"172.16.*\"\n", "everybody from 172.16.1.1"),
        ("Match LocalPort 2222\n", "everybody from 192.0.2.1, to port 2222"),
        ("Match LocalPort 22\n", "everybody from 192.0.2.1, to port 22"),
        ("Match LocalAddress 10.1.0.0/16 LocalPort 2222\n", "everybody from 192.0.2.1, to 10.1.0.1, to port 2222"),
        ("Match Host *.example.org\n", "everybody from 192.0.2.1, named x.example.org"),
        ("Match RDomain inner\n", "everybody from 192.0.2.1, in the routing domain inner"),
        ("Match User root Address 10.0.0.0/8 # here\n", "root from 10.0.0.1"),
        ("Match User nobody\n", "nobody from 192.0.2.1"),
        ("Match Group nogroup\n", "nobody from 192.0.2.1"),
        (
            "Match Address *,!192.0.2.0/24,!127.0.0.1\nPubkeyAuthentication yes\nMatch Address *,!192.0.2.0/24,!127.0.0.0/8,10.1.1.1\n",
            "everybody from 10.1.1.1",
        ),
    ] {
        let Some(all) = asked(&format!("{lines}AuthenticationMethods publickey\n"), &["nobody", "root"]) else {
            return;
        };
        let all = all.unwrap();
        let findings = judge_all(&all, ASKS);
        let bad: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Bypass)
            .map(|finding| finding.found.as_str())
            .collect();
        assert!(!bad.is_empty() && bad.iter().all(|found| found.starts_with(&format!("{whom}: "))), "{lines}: {bad:?}");
    }
}

#[test]
fn the_general_question_is_answered_whatever_match_names() {
    for lines in ["", "Match LocalPort 2222\n", "Match LocalPort 22\nMatch LocalAddress 10.0.0.1 User root\n"] {
        let Some(all) = asked(&format!("{lines}AuthenticationMethods publickey\n"), &[]) else { return };
        let all = all.unwrap();
        assert_eq!(all.iter().map(|(whom, _)| whom.as_str()).collect::<Vec<_>>(), ["everybody"], "{lines}");
        let is_changed = all[0].1.lists() == [["publickey"]];
        assert!(!is_changed, "{lines}");
    }
}
