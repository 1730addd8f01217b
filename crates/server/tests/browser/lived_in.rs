//! A house in which somebody lives: an office with callers, calls, messages and appointments, for pages to show.

use super::voice::ZONE;
use crate::house::{House, browser::Browser};
use call::{Agreed, Effect, Ending, ItemId, Note, Stages, ToolCallId, TurnId};
use jiff::{ToSpan, Zoned, civil::Weekday};
use reqwest::Method;
use serde_json::json;
use server::{clock, guard::token, notes};
use std::time::Duration;
use store::{CallBrief, CallerMark, NewCall, NewMemory, NewMessage, NewPhoneLink, NoteRow, Store};
use tool::memory::NAME;

pub const SETTINGS: [(&str, &str); 5] = [
    ("TIME_ZONE", ZONE),
    ("BUSINESS_NAME", "Maple Street Dental"),
    ("OWNER_NUMBERS", "+12125550100"),
    ("TWILIO_PHONE_NUMBER", "+12125550123"),
    ("LOG_LEVEL", "warn"),
];

const CALLERS: [(&str, &str, &str); 5] = [
    ("+12125550142", "Dana Reyes", "Prefers mornings. Nervous about drills."),
    ("+12125550167", "Sam Okafor", ""),
    ("+16465550119", "Priya Natarajan", "Brings her son along."),
    ("+17185550188", "Leo Marchetti", ""),
    ("+13475550104", "June Abbott", "New patient since spring."),
];

pub struct LivedIn {
    pub house: House,
    pub owner: Browser,
    /// One of each, for pages that are about one.
    pub call: String,
    /// A call that goes on.
    pub now: String,
    pub caller: &'static str,
    pub appointment: String,
    pub webhook: String,
    /// That was described on a page.
    pub tool: &'static str,
    /// The secret of a guest's link.
    pub guest: String,
}

impl LivedIn {
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// With these settings beside the usual ones.
    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        let house = House::open(&[&SETTINGS[..], settings].concat()).await;
        let owner = Browser::of_the_owner(&house).await;
        let store = house.store().await;
        let today = today();
        let appointment = appointments(&house, &owner, &today).await;
        people(&store).await;
        let call = calls(&store, &today, &appointment).await;
        messages(&store, &call).await;
        let (now, guest) = (now(&store).await, guest(&store).await);
        let (webhook, tool) = (webhook(&house, &owner, &store).await, tool(&house, &owner).await);
        Self { house, owner, call, now, caller: CALLERS[0].0, appointment, webhook, tool, guest }
    }

    /// A day on which nothing is agreed, and the office is open.
    pub fn free_day() -> String {
        let days = (21..28).map(|ahead| today().checked_add(ahead.days()).expect("a day"));
        let mut wednesdays = days.filter(|day| day.weekday() == Weekday::Wednesday);
        wednesdays.next().expect("every week has one").date().to_string()
    }
}

/// A program that is told of what happens, and was told of something.
async fn webhook(house: &House, owner: &Browser, store: &Store) -> String {
    let form = [("url", "https://books.invalid/earpiece"), ("about", "Our patients' book")];
    owner.send(&house.url("/webhooks"), &form).await;
    let made = store.webhooks().await.expect("listed").pop().expect("it was made");
    owner.post(&house.url(&format!("/webhooks/{}/test", made.id))).await;
    made.id
}

/// A tool that is described on a page, and a secret for it.
async fn tool(house: &House, owner: &Browser) -> &'static str {
    let form = [
        ("name", "waiting_list"),
        ("description", "Tells how long the waiting list is."),
        ("method", "GET"),
        ("url", "https://books.invalid/waiting"),
        ("headers", "Authorization: Bearer {secret:BOOKS_KEY}"),
        ("timeout", "10"),
    ];
    owner.send(&house.url("/tools/new"), &form).await;
    owner.send(&house.url("/tools/secrets"), &[("name", "BOOKS_KEY"), ("value", "known to nobody")]).await;
    let server =
        [("new", "yes"), ("name", "tasks"), ("url", "https://tasks.invalid/mcp"), ("token", "secret")];
    owner.send(&house.url("/servers"), &server).await;
    "waiting_list"
}

