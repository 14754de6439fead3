//! What a client can be held to, beyond what everybody is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ClientError;

/// Something that is refused where it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// Authorization requests are pushed (RFC 9126).
    Par,
    /// Authorization requests are signed (RFC 9101).
    SignedRequest,
    /// Access tokens are bound to a key that the client holds (RFC 9449).
    Dpop,
    /// All that the FAPI 2.0 Security Profile asks: that includes `par` and `dpop`.
    Fapi,
}

impl Demand {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Par, Self::SignedRequest, Self::Dpop, Self::Fapi];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Par => "par",
            Self::SignedRequest => "signed_request",
            Self::Dpop => "dpop",
            Self::Fapi => "fapi",
        }
    }

    /// Whether FAPI asks for it, too.
    pub(super) const fn is_of_fapi(self) -> bool {
        matches!(self, Self::Par | Self::Dpop)
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Demand {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        Self::ALL.into_iter().find(|demand| demand.as_str() == text).ok_or(ClientError::Demand)
    }
}
