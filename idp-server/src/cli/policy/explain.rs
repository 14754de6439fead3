//! `twolatch policy explain`: what would be asked of somebody, and which rule decides.

use std::net::IpAddr;

use clap::Args;
use twolatch_core::client::ClientId;
use twolatch_core::door::Door;
use twolatch_core::login::explain::{Explained, Told};
use twolatch_core::policy::{Fingerprint, HostName, ServiceName, Where};
use twolatch_core::user::UserName;

use crate::cli::{CliError, say, say_json};
use crate::state::App;

#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The user.
    name: UserName,
    /// web, ssh, console, sudo, su or other; all if absent.
    #[arg(long)]
    door: Option<Door>,
    /// On the web, to this application, by its client id.
    #[arg(long, conflicts_with = "door")]
    client: Option<ClientId>,
    /// For this PAM service; without one, sshd for ssh.
    #[arg(long)]
    service: Option<ServiceName>,
    /// On this host; without one, on this.
    #[arg(long)]
    host: Option<HostName>,
    /// From this address, in a browser and by ssh.
    #[arg(long)]
    address: Option<IpAddr>,
    /// Behind this SSH key: SHA256:… or the line of a .pub file.
    #[arg(long, value_name = "FINGERPRINT")]
    key: Option<Fingerprint>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) async fn on(self, app: &App) -> Result<(), CliError> {
        let person = app.logins.named(&self.name).await?;
        let now = app.now();
        let policy = app.logins.policy(now).await?;
        let places = match (&self.client, self.door) {
            (Some(client), _) => vec![Where::web(Some(client))],
            (None, Some(door)) => vec![door.into()],
            (None, None) => policy.places(),
        };
        let Self { service, host, address, key, .. } = self;
        let told = Told { service, host, address, key };
        let explained: Vec<Explained> = places
            .into_iter()
            .map(|at| app.logins.explain(&policy, &person, app.logins.told(&told, at), now))
            .collect();
        if self.json {
            return say_json(&explained);
        }
        for one in explained {
            say(format_args!(
                "{:<8} {:<9} asked for {}; decided by {}",
                one.place(),
                one.decision.level,
                one.asked.as_str(),
                one.decision.because
            ));
        }
        Ok(())
    }
}
