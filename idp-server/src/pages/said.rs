//! The texts of what pages say about the last try. Who cannot be told apart from outside is told the same.

use crate::web::notice::Notice;

/// Something said on a page, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// What is said.
    pub text: String,
    /// Whether something is wrong.
    pub is_error: bool,
}

impl Said {
    /// Something is wrong.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: true }
    }

    /// Whether nothing is said.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.text.is_empty()
    }

    /// All is well.
    #[must_use]
    pub fn good(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_error: false }
    }
}

impl From<Notice> for Said {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::NotRight(_) => Self::error(
                "User name or password is not right. After several tries it takes a while until another one counts.",
            ),
            Notice::Over => Self::error("That sign-in took too long or was finished elsewhere. Please sign in again."),
            Notice::SetupClosed => Self::error(
                "Your account needs a second factor, and the time for setting one up is over. Ask whoever runs this system to open it again.",
            ),
            Notice::WrongCode => Self::error(
                "That code is not right. Type the one that your app shows now. After several tries it takes a while until another one counts.",
            ),
            Notice::WrongNewCode => Self::error(
                "That code is not right. Type the one that your app shows now, and check that your phone's clock is right.",
            ),
            Notice::UsedCode => Self::error("That code was used before. Wait until your app shows the next one."),
            Notice::NoCode => Self::error("A code has six digits. Type the one that your app shows now."),
            Notice::Weak(text) => Self::error(text),
            Notice::WrongPassword => Self::error(
                "Your present password is not right. After several tries it takes a while until another one counts.",
            ),
            Notice::PasswordSet => Self::good("Your password is set. Sign in with it now."),
            Notice::PasswordChanged => {
                Self::good("Your password is changed, and you are signed out everywhere but here.")
            }
            Notice::SignedOut => Self::good("You are signed out."),
        }
    }
}

impl From<Option<Notice>> for Said {
    fn from(notice: Option<Notice>) -> Self {
        notice.map(Self::from).unwrap_or_default()
    }
}
