### One person: the address that an administrator gives, what administrators see and change, requests, import and export.

## For who reads a new address: /address/…

new-address = Is this your address?
new-address-lead = An administrator gives { $address } as the mail address of the account { $name }.
new-address-moves = From now on it stands in place of the address before, which is told so.
new-address-held = For three days no code or link that opens the account comes here, unless that is confirmed from the address before, by you on your account’s page, or by a second administrator.
new-address-no = If this is not your account, close this page: nothing changes.
new-address-submit = Use this address

## For who reads the address before: /address/confirm/…

confirm-address = Is the new address right?
confirm-address-lead = An administrator has changed the mail address of the account { $name } to { $address }.
confirm-address-opens = From now on codes and links that open the account go to the new address.
confirm-address-no = If you do not know the new address, close this page, and use the other link in the letter.
confirm-address-submit = Confirm the new address

## What is said of it

said-address-held = Your mail address was changed lately, so no code goes there yet. Use another way, or have the new address confirmed: by the link that was mailed to the address before, or by a second administrator.
said-address-taken = The address is in force.
said-address-confirmed = The new address is confirmed: codes and links go there from now on.

## The own address, while it is held

address-held = An administrator has changed your address. Until { $until } no code or link that opens your account goes there. If the address is right, confirm it.
account-held = An administrator has changed your address.
account-held-confirm = Confirm it

## One person: /admin/user/…

person = User { $name }
person-profile = Profile
person-factor = Second factor
person-because = { $level }. { $rule }.
person-because-disabled = The account is disabled.
person-why = Why?
person-email = Email address
person-role = Role
person-groups = Groups
person-groups-hint = With spaces between them.
person-level = Rule for this person
level-none = None
person-methods = Allowed methods
methods-rules = As the rules say
person-password = Password
person-password-set = Set
person-locked = Locked
person-held = After a hundred wrong codes, until an administrator unlocks
person-waits = After wrong codes, until { $when }
person-disabled = Disabled since
person-setup-until = Can set up until
person-created = Added
person-none = None
person-own = This is you: what you sign in with is on the pages of your own account. Your role and groups are changed by another administrator.
person-asks = This person asks for help since { $when }.
person-asks-see = See the request
person-address-held = { $by } has given the address. No code or link that opens the account goes there until { $until }, unless another administrator or the person confirms it.
person-address-offered = { $by } gives the address { $address }. It is in force once its reader has opened the link that was mailed there, until { $until }.
person-acts = What you can do
person-do-confirm-address = Confirm the address
person-do-role = Change the role
person-do-groups = Change the groups
person-do-level = Change the rule for this person
person-do-methods = Change the allowed methods
person-do-address = Change the address
person-do-invite = Mail a link that sets a password
person-do-reopen-setup = Give more time to set up
person-do-unlock = Unlock
person-do-end-sessions = End all sessions
person-do-forget-devices = Forget all devices
person-do-reset = Reset the second factor
person-do-disable = Disable
person-do-enable = Enable
person-do-remove = Remove
person-set-up = What is set up
person-nothing = Nothing is set up yet.
person-apps = Authenticator apps
person-called = Name
person-since = Since
person-used = Last used
person-never = Never
person-from = From
person-email-codes = Codes by mail are on since { $when }.
person-recovery = { $codes ->
    [one] { $codes } recovery code is left.
   *[other] { $codes } recovery codes are left.
}
person-recovery-key = There is a recovery key.
person-signed-in = Where they are signed in
person-nowhere = Nowhere, and no device is remembered.
person-sessions = Sessions
person-session = Session
person-history = History
person-no-history = Nothing has happened yet.
person-latest = The latest events.
person-all-history = All of them
person-when = When
person-event = Event
person-result = Result
person-by = By
person-detail = Detail
person-back = Back to { $name }

## What is done to one person: /admin/user/…/…

