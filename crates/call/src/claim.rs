//! What the assistant claims to have done, and whether a tool has done it.
//!
//! A claim counts once the caller has heard it, and is held against the effects of this call's answers: "booked" needs
//! an appointment that was booked and stands, "moved" one that was moved, and so on. What cannot be told for certain
//! is no finding.

mod english;
mod german;
mod romance;
mod said;
mod times;
pub(crate) mod words;

use crate::{Agreed, Answer, Cut, Effect, ItemId};
use said::{About, Claim, Kind};
use std::collections::VecDeque;
use times::Start;

/// What an assistant can claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Booked,
    Moved,
    Cancelled,
    Sent,
    /// Nothing was changed: it was read from a calendar.
    Listed,
}

/// A claim that the caller heard and that is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub item: ItemId,
    pub deed: Deed,
    /// The words up to the claim's end.
    pub said: String,
    /// What was done, where the claim is wrong only about the time.
    pub agreed: Option<Agreed>,
    /// Whether the correction covers it: neither did the assistant take it back, nor was it told too often.
    pub corrected: bool,
}

/// What was claimed in one item and is not decided.
#[derive(Debug)]
struct Pending {
    item: ItemId,
    text: String,
    claims: Vec<Claim>,
    /// A later item took it back.
    taken_back: bool,
}

/// The claims of one call.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// What became of each appointment in this call, oldest first.
    appointments: Vec<Fate>,
    sent: bool,
    /// Something was done elsewhere, which may be what is claimed.
    elsewhere: bool,
    message_taken: bool,
    looked_up: LookedUp,
    pending: VecDeque<Pending>,
    /// How far the caller got into items that were cut.
    cuts: VecDeque<Cut>,
    /// How much of the text of items has been decided about, in bytes.
    decided: VecDeque<(ItemId, usize)>,
    corrections: u32,
}

/// What is known of appointments that were there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum LookedUp {
    #[default]
    Nothing,
    /// A tool spoke of an appointment.
    Mentioned,
    /// The caller's appointments were read, so what is said of them may have been so before.
    Listed,
}

#[derive(Debug)]
struct Fate {
    deed: Deed,
    agreed: Agreed,
}

/// An assistant that does not mend its ways is not told more often than this in a call.
const CORRECTIONS: u32 = 2;
/// More items than wait, were cut or come again at any time.
const ITEMS: usize = 64;
/// Of the words of a claim, so many bytes are kept.
const QUOTED: usize = 200;

impl Claims {
    /// Learns what a tool has done.
    pub(crate) fn answered(&mut self, name: &str, answer: &Answer) {
        self.looked_up = match name {
            "list_appointments" if answer.ok => LookedUp::Listed,
            // From here on "you are booked" would be news.
            "create_calendar_event" if !answer.ok => LookedUp::Mentioned,
            _ if answer.say.contains("appointment") => self.looked_up.max(LookedUp::Mentioned),
            _ => self.looked_up,
        };
        self.message_taken |= name == "take_message" && answer.ok;
        let (deed, agreed) = match &answer.effect {
            Effect::None => return,
            Effect::Sent(_) => {
                self.sent = true;
                return;
            }
            Effect::Changed(_) => {
                self.elsewhere = true;
                return;
            }
            Effect::Booked(agreed) => (Deed::Booked, agreed.clone()),
            Effect::Moved(agreed) => (Deed::Moved, agreed.clone()),
            Effect::Cancelled(agreed) => (Deed::Cancelled, agreed.clone()),
        };
        self.appointments.push(Fate { deed, agreed });
    }

    /// Learns what the assistant says in an item. A longer text of the same item replaces an earlier one.
    pub(crate) fn said(&mut self, item: ItemId, text: &str) {
        let text = text.get(..self.heard_of(item, text)).unwrap_or_default();
        let decided =
            self.decided.iter().find(|(decided, _)| *decided == item).map_or(0, |(_, bytes)| *bytes);
        if text.len() <= decided {
            return;
        }
        if self.pending.iter().any(|pending| pending.item == item && pending.text == text) {
            return;
        }
        self.pending.retain(|pending| pending.item != item);
        if said::denies(text) {
            self.pending
                .iter_mut()
                .filter(|pending| pending.item < item)
                .for_each(|pending| pending.taken_back = true);
        }
        let mut claims = said::claims(text);
        claims.retain(|claim| {
            let unsaid = text.get(claim.end..).is_some_and(said::denies) && claim.kind == Kind::State;
            claim.end > decided && !unsaid && !self.is_borne_out(claim)
        });
        if claims.is_empty() {
            return self.decide(item, text.len());
        }
        keep(&mut self.pending, Pending { item, text: text.to_owned(), claims, taken_back: false });
    }

    /// The caller spoke over an item: what they did not hear was not claimed.
    pub(crate) fn cut(&mut self, cut: Cut) {
        self.cuts.retain(|known| known.item != cut.item);
        keep(&mut self.cuts, cut);
        let Some(at) = self.pending.iter().position(|pending| pending.item == cut.item) else { return };
        let heard = self.heard_of(cut.item, &self.pending[at].text);
        let pending = &mut self.pending[at];
        pending.claims.retain(|claim| claim.end <= heard);
        if pending.claims.is_empty() {
            self.pending.remove(at);
        }
    }

