//! How a user is printed for people.

use twolatch_core::time::Timestamp;
use twolatch_core::user::GroupName;

use crate::cli::{CliError, say};
use crate::date;
use crate::text::Language;
use crate::view::user::Row;

/// Prints all that is said of somebody.
#[expect(clippy::unnecessary_wraps, reason = "the other arm of the caller can fail")]
pub(super) fn print(row: &Row) -> Result<(), CliError> {
    let groups: Vec<&str> = row.groups.iter().map(GroupName::as_str).collect();
    say(format_args!("name:           {}", row.name));
    say(format_args!("email:          {}", row.email.as_deref().unwrap_or("-")));
    if let Some(until) = row.email_held_until {
        let until = date::minute(Timestamp::from_unix(until), Language::En);
        say(format_args!("                changed lately: no code or link goes there before {until}, unless another"));
        say(format_args!("                administrator confirms it: `twolatch user confirm-address {}`", row.name));
    }
    say(format_args!("role:           {}", row.role));
    say(format_args!("groups:         {}", groups.join(", ")));
    match &row.second_factor_reason {
        Some(reason) => say(format_args!("second factor:  {} ({reason})", row.second_factor)),
        None => say(format_args!("second factor:  {}", row.second_factor)),
    }
    say(format_args!("methods:        {}", row.methods.join(", ")));
    if row.held {
        say(format_args!("held:           after too many wrong codes; `twolatch user unlock {}`", row.name));
    }
    if let Some(until) = row.locked_until {
        say(format_args!("may try again:  {}", date::minute(Timestamp::from_unix(until), Language::En)));
    }
    if let Some(last) = row.last_login {
        say(format_args!("last login:     {}", date::minute(Timestamp::from_unix(last), Language::En)));
    }
    Ok(())
}
