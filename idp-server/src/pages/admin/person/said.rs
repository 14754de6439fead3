//! The texts of what is said about one person, about requests, and about adding people.

use crate::pages::said::Said;
use crate::text::{Text, t};
use crate::web::notice::person::{PersonNotice, Refusal};
use crate::web::path::person::Act;

impl From<PersonNotice> for Said {
    fn from(notice: PersonNotice) -> Self {
        match notice {
            PersonNotice::Done(act) => Self::good(done(act)),
            PersonNotice::Removed(name) => Self::good(t("person-removed").with("name", name)),
            PersonNotice::Added => Self::good(t("person-added")),
            PersonNotice::AddedAndInvited => Self::good(t("person-added-invited")),
            PersonNotice::Imported(count) => Self::good(t("import-done").number("count", count)),
            PersonNotice::Approved(name) => Self::good(t("request-approved").with("name", name)),
            PersonNotice::ApprovedFirst(name) => Self::good(t("request-approved-first").with("name", name)),
            PersonNotice::Dismissed(name) => Self::good(t("request-dismissed").with("name", name)),
            PersonNotice::Not(refusal) => Self::error(not(refusal)),
        }
    }
}

const fn done(act: Act) -> Text {
    match act {
        Act::Role => t("act-role-done"),
        Act::Groups => t("act-groups-done"),
        Act::Level => t("act-level-done"),
        Act::Methods => t("act-methods-done"),
        Act::Address => t("act-address-done"),
        Act::ConfirmAddress => t("act-confirm-address-done"),
        Act::Invite => t("act-invite-done"),
        Act::ReopenSetup => t("act-reopen-setup-done"),
        Act::Reset => t("act-reset-done"),
        Act::Unlock => t("act-unlock-done"),
        Act::EndSessions => t("act-end-sessions-done"),
        Act::ForgetDevices => t("act-forget-devices-done"),
        Act::Disable => t("act-disable-done"),
        Act::Enable => t("act-enable-done"),
        Act::Remove => t("act-remove-done"),
    }
}

fn not(refusal: Refusal) -> Text {
    match refusal {
        Refusal::Own => t("not-own"),
        Refusal::LastAdmin => t("not-last-admin"),
        Refusal::Meanwhile => t("not-meanwhile"),
        Refusal::NoAddress => t("not-no-address"),
        Refusal::Held(hours) => t("not-held").number("hours", hours),
        Refusal::NotHeld => t("not-not-held"),
        Refusal::OwnAddress => t("not-own-address"),
        Refusal::AdminsAddress => t("not-admins-address"),
        Refusal::Taken => t("not-taken"),
        Refusal::NoMail => t("not-no-mail"),
        Refusal::MailFull => t("not-mail-full"),
        Refusal::Locked => t("not-locked"),
        Refusal::BadRole => t("not-bad-role"),
        Refusal::BadLevel => t("not-bad-level"),
        Refusal::BadMethods => t("not-bad-methods"),
        Refusal::BadGroup => t("not-bad-group"),
        Refusal::BadAddress => t("not-bad-address"),
        Refusal::BadName => t("not-bad-name"),
        Refusal::NoRequest => t("not-no-request"),
        Refusal::OwnRequest => t("not-own-request"),
        Refusal::Agreed => t("not-agreed"),
        Refusal::NeedsRequest => t("not-without-request"),
        Refusal::TooEarly(hours) => t("not-too-early").number("hours", hours),
    }
}