    /// Whether something is yet to be decided.
    pub(crate) fn is_any_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Decides about all that was claimed; it has been heard, and no tool under way can bear it out any more. With what
    /// the engine is to be told, if anything and if it can be told.
    pub(crate) fn decide_all(&mut self, can_be_told: bool) -> (Vec<Finding>, Option<String>) {
        let mut findings = Vec::<Finding>::new();
        let mut words = Vec::<String>::new();
        let may_tell = can_be_told && self.corrections < CORRECTIONS;
        while let Some(Pending { item, text, claims, taken_back }) = self.pending.pop_front() {
            for claim in claims {
                let known = |finding: &Finding| finding.item == item && finding.deed == claim.deed;
                if self.is_borne_out(&claim) || findings.iter().any(known) {
                    continue;
                }
                let agreed = self.standing(claim.deed).last().map(|fate| fate.agreed.clone());
                let corrected = may_tell && !taken_back && claim.deed != Deed::Listed;
                let correction = truth(claim.deed, agreed.as_ref());
                if corrected && !words.contains(&correction) {
                    words.push(correction);
                }
                let said = until(&text, claim.end);
                findings.push(Finding { item, deed: claim.deed, said, agreed, corrected });
            }
            self.decide(item, text.len());
        }
        self.corrections += u32::from(!words.is_empty());
        let correction = (!words.is_empty()).then(|| correction(&words.join(" ")));
        (findings, correction)
    }

    fn decide(&mut self, item: ItemId, bytes: usize) {
        self.decided.retain(|(decided, _)| *decided != item);
        keep(&mut self.decided, (item, bytes));
    }

    /// Whether a claim is so, or cannot be told not to be.
    fn is_borne_out(&self, claim: &Claim) -> bool {
        match claim.deed {
            _ if self.elsewhere => true,
            Deed::Listed => self.looked_up > LookedUp::Nothing || !self.appointments.is_empty(),
            Deed::Sent => {
                self.sent
                    || claim.about == About::Message && self.message_taken
                    || claim.about == About::Confirmation && !self.appointments.is_empty()
            }
            Deed::Booked if self.looked_up == LookedUp::Listed && claim.kind == Kind::State => true,
            deed @ (Deed::Booked | Deed::Moved | Deed::Cancelled) => {
                let fits = |fate: &Fate| {
                    Start::read(&fate.agreed.starts).is_none_or(|start| !claim.named.contradicts(start))
                };
                self.standing(deed).any(fits)
            }
        }
    }

    /// What bears out that such a thing was done, and was not undone.
    fn standing(&self, deed: Deed) -> impl Iterator<Item = &Fate> {
        let last = |fate: &&Fate| {
            let later = self.appointments.iter().rev().find(|other| other.agreed.id == fate.agreed.id);
            later.is_some_and(|later| std::ptr::eq(later, *fate))
        };
        // Cancelled and booked anew is moved, too.
        let cancelled = self.appointments.iter().any(|fate| fate.deed == Deed::Cancelled);
        self.appointments.iter().filter(last).filter(move |fate| match deed {
            Deed::Booked => matches!(fate.deed, Deed::Booked | Deed::Moved),
            Deed::Moved => fate.deed == Deed::Moved || cancelled && fate.deed == Deed::Booked,
            Deed::Cancelled => fate.deed == Deed::Cancelled,
            Deed::Sent | Deed::Listed => false,
        })
    }

    /// How many bytes of a text the caller is sure to have heard.
    fn heard_of(&self, item: ItemId, text: &str) -> usize {
        self.cuts.iter().find(|cut| cut.item == item).map_or(text.len(), |cut| cut.heard_of(text))
    }
}

/// Adds one, and lets go of the oldest where there are too many.
fn keep<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() == ITEMS {
        kept.pop_front();
    }
    kept.push_back(one);
}

/// What is so, in words for the caller.
fn truth(deed: Deed, agreed: Option<&Agreed>) -> String {
    let start = agreed.and_then(|agreed| Start::read(&agreed.starts));
    match (deed, start) {
        (Deed::Booked | Deed::Moved, Some(start)) => format!("The appointment is on {}.", start.spoken()),
        (Deed::Cancelled, Some(start)) => {
            format!("What was called off is the appointment on {}.", start.spoken())
        }
        (Deed::Booked, None) => "Nothing has been booked yet.".into(),
        (Deed::Moved, None) => "Your appointment has not been moved yet.".into(),
        (Deed::Cancelled, None) => "Your appointment has not been cancelled yet.".into(),
        (Deed::Sent | Deed::Listed, _) => "No message has been sent yet.".into(),
    }
}

/// What the engine is told. One without a mind of its own says what follows "Tell the caller:".
fn correction(words: &str) -> String {
    format!(
        "You have just told the caller something that the tools of this call do not bear out. Correct yourself now, in \
         one short sentence, in the language of this conversation, without using a tool. Tell the caller: I am sorry, I \
         misspoke. {words}"
    )
}

/// The last of the words up to here.
fn until(text: &str, end: usize) -> String {
    let text = text.get(..end).unwrap_or(text);
    let from = text.char_indices().rev().map(|(at, _)| at).take_while(|at| text.len() - at <= QUOTED).last();
    text[from.unwrap_or_default()..].trim().to_owned()
}
