//! What letters say, as text without layout: which texts of the catalogue, in which order, in whose language. Whatever
//! comes from elsewhere passes [`plain`] on its way in. It must not know HTML or SMTP.

use twolatch_core::alert::{Alert, WRONG_CODES, WRONG_CODES_IN_ALL};
use twolatch_core::door::Door;
use twolatch_core::letter::{Letter, Mail, Notice};
use twolatch_core::time::Timestamp;

use crate::config::Config;
use crate::date;
use crate::text::{Language, Text, t};
use crate::web::path::{CONFIRM_ADDRESS, NEW_ADDRESS, NOT_ME, RECOVERY, SETUP, STOP, mailed};

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

/// The language that a letter is written in: the person's, or else the organisation's.
pub(super) fn language(mail: &Mail, config: &Config) -> Language {
    mail.language.as_deref().and_then(Language::of_tag).unwrap_or(config.pages.language)
}

/// The subject. It holds no code and no token: it is shown on locked screens.
pub(super) fn subject(mail: &Mail, config: &Config) -> String {
    let language = language(mail, config);
    let title = |event: Notice| title(event).in_language(language).plain();
    let text = match &mail.letter {
        Letter::Code { .. } | Letter::ConfirmChange { .. } => t("mail-subject-code"),
        Letter::VerifyAddress { .. } | Letter::NewAddress { .. } => t("mail-subject-address"),
        Letter::Notice { event, .. } => t("mail-subject-notice").with("event", title(*event)),
        Letter::Invite { .. } => t("mail-subject-invite"),
        Letter::RecoveryLink { .. } => t("mail-subject-recovery"),
        Letter::Moved { .. } => t("mail-subject-notice").with("event", title(Notice::AddressChanged)),
        Letter::Alarm { who, event, .. } => {
            t("mail-subject-alarm").with("who", plain(who)).with("event", title(*event))
        }
        Letter::Alerts { .. } => t("mail-subject-alerts"),
        Letter::Decision { approved: true, .. } => t("mail-subject-approved"),
        Letter::Decision { approved: false, .. } => t("mail-subject-dismissed"),
    };
    text.with("organisation", plain(&config.organisation)).in_language(language).plain()
}

/// The letter, from greeting to end.
pub(super) fn parts(mail: &Mail, config: &Config) -> Vec<Part> {
    let writer = Writer { language: language(mail, config), organisation: plain(&config.organisation), config };
    let mut parts = Vec::new();
    // Alerts go to an address, whoever reads there.
    if !matches!(mail.letter, Letter::Alerts { .. }) {
        parts.push(writer.text(t("mail-greeting").with("name", plain(&mail.name))));
    }
    parts.extend(writer.body(&mail.letter));
    parts.push(writer.text(t("mail-end").with("organisation", &writer.organisation)));
    parts
}

/// Who writes: in which language, for whom.
struct Writer<'a> {
    language: Language,
    organisation: String,
    config: &'a Config,
}

