//! What applications need to sign people in here: one table of presets, from the kinds that there are to applications by
//! name, and what is typed into each. The console and the command line use the same. It must not know how either asks.

use twolatch_core::client::{AuthMethod, Client, GrantType, RedirectError, RedirectUri};

use crate::text::{Text, t};
use crate::web::path;

use self::named::{NAMED, Named};

mod named;
#[cfg(test)]
mod tests;

/// A preset.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// The word for it.
    pub word: &'static str,
    /// What the application is.
    pub kind: Kind,
}

/// What an application is, and so what has to be known of it.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// It keeps a secret on a server, and returns sign-ins to addresses that somebody has to name.
    Server,
    /// It runs in a browser, the same.
    Browser,
    /// It runs on people's own machines, the same.
    Native,
    /// It asks in its own name, for scopes.
    Machine,
    /// It is behind a proxy, at hosts.
    Proxy,
    /// All follows from its address.
    Named(&'static Named),
}

/// Where lines go that are commands.
pub const SHELL: &str = "sh";

/// What somebody types into an application, or into the files beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// Where they go: a file, or [`SHELL`].
    pub place: &'static str,
    /// The lines.
    pub text: String,
}

/// What the lines are made from.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// This server.
    pub issuer: &'a str,
    /// The application's id.
    pub id: &'a str,
    /// Its secret, where it has one.
    pub secret: Option<&'a str>,
    /// Its address.
    pub address: &'a str,
    /// 32 random characters, for a secret of its own that nobody else needs.
    pub random: &'a str,
}

const KINDS: [Preset; 5] = [
    Preset { word: "server", kind: Kind::Server },
    Preset { word: "spa", kind: Kind::Browser },
    Preset { word: "native", kind: Kind::Native },
    Preset { word: "machine", kind: Kind::Machine },
    Preset { word: "reverse-proxy", kind: Kind::Proxy },
];

impl Preset {
    /// All of them: the kinds first.
    pub fn all() -> impl Iterator<Item = Self> {
        let named = NAMED.iter().map(|named| Self { word: named.word, kind: Kind::Named(named) });
        KINDS.into_iter().chain(named)
    }

    /// The one with this word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::all().find(|preset| preset.word == word)
    }

    /// What it is called. Products have their own names.
    #[must_use]
    pub fn title(&self) -> Text {
        match self.kind {
            Kind::Server => t("preset-server"),
            Kind::Browser => t("preset-browser"),
            Kind::Native => t("preset-native"),
            Kind::Machine => t("preset-machine"),
            Kind::Proxy => t("preset-proxy"),
            Kind::Named(named) => t("preset-named").with("name", named.name),
        }
    }

    /// When to take it.
    #[must_use]
    pub fn hint(&self) -> Text {
        match self.kind {
            Kind::Server => t("preset-server-hint"),
            Kind::Browser => t("preset-browser-hint"),
            Kind::Native => t("preset-native-hint"),
            Kind::Machine => t("preset-machine-hint"),
            Kind::Proxy => t("preset-proxy-hint"),
            Kind::Named(named) => t("preset-named-hint").with("what", named.what),
        }
    }

    /// What it is called by itself; nothing where only its owner knows.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Named(named) => named.name,
            _ => "",
        }
    }

    /// Makes an application what the preset says: all but what has to be named for each. `address` is where people open it.
    ///
    /// # Errors
    /// What is wrong with the address; [`RedirectError::Host`] where there is none, and it is needed.
    pub fn shape(&self, client: &mut Client, address: Option<&str>) -> Result<(), RedirectError> {
        match self.kind {
            Kind::Server => {}
            Kind::Browser | Kind::Native => client.auth_method = AuthMethod::None,
            Kind::Machine => client.settings.grants = vec![GrantType::ClientCredentials],
            Kind::Proxy => {
                client.auth_method = AuthMethod::None;
                client.settings.grants = Vec::new();
            }
            Kind::Named(named) => named.shape(client, address.ok_or(RedirectError::Host)?)?,
        }
        Ok(())
    }

    /// The addresses of this server that it needs, each with what applications call it.
    #[must_use]
    pub fn endpoints(&self, issuer: &str) -> Vec<(Text, String)> {
        let at = |text, path: &str| (text, format!("{issuer}{path}"));
        match self.kind {
            Kind::Machine => {
                vec![at(t("preset-token"), path::TOKEN), at(t("preset-introspect"), path::INTROSPECT)]
            }
            Kind::Proxy => {
                vec![at(t("preset-forward"), path::FORWARD), at(t("preset-forward-nginx"), path::FORWARD_NGINX)]
            }
            _ => vec![
                at(t("preset-issuer"), ""),
                at(t("preset-discovery"), path::DISCOVERY),
                at(t("preset-authorize"), path::AUTHORIZE),
                at(t("preset-token"), path::TOKEN),
                at(t("preset-userinfo"), path::USERINFO),
                at(t("preset-jwks"), path::JWKS),
                at(t("preset-logout"), path::LOGOUT),
            ],
        }
    }

    /// What to type into it, where that is known.
    #[must_use]
    pub fn lines(&self, told: Told<'_>) -> Option<Lines> {
        match self.kind {
            Kind::Named(named) => Some(Lines { place: named.place, text: fill(named.lines, told) }),
            Kind::Machine => {
                let text = "curl --user '{id}:{secret}' --data grant_type=client_credentials '{issuer}/token'\n";
                Some(Lines { place: SHELL, text: fill(text, told) })
            }
            _ => None,
        }
    }
}

/// The address of an application without the stroke at its end, if it is one that can stand in any file as it is.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str) -> Result<&str, RedirectError> {
    let text = text.trim().trim_end_matches('/');
    let plain = |c: &char| c.is_ascii_alphanumeric() || ":/._~-[]".contains(*c);
    if let Some(bad) = text.chars().find(|c| !plain(c)) {
        return Err(RedirectError::Character(bad));
    }
    let parsed: RedirectUri = text.parse()?;
    if parsed.is_private_use() { Err(RedirectError::Scheme) } else { Ok(text) }
}

/// Fills in what stands in braces: once, whatever is filled in.
fn fill(text: &str, told: Told<'_>) -> String {
    let values = [
        ("{issuer}", told.issuer),
        ("{id}", told.id),
        ("{secret}", told.secret.unwrap_or_default()),
        ("{address}", told.address),
        ("{random}", told.random),
    ];
    let (mut filled, mut rest) = (String::with_capacity(text.len() * 2), text);
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let value = values.iter().find_map(|(mark, value)| Some((*value, from.strip_prefix(mark)?)));
        rest = if let Some((value, after)) = value {
            filled.push_str(value);
            after
        } else {
            filled.push('{');
            from.get(1..).unwrap_or_default()
        };
    }
    filled.push_str(rest);
    filled
}
