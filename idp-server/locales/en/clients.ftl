### The console's pages for applications.

clients = Applications
clients-lead = The applications that people sign in to through this server.
clients-empty = No application is registered yet.
clients-count = { $first } to { $last } of { $count ->
    [one] { $count } application
   *[other] { $count } applications
}
clients-all = All applications
clients-damaged-why = Its row was not written by Twolatch: nobody signs in to it. Remove it with twolatch client delete, and register it again.
client = { $name }
client-back = Back to { $name }
client-about = What it is
client-details = For its makers

## What is known of an application

client-name = Name
client-id = Client id
client-kind = Kind
client-state = State
client-enabled = Enabled
client-disabled = Disabled
client-kind-server = Web application with a secret
client-kind-browser = Application in the browser, without a secret
client-kind-native = Application on people’s own machines
client-kind-machine = Program that asks in its own name
client-kind-device = Device without a browser
client-kind-proxy = Application behind a proxy
client-trust = Whose it is
client-trust-first = Your own: people are not asked what it may know
client-trust-third = Somebody else’s: people are asked what it may know
client-trust-unverified = Nobody has looked at it: people are asked, and it learns little
client-unverified = It has registered itself, and nobody has looked at it
client-groups = Who may sign in
client-everybody = Everybody
client-hosts = Its hosts behind the proxy
client-redirect-uris = Where sign-ins return (redirect URIs)
client-after-logout = Where browsers go after a sign-out
client-logout-uri = Where it is told of sign-outs (back-channel logout)
client-logo = Where its logo is
client-created = Registered
client-proves = How it proves itself
client-proves-basic = With its secret, in the header (client_secret_basic)
client-proves-post = With its secret, in the form (client_secret_post)
client-proves-key = With its own key (private_key_jwt)
client-proves-none = Not at all: it can keep no secret (none)
client-pkce = PKCE
client-pkce-required = Required
client-pkce-waived = Not required: whoever steals a code in the browser can use it
client-alg = ID tokens are signed with
client-grants = How it may ask for tokens
client-scopes = What it may ask for in its own name
client-introspects = Whose tokens it may ask about
client-claims = Claims of your own that it is told
client-demands = Held to
client-keys = Its public keys
client-access-tokens = Access tokens
client-access-jwt = Signed (JWT)
client-audiences = The APIs that they are for
client-userinfo = What it is told at userinfo is signed with
client-disabled-since = Disabled since { $when }: nobody signs in to it.
client-former-until = The secret before this one is good until { $when }, too. Give the new one to the application before then.
client-former-gone = No other secret is good any more: until the application has this one, nobody signs in to it.

## What there is to do

client-do-name = Rename
client-do-redirect-uris = Change where sign-ins return
client-do-after-logout = Change where sign-outs lead
client-do-logout-uri = Tell it of sign-outs
client-do-logo = Change its logo
client-do-groups = Choose who may sign in
client-do-hosts = Change its hosts
client-do-secret = Renew the secret
client-do-disable = Disable
client-do-enable = Enable
client-do-delete = Remove
client-save = Save
client-changed = It is changed.
client-meanwhile = Nothing is changed: somebody else has changed or removed the application meanwhile. Look at it again, and repeat what is still needed.
client-no-secret = This application has no secret: it is public, or has keys of its own.

client-name-title = Rename { $name }
client-name-shown = People read the name when they sign in.
client-name-hint = 1 to 64 characters
client-name-done = The name is changed.

client-redirect-title = Where sign-ins of { $name } return
client-redirect-exact = The application must send exactly one of these addresses, letter for letter. Its documentation calls it redirect URI or callback URL.
client-redirect-gone = Sign-ins that are under way to an address that you remove fail.
client-redirect-hint = One address on each line, such as https://app.example.org/callback
client-redirect-done = The addresses are changed.

client-after-title = Where sign-outs of { $name } lead
client-after-only = After a sign-out that the application asked for, a browser goes to one of these addresses and to no other.
client-after-hint = One address on each line; none if browsers stay here
client-after-done = The addresses are changed.

client-logout-title = Telling { $name } of sign-outs
client-logout-called = When somebody signs out here, this server calls the address. Its documentation calls it back-channel logout URI.
client-logout-hint = An https address that this server can reach; empty if it is not told
client-logout-done = The address is changed.

client-logo-title = The logo of { $name }
client-logo-shown = People see it beside the name where they are asked what the application may know, and in the list of their applications.
client-logo-kept = This server fetches the picture, draws it anew and keeps it for a day. Browsers never call the address.
client-logo-hint = The https address of a PNG, JPEG, WebP or GIF of at most 64 KiB and 1024 × 1024 pixels; empty if there is none
client-uri-https = { $uri } has to begin with https://
client-logo-done = The logo is changed.

