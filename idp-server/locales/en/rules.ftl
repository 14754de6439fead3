### What is asked of whom: the settings of the console, and why.

rules-door = Door
rules-level = Level

## Why somebody is asked: /admin/settings/why

why = Why?
why-lead = What would be asked of somebody at each door, and which rule decides.
why-person = User name
why-ask = Show
why-caption = What is asked of { $name }
why-asked = Asked for
why-because = Decided by
why-nobody = There is no user { $name }. Check the spelling: it is the name that the person signs in with.

## The rules: /admin/settings/security

rules = Security
rules-all = Everybody
rules-role = Role { $role }
rules-group = Group { $group }
rules-person = { $name }
rules-person-gone = A user who was removed
rules-for-all = For everybody
rules-for-some = For some people, and in some places
rules-for-some-hint = A rule can only ask for more than what holds for everybody: the highest level counts, and of all else the strictest.
rules-none = There is no such rule yet.
rules-caption = Rules for roles, groups, doors and web applications
rules-scope = For
rules-methods = Allowed methods
rules-recovery = Kept for emergencies
rules-later = Set-up can be put off
rules-devices = Devices are remembered
rules-devices-admins = (never those of administrators)
rules-days = { $count ->
    [0] Not at all
    [1] For one day
   *[other] For { $count } days
}
rules-times = { $count ->
    [0] Never
    [1] Once
   *[other] { $count } times
}
rules-until = until { $when }
rules-setup-days = Time to set up
rules-enrol-codes = Codes that confirm a new app
rules-admin-link = Recovery link for administrators
rules-change = Change
rules-edit = Edit
rules-edit-name = Edit: { $scope }
rules-edit-all = Edit what holds for everybody
rules-add = Add a rule
rules-every-door = Every door
rules-author = By
rules-back = Back to security
methods-both = App and email
methods-app = App
methods-email = Email
methods-none = None
kept-codes = Ten recovery codes
kept-key = A recovery key
kept-both = Recovery codes and a key

## The switch

switch = Second factor for the whole organisation
switch-required = Everybody is asked, and whoever has nothing must set it up.
switch-optional = Whoever has set something up is asked.
switch-off = Nobody is asked, except where a rule says so.
switch-locked = The configuration file holds it there, for everybody and at every door: lock = "required" in [policy]. Only whoever runs the server can change that.
switch-to-required = Turn it on for everybody
switch-to-optional = Make it optional
switch-to-off = Turn it off
switch-warning = This lowers the protection of the whole organisation. Every administrator is told by email.
switch-password = Your password
switch-own = First your own second factor
switch-own-hint = You have none yet. Choose one: as soon as you have shown its code it is stored, and turned on for everybody, in one step.
switch-own-none = You have no second factor yet, and the rules let you set up none. Allow a method for administrators first.

## What a change would do

foreseen = What will follow
foreseen-nobody = Nobody’s state changes.
foreseen-set-up = { $count ->
    [one] One person will have to set up at the next sign-in.
   *[other] { $count } people will have to set up at their next sign-in.
}
foreseen-asked = { $count ->
    [one] One person has something set up, and will be asked for it.
   *[other] { $count } people have something set up, and will be asked for it.
}
foreseen-excused = { $count ->
    [one] One person will not be asked any more.
   *[other] { $count } people will not be asked any more.
}
foreseen-refused = { $count ->
    [one] One person will be refused until an administrator opens set-up again.
   *[other] { $count } people will be refused until an administrator opens set-up again.
}
foreseen-unreadable = { $count ->
    [one] Of one person nothing can be said: the row was changed in the database (row_mac), and is refused under any rules.
   *[other] Of { $count } people nothing can be said: their rows were changed in the database (row_mac), and are refused under any rules.
}

## One rule: /admin/settings/rule

rule = A rule
rule-of = Rule: { $scope }
rule-lead-all = This holds for everybody, everywhere. Other rules can only ask for more.
rule-nothing = As for everybody
rule-methods-hint = None ticked: as for everybody.
rule-skips = How often set-up can be put off
rule-skips-all = 0 with a day below: as often as one likes until then. 0 without one: never.
rule-skips-some = At the most; 0 is never. Empty: as for everybody.
rule-until = Until which day set-up can be put off
rule-until-hint = Like 2026-03-31. Empty: no day.
rule-no-recovery = Recovery codes and the recovery key are not taken
rules-no-recovery = no recovery codes
rule-devices-hint = In days, at the most 365; 0 is not at all.
rule-link-hint = on, off, or wait:24 for 24 hours later.
rule-look = Show what will follow
rule-save = Put it in force
rule-remove = Remove this rule
scope-person = A person
scope-role = A role
scope-group = A group
scope-door = A door
scope-client = A web application
scope-name = Its name
scope-hint = admin, supervisor or member; a group; web, ssh, console, sudo, su or other; or the client id of an application.
rules-bad-of = There is nothing of that name. Nothing was changed.
rules-bad-level = Choose a level.
rules-bad-methods = Allow at least one method.
rules-bad-number = That number cannot be used here. Nothing was changed.
rules-bad-day = That is not a day like 2026-03-31.
rules-bad-admin-link = Type on, off, or wait: with a number of hours.

## Earlier versions: /admin/settings/version

versions = Versions
versions-caption = The latest versions of the rules, the one in force first
versions-number = Version
versions-when = When
versions-what = What changed
versions-first = The first rules
versions-same = The same rules; an exemption came or went
versions-current = In force
versions-restore = Go back
versions-restore-name = Go back to version { $version }
version = Go back to version { $version }
version-lead = By { $author }, { $when }. Exemptions stay as they are.
version-changes = What changes in the rules
version-none = Nothing.
version-switch = The switch for the whole organisation was another then. It stays as it is: it has a page of its own.
version-submit = Put these rules in force

## What became of a change

rules-said-switched = The switch is turned.
rules-said-saved = The rule is in force.
rules-said-removed = The rule is removed.
rules-said-exempted = The exemption is in force.
rules-said-ended = The exemption is ended.
rules-said-restored = The earlier rules are in force again.
rules-said-outdated = Somebody else has changed the rules meanwhile. Look at them again; nothing was changed.
rules-said-locked = The configuration file does not let anybody be below required. Nothing was changed.
rules-said-locks-out = Under these rules no administrator could sign in. Allow one more method, or have an administrator set up an allowed one first. Nothing was changed.
rules-said-wrong-password = The password is not right.
rules-said-wait = Too many wrong passwords. Wait a moment, then try again.