impl Writer<'_> {
    fn text(&self, text: Text) -> Part {
        Part::Text(self.say(text))
    }

    fn say(&self, text: Text) -> String {
        text.in_language(self.language).plain()
    }

    fn link(&self, path: &str, token: &str) -> Part {
        Part::Link(mailed(self.config, path, &plain(token)))
    }

    fn body(&self, letter: &Letter) -> Vec<Part> {
        let minutes = |minutes: i64| self.say(t("mail-minutes").number("minutes", minutes.try_into().unwrap_or(0)));
        match letter {
            Letter::Code { code, door, minutes: life } => {
                let lead = t("mail-code").with("place", self.say(place(*door))).with("minutes", minutes(*life));
                vec![self.text(lead), Part::Code(plain(code.expose())), self.text(t("mail-code-not-you"))]
            }
            Letter::VerifyAddress { code, minutes: life } => {
                let lead = t("mail-address").with("organisation", &self.organisation).with("minutes", minutes(*life));
                vec![self.text(lead), Part::Code(plain(code.expose())), self.text(t("mail-address-not-you"))]
            }
            Letter::ConfirmChange { code, minutes: life } => {
                let lead = t("mail-change").with("organisation", &self.organisation).with("minutes", minutes(*life));
                vec![self.text(lead), Part::Code(plain(code.expose())), self.text(t("mail-change-not-you"))]
            }
            Letter::Notice { event, at, door, place: from, not_me } => {
                let mut parts = vec![self.text(sentence(*event)), self.circumstances(*at, *door, from.as_deref())];
                match not_me {
                    Some(token) => {
                        parts.extend([self.text(t("mail-not-me")), self.link(NOT_ME, token.expose())]);
                    }
                    None => parts.push(self.text(t("mail-tell"))),
                }
                parts
            }
            Letter::Invite { token, until } => {
                let until = date::minute(*until, self.language);
                let lead = t("mail-invite").with("organisation", &self.organisation).with("until", until);
                vec![self.text(lead), self.link(SETUP, token.expose()), self.text(t("mail-invite-not-you"))]
            }
            Letter::RecoveryLink { token, minutes: life } => {
                let lead = t("mail-recovery").with("organisation", &self.organisation).with("minutes", minutes(*life));
                vec![self.text(lead), self.link(RECOVERY, token.expose()), self.text(t("mail-recovery-not-you"))]
            }
            Letter::NewAddress { token, until } => {
                let until = date::minute(*until, self.language);
                let lead = t("mail-new-address").with("organisation", &self.organisation).with("until", until);
                vec![self.text(lead), self.link(NEW_ADDRESS, token.expose()), self.text(t("mail-new-address-not-you"))]
            }
            Letter::Moved { to, at, until, confirm, not_me } => {
                let until = date::minute(*until, self.language);
                vec![
                    self.text(t("mail-moved").with("address", plain(to)).with("until", until)),
                    self.circumstances(*at, None, None),
                    self.text(t("mail-moved-confirm")),
                    self.link(CONFIRM_ADDRESS, confirm.expose()),
                    self.text(t("mail-not-me")),
                    self.link(NOT_ME, not_me.expose()),
                ]
            }
            Letter::Alarm { who, event, at, stop } => {
                let lead = t("mail-alarm").with("who", plain(who)).with("organisation", &self.organisation);
                let mut parts = vec![
                    self.text(lead.with("event", self.say(title(*event)))),
                    self.text(t("mail-when").with("when", date::minute(*at, self.language))),
                ];
                if let Some(token) = stop {
                    parts.extend([self.text(t("mail-stop")), self.link(STOP, token.expose())]);
                }
                parts
            }
            Letter::Alerts { alerts, more } => {
                let mut parts = vec![self.text(t("mail-alerts").with("organisation", &self.organisation))];
                parts.extend(alerts.iter().map(|alert| Part::Text(self.alert(alert))));
                if !more.is_empty() {
                    let count = more.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
                    let events: Vec<_> =
                        more.iter().map(|(event, count)| format!("{count} {}", plain(event))).collect();
                    let text = t("mail-alerts-more").number("count", count);
                    parts.push(self.text(text.with("events", events.join(", "))));
                }
                parts
            }
            Letter::Decision { approved, note } => {
                let mut parts = vec![self.text(if *approved { t("mail-approved") } else { t("mail-dismissed") })];
                parts.extend(note.as_ref().map(|note| self.text(t("mail-note").with("note", plain(note)))));
                parts.push(self.text(t("mail-decision-not-you")));
                parts
            }
        }
    }

    /// One line: what every record of the trail has, by the names that it has there.
    fn alert(&self, alert: &Alert) -> String {
        let number = |count: Option<i64>| count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default();
        let what = match (alert.event.as_str(), &alert.person) {
            (WRONG_CODES, Some(person)) => {
                self.say(t("mail-alert-wrong-codes").with("who", plain(person)).number("count", number(alert.count)))
            }
            (WRONG_CODES_IN_ALL, _) => {
                self.say(t("mail-alert-wrong-codes-in-all").number("count", number(alert.count)))
            }
            (event, _) => plain(event),
        };
        let person = alert.person.as_ref().filter(|_| alert.event != WRONG_CODES);
        let facts = [
            ("result", alert.result.as_ref()),
            ("person", person),
            ("actor", alert.actor.as_ref()),
            ("door", alert.door.as_ref()),
            ("source", alert.source.as_ref()),
            ("detail", alert.detail.as_ref()),
        ];
        let mut line = vec![format!("{}: {what}", date::machine(Timestamp::from_unix(alert.at)))];
        line.extend(
            facts.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name}: {}", plain(value)))),
        );
        line.join(", ")
    }

    fn circumstances(&self, at: Timestamp, door: Option<Door>, from: Option<&str>) -> Part {
        let mut said = vec![self.say(t("mail-when").with("when", date::minute(at, self.language)))];
        said.extend(door.map(|door| self.say(t("mail-where").with("place", self.say(place(door))))));
        said.extend(from.map(|from| self.say(t("mail-from").with("from", plain(from)))));
        Part::Text(said.join(" "))
    }
}

