//! People, as they are told: one shape in lists, and one with all that the console shows of somebody.

use serde::Serialize;
use twolatch_core::factor::Kind;
use twolatch_core::policy::{Level, Policy};
use twolatch_core::store::budgets::Charge;
use twolatch_core::store::people::Found;
use twolatch_core::store::requests::State;
use twolatch_core::store::{Person, StoreError};
use twolatch_core::time::Timestamp;
use twolatch_core::user::{GroupName, Role};
use utoipa::ToSchema;

use super::words;
use crate::state::App;

/// Somebody, as lists show them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct Row {
    /// The user name.
    pub name: String,
    /// The mail address.
    pub email: Option<String>,
    /// What they may do in Twolatch.
    #[schema(schema_with = words::role)]
    pub role: Role,
    /// Their groups.
    #[schema(value_type = Vec<String>)]
    pub groups: Vec<GroupName>,
    /// How the second factor stands: `Pending`, `Activated` or `Disabled`.
    #[schema(schema_with = words::status)]
    pub second_factor: &'static str,
    /// Why nobody asks for it.
    pub second_factor_reason: Option<String>,
    /// What is set up.
    #[schema(schema_with = words::methods)]
    pub methods: Vec<&'static str>,
    /// Until when nothing that they show is judged.
    pub locked_until: Option<i64>,
    /// Whether they are held after too many wrong codes.
    pub held: bool,
    /// When they last signed in.
    pub last_login: Option<i64>,
    /// Whether nobody signs in with the account.
    pub disabled: bool,
    /// Whether several people share the account.
    pub shared: bool,
    /// Until when a first second factor can be set up.
    pub setup_until: i64,
    /// Until when neither link nor code goes to the address.
    pub email_held_until: Option<i64>,
}

impl Row {
    /// Somebody as they stand under a policy.
    #[must_use]
    pub fn of(found: &Found, policy: &Policy, now: Timestamp) -> Self {
        let Found { person, standing } = found;
        let user = &person.user;
        let status = policy.status(user, now);
        Self {
            name: user.name.to_string(),
            email: user.email.as_ref().map(ToString::to_string),
            role: user.role,
            groups: user.groups.clone(),
            second_factor: status.word().as_str(),
            second_factor_reason: status.reason().map(ToString::to_string),
            methods: Kind::METHODS.into_iter().filter(|kind| user.has(*kind)).map(Kind::as_str).collect(),
            locked_until: match standing {
                Charge::Wait(until) => Some(until.unix()),
                Charge::Taken | Charge::Held => None,
            },
            held: *standing == Charge::Held,
            last_login: person.last_login().map(Timestamp::unix),
            disabled: user.disabled_at.is_some(),
            shared: user.shared_at.is_some(),
            setup_until: user.setup_until.unix(),
            email_held_until: user.email_held(now).map(Timestamp::unix),
        }
    }
}

/// Somebody, with all that the console shows of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub struct Whole {
    #[serde(flatten)]
    row: Row,
    /// What a change is made from: the `ETag` says the same.
    version: i64,
    /// Whether the address is known to be theirs.
    email_verified: bool,
    /// Which administrator has given the address that is held.
    email_held_by: Option<String>,
    /// An address that waits for its reader to open a link.
    email_offered: Option<Offered>,
    /// The rule for this person alone.
    #[schema(schema_with = words::level_or_none)]
    level: Option<Level>,
    /// Nothing else may they set up.
    #[schema(schema_with = words::methods_or_none)]
    own_methods: Option<Vec<&'static str>>,
    /// Whether they have one for the web.
    password_set: bool,
    /// Since when there is the account.
    created_at: i64,
    /// Since when they wait for an answer to a recovery request.
    waiting_since: Option<i64>,
    /// Their authenticator apps.
    authenticators: Vec<Authenticator>,
    /// Since when codes are mailed to them.
    email_codes_since: Option<i64>,
    /// What is left for the day on which all of that is lost.
    recovery_left: Option<Left>,
    /// Where they are signed in.
    sessions: Vec<Used>,
    /// What is remembered.
    devices: Vec<Used>,
}

/// An address that an administrator has given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferedAddress)]
struct Offered {
    to: String,
    by: String,
    until: i64,
}

/// An authenticator app.
#[derive(Debug, Serialize, ToSchema)]
struct Authenticator {
    name: String,
    /// Whether its codes are made in a way that new ones are not.
    weak: bool,
    added_at: i64,
    used_at: Option<i64>,
}

/// How many recovery codes and keys are unused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryLeft)]
struct Left {
    codes: i64,
    keys: i64,
}

/// A session or a remembered device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
struct Used {
    /// What a device calls itself.
    name: Option<String>,
    place: String,
    since: i64,
    last_at: i64,
}

/// So many sessions and devices are told.
const MOST: usize = 50;

impl Whole {
    /// Reads what there is to tell of somebody.
    ///
    /// # Errors
    /// Where the database fails, or a row is not as it was written.
    pub async fn read(app: &App, person: Person, policy: &Policy, now: Timestamp) -> Result<Self, StoreError> {
        let user = &person.user;
        let found = app.store.find_person(&user.id, policy, now).await?;
        let standing = found.map_or(Charge::Taken, |found| found.standing);
        let offered = app.logins.offered_address(user, now).await?;
        let waiting = app.logins.request_of(user, now).await?.filter(|(_, state)| *state == State::Waiting);
        let recovery_left = match &user.recovery {
            Some(set) => {
                let (codes, keys) = app.store.recovery_left(set, &user.id).await?;
                Some(Left { codes, keys })
            }
            None => None,
        };
        let used = |name, place, since: Timestamp, last: Timestamp| Used {
            name,
            place,
            since: since.unix(),
            last_at: last.unix(),
        };
        let sessions = app.store.sessions_of(user, now).await?.into_iter().take(MOST);
        let devices = app.store.devices_of(user, now).await?.into_iter().take(MOST);
        let authenticators = person.factors.iter().map(|factor| Authenticator {
            name: factor.name.clone(),
            weak: factor.totp.is_weak(),
            added_at: factor.created_at.unix(),
            used_at: factor.last_used_at.map(Timestamp::unix),
        });
        Ok(Self {
            version: user.security_version,
            email_verified: user.verified_email().is_some(),
            email_held_by: user.email_held(now).and(user.email_held_by.clone()),
            email_offered: offered.map(|(offer, until)| Offered {
                to: offer.to.to_string(),
                by: offer.by,
                until: until.unix(),
            }),
            level: user.level,
            own_methods: user.methods.as_ref().map(|own| own.iter().map(|kind| kind.as_str()).collect()),
            password_set: user.password.is_some(),
            created_at: user.created_at.unix(),
            waiting_since: waiting.map(|(request, _)| request.created_at.unix()),
            authenticators: authenticators.collect(),
            email_codes_since: user.email_codes_at.filter(|_| user.has(Kind::EmailCode)).map(Timestamp::unix),
            recovery_left,
            sessions: sessions.map(|row| used(None, row.place, row.created_at, row.seen_at)).collect(),
            devices: devices.map(|row| used(Some(row.name), row.place, row.created_at, row.used_at)).collect(),
            row: Row::of(&Found { person, standing }, policy, now),
        })
    }

    /// What a change is made from.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }
}
