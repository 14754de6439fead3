//! What a person reads at a prompt. Nothing here may tell who exists: what is said of a factor is said behind a first
//! factor only, which is for the caller to know.

use super::{Asked, Attempt};
use crate::factor::Kind;
use crate::factor::recovery::grouped;
use crate::login::recover::NewSet;
use crate::time::Timestamp;

pub(super) const NOT_ENROLLED: &str = "No second factor is set up for this account. Set it up on the web, or over SSH.";
pub(super) const CODE_MISSING: &str =
    "This account needs a verification code here, and none was asked for. Tell your administrator.";
pub(super) const SETUP_CLOSED: &str =
    "Your time to set up a second factor is over. Ask your administrator to open it again.";
pub(super) const NOT_A_CODE: &str = "A code is made of digits. Type the one that your app shows.";
pub(super) const WRONG: &str = "This code is not right.";
pub(super) const NOT_HERE: &str = "That does nothing here.";
pub(super) const NO_OTHER: &str = "There is no other method for this account.";
pub(super) const MAIL_FULL: &str = "No mail can be sent just now.";
pub(super) const NO_MAIL: &str = "No code is on its way. Type resend to have one mailed.";
pub(super) const MAIL_OVER: &str = "This code is too old. Type resend to have another one mailed.";
pub(super) const MAIL_HELD: &str =
    "Too many wrong codes by email: none is mailed and none is taken until an administrator lifts that.";
pub(super) const ADDRESS_HELD: &str =
    "Your mail address was changed lately: no code goes there until you, or a second administrator, confirm it.";
pub(super) const NOT_OF_SET: &str = "That is not one of them. Type one of those shown above.";
pub(super) const KEY_USED: &str = "This recovery code was already used. Type another one.";
pub(super) const NEXT_CODE: &str = "That is right. Now wait until the app shows another code.";
pub(super) const ASK_ADMIN: &str = "Your request is noted. Ask your administrator to reset your second factor.";
pub(super) const ONLY_LATER: &str =
    "You have to set up a second factor, which cannot be shown here: do it on the web, or over SSH.";

/// The label of the prompt, where it is not the host's own.
pub(super) const fn label(attempt: &Attempt) -> Option<&'static str> {
    match &attempt.asked {
        Asked::App(_) | Asked::Mail => None,
        Asked::Mailbox => Some("Code from the mail: "),
        Asked::Choice => Some("app or email: "),
        Asked::SetUp(pending) => Some(if pending.has_first() { "Next code: " } else { "First code: " }),
        Asked::Keep(_, set) if set.codes.is_empty() => Some("Recovery key: "),
        Asked::Keep(..) => Some("Recovery code: "),
        Asked::NewKey(_) => Some("New recovery key: "),
        Asked::Later => Some("Type later to put it off: "),
    }
}

/// What can be typed in place of the code that is asked for; nothing where there is no other way.
pub(super) fn ways(attempt: &Attempt) -> Option<String> {
    let mut ways = Vec::new();
    if matches!(attempt.asked, Asked::Mail | Asked::Mailbox) {
        ways.push("resend (the mail once more)");
    }
    match &attempt.asked {
        Asked::App(_) if attempt.methods.contains(&Kind::EmailCode) => ways.push("other (a code by email)"),
        Asked::Mail if attempt.methods.contains(&Kind::Totp) => ways.push("other (your authenticator app)"),
        Asked::SetUp(_) if attempt.methods.contains(&Kind::EmailCode) => ways.push("email (codes by email instead)"),
        _ => {}
    }
    if attempt.recovery && matches!(attempt.asked, Asked::App(_) | Asked::Mail) {
        ways.push("a recovery code");
    }
    if attempt.may_put_off && attempt.is_setup() && !matches!(attempt.asked, Asked::Keep(..)) {
        ways.push("later (to put set-up off)");
    }
    (!ways.is_empty()).then(|| format!("You may also type: {}.", ways.join(", ")))
}

/// A sentence, and below it what else can be typed.
pub(super) fn with_ways(text: impl Into<String>, attempt: &Attempt) -> String {
    let text = text.into();
    match ways(attempt) {
        Some(ways) => format!("{text}\n{ways}"),
        None => text,
    }
}

/// A time to wait, as people say it: never shorter than it is.
pub(super) fn span(seconds: i64) -> String {
    match seconds.max(0) {
        1 => "1 second".to_owned(),
        seconds @ 0..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", (seconds + 59) / 60),
    }
}

pub(super) fn until(moment: Timestamp, now: Timestamp) -> String {
    span(moment.since(now))
}

/// Why a used code is refused, and when the next one comes.
pub(super) fn replayed(wait: i64) -> String {
    if wait > 0 {
        format!("This code was already used: the next one comes in {wait} s.")
    } else {
        "This code was already used: type the one that your app shows now.".to_owned()
    }
}

/// What is wrong with a clock that is so many seconds ahead.
pub(super) fn clock_off(seconds: i64) -> String {
    let (far, way) = (seconds.abs(), if seconds > 0 { "fast" } else { "slow" });
    let minutes = (far + 30) / 60;
    let about = if minutes <= 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    format!(
        "Your phone's clock is about {about} {way}. Set it right, or wait for the next code and type that one: two codes \
         in a row are taken as they are."
    )
}

/// Codes or key, shown once.
pub(super) fn to_keep(set: &NewSet) -> String {
    let mut lines = Vec::new();
    if !set.codes.is_empty() {
        lines.push("Keep these recovery codes where your phone is not. Each lets you in once.".to_owned());
        lines.push(String::new());
        for pair in set.codes.chunks(2) {
            let pair: Vec<String> = pair.iter().map(|code| grouped(code).expose().to_owned()).collect();
            lines.push(format!("  {}", pair.join("   ")));
        }
        lines.push(String::new());
    }
    if let Some(key) = &set.key {
        lines.push("Keep this recovery key where your phone is not. It lets you in once.".to_owned());
        lines.push(format!("\n  {}\n", grouped(key).expose()));
    }
    let one = if set.codes.is_empty() { "it" } else { "one of them" };
    lines.push(format!("They are not shown again. Type {one} to finish: nothing is stored before that."));
    lines.join("\n")
}

/// The key that comes after a used one.
pub(super) fn new_key(set: &NewSet) -> String {
    let key = set.key.as_ref().map(|key| grouped(key).expose().to_owned()).unwrap_or_default();
    format!(
        "Your recovery key is used up. This is a new one; keep it where your phone is not:\n\n  {key}\n\n\
         Type it to go on. Or type later to go on without one: you can make one on the web."
    )
}
