### One's own account. A key begins with the page that it stands on.

## Around all of them

account-tabs = Your account
account-tab-profile = Profile
account-tab-security = Security and credentials
account-tab-sessions = Devices and sessions
account-back = Back to security and credentials

## The profile: /account

account-console = Open the console
account-mfa-enable = Enable multi-factor authentication
account-mfa-settings = Multi-factor authentication settings (MFA)
account-mfa-hint = A second factor keeps others out who know your password.
account-change-address = Change the address
account-address-fixed = Only an administrator can change your address.
account-unverified = not verified

## With what one signs in: /account/security

security = Security and credentials
security-app = Authenticator app
security-app-lead = An app on your phone or computer shows a new code every half minute.
security-app-off = Not set up.
security-app-set-up = Set up
security-app-more = Add another authenticator
security-app-closed = Your organisation does not use authenticator apps.
security-manage = Manage
security-manage-name = Manage { $name }
security-email = Codes by email
security-email-lead = A code is mailed to you each time that one is needed.
security-email-on = On, to { $address }.
security-email-off = Not set up.
security-email-set-up = Enable Two-Factor Authentication
security-email-manage = Manage codes by email
security-email-none = Your account has no email address. An administrator can add one.
security-email-closed = Codes by email cannot be used here.
security-recovery = Recovery codes
security-recovery-lead = They let you in when your authenticator and your mailbox are out of reach. Each works once.
security-recovery-none = Not set up.
security-recovery-codes = { $count ->
    [0] No code is left.
    [1] One code is left.
   *[other] { $count } codes are left.
}
security-recovery-key = Your recovery key has not been used.
security-recovery-key-used = Your recovery key was used.
security-recovery-new = New recovery codes
security-recovery-first = Set up a second factor first.

## Showing that it is still oneself: /account/confirm

confirm = Confirm that it is you
confirm-lead = You are about to change how your account is protected. A code that you signed in with does not count again.
confirm-app = Type the code that your authenticator app shows now. If it is the one that you signed in with, wait for the next.
confirm-mail = We will mail a code to your address.
confirm-password = You have no second factor yet, so your password is asked for.
confirm-nothing = Your second factor is a code by mail, and no mail can be sent now. Use a recovery code or key, or ask an administrator for help.
confirm-send = Send verification code
confirm-submit = Confirm
confirm-recovery = Use a recovery code or key instead
confirm-recovery-field = Recovery code or key
confirm-recovery-hint = Each recovery code works only once.

## Another authenticator: /account/authenticator

app = Set up an authenticator app
app-what = An authenticator app shows six digits that change every 30 seconds. You type them after your password. Somebody who knows only your password cannot sign in.
app-which = Any app for time-based codes (TOTP) will do. Common ones are Google Authenticator, Microsoft Authenticator, Aegis, FreeOTP and 2FAS.
app-offline = The app needs no network and no telephone signal: it makes the codes from the key that you give it now, and from the time.
app-short = A code lives only briefly, and each opens once.
app-clock = The clock of your device must be right. Let it set the time by itself.
app-backup = Keep a way back: make recovery codes afterwards, and use your app's own back-up or add a second device. Whoever has the key can make your codes, so keep no picture of it.
app-old = What you use now goes on working until the new one is confirmed, and after.
app-name = Name of the authenticator
app-name-hint = So that you know later which device it is.
app-enrol = Enrol

## One of them: /account/authenticator/…

manage-title = { $name }
manage-rename = Rename
manage-remove = Remove this authenticator
manage-remove-hint = Its codes will open nothing any more. Every other browser in which you are signed in will have to sign in again.
manage-remove-last = It is your last second factor, and your organisation requires one. Set up another one first, then remove this.
manage-remove-submit = Remove

## Codes by mail: /account/email

email = Codes by email
email-lead = A code is mailed to { $address } each time that one is needed. It works where you can read your mail.
email-weaker = An authenticator app is safer: whoever reads your mail can read your codes.
account-email-send = Send verification code
email-on = Codes are mailed to { $address }.
email-off = Turn codes by email off
email-off-last = They are your last second factor, and your organisation requires one. Set up an authenticator app first.

## Another address: /account/address

address = Change your email address
address-lead = A code is mailed to the new address. For thirty days, notices about your account go to the old one as well.
address-now = Your address is { $address }.
address-field = New email address
address-fixed = Your address can be changed only by an administrator of your organisation. Ask one if it is wrong.
address-no-mail = Your address cannot be changed here, because this system sends no mail.

## New recovery codes: /account/recovery

account-recovery = Recovery codes
account-recovery-lead = Recovery codes let you in when your authenticator and your mailbox are out of reach. Keep them where only you can get at them, and not in the same place as your password.
account-recovery-old = Your present codes work until you confirm that you have kept the new ones.
account-recovery-new = New recovery codes

## All is set up: /account/done

done = Multi-factor authentication is on
done-lead = From now on you are asked for a second factor when you sign in.
done-apps = { $count ->
    [0] You have no authenticator app.
    [1] You have one authenticator app.
   *[other] You have { $count } authenticator apps.
}
done-email = Codes can be mailed to you.
done-recovery = You have recovery codes for the day on which all else is lost.
done-no-recovery = You have no recovery codes. Make some, so that you can get in when all else is lost.

## Devices and sessions: /account/sessions

sessions = Devices and sessions
sessions-lead = Where you are signed in at the moment.
sessions-this = This browser
sessions-other = Another browser
sessions-place = From { $place }
sessions-since = Since { $when }
sessions-used = Last used { $when }
sessions-end = End
sessions-end-name = End the session from { $place }
sessions-end-others = End all others
sessions-no-others = You are signed in nowhere else.
devices = Remembered devices
devices-lead = They are asked for the second factor less often.
devices-none = No device is remembered.
devices-until = Remembered { $when }
devices-unnamed = A browser
devices-forget = Forget
devices-forget-name = Forget { $name }
devices-forget-all = Forget all

## What these pages say about the last try

account-said-wrong-mailed = That code is not right. Type the one from the latest mail. After three tries it takes five minutes until another one counts.
account-said-old-mailed = That code is too old or was used before. Have another one sent.
account-said-wrong-recovery = That recovery code is not right. After several tries it takes a while until another one counts.
account-said-used-recovery = That recovery code was used before. Take another one.
account-said-wrong-password = That password is not right. After several tries it takes a while until another one counts.
account-said-mail-later = No mail was sent: several were sent just now. Use the one that you have, or wait five minutes.
account-said-mailed-again = The code was sent once more.
account-said-too-late = That took too long. Nothing was changed. Start again.
account-said-no-name = Give it a name of up to 40 characters.
account-said-no-address = Type another address, one that looks like name@example.org.
account-said-taken-address = Another account has this address.
account-said-last-one = This is your last second factor, and your organisation requires one. Nothing was changed.
account-said-too-many = You have as many authenticators as one person can have, or your organisation does not use them.
account-said-renamed = The authenticator has its new name.
account-said-removed = The authenticator is removed, and you are signed out everywhere but here.
account-said-email-on = Codes by email are on, and you are signed out everywhere but here.
account-said-email-off = Codes by email are off, and you are signed out everywhere but here.
account-said-address-changed = Your address is changed, and you are signed out everywhere but here.
account-said-session-ended = The session is ended.
account-said-others-ended = You are signed out everywhere but here.
account-said-forgotten = The device is forgotten.
account-said-all-forgotten = All devices are forgotten.
