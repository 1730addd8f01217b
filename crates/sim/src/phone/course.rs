//! One call from the ringing to its end: whatever the server answers is done, and it is asked again where its documents
//! say so.

use super::{
    Account, Callee, Dial, Ended, Ending, Failed, Mode, Order, Times,
    company::{About, Company},
    status::{self, Teller},
    telephone::{self, Event, Left, Party, ProtocolError},
    turn::{Turn, Went},
    verb::{Callback, DialVerb, StreamVerb, Verb},
    webhook,
};
use crate::clock;
use std::{
    time::{Duration, Instant},
    vec::IntoIter,
};

/// More documents than this one after another without a moment's rest are a loop.
const MOST_DOCUMENTS: u32 = 500;

/// Places a call and stays in it till it ends; `party` holds the telephone.
pub async fn call(
    account: impl Into<Account>,
    mut dial: Dial,
    party: &mut impl Party,
) -> Result<Ended, Failed> {
    let company = account.into().company();
    let company = &*company;
    let rang = clock::now();
    let mut ended = Ended {
        ending: Ending::Finished,
        errors: Vec::new(),
        said: Vec::new(),
        briefed: Vec::new(),
        recordings: 0,
        streamed: false,
        times: Times {
            rang,
            answered: None,
            dialled: None,
            accepted: None,
            started: None,
            first_sound: None,
            stopped: None,
        },
    };
    let mut teller = Teller::new();
    if let Some(callee) = dial.outbound.as_ref().map(|outbound| outbound.callee) {
        teller.tell(company, &dial, "initiated", Duration::ZERO).await;
        if callee != Callee::Unreachable {
            teller.tell(company, &dial, "ringing", Duration::ZERO).await;
        }
        if callee != Callee::Answers {
            teller.tell(company, &dial, "completed", Duration::ZERO).await;
            teller.end(company, &dial).await;
            ended.ending = Ending::NotTaken(callee);
            return Ok(ended);
        }
    }
    let webhook = Callback { url: dial.webhook.clone(), post: dial.post };
    let answered = webhook::ask(company, &dial, &webhook, &About::Ringing).await;
    let ending = match answered {
        Ok(answered) => {
            ended.times.answered = Some(clock::now());
            teller.tell(company, &dial, "answered", Duration::ZERO).await;
            status::tell_amd(company, &dial).await?;
            let course = Course {
                company,
                party,
                ended: &mut ended,
                here: webhook,
                verbs: answered.verbs.into_iter(),
                first: true,
                documents: 0,
                pace: None,
            };
            course.run(&mut dial).await
        }
        Err(failed) => Err(failed),
    };
    teller.tell(company, &dial, "completed", clock::now().duration_since(rang)).await;
    teller.end(company, &dial).await;
    ended.ending = ending?;
    Ok(ended)
}

struct Course<'a, P> {
    company: &'a dyn Company,
    party: &'a mut P,
    ended: &'a mut Ended,
    /// Where the document under way came from.
    here: Callback,
    verbs: IntoIter<Verb>,
    /// Nothing has been done yet: the call is not answered.
    first: bool,
    documents: u32,
    /// The next 20 ms of a call in turns.
    pace: Option<Instant>,
}