fn today() -> Zoned {
    let now =
        jiff::Timestamp::from_millisecond(clock::now_ms()).expect("a time").in_tz(ZONE).expect("a zone");
    now.start_of_day().expect("a day")
}

/// The days of this and the next week on which the office is open, from tomorrow on.
fn open_days(today: &Zoned) -> Vec<Zoned> {
    let days = (1..12).map(|ahead| today.checked_add(ahead.days()).expect("a day"));
    days.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)).collect()
}

async fn appointments(house: &House, owner: &Browser, today: &Zoned) -> String {
    let days = open_days(today);
    let wishes = [
        (0, "09:00", "Check-up, Dana Reyes"),
        (0, "10:30", "Cleaning, Sam Okafor"),
        (0, "14:00", "Consultation, June Abbott"),
        (1, "09:30", "Check-up, Priya Natarajan"),
        (1, "15:30", "Filling, Leo Marchetti"),
        (2, "11:00", "Cleaning, Dana Reyes"),
        (4, "10:00", "Check-up, June Abbott"),
        (5, "13:30", "Crown fitting, Sam Okafor"),
    ];
    let mut first = String::new();
    for (day, time, summary) in wishes {
        let starts = format!("{}T{time}", days[day].date());
        let wish = json!({"summary": summary, "datetime_start": starts});
        let (status, answer) =
            owner.ask(house, Method::POST, "/calendar/create", &wish).await.expect("an answer");
        assert!(status.is_success(), "{answer}");
        if first.is_empty() {
            answer["data"]["id"].as_str().expect("an id").clone_into(&mut first);
        }
    }
    first
}

async fn people(store: &Store) {
    for (number, name, note) in CALLERS {
        let now_ms = clock::now_ms();
        store.caller_seen(number, now_ms).await.expect("kept");
        let mark = CallerMark { note: Some(note), vip: Some(name == CALLERS[0].1), ..CallerMark::default() };
        store.mark_caller(number, mark, now_ms).await.expect("kept");
        let memory = NewMemory { number, topic: NAME, words: name, trust: 0, call_id: None, at_ms: now_ms };
        store.remembered(&memory, 50).await.expect("kept");
    }
}

/// Two weeks of calls; gives the one that tells most.
async fn calls(store: &Store, today: &Zoned, appointment: &str) -> String {
    let now_ms = clock::now_ms();
    for ago in 0..26 {
        let (number, name, _) = CALLERS[ago % CALLERS.len()];
        let hours = i64::try_from(ago).expect("small") * 11 + 3;
        let started_ms = now_ms - hours * 3_600_000 - 420_000;
        let (ending, short) = match ago % 6 {
            3 => ("caller_hung_up", true),
            5 => ("silent", true),
            _ => ("assistant_hung_up", false),
        };
        let length = if short { 21_000 } else { 58_000 + i64::try_from(ago).expect("small") * 1_700 };
        let notes = if short { greeting() } else { question(ago) };
        let call = Past { number, started_ms, length, ending, notes: &notes };
        let id = call.write(store).await;
        let brief = CallBrief {
            call_id: id,
            who: name.into(),
            wanted: if short { "nothing that was understood" } else { "to know the opening hours" }.into(),
            done: if short { "nothing" } else { "told" }.into(),
            left_open: String::new(),
            made_ms: started_ms + length + 5_000,
        };
        store.brief_made(&brief, None).await.expect("kept");
    }
    let starts = format!("{}T09:00", open_days(today)[0].date());
    let notes = booking(appointment, &starts);
    let started_ms = now_ms - 38 * 60_000;
    let call =
        Past { number: CALLERS[0].0, started_ms, length: 22_400, ending: "assistant_hung_up", notes: &notes };
    let id = call.write(store).await;
    let brief = CallBrief {
        call_id: id.clone(),
        who: CALLERS[0].1.into(),
        wanted: "a check-up, in the morning".into(),
        done: "booked a check-up".into(),
        left_open: String::new(),
        made_ms: started_ms + 52_000,
    };
    store.brief_made(&brief, None).await.expect("kept");
    id
}

