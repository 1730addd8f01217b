//! Whole calls whose engine fails: Twilio's side of the wire at one end, OpenAI's at the other, and the desk behind it.

mod house;
use house::{
    AUTH_TOKEN, House,
    waiting::{self, PATIENCE, ms, until, within},
};
use serde_json::Value;
use sim::{
    openai::{End, Hearing, Item, OpenAi, Order, Reply, Script, Sound, Voice},
    twilio::{Account, Dial, Handset, handset::Listened},
};
use std::time::Duration;
use store::Store;

fn says(transcript: &str, length: Duration) -> Reply {
    let voice = Voice { transcript: transcript.into(), ..Voice::new(Sound::Tone { hertz: 300.0 }, length) };
    Reply::of(vec![Item::Voice(voice)])
}

async fn service(script: Script) -> OpenAi {
    OpenAi::listen(script).await.expect("loopback has a free port")
}

async fn opened(service: &OpenAi, more: &[(&str, &str)]) -> House {
    let url = service.url();
    let mut variables = vec![
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_REALTIME_URL", url.as_str()),
        ("TIME_ZONE", "Europe/Berlin"),
    ];
    variables.extend(more);
    House::open(&variables).await
}

/// Waits until the notes of the only call say so.
async fn noted(store: &Store, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let look = async || Some(notes_so_far(store).await).filter(|notes| is(notes));
    match within(PATIENCE, look).await {
        Some(notes) => notes,
        None => panic!("it is not noted in time: {:#?}", notes_so_far(store).await),
    }
}

async fn notes_so_far(store: &Store) -> Vec<Value> {
    let Some(call) = waiting::calls(store).await.pop() else { return Vec::new() };
    waiting::notes(store, &call.id).await.iter().map(waiting::read).collect()
}

fn count(notes: &[Value], kind: &str) -> usize {
    notes.iter().filter(|note| note["kind"] == kind).count()
}

fn said(notes: &[Value], words: &str) -> bool {
    notes.iter().any(|note| {
        note["kind"] == "assistant_said" && note["text"].as_str().is_some_and(|text| text.contains(words))
    })
}

