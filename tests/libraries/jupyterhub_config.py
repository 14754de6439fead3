"""JupyterHub whose people sign in with OpenID Connect; what differs comes as one JSON object in TWOLATCH_HUB.

See tests/browser/hub.rs.
"""

import json
import os

given = json.loads(os.environ["TWOLATCH_HUB"])
issuer = given["issuer"]

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = given["app"]
c.JupyterHub.hub_bind_url = given["hub"]
c.JupyterHub.db_url = "sqlite:///" + os.path.join(given["folder"], "hub.sqlite")
c.JupyterHub.cookie_secret_file = os.path.join(given["folder"], "cookie_secret")
c.JupyterHub.redirect_to_server = False
c.JupyterHub.spawner_class = "simple"
c.ConfigurableHTTPProxy.api_url = given["proxy"]
c.ConfigurableHTTPProxy.command = given["command"]
c.ConfigurableHTTPProxy.pid_file = os.path.join(given["folder"], "proxy.pid")

c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = given["client_id"]
c.GenericOAuthenticator.client_secret = given["client_secret"]
c.GenericOAuthenticator.oauth_callback_url = given["callback"]
c.GenericOAuthenticator.authorize_url = issuer + "/authorize"
c.GenericOAuthenticator.token_url = issuer + "/token"
c.GenericOAuthenticator.userdata_url = issuer + "/userinfo"
c.GenericOAuthenticator.scope = ["openid", "profile", "groups"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.login_service = "Twolatch"
c.GenericOAuthenticator.logout_redirect_url = issuer + "/logout"
# Who may use it, and who runs it, is what the groups say.
c.GenericOAuthenticator.manage_groups = True
c.GenericOAuthenticator.auth_state_groups_key = "oauth_user.groups"
c.GenericOAuthenticator.allowed_groups = {"staff"}
c.GenericOAuthenticator.admin_groups = {"ops"}
c.Authenticator.enable_auth_state = True
c.CryptKeeper.keys = [given["key"]]