/// Somebody who is on the line.
async fn now(store: &Store) -> String {
    let started_ms = clock::now_ms() - 40_000;
    let id = NewCall::id(started_ms);
    let new = NewCall {
        id: &id,
        carrier: "twilio",
        carrier_call: "CAnow",
        from: CALLERS[1].0,
        to: "+12125550123",
        outbound: false,
        engine: "local",
        trust: "known",
        started_ms,
    };
    store.call_begun(&new).await.expect("begun");
    store.call_answered(&id, started_ms).await.expect("answered");
    let said = [
        (400, Note::AssistantSaid(ItemId(1), "Maple Street Dental, good day.".into())),
        (3_100, Note::CallerSaid(TurnId(1), "Are you open on Saturday?".into())),
    ];
    let rows: Vec<_> = said
        .iter()
        .map(|(at, note)| {
            let (kind, json) = notes::to_json(*at, note, notes::Numbers::default());
            NoteRow { at_ms: i64::try_from(*at).expect("short"), kind: kind.into(), json }
        })
        .collect();
    store.write_notes(&id, &rows).await.expect("written");
    id
}

struct Past<'a> {
    number: &'a str,
    started_ms: i64,
    length: i64,
    ending: &'a str,
    notes: &'a [(u64, Note)],
}

impl Past<'_> {
    async fn write(&self, store: &Store) -> String {
        let id = NewCall::id(self.started_ms);
        let new = NewCall {
            id: &id,
            carrier: "twilio",
            carrier_call: &format!("CA{id}"),
            from: self.number,
            to: "+12125550123",
            outbound: false,
            engine: "local",
            trust: "known",
            started_ms: self.started_ms,
        };
        store.call_begun(&new).await.expect("begun");
        store.call_answered(&id, self.started_ms + 400).await.expect("answered");
        let row = |(at, note): &(u64, Note)| {
            let (kind, json) = notes::to_json(*at, note, notes::Numbers::default());
            NoteRow { at_ms: i64::try_from(*at).expect("short"), kind: kind.into(), json }
        };
        let rows: Vec<_> = self.notes.iter().map(row).collect();
        store.write_notes(&id, &rows).await.expect("written");
        store.call_ended(&id, self.started_ms + self.length, self.ending).await.expect("ended");
        id
    }
}

fn greeting() -> Vec<(u64, Note)> {
    vec![
        (0, Note::EngineReady),
        (20, Note::Sounding(ItemId(1))),
        (30, said(1, "Hello, this is Maple Street Dental. How can I help you?")),
    ]
}

fn question(seed: usize) -> Vec<(u64, Note)> {
    let mut notes = greeting();
    let after = 380 + (seed as u64 * 137) % 900;
    notes.extend([
        (5_200, Note::CallerSpoke(TurnId(1))),
        (7_400, Note::CallerPaused(TurnId(1))),
        (7_500, heard(1, "When are you open on Friday?")),
        (7_400 + after, answered(1, 2, after)),
        (7_400 + after, Note::Sounding(ItemId(2))),
        (7_500 + after, said(2, "On Fridays we are open from nine to five. Is there anything else?")),
        (14_000, Note::CallerSpoke(TurnId(2))),
        (15_100, Note::CallerPaused(TurnId(2))),
        (15_200, heard(2, "No, thank you.")),
        (15_900, answered(2, 3, after / 2)),
        (15_900, said(3, "Goodbye!")),
        (18_000, Note::Ended(Ending::AssistantHungUp)),
    ]);
    notes
}

