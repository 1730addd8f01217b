//! What callers are told in writing: durable jobs over a real mail server's and Twilio's side of the wire, and texts that
//! come back.

mod house;

use house::{
    AUTH_TOKEN, House,
    waiting::{PATIENCE, until},
};
use jiff::{Timestamp, ToSpan};
use sim::{
    smtp::{self, Smtp},
    twilio::{
        Account,
        messages::{Inbound, Mood, deliver},
        rest::Rest,
    },
};
use std::time::Duration;
use store::{Direction, JobRow, JobState, NewJob, Store};
use tempfile::TempDir;
use tool::{
    Errand, Trust,
    calendar::{Booking, Books, Contact, Moving, Slot, Wish},
    message::{self, job},
};
use when::Span;

const OURS: &str = "+14155550100";
const ANNA: &str = "+14155550199";

/// The other side of the wire, and a data folder that a server will be opened in.
struct World {
    smtp: Smtp,
    rest: Rest,
    account: Account,
    folder: TempDir,
    store: Store,
    books: Books,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        let path = folder.path().join("data/earpiece.db");
        let store = Store::open(&format!("sqlite:{}", path.display())).await.expect("a database");
        let account = Account::new(AUTH_TOKEN);
        Self {
            smtp: Smtp::listen(smtp::House::default()).await.expect("loopback"),
            rest: Rest::listen(&account).await.expect("loopback"),
            account,
            folder,
            books: Books::new(store.clone()).with_announce(Box::new(message::announce)),
            store,
        }
    }

    /// Opens the server in the folder, with mail and texts set up; no assistant answers those.
    async fn open(self) -> (House, Rest, Smtp, Account) {
        self.open_with("0").await
    }

    /// The same where the assistant answers so many texts.
    async fn open_with(self, answers: &str) -> (House, Rest, Smtp, Account) {
        let Self { smtp, rest, account, folder, store, books } = self;
        drop(books);
        store.close().await;
        let house = answering(folder, &rest, &smtp, &account, answers).await;
        (house, rest, smtp, account)
    }

    async fn booked(&self, days: i64, contact: Option<Contact>) -> String {
        self.booked_for(days, contact, ANNA).await
    }

    async fn booked_for(&self, days: i64, contact: Option<Contact>, caller: &str) -> String {
        let wish = Wish {
            slot: slot(days, 10),
            zone: "Europe/Berlin".into(),
            kind: String::new(),
            summary: "Consultation".into(),
            description: String::new(),
            attendees: Vec::new(),
            key: format!("{days} {caller}"),
            contact,
        };
        match self.books.book(wish, &errand(caller)).await.expect("the book is open") {
            Booking::Booked(entry) => entry.id,
            other => panic!("{other:?}"),
        }
    }
}

async fn reopened(folder: TempDir, rest: &Rest, smtp: &Smtp, account: &Account) -> House {
    answering(folder, rest, smtp, account, "0").await
}

async fn answering(folder: TempDir, rest: &Rest, smtp: &Smtp, account: &Account, answers: &str) -> House {
    let port = smtp.address().port().to_string();
    let url = rest.url();
    House::open_in(
        folder,
        &[
            ("TWILIO_API_URL", url.as_str()),
            ("TWILIO_ACCOUNT_SID", &account.sid),
            ("TWILIO_PHONE_NUMBER", OURS),
            ("SMTP_HOST", "127.0.0.1"),
            ("SMTP_PORT", &port),
            ("EMAIL_FROM", "Elm Street practice <office@example.com>"),
            ("BUSINESS_NAME", "Elm Street practice"),
            ("TEXT_ANSWERS", answers),
            ("TIME_ZONE", "Europe/Berlin"),
            ("QUIET_HOURS", "none"),
        ],
    )
    .await
}

#[expect(clippy::disallowed_methods, reason = "the server under test goes by this clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn slot(days: i64, hour: i64) -> Slot {
    let midnight = now().to_zoned(jiff::tz::TimeZone::UTC).start_of_day().expect("a day");
    let from = midnight.checked_add(days.days().hours(hour)).expect("a time").timestamp();
    let to = from.checked_add(30.minutes()).expect("a time");
    Slot { span: Span { from, to }, before: Duration::ZERO, after: Duration::ZERO }
}

fn errand(caller: &str) -> Errand {
    let now_ms = now().as_millisecond();
    Errand {
        call_id: String::new(),
        caller: caller.to_owned(),
        trust: Trust::Stranger,
        now_ms,
        began_ms: now_ms,
    }
}

fn text() -> Contact {
    Contact::Sms(ANNA.into())
}

