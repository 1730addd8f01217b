//! Going on where somebody else was: what the caller wants is read from what they have said before.

use super::{Desk, Question, heard::Heard};
use jiff::Zoned;

/// Tools that only look something up, which the desk does again by itself.
const LOOKS: [&str; 3] = ["check_calendar_availability", "find_free_slots", "list_appointments"];

impl Desk {
    /// Learns what was said before, as if it had been said here, but says and does nothing.
    pub(super) fn catch_up(&mut self, so_far: &[String]) {
        let now = self.setup.now.clone();
        for words in so_far {
            let heard = Heard::read(&words.to_lowercase(), &now, &self.setup.hours);
            self.understand(&now, &heard, 1.0, false);
            self.outputs.clear();
            self.waiting = None;
            if self.task.is_none() {
                self.question = Question::Open { more: false };
            }
        }
        (self.misses, self.misses_altogether, self.tools_used) = (0, 0, 0);
        (self.left, self.unheard, self.news) = (false, false, None);
        (self.leaving, self.held) = (false, false);
        self.reply.clear();
    }

    /// The first prompt to a desk that takes over: goes on, or tells first what came of a tool.
    pub(super) fn take_over(&mut self, now: &Zoned, instruction: &str) {
        let looked = LOOKS.iter().any(|tool| instruction.contains(&format!("The tool {tool},")));
        match instruction.split_once("Tell the caller:") {
            Some((_, news)) if !looked => self.finish(news.trim()),
            Some(_) | None if self.task.is_some() => self.advance(now),
            Some(_) | None => self.ask(Question::Open { more: false }, "How can I help you?"),
        }
    }
}
