//! `twolatch claim`: what applications may be told of people beside name, address and groups.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use twolatch_core::store::profiles::{Given, Owner, changed};
use twolatch_core::user::profile::{ClaimName, Profile};

use super::open::{close, open};
use super::{CliError, actor, say, say_json};
use crate::state::App;

#[derive(Debug, Subcommand)]
pub(super) enum Claim {
    /// Give claims: `given_name=Ada`, `address.locality=Jakarta`, or names of your own such as `department=IT`.
    Set {
        #[command(flatten)]
        whose: Whose,
        /// What is told, as NAME=VALUE; several are possible.
        #[arg(required = true, value_name = "NAME=VALUE")]
        claims: Vec<String>,
    },
    /// Take claims away.
    Remove {
        #[command(flatten)]
        whose: Whose,
        /// Their names.
        #[arg(required = true, value_name = "NAME")]
        claims: Vec<String>,
    },
    /// List what somebody, or a group, was given.
    List {
        #[command(flatten)]
        whose: Whose,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A person, or a group.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whose {
    /// The person's user name.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The group: its members are given it who were given nothing else of that name. Names of your own only.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
}

impl Claim {
    pub(super) async fn run(self, config: &Path) -> Result<(), CliError> {
        let app = open(config).await?;
        let done = self.apply(&app).await;
        close(&app).await?;
        done
    }

    async fn apply(self, app: &App) -> Result<(), CliError> {
        match self {
            Self::Set { whose, claims } => {
                let (owner, name) = whose.find(app).await?;
                let before = app.store.given(&owner).await?;
                let mut profile = before.profile.clone();
                for claim in &claims {
                    let (claim, value) = claim.split_once('=').ok_or_else(|| wrong(claim, "expected NAME=VALUE"))?;
                    let parsed = named(claim, &owner)?;
                    profile.set(parsed, value.to_owned()).map_err(|error| wrong(claim, &error.to_string()))?;
                }
                change(app, owner, &name, before, profile, "claims are given").await?;
                say("Applications that may know are told of it from now on.");
                Ok(())
            }
            Self::Remove { whose, claims } => {
                let (owner, name) = whose.find(app).await?;
                let before = app.store.given(&owner).await?;
                let mut profile = before.profile.clone();
                for claim in &claims {
                    if !profile.remove(&named(claim, &owner)?) {
                        return Err(wrong(claim, "there is no such claim"));
                    }
                }
                change(app, owner, &name, before, profile, "claims are taken away").await?;
                say("Applications are not told of it any more.");
                Ok(())
            }
            Self::List { whose, json } => {
                let (owner, _) = whose.find(app).await?;
                let given = app.store.given(&owner).await?;
                if json {
                    let all = given.profile.iter().map(|(name, value)| (name.to_string(), value.into()));
                    return say_json(&Value::from(all.collect::<Map<_, _>>()));
                }
                for (name, value) in given.profile.iter() {
                    say(format_args!("{name}\t{}", value.replace('\n', "\\n")));
                }
                Ok(())
            }
        }
    }
}

impl Whose {
    /// Whose claims they are, and what that is called.
    async fn find(self, app: &App) -> Result<(Owner, String), CliError> {
        match (self.user, self.group) {
            (Some(name), _) => {
                let parsed = name.parse().map_err(|error| wrong(&name, &format!("{error}")))?;
                let person = app.store.person_by_name(&parsed).await?;
                let person =
                    person.ok_or_else(|| wrong(&name, "there is no such user; `twolatch user list` shows all"))?;
                Ok((Owner::User(person.user.id.clone()), person.user.name.to_string()))
            }
            (None, group) => {
                let group = group.unwrap_or_default();
                let parsed = group.parse().map_err(|error| wrong(&group, &format!("{error}")))?;
                Ok((Owner::Group(parsed), group))
            }
        }
    }
}

fn named(text: &str, owner: &Owner) -> Result<ClaimName, CliError> {
    let name: ClaimName = text.parse().map_err(|error| wrong(text, &format!("{error}")))?;
    if matches!(owner, Owner::Group(_)) && !name.is_own() {
        return Err(wrong(text, "a group gives claims of your own only: this one is about one person"));
    }
    Ok(name)
}

async fn change(
    app: &App,
    owner: Owner,
    name: &str,
    before: Given,
    profile: Profile,
    said: &str,
) -> Result<(), CliError> {
    let now = app.now();
    let record = changed(&owner, name, said, &actor(now).name, now);
    Ok(app.store.give(owner, before, Given { profile, updated_at: Some(now) }, record).await?)
}

fn wrong(what: &str, why: &str) -> CliError {
    CliError::data(format!("{what}: {why}"))
}
