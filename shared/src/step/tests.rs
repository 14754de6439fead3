use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

const KINDS: [Kind; 8] = [
    Kind::Password,
    Kind::Totp,
    Kind::EmailCode,
    Kind::RecoveryCode,
    Kind::RecoveryKey,
    Kind::Device,
    Kind::Later,
    Kind::Mailbox,
];

fn shown(kinds: &[Kind]) -> Vec<Proof> {
    kinds.iter().map(|kind| Proof { kind: *kind, at: NOW }).collect()
}

fn subsets<T: Copy>(of: &[T]) -> Vec<Vec<T>> {
    (0..1_usize << of.len())
        .map(|mask| of.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, one)| *one).collect())
        .collect()
}

/// Level × methods × what can be set up × least × every set of flags × every set of proofs.
#[test]
fn the_whole_table() {
    let flags = subsets(&["recovery", "open", "change", "due", "device", "later", "counts", "mailbox"]);
    let mut rows = 0;
    for level in Level::ALL {
        for methods in subsets(&Kind::METHODS) {
            for (settable, others) in settable_and_others(&methods) {
                for least in Assurance::ALL {
                    for flags in &flags {
                        let on = |flag| flags.contains(&flag);
                        let facts = Facts {
                            methods: methods.clone(),
                            settable: settable.clone(),
                            others: others.clone(),
                            recovery: on("recovery"),
                            setup_until: if on("open") { NOW.plus(1) } else { NOW },
                            must_change_password: on("change"),
                            recovery_due: on("due"),
                            least,
                            device_counts: on("device"),
                            may_put_off: on("later"),
                            later_counts: on("counts"),
                            mailbox_first: on("mailbox"),
                        };
                        for kinds in subsets(&KINDS) {
                            let step = next(level, &facts, &shown(&kinds), NOW);
                            assert_eq!(step, expected(level, &facts, &kinds), "{level} {facts:?} {kinds:?}");
                            rows += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(rows, 3 * 6 * 4 * 3 * 256 * 256);
}

/// What can be set up, and an app that does not count here, where it is not among what does.
fn settable_and_others(methods: &[Kind]) -> Vec<(Vec<Kind>, Vec<Kind>)> {
    let has_app = methods.contains(&Kind::Totp);
    let others = if has_app { vec![Vec::new()] } else { vec![Vec::new(), vec![Kind::Totp]] };
    let settable = subsets(&Kind::METHODS).into_iter();
    settable.flat_map(|settable| others.iter().map(move |others| (settable.clone(), others.clone()))).collect()
}

/// The same, said another way.
fn expected(level: Level, facts: &Facts, kinds: &[Kind]) -> Step {
    let has = |kind| kinds.contains(&kind);
    if !has(Kind::Password) {
        return Step::Password;
    }
    let counts = |kind| has(kind) && !facts.others.contains(&kind);
    let all = if has(Kind::Totp) || has(Kind::RecoveryCode) || has(Kind::RecoveryKey) {
        Assurance::Authenticator
    } else if has(Kind::EmailCode) {
        Assurance::EmailCode
    } else {
        Assurance::Password
    };
    let best = if counts(Kind::Totp) || has(Kind::RecoveryCode) || has(Kind::RecoveryKey) {
        Assurance::Authenticator
    } else if has(Kind::EmailCode) {
        Assurance::EmailCode
    } else {
        Assurance::Password
    };
    let enough = |kind: &Kind| facts.least < Assurance::Authenticator || *kind == Kind::Totp;
    let by_client = facts.least != Assurance::Password;
    let by_policy = level == Level::Required || level == Level::Optional && !facts.methods.is_empty();
    let nothing = facts.methods.is_empty() && facts.others.is_empty();
    let satisfied = if by_client {
        best >= facts.least
    } else {
        !by_policy
            || best > Assurance::Password
            || has(Kind::Device) && facts.device_counts
            || has(Kind::Later) && facts.later_counts && nothing
    };
    if satisfied {
        let shown = best > Assurance::Password && best >= facts.least;
        return match (facts.must_change_password, facts.recovery_due && shown) {
            (true, _) => Step::ChangePassword,
            (false, true) => Step::KeepRecovery,
            (false, false) => Step::Granted(all),
        };
    }
    let usable: Vec<Kind> = facts.methods.iter().copied().filter(enough).collect();
    let settable: Vec<Kind> = facts.settable.iter().copied().filter(enough).collect();
    match (usable.is_empty(), settable.is_empty()) {
        (false, _) => Step::SecondFactor { methods: usable, recovery: facts.recovery },
        (true, _) if !nothing && all == Assurance::Password => {
            let methods = [facts.methods.clone(), facts.others.clone()].concat();
            Step::SecondFactor { methods, recovery: facts.recovery }
        }
        (true, true) => Step::Refused(Reason::NotEnrolled),
        (true, false) if nothing && facts.setup_until <= NOW => Step::Refused(Reason::SetupClosed),
        (true, false) if nothing && facts.mailbox_first && !has(Kind::Mailbox) => {
            Step::ProveMailbox { may_put_off: facts.may_put_off && !by_client }
        }
        (true, false) => Step::Enrol { methods: settable, may_put_off: facts.may_put_off && nothing && !by_client },
    }
}

fn with_app() -> Facts {
    Facts { settable: vec![Kind::Totp], ..Facts::none(NOW) }
}

#[test]
fn p21_the_window_closes_on_the_second() {
    let password = shown(&[Kind::Password]);
    let enrol = Step::Enrol { methods: vec![Kind::Totp], may_put_off: false };
    assert_eq!(next(Level::Required, &with_app(), &password, NOW.plus(-1)), enrol);
    assert_eq!(next(Level::Required, &with_app(), &password, NOW), Step::Refused(Reason::SetupClosed));
}

#[test]
fn otp15_levels_are_told_truthfully() {
    let names = ["urn:twolatch:acr:1", "urn:twolatch:acr:2", "urn:twolatch:acr:3"];
    assert_eq!(Assurance::ALL.map(Assurance::acr), names);
    assert_eq!(Assurance::Password.amr(), ["pwd"]);
    for skips in [Kind::Device, Kind::Later] {
        assert_eq!(Assurance::of(&shown(&[Kind::Password, skips])), Assurance::Password);
    }
}

#[test]
fn a_mailbox_opens_set_up_and_nothing_else() {
    let facts = Facts { mailbox_first: true, ..with_app() };
    let before = NOW.plus(-1);
    let asked = |kinds: &[Kind]| next(Level::Required, &facts, &shown(kinds), before);
    assert_eq!(asked(&[Kind::Password]), Step::ProveMailbox { may_put_off: false });
    let enrol = Step::Enrol { methods: vec![Kind::Totp], may_put_off: false };
    assert_eq!(asked(&[Kind::Password, Kind::Mailbox]), enrol, "it is no second factor");
    let enrolled = Facts { methods: vec![Kind::Totp], ..facts };
    let step = next(Level::Required, &enrolled, &shown(&[Kind::Password, Kind::Mailbox]), before);
    assert_eq!(step, Step::SecondFactor { methods: vec![Kind::Totp], recovery: false });
}

#[test]
fn floor_whoever_asks_for_more_sets_nothing_up_with_a_password_alone() {
    let facts = Facts {
        methods: vec![Kind::EmailCode],
        settable: Kind::METHODS.to_vec(),
        least: Assurance::Authenticator,
        ..Facts::none(NOW.plus(1))
    };
    for level in Level::ALL {
        for more in [&[][..], &[Kind::Mailbox], &[Kind::Device], &[Kind::Later]] {
            let step = next(level, &facts, &shown(&[&[Kind::Password], more].concat()), NOW);
            let asked = Step::SecondFactor { methods: vec![Kind::EmailCode], recovery: false };
            assert_eq!(step, asked, "{level} {more:?}");
        }
        let step = next(level, &facts, &shown(&[Kind::Password, Kind::EmailCode]), NOW);
        assert_eq!(step, Step::Enrol { methods: vec![Kind::Totp], may_put_off: false }, "{level}");
    }
}

proptest! {
    #[test]
    fn floor_required_is_never_granted_without_a_second_factor(
        mask in 0_usize..256, methods in 0_usize..4, settable in 0_usize..4, recovery: bool, open: bool, mailbox_first: bool,
        least in 0_usize..3,
    ) {
        let pick = |mask: usize| subsets(&Kind::METHODS).swap_remove(mask);
        let facts = Facts {
            methods: pick(methods),
            settable: pick(settable),
            recovery,
            mailbox_first,
            least: Assurance::ALL[least],
            ..Facts::none(if open { NOW.plus(1) } else { NOW })
        };
        let proofs = shown(&subsets(&KINDS).swap_remove(mask));
        match next(Level::Required, &facts, &proofs, NOW) {
            Step::Granted(assurance) => prop_assert!(assurance > Assurance::Password && assurance >= facts.least),
            Step::Enrol { .. } => {
                prop_assert!(facts.methods.is_empty() || Assurance::of(&proofs) > Assurance::Password);
            }
            _ => {}
        }
    }
}
