//! What comes next in a login, from facts alone. Browser, PAM conversation and command line only render a [`Step`];
//! nothing remembers a step number.

use serde::{Deserialize, Serialize};

use crate::factor::{Kind, Proof};
use crate::policy::Level;
use crate::reason::Reason;
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// What decides what to ask, besides the level that policy asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; the table of tests crosses them all")]
pub struct Facts {
    /// The second factors that the person has set up and may use here, the one to ask for first in front.
    pub methods: Vec<Kind>,
    /// The second factors that the person has set up and that do not count here: to be shown before one that does is set
    /// up.
    pub others: Vec<Kind>,
    /// Whether recovery codes or a recovery key were made.
    pub recovery: bool,
    /// What the person may set up here.
    pub settable: Vec<Kind>,
    /// Until when a first second factor can be set up.
    pub setup_until: Timestamp,
    /// A password that somebody else has chosen and that this door can change.
    pub must_change_password: bool,
    /// Whether a recovery set is still to be shown and kept, and this door can do that.
    pub recovery_due: bool,
    /// The assurance that whoever asks wants at the least.
    pub least: Assurance,
    /// Whether a remembered device stands in for a second factor here.
    pub device_counts: bool,
    /// Whether set-up may be put off once more.
    pub may_put_off: bool,
    /// Whether having put it off in this login lets it go on.
    pub later_counts: bool,
    /// Whether a first second factor is set up only by who reads the mail at the known address: a password alone, which may
    /// have leaked, must not bind a device.
    pub mailbox_first: bool,
}

impl Facts {
    /// Somebody with nothing, whose time to set up ends then.
    #[must_use]
    pub const fn none(setup_until: Timestamp) -> Self {
        Self {
            methods: Vec::new(),
            others: Vec::new(),
            recovery: false,
            settable: Vec::new(),
            setup_until,
            must_change_password: false,
            recovery_due: false,
            least: Assurance::Password,
            device_counts: false,
            may_put_off: false,
            later_counts: false,
            mailbox_first: false,
        }
    }
}

/// What a login does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Ask for the password.
    Password,
    /// Ask for one of these, the first unless the person chooses another.
    SecondFactor {
        /// Never empty.
        methods: Vec<Kind>,
        /// A recovery code or key is taken instead.
        recovery: bool,
    },
    /// Have a code shown that is mailed to the known address; set-up comes behind that.
    ProveMailbox {
        /// The person may say *later*.
        may_put_off: bool,
    },
    /// Lead through setting up one of these.
    Enrol {
        /// Never empty.
        methods: Vec<Kind>,
        /// The person may say *later*.
        may_put_off: bool,
    },
    /// Have the password changed.
    ChangePassword,
    /// Show recovery codes or key, and have it confirmed that they are kept.
    KeepRecovery,
    /// Let in, at this assurance.
    Granted(Assurance),
    /// Turn away.
    Refused(Reason),
}

/// The first thing that is missing wins.
pub fn next(level: Level, facts: &Facts, proofs: &[Proof], now: Timestamp) -> Step {
    let shown = |kind| proofs.iter().any(|proof| proof.kind == kind);
    if !shown(Kind::Password) {
        return Step::Password;
    }
    let wanted = facts.least > Assurance::Password;
    let asked = wanted
        || match level {
            Level::Off => false,
            Level::Optional => !facts.methods.is_empty(),
            Level::Required => true,
        };
    let counted: Vec<Proof> = proofs.iter().filter(|proof| !facts.others.contains(&proof.kind)).copied().collect();
    let proven = counted.iter().any(|proof| proof.kind.is_second_factor()) && Assurance::of(&counted) >= facts.least;
    // Neither stands in where somebody wants more than a password.
    let excused = !wanted
        && (facts.device_counts && shown(Kind::Device)
            || facts.methods.is_empty() && facts.others.is_empty() && facts.later_counts && shown(Kind::Later));
    if asked && !proven && !excused {
        return second_factor(facts, wanted, proofs, now);
    }
    if facts.must_change_password {
        return Step::ChangePassword;
    }
    if facts.recovery_due && proven {
        return Step::KeepRecovery;
    }
    Step::Granted(Assurance::of(proofs))
}

fn second_factor(facts: &Facts, wanted: bool, proofs: &[Proof], now: Timestamp) -> Step {
    let enough = |kinds: &[Kind]| -> Vec<Kind> {
        kinds.iter().copied().filter(|kind| Assurance::by(*kind) >= facts.least).collect()
    };
    let methods = enough(&facts.methods);
    if !methods.is_empty() {
        return Step::SecondFactor { methods, recovery: facts.recovery };
    }
    // What a web app wants is written by whoever opens its address: a password alone adds nothing beside what is there.
    let held = [facts.methods.as_slice(), &facts.others].concat();
    if !held.is_empty() && !proofs.iter().any(|proof| proof.kind.is_second_factor()) {
        return Step::SecondFactor { methods: held, recovery: facts.recovery };
    }
    let settable = enough(&facts.settable);
    if settable.is_empty() {
        Step::Refused(Reason::NotEnrolled)
    } else if now < facts.setup_until || !held.is_empty() {
        // Who has shown a weaker one has been here before: window and mailbox are for the first.
        let first = held.is_empty();
        let may_put_off = facts.may_put_off && !wanted && first;
        let mailbox_shown = proofs.iter().any(|proof| proof.kind == Kind::Mailbox);
        if first && facts.mailbox_first && !mailbox_shown {
            Step::ProveMailbox { may_put_off }
        } else {
            Step::Enrol { methods: settable, may_put_off }
        }
    } else {
        Step::Refused(Reason::SetupClosed)
    }
}

/// How sure a login is, told truthfully to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// A password.
    Password,
    /// A password and a code that was mailed.
    EmailCode,
    /// A password and a code of an authenticator, or a recovery code or key.
    Authenticator,
}

impl Assurance {
    /// All of them, lowest first.
    pub const ALL: [Self; 3] = [Self::Password, Self::EmailCode, Self::Authenticator];

    /// What the proofs add up to: the best of them.
    #[must_use]
    pub fn of(proofs: &[Proof]) -> Self {
        proofs.iter().map(|proof| Self::by(proof.kind)).max().unwrap_or(Self::Password)
    }

    /// What one kind of proof adds to a password.
    #[must_use]
    pub const fn by(kind: Kind) -> Self {
        match kind {
            Kind::Password | Kind::Device | Kind::Later | Kind::Mailbox => Self::Password,
            Kind::EmailCode => Self::EmailCode,
            Kind::Totp | Kind::RecoveryCode | Kind::RecoveryKey => Self::Authenticator,
        }
    }

    /// The word for it, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::EmailCode => "email_code",
            Self::Authenticator => "authenticator",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// The `acr` value.
    #[must_use]
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Password => "urn:twolatch:acr:1",
            Self::EmailCode => "urn:twolatch:acr:2",
            Self::Authenticator => "urn:twolatch:acr:3",
        }
    }

    /// The `amr` values (RFC 8176).
    #[must_use]
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::EmailCode => &["pwd", "email", "mfa"],
            Self::Authenticator => &["pwd", "otp", "mfa"],
        }
    }
}
