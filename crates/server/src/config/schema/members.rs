//! What other users' houses may take and use of this installation's.

use super::{Section, Setting};
use crate::config::Lent;

pub(super) const SECTIONS: &[Section] = &[Section {
    name: "members",
    about: "Users beside the first owner. Each has a house of their own: numbers, assistant, calendars, callers, settings; nobody \
            sees another's.",
    settings: &[
        Setting::new(
            "members.may_use",
            &["MEMBERS_MAY_USE"],
            "",
            "What of this installation's the others may use while they have none of their own: `engines` (the keys of OpenAI \
             and Deepgram, at your cost), `google` (the client that Google knows you as). They never see these.",
            |c, v| v.choices(&LENT).map(|lent| c.members.may_use = lent),
        )
        .example("engines, google"),
        Setting::new(
            "members.max_calls",
            &["MEMBERS_MAX_CALLS"],
            "20",
            "Calls in progress in one house of theirs past which its callers hear that it is busy.",
            |c, v| v.number(1..=100_000, "a count").map(|count| c.members.max_calls = count),
        ),
    ],
}];

const LENT: [(&str, Lent); 2] = [("engines", Lent::Engines), ("google", Lent::Google)];
