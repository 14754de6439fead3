### The page for what went wrong: a title, and what the person can do.

failure-home = Go to sign-in
failure-reference = If you ask somebody for help, give them this reference:

no-form = That form could not be read
no-form-text = Nothing was changed. Go back, reload the page and try again.
stale = This page is out of date
stale-text = Nothing was changed. The form belongs to an earlier visit, or came from another site. Start again from here.
look-only = You may look here, but not change anything
look-only-text = Nothing was changed. An administrator can do this.
not-allowed = You cannot do this now
not-allowed-text = Nothing was changed. Your account was changed a moment ago, or you came in by a mailed link less than 72 hours ago and have to leave this to another administrator.
no-page = There is no such page
no-page-text = The address may be incomplete, or the page has moved.
no-method = That cannot be done here
no-method-text = Open the page in the ordinary way and try again.
slow = That took too long
slow-text = Nothing was changed. Check your connection and try again.
link-over = This link can no longer be used
link-over-text = It was used before, has expired, or was replaced by a newer one. If you have set up your account already, sign in. Otherwise ask whoever sent you the link for a new one.
other-browser = This link belongs to another browser
other-browser-text = Nothing was changed. Open the link in the browser in which you asked for it, and within 15 minutes.
large = That was too much at once
large-text = Nothing was changed. Go back and send less.
misdirected = This is not the right address
misdirected-text = Use the address that you were given for signing in.
busy = Too many people at once
busy-text = Nothing was changed. Wait a few seconds, then try again.
unavailable = Sign-in is not available right now
unavailable-text = This is not your fault, and nothing that you typed was wrong. Try again in a minute.
internal = Something went wrong on our side
internal-text = It was written down, and trying again may help. If it stays, tell whoever runs this system.

## A web app's request that cannot be answered: /authorize

not-possible = This sign-in cannot go on
request-damaged = The request is damaged.
request-long = The application's request is too long.
request-unknown = The application has sent you here with an address or a name that is not registered. Go back to it and try again; if this stays so, tell the people who run it.
request-address = The application wants to send you to an address that is not registered for it. Nothing was sent there. If you run the application, register the address exactly as it is used.
request-stale = This sign-in has taken too long or was started elsewhere. Go back to the application and sign in from there.
forward-refused = This address is not served here.
forward-sign-in = Sign in first: open the page anew in your browser.
forward-too-little = What you have shown at sign-in is not enough for this application from where you are.
forward-not-yours = You are signed in, but { $app } is only for people in certain groups. If you need it, ask the people who run it.
request-unverified = The request of this app cannot be answered. Nothing was sent to it: nobody of your organisation has looked at this app yet.
request-unavailable = The sign-in service has a problem of its own. Try again in a few minutes.
