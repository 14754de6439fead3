### What web apps and people see of each other: answers on their way, consent, and signing out.

form-post = Back to the app
form-post-lead = Your browser hands our answer to the app.
form-post-submit = Continue

login-create = No account yet? Accounts are made by { $organisation }: ask there for one. You get a link to set it up, and come back to this app then.

consent = Let { $client } know you?
consent-lead = { $client } at { $origin } is not run by your organisation. If you allow it, it learns:
consent-unverified = Not verified.
consent-unverified-lead = Nobody of your organisation has looked at this app or knows who runs it. Go on only if you know it and began this yourself.
consent-who = You are signed in as { $name }.
consent-allow = Allow
consent-deny = Cancel
consent-later = You can take this back at any time: on your account's page, under Apps.

learns-openid = That you have an account here, and a number that it knows you by
learns-profile = Your name, and what else your profile says
learns-email = Your mail address
learns-address = Your postal address
learns-phone = Your telephone number
learns-groups = The groups that you are in
learns-offline = All of this also while you are away, until you take it back
learns-claims = Of your profile also: { $claims }

apps = Apps
apps-lead = These apps know something of you or you are signed in to them, or you can sign in to them from here.
apps-none = No app has anything of you at the moment.
apps-consented = You have allowed this on { $when }; it is remembered until { $until }.
apps-since = Signed in since { $when }
apps-offline = Goes on without you since { $when }
apps-open = Open
apps-open-name = Open { $name }
apps-end = Take it back
apps-end-name = Take it back: { $name }
account-tab-apps = Apps
account-said-app-ended = The app has nothing of you any more. It asks you again next time.

logout = Sign out?
logout-lead = { $app } asks to sign you out here. Then you are signed out of every app that you use through this page.
logout-lead-unnamed = Signing out here signs you out of every app that you use through this page.
logout-who = You are signed in as { $name }.
logout-submit = Sign out
logout-stay = Stay signed in

logout-address = The app sent an address for after the sign-out that is not registered for it. You are still signed in.

device = Sign in on a device
device-lead = Type the code that your device shows.
device-code = Code of the device
device-submit = Continue
device-elsewhere = Continue on your phone
device-qr = QR code with the address of this page and the code of the device
device-scan = Scan the QR code with your phone, or open this address there:

device-confirm = Let { $client } sign in?
device-confirm-lead = A device wants to sign in to { $client } as you, { $name }.
device-confirm-code = Its screen shows { $code }.
device-confirm-place = It asks from { $place }.
device-confirm-since = It has waited since { $when }.
device-confirm-offline = It can go on without you until you sign out here.
device-confirm-warning = Say yes only if you have begun this yourself and the device is in front of you. Nobody who helps you needs this code.
device-allow = Let it sign in
device-deny = Do not let it

said-device-unknown = No device waits with this code. Codes are good for ten minutes: have the device show another one.
said-device-too-often = Too many codes were tried from here. Wait a few seconds.
said-device-allowed = Your device is signed in to { $client }. You can close this page.
said-device-denied = The device is not let in.
