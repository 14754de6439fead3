//! The texts of what pages say about the last try. Who cannot be told apart from outside is told the same.

use twolatch_core::crypto::password::{MAX_BYTES, Weak};
use twolatch_core::time::Timestamp;

use crate::text::{Text, t};
use crate::web::frame::Frame;
use crate::web::notice::rules::RulesNotice;
use crate::web::notice::{Account, Notice};

/// Something said on a page, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// What is said.
    pub text: Option<Text>,
    /// Whether something is wrong.
    pub is_error: bool,
}

impl Said {
    /// Something is wrong.
    #[must_use]
    pub const fn error(text: Text) -> Self {
        Self { text: Some(text), is_error: true }
    }

    /// All is well.
    #[must_use]
    pub const fn good(text: Text) -> Self {
        Self { text: Some(text), is_error: false }
    }

    /// The title of a page that says this, and first: it is what a screen reader begins with.
    #[must_use]
    pub fn title(&self, frame: &Frame, title: Text) -> Text {
        let Some(said) = &self.text else { return title };
        let title = frame.t("title-said").html("said", frame.say(said)).html("title", title);
        if self.is_error { frame.t("title-error").html("title", title) } else { title }
    }
}

impl From<Notice> for Said {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::NotRight(_) => Self::error(t("said-not-right")),
            Notice::Over => Self::error(t("said-over")),
            Notice::SetupClosed => Self::error(t("said-setup-closed")),
            Notice::WrongCode => Self::error(t("said-wrong-code")),
            Notice::WrongNewCode => Self::error(t("said-wrong-new-code")),
            Notice::UsedCode => Self::error(t("said-used-code")),
            Notice::NoCode => Self::error(t("said-no-code")),
            Notice::WrongEmailCode => Self::error(t("said-wrong-email-code")),
            Notice::NoEmailCode => Self::error(t("said-no-email-code")),
            Notice::EmailCodeOver => Self::error(t("said-email-code-over")),
            Notice::MailedAgain => Self::good(t("said-mailed-again")),
            Notice::MailTooEarly(seconds) => Self::error(t("said-mail-too-early").number("seconds", seconds)),
            Notice::MailBlocked(minutes) => Self::error(t("said-mail-blocked").number("minutes", minutes)),
            Notice::EmailHeld => Self::error(t("said-email-held")),
            Notice::EmailBlocked(minutes) => Self::error(t("said-email-blocked").number("minutes", minutes)),
            Notice::AddressHeld => Self::error(t("said-address-held")),
            Notice::AddressTaken => Self::good(t("said-address-taken")),
            Notice::AddressConfirmed => Self::good(t("said-address-confirmed")),
            Notice::WrongRecovery => Self::error(t("said-wrong-recovery")),
            Notice::UsedRecovery => Self::error(t("said-used-recovery")),
            Notice::NoRecovery => Self::error(t("said-no-recovery")),
            Notice::RecoveryLeft(left) => Self::good(t("said-recovery-left").number("left", left)),
            Notice::NotKept => Self::error(t("said-not-kept")),
            Notice::SetUp => Self::good(t("said-set-up")),
            Notice::Weak(weak) => weak.into(),
            Notice::WrongPassword => Self::error(t("said-wrong-password")),
            Notice::PasswordSet => Self::good(t("said-password-set")),
            Notice::PasswordChanged => Self::good(t("said-password-changed")),
            Notice::DeviceUnknown => Self::error(t("said-device-unknown")),
            Notice::DeviceTooOften => Self::error(t("said-device-too-often")),
            Notice::DeviceAllowed(client) => Self::good(t("said-device-allowed").with("client", client)),
            Notice::DeviceDenied => Self::good(t("said-device-denied")),
            Notice::TokenDeleted => Self::good(t("tokens-deleted")),
            Notice::TokenGone => Self::error(t("tokens-gone")),
            Notice::Account(account) => account.into(),
            Notice::Rules(rules) => rules.into(),
            Notice::Person(person) => person.into(),
            Notice::Client(client) => client.into(),
            Notice::SignedOut => Self::good(t("said-signed-out")),
            Notice::AskedLately => Self::good(t("said-asked-lately")),
            Notice::AdminLinkMailed => Self::good(t("said-admin-link")),
            Notice::AdminLinkNotBefore(at) => {
                let when = crate::date::machine(Timestamp::from_unix(at));
                Self::good(t("said-admin-link-wait").with("when", when))
            }
            Notice::AdminLinkLately => Self::good(t("said-admin-link-lately")),
            Notice::LinkStopped => Self::good(t("said-link-stopped")),
            Notice::LinkNotStopped => Self::good(t("said-link-not-stopped")),
            Notice::Disowned => Self::good(t("said-disowned")),
        }
    }
}

