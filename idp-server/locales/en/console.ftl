### The console: what all of its pages share, and the words of policy.

console = Console
console-overview = Overview
console-users = Users
console-all = All users
console-requests = Requested
console-applications = Applications
console-audit = Audit
console-settings = Settings
console-security = Security
console-why = Why?
console-tokens = API tokens
console-configuration = Configuration
console-account = Your account
console-waiting = { $count ->
    [one] { $count } waits
   *[other] { $count } wait
}

## Levels, doors, and what decides

level-off = Off
level-optional = Optional
level-required = Required
door-web = Web
door-ssh = SSH
door-console = Console
door-sudo = sudo
door-su = su
door-other = Other programs
asked-disabled = Nothing: the account is disabled
asked-code = A code
asked-set-up = To set up a second factor
asked-mail = A code mailed to the known address, then to set up a second factor
asked-late = Nothing: refused, because the time to set up is over
asked-code-then = A code, and then to set up a method that is allowed
asked-unable = Nothing: refused, because no method that is allowed can be set up
asked-nothing = Nothing more
because-lock = The configuration, which holds everybody at required
because-organisation = The rule for the whole organisation
because-role = The rule for the role { $role }
because-group = The rule for the group { $group }
because-person = The rule for this person
because-door = The rule for the door { $door }
place-client = Web application { $client }
because-client = The rule for the web application { $client }
because-exemption = The exemption { $id }
