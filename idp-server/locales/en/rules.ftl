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
