### The console's pages for tokens of programs.

tokens = API tokens
tokens-lead = What programs show at the admin API. Each acts in the name of one person, and never does more than they may.
tokens-new = New token
tokens-empty = No program has a token.
tokens-all = All tokens
tokens-note = What it is for
tokens-note-hint = It stands in this list and in the audit.
tokens-user = In whose name
tokens-user-hint = Yourself or a supervisor. Other administrators make their own.
tokens-scopes = What it may
tokens-scopes-hint = Whoever may change something does not read it for that. Supervisors’ tokens look only.
tokens-made = Made
tokens-by = by { $name }
tokens-until = Ends
tokens-used = Last used
tokens-unused = Not yet
tokens-change = Change
tokens-delete = Delete
tokens-delete-name = Delete { $note }
tokens-deleted = The token is deleted. No program acts with it any more.
tokens-gone = There is no such token any more.
tokens-back = All tokens
tokens-new-lead = It ends with any change of its person’s password, second factor, role or account, and when their sessions are ended.
tokens-days = For how many days
tokens-days-hint = 1 to 365. No token is without an end.
tokens-make = Make the token
tokens-one = The token for { $note }
tokens-once = Copy it now. It is not shown again.
tokens-token = Token
tokens-description = What it opens
tokens-copy = Copy the token
tokens-ends = Whoever has it may what you have ticked. Keep it where the program alone can read it, and delete it here when the program is gone.

## What a token may

tokens-users-read = See people, and how each stands
tokens-users-write = Add, change and remove people
tokens-admins-write = Do that with administrators, too, and make some: with it a program can become one
tokens-requests-read = See who asks for recovery
tokens-requests-write = Answer that
tokens-clients-read = See applications
tokens-clients-write = Add, change, try and remove applications
tokens-policy-read = See what is asked of whom, and why
tokens-policy-write = Change what is asked of whom
tokens-policy-switch = Turn the second factor on or off for everybody, too
tokens-audit-read = See what has happened, and how things stand
tokens-configuration-read = See how the server is set up

## What has to be corrected

tokens-bad-scopes = Tick at least one thing that it may.
tokens-not-for-them = { $name } may not do that, so no token of theirs may. Supervisors look; administrators change.
tokens-not-theirs = { $name } is another administrator, who makes their own tokens.
tokens-disabled = The account of { $name } is disabled.
tokens-bad-note = Say what it is for, in up to 128 characters.
tokens-bad-days = A token lives for 1 to 365 days.
tokens-too-many = { $name } has 20 tokens. Delete one that is not needed any more.
tokens-bad-user = There is nobody of that name.
