//! People who exist only to be measured with.

use std::error::Error;

use twolatch_core::crypto::Entropy;
use twolatch_core::factor::Factor;
use twolatch_core::factor::totp::Totp;
use twolatch_core::id::Id;
use twolatch_core::time::{Clock, SystemClock};
use twolatch_core::user::User;

/// Somebody with an authenticator.
pub(crate) fn person(name: &str, entropy: &dyn Entropy) -> Result<(User, Factor), Box<dyn Error + Send + Sync>> {
    let now = SystemClock.now();
    let (user, factor) = (Id::random(entropy)?, Id::random(entropy)?);
    let totp = Totp::random(entropy)?;
    let factor = Factor {
        id: factor,
        user: user.clone(),
        name: "app".to_owned(),
        totp,
        created_at: now,
        last_step: 0,
        last_used_at: None,
    };
    let user = User { authenticators: vec![factor.id.clone()], ..User::new(user, name.parse()?, now, now) };
    Ok((user, factor))
}