client-do-trust = Say whose it is
client-trust-title = Whose is { $name }?
client-trust-look = Look at its redirect URIs and its name first: what you approve is what stands on its page now.
client-trust-frozen = One that has registered itself changes nothing any more once you have said whose it is, and its logo goes: name one that you know.
client-trust-choose = Choose whose it is.
client-trust-done = It is said whose the application is.

client-groups-title = Who may sign in to { $name }
client-groups-only = Only members of one of these groups may; everybody may, if there is none.
client-groups-at-once = It counts at once, also for who is signed in there now.
client-groups-hint = Names of groups, with spaces between them
client-groups-done = Who may sign in is changed.

client-hosts-title = Hosts of { $name }
client-hosts-proxy = At these hosts a proxy asks here whom to let in. No other application can have them.
client-hosts-hint = One host on each line, such as app.example.org
client-hosts-done = The hosts are changed.
client-bad-host = “{ $host }” is no host. Type it as browsers send it, such as app.example.org: in lower case, with a port only where that is not 443.
client-host-taken = The application { $client } has the host { $host }. Take it away there first.
client-host-own = { $host } is this server’s own host. The application needs another one.

client-secret-title = Renew the secret of { $name }
client-secret-shown = The new secret is shown once. Have the application’s settings open.
client-secret-leaked = If the secret has become known to somebody, let the one before end now.
client-secret-submit = Make a new secret
client-keep = The one before is good for
client-keep-none = No time: it ends now
client-keep-hours = { $count ->
    [one] { $count } hour more
   *[other] { $count } hours more
}
client-keep-days = { $count ->
    [one] { $count } day more
   *[other] { $count } days more
}
client-secret = Secret
client-secret-new = A new secret for { $name }
client-secret-once = Copy it into the application now: it is not shown again.
client-secret-copy = Copy the secret

client-disable-title = Disable { $name }?
client-disable-nobody = Nobody can sign in to it, and whatever it holds is worth nothing meanwhile.
client-disable-keeps = Its settings stay, until you enable it again.
client-disable-submit = Disable
client-disable-done = The application is disabled.

client-enable-title = Enable { $name }?
client-enable-again = People can sign in to it again.
client-enable-submit = Enable
client-enable-done = The application is enabled.

client-delete-title = Remove { $name }?
client-delete-all = Nobody can sign in to it any more, and all its tokens are worth nothing from now on.
client-delete-forever = It cannot be brought back: to use it again you register it anew, with a new secret.
client-delete-instead = If it is only for a while, disable it.
client-delete-submit = Remove
client-deleted = { $name } is removed.

## How it is used, and what went wrong

client-used = Last used
client-not-lately = Not in 30 days
client-usage = Use
client-unused = Nobody has signed in to it in the last 30 days.
client-uses = How often it was used
client-no-troubles = Nothing went wrong in the last 30 days.
client-troubles = What went wrong, and what to do
client-happened = What happened
client-in-a-day = 24 hours
client-in-a-month = 30 days
client-last = Last
client-told = What it was told of sign-outs in the last week
client-told-taken = Told
client-told-waits = Waits for the next try
client-told-given-up = Given up
client-tries = Tries
client-trouble = What hindered it
happened-signed-in = Somebody signed in
happened-own-token = It got a token in its own name
happened-redirect-uri = It asked for an answer to an address that is not registered
happened-proof = It did not prove who it is
happened-pkce = PKCE was missing or wrong
happened-code = Its code was too old, used before, or not its own
happened-refresh-token = Its refresh token was too old, used before, or not its own
happened-scope = It asked for a scope that it may not have
happened-grant = It asked for tokens in a way that it is not registered for
happened-request-object = Its signed request was not good, or missing
happened-dpop = Its DPoP proof was not good, or missing
happened-malformed = It sent a request that is not as the standards have it
happened-groups = A person was in none of its groups
happened-person = A person may not go on: gone, disabled, or more is asked by now
happened-disabled = It was used while disabled
advice-redirect-uri = Compare the redirect URI in the application’s settings with those above: every letter counts, also a stroke at the end and http or https. The server’s log has the address that it sent.
advice-proof = Type the client id and secret into the application once more, or renew the secret. Check that it sends the secret as said below (basic or post), and that its clock is right if it signs.
advice-pkce = Turn on PKCE with S256 in the application. If it cannot do PKCE, register it with twolatch client add --no-pkce.
advice-code = A code is good once, for a short time. Check that the application does not use it twice, that it answers quickly, and that people do not open old addresses again.
advice-refresh-token = A refresh token is good once. Check that the application keeps the newest one, and that no two copies of it share one. The person signs in again.
advice-scope = Ask for openid and, of profile, email, address, phone and groups, what is needed. Scopes of its own are given by twolatch client set --scope.
advice-grant = Look below how it may ask for tokens; twolatch client set --grant changes that.
advice-request-object = Check the keys that are registered for it, its clock, and that it sends signed requests where it is held to them.
advice-dpop = Check the application’s clock and that it sends a DPoP proof with every request, for that address.
advice-malformed = The server’s log says what was wrong. It is often an old library: use a current one, with the authorization code flow.
advice-groups = If the person should get in, put them into one of its groups, or change who may sign in.
advice-person = The person signs in again. What is asked of them is at Settings, Why?
advice-disabled = Enable it if it is still needed; else remove it, and what people still open.