async fn jobs(store: &Store, state: JobState, kind: &str) -> Vec<JobRow> {
    let mut jobs = store.jobs(state, 100).await.expect("the database answers");
    jobs.retain(|job| job.kind == kind);
    jobs
}

/// Waits until so many jobs of this kind are in this state.
async fn come(store: &Store, state: JobState, kind: &str, count: usize) -> Vec<JobRow> {
    until(async || Some(jobs(store, state, kind).await).filter(|jobs| jobs.len() >= count)).await
}

#[tokio::test]
async fn everybody_is_told_by_the_way_that_they_gave_and_whoever_declined_is_not() {
    let world = World::new().await;
    world.booked(3, Some(text())).await;
    world.booked(4, Some(Contact::Email("anna@example.org".into()))).await;
    world.booked(5, None).await;
    let (house, rest, smtp, _account) = world.open().await;
    let store = house.store().await;
    come(&store, JobState::Done, job::ANNOUNCE, 3).await;
    come(&store, JobState::Done, job::TEXT, 1).await;
    come(&store, JobState::Done, job::MAIL, 1).await;
    let texts = rest.texts();
    assert_eq!(texts.len(), 1);
    assert_eq!((texts[0].from.as_str(), texts[0].to.as_str()), (OURS, ANNA));
    assert!(texts[0].body.starts_with("Elm Street practice: Confirmed: Consultation, "), "{}", texts[0].body);
    let letters = smtp.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, ["anna@example.org"]);
    let raw = String::from_utf8_lossy(&letters[0].raw);
    assert!(raw.contains("method=REQUEST"), "{raw}");
    assert_eq!(smtp.mistakes(), Vec::<String>::new());
    // Each of those who want to be told is reminded, too.
    assert_eq!(jobs(&store, JobState::Waiting, job::REMIND).await.len(), 2);
    let (log, _folder) = house.stop().await;
    assert!(log.contains("a text was sent") && log.contains("a letter was sent"), "{log}");
    assert!(!log.contains(ANNA) && !log.contains("anna@example.org"), "{log}");
}

#[tokio::test]
async fn what_was_changed_again_is_told_once_and_its_old_reminder_never() {
    let world = World::new().await;
    let id = world.booked(3, Some(text())).await;
    let moved = world.books.reschedule(&id, slot(3, 12), "", &errand(ANNA)).await.expect("the book is open");
    assert!(matches!(moved, Moving::Moved(_)), "{moved:?}");
    // A reminder of where it stood, which somehow is still there, and one of where it stands; both are due.
    for hour in [10, 12] {
        let starts_ms = slot(3, hour).span.from.as_millisecond();
        let planned = job::announcement(&id, message::Occasion::Reminder, starts_ms, 1, job::Author::Other);
        let new =
            NewJob { kind: planned.kind, key: &planned.key, payload: &planned.payload, due_ms: 1, now_ms: 1 };
        assert!(world.store.queue_job(&new).await.expect("the database answers"));
    }
    let (house, rest, _smtp, _account) = world.open().await;
    let store = house.store().await;
    come(&store, JobState::Done, job::REMIND, 2).await;
    come(&store, JobState::Done, job::ANNOUNCE, 2).await;
    come(&store, JobState::Done, job::TEXT, 2).await;
    let mut said: Vec<_> = rest.texts().into_iter().map(|text| text.body).collect();
    said.sort();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains(": New time: ") && said[1].contains(": Reminder: "), "{said:?}");
    drop(house.stop().await);
}

#[tokio::test]
async fn a_crash_while_a_text_is_sent_sends_it_once() {
    let world = World::new().await;
    world.booked(3, Some(text())).await;
    world.rest.feels([Mood::Hang]);
    let (house, rest, smtp, account) = world.open().await;
    until(async || (rest.texts().len() == 1).then_some(())).await;
    let folder = house.kill().await;
    let house = reopened(folder, &rest, &smtp, &account).await;
    let store = house.store().await;
    come(&store, JobState::Done, job::TEXT, 1).await;
    assert_eq!(rest.texts().len(), 1, "it was found in Twilio's list");
    let row = store.texts_with(ANNA, 10).await.expect("the database answers").remove(0);
    assert_eq!(row.carrier_id.as_deref(), Some(rest.texts()[0].sid.as_str()));
    drop(house.stop().await);
}

#[tokio::test]
async fn a_crash_before_a_letter_is_taken_loses_nothing() {
    let world = World::new().await;
    world.booked(3, Some(Contact::Email("anna@example.org".into()))).await;
    world.smtp.feels([smtp::Mood::Hang]);
    let (house, rest, smtp, account) = world.open().await;
    tokio::time::timeout(PATIENCE, smtp.heard("RCPT", 1)).await.expect("it begins");
    let folder = house.kill().await;
    let house = reopened(folder, &rest, &smtp, &account).await;
    let letters = tokio::time::timeout(PATIENCE, smtp.taken(1)).await.expect("it is sent");
    assert_eq!(letters.len(), 1);
    let store = house.store().await;
    come(&store, JobState::Done, job::MAIL, 1).await;
    drop(house.stop().await);
}

