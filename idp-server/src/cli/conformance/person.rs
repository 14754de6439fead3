//! The person of the suite: somebody of whom there is every standard claim, and who is asked for a password alone at the
//! suite's clients, as no machine reads codes off a phone.

use twolatch_core::client::ClientId;
use twolatch_core::crypto::random_text;
use twolatch_core::door::Door;
use twolatch_core::id::Id;
use twolatch_core::login::manage::Actor;
use twolatch_core::policy::{Exemption, Level, Subject, Within};
use twolatch_core::secret::Secret;
use twolatch_core::store::profiles::{Given, Owner, changed};
use twolatch_core::user::profile::Profile;
use twolatch_core::user::{Role, User, UserName};

use crate::cli::CliError;
use crate::state::App;

/// A claim that says for which alias somebody was made: nobody else's password is replaced.
const MARK: &str = "conformance_suite";

/// Why the exemptions are there. By it they are known as ours.
const REASON: &str = "the conformance suite reads no codes";

/// Everything that applications can be told of somebody, beside name and address.
const CLAIMS: [(&str, &str); 20] = [
    ("name", "Connie Formance"),
    ("given_name", "Connie"),
    ("family_name", "Formance"),
    ("middle_name", "Test"),
    ("nickname", "connie"),
    ("profile", "https://example.org/connie"),
    ("picture", "https://example.org/connie.png"),
    ("website", "https://example.org/"),
    ("gender", "female"),
    ("birthdate", "2000-01-02"),
    ("zoneinfo", "Asia/Jakarta"),
    ("locale", "en-US"),
    ("phone_number", "+62 21 5550100"),
    ("phone_number_verified", "true"),
    ("address.formatted", "1 Example Street, 10110 Jakarta, Indonesia"),
    ("address.street_address", "1 Example Street"),
    ("address.locality", "Jakarta"),
    ("address.region", "DKI Jakarta"),
    ("address.postal_code", "10110"),
    ("address.country", "ID"),
];

/// Somebody who can sign in.
pub(super) struct TestPerson {
    pub(super) user: User,
    pub(super) password: Secret,
}

/// Makes the person, or gives the one who was made before a new password and what is missing.
pub(super) async fn provide(app: &App, name: &UserName, alias: &str, actor: &Actor) -> Result<TestPerson, CliError> {
    let text = random_text::<20>(app.entropy()).map_err(|error| CliError::failed(error.to_string()))?;
    let password = Secret::new(text);
    let user = match app.store.person_by_name(name).await? {
        Some(person) => renewed(app, person.user, alias, &password, actor).await?,
        None => added(app, name, &password, actor).await?,
    };
    tell_all(app, &user, alias, actor).await?;
    Ok(TestPerson { user, password })
}

async fn added(app: &App, name: &UserName, password: &Secret, actor: &Actor) -> Result<User, CliError> {
    let id = Id::random(app.entropy()).map_err(|error| CliError::failed(error.to_string()))?;
    let policy = app.logins.policy(actor.now).await?;
    let mut user = User::new(id, name.clone(), policy.rules.setup_until(actor.now), actor.now);
    // Nobody reads mail there (RFC 2606), and none is sent.
    let email = format!("{name}@example.invalid");
    user.email = Some(email.parse().map_err(|error| CliError::data(format!("{email}: {error}")))?);
    user.email_verified_at = Some(actor.now);
    Ok(app.logins.add_user(user, Some(password.clone()), true, actor).await?)
}

async fn renewed(app: &App, user: User, alias: &str, password: &Secret, actor: &Actor) -> Result<User, CliError> {
    let given = app.store.given(&Owner::User(user.id.clone())).await?;
    let is_ours = given.profile.iter().any(|(name, value)| name.as_str() == MARK && value == alias);
    if !is_ours || user.role != Role::Member {
        let text = format!("there is a user {} who was not made for this; name somebody else with --user", user.name);
        return Err(CliError::data(text));
    }
    app.logins.reset_password(&user.name, password.clone(), true, actor).await?;
    Ok(app.logins.named(&user.name).await?.user)
}

async fn tell_all(app: &App, user: &User, alias: &str, actor: &Actor) -> Result<(), CliError> {
    let owner = Owner::User(user.id.clone());
    let before = app.store.given(&owner).await?;
    let mut profile = Profile::default();
    for (name, value) in CLAIMS.into_iter().chain([(MARK, alias)]) {
        let wrong = |error: &dyn std::fmt::Display| CliError::data(format!("{name}: {error}"));
        let parsed = name.parse().map_err(|error| wrong(&error))?;
        profile.set(parsed, value.to_owned()).map_err(|error| wrong(&error))?;
    }
    let record = changed(&owner, user.name.as_str(), "claims are given", &actor.name, actor.now);
    let given = Given { profile, updated_at: Some(actor.now) };
    Ok(app.store.give(owner, before, given, record).await?)
}

impl TestPerson {
    /// Lets the password be enough at these clients, in a browser, and nowhere else. Exemptions of an earlier run end.
    pub(super) async fn exempt(
        &self,
        app: &App,
        clients: &[ClientId],
        days: u16,
        actor: &Actor,
    ) -> Result<(), CliError> {
        let subject = Subject::User(self.user.id.clone());
        let policy = app.logins.policy(actor.now).await?;
        for one in policy.exemptions.iter().filter(|one| one.subject == subject && one.reason == REASON) {
            app.logins.end_exemption(one.id.as_str(), actor).await?;
        }
        for client in clients {
            let exemption = Exemption {
                id: Id::random(app.entropy()).map_err(|error| CliError::failed(error.to_string()))?,
                subject: subject.clone(),
                within: Within { client: Some(client.clone()), ..Within::from(Door::Web) },
                level: Level::Off,
                until: actor.now.plus(i64::from(days) * 86_400),
                reason: REASON.to_owned(),
                author: actor.name.clone(),
                at: actor.now,
            };
            app.logins.exempt(exemption, actor).await?;
        }
        Ok(())
    }
}
