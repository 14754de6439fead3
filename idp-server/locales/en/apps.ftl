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