act-signed-out = The person is signed out everywhere.
act-role = Change the role of { $name }
act-role-admin = Administrators see and change everything.
act-role-supervisor = Supervisors see users, status and requests, and change nothing.
act-role-submit = Change the role
act-role-done = The role is changed.
act-groups = Change the groups of { $name }
act-groups-rules = Rules for groups decide what is asked of the person.
act-groups-submit = Change the groups
act-groups-done = The groups are changed.
act-level = Change the rule for { $name }
act-level-raises = A rule for one person only raises what other rules ask; less is asked by an exemption.
act-level-submit = Change the rule
act-level-done = The rule is changed.
act-methods = Change the allowed methods of { $name }
act-methods-keeps = What is set up and not allowed any more is kept, and not asked for.
act-methods-asks = Who has nothing left that is allowed sets up at the next sign-in, if the time to set up is not over.
act-methods-submit = Change the allowed methods
act-methods-done = The allowed methods are changed.
act-address = Change the address of { $name }
act-address-link = A link is mailed to the new address. The address changes once it is opened there.
act-address-told = The address before is told, and for thirty days notices go there as well.
act-address-held = For three days no code or link that opens the account goes to the new address, unless a second administrator or the person confirms it.
act-address-new = New email address
act-address-submit = Mail the link
act-address-done = The link is on its way to the new address.
act-confirm-address = Confirm the address of { $name }
act-confirm-address-opens = From now on codes and links that open the account go to { $address }.
act-confirm-address-sure = Make sure, by another way than mail, that the address is theirs.
act-confirm-address-submit = Confirm the address
act-confirm-address-done = The address is confirmed.
act-invite = Mail { $name } a link
act-invite-mailed = A link that works once goes to { $address }. It sets a password, and leads through setting up a second factor.
act-invite-unseen = You never see the link or the password.
act-invite-replaces = The person has a password. The link replaces it.
act-invite-only = Mail it only to somebody who cannot use the password any more, and has told you so in person.
act-invite-submit = Mail the link
act-invite-done = The link is on its way.
act-reopen-setup = Give { $name } more time to set up
act-reopen-setup-window = A first second factor can be set up again from now on, for as long as by a new person.
act-reopen-setup-keeps = Nothing else changes.
act-reopen-setup-submit = Give more time
act-reopen-setup-done = Set-up is open again.
act-reset = Reset the second factor of { $name }
act-reset-goes = All authenticator apps, codes by mail, recovery codes and remembered devices are removed.
act-reset-ends = All sessions end, and what web apps were given is worthless.
act-reset-next = At the next sign-in a second factor is set up again. You never see what is set up.
act-reset-told = The person is told by mail.
act-reset-submit = Reset the second factor
act-reset-done = The second factor is reset: the next sign-in leads through set-up.
act-unlock = Unlock { $name }
act-unlock-lifts = Holds and delays after wrong codes and passwords are lifted.
act-unlock-sure = Find out first who has been trying.
act-unlock-submit = Unlock
act-unlock-done = Unlocked.
act-end-sessions = End all sessions of { $name }
act-end-sessions-all = The person is signed out of every browser, and what web apps were given is worthless.
act-end-sessions-keeps = Password, second factor and remembered devices stay.
act-end-sessions-submit = End all sessions
act-end-sessions-done = All sessions have ended.
act-forget-devices = Forget all devices of { $name }
act-forget-devices-all = Every remembered browser is asked for a second factor again.
act-forget-devices-submit = Forget all devices
act-forget-devices-done = All devices are forgotten.
act-disable = Disable { $name }
act-disable-nobody = Nobody can log in with this account, at any door, from now on; all sessions end.
act-disable-keeps = What is set up stays, for the day on which the account is enabled again.
act-disable-submit = Disable
act-disable-done = The account is disabled.
act-enable = Enable { $name }
act-enable-again = The person can log in again, with what was set up before.
act-enable-submit = Enable
act-enable-done = The account is enabled.
act-remove = Remove { $name }
act-remove-all = The account, its password and everything that is set up are deleted, for good.
act-remove-audit = What has happened stays in the audit.
act-remove-instead = If the person may come back, disable the account instead.
act-remove-submit = Remove for good
act-remove-done = The account is removed.
person-removed = { $name } is removed.

## Why nothing was changed

not-own = This is your own account. Another administrator changes this, or you do on your account’s page.
not-last-admin = Nothing is changed: nobody else could administer. Make somebody else an administrator first.
not-meanwhile = Nothing is changed: somebody else has changed the same in this moment. Look at it again.
not-no-address = There is no address to mail to. Give one first.
not-held = Nothing is mailed: the address was changed lately, or the person was removed and added again. It is held for { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
}, unless another administrator or the person confirms it.
not-not-held = The address needs no confirmation.
not-own-address = You have given this address yourself. Another administrator, or the person, has to confirm it.
not-admins-address = Administrators change their own address, on the account’s page.
not-taken = Somebody else has this name or address. Choose another one.
not-no-mail = This system sends no mail. Use the command line: twolatch user invite prints a link.
not-mail-full = Too much mail waits. Try again in a few minutes.
not-locked = The configuration holds everybody at required: nothing below that can be chosen.
not-bad-role = That is no role. Choose one of the list.
not-bad-level = That is no level. Choose one of the list.
not-bad-methods = That is no choice of methods. Choose one of the list.
not-bad-group = That is no list of groups. A name starts with a letter or _, goes on with letters, digits, _ . or -, and has at most 64 characters.
not-bad-address = That is no email address. It looks like name@example.org.
not-bad-name = That is no user name. It starts with a letter or _, goes on with letters, digits, _ . or -, and has at most 32 characters.
not-no-request = This request does not wait any more.
not-own-request = This is your own request. Another administrator has to answer it.
not-without-request = Recovery takes two administrators or a waiting time here. It begins with the person’s own request, at sign-in.
not-agreed = You have approved this request already. A second administrator has to approve it, too.
not-too-early = It is too early: this request can be approved in { $hours ->
    [one] { $hours } hour.
   *[other] { $hours } hours.
}

