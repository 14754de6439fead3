### What stands on pages. A key begins with the page that it stands on.

## Around every page

language-name = English
languages = Language
title-error = Error: { $title }
title-said = { $said } – { $title }

## Dates

month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
day = { $day } { $month } { $year }
minute = { $day } { $month } { $year }, { $time } UTC

## Fields of forms

field-password = Password
field-new-password = New password
field-present-password = Present password
field-user-name = User name
field-user-name-or-email = User name or email
field-user-name-hint = Letters, digits, underscore, dot and hyphen; best the one that you have on Linux machines.
field-new-password-hint = At least { $least } characters. Several words that do not belong together are easy to remember and hard to guess.
field-code = Code
field-first-code = First code
field-next-code = Next code
field-show = Show
field-hide = Hide
continue = Continue

## Signing in: /login

login = Sign in
login-onward = to go on to { $client }

## A code: /login/code

code = Enter your code
code-lead = Your authenticator app shows six digits for { $name }.
code-onward = They let you go on to { $client }.
code-not-you = Not { $name }?
code-somebody-else = Sign in as somebody else

## A password in place of somebody else's: /login/password

own-password = Choose a password
own-password-lead = The one that you have was chosen by somebody else. Choose one that only you know.
own-password-submit = Set the password

## A new authenticator: /login/setup, /setup/…

authenticator = Set up your authenticator
authenticator-open = Open an authenticator app on your phone. If you have none, install one: FreeOTP, Aegis, Google Authenticator and many others will do.
authenticator-add = Add an account in it by scanning the QR code, or by typing the key.
authenticator-type = Type the six digits that the app then shows.
authenticator-next = Your first code was right. Now wait until your app shows the next one for { $name }, and type that too.
authenticator-show-qr = Click to reveal the QR code
authenticator-verify = Verify
authenticator-qr = QR code for your authenticator app
authenticator-show-key = Show the key
authenticator-copy-key = Copy the key
authenticator-copied = Copied
authenticator-not-copied = Copying was not allowed
authenticator-key-hint = Time-based, six digits, every 30 seconds. Nobody else may see it.

## What a one-time link opens: /setup/…

setup = Set up your account
setup-welcome = Welcome, { $name }. Choose the password with which you will sign in to web apps.
setup-first = This makes the first administrator of { $organisation }.
setup-linux-password = Your Linux password stays as it is, and is not asked for here.

## One's own account: /account

account = Your account
account-sign-out = Sign out
account-who = Who you are
account-user-name = User name
account-email = Email
account-role = Role
account-since = Signed in since
account-authenticators-hint = They open your Linux machines and your web apps alike.
account-added = Added { $when }
account-used = Last used { $when }
account-not-used = Not used yet
account-password = Password
account-password-hint = For web apps only. Your Linux password is another one.
account-change-password = Change the password
role-admin = Administrator
role-supervisor = Supervisor
role-member = Member

## Another password: /account/password

change-password = Change your password
change-password-lead = Every other browser in which you are signed in will have to sign in again.
change-password-submit = Change the password
change-password-back = Back to your account
