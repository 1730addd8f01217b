//! A conversation as it grows: each thing that was said or done is one line, which later notes may change.

use crate::pages::{
    timeline::{What, timeline},
    times,
};
use askama::Template;
use std::collections::BTreeMap;
use store::NoteRow;

/// What a page shows of a call.
#[derive(Default)]
pub struct Story {
    lines: Vec<Told>,
    /// Where the line of a turn, an item or a use of a tool is.
    places: BTreeMap<String, usize>,
}

struct Told {
    notes: Vec<NoteRow>,
    /// Empty where there is nothing to tell.
    html: String,
}

#[derive(Template)]
#[template(path = "live_line.html")]
struct Line {
    key: String,
    /// It takes the place of the one that is there.
    again: bool,
    at: String,
    what: What,
}

impl Story {
    pub fn of(notes: Vec<NoteRow>) -> Self {
        let mut story = Self::default();
        let mut changed = std::collections::BTreeSet::new();
        for note in notes {
            changed.insert(story.take(note));
        }
        for place in changed {
            story.tell(place);
        }
        story
    }

    /// Takes one more note; gives back what is to be swapped into the page, if that changes it.
    pub fn hear(&mut self, note: NoteRow) -> Option<String> {
        let place = self.take(note);
        let before = std::mem::take(&mut self.lines[place].html);
        self.tell(place);
        let line = &self.lines[place];
        if line.html == before {
            return None;
        }
        if before.is_empty() {
            return Some(format!("<ol hx-swap-oob=\"beforeend:#story\">{}</ol>", line.html));
        }
        Some(self.html_of(place, true))
    }

    /// The whole of it.
    pub fn html(&self) -> String {
        self.lines.iter().map(|line| line.html.as_str()).collect()
    }

    /// Whether a page that shows this shows that.
    pub fn is_as(&self, other: &Story) -> bool {
        let told = |story: &Self| {
            let lines = story.lines.iter().filter(|line| !line.html.is_empty());
            lines.map(|line| line.html.clone()).collect::<Vec<_>>()
        };
        told(self) == told(other)
    }

    fn take(&mut self, note: NoteRow) -> usize {
        let place = match subject(&note) {
            Some(subject) => *self.places.entry(subject).or_insert(self.lines.len()),
            None => self.lines.len(),
        };
        if place == self.lines.len() {
            self.lines.push(Told { notes: Vec::new(), html: String::new() });
        }
        let line = &mut self.lines[place];
        // A later text of the same turn or item replaces the earlier one.
        line.notes.retain(|before| before.kind != note.kind);
        line.notes.push(note);
        place
    }

    fn tell(&mut self, place: usize) {
        self.lines[place].html = self.html_of(place, false);
    }

    fn html_of(&self, place: usize, again: bool) -> String {
        let entries = timeline(&self.lines[place].notes).entries.into_iter();
        let lines = entries.take(1).map(|entry| {
            let key = format!("line-{place}");
            Line { key, again, at: times::length(entry.at_ms), what: entry.what }.render()
        });
        lines.map(Result::unwrap_or_default).collect()
    }
}

/// What a note is about, where several are about the same.
fn subject(note: &NoteRow) -> Option<String> {
    let field = match note.kind.as_str() {
        "caller_spoke" | "caller_paused" | "caller_said" => "turn",
        "assistant_said" | "sounding" | "answered" | "interrupted" => "item",
        "tool_asked" | "tool_answered" => "id",
        _ => return None,
    };
    let fields: serde_json::Value = serde_json::from_str(&note.json).ok()?;
    Some(format!("{field} {}", fields[field]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes;
    use call::{Ending, ItemId, Note, TurnId};
    use std::time::Duration;

    fn row(at_ms: u64, note: &Note) -> NoteRow {
        let (kind, json) = notes::to_json(at_ms, note, notes::Numbers::default());
        NoteRow { at_ms: i64::try_from(at_ms).expect("short"), kind: kind.into(), json }
    }

    fn said(at_ms: u64, turn: u32, text: &str) -> NoteRow {
        row(at_ms, &Note::CallerSaid(TurnId(turn), text.into()))
    }

    #[test]
    fn what_is_said_appears_once_and_changes_where_it_stands() {
        let mut story = Story::default();
        assert_eq!(story.hear(row(900, &Note::CallerSpoke(TurnId(1)))), None, "nothing to read yet");
        let first = story.hear(said(1_500, 1, "Tomorrow")).expect("it appears");
        assert!(first.starts_with("<ol hx-swap-oob=\"beforeend:#story\"><li id=\"line-0\""), "{first}");
        assert!(first.contains("0:00") && first.contains("Tomorrow"), "{first}");
        let more = story.hear(said(1_700, 1, "Tomorrow, please")).expect("it changes");
        assert!(more.starts_with("<li id=\"line-0\" hx-swap-oob=\"true\""), "{more}");
        assert!(more.contains("Tomorrow, please"), "{more}");
        assert_eq!(story.hear(said(1_700, 1, "Tomorrow, please")), None, "that is known");
        assert_eq!(story.html().matches("<li").count(), 1);
    }

    #[test]
    fn what_was_not_heard_is_struck_through_while_the_call_goes_on() {
        let mut story = Story::default();
        story.hear(row(0, &Note::AssistantSaid(ItemId(1), "We are open from nine to five".into())));
        let cut = Note::Interrupted {
            item: ItemId(1),
            heard: Duration::from_millis(1_000),
            sent: Duration::from_millis(2_000),
        };
        let change = story.hear(row(1_200, &cut)).expect("it changes");
        assert!(change.contains("hx-swap-oob=\"true\"") && change.contains("<del>"), "{change}");
    }

    #[test]
    fn what_is_told_bit_by_bit_and_all_at_once_is_the_same() {
        let notes = vec![
            row(0, &Note::AssistantSaid(ItemId(1), "Hello <b>".into())),
            row(900, &Note::CallerSpoke(TurnId(1))),
            said(1_500, 1, "<script>"),
            row(1_600, &Note::AskedIfThere),
            row(1_700, &Note::Trouble("it's \"bad\"".into())),
            said(1_800, 1, "Tomorrow"),
            row(2_000, &Note::Ended(Ending::CallerHungUp)),
        ];
        let mut bit_by_bit = Story::default();
        for note in &notes {
            bit_by_bit.hear(note.clone());
        }
        let at_once = Story::of(notes);
        assert!(bit_by_bit.is_as(&at_once));
        assert!(!at_once.html().contains("<b>Hello") && at_once.html().contains("&#60;b&#62;"));
        assert!(!at_once.is_as(&Story::default()));
    }

    #[test]
    fn notes_that_cannot_be_read_are_passed_over() {
        let odd = NoteRow { at_ms: 1, kind: "caller_said".into(), json: "no".into() };
        let mut story = Story::default();
        story.hear(odd);
        let unknown = NoteRow { at_ms: 1, kind: "from_the_future".into(), json: "{}".into() };
        assert_eq!(story.hear(unknown), None);
    }
}
