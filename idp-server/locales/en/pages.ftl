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
field-new-password-hint = At least { $least } characters, or { $alone } where no second factor is asked of you. Several words that do not belong together are easy to remember and hard to guess.
field-code = Code
field-first-code = First code
field-next-code = Next code
field-show = Show
field-hide = Hide
continue = Continue

## Signing in: /login

login = Sign in
login-onward = to go on to { $client }
login-cancel = Cancel and go back to { $client }

## A code: /login/code

code = Enter your code
code-lead = Your authenticator app shows six digits for { $name }.
code-onward = They let you go on to { $client }.
code-not-you = Not { $name }?
code-somebody-else = Sign in as somebody else

## Whatever second factor is asked for: /login/code, /login/email, /login/recover

asked-another = Use another method
asked-remember = Remember this device for { $days ->
    [1] one day
   *[other] { $days } days
}
asked-remember-hint = Then only your password is asked for here. Do this on a device of your own only.

## A mailed code: /login/email, /login/setup/email

email-sent = We have mailed six digits to { $to }.
email-unsent = No code is on its way. We can mail one to { $to }.
email-left = { $minutes ->
    [1] The code is good for one more minute.
   *[other] The code is good for { $minutes } more minutes.
}
email-left-counting = The code is good for { $time } more.
email-left-over = The code is too old now. Have another one sent.
email-send = Send verification code
email-again = Send the code again
email-again-in = It can be sent again in { $seconds } seconds.
email-again-counting = Send the code again in { $time }
email-dead = Is this address no longer yours? Whoever runs this system can change it.
email-setup = Show that it is you
email-setup-lead = Before you set up a second factor, have a code mailed to { $to } and type it here. So nobody can do it who only knows your password.

## Other ways: /login/method

method = Choose a method
method-lead = Any of these shows that it is you, { $name }.
method-app = Authenticator app
method-app-hint = Six digits that your app shows
method-email = Email
method-email-hint = Mails six digits to { $to }
method-recovery = Use a recovery code
method-recovery-hint = One of the codes that you have kept, or your recovery key

## A recovery code or key: /login/recover

recover = Use a recovery code
recover-lead = Type one of the recovery codes that you have kept, or your recovery key. Each works once.
recover-field = Recovery code or key
recover-hint = Small or capital letters, with or without hyphens.

## A first second factor: /login/setup

choice = Choose a second factor
choice-lead = From now on your password alone is not enough here.
choice-onward = Then you go on to { $client }.
choice-app = Authenticator app
choice-app-what = An app on your phone shows six digits, which you type when you sign in.
choice-app-offline = It needs no network and no phone signal.
choice-app-brief = A code is good for half a minute only.
choice-app-clock = Your phone's clock must be right: let it set itself.
choice-app-backup = Turn on the app's backup, in case you lose the phone.
choice-app-which = Among others: Aegis, FreeOTP, Google Authenticator, Microsoft Authenticator, 2FAS.
choice-app-submit = Set up an app
choice-email = Email
choice-email-what = Six digits are mailed to { $to } whenever you sign in.
choice-email-submit = Use email
choice-another = Choose another second factor
choice-later = Later
choice-later-times = { $times ->
    [1] You can put this off once more.
   *[other] You can put this off { $times } more times.
}
choice-later-until = This can be put off until { $when }.

## Recovery codes and key: /login/recovery

recovery = Keep your recovery codes
recovery-lead-codes = These ten codes let you in if you lose your phone or your mailbox.
recovery-lead-key = This recovery key lets you in if you lose your phone or your mailbox.
recovery-lead-both = These ten codes and this recovery key let you in if you lose your phone or your mailbox.
recovery-once = Each works once.
recovery-warning = Treat them like your password: whoever has them can sign in as you. Without them and without your phone you are locked out. They are not shown again.
recovery-reveal = Reveal
recovery-copy = Copy
recovery-download = Download
recovery-saved = I have saved these codes
recovery-confirm = Confirm
recovery-first = Copy or download them first.
recovery-file = Recovery codes for { $organisation }
recovery-file-name = User name: { $name }
recovery-file-made = Made: { $when }
recovery-file-codes = Recovery codes:
recovery-file-key = Recovery key:

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

## Asking an administrator for help: /login/need-recovery

need-recovery = Ask for recovery
need-recovery-link = Ask an administrator for help
need-recovery-lead = If { $name } has lost the phone, the mailbox and the recovery codes, an administrator can remove all of them. You then set up a second factor again.
need-recovery-before = Every session of yours and every remembered device ends with that. Ask only if nothing else works.
need-recovery-submit = Ask for recovery
need-recovery-waiting = Your request of { $when } waits for an administrator. It is kept until { $until }. Come back to this page to see the answer.
need-recovery-approved = Your request was approved on { $when }. Go on, and set up a second factor.
need-recovery-dismissed = Your request was dismissed on { $when }.
need-recovery-note = The administrator adds: { $note }
need-recovery-expired = Nobody answered your request of { $when }. You can ask again.
need-recovery-back = Go on signing in

## For who did not do what a letter tells: /not-me/…

not-me = Was this not you?
not-me-lead = Somebody did something with the account { $name }, and we wrote to you about it. If that was not you, lock it here.
not-me-ends = Every browser is signed out, and no device is remembered any more.
not-me-asks = The administrators are told, and asked to help you.
not-me-keeps = Your password and your second factor stay as they are. If somebody else may know the password, change it.
not-me-submit = This was not me

## An administrator's own link: /login/need-recovery, /recovery/…, /recovery/stop/…

admin-link-offer = You are an administrator
admin-link-offer-lead = If nobody else can help, a link can be mailed to your address. It works for 15 minutes and in this browser only. All administrators are told at once, and can stop it.
admin-link-offer-submit = Have a link mailed
admin-link = Remove your second factors
admin-link-lead = You are { $name }, and asked for this link in this browser.
admin-link-removes = Your authenticators, recovery codes and remembered devices are removed, and every session of yours ends. You then set up a second factor again.
admin-link-restricted = For 24 hours you cannot change policy, roles, addresses, clients or the second factors of others.
admin-link-submit = Remove them and set up again
stop = Stop this recovery
stop-lead = { $name } has had a link mailed that removes the own second factors.
stop-ends = The link does not work any more. The account stays as it is.
stop-password = Whoever asked for it knows the password of { $name }. Find out who that was.
stop-submit = Stop it
