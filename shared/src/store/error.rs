//! What can go wrong with the database, in terms that a login can be refused with.

use thiserror::Error;

use crate::crypto::NoEntropy;
use crate::crypto::seal::SealError;
use crate::reason::Reason;

/// Why a read or write did not happen. Every one of them denies.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process holds the lock: which, if that can be seen.
    #[error("store_busy{}: another process holds the database; try again, or find it with `fuser`", holder(*.0))]
    Busy(Option<u32>),
    /// It takes too long.
    #[error("store_slow: the database did not answer in time; check what keeps it busy, and its disk")]
    Slow,
    /// The disk is full.
    #[error("store_full: the disk of the database is full; free some space on it")]
    Full,
    /// It cannot be read or written.
    #[error("store_io: the database cannot be read or written ({0}); check the disk and its permissions")]
    Io(String),
    /// The database server does not answer.
    #[error("store_down: the database cannot be reached ({0}); check that it runs and accepts connections")]
    Down(String),
    /// Too many writes wait.
    #[error("busy: too many requests wait for the database; try again in a moment")]
    Overloaded,
    /// Too much mail waits.
    #[error("mail_full: too much mail waits for the mail server; check that it runs, and use another method meanwhile")]
    MailFull,
    /// The connection was lost at the commit.
    #[error("outcome_unknown: the connection was lost before the commit was confirmed")]
    OutcomeUnknown,
    /// The guarded change found no row: somebody else was faster.
    #[error("somebody else has changed this in the meantime; look at it again and repeat")]
    Conflict,
    /// A row with this key is there already.
    #[error("there is one already")]
    Duplicate,
    /// It would leave nobody who can administer.
    #[error("this would leave no administrator who can log in; make another one first")]
    LastAdmin,
    /// Whoever asks for it is no administrator who may change anything, or is none any more.
    #[error("nothing was changed: you are no administrator any more, or your own account has changed meanwhile")]
    NotAllowed,
    /// A row is not as Twolatch wrote it.
    #[error("row_mac: {table} {row}: {error}")]
    Row {
        /// The table.
        table: &'static str,
        /// Its key.
        row: String,
        /// What is wrong.
        error: SealError,
    },
    /// A value in a row cannot be read.
    #[error("row_mac: {table} {row}: a value there is none that Twolatch writes")]
    Value {
        /// The table.
        table: &'static str,
        /// Its key.
        row: String,
    },
    /// Keys and database do not belong together.
    #[error("key_mismatch: {0}")]
    Keys(String),
    /// The database belongs to another version of Twolatch.
    #[error("version: {0}; install the version of Twolatch that made this database, or a newer one")]
    Schema(String),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// What the database said, and nothing above fits.
    #[error("internal: {0}")]
    Other(String),
}

impl StoreError {
    /// The reason code of a login that ends with this.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Busy(_) => Reason::StoreBusy,
            Self::Slow => Reason::StoreSlow,
            Self::Full => Reason::StoreFull,
            Self::Io(_) => Reason::StoreIo,
            Self::Down(_) => Reason::StoreDown,
            Self::Overloaded | Self::MailFull => Reason::Busy,
            Self::OutcomeUnknown => Reason::OutcomeUnknown,
            Self::Row { error: SealError::KeyUnknown(_), .. } | Self::Keys(_) => Reason::KeyUnknown,
            Self::Row { .. } | Self::Value { .. } => Reason::RowMac,
            Self::Schema(_) => Reason::Version,
            Self::Entropy(_) => Reason::NoEntropy,
            Self::Conflict | Self::Duplicate | Self::LastAdmin | Self::Other(_) => Reason::Internal,
            Self::NotAllowed => Reason::NotAllowed,
        }
    }
}

impl StoreError {
    /// Whether it is about one row, which is not as Twolatch wrote it: others can be.
    #[must_use]
    pub const fn is_of_a_row(&self) -> bool {
        matches!(self, Self::Row { .. } | Self::Value { .. })
    }

    /// The same, for the next one who waits for the same thing.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Busy(holder) => Self::Busy(*holder),
            Self::Slow => Self::Slow,
            Self::Full => Self::Full,
            Self::Overloaded => Self::Overloaded,
            Self::Io(text) => Self::Io(text.clone()),
            Self::Down(text) => Self::Down(text.clone()),
            Self::OutcomeUnknown => Self::OutcomeUnknown,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Duplicate,
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default().into_owned();
                of_code(&code, database.message())
            }
            sqlx::Error::PoolTimedOut => Self::Down("no connection became free".to_owned()),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Down(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull { Self::Full } else { Self::Io(error.to_string()) }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" holder={pid}")).unwrap_or_default()
}

/// SQLite's codes are numbers whose low byte is the primary one; PostgreSQL's have five characters.
fn of_code(code: &str, message: &str) -> StoreError {
    if code.len() == 5 {
        return match code {
            "53100" => StoreError::Full,
            // It accepts no connections.
            "55000" => StoreError::Down(message.to_owned()),
            "55P03" | "40P01" => StoreError::Busy(None),
            "57014" => StoreError::Slow,
            _ if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => StoreError::Down(message.to_owned()),
            _ if code.starts_with("58") => StoreError::Io(message.to_owned()),
            _ => StoreError::Other(message.to_owned()),
        };
    }
    match code.parse::<i64>().unwrap_or_default() & 0xff {
        5 | 6 => StoreError::Busy(None),
        13 => StoreError::Full,
        8 | 10 | 11 | 14 | 23 | 26 => StoreError::Io(message.to_owned()),
        _ => StoreError::Other(message.to_owned()),
    }
}
