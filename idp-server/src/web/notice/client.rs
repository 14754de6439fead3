//! What pages of the console say about an application.

use serde::{Deserialize, Serialize};

use super::Notice;
use crate::web::path::clients::ClientAct;

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientNotice {
    /// It is done.
    Done(ClientAct),
    /// The application is removed.
    Deleted(String),
    /// Somebody else changed it just now, or it is gone.
    Meanwhile,
    /// It has no secret.
    NoSecret,
}

impl From<ClientNotice> for Notice {
    fn from(notice: ClientNotice) -> Self {
        Self::Client(notice)
    }
}
