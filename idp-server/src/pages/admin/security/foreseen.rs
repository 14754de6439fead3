//! What a change of the rules would do, as a page tells it before the change is made.

use twolatch_core::login::preview::{Changed, Preview};

use crate::text::{Text, t};

/// A sentence, and the first of those whom it is about.
#[derive(Debug, Clone)]
pub struct Line {
    pub(super) text: Text,
    pub(super) names: String,
    pub(super) more: bool,
}

impl Line {
    /// One for each way in which somebody's state would change.
    pub(super) fn all(preview: &Preview) -> Vec<Self> {
        let line = |changed: &Changed, text: Text| {
            let count = u32::try_from(changed.count).unwrap_or(u32::MAX);
            let more = changed.count > u64::try_from(changed.names.len()).unwrap_or(u64::MAX);
            (count > 0).then(|| Self { text: text.number("count", count), names: changed.names.join(", "), more })
        };
        let lines = [
            line(&preview.set_up, t("foreseen-set-up")),
            line(&preview.asked, t("foreseen-asked")),
            line(&preview.excused, t("foreseen-excused")),
            line(&preview.refused, t("foreseen-refused")),
            line(&preview.unreadable, t("foreseen-unreadable")),
        ];
        lines.into_iter().flatten().collect()
    }

    /// An example, for tests.
    pub(super) fn samples() -> Vec<Self> {
        let changed = Changed { count: 12, names: ["alice", "bob"].map(str::to_owned).into() };
        Self::all(&Preview { people: 40, set_up: changed, ..Preview::default() })
    }
}