/// A day on which the office is open, a week from now or a little later.
#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
fn a_weekday() -> jiff::civil::Date {
    let in_a_week = jiff::Zoned::now().date() + jiff::Span::new().days(7);
    let days = [0, 0, 0, 0, 0, 2, 1][usize::from(in_a_week.weekday().to_monday_zero_offset().unsigned_abs())];
    in_a_week + jiff::Span::new().days(days)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_killed_in_mid_word_is_relieved_by_the_desk_and_the_caller_can_finish_a_booking() {
    let wish = format!("I would like to book an appointment on {} at ten.", a_weekday().strftime("%B %-d"));
    let script = Script {
        replies: [
            says("How can I help?", ms(500)),
            says("Let me have a look at", ms(4_000)).ending(End::Drops),
        ]
        .into(),
        understood: [wish].into(),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    let service = service(script).await;
    let house = opened(&service, &[("ENGINES", "openai, local")]).await;
    let store = house.store().await;
    let account = Account::new(AUTH_TOKEN);
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(400)).await);
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    call.wait(ms(400)).await;
    session.order(Order::SpeechStops);
    session.over().await;
    let notes = noted(&store, |notes| said(notes, "Shall I book it?")).await;
    assert_eq!(count(&notes, "relieved"), 1);
    let bridge = "I am sorry, we were interrupted for a moment.";
    assert_eq!(notes.iter().filter(|note| note["text"] == bridge).count(), 1, "{notes:#?}");
    let at = |words: &str| {
        notes.iter().position(|note| note["text"].as_str().is_some_and(|text| text.contains(words)))
    };
    assert!(
        at("How can I help?") < at("Let me")
            && at("Let me") < at(bridge)
            && at(bridge) < at("Shall I book it?")
    );
    // A yes counts once all that is asked was heard: then one key is enough.
    let heard = call.listen(call.position(), ms(900), PATIENCE).await;
    assert!(matches!(heard, Listened::Spoke(_)), "{heard:?}");
    call.press('1');
    let notes = noted(&store, |notes| said(notes, "It is booked")).await;
    let booked = store.appointments_between("main", 0, i64::MAX).await.expect("the database answers");
    assert_eq!(booked.len(), 1);
    assert_eq!(count(&notes, "tool_asked"), 2, "looked up once, booked once: {notes:#?}");
    assert!(call.hear_for(0, ms(6_000)).await, "all of it is heard");
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!(session.mistakes(), Vec::<String>::new());
    // It was tried meanwhile, in a session in which nothing is said, and works: the next call begins with it again.
    let tried = service.session(2).await;
    tried.over().await;
    assert_eq!((tried.events(true, "response.create"), tried.heard_bytes()), (vec![], 0));
    let next = Handset::dial(&account, Dial::local(house.address));
    assert!(next.hear_for(0, ms(400)).await);
    assert_eq!(service.sessions().len(), 3);
    next.hang_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_killed_in_one_call_after_the_other_begins_each_of_them() {
    let service =
        service(Script { otherwise: says("How can I help?", ms(1_000)), ..Script::default() }).await;
    let house = opened(&service, &[("ENGINES", "openai, local")]).await;
    let store = house.store().await;
    let account = Account::new(AUTH_TOKEN);
    // Whoever only tries it asks for nothing.
    let asked = || {
        let sessions = service.sessions().into_iter();
        sessions.filter(|session| !session.events(true, "response.create").is_empty()).collect::<Vec<_>>()
    };
    for number in 1..=3 {
        let call = Handset::dial(&account, Dial::local(house.address));
        assert!(call.hear_for(0, ms(400)).await);
        let sessions = asked();
        assert_eq!(sessions.len(), number, "call {number} begins with the first engine of the list");
        sessions[number - 1].order(Order::Drop);
        noted(&store, |notes| count(notes, "relieved") == 1).await;
        call.hang_up();
        assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_says_while_engines_change_is_heard_by_the_next_one() {
    let first = service(Script { hearing: Hearing::Scripted, ..Script::default() }).await;
    let house = opened(&first, &[("ENGINES", "openai, local")]).await;
    let store = house.store().await;
    let call = Handset::dial(&Account::new(AUTH_TOKEN), Dial::local(house.address));
    assert!(call.hear_for(0, ms(900)).await);
    let session = first.session(1).await;
    session.order(Order::SpeechStarts);
    noted(&store, |notes| count(notes, "caller_spoke") == 1).await;
    session.order(Order::Drop);
    // The caller fell silent meanwhile: the next engine hears nobody, tells them and goes on.
    let notes = noted(&store, |notes| said(notes, "How can I help you?")).await;
    assert!(said(&notes, "interrupted for a moment"), "{notes:#?}");
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_cannot_be_reached_costs_its_caller_nothing() {
    let refusing = service(Script { key: Some("sk-other".into()), ..Script::default() }).await;
    let house = opened(&refusing, &[("ENGINES", "openai, local")]).await;
    let store = house.store().await;
    let call = Handset::dial(&Account::new(AUTH_TOKEN), Dial::local(house.address));
    let notes = noted(&store, |notes| said(notes, "How can I help you?")).await;
    assert!(!said(&notes, "interrupted"), "nothing was interrupted: {notes:#?}");
    assert_eq!(count(&notes, "trouble"), 1, "the owner is told: {notes:#?}");
    call.hang_up();
    assert_eq!(refusing.refused().first(), Some(&401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_about_to_end_is_rolled_over_unheard() {
    let script = Script {
        otherwise: says("Hello.", ms(500)),
        hearing: Hearing::Scripted,
        longest: Some(ms(20_000)),
        ..Script::default()
    };
    let service = service(script).await;
    let house = opened(&service, &[("ENGINE", "openai"), ("OPENAI_SESSION_SECONDS", "20")]).await;
    let store = house.store().await;
    let call = Handset::dial(&Account::new(AUTH_TOKEN), Dial::local(house.address));
    assert!(call.hear_for(0, ms(400)).await);
    let notes = noted(&store, |notes| count(notes, "renewed") == 1).await;
    assert_eq!(count(&notes, "trouble"), 0, "{notes:#?}");
    let (first, second) = (service.session(1).await, service.session(2).await);
    first.over().await;
    let told = second.events(true, "conversation.item.create");
    assert_eq!(told.len(), 1, "the conversation so far: {told:?}");
    assert_eq!(told[0]["item"]["content"][0]["text"], "Hello.");
    assert!(second.events(true, "response.create").is_empty(), "and nobody hears of it");
    // The caller is heard by the new session, and answered.
    assert!(second.hears(8_000, PATIENCE).await);
    second.order(Order::SpeechStarts);
    second.order(Order::SpeechStops);
    noted(&store, |notes| count(notes, "assistant_said") == 2).await;
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    for session in [first, second] {
        assert_eq!(session.mistakes(), Vec::<String>::new());
        assert!(session.errors().is_empty(), "{:?}", session.errors());
    }
}

/// A house, its service, and one call to it that had to end, as this caller may cost no more today.
async fn spent(engines: &str) -> (House, OpenAi, Account) {
    let service = service(Script { otherwise: says("Hello.", ms(500)), ..Script::default() }).await;
    // A reply costs 0.007.
    let more = [
        ("ENGINES", engines),
        ("COST_PER_CALL", "0.01"),
        ("COST_PER_CALLER", "0.012"),
        ("COST_GOODBYE", "Enough!"),
    ];
    let house = opened(&service, &more).await;
    let store = house.store().await;
    let account = Account::new(AUTH_TOKEN);
    let call = Handset::dial(&account, Dial::local(house.address));
    let notes = noted(&store, |notes| count(notes, "ended") == 1).await;
    assert_eq!(notes.last().map(|note| &note["ending"]), Some(&Value::from("too_dear")));
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    let session = service.session(1).await;
    let told = session.events(true, "response.create");
    assert_eq!(told.len(), 2, "the greeting, and the goodbye: {told:?}");
    assert!(told[1]["response"]["instructions"].as_str().is_some_and(|words| words.ends_with("Enough!")));
    until(async || (waiting::calls(&store).await[0].cost_micros >= 13_932).then_some(())).await;
    (house, service, account)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_cost_no_more_ends_with_a_goodbye_and_the_next_reaches_the_voicemail() {
    let (house, service, account) = spent("openai").await;
    let next = Handset::dial(&account, Dial::local(house.address));
    assert!(next.connected().await);
    let calls = house.store().await.calls(1, i64::MAX).await.expect("the database answers");
    assert_eq!(calls[0].engine, "voicemail");
    assert_eq!(service.sessions().len(), 1, "nothing was dialled that costs");
    next.hang_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_may_cost_no_more_is_answered_by_the_engine_that_costs_nothing_to_the_end() {
    let (house, service, account) = spent("openai, local").await;
    let store = house.store().await;
    let next = Handset::dial(&account, Dial::local(house.address));
    assert!(next.connected().await);
    noted(&store, |notes| said(notes, "How can I help you?")).await;
    assert_eq!(waiting::calls(&store).await[1].engine, "local");
    assert_eq!(service.sessions().len(), 1, "nothing was dialled that costs");
    next.hang_up();
    let notes = noted(&store, |notes| count(notes, "ended") == 1).await;
    assert_eq!(notes.last().map(|note| &note["ending"]), Some(&Value::from("caller_hung_up")), "{notes:#?}");
}