/// What has happened, as a title.
const fn title(event: Notice) -> Text {
    match event {
        Notice::AuthenticatorAdded => t("mail-title-authenticator-added"),
        Notice::AuthenticatorRemoved => t("mail-title-authenticator-removed"),
        Notice::EmailCodeOn => t("mail-title-email-code-on"),
        Notice::EmailCodeOff => t("mail-title-email-code-off"),
        Notice::RecoveryCodesMade => t("mail-title-recovery-codes-made"),
        Notice::RecoveryCodeUsed => t("mail-title-recovery-code-used"),
        Notice::RecoveryKeyUsed => t("mail-title-recovery-key-used"),
        Notice::PasswordChanged => t("mail-title-password-changed"),
        Notice::AddressChanged => t("mail-title-address-changed"),
        Notice::AddressConfirmed => t("mail-title-address-confirmed"),
        Notice::DeviceRemembered => t("mail-title-device-remembered"),
        Notice::DeviceReused => t("mail-title-device-reused"),
        Notice::RecoveryAsked => t("mail-title-recovery-asked"),
        Notice::RecoveryApproved => t("mail-title-recovery-approved"),
        Notice::FactorsReset => t("mail-title-factors-reset"),
        Notice::Disowned => t("mail-title-disowned"),
        Notice::AdminLinkAsked => t("mail-title-admin-link-asked"),
        Notice::WrongCodes => t("mail-title-wrong-codes"),
        Notice::Held => t("mail-title-held"),
        Notice::Lowered => t("mail-title-lowered"),
        Notice::AdminMade => t("mail-title-admin-made"),
        Notice::ApiTokenMade => t("mail-title-api-token-made"),
        Notice::Removed => t("mail-title-removed"),
    }
}

/// What has happened, to the person whose account it is.
const fn sentence(event: Notice) -> Text {
    match event {
        Notice::AuthenticatorAdded => t("mail-authenticator-added"),
        Notice::AuthenticatorRemoved => t("mail-authenticator-removed"),
        Notice::EmailCodeOn => t("mail-email-code-on"),
        Notice::EmailCodeOff => t("mail-email-code-off"),
        Notice::RecoveryCodesMade => t("mail-recovery-codes-made"),
        Notice::RecoveryCodeUsed => t("mail-recovery-code-used"),
        Notice::RecoveryKeyUsed => t("mail-recovery-key-used"),
        Notice::PasswordChanged => t("mail-password-changed"),
        Notice::AddressChanged => t("mail-address-changed"),
        Notice::AddressConfirmed => t("mail-address-confirmed"),
        Notice::DeviceRemembered => t("mail-device-remembered"),
        Notice::DeviceReused => t("mail-device-reused"),
        Notice::RecoveryAsked => t("mail-recovery-asked"),
        Notice::RecoveryApproved => t("mail-recovery-approved"),
        Notice::FactorsReset => t("mail-factors-reset"),
        Notice::Disowned => t("mail-disowned"),
        Notice::AdminLinkAsked => t("mail-admin-link-asked"),
        Notice::WrongCodes => t("mail-wrong-codes"),
        Notice::Held => t("mail-held"),
        Notice::Lowered => t("mail-lowered"),
        Notice::AdminMade => t("mail-admin-made"),
        Notice::ApiTokenMade => t("mail-api-token-made"),
        Notice::Removed => t("mail-removed"),
    }
}

const fn place(door: Door) -> Text {
    match door {
        Door::Web => t("mail-door-web"),
        Door::Ssh => t("mail-door-ssh"),
        Door::Console => t("mail-door-console"),
        Door::Sudo => t("mail-door-sudo"),
        Door::Su => t("mail-door-su"),
        Door::Other => t("mail-door-other"),
    }
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
