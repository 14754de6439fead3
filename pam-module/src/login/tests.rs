use std::collections::VecDeque;

use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::wire::Outcome;
use zeroize::Zeroizing;

use super::{Manner, Passed, Refusal, judge, run};
use crate::authenticator::{Authenticator, Failure};
use crate::converse::{Conversation, Line, Lost};

/// A person who types what the script says. Unused lines mean that fewer prompts came than expected.
#[derive(Default)]
struct Person {
    lines: VecDeque<Result<Vec<u8>, Lost>>,
    prompts: Vec<String>,
}

impl Person {
    fn typing(lines: &[&str]) -> Self {
        Self { lines: lines.iter().map(|line| Ok(line.as_bytes().to_vec())).collect(), prompts: Vec::new() }
    }
}

impl Conversation for Person {
    fn ask(&mut self, prompt: &str, _: bool) -> Result<Line, Lost> {
        self.prompts.push(prompt.to_owned());
        self.lines.pop_front().expect("a prompt that the script does not know").map(Zeroizing::new)
    }

    fn tell(&mut self, _: &str) {}
}

impl Drop for Person {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || self.lines.is_empty(), "{} lines were never asked for", self.lines.len());
    }
}

/// A server that answers what the script says and notes what it was sent.
struct Server {
    outcomes: VecDeque<Result<Outcome, Failure>>,
    sent: Vec<(String, String)>,
}

impl Server {
    fn saying(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Self { outcomes: outcomes.into_iter().map(Ok).collect(), sent: Vec::new() }
    }

    fn next(&mut self) -> Result<Outcome, Failure> {
        self.outcomes.pop_front().expect("a request that the script does not know")
    }
}

impl Authenticator for Server {
    fn begin(&mut self) -> Result<Outcome, Failure> {
        self.next()
    }

    fn answer(&mut self, attempt: &str, typed: &Secret) -> Result<Outcome, Failure> {
        self.sent.push((attempt.to_owned(), typed.expose().to_owned()));
        self.next()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        assert!(
            std::thread::panicking() || self.outcomes.is_empty(),
            "{} answers were never used",
            self.outcomes.len()
        );
    }
}

const MANNER: Manner<'static> = Manner { prompt: "Code: ", echo: false, prompts: 3, password: None };

fn question(attempt: &str) -> Outcome {
    Outcome::Ask { attempt: attempt.into(), notice: None, drawn: false, label: None, reason: None }
}

fn labelled(attempt: &str, notice: &str, label: &str) -> Outcome {
    let (notice, label) = (Some(notice.into()), Some(label.into()));
    Outcome::Ask { attempt: attempt.into(), notice, drawn: true, label, reason: None }
}

fn refused(reason: Reason) -> Outcome {
    Outcome::Refused { reason, notice: None }
}

fn reason(result: Result<Passed, Refusal>) -> Reason {
    result.unwrap_err().reason
}

#[test]
fn a_right_code_is_sent_with_its_attempt_and_grants() {
    let (mut person, mut server) = (Person::typing(&["123 456"]), Server::saying([question("a1"), Outcome::Granted]));
    assert_eq!(run(&mut person, &mut server, MANNER), Ok(Passed::Granted));
    assert_eq!(person.prompts, ["Code: "]);
    assert_eq!(server.sent, [("a1".to_owned(), "123456".to_owned())]);
}

#[test]
fn a_wrong_code_is_refused_with_the_servers_words() {
    let mut server = Server::saying([
        question("a1"),
        Outcome::Refused { reason: Reason::Wait, notice: Some("Try again in 30 s.".into()) },
    ]);
    let refusal = run(&mut Person::typing(&["000000"]), &mut server, MANNER).unwrap_err();
    assert_eq!((refusal.reason, refusal.notice.as_deref()), (Reason::Wait, Some("Try again in 30 s.")));
}