## Test sign-in

client-do-test = Test a sign-in
client-test = Test a sign-in to { $name }
client-test-lead = What the application would learn if somebody signed in to it now. Nobody signs in, and no token is made.
client-test-scopes = What the application asks for
client-test-submit = Show
client-test-outcome = { $person } would
client-test-in = Get in.
client-test-set-up = Get in, once a second factor is set up.
client-test-refused = Be refused: policy or the account does not let them in.
client-test-groups = Be refused: they are in none of the application’s groups.
client-test-disabled = Be refused: the application is disabled.
client-test-nobody = Not sign in: the application asks in its own name alone.
client-test-acr = How sure the application can be (acr)
client-test-headers = Headers behind the proxy
client-test-id-token = ID token
client-test-userinfo = Userinfo
client-test-access = Access token

## One more

clients-new = Add an application
clients-new-lead = What is it?
clients-new-other = Choose something else
clients-new-submit = Register
client-address = Its address
client-address-hint = Where people open it, such as https://app.example.org
client-native-hint = One address on each line, such as org.example.app:/callback or http://127.0.0.1/callback
client-scopes-hint = Words of its API with spaces between them, such as jobs:read
client-groups-new = Names of groups with spaces between them; empty for everybody
client-id-hint = What it is known by. Take the one that is proposed, or type your own.
client-id-taken = There is an application with the id { $id } already. Choose another one.
client-bad-id = A client id has 1 to 64 letters, digits, “.”, “_” or “-”, and is not 26 characters of a–z and 2–7.
client-bad-scope = A scope is 1 to 64 letters, digits or “.”, “_”, “:”, “/” and “-”, and none of those about people, such as openid.
client-host-missing = There has to be at least one host.
client-made = { $name } is registered
client-made-without = It has no secret. Type this into its settings.
client-lines = What to type into it
client-lines-file = Put these lines into { $file }:
client-lines-shell = Run these commands on its machine:
preset-server = Web application on a server
preset-server-hint = It can keep a secret. Most applications are of this kind.
preset-browser = Application in the browser
preset-browser-hint = It runs in people’s browsers alone (SPA), and can keep no secret.
preset-native = Application on people’s machines
preset-native-hint = On phones and computers: it can keep no secret.
preset-machine = Program that asks in its own name
preset-machine-hint = Nobody signs in: a job or a service gets tokens for an API.
preset-proxy = Application behind a proxy
preset-proxy-hint = It knows nothing of OpenID Connect: nginx, Caddy or Traefik asks here whom to let in. The lines for them are in /usr/share/doc/twolatch/proxy.
preset-named = { $name }
preset-named-hint = By { $what }
preset-issuer = Issuer
preset-discovery = Discovery
preset-authorize = Authorization endpoint
preset-token = Token endpoint
preset-introspect = Introspection endpoint, for its API
preset-userinfo = Userinfo endpoint
preset-jwks = Public keys (JWKS)
preset-logout = End-session endpoint
preset-forward = Where Caddy and Traefik ask
preset-forward-nginx = Where nginx asks

## What is wrong with what was typed

client-bad-name = A name has 1 to 64 characters, and no control characters.
client-uri-long = { $uri } is longer than 2048 bytes.
client-uri-character = { $uri } contains “{ $character }”. There are no wildcards, and such characters are written percent-encoded.
client-uri-fragment = { $uri } has a part after “#”. Leave that out.
client-uri-scheme = { $uri } is no address. Type one that starts with https://, or for an application on people’s machines one such as org.example.app:/callback.
client-uri-http = { $uri } is not encrypted. Use https; http is for localhost, 127.0.0.1 and [::1] alone.
client-uri-host = { $uri } names no host. Type it in lower case, such as https://app.example.org/callback.
client-uri-user = { $uri } has a user or a password before the host. Leave that out.
client-uri-dots = { $uri } has “.” or “..” as a step of its path. Type the path that is meant.
client-uri-private = { $uri } has a scheme of its own, which only an application without a secret can have. Use https.
client-uri-uncallable = { $uri } cannot be called from here. Use https.
client-uri-missing = There has to be at least one address: people are sent back to it.
client-unfit = That does not go together: { $why }
