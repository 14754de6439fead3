### Who there is, and what is done to many of them: /admin/users and /admin/bulk.

users = Users
users-search = Name or address
users-status = Second factor
users-role = Role
users-group = Group
users-method = Has set up
users-any = Any
users-locked-only = Locked only
users-show = Show
users-empty = Nobody matches.
users-all = Show all users
users-alone = Nobody is here but you. Add people on the server first:
users-scope = For
users-scope-ticked = those ticked below
users-scope-all = { $count ->
    [one] the one who matches
   *[other] all { $count } who match
}
users-action = What to do
users-preview = Preview
users-none-ticked = Nobody is ticked. Tick users in the list, or choose all who match.
users-count = { $first } to { $last } of { $count }
users-tick = Select { $name }
users-tick-page = Select all on this page
users-name = Name
users-methods = Methods
users-groups = Groups
users-last = Last login
users-locked = Locked
users-you = You
users-never = Never
users-held = Held
users-until = Until { $when }
users-pages = Pages
users-before = Previous
users-after = Next
users-ended = Bulk actions of the last seven days
users-running = Under way: { $action }
users-pending = Pending
users-activated = Activated
users-disabled = Disabled
users-damaged = Damaged
users-damaged-why = This row is not as Twolatch wrote it (row_mac): somebody has changed it in the database. Nothing in it is believed, and nobody signs in with it. Find out who did that, and restore it from a backup.
users-why-account = The account is disabled
users-why-optional = Optional, and nothing is set up. { $because }
users-why-off = Not asked. { $because }
users-app = Authenticator app
users-email = Email code

## Something done to many

bulk-register = Request registration
bulk-disable = Disable users
bulk-enable = Enable users
bulk-unlock = Unlock
bulk-end = End sessions
bulk-methods = Set methods
bulk-invite = Send set-up links
bulk-methods-legend = What they may set up and be asked for
bulk-methods-hint = With all or none ticked the rules alone say it, and nobody has a rule of their own.
bulk-lead = { $count ->
    [one] You have chosen { $count } user. Nothing has been done yet.
   *[other] You have chosen { $count } users. Nothing has been done yet.
}
bulk-whom = Who is concerned
bulk-asks = Will be asked to set up: { $count }
bulk-resets = Already set up, will be RESET: { $count }
bulk-resets-hint = Their authenticators, email codes and recovery codes are removed, their sessions end, and they set up again at the next login.
bulk-changes = { $count ->
    [one] { $count } user will be changed.
   *[other] { $count } users will be changed.
}
bulk-nobody = This concerns none of them. Go back and choose others.
bulk-look-again = It would concern more users by now. Look again before you begin.
bulk-running = { $done } of { $count } done
bulk-leave = You can leave this page; the server goes on.
bulk-reload = Reload
bulk-stop = Stop here
bulk-done = { $count ->
    [one] Done for { $count } user.
   *[other] Done for { $count } users.
}
bulk-stopped-asked = Stopped by an administrator. Done for { $count }; the others are as they were.
bulk-stopped-not-allowed = Stopped: whoever began it may not change anything any more. Done for { $count }; the others are as they were.
bulk-stopped-late = Stopped, because it was begun too long ago. Done for { $count }; the others are as they were.
bulk-failures = Not done for { $count }
bulk-why = Why
bulk-last-admin = Nobody could administer any more. Make somebody else an administrator first.
bulk-exempt = An exemption keeps them from being asked. End it first.
bulk-row-mac = The row in the database is not as Twolatch wrote it. Nothing is changed in it.
bulk-scope = They are an administrator, which takes an API token that is for admins:write.
bulk-held = Their address was changed lately. Another administrator has to confirm it first, or time has to pass.
bulk-back = Back to the users
