//! A rule as it is typed into a form, read strictly and shown again as it was.

use std::collections::BTreeSet;

use twolatch_core::factor::Kind;
use twolatch_core::policy::{RecoveryKept, Rule, Rules};
use twolatch_core::time::Timestamp;

use super::super::scope::Scope;
use crate::date;
use crate::rules::MOST_RULE_DAYS;
use crate::text::{Text, t};
use crate::web::form::Form;

/// What was typed.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    pub(super) scope: String,
    pub(super) of: String,
    /// The scope cannot be changed on the page.
    pub(super) is_fixed: bool,
    pub(super) level: String,
    pub(super) methods: BTreeSet<Kind>,
    pub(super) skips: String,
    pub(super) skip_until: String,
    pub(super) device_days: String,
    pub(super) recovery: String,
    pub(super) no_recovery: bool,
    pub(super) enrol_codes: String,
    pub(super) setup_days: String,
    pub(super) admin_link: String,
    /// The rule shall be removed.
    pub(super) remove: bool,
}

/// Which field is wrong, and why.
type Wrong = (&'static str, Text);

impl Typed {
    /// Nothing yet.
    pub(super) fn new(scope: &str) -> Self {
        Self { scope: scope.to_owned(), ..Self::default() }
    }

    /// A rule that there is.
    pub(super) fn of(scope: &Scope, rules: &Rules) -> Self {
        let own = scope.rule(rules).cloned().unwrap_or_default();
        let all = *scope == Scope::All;
        let methods = if all { Some(rules.methods.clone()) } else { own.methods };
        let shown = |number: Option<u16>| number.map(|number| number.to_string()).unwrap_or_default();
        let until = if all { rules.skip_until } else { own.skip_until };
        Self {
            scope: scope.kind().to_owned(),
            of: scope.of().to_owned(),
            is_fixed: true,
            level: own.level.map(|level| level.to_string()).unwrap_or_default(),
            methods: methods.unwrap_or_default(),
            skips: shown(if all { Some(rules.skips.into()) } else { own.skips.map(u16::from) }),
            skip_until: until.map(date::machine).unwrap_or_default(),
            device_days: shown(if all { Some(rules.device_days) } else { own.device_days }),
            recovery: rules.recovery.as_str().to_owned(),
            no_recovery: own.no_recovery,
            enrol_codes: rules.enrol_codes.to_string(),
            setup_days: rules.setup_days.to_string(),
            admin_link: rules.admin_link.to_string(),
            remove: false,
        }
    }

    /// What a form brought. Everything else that it has is left in it.
    pub(super) fn take(form: &mut Form) -> Self {
        let mut text =
            |name: &str| form.optional(name).map(|value| value.expose().trim().to_owned()).unwrap_or_default();
        Self {
            scope: text("scope"),
            of: text("of"),
            is_fixed: text("fixed") == "yes",
            level: text("level"),
            methods: [("app", Kind::Totp), ("email", Kind::EmailCode)]
                .into_iter()
                .filter_map(|(name, kind)| (text(name) == "yes").then_some(kind))
                .collect(),
            skips: text("skips"),
            skip_until: text("skip_until"),
            device_days: text("device_days"),
            recovery: text("recovery"),
            no_recovery: text("no_recovery") == "yes",
            enrol_codes: text("enrol_codes"),
            setup_days: text("setup_days"),
            admin_link: text("admin_link"),
            remove: text("remove") == "yes",
        }
    }

    /// Whether a method is ticked.
    pub(super) fn allows(&self, kind: Kind) -> bool {
        self.methods.contains(&kind)
    }

    /// The fields of a form that brings the same.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let yes = |on: bool| if on { "yes".to_owned() } else { String::new() };
        let fields = [
            ("scope", self.scope.clone()),
            ("of", self.of.clone()),
            ("fixed", yes(self.is_fixed)),
            ("level", self.level.clone()),
            ("app", yes(self.allows(Kind::Totp))),
            ("email", yes(self.allows(Kind::EmailCode))),
            ("skips", self.skips.clone()),
            ("skip_until", self.skip_until.clone()),
            ("device_days", self.device_days.clone()),
            ("recovery", self.recovery.clone()),
            ("no_recovery", yes(self.no_recovery)),
            ("enrol_codes", self.enrol_codes.clone()),
            ("setup_days", self.setup_days.clone()),
            ("admin_link", self.admin_link.clone()),
            ("remove", yes(self.remove)),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Puts the rule in place of the one that is there.
    ///
    /// # Errors
    /// Which field is wrong.
    pub(super) fn put(&self, rules: &mut Rules, now: Timestamp) -> Result<Scope, Wrong> {
        let scope = Scope::parse(&self.scope, &self.of).ok_or_else(|| ("of", t("rules-bad-of")))?;
        if self.remove {
            scope.put(rules, Rule::default());
            return Ok(scope);
        }
        let methods = self.methods.clone();
        let skips = number::<u8>(&self.skips, "skips")?;
        let device_days = days(&self.device_days, "device_days")?;
        let skip_until = self.until()?;
        if scope != Scope::All {
            let level = match self.level.as_str() {
                "" => None,
                word => Some(word.parse().map_err(|_| ("level", t("rules-bad-level")))?),
            };
            let methods = Some(methods).filter(|methods| !methods.is_empty());
            scope.put(rules, Rule { level, methods, device_days, skips, skip_until, no_recovery: self.no_recovery });
            return Ok(scope);
        }
        if methods.is_empty() {
            return Err(("app", t("rules-bad-methods")));
        }
        rules.methods = methods;
        rules.skips = skips.unwrap_or(0);
        rules.skip_until = skip_until.filter(|until| now < *until);
        rules.device_days = device_days.unwrap_or(0);
        rules.recovery = RecoveryKept::ALL
            .into_iter()
            .find(|kept| kept.as_str() == self.recovery)
            .ok_or_else(|| ("recovery", t("rules-bad-number")))?;
        let codes = number::<u8>(&self.enrol_codes, "enrol_codes")?.filter(|codes| (1..=2).contains(codes));
        rules.enrol_codes = codes.ok_or_else(|| ("enrol_codes", t("rules-bad-number")))?;
        let setup = days(&self.setup_days, "setup_days")?.filter(|days| *days > 0);
        rules.setup_days = setup.ok_or_else(|| ("setup_days", t("rules-bad-number")))?;
        rules.admin_link = self.admin_link.parse().map_err(|_| ("admin_link", t("rules-bad-admin-link")))?;
        Ok(scope)
    }

    /// A day is meant to its end.
    fn until(&self) -> Result<Option<Timestamp>, Wrong> {
        if self.skip_until.is_empty() {
            return Ok(None);
        }
        let (from, length) = date::read(&self.skip_until).ok_or_else(|| ("skip_until", t("rules-bad-day")))?;
        Ok(Some(if length == 86_400 { from.plus(length) } else { from }))
    }
}

fn number<T: std::str::FromStr>(text: &str, field: &'static str) -> Result<Option<T>, Wrong> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| (field, t("rules-bad-number"))) }
}

fn days(text: &str, field: &'static str) -> Result<Option<u16>, Wrong> {
    match number::<u16>(text, field)? {
        Some(days) if days > MOST_RULE_DAYS => Err((field, t("rules-bad-number"))),
        days => Ok(days),
    }
}