impl<P: Party> Course<'_, P> {
    async fn run(mut self, dial: &mut Dial) -> Result<Ending, Failed> {
        while let Some(verb) = self.verbs.next() {
            let first = std::mem::replace(&mut self.first, false);
            let went = match verb {
                Verb::Reject(reason) if first => return Ok(Ending::Rejected(reason)),
                // It is too late to refuse a call that was answered.
                Verb::Hangup | Verb::Reject(_) => return Ok(Ending::Finished),
                Verb::Stream(verb) => match self.stream(dial, &verb).await? {
                    Some(ending) => return Ok(ending),
                    None => continue,
                },
                Verb::Redirect { url, method } => {
                    let to = Callback { url, post: method == "POST" };
                    self.go(dial, &to, &About::Redirected).await?;
                    continue;
                }
                Verb::Dial(verb) => match self.dial(dial, verb).await? {
                    Some(ending) => return Ok(ending),
                    None => continue,
                },
                Verb::Say(text) if !self.is_of_turns() => {
                    self.party.told(Event::Said { text: &text });
                    tokio::time::sleep(speaking_time(&text)).await;
                    self.ended.said.push(text);
                    continue;
                }
                Verb::Pause(length) if !self.is_of_turns() => {
                    tokio::time::sleep(length).await;
                    continue;
                }
                Verb::Say(_) | Verb::Play(_) | Verb::Pause(_) | Verb::Record(_) | Verb::Gather(_) => {
                    self.turn(dial, verb).await?
                }
                Verb::Keys(_) => Went::On,
                Verb::Unplayed(name) => {
                    return Err(Failed {
                        code: 0,
                        what: format!("<{name}> is not played here"),
                        status: None,
                    });
                }
            };
            match went {
                Went::On => {}
                Went::Asked(verbs, here) => self.take(verbs, here)?,
                Went::HungUp => return Ok(Ending::CallerHungUp),
                Went::Ordered(order) => {
                    if let Some(ending) = self.obey(dial, order).await? {
                        return Ok(ending);
                    }
                }
            }
        }
        Ok(Ending::Finished)
    }

    /// Whether this call is carried in turns, so that the caller holds the telephone between streams, too.
    fn is_of_turns(&self) -> bool {
        let listens = |verb: &Verb| matches!(verb, Verb::Record(_) | Verb::Gather(_) | Verb::Play(_));
        self.pace.is_some() || self.verbs.as_slice().iter().any(listens)
    }

    async fn turn(&mut self, dial: &mut Dial, verb: Verb) -> Result<Went, Failed> {
        let mut turn = Turn::new(self.company, dial, self.party, self.ended, self.here.clone(), self.pace);
        let went = turn.play(verb).await;
        self.pace = Some(turn.present());
        went
    }

    async fn go(&mut self, dial: &Dial, to: &Callback, about: &About<'_>) -> Result<(), Failed> {
        let to = Callback { url: webhook::absolute(&self.here.url, &to.url), post: to.post };
        let asked = webhook::ask(self.company, dial, &to, about).await?;
        self.take(asked.verbs, to)
    }

    fn take(&mut self, verbs: Vec<Verb>, here: Callback) -> Result<(), Failed> {
        self.documents += 1;
        if self.documents > MOST_DOCUMENTS {
            let what = "the documents lead in circles".to_owned();
            return Err(Failed { code: self.company.codes().document, what, status: None });
        }
        (self.verbs, self.here) = (verbs.into_iter(), here);
        Ok(())
    }

    async fn obey(&mut self, dial: &Dial, order: Order) -> Result<Option<Ending>, Failed> {
        match order {
            Order::Complete => return Ok(Some(Ending::Completed)),
            Order::Redirect(document) => {
                let verbs = webhook::read(self.company, &document)?;
                self.take(verbs, self.here.clone())?;
            }
            Order::Fetch(to) => self.go(dial, &to, &About::Redirected).await?,
        }
        Ok(None)
    }

    async fn stream(&mut self, dial: &mut Dial, verb: &StreamVerb) -> Result<Option<Ending>, Failed> {
        self.ended.times.dialled = Some(clock::now());
        let opened = match dial.mode {
            Mode::Stream => telephone::open(self.company, dial, &verb.url).await,
            Mode::Turns => Err(Failed {
                code: self.company.codes().upgrade,
                what: "this number carries no streams".into(),
                status: None,
            }),
        };
        let socket = match opened {
            Ok(socket) => socket,
            Err(failed) => {
                self.streamed(dial, verb, "stream-error", &failed.what).await;
                let Failed { code, what, .. } = &failed;
                self.ended.errors.push(ProtocolError { code: *code, what: what.clone() });
                return match &verb.action {
                    Some(action) => self.after(dial, action).await.map(|()| None),
                    None if self.verbs.len() > 0 => Ok(None),
                    None => Err(failed),
                };
            }
        };
        self.ended.times.accepted = Some(clock::now());
        self.streamed(dial, verb, "stream-started", "").await;
        let mut alone = None;
        if verb.abandoned && self.verbs.len() == 0 {
            // Nothing is left to do, and nothing keeps the call alive: it ends under the stream.
            let (end, orders) = tokio::sync::mpsc::channel(1);
            end.try_send(Order::Complete).expect("there is room for one");
            alone = dial.orders.replace(orders);
        }
        let left = telephone::connect(self.company, dial, socket, verb, self.party, self.ended).await;
        if alone.is_some() {
            dial.orders = alone;
        }
        self.streamed(dial, verb, "stream-stopped", "").await;
        self.pace = self.pace.map(|_| clock::now());
        match left? {
            Left::ServerClosed | Left::Broke => {
                if let Some(action) = &verb.action {
                    self.after(dial, action).await?;
                }
                Ok(None)
            }
            Left::CallerHungUp => Ok(Some(Ending::CallerHungUp)),
            Left::Ordered(order) => self.obey(dial, order).await,
        }
    }

    /// Whoever took the call hears what this address answers; it is another leg of the call that asks for it.
    async fn brief(&mut self, dial: &mut Dial, briefing: &Callback) -> Result<(), Failed> {
        let call = dial.sids.call.clone();
        let other = if dial.sids.call.pop() == Some('0') { '1' } else { '0' };
        dial.sids.call.push(other);
        let to = Callback { url: webhook::absolute(&self.here.url, &briefing.url), post: briefing.post };
        let asked = webhook::ask(self.company, dial, &to, &About::Redirected).await;
        dial.sids.call = call;
        for verb in asked?.verbs {
            match verb {
                Verb::Say(text) => self.ended.briefed.push(text),
                Verb::Play(_) | Verb::Pause(_) => {}
                other => {
                    let what = format!("{other:?} is nothing to be heard by whoever takes a call");
                    return Err(Failed { code: self.company.codes().document, what, status: None });
                }
            }
        }
        Ok(())
    }

    async fn after(&mut self, dial: &Dial, action: &str) -> Result<(), Failed> {
        self.go(dial, &Callback { url: action.to_owned(), post: true }, &About::Redirected).await
    }

    async fn streamed(&self, dial: &Dial, verb: &StreamVerb, event: &str, error: &str) {
        if let Some(to) = &verb.status_callback {
            // A company does not care what a server makes of it.
            let about = About::Streamed { event, name: &verb.name, error };
            let _ = webhook::tell(self.company, dial, to, &about).await;
        }
    }

    async fn dial(&mut self, dial: &mut Dial, verb: DialVerb) -> Result<Option<Ending>, Failed> {
        if let (Some(briefing), Callee::Answers) = (&verb.briefing, dial.callee) {
            self.brief(dial, briefing).await?;
        }
        let ending = (dial.callee == Callee::Answers).then_some(Ending::Transferred(verb.whom));
        let about = About::Dialled { status: dial.callee.status() };
        match (&verb.action, &ending) {
            // The caller and whom they were connected to have hung up: nothing of the answer can be done.
            (Some(action), Some(_)) => webhook::tell(self.company, dial, action, &about).await?,
            (Some(action), None) => self.go(dial, &action.clone(), &about).await?,
            (None, _) => {}
        }
        Ok(ending)
    }
}

/// Fourteen characters a second, as a voice reads.
pub(super) fn speaking_time(text: &str) -> Duration {
    Duration::from_millis(text.chars().count() as u64 * 1000 / 14)
}
