//! `twolatch policy exempt`: a dated exception for somebody, somewhere; or the end of one.

use clap::Args;
use twolatch_core::client::ClientId;
use twolatch_core::door::Door;
use twolatch_core::login::manage::Actor;
use twolatch_core::policy::{Fingerprint, HostName, Level, Network, ServiceName, Subject, Within};
use twolatch_core::user::{GroupName, Role, UserName};

use crate::cli::{CliError, say, say_json};
use crate::date;
use crate::rules::{MOST_REASON, NewExemption};
use crate::state::App;
use crate::text::Language;

#[derive(Debug, Args)]
pub(in crate::cli) struct Exempt {
    /// The person.
    #[arg(required_unless_present_any = ["group", "role", "end"])]
    name: Option<UserName>,
    /// Everybody in this group.
    #[arg(long, conflicts_with = "name")]
    group: Option<GroupName>,
    /// Everybody of this role.
    #[arg(long, conflicts_with_all = ["name", "group"])]
    role: Option<Role>,
    #[command(flatten)]
    limits: Limits,
    /// To what it is lowered.
    #[arg(long, default_value = "off")]
    level: Level,
    /// For how many days.
    #[arg(long, required_unless_present = "end", value_parser = clap::value_parser!(u16).range(1..=366))]
    days: Option<u16>,
    /// Why.
    #[arg(long, required_unless_present = "end")]
    reason: Option<String>,
    /// End this exemption.
    #[arg(long, value_name = "ID", conflicts_with_all = ["name", "group", "role"])]
    end: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Where it holds: where all that is given is so. What a login does not tell for certain is not so.
#[derive(Debug, Args)]
struct Limits {
    /// At this door only.
    #[arg(long)]
    door: Option<Door>,
    /// On the web, to this application only, by its client id.
    #[arg(long)]
    client: Option<ClientId>,
    /// For this PAM service only: the name of its file in /etc/pam.d.
    #[arg(long)]
    service: Option<ServiceName>,
    /// On this host only, as `hostname` prints it there.
    #[arg(long)]
    host: Option<HostName>,
    /// From this network only, like 10.0.0.0/8: of ssh and web, where the address is certain.
    #[arg(long, value_name = "CIDR")]
    network: Option<Network>,
    /// Behind this SSH key only, which sshd has accepted in the same login: SHA256:… or the line of a .pub file.
    #[arg(long, value_name = "FINGERPRINT")]
    key: Option<Fingerprint>,
}

impl From<Limits> for Within {
    fn from(limits: Limits) -> Self {
        let Limits { door, client, service, host, network, key } = limits;
        Self { door, client, service, host, network, key }
    }
}

/// Where an exemption holds, in words.
pub(super) fn place(within: &Within) -> String {
    let Within { door, client, service, host, network, key } = within;
    let parts = [
        Some(door.map_or_else(|| "every door".to_owned(), |door| door.to_string())),
        client.as_ref().map(|client| format!("client {client}")),
        service.as_ref().map(|service| format!("service {service}")),
        host.as_ref().map(|host| format!("host {host}")),
        network.map(|network| format!("network {network}")),
        key.as_ref().map(|key| format!("key {key}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Exempt {
    pub(super) async fn on(self, app: &App, actor: &Actor) -> Result<(), CliError> {
        if let Some(id) = &self.end {
            app.logins.end_exemption(id, actor).await?;
            say(format_args!("The exemption {id} is ended."));
            return Ok(());
        }
        let subject = match (&self.name, self.group, self.role) {
            (Some(name), ..) => Subject::User(app.logins.named(name).await?.user.id),
            (None, Some(group), _) => Subject::Group(group),
            (None, None, Some(role)) => Subject::Role(role),
            (None, None, None) => return Err(CliError::data("name a person, --group or --role")),
        };
        let new = NewExemption {
            subject,
            within: self.limits.into(),
            level: self.level,
            days: self.days.unwrap_or(1),
            reason: self.reason.unwrap_or_default(),
        };
        let exemption = new.exemption(app, actor).map_err(|error| CliError::failed(error.to_string()))?;
        let too_long = || CliError::data(format!("--reason: 1 to {MOST_REASON} characters"));
        let exemption = exemption.ok_or_else(too_long)?;
        app.logins.exempt(exemption.clone(), actor).await?;
        if self.json {
            return say_json(&exemption);
        }
        say(format_args!("Exempted, id {}, until {}.", exemption.id, date::minute(exemption.until, Language::En)));
        Ok(())
    }
}
