//! What the caller's words mean as an answer to what the desk asked about an appointment.

use super::{Act, Change, Desk, Heard, Kind, Known, Question, Task, Which, chosen, phrase, shift::moved_by};
use jiff::Zoned;
use when::{Clock, Day, Said, Unclear};

/// What the caller says about it.
impl Desk {
    /// More about the appointment at hand.
    pub(super) fn add(&mut self, now: &Zoned, heard: &Heard) {
        let which = self.which_is_asked();
        let Some(task) = &mut self.task else { return };
        let said = in_that_week(task.wish.day.as_ref(), heard, now);
        task.hear_kind(heard);
        match task.kind {
            Kind::Book => task.wish = std::mem::take(&mut task.wish).then(&said),
            Kind::Cancel => task.mean(&said),
            Kind::Move => match heard.before_and_after() {
                (from, to) if !to.is_empty() => {
                    task.mean(&from);
                    task.wish = std::mem::take(&mut task.wish).then(&to);
                }
                (from, _) if which == Which::Old => task.mean(&from),
                _ => task.wish = std::mem::take(&mut task.wish).then(&said),
            },
        }
        if heard.same_time
            && let Some(old) = &task.old
        {
            task.wish.clock = Some(Clock::Times(vec![old.at.time()]));
        }
        if heard.any && task.kind != Kind::Cancel && (task.kind == Kind::Book || task.old.is_some()) {
            let wish = task.wish.clone();
            return self.ask_free(now, &wish);
        }
        self.advance(now);
    }

    pub(super) fn begin_move(&mut self, now: &Zoned, heard: &Heard) {
        let mut task = Task::new(Kind::Move);
        let (from, to) = heard.before_and_after();
        task.old_said = from;
        task.hear_kind(heard);
        task.wish = to;
        self.task = Some(task);
        self.advance(now);
    }

    /// Another time for what has just been booked or moved.
    pub(super) fn move_latest(&mut self, now: &Zoned, heard: &Heard) {
        let mut task = Task::new(Kind::Move);
        task.hear_kind(heard);
        task.old.clone_from(&self.latest);
        task.wish = match heard.before_and_after() {
            (from, to) if to.is_empty() => from,
            (_, to) => to,
        };
        self.task = Some(task);
        self.advance(now);
    }

    pub(super) fn begin_cancel(&mut self, now: &Zoned, heard: &Heard) {
        let mut task = Task::new(Kind::Cancel);
        task.old_said = heard.said();
        task.hear_kind(heard);
        self.task = Some(task);
        self.advance(now);
    }

    /// What is free? Where a day and a time are named, the question is about that time.
    pub(super) fn begin_free(&mut self, now: &Zoned, heard: &Heard) {
        let said = heard.said();
        let task = self.task.get_or_insert_with(|| Task::new(Kind::Book));
        if task.kind == Kind::Cancel || (task.kind == Kind::Move && task.old.is_none()) {
            *task = Task::new(Kind::Book);
        }
        task.hear_kind(heard);
        // Only what the question says counts, not the time that was tried before.
        task.wish = Said { clock: None, exact: None, ..std::mem::take(&mut task.wish) }.then(&said);
        let wish = task.wish.clone();
        if self.needs_what() {
            return self.ask_what(heard.kinds.len() > 1);
        }
        match wish.resolve(now, Some(&self.hours())) {
            Ok(_) | Err(Unclear::Closed(_) | Unclear::Impossible(_) | Unclear::Skipped(_)) => {
                self.advance(now);
            }
            Err(Unclear::NoDay | Unclear::NoTime | Unclear::Either(..)) => self.ask_free(now, &wish),
        }
    }

