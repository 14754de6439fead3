### What a page says about the last try. Who cannot be told apart from outside is told the same.

## Signing in

said-not-right = User name or password is not right. After several tries it takes a while until another one counts.
said-over = That sign-in took too long or was finished elsewhere. Please sign in again.
said-setup-closed = Your account needs a second factor, and the time for setting one up is over. Ask whoever runs this system to open it again.
said-signed-out = You are signed out.
said-asked-lately = You have asked within the last hour. Ask again later.
said-admin-link = The link is on its way. Open it in this browser, within 15 minutes.
said-admin-link-wait = A link can be mailed from { $when } on. Ask again then; until that moment any administrator can stop it.
said-admin-link-lately = There were enough links within the last hour. Ask again later.
said-link-stopped = The link does not work any more. Find out who asked for it: whoever it was knows the password.
said-link-not-stopped = There was nothing left to stop: the link had been used, or had ended. Look at the account at once.
said-disowned = You are signed out everywhere, no device is remembered any more, and the administrators are told.

## Codes

said-wrong-code = That code is not right. Type the one that your app shows now. After several tries it takes a while until another one counts.
said-wrong-new-code = That code is not right. Type the one that your app shows now, and check that your phone's clock is right.
said-used-code = That code was used before. Wait until your app shows the next one.
said-no-code = A code has six digits. Type the one that your app shows now.

said-wrong-email-code = That code is not right. Type the one in the latest mail. After three wrong ones it takes five minutes until another one counts.
said-no-email-code = A code has six digits. Type the one in the latest mail.
said-email-code-over = That code can no longer be used. Have another one sent.
said-mailed-again = The same code is on its way once more.
said-mail-too-early = The code was mailed just now. It can be sent again in { $seconds } seconds.
said-mail-blocked = Several codes were mailed in a short time. { $minutes ->
    [1] In one minute another one can be sent.
   *[other] In { $minutes } minutes another one can be sent.
} Other methods go on working.
said-email-blocked = Too many mailed codes were wrong. { $minutes ->
    [1] For one minute no code is mailed and none counts.
   *[other] For { $minutes } minutes no code is mailed and none counts.
} Other methods go on working.
said-email-held = Too many mailed codes were wrong: none is mailed and none counts any more. Use a recovery code if you have one, or ask an administrator for help.
said-wrong-recovery = That recovery code is not right. After several tries it takes a while until another one counts.
said-used-recovery = That recovery code was used before. Each works once: take another one.
said-no-recovery = That is no recovery code: a code has 18 characters, a key 33. Perhaps one was mistyped.
said-recovery-left = { $left ->
    [0] You have used your last recovery code.
    [1] You have used a recovery code. One is left.
   *[other] You have used a recovery code. { $left } are left.
}
said-not-kept = Save the codes first, then say so.
said-set-up = Your second factor is set up. Sign in with it now.

## Passwords

said-wrong-password = Your present password is not right. After several tries it takes a while until another one counts.
said-password-set = Your password is set.
said-password-changed = Your password is changed, and you are signed out everywhere but here.
weak-short = The password is too short: it needs at least { $least } characters.
weak-long = The password is too long: it may have { $most } bytes.
weak-control = The password holds a character that cannot be typed.
weak-same = This is the password that you have now. Choose another one.
weak-common = The password is too easy to guess. Take several words that do not belong together.

## Names

said-no-name = This name cannot be used: a user name starts with a letter or _, goes on with letters, digits, _ . or -, and has at most 32 characters.
said-name-taken = This name is taken. Choose another one.