impl From<Weak> for Said {
    fn from(weak: Weak) -> Self {
        Self::error(match weak {
            Weak::Short(least) => t("weak-short").with("least", least),
            Weak::Long => t("weak-long").with("most", MAX_BYTES),
            Weak::Control => t("weak-control"),
            Weak::Same => t("weak-same"),
            Weak::Common => t("weak-common"),
        })
    }
}

impl From<RulesNotice> for Said {
    fn from(notice: RulesNotice) -> Self {
        match notice {
            RulesNotice::Switched => Self::good(t("rules-said-switched")),
            RulesNotice::Saved => Self::good(t("rules-said-saved")),
            RulesNotice::Removed => Self::good(t("rules-said-removed")),
            RulesNotice::Exempted => Self::good(t("rules-said-exempted")),
            RulesNotice::Ended => Self::good(t("rules-said-ended")),
            RulesNotice::Restored => Self::good(t("rules-said-restored")),
            RulesNotice::Outdated => Self::error(t("rules-said-outdated")),
            RulesNotice::Locked => Self::error(t("rules-said-locked")),
            RulesNotice::LocksOut => Self::error(t("rules-said-locks-out")),
            RulesNotice::WrongPassword => Self::error(t("rules-said-wrong-password")),
            RulesNotice::Wait => Self::error(t("rules-said-wait")),
        }
    }
}

impl From<Account> for Said {
    fn from(account: Account) -> Self {
        match account {
            Account::WrongMailed => Self::error(t("account-said-wrong-mailed")),
            Account::OldMailed => Self::error(t("account-said-old-mailed")),
            Account::WrongRecovery => Self::error(t("account-said-wrong-recovery")),
            Account::UsedRecovery => Self::error(t("account-said-used-recovery")),
            Account::WrongPassword => Self::error(t("account-said-wrong-password")),
            Account::MailLater => Self::error(t("account-said-mail-later")),
            Account::MailedAgain => Self::good(t("account-said-mailed-again")),
            Account::TooLate => Self::error(t("account-said-too-late")),
            Account::NoName => Self::error(t("account-said-no-name")),
            Account::NoAddress => Self::error(t("account-said-no-address")),
            Account::TakenAddress => Self::error(t("account-said-taken-address")),
            Account::LastOne => Self::error(t("account-said-last-one")),
            Account::TooMany => Self::error(t("account-said-too-many")),
            Account::Renamed => Self::good(t("account-said-renamed")),
            Account::Removed => Self::good(t("account-said-removed")),
            Account::EmailOn => Self::good(t("account-said-email-on")),
            Account::EmailOff => Self::good(t("account-said-email-off")),
            Account::AddressChanged => Self::good(t("account-said-address-changed")),
            Account::AddressHeld => Self::error(t("said-address-held")),
            Account::AddressConfirmed => Self::good(t("said-address-confirmed")),
            Account::SessionEnded => Self::good(t("account-said-session-ended")),
            Account::OthersEnded => Self::good(t("account-said-others-ended")),
            Account::AppEnded => Self::good(t("account-said-app-ended")),
            Account::Forgotten => Self::good(t("account-said-forgotten")),
            Account::AllForgotten => Self::good(t("account-said-all-forgotten")),
        }
    }
}

impl From<Option<Notice>> for Said {
    fn from(notice: Option<Notice>) -> Self {
        notice.map(Self::from).unwrap_or_default()
    }
}
