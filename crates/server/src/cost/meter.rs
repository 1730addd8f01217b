//! How long the sessions of a call have lasted, and what that has cost.

use super::Micros;
use crate::config::EngineKind;
use std::time::{Duration, Instant};

/// A session with an engine that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub engine: EngineKind,
    /// When it was dialled. That begins it.
    pub dialled: Instant,
}

/// The sessions that may be open at a time: with whoever answers, and the one that is to follow it.
pub type Sessions = [Option<Session>; 2];

/// The sessions that are open, how far they are paid for, and what the time of all that ever were has cost.
#[derive(Debug, Default)]
pub struct SessionMeter {
    open: [Option<Metered>; 2],
    /// In millionths; parts of one are kept.
    cost: f64,
}

#[derive(Clone, Copy, Debug)]
struct Metered {
    session: Session,
    /// What the service has counted itself, and when it said so.
    reported: Option<(Duration, Instant)>,
    /// What is in the cost.
    paid: Duration,
}

impl SessionMeter {
    /// Whether these are open, and no others.
    pub fn has(&self, open: Sessions) -> bool {
        self.open.map(|metered| metered.map(|metered| metered.session)) == open
    }

    /// These are open from now on, and no others. What the others have cost is to be read before.
    pub fn follow(&mut self, open: Sessions) {
        let known = std::mem::take(&mut self.open);
        let of = |session: Session| {
            let mut known = known.iter().flatten();
            known.find(|metered| metered.session == session).copied().unwrap_or(Metered {
                session,
                reported: None,
                paid: Duration::ZERO,
            })
        };
        self.open = open.map(|session| session.map(of));
    }

    /// The service says that the session with whoever answers has lasted so much longer than it said before. That replaces what
    /// the clock says.
    pub fn report(&mut self, more: Duration, now: Instant) {
        if let [Some(metered), _] = &mut self.open {
            let before = metered.reported.map_or(Duration::ZERO, |(counted, _)| counted);
            metered.reported = Some((before.saturating_add(more), now));
        }
    }

    /// What their time has cost until now, in all, where a second with an engine costs so many millionths. It never shrinks:
    /// where a service has counted less than the clock, it stands until that is made up for.
    pub fn read(&mut self, now: Instant, second: impl Fn(EngineKind) -> f64) -> Micros {
        for metered in self.open.iter_mut().flatten() {
            let more = metered.lasted(now).saturating_sub(metered.paid);
            metered.paid += more;
            self.cost += second(metered.session.engine) * more.as_secs_f64();
        }
        self.cost.round() as Micros
    }

    /// What a second of all that are open costs.
    pub fn pace(&self, second: impl Fn(EngineKind) -> f64) -> f64 {
        self.open.iter().flatten().map(|metered| second(metered.session.engine)).sum()
    }
}

impl Metered {
    fn lasted(&self, now: Instant) -> Duration {
        let (counted, since) = self.reported.unwrap_or((Duration::ZERO, self.session.dialled));
        counted.saturating_add(now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    /// Every second costs a millionth.
    fn second(_: EngineKind) -> f64 {
        1.0
    }

    fn session(dialled: Instant) -> Session {
        Session { engine: EngineKind::OpenAiLive, dialled }
    }

    #[test]
    fn a_session_costs_every_second_since_it_was_dialled_and_none_ahead() {
        let (mut meter, dialled) = (SessionMeter::default(), crate::clock::now());
        // The stream opened four seconds later.
        meter.follow([Some(session(dialled)), None]);
        assert_eq!(meter.read(dialled + secs(4), second), 4);
        assert_eq!(meter.read(dialled + secs(16), second), 16);
        meter.follow([None, None]);
        assert_eq!(meter.read(dialled + secs(60), second), 16, "it is over");
    }

    #[test]
    fn parts_of_a_millionth_are_not_rounded_up_one_by_one() {
        let (mut meter, dialled) = (SessionMeter::default(), crate::clock::now());
        meter.follow([Some(session(dialled)), None]);
        let costs: Vec<_> = (1..=40).map(|n| meter.read(dialled + secs(n), |_| 0.1)).collect();
        assert_eq!((costs[3], costs[5], costs[39]), (0, 1, 4));
    }

    #[test]
    fn a_session_that_is_dialled_to_follow_costs_as_well_and_is_one_with_what_it_becomes() {
        let (mut meter, began) = (SessionMeter::default(), crate::clock::now());
        let (old, new) = (session(began), session(began + secs(50)));
        meter.follow([Some(old), None]);
        assert_eq!(meter.read(began + secs(55), second), 55);
        meter.follow([Some(old), Some(new)]);
        assert_eq!(meter.pace(second).round() as Micros, 2);
        assert_eq!(meter.read(began + secs(60), second), 60 + 10);
        meter.follow([Some(new), None]);
        assert_eq!(meter.read(began + secs(70), second), 60 + 20);
    }

    #[test]
    fn what_the_service_counts_is_believed_and_the_clock_goes_on_from_there() {
        let (mut meter, dialled) = (SessionMeter::default(), crate::clock::now());
        meter.follow([Some(session(dialled)), None]);
        assert_eq!(meter.read(dialled + secs(15), second), 15);
        // It counts from when it began, two seconds after it was dialled.
        meter.report(secs(15), dialled + secs(17));
        assert_eq!(meter.read(dialled + secs(17), second), 15);
        meter.report(secs(15), dialled + secs(32));
        assert_eq!(meter.read(dialled + secs(40), second), 38);
        // More than the clock says.
        meter.report(secs(100), dialled + secs(41));
        assert_eq!(meter.read(dialled + secs(42), second), 131);
    }

    #[test]
    fn nothing_is_given_back_where_the_service_counts_less_than_the_clock() {
        let (mut meter, dialled) = (SessionMeter::default(), crate::clock::now());
        meter.follow([Some(session(dialled)), None]);
        assert_eq!(meter.read(dialled + secs(15), second), 15);
        meter.report(secs(10), dialled + secs(16));
        assert_eq!(meter.read(dialled + secs(20), second), 15);
        assert_eq!(meter.read(dialled + secs(30), second), 24, "and it is made up for");
    }
}