    /// Yes, no, or something else, after the read-back.
    pub(super) fn confirmed(
        &mut self,
        now: &Zoned,
        heard: &Heard,
        at: Option<&Zoned>,
        unheard: bool,
    ) -> bool {
        if self.is_about_another(heard) {
            return self.take_back(now, Change::Old);
        }
        let hours = self.hours();
        let Some(task) = &mut self.task else { return false };
        task.unwritten |= heard.unwritten;
        let said = heard.said();
        let same = match (task.kind, at) {
            (Kind::Book | Kind::Move, Some(at)) => {
                let wish = match task.kind {
                    Kind::Move => heard.before_and_after().1,
                    Kind::Book | Kind::Cancel => said.clone(),
                };
                let wish = if wish.is_empty() { &said } else { &wish };
                let so_far = Said {
                    day: Some(Day::Dates(vec![at.date()])),
                    clock: Some(Clock::Times(vec![at.time()])),
                    ..Said::default()
                };
                names(wish, at) || so_far.then(wish).resolve(now, Some(&hours)).is_ok_and(|m| m.at == *at)
            }
            _ => task.old.as_ref().is_some_and(|old| names(&said, &old.at)),
        };
        let agrees_with_kind = match heard.act {
            None => true,
            Some(Act::Book) => task.kind == Kind::Book,
            Some(Act::Move) => {
                task.kind == Kind::Move || !said.is_empty() || (heard.shift.is_some() && heard.about_it)
            }
            Some(Act::Cancel) => task.kind == Kind::Cancel,
            Some(_) => false,
        };
        if !agrees_with_kind {
            return false;
        }
        if let (Some(by), Some(at), true) = (heard.shift, at, task.kind != Kind::Cancel && said.is_empty()) {
            task.wish = moved_by(at, by).unwrap_or_default();
            self.advance(now);
            return true;
        }
        let other_kind = heard.kinds.iter().any(|kind| task.what.as_ref() != Some(kind));
        if (!said.is_empty() && !same) || other_kind {
            if task.kind == Kind::Cancel {
                task.old = None;
                task.old_said = Said::default();
            }
            self.add(now, heard);
            return true;
        }
        // "Not Tuesday", "not at ten".
        let ruled_out = Some(&heard.ruled_out).filter(|_| said.is_empty() && task.kind != Kind::Cancel);
        match ruled_out.map(|out| (&out.day, &out.clock)) {
            Some((Some(_), None)) => return self.take_back(now, Change::Day),
            Some((None, Some(_))) => return self.take_back(now, Change::Time),
            _ => {}
        }
        match heard.yes {
            Some(true) if heard.change.is_some() && said.is_empty() => false,
            Some(true) if unheard => {
                let text = format!("Just to be sure. {}", self.read_back(at, now));
                self.say(&text);
                true
            }
            Some(true) => {
                self.carry_out(at);
                true
            }
            Some(false) if task.kind == Kind::Cancel => {
                self.finish("All right, your appointment stays as it is.");
                true
            }
            // "Ten, not eleven", to ten.
            Some(false) if !heard.ruled_out.is_empty() && !said.is_empty() => {
                self.doubt(now);
                true
            }
            Some(false) if heard.declines && said.is_empty() => {
                self.let_go();
                true
            }
            Some(false) if heard.hedged && said.is_empty() => false,
            Some(false) => {
                if let Some(change) = heard.change {
                    self.take_back(now, change)
                } else {
                    let what = self.what_to_change();
                    self.ask(Question::Change, &format!("All right. {what}"));
                    true
                }
            }
            None => match heard.change {
                Some(change) => self.take_back(now, change),
                None if heard.unwritten => {
                    let text = format!("All right, nothing in writing. {}", self.read_back(at, now));
                    self.say(&text);
                    true
                }
                None => false,
            },
        }
    }