## Requests: /admin/requests

requests = Requested
requests-lead = These people have shown a password or key, and cannot show a second factor.
requests-none = Nobody waits for help.
requests-none-hint = People who have lost their second factor ask for help when they sign in; they appear here.
requests-caption = Waiting, the oldest first
requests-who = Who
requests-why = Why
requests-has = Set up
requests-ends = Waits until
requests-answer = Answer
requests-lost = Everything is lost.
requests-disowned = A letter told of something that the person did not do.
requests-app = App
requests-email = Codes by mail
requests-recovery = Recovery codes
requests-agreed = { $by } has approved; a second administrator has to.
requests-not-before = It can be approved from { $when } on.
requests-own = Your own: another administrator answers.
requests-waits = Waits for an administrator
requests-reset = Reset
requests-reset-of = Reset { $name }
requests-dismiss = Dismiss
requests-dismiss-of = Dismiss the request of { $name }
answer-reset = Reset { $name }, as requested
answer-dismiss = Dismiss the request of { $name }
answer-asked = Asked { $when }, from { $source }.
answer-sure = Make sure, by another way than mail, that it is they who ask.
answer-two = A second administrator has to approve before anything happens.
answer-keeps = Nothing of what the person has set up changes.
answer-told = The person is told by mail.
answer-note = Note to the person
answer-note-hint = Not required. It is mailed, and shown to the person at the next sign-in.
answer-reset-submit = Reset
answer-dismiss-submit = Dismiss
answer-back = Back to the requests
request-approved = { $name } sets up a second factor at the next sign-in.
request-approved-first = You have approved. { $name } waits for a second administrator to approve, too.
request-dismissed = The request of { $name } is dismissed. Nothing of what they have set up has changed.

## Adding people: /admin/add, /admin/import, /admin/export

add = Add a person
add-lead = The second factor is set up at the first sign-in.
add-many = Add many at once
add-name = User name
add-name-hint = As Linux knows it: letters, digits, _ . and -. It cannot be changed later.
add-invite = Mail a link that sets the password
add-no-mail = This system sends no mail: twolatch user invite on the command line prints a link that sets the password.
add-submit = Add
person-added = The person is added.
person-added-invited = The person is added, and the link is on its way.
import = Import people
import-lead = All of them are added, or nobody is. People who are there already are not changed.
import-table = Table
import-hint = Comma-separated values, as a spreadsheet saves them. The first line names the columns: { $columns }. Only name has to be there; groups have ; between them. What does not fit here is imported by twolatch user import on the command line.
import-check = Check
import-faults = What has to be corrected
import-line = Line
import-fault = What is wrong
import-wrong = Nothing is imported: { $count ->
    [one] { $count } line has to be corrected.
   *[other] { $count } lines have to be corrected.
}
import-would = { $count ->
    [one] { $count } person would be added.
   *[other] { $count } people would be added.
}
import-people = Who would be added: the first fifty
import-submit = Add { $count ->
    [one] { $count } person
   *[other] { $count } people
}
import-other = Check another table
import-done = { $count ->
    [one] { $count } person was added.
   *[other] { $count } people were added.
}
export = Download all people as a table
import-quote = The quotation marks make no sense: a cell with one in it stands in quotation marks, and the mark is doubled.
import-empty = The table is empty: its first line names the columns.
import-nobody = There is nobody in it.
import-column = { $column } is no column. The columns are { $known }.
import-column-twice = The column { $column } is there twice.
import-no-name = The column name is missing. The columns are { $known }.
import-cells = { $there ->
    [one] { $there } cell, and
   *[other] { $there } cells, and
} { $expected ->
    [one] { $expected } column.
   *[other] { $expected } columns.
}
import-bad-name = “{ $name }” is no user name: it starts with a letter or _, goes on with letters, digits, _ . or -, and has at most 32 characters.
import-bad-email = “{ $email }” is no email address: it looks like name@example.org.
import-bad-role = “{ $role }” is no role: it is one of admin, supervisor, member.
import-bad-group = “{ $group }” is no group name: it starts with a letter or _, goes on with letters, digits, _ . or -, and has at most 64 characters.
import-bad-level = “{ $level }” is no level: it is one of off, optional, required.
import-locked = The configuration holds everybody at required: { $level } is not taken.
import-name-twice = { $name } is in line { $line } already.
import-email-twice = The address { $email } is in line { $line } already.
import-name-taken = There is a user { $name } already.
import-email-taken = Somebody has the address { $email } already.