#[test]
fn a_second_question_carries_its_notice_in_the_prompt() {
    let again = Outcome::Ask {
        attempt: "a2".into(),
        notice: Some("Already used.\x1b[31m".into()),
        drawn: false,
        label: None,
        reason: Some(Reason::Replay),
    };
    let (mut person, mut server) =
        (Person::typing(&["111111", "222222"]), Server::saying([question("a1"), again, Outcome::Granted]));
    assert_eq!(run(&mut person, &mut server, MANNER), Ok(Passed::Granted));
    assert_eq!(person.prompts, ["Code: ", "Already used.[31m\nCode: "]);
    assert_eq!(server.sent.last().unwrap().0, "a2");
}

#[test]
fn p01_p02_p04_what_is_no_code_is_asked_again_and_never_sent() {
    let (mut person, mut server) =
        (Person::typing(&["", "\t", "123456"]), Server::saying([question("a1"), Outcome::Granted]));
    assert_eq!(run(&mut person, &mut server, MANNER), Ok(Passed::Granted));
    assert!(person.prompts[1].ends_with("\nCode: "), "{:?}", person.prompts);
    assert_eq!(server.sent.len(), 1);

    let mut server = Server::saying([question("a1")]);
    assert_eq!(reason(run(&mut Person::typing(&["", "12345", "abc"]), &mut server, MANNER)), Reason::Malformed);
    assert!(server.sent.is_empty());
}

#[test]
fn p33_the_prompts_of_a_conversation_are_counted_over_all_questions() {
    let mut server = Server::saying([question("a1"), question("a2"), question("a3"), question("a4")]);
    let mut person = Person::typing(&["111111", "222222", "333333"]);
    assert_eq!(reason(run(&mut person, &mut server, MANNER)), Reason::TooManyPrompts);
    assert_eq!(server.sent.len(), 3);

    let mut server = Server::saying([question("a1"), question("a2")]);
    let mut person = Person::typing(&["", "111111", ""]);
    assert_eq!(reason(run(&mut person, &mut server, MANNER)), Reason::Malformed);
}

#[test]
fn set_up_has_seven_prompts_more_and_never_more_than_ten() {
    let steps = |count: usize| (0..count).map(|_| labelled("a", "Scan this.", "First code: "));
    let codes = vec!["111111"; 10];
    let mut server = Server::saying(steps(9));
    let manner = Manner { prompts: 1, ..MANNER };
    assert_eq!(reason(run(&mut Person::typing(&codes[..8]), &mut server, manner)), Reason::TooManyPrompts);
    assert_eq!(server.sent.len(), 8);

    let mut server = Server::saying(steps(11));
    let manner = Manner { prompts: 10, ..MANNER };
    assert_eq!(reason(run(&mut Person::typing(&codes), &mut server, manner)), Reason::TooManyPrompts);
    assert_eq!(server.sent.len(), 10);

    let (mut person, mut server) =
        (Person::typing(&["", "111111"]), Server::saying(steps(1).chain([Outcome::Granted])));
    assert_eq!(run(&mut person, &mut server, MANNER), Ok(Passed::Granted));
    assert_eq!(person.prompts[0], "Scan this.\nFirst code: ");
    assert!(person.prompts[1].ends_with("\nFirst code: ") && !person.prompts[1].contains("Scan"));
}

#[test]
fn words_are_sent_and_are_no_tries_but_do_not_go_on_for_ever() {
    let manner = Manner { prompts: 1, ..MANNER };
    let mut server = Server::saying([question("a1"), question("a2"), Outcome::Granted]);
    assert_eq!(run(&mut Person::typing(&[" Other", "123456"]), &mut server, manner), Ok(Passed::Granted));
    assert_eq!(server.sent[0], ("a1".to_owned(), "other".to_owned()));

    let mut server = Server::saying(vec![question("a1"); 21]);
    let words = vec!["resend"; 20];
    assert_eq!(reason(run(&mut Person::typing(&words), &mut server, manner)), Reason::TooManyPrompts);
    assert_eq!(server.sent.len(), 20);
}

#[test]
fn what_can_be_typed_instead_stays_in_sight() {
    let notice = Outcome::Ask {
        attempt: "a1".into(),
        notice: Some("You may also type: other.".into()),
        drawn: false,
        label: None,
        reason: None,
    };
    let (mut person, mut server) = (Person::typing(&["", "123456"]), Server::saying([notice, Outcome::Granted]));
    assert_eq!(run(&mut person, &mut server, MANNER), Ok(Passed::Granted));
    assert!(person.prompts[1].ends_with("\nYou may also type: other.\nCode: "), "{:?}", person.prompts);
}

