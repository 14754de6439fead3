//! What letters say: every word of them is in this file, as text without layout. Whatever comes from elsewhere passes
//! [`plain`] on its way in. It must not know HTML or SMTP.

use twolatch_core::door::Door;
use twolatch_core::letter::{Letter, Mail, Notice};
use twolatch_core::time::Timestamp;

use crate::config::Config;
use crate::date;
use crate::text::Language;
use crate::web::path::{NOT_ME, RECOVERY, SETUP, STOP, mailed};

/// A part of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A paragraph.
    Text(String),
    /// A code to type.
    Code(String),
    /// A link to open.
    Link(String),
}

/// The language that a letter is written in, as a tag.
pub(super) const fn language(_mail: &Mail) -> &'static str {
    "en"
}

/// The subject. It holds no code and no token: it is shown on locked screens.
pub(super) fn subject(mail: &Mail, config: &Config) -> String {
    let organisation = plain(&config.organisation);
    match &mail.letter {
        Letter::Code { .. } | Letter::ConfirmChange { .. } => format!("Your code for {organisation}"),
        Letter::VerifyAddress { .. } => format!("Confirm your address for {organisation}"),
        Letter::Notice { event, .. } => format!("{organisation}: {}", title(*event)),
        Letter::Invite { .. } => format!("Your account at {organisation}"),
        Letter::RecoveryLink { .. } => format!("Recover your account at {organisation}"),
        Letter::Alarm { who, event, .. } => format!("{organisation}, {}: {}", plain(who), title(*event)),
        Letter::Decision { approved: true, .. } => format!("{organisation}: your recovery was approved"),
        Letter::Decision { approved: false, .. } => format!("{organisation}: your recovery was not approved"),
    }
}

/// The letter, from greeting to end.
pub(super) fn parts(mail: &Mail, config: &Config) -> Vec<Part> {
    let mut parts = vec![text(format!("Hello {},", plain(&mail.name)))];
    parts.extend(body(&mail.letter, config));
    let organisation = plain(&config.organisation);
    parts.push(text(format!("This was sent by {organisation}. Nobody reads what you answer to this address.")));
    parts
}

fn body(letter: &Letter, config: &Config) -> Vec<Part> {
    let organisation = plain(&config.organisation);
    match letter {
        Letter::Code { code, door, minutes } => vec![
            text(format!("this is your code for {}. It is valid for {}.", place(*door), count(*minutes))),
            Part::Code(plain(code.expose())),
            text(
                "If you are not logging in just now, somebody knows your password: change it, and tell your \
                 administrator. Give this code to nobody.",
            ),
        ],
        Letter::VerifyAddress { code, minutes } => vec![
            text(format!(
                "somebody named this address as theirs at {organisation}. If that was you, type this code there. It is \
                 valid for {}.",
                count(*minutes)
            )),
            Part::Code(plain(code.expose())),
            text("If it was not you, you need to do nothing."),
        ],
        Letter::ConfirmChange { code, minutes } => vec![
            text(format!(
                "this code lets you change how you sign in to {organisation}. It is valid for {}.",
                count(*minutes)
            )),
            Part::Code(plain(code.expose())),
            text(
                "If you are not changing your account just now, somebody is signed in with it: change your password, \
                 and tell your administrator. Give this code to nobody.",
            ),
        ],
        Letter::Notice { event, at, door, place: from, not_me } => {
            let mut parts = vec![text(sentence(*event)), text(circumstances(*at, *door, from.as_deref()))];
            match not_me {
                Some(token) => {
                    parts.push(text("If you did not do this, open this link at once:"));
                    parts.push(Part::Link(mailed(config, NOT_ME, &plain(token.expose()))));
                }
                None => parts.push(text("If you did not do this, tell your administrator at once.")),
            }
            parts
        }
        Letter::Invite { token, until } => vec![
            text(format!(
                "open this link to set your password and your second factor for {organisation}. It works once, until {}.",
                date::minute(*until, Language::En)
            )),
            Part::Link(mailed(config, SETUP, &plain(token.expose()))),
            text("If you did not expect this, tell your administrator."),
        ],
        Letter::RecoveryLink { token, minutes } => vec![
            text(format!(
                "open this link to go on with the recovery of your account at {organisation}. It works once, for {}.",
                count(*minutes)
            )),
            Part::Link(mailed(config, RECOVERY, &plain(token.expose()))),
            text("If you did not ask for this, do not open it, and tell your administrator."),
        ],
        Letter::Alarm { who, event, at, stop } => {
            let mut parts = vec![
                text(format!("this concerns {} at {organisation}: {}.", plain(who), title(*event))),
                text(format!("When: {}.", date::minute(*at, Language::En))),
            ];
            if let Some(token) = stop {
                parts.push(text("If this must not be, stop it here:"));
                parts.push(Part::Link(mailed(config, STOP, &plain(token.expose()))));
            }
            parts
        }
        Letter::Decision { approved, note } => {
            let mut parts = vec![text(if *approved {
                "an administrator has approved the recovery of your account. At your next login you set up your second \
                 factor again."
            } else {
                "an administrator has not approved the recovery of your account. Your second factor is as it was."
            })];
            parts.extend(note.as_ref().map(|note| text(format!("The administrator adds: {}", plain(note)))));
            parts.push(text("If you did not ask for this, tell your administrator at once."));
            parts
        }
    }
}

