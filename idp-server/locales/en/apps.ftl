### What web apps and people see of each other: answers on their way, and signing out.

form-post = Back to the app
form-post-lead = Your browser hands our answer to the app.
form-post-submit = Continue

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