    pub(super) fn what_to_change(&self) -> &'static str {
        match self.task.as_ref().map(|task| task.kind) {
            Some(Kind::Move) => "What should I change: the day, the time, or is it another appointment?",
            Some(Kind::Book | Kind::Cancel) | None => "What should I change, the day or the time?",
        }
    }

    pub(super) fn changed(&mut self, now: &Zoned, heard: &Heard) -> bool {
        if self.is_about_another(heard) {
            return self.take_back(now, Change::Old);
        }
        if !heard.said().is_empty() || heard.act.is_some() || !heard.kinds.is_empty() {
            return false;
        }
        match (heard.change, heard.yes) {
            (Some(change), _) => self.take_back(now, change),
            (None, Some(false)) => {
                self.let_go();
                true
            }
            (None, _) if heard.any => {
                self.add(now, heard);
                true
            }
            (None, _) => false,
        }
    }

    fn is_about_another(&self, heard: &Heard) -> bool {
        let moves = self.task.as_ref().is_some_and(|task| task.kind == Kind::Move);
        moves && heard.change == Some(Change::Old) && heard.said().is_empty()
    }

    /// Forgets the day or the time, and asks for it.
    pub(super) fn take_back(&mut self, now: &Zoned, change: Change) -> bool {
        let Some(task) = self.task.as_mut().filter(|task| task.kind != Kind::Cancel) else { return false };
        task.free = None;
        if let Some(exact) = task.wish.exact.take() {
            task.wish.day = Some(Day::Dates(vec![exact.date()]));
            task.wish.clock = Some(Clock::Times(vec![exact.time()]));
        }
        match change {
            Change::Day => {
                task.wish.day = None;
                self.ask(Question::Day(Which::New), "Which day would you like instead?");
            }
            Change::Time => {
                task.wish.clock = None;
                self.ask(Question::Time(Which::New), "What time would you like instead?");
            }
            Change::Old if task.kind == Kind::Move => {
                task.old = None;
                task.old_said = Said::default();
                self.advance(now);
            }
            Change::Both | Change::Old => {
                task.wish = Said::default();
                self.ask(Question::Day(Which::New), "Which day would you like instead?");
            }
        }
        true
    }

    /// The kind of appointment, once it was asked for.
    pub(super) fn what_it_is(&mut self, now: &Zoned, heard: &Heard) -> bool {
        let kinds = &self.setup.hours.kinds;
        let named: Vec<&when::Kind> = kinds.iter().take(MOST_KINDS).collect();
        let other = heard.text.to_lowercase().contains("something else");
        let agreed = heard.yes == Some(true) && heard.kinds.is_empty() && !other;
        let one = chosen(heard.choice, &named).map(|kind| kind.name.clone());
        let one = one.or_else(|| self.usual.clone().filter(|_| agreed));
        if let (Some(name), Some(task)) = (one, &mut self.task) {
            task.what = Some(name);
            self.advance(now);
            return true;
        }
        if heard.kinds.len() == 1 && heard.act.is_none_or(|act| act == Act::Book) {
            self.add(now, heard);
            return true;
        }
        if heard.yes == Some(false) && heard.act.is_none() && heard.said().is_empty() {
            self.finish("All right, nothing has been booked.");
            return true;
        }
        false
    }

    /// One of two readings.
    pub(super) fn either(&mut self, now: &Zoned, heard: &Heard, which: Which, choices: &[Said]) -> bool {
        if let Some(choice) = chosen(heard.choice, choices) {
            let choice = choice.clone();
            self.settle(now, which, &choice);
            return true;
        }
        let said = heard.said();
        let fitting: Vec<&Said> = choices.iter().filter(|choice| fits(&said, choice)).collect();
        if let ([only], false) = (fitting.as_slice(), said.is_empty()) {
            let merged = (*only).clone().then(&said);
            self.settle(now, which, &merged);
            return true;
        }
        if heard.yes != Some(false) || heard.act.is_some() || !said.is_empty() {
            return false;
        }
        if choices.iter().any(|choice| choice.day.is_some()) {
            self.ask(Question::Day(which), "All right, on which day?");
        } else {
            self.ask(Question::Time(which), "All right, at what time?");
        }
        true
    }

    pub(super) fn settle(&mut self, now: &Zoned, which: Which, said: &Said) {
        let Some(task) = &mut self.task else { return };
        match which {
            Which::New => task.wish = std::mem::take(&mut task.wish).then(said),
            Which::Old => task.mean(said),
        }
        self.advance(now);
    }

    /// One of the free times, or another wish.
    pub(super) fn offered(&mut self, now: &Zoned, heard: &Heard, slots: &[Zoned]) -> bool {
        let said = heard.said();
        let fitting: Vec<&Zoned> =
            slots.iter().filter(|slot| !said.is_empty() && names(&said, slot)).collect();
        let taken = chosen(heard.choice, slots)
            .or(match fitting.as_slice() {
                [one] => Some(*one),
                _ => None,
            })
            .or(slots
                .first()
                .filter(|_| heard.any || (heard.yes == Some(true) && slots.len() == 1 && said.is_empty())));
        if let Some(slot) = taken.cloned() {
            let task = self.task.get_or_insert_with(|| Task::new(Kind::Book));
            task.wish = Said {
                day: Some(Day::Dates(vec![slot.date()])),
                clock: Some(Clock::Times(vec![slot.time()])),
                ..Said::default()
            };
            task.free = Some(slot);
            self.advance(now);
            return true;
        }
        if heard.act.is_some_and(|act| act != Act::Book) {
            return false;
        }
        if !said.is_empty() || !heard.kinds.is_empty() {
            let task = self.task.get_or_insert_with(|| Task::new(Kind::Book));
            let same_day = slots.first().filter(|first| slots.iter().all(|slot| slot.date() == first.date()));
            if let (Some(slot), None, true) = (same_day, &said.day, !said.is_empty()) {
                task.wish.day = Some(Day::Dates(vec![slot.date()]));
            }
            self.add(now, heard);
            return true;
        }
        match (heard.yes, heard.change) {
            (_, Some(change)) if self.task.is_some() => self.take_back(now, change),
            (Some(true), _) => {
                self.ask(
                    Question::Offer(slots.to_vec()),
                    &format!("Which one? {}", phrase::offer(slots, now)),
                );
                true
            }
            (Some(false), _) => {
                self.offer_others(now);
                true
            }
            (None, _) => false,
        }
    }

    /// One of the caller's appointments.
    pub(super) fn among(&mut self, now: &Zoned, heard: &Heard, appointments: &[Known]) -> bool {
        let (said, _) = heard.before_and_after();
        let of_kind = |known: &Known| known.what.as_ref().is_some_and(|what| heard.kinds.contains(what));
        let fitting: Vec<&Known> = appointments
            .iter()
            .filter(|known| !(said.is_empty() && heard.kinds.is_empty()) && names(&said, &known.at))
            .filter(|known| heard.kinds.is_empty() || of_kind(known))
            .collect();
        let only = match (fitting.as_slice(), appointments) {
            ([one], _) => Some(*one),
            ([], [one]) if heard.yes == Some(true) => Some(one),
            _ => None,
        };
        if let Some(known) = chosen(heard.choice, appointments).or(only).cloned() {
            let Some(task) = &mut self.task else { return false };
            task.old = Some(known);
            if task.kind == Kind::Move {
                let (_, to) = heard.before_and_after();
                task.wish = std::mem::take(&mut task.wish).then(&to);
            }
            self.advance(now);
            return true;
        }
        if heard.yes == Some(false) && said.is_empty() && heard.act.is_none() {
            self.let_go();
            return true;
        }
        false
    }
}

