//! Rules and exemptions, as they are told; and how rules look, for whoever sends some.

use std::collections::BTreeMap;

use serde::Serialize;
use twolatch_core::policy::{Exemption, Policy, Rules, Subject};
use twolatch_core::store::StoreError;
use twolatch_core::store::policies::PolicyVersion;
use twolatch_core::time::Timestamp;
use utoipa::ToSchema;

use super::words;
use crate::state::App;

/// Everything that is asked of anybody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Policy)]
pub struct Whole {
    /// What a change is made from: the `ETag` says the same.
    pub version: i64,
    /// Whether the configuration lets nobody be below `required`.
    locked: bool,
    #[schema(value_type = DescribedRules)]
    rules: Rules,
    exemptions: Vec<Exempted>,
}

/// A dated exception.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exemption, description = "A dated exception.")]
pub struct Exempted {
    #[serde(flatten)]
    exemption: Exemption,
    /// The name, where it is of one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
}

/// A version of the rules, as it was put in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PolicyVersion)]
pub struct Kept {
    version: i64,
    #[schema(value_type = DescribedRules)]
    rules: Rules,
    /// Who put them in force.
    author: String,
    #[schema(value_type = i64)]
    at: Timestamp,
}

impl From<PolicyVersion> for Kept {
    fn from(PolicyVersion { version, rules, author, at }: PolicyVersion) -> Self {
        Self { version, rules, author, at }
    }
}

impl Exempted {
    /// An exemption, with the name of who it is for.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, exemption: Exemption) -> Result<Self, StoreError> {
        let person = match &exemption.subject {
            Subject::User(id) => app.store.person(id).await?.map(|person| person.user.name.to_string()),
            Subject::Group(_) | Subject::Role(_) => None,
        };
        Ok(Self { exemption, person })
    }
}

impl Whole {
    /// A policy, with the names of whom it exempts.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, policy: &Policy) -> Result<Self, StoreError> {
        let mut exemptions = Vec::with_capacity(policy.exemptions.len());
        for exemption in &policy.exemptions {
            exemptions.push(Exempted::of(app, exemption.clone()).await?);
        }
        Ok(Self { version: policy.version, locked: policy.locked, rules: policy.rules.clone(), exemptions })
    }
}

/// The rules as one document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rules)]
pub struct DescribedRules {
    /// For everybody, everywhere: the switch.
    #[schema(schema_with = words::level)]
    organisation: String,
    /// For everybody of a role.
    #[serde(default)]
    roles: BTreeMap<String, DescribedRule>,
    /// For everybody in a group.
    #[serde(default)]
    groups: BTreeMap<String, DescribedRule>,
    /// For everybody at a door.
    #[serde(default)]
    doors: BTreeMap<String, DescribedRule>,
    /// For everybody who signs in to an application.
    #[serde(default)]
    clients: BTreeMap<String, DescribedRule>,
    /// How many consecutive codes confirm a new authenticator.
    #[schema(minimum = 1, maximum = 2)]
    enrol_codes: u8,
    /// Days in which a first second factor can be set up.
    #[schema(minimum = 1, maximum = 365)]
    setup_days: u16,
    /// What may be set up.
    #[serde(default)]
    #[schema(schema_with = words::methods)]
    methods: Vec<String>,
    /// What is kept for the day on which those are lost.
    #[serde(default)]
    #[schema(schema_with = words::recovery)]
    recovery: String,
    /// For how many days a browser can be remembered.
    #[serde(default)]
    #[schema(maximum = 365)]
    device_days: u16,
    /// How often a person may put set-up off.
    #[serde(default)]
    skips: u8,
    /// Until when.
    #[serde(default)]
    skip_until: Option<i64>,
    /// Whether an administrator who is stuck may have a link mailed: `on`, `off`, or `wait:N` for N hours later.
    #[serde(default)]
    admin_link: String,
}

/// What holds besides for some people or in one place. It can only ask for more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rule)]
struct DescribedRule {
    #[serde(default)]
    #[schema(schema_with = words::level_or_none)]
    level: Option<String>,
    #[serde(default)]
    #[schema(schema_with = words::methods_or_none)]
    methods: Option<Vec<String>>,
    #[schema(maximum = 365)]
    device_days: Option<u16>,
    skips: Option<u8>,
    skip_until: Option<i64>,
    /// Recovery codes and keys are not taken in place of a second factor.
    #[serde(default)]
    no_recovery: bool,
}