#[test]
fn p19_p20_the_stand_in_of_sshd_ends_the_login_and_is_never_sent() {
    let mut server = Server::saying([question("a1")]);
    let mut person = Person::typing(&["\x08\n\r\x7fIN"]);
    assert_eq!(reason(run(&mut person, &mut server, MANNER)), Reason::HostRefused);
    assert!(server.sent.is_empty());
}

#[test]
fn p37_the_password_given_as_the_code_ends_the_login_and_is_never_sent() {
    for password in ["s3cret", "123456", "12345678", " ", "\x08x"] {
        let mut server = Server::saying([question("a1")]);
        let manner = Manner { password: Some(password.as_bytes()), ..MANNER };
        assert_eq!(reason(run(&mut Person::typing(&[password]), &mut server, manner)), Reason::HostCannotPrompt);
        assert!(server.sent.is_empty());
    }
    let manner = Manner { password: Some(b""), ..MANNER };
    let (mut person, mut server) =
        (Person::typing(&["", "123456"]), Server::saying([question("a1"), Outcome::Granted]));
    assert_eq!(run(&mut person, &mut server, manner), Ok(Passed::Granted), "an empty password is no password");
}

#[test]
fn p25_no_line_ends_the_login() {
    let mut person = Person { lines: [Err(Lost)].into(), prompts: Vec::new() };
    assert_eq!(reason(run(&mut person, &mut Server::saying([question("a1")]), MANNER)), Reason::Conversation);
}

#[test]
fn nobody_is_prompted_when_the_first_answer_decides() {
    let mut nobody = Person::default();
    assert_eq!(run(&mut nobody, &mut Server::saying([Outcome::NotAsked]), MANNER), Ok(Passed::NotAsked));
    assert_eq!(reason(run(&mut nobody, &mut Server::saying([refused(Reason::Held)]), MANNER)), Reason::Held);
    let mut silent = Server { outcomes: [Err(Failure::new(Reason::NoAnswer, "gone"))].into(), sent: Vec::new() };
    let refusal = run(&mut nobody, &mut silent, MANNER).unwrap_err();
    assert_eq!((refusal.reason, refusal.detail.as_str()), (Reason::NoAnswer, "gone"));
}

#[test]
fn an_answer_at_the_wrong_place_is_no_yes() {
    let mut nobody = Person::default();
    assert_eq!(reason(run(&mut nobody, &mut Server::saying([Outcome::Granted]), MANNER)), Reason::BadAnswer);
    let mut server = Server::saying([question("a1"), Outcome::NotAsked]);
    assert_eq!(reason(run(&mut Person::typing(&["123456"]), &mut server, MANNER)), Reason::BadAnswer);
}

#[test]
fn an_unknown_outcome_of_the_verdict_is_no_yes() {
    let mut server = Server::saying([question("a1")]);
    server.outcomes.push_back(Err(Failure::new(Reason::NoAnswer, "the time is up")));
    assert_eq!(reason(run(&mut Person::typing(&["123456"]), &mut server, MANNER)), Reason::NoAnswer);
}

#[test]
fn a_kept_code_gets_one_question_and_one_answer() {
    let code = Secret::new("123456".into());
    assert_eq!(judge(&mut Server::saying([question("a1"), Outcome::Granted]), &code), Ok(Passed::Granted));
    assert_eq!(judge(&mut Server::saying([Outcome::NotAsked]), &code), Ok(Passed::NotAsked));
    for (outcomes, expected) in [
        (vec![Outcome::Granted], Reason::BadAnswer),
        (vec![refused(Reason::Unknown)], Reason::Unknown),
        (vec![question("a1"), refused(Reason::Wrong)], Reason::Wrong),
        (vec![question("a1"), question("a2")], Reason::TooManyPrompts),
        (vec![question("a1"), Outcome::NotAsked], Reason::BadAnswer),
    ] {
        assert_eq!(reason(judge(&mut Server::saying(outcomes), &code)), expected);
    }
}