impl Task {
    /// What kind of appointment the caller speaks of, and whether they want it confirmed. Two kinds at once are none.
    pub(super) fn hear_kind(&mut self, heard: &Heard) {
        self.unwritten |= heard.unwritten;
        let moves_it = heard.said().is_empty() || heard.act == Some(Act::Move);
        self.shift = heard.shift.filter(|_| moves_it && heard.before_and_after().1.is_empty());
        self.rule_out_and_in(heard);
        if let [kind] = heard.kinds.as_slice()
            && self.what.as_ref() != Some(kind)
        {
            self.what = Some(kind.clone());
            self.free = None;
            self.offered.clear();
            if self.kind != Kind::Book {
                self.old = None;
            }
        }
    }

    /// The caller speaks of the appointment they have.
    pub(super) fn mean(&mut self, said: &Said) {
        if !said.is_empty() {
            self.old_said = std::mem::take(&mut self.old_said).then(said);
            self.old = None;
        }
    }
}

/// What was said, where a lone weekday after a date that is further off means the one of that week: "sorry, I meant
/// Thursday".
fn in_that_week(wished: Option<&Day>, heard: &Heard, now: &Zoned) -> Said {
    let mut said = heard.said();
    let (Some(Day::Dates(wished)), Some(Day::Dates(dates))) = (wished, &said.day) else { return said };
    let (&[wished], Some(named)) = (wished.as_slice(), dates.first()) else { return said };
    let day = jiff::Span::new().days(1);
    let far = now.date().series(day).take(8).all(|date| date < wished);
    if far && said.clock.is_none() && heard.is_lone_weekday() {
        let monday = wished.series(-day).find(|date| date.weekday() == jiff::civil::Weekday::Monday);
        let mut week = monday.unwrap_or(wished).series(day).take(7);
        said.day = week.find(|date| date.weekday() == named.weekday()).map(|date| Day::Dates(vec![date]));
    }
    said
}

/// More kinds than one can keep in mind are not all named.
pub(super) const MOST_KINDS: usize = 5;

/// Whether what was said may mean this moment.
pub(super) fn names(said: &Said, at: &Zoned) -> bool {
    if let Some(exact) = &said.exact {
        return exact == at;
    }
    let day = match &said.day {
        Some(Day::Dates(dates)) => dates.contains(&at.date()),
        Some(Day::Span(from, to)) => *from <= at.date() && at.date() <= *to,
        None => true,
    };
    day && match &said.clock {
        Some(Clock::Times(times)) => times.contains(&at.time()),
        Some(Clock::Midnight) => at.time() == jiff::civil::Time::midnight(),
        Some(Clock::Part(part)) => part.holds(at.time()),
        None => true,
    }
}

/// Whether what was said points to this one of several readings.
pub(super) fn fits(said: &Said, choice: &Said) -> bool {
    let day = match (&said.day, &choice.day) {
        (Some(Day::Dates(said)), Some(Day::Dates(choice))) => choice.iter().any(|date| said.contains(date)),
        _ => true,
    };
    day && match (&said.clock, &choice.clock) {
        (Some(Clock::Times(said)), Some(Clock::Times(choice))) => {
            choice.iter().any(|time| said.contains(time))
        }
        (Some(Clock::Part(part)), Some(Clock::Times(choice))) => choice.iter().any(|time| part.holds(*time)),
        _ => true,
    }
}
