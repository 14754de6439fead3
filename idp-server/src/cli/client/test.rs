//! `twolatch client test`: what an application would learn if somebody signed in to it now.

use std::io::Write;

use clap::Args;
use twolatch_core::user::UserName;

use super::{ClientFault, as_json, known};
use crate::oidc::foresee::foresee;
use crate::oidc::scope::Scope;
use crate::state::App;
use crate::view::client::Learnt;

/// A sign-in that is supposed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// Its client id.
    id: String,
    /// Who.
    #[arg(long, value_name = "NAME")]
    user: UserName,
    #[arg(
        long,
        value_name = "SCOPE",
        num_args = 1..,
        default_values = ["profile", "email", "groups"],
        help = "What it asks for beside openid: profile, email, groups, address, phone, offline_access"
    )]
    scope: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Test {
    pub(super) async fn apply(self, app: &App, out: &mut (dyn Write + Send)) -> Result<(), ClientFault> {
        let client = app.store.client(&known(&self.id)?).await?.ok_or(ClientFault::Missing(self.id))?;
        let person = app.store.person_by_name(&self.user).await?;
        let person = person.ok_or_else(|| ClientFault::NoUser(self.user.to_string()))?;
        let scopes = Scope::parse(&self.scope.join(" "));
        let foreseen = foresee(app, &client, &person, &scopes, app.now()).await;
        let foreseen = foreseen.map_err(|error| ClientFault::Unforeseen(error.detail().to_owned()))?;
        let gets_in = foreseen.userinfo.is_some() || !foreseen.headers.is_empty();
        let acr = gets_in.then(|| foreseen.assurance.acr());
        if self.json {
            return Ok(writeln!(out, "{:#}", as_json(&Learnt::from(foreseen))?)?);
        }
        writeln!(out, "{} signs in to {}: {}", self.user, client.id, foreseen.end.as_str())?;
        writeln!(out, "asked for      {}", foreseen.explained.asked.as_str())?;
        if let Some(acr) = acr {
            writeln!(out, "acr            {acr}")?;
        }
        for (name, value) in &foreseen.headers {
            writeln!(out, "{name}: {value}")?;
        }
        let claims_of =
            [("ID token", foreseen.id_token), ("userinfo", foreseen.userinfo), ("access token", foreseen.access_token)];
        for (name, claims) in claims_of {
            if let Some(claims) = claims {
                writeln!(out, "\n{name}:\n{claims:#}")?;
            }
        }
        Ok(())
    }
}
