### What letters say. Subjects are shown on locked screens: they hold no code.

## Subjects

mail-subject-code = Your code for { $organisation }
mail-subject-address = Confirm your address for { $organisation }
mail-subject-notice = { $organisation }: { $event }
mail-subject-invite = Your account at { $organisation }
mail-subject-recovery = Recover your account at { $organisation }
mail-subject-alarm = { $organisation }, { $who }: { $event }
mail-subject-approved = { $organisation }: your recovery was approved
mail-subject-dismissed = { $organisation }: your recovery was not approved

## Around every letter

mail-greeting = Hello { $name },
mail-end = This was sent by { $organisation }. Nobody reads what you answer to this address.
mail-minutes = { $minutes ->
    [1] 1 minute
   *[other] { $minutes } minutes
}
mail-when = When: { $when }.
mail-where = Where: { $place }.
mail-from = From: { $from }.
mail-not-me = If you did not do this, open this link at once:
mail-tell = If you did not do this, tell your administrator at once.

## Where a login comes in, within a sentence

mail-door-web = a sign-in with a browser
mail-door-ssh = an SSH login
mail-door-console = a login at the console
mail-door-sudo = sudo
mail-door-su = su
mail-door-other = a login

## Codes and links

mail-code = this is your code for { $place }. It is valid for { $minutes }.
mail-code-not-you = If you are not logging in just now, somebody knows your password: change it, and tell your administrator. Give this code to nobody.
mail-address = somebody who signs in to { $organisation } gives this address as theirs. If that is you, type this code there. It is valid for { $minutes }.
mail-address-not-you = If it is not you, give this code to nobody. If you have an account there, somebody may know its password: change it, and tell your administrator.
mail-change = this code lets you change how you sign in to { $organisation }. It is valid for { $minutes }.
mail-change-not-you = If you are not changing your account just now, somebody is signed in with it: change your password, and tell your administrator. Give this code to nobody.
mail-invite = open this link to set your password and your second factor for { $organisation }. It works once, until { $until }.
mail-invite-not-you = If you did not expect this, tell your administrator.
mail-recovery = open this link to go on with the recovery of your account at { $organisation }. It works once, for { $minutes }.
mail-recovery-not-you = If you did not ask for this, do not open it, and tell your administrator.
mail-new-address = an administrator of { $organisation } gives this address for your account. If that is right, open this link. It works once, until { $until }.
mail-new-address-not-you = If you have no account there, do not open it: then nothing changes.
mail-moved = an administrator has changed the mail address of your account to { $address }. Until { $until } no code or link that opens your account goes there.
mail-moved-confirm = If you know of this and want to use the new address at once, open this link:

## To administrators, and from them

mail-alarm = this concerns { $who } at { $organisation }: { $event }.
mail-stop = If this must not be, stop it here:
mail-approved = an administrator has approved the recovery of your account. At your next login you set up your second factor again.
mail-dismissed = an administrator has not approved the recovery of your account. Your second factor is as it was.
mail-note = The administrator adds: { $note }
mail-decision-not-you = If you did not ask for this, tell your administrator at once.

## What has happened, as a title

mail-title-authenticator-added = an authenticator was added
mail-title-authenticator-removed = an authenticator was removed
mail-title-email-code-on = codes by mail were turned on
mail-title-email-code-off = codes by mail were turned off
mail-title-recovery-codes-made = new recovery codes were made
mail-title-recovery-code-used = a recovery code was used
mail-title-recovery-key-used = the recovery key was used
mail-title-password-changed = the password was changed
mail-title-address-changed = the mail address was changed
mail-title-address-confirmed = the new mail address was confirmed
mail-title-device-remembered = a device is remembered
mail-title-device-reused = a remembered device was copied
mail-title-recovery-asked = recovery was asked for
mail-title-recovery-approved = a recovery was approved
mail-title-factors-reset = all second factors were removed
mail-title-disowned = a letter told of something that its reader did not do
mail-title-admin-link-asked = an administrator wants to remove the own second factors by mail
mail-title-wrong-codes = many wrong codes were typed
mail-title-held = a second factor is held after a hundred wrong codes
mail-title-lowered = less is asked than before
mail-title-admin-made = somebody became an administrator
mail-title-api-token-made = an API token was made
mail-title-removed = an account was removed

## What has happened, to the person whose account it is

mail-authenticator-added = an authenticator was added to your account. Its codes open every login of yours.
mail-authenticator-removed = an authenticator was removed from your account. Its codes open nothing any more.
mail-email-code-on = codes by mail were turned on for your account.
mail-email-code-off = codes by mail were turned off for your account.
mail-recovery-codes-made = new recovery codes were made for your account. Older ones do not work any more.
mail-recovery-code-used = one of your recovery codes was used. It does not work a second time.
mail-recovery-key-used = your recovery key was used. It does not work a second time.
mail-password-changed = the password of your account was changed.
mail-address-changed = the mail address of your account was changed.
mail-address-confirmed = the new mail address of your account was confirmed. Codes and links go there from now on.
mail-device-remembered = a device is remembered for your account: it is not asked for a code for a while.
mail-device-reused = the cookie of a device that was remembered for your account was used a second time, as after a theft. All remembered devices are forgotten.
mail-recovery-asked = somebody asked for the recovery of your account.
mail-recovery-approved = the recovery of your account was approved. At the next login a second factor is set up.
mail-factors-reset = an administrator removed all second factors of your account. At your next login you set one up again.
mail-disowned = somebody opened the link for what was not their doing in a letter to you. All your sessions have ended.
mail-admin-link-asked = somebody had a link mailed with which your second factors can be removed.
mail-wrong-codes = ten wrong codes in a row were typed for your account, behind your right password or key. If that was not you, somebody knows it: change it at once.
mail-held = a hundred wrong codes in a row were typed for your account, behind your right password or key. No more codes of that kind are taken; a recovery code still lets you in, and your administrator can lift the hold. Change your password.
mail-lowered = the rules ask for less than before: of everybody, of some, or in some places. The console shows what has changed.
mail-admin-made = your account became an administrator’s.
mail-api-token-made = a token was made that lets a program act in your name.
mail-removed = your account was removed by an administrator. Nobody logs in with it any more.