fn booking(id: &str, starts: &str) -> Vec<(u64, Note)> {
    let (check, book) = (ToolCallId("c1".into()), ToolCallId("c2".into()));
    let ms = Duration::from_millis;
    let mut notes = greeting();
    notes.extend([
        (3_100, Note::CallerSpoke(TurnId(1))),
        (3_110, Note::Interrupted { item: ItemId(1), heard: ms(2_700), sent: ms(3_900) }),
        (6_300, Note::CallerPaused(TurnId(1))),
        (6_400, heard(1, "Hi, it's Dana. I need a check-up, in the morning if you can.")),
        (
            6_500,
            Note::ToolAsked {
                id: check.clone(),
                name: "check_availability".into(),
                arguments: json!({"after": starts}).to_string(),
            },
        ),
        (
            6_540,
            Note::ToolAnswered {
                id: check,
                name: "check_availability".into(),
                ok: true,
                say: "Nine and ten are free.".into(),
                effect: Effect::None,
                took: ms(38),
            },
        ),
        (6_980, answered(1, 2, 680)),
        (6_980, Note::Sounding(ItemId(2))),
        (7_100, said(2, "Good morning, Dana. I have nine or ten o'clock. Which suits you?")),
        (11_900, Note::CallerSpoke(TurnId(2))),
        (12_900, Note::CallerPaused(TurnId(2))),
        (13_000, heard(2, "Nine, please.")),
        (
            13_050,
            Note::ToolAsked {
                id: book.clone(),
                name: "book_appointment".into(),
                arguments: json!({"start": starts, "summary": "Check-up"}).to_string(),
            },
        ),
        (
            13_110,
            Note::ToolAnswered {
                id: book,
                name: "book_appointment".into(),
                ok: true,
                say: "Booked.".into(),
                effect: Effect::Booked(Agreed { id: id.into(), starts: starts.into() }),
                took: ms(54),
            },
        ),
        (13_420, answered(2, 3, 520)),
        (13_420, Note::Sounding(ItemId(3))),
        (13_500, said(3, "You are down for nine o'clock. Anything else?")),
        (17_800, Note::CallerSpoke(TurnId(3))),
        (18_900, Note::CallerPaused(TurnId(3))),
        (19_000, heard(3, "No, that's all. Thanks!")),
        (19_390, answered(3, 4, 490)),
        (19_400, said(4, "See you then, Dana. Goodbye!")),
        (22_000, Note::Ended(Ending::AssistantHungUp)),
    ]);
    notes
}

fn said(item: u32, words: &str) -> Note {
    Note::AssistantSaid(ItemId(item), words.into())
}

fn heard(turn: u32, words: &str) -> Note {
    Note::CallerSaid(TurnId(turn), words.into())
}

fn answered(turn: u32, item: u32, after: u64) -> Note {
    let part = |share: u64| Some(Duration::from_millis(after * share / 100));
    let stages = Stages {
        endpoint: Some(Duration::from_millis(500)),
        hear: part(30),
        think: part(25),
        tools: None,
        speak: part(40),
    };
    Note::Answered { turn: TurnId(turn), item: ItemId(item), after: Duration::from_millis(after), stages }
}

async fn guest(store: &Store) -> String {
    let secret = "a-link-for-a-guest";
    let user = store.owner().await.expect("the database answers").expect("there is one");
    let now_ms = clock::now_ms();
    let hash = token::hash(secret);
    let new = NewPhoneLink {
        hash: &hash,
        user_id: &user.id,
        name: "The plumber",
        now_ms,
        expires_ms: now_ms + 86_400_000,
    };
    store.phone_link_made(&new).await.expect("kept");
    secret.to_owned()
}

async fn messages(store: &Store, call: &str) {
    let kept = [
        ("Please call back about the invoice of last month.", false, 3),
        ("The crown came loose and it hurts. Could somebody ring me today?", true, 1),
    ];
    for (body, urgent, caller) in kept {
        let taken_ms = clock::now_ms() - 5_400_000;
        let message = NewMessage { call_id: Some(call), caller: CALLERS[caller].0, body, urgent, taken_ms };
        store.message_taken(&message).await.expect("kept");
    }
}