/// What has happened, as a title.
const fn title(event: Notice) -> &'static str {
    match event {
        Notice::AuthenticatorAdded => "an authenticator was added",
        Notice::AuthenticatorRemoved => "an authenticator was removed",
        Notice::EmailCodeOn => "codes by mail were turned on",
        Notice::EmailCodeOff => "codes by mail were turned off",
        Notice::RecoveryCodesMade => "new recovery codes were made",
        Notice::RecoveryCodeUsed => "a recovery code was used",
        Notice::RecoveryKeyUsed => "the recovery key was used",
        Notice::PasswordChanged => "the password was changed",
        Notice::AddressChanged => "the mail address was changed",
        Notice::DeviceRemembered => "a device is remembered",
        Notice::DeviceReused => "a remembered device was copied",
        Notice::RecoveryAsked => "recovery was asked for",
        Notice::RecoveryApproved => "a recovery was approved",
        Notice::FactorsReset => "all second factors were removed",
        Notice::PolicyOff => "the second factor was switched off",
        Notice::Disowned => "a letter told of something that its reader did not do",
        Notice::AdminLinkAsked => "an administrator wants to remove the own second factors by mail",
    }
}

/// What has happened, to the person whose account it is.
const fn sentence(event: Notice) -> &'static str {
    match event {
        Notice::AuthenticatorAdded => {
            "an authenticator was added to your account. Its codes open every login of yours."
        }
        Notice::AuthenticatorRemoved => {
            "an authenticator was removed from your account. Its codes open nothing any more."
        }
        Notice::EmailCodeOn => "codes by mail were turned on for your account.",
        Notice::EmailCodeOff => "codes by mail were turned off for your account.",
        Notice::RecoveryCodesMade => "new recovery codes were made for your account. Older ones do not work any more.",
        Notice::RecoveryCodeUsed => "one of your recovery codes was used. It does not work a second time.",
        Notice::RecoveryKeyUsed => "your recovery key was used. It does not work a second time.",
        Notice::PasswordChanged => "the password of your account was changed.",
        Notice::AddressChanged => "the mail address of your account was changed.",
        Notice::DeviceRemembered => "a device is remembered for your account: it is not asked for a code for a while.",
        Notice::DeviceReused => {
            "the cookie of a device that was remembered for your account was used a second time, as after a theft. All \
             remembered devices are forgotten."
        }
        Notice::RecoveryAsked => "somebody asked for the recovery of your account.",
        Notice::RecoveryApproved => {
            "the recovery of your account was approved. At the next login a second factor is set up."
        }
        Notice::FactorsReset => {
            "an administrator removed all second factors of your account. At your next login you set one up again."
        }
        Notice::PolicyOff => "an administrator switched the second factor off for the whole organisation.",
        Notice::Disowned => {
            "somebody opened the link for what was not their doing in a letter to you. All your sessions have ended."
        }
        Notice::AdminLinkAsked => "somebody had a link mailed with which your second factors can be removed.",
    }
}

fn circumstances(at: Timestamp, door: Option<Door>, from: Option<&str>) -> String {
    let mut said = format!("When: {}.", date::minute(at, Language::En));
    if let Some(door) = door {
        said.push_str(" Where: ");
        said.push_str(place(door));
        said.push('.');
    }
    if let Some(from) = from {
        said.push_str(" From: ");
        said.push_str(&plain(from));
        said.push('.');
    }
    said
}

const fn place(door: Door) -> &'static str {
    match door {
        Door::Web => "a sign-in with a browser",
        Door::Ssh => "an SSH login",
        Door::Console => "a login at the console",
        Door::Sudo => "sudo",
        Door::Su => "su",
        Door::Other => "a login",
    }
}

fn count(minutes: i64) -> String {
    if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") }
}

fn text(said: impl Into<String>) -> Part {
    Part::Text(said.into())
}

/// What was given by others, on one line: no control characters, no line or paragraph separators, and nothing that turns
/// or hides the text around it.
pub(super) fn plain(text: &str) -> String {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect::<String>().trim().to_owned()
}
