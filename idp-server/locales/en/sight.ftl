### What administrators see: the overview, the audit, the configuration; and what they are told of at once.

## Alerts by mail

mail-subject-alerts = { $organisation }: alert
mail-alerts = This has just happened at { $organisation }, and you are to be told of it. The audit has all records.
mail-alert-wrong-codes = { $count } wrong codes of { $who } within an hour, behind a right first factor
mail-alert-wrong-codes-in-all = { $count } wrong codes of all people within an hour, behind a right first factor
mail-alerts-more = And { $count } more ({ $events }); see the audit.

## The audit

audit = Audit
audit-caption = What has happened, newest first
audit-life = All that concerns { $name }, newest first
audit-person = Person
audit-event = Event
audit-result = Result
audit-door = Door
audit-client = Client
audit-since = From (UTC)
audit-until = Until (UTC)
audit-any = Any
audit-ok = ok
audit-refused = refused, for any reason
audit-search = Search
audit-when = When
audit-actor = By
audit-from = From
audit-detail = Details
audit-csv = Take away as CSV
audit-json = Take away as JSON lines
audit-verify = Check that it is whole
audit-none = No record is like that here. Leave a field empty, or choose a longer time.
audit-pages = Pages
audit-newest = Newest
audit-older = Older
audit-reached = Looked back to { $when }.
audit-back = Back to the audit
audit-bad-event = There is no such event. Choose one from the list.
audit-bad-result = There is no such result. Choose one from the list.
audit-bad-door = There is no such door. Choose one from the list.
audit-bad-client = That is no client id: letters, digits, dots, underscores and hyphens.
audit-bad-time = That is no moment. Write it like this: 2026-03-03T14:05.

## Whether it is whole

verify = Is the audit whole?
verify-lead = Each record has a mark of its own, and links tie all of them together. Whatever is changed, removed or added by another hand is found.
verify-whole = The audit is whole: every record is as it was written.
verify-broken = The audit is not as it was written. The first thing that is wrong stands first:
verify-more = Take a copy of the database as it is, and find out who can write to it. twolatch audit verify names all of it.
verify-running = { $count } records have been read; this goes on by itself.
verify-look-again = Look again
verify-failed = The database gave no answer. The server’s log has the reason.
verify-begun = Checked
verify-records = Records
verify-links = Links
verify-unlinked = Not linked yet
verify-tail = Is the end still there?
verify-tail-text = A trail that was cut off at its end looks whole. The server writes the head of its links to the journal every second: compare them with this command on the server.

## The configuration

configuration = Configuration
configuration-lead = This is what the server has read from { $file } when it was started. A change there holds from its next start on.
configuration-caption = Every value, and where it comes from
configuration-key = Key
configuration-in-force = In force
configuration-from = From
configuration-value = { $value }
configuration-set = set, and not shown
configuration-none = not set
configuration-line = Line { $line }
configuration-file = Line { $line }: the file { $file }
configuration-default = Default

## The overview

overview = Overview
overview-protected = Who is protected
overview-share = { $percent } percent of all people are asked for a second factor.
overview-nobody = There is nobody yet. Add people first: on the page Users, or with twolatch user add.
overview-people = All people by second factor
overview-state = Second factor
overview-count = People
overview-percent = Share
overview-activated = Activated
overview-pending = Pending
overview-disabled = Disabled
overview-who-pends = Who still has to set up
overview-by-age = By age of the account
overview-by-group = By group, those with the most first
overview-age = Age
overview-group = Group
overview-age-day = Up to a day
overview-age-week = Up to a week
overview-age-month = Up to 30 days
overview-age-longer = Longer
overview-failed = Codes that were refused
overview-failed-none = No code was refused in the last { $days } days.
overview-failed-caption = Refused codes of the last { $days } days, by day (UTC) and door
overview-as-table = The same as a table
overview-day = Day
overview-all-doors = All doors
overview-requests = Requests
overview-waiting = { $count ->
    [one] { $count } person has lost the second factor and waits for an answer.
   *[other] { $count } people have lost the second factor and wait for an answer.
}
overview-to-requests = Answer
overview-none-waits = Nobody waits for help.
overview-events = What has just happened
overview-no-events = Nothing has happened yet.
overview-to-audit = All of the audit
overview-health = The server
overview-look = Look here:
overview-database = Database
overview-answers = answers: { $what }
overview-mail = Mail
overview-no-mail = not set up: nothing is mailed. The section [mail] of the configuration does that.
overview-mail-none = nothing waits to be sent
overview-mail-waits = { $count ->
    [one] { $count } letter waits
   *[other] { $count } letters wait
}
overview-mail-deferred = { $count ->
    [one] { $count } letter waits, which was not taken at the first try. The server’s log has the reason.
   *[other] { $count } letters wait, { $deferred } of which were not taken at the first try. The server’s log has the reason.
}
overview-trouble = Last trouble: { $when }, { $why }
overview-alerting = Alerts
overview-no-alerts = not set up: nobody is told of anything at once. The section [alerts] of the configuration does that.
overview-alerts = are sent
overview-alerts-deferred = { $count ->
    [one] { $count } alert could not be posted and is tried again. The server’s log has the reason.
   *[other] { $count } alerts could not be posted and are tried again. The server’s log has the reason.
}
overview-keys = Keys
overview-keys-there = { $ring } in the key ring, { $signing } for signing tokens