#[tokio::test]
async fn what_can_never_be_sent_is_given_up_with_its_reason_and_the_rest_is_tried_again() {
    let world = World::new().await;
    world.booked(3, Some(Contact::Email("nobody@example.org".into()))).await;
    world.smtp.feels([smtp::Mood::Never]);
    world.booked(4, Some(text())).await;
    world.rest.feels([Mood::Busy]);
    let (house, rest, _smtp, _account) = world.open().await;
    let store = house.store().await;
    let dead = come(&store, JobState::Dead, job::MAIL, 1).await;
    assert!(dead[0].error.contains("550"), "{}", dead[0].error);
    let failed = until(async || {
        jobs(&store, JobState::Waiting, job::TEXT).await.into_iter().find(|job| !job.error.is_empty())
    })
    .await;
    assert!(failed.error.contains("429"), "{}", failed.error);
    assert_eq!(failed.attempts, 1);
    let pause = failed.due_ms - now().as_millisecond();
    assert!((20_000..40_000).contains(&pause), "{pause}");
    assert_eq!(rest.texts(), []);
    let (log, _folder) = house.stop().await;
    assert!(log.contains("was given up") && !log.contains("nobody@example.org"), "{log}");
}

#[tokio::test]
async fn a_number_that_said_stop_is_never_texted_again() {
    let world = World::new().await;
    world.booked(3, Some(text())).await;
    world.rest.stop(ANNA);
    let (house, rest, smtp, account) = world.open().await;
    let store = house.store().await;
    come(&store, JobState::Done, job::TEXT, 1).await;
    assert!(store.text_stopped(ANNA).await.expect("the database answers"));
    let asked = rest.log().len();
    drop(store);
    let (_log, folder) = house.stop().await;
    // The next one is not even tried.
    let path = folder.path().join("data/earpiece.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.expect("a database");
    let books = Books::new(store.clone()).with_announce(Box::new(message::announce));
    let wish = Wish {
        slot: slot(6, 10),
        zone: "Europe/Berlin".into(),
        kind: String::new(),
        summary: "Again".into(),
        description: String::new(),
        attendees: Vec::new(),
        key: "again".into(),
        contact: Some(text()),
    };
    assert!(matches!(books.book(wish, &errand(ANNA)).await, Ok(Booking::Booked(_))));
    store.close().await;
    let house = reopened(folder, &rest, &smtp, &account).await;
    let store = house.store().await;
    come(&store, JobState::Done, job::TEXT, 2).await;
    assert_eq!(rest.log().len(), asked);
    // START lets them in again.
    let answers = deliver(&account, &Inbound::local(house.address, 1, ANNA, "Start")).await.expect("heard");
    assert_eq!(answers, Vec::<String>::new());
    assert!(!store.text_stopped(ANNA).await.expect("the database answers"));
    drop(house.stop().await);
}

#[tokio::test]
async fn a_c_cancels_the_one_appointment_and_telling_it_again_does_nothing_new() {
    let world = World::new().await;
    let id = world.booked(3, Some(text())).await;
    let (house, rest, _smtp, account) = world.open().await;
    let store = house.store().await;
    come(&store, JobState::Done, job::TEXT, 1).await;
    let inbound = Inbound::local(house.address, 7, ANNA, " C.");
    let answers = deliver(&account, &inbound).await.expect("it is taken");
    assert!(answers.len() == 1 && answers[0].contains("Cancelled: Consultation, "), "{answers:?}");
    assert_eq!(deliver(&account, &inbound).await.expect("it is taken"), answers);
    let row = store.appointment(&id).await.expect("the database answers").expect("it is kept");
    assert_eq!(row.status, "cancelled");
    let changes = store.appointment_changes(&id).await.expect("the database answers");
    assert_eq!(changes.len(), 2);
    assert_eq!((changes[1].what.as_str(), changes[1].who.as_str()), ("cancelled", ANNA));
    // The answer has told of it; nothing else does, and the reminder is gone.
    come(&store, JobState::Done, job::ANNOUNCE, 2).await;
    assert_eq!(rest.texts().len(), 1);
    assert_eq!(jobs(&store, JobState::Waiting, job::REMIND).await, []);
    let again = deliver(&account, &Inbound::local(house.address, 8, ANNA, "C")).await.expect("it is taken");
    assert!(again[0].contains("no coming appointment"), "{again:?}");
    // Whoever signs with another secret is nobody.
    let stranger = deliver(&Account::new("another"), &inbound).await.expect_err("it is refused");
    assert_eq!(stranger.status, Some(403));
    drop(house.stop().await);
}

#[tokio::test]
async fn one_that_no_text_was_about_is_cancelled_in_words_by_the_desk() {
    let world = World::new().await;
    let id = world.booked(3, None).await;
    let (house, _rest, _smtp, account) = world.open_with("30").await;
    let store = house.store().await;
    let said = async |seed, body: &str| {
        deliver(&account, &Inbound::local(house.address, seed, ANNA, body)).await.expect("it is taken")
    };
    assert!(said(1, "C").await[0].contains("no coming appointment that we texted"), "nothing was offered");
    let asked = said(2, "Cancel my appointment").await;
    assert!(asked[0].contains("Shall I cancel it?"), "it is read back: {asked:?}");
    let done = said(3, "yes").await;
    let row = store.appointment(&id).await.expect("the database answers").expect("it is kept");
    assert_eq!(row.status, "cancelled", "{done:?}");
    drop(house.stop().await);
}

#[tokio::test]
async fn who_asks_in_words_past_the_days_answers_is_told_what_a_text_can_do() {
    let world = World::new().await;
    world.booked(3, None).await;
    let (house, _rest, _smtp, account) = world.open_with("2").await;
    let said = async |seed| {
        let text = Inbound::local(house.address, seed, ANNA, "Cancel my appointment");
        deliver(&account, &text).await.expect("it is taken")
    };
    assert!(said(1).await[0].contains("Shall I cancel it?"));
    assert!(said(2).await[0].contains("That is all that can be answered by text for now."));
    for seed in 3..5 {
        let told = said(seed).await;
        assert!(told[0].contains("no coming appointment that we texted"), "{told:?}");
    }
    drop(house.stop().await);
}

#[tokio::test]
async fn a_c_that_may_mean_two_appointments_is_asked_about() {
    let world = World::new().await;
    let first = world.booked(3, Some(text())).await;
    let second = world.booked(4, Some(text())).await;
    // Another's, who must not be reached by any answer.
    let others = world.booked_for(5, Some(Contact::Sms("+14155550111".into())), "+14155550111").await;
    let (house, _rest, _smtp, account) = world.open().await;
    let store = house.store().await;
    come(&store, JobState::Done, job::TEXT, 3).await;
    let said = async |seed, body: &str| {
        deliver(&account, &Inbound::local(house.address, seed, ANNA, body)).await.expect("it is taken")
    };
    let asked = said(1, "cancel").await;
    let codes = message::reply::codes(&[&first, &second]);
    assert!(asked[0].starts_with(&format!("Which one? Reply C{} for ", codes[0])), "{asked:?}");
    assert!(asked[0].contains(&format!("C{} for ", codes[1])), "{asked:?}");
    let status = async |id: &str| {
        store.appointment(id).await.expect("the database answers").expect("it is kept").status
    };
    assert_eq!((status(&first).await, status(&second).await), ("booked".into(), "booked".into()));
    let answers = said(2, &format!("c {}", codes[1])).await;
    assert!(answers[0].contains("Cancelled: "), "{answers:?}");
    assert_eq!((status(&first).await, status(&second).await), ("booked".into(), "cancelled".into()));
    assert_eq!(status(&others).await, "booked");
    drop(house.stop().await);
}

#[tokio::test]
async fn other_words_are_kept_and_answered_once_and_stop_is_obeyed_in_silence() {
    let (house, _rest, _smtp, account) = World::new().await.open().await;
    let store = house.store().await;
    let said = async |seed, body: &str| {
        deliver(&account, &Inbound::local(house.address, seed, ANNA, body)).await.expect("it is taken")
    };
    let thanks = said(1, "I'll be late \u{1F600}").await;
    assert!(thanks[0].contains(&format!("Please call {OURS}.")), "{thanks:?}");
    assert_eq!(said(2, "Ten minutes").await, Vec::<String>::new());
    assert_eq!(said(3, "STOP").await, Vec::<String>::new());
    assert!(store.text_stopped(ANNA).await.expect("the database answers"));
    let texts = store.texts_with(ANNA, 10).await.expect("the database answers");
    let kept: Vec<_> =
        texts.iter().filter(|text| text.direction == Direction::In).map(|text| text.body.as_str()).collect();
    assert_eq!(kept, ["STOP", "Ten minutes", "I'll be late \u{1F600}"]);
    let (log, _folder) = house.stop().await;
    assert!(!log.contains(ANNA) && !log.contains("late"), "{log}");
}
