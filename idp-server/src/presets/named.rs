//! Applications by name: where their sign-ins return, and the lines of their configuration, as their own documentation has
//! them. In braces stands what is filled in.

use twolatch_core::client::{Client, RedirectError};
use twolatch_core::time::Timestamp;

use super::{SHELL, address};

/// An application that many have.
#[derive(Debug)]
pub struct Named {
    pub(super) word: &'static str,
    pub(super) name: &'static str,
    /// Which part of it does this.
    pub(super) what: &'static str,
    /// Where sign-ins return, below its address.
    redirects: &'static [&'static str],
    /// Where a browser goes after a sign-out, below its address.
    after_logout: &'static [&'static str],
    /// Where it is told of sign-outs, below its address.
    told: Option<&'static str>,
    /// Whether it cannot do PKCE.
    without_pkce: bool,
    /// Where the lines go.
    pub(super) place: &'static str,
    pub(super) lines: &'static str,
}

impl Named {
    pub(super) fn shape(&self, client: &mut Client, at: &str) -> Result<(), RedirectError> {
        let at = address(at)?;
        let below = |path: &&str| format!("{at}{path}").parse();
        client.redirect_uris = self.redirects.iter().map(below).collect::<Result<_, _>>()?;
        client.settings.post_logout_redirect_uris = self.after_logout.iter().map(below).collect::<Result<_, _>>()?;
        client.logout_uri = self.told.iter().map(below).next().transpose()?;
        let since: Timestamp = client.created_at;
        client.pkce_waived_at = self.without_pkce.then_some(since);
        Ok(())
    }
}

pub(super) const NAMED: [Named; 7] = [
    Named {
        word: "grafana",
        name: "Grafana",
        what: "Generic OAuth",
        redirects: &["/login/generic_oauth"],
        after_logout: &[],
        told: None,
        without_pkce: false,
        place: "/etc/grafana/grafana.ini",
        lines: "[server]\n\
                root_url = {address}/\n\
                \n\
                [auth.generic_oauth]\n\
                enabled = true\n\
                name = Twolatch\n\
                client_id = {id}\n\
                client_secret = {secret}\n\
                scopes = openid profile email groups\n\
                auth_url = {issuer}/authorize\n\
                token_url = {issuer}/token\n\
                api_url = {issuer}/userinfo\n\
                login_attribute_path = preferred_username\n\
                name_attribute_path = name\n\
                groups_attribute_path = groups\n\
                use_pkce = true\n\
                auth_style = InHeader\n",
    },
    Named {
        word: "gitea",
        name: "Gitea",
        what: "OAuth2, OpenID Connect",
        redirects: &["/user/oauth2/twolatch/callback"],
        after_logout: &[],
        told: None,
        without_pkce: true,
        place: SHELL,
        lines: "gitea admin auth add-oauth --name=twolatch --provider=openidConnect \\\n  \
                --key='{id}' --secret='{secret}' \\\n  \
                --auto-discover-url='{issuer}/.well-known/openid-configuration' \\\n  \
                --scopes='openid profile email groups' --group-claim-name=groups\n",
    },
    Named {
        word: "nextcloud",
        name: "Nextcloud",
        what: "user_oidc",
        redirects: &["/apps/user_oidc/code", "/index.php/apps/user_oidc/code"],
        after_logout: &["/"],
        told: Some("/index.php/apps/user_oidc/backchannel-logout/twolatch"),
        without_pkce: false,
        place: SHELL,
        lines: "php occ app:install user_oidc\n\
                php occ user_oidc:provider twolatch --clientid='{id}' --clientsecret='{secret}' \\\n  \
                --discoveryuri='{issuer}/.well-known/openid-configuration' \\\n  \
                --scope='openid profile email groups' --mapping-uid=preferred_username \\\n  \
                --mapping-display-name=name --mapping-email=email --send-id-token-hint=1\n\
                php occ config:system:set user_oidc enrich_login_id_token_with_userinfo --type=boolean --value=true\n",
    },
    Named {
        word: "gitlab",
        name: "GitLab",
        what: "OmniAuth, openid_connect",
        redirects: &["/users/auth/openid_connect/callback"],
        after_logout: &[],
        told: None,
        without_pkce: false,
        place: "/etc/gitlab/gitlab.rb",
        lines: "gitlab_rails['omniauth_allow_single_sign_on'] = ['openid_connect']\n\
                gitlab_rails['omniauth_providers'] = [\n  {\n    \
                name: \"openid_connect\",\n    \
                label: \"Twolatch\",\n    \
                args: {\n      \
                name: \"openid_connect\",\n      \
                scope: [\"openid\", \"profile\", \"email\"],\n      \
                response_type: \"code\",\n      \
                issuer: \"{issuer}\",\n      \
                discovery: true,\n      \
                client_auth_method: \"basic\",\n      \
                pkce: true,\n      \
                client_options: {\n        \
                identifier: \"{id}\",\n        \
                secret: \"{secret}\",\n        \
                redirect_uri: \"{address}/users/auth/openid_connect/callback\"\n      \
                }\n    }\n  }\n]\n",
    },
    Named {
        word: "jenkins",
        name: "Jenkins",
        what: "oic-auth",
        redirects: &["/securityRealm/finishLogin"],
        after_logout: &[],
        told: None,
        without_pkce: false,
        place: "jenkins.yaml (Configuration as Code)",
        lines: "jenkins:\n  \
                securityRealm:\n    \
                oic:\n      \
                clientId: \"{id}\"\n      \
                clientSecret: \"{secret}\"\n      \
                serverConfiguration:\n        \
                wellKnown:\n          \
                wellKnownOpenIDConfigurationUrl: \"{issuer}/.well-known/openid-configuration\"\n          \
                scopesOverride: \"openid profile email groups\"\n      \
                properties:\n        \
                - \"pkce\"\n      \
                userNameField: \"preferred_username\"\n      \
                fullNameFieldName: \"name\"\n      \
                emailFieldName: \"email\"\n      \
                groupsFieldName: \"groups\"\n",
    },
    Named {
        word: "mod_auth_openidc",
        name: "Apache",
        what: "mod_auth_openidc",
        redirects: &["/oidc/callback"],
        after_logout: &[],
        told: None,
        without_pkce: false,
        place: "/etc/apache2/conf-available/twolatch.conf",
        lines: "OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration\n\
                OIDCClientID {id}\n\
                OIDCClientSecret {secret}\n\
                OIDCRedirectURI {address}/oidc/callback\n\
                OIDCCryptoPassphrase {random}\n\
                OIDCPKCEMethod S256\n\
                OIDCScope \"openid profile email groups\"\n\
                OIDCRemoteUserClaim preferred_username\n\
                <Location \"/\">\n  \
                AuthType openid-connect\n  \
                Require valid-user\n\
                </Location>\n",
    },
    Named {
        word: "oauth2-proxy",
        name: "oauth2-proxy",
        what: "OpenID Connect",
        redirects: &["/oauth2/callback"],
        after_logout: &[],
        told: None,
        without_pkce: false,
        place: "/etc/oauth2-proxy.cfg",
        lines: "provider = \"oidc\"\n\
                provider_display_name = \"Twolatch\"\n\
                oidc_issuer_url = \"{issuer}\"\n\
                client_id = \"{id}\"\n\
                client_secret = \"{secret}\"\n\
                redirect_url = \"{address}/oauth2/callback\"\n\
                scope = \"openid profile email groups\"\n\
                code_challenge_method = \"S256\"\n\
                email_domains = [ \"*\" ]\n\
                cookie_secret = \"{random}\"\n",
    },
];
