//! A language model as the mind of the local engine, through the product: Twilio's side of the wire, words that it took down,
//! the stand-in of Ollama or of chat completions, the calendar, and Flite's voice.

mod house;

use house::{
    AUTH_TOKEN, House,
    browser::Browser,
    speech::speech,
    waiting::{self, PATIENCE, ms, until},
};
use jiff::{Timestamp, ToSpan, Zoned, civil::Weekday, tz::TimeZone};
use serde_json::{Value, json};
use server::clock;
use sim::{
    mind::{Fault, Minds, Rule, Script, Thought},
    phone::{Account, Api, Carrier, Dial, Handset, Mode, Status, handset::Listened},
    speech::{self, Speech},
};
use store::{AppointmentRow, NoteRow};

const ANNA: &str = "+14155550199";

struct Office {
    house: House,
    mode: Mode,
    speech: Speech,
    minds: Minds,
    account: Account,
    api: Api,
}

impl Office {
    async fn open(script: Script, more: impl Fn(&Minds) -> Vec<(&'static str, String)>) -> Self {
        Self::by(Mode::Turns, script, more).await
    }

    /// By turns the carrier takes down what is said, by stream a service does.
    async fn by(mode: Mode, script: Script, more: impl Fn(&Minds) -> Vec<(&'static str, String)>) -> Self {
        let minds = Minds::listen(script).await.expect("a free port");
        let speech = Speech::listen(speech::Script::default()).await.expect("a free port");
        let account = Account::new(Carrier::Twilio, AUTH_TOKEN);
        let api = Api::listen(&account).await.expect("a free port");
        let mut variables: Vec<(&str, String)> = [
            ("ENGINE", "local"),
            ("CALL_MODE", "turns"),
            ("CALL_HEAR", "gather"),
            ("TIME_ZONE", "UTC"),
            ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .into();
        if mode == Mode::Stream {
            variables.retain(|(name, _)| !name.starts_with("CALL_"));
            variables.push(("HEAR", "openai".into()));
            variables.push(("HEAR_URL", speech.openai_url()));
            variables.push(("HEAR_API_KEY", "a-key-of-the-test".into()));
            variables.push(("DEEPGRAM_BASE_URL", speech.url()));
            variables.push(("DEEPGRAM_API_KEY", "a-key-of-the-test".into()));
        }
        variables.push(("TWILIO_API_URL", api.url()));
        variables.extend(more(&minds));
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let house = House::open(&variables).await;
        Self { house, mode, speech, minds, account, api }
    }

    /// Calls and says these things, each once the answer to the one before is heard.
    async fn call(&self, lines: &[&str]) -> Handset {
        let dial = Dial::local_of(Carrier::Twilio, self.house.address);
        let status = Some(Status::completed(self.house.url("/phone/twilio/status")));
        let dial = self.api.wire(Dial { mode: self.mode, from: ANNA.into(), status, ..dial });
        self.goes_on(Handset::dial(&self.account, dial), lines).await
    }

    /// The same caller says these things, too.
    async fn goes_on(&self, call: Handset, lines: &[&str]) -> Handset {
        let mut from = 0;
        for words in lines {
            assert!(call.hear_for(from, ms(300)).await, "an answer before {words:?}");
            let said = call.listen(from, ms(1_200), PATIENCE).await;
            assert!(matches!(said, Listened::Spoke(_)), "{said:?} before {words:?}");
            from = call.position();
            self.speech.set_script(speech::Script { words: (*words).into(), ..speech::Script::default() });
            call.say_in_words(&speech(ms(800)), words);
            call.said().await;
        }
        assert!(call.hear_for(from, ms(300)).await, "an answer to the last");
        call
    }

    async fn booked(&self) -> AppointmentRow {
        let store = self.house.store().await;
        until(async || store.appointments_between("main", 0, i64::MAX).await.expect("read").pop()).await
    }

    /// What the assistant said, and what went wrong, once this was said.
    async fn said(&self, words: &str) -> (Vec<String>, Vec<String>) {
        let store = self.house.store().await;
        let text = |note: &NoteRow, kind: &str, field: &str| {
            (note.kind == kind).then(|| waiting::read(note)[field].as_str().unwrap_or_default().to_owned())
        };
        until(async || {
            let call = waiting::calls(&store).await.pop()?;
            let notes = waiting::notes(&store, &call.id).await;
            let of =
                |kind, field| notes.iter().filter_map(|note| text(note, kind, field)).collect::<Vec<_>>();
            let said = of("assistant_said", "text");
            let found = said.iter().any(|said| said.contains(words));
            found.then(|| (said, of("trouble", "text")))
        })
        .await
    }
}

/// Next Tuesday at ten.
fn tuesday() -> Zoned {
    let now = Timestamp::from_millisecond(clock::now_ms()).expect("now").to_zoned(TimeZone::UTC);
    let day = (1..=14)
        .map(|days| now.date().checked_add(days.days()).expect("a day"))
        .filter(|day| day.weekday() == Weekday::Tuesday)
        .nth(1)
        .expect("two weeks have two");
    day.at(10, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a moment")
}

/// A model that checks, asks, books and says so.
fn books() -> Script {
    let at = tuesday().strftime("%Y-%m-%dT%H:%M").to_string();
    let wants =
        |tool: &str, arguments: Value| Thought::wants(tool, arguments).after_thinking("Hm, {\"a\": 1}.");
    Script {
        rules: vec![
            Rule::said("appointment", wants("check_calendar_availability", json!({"datetime_start": at}))),
            Rule::said(
                "yes",
                wants("create_calendar_event", json!({"summary": "Anna", "datetime_start": at})),
            ),
            Rule::answered("booked", Thought::says("<think>Good.</think>**It is booked.** Anything else?")),
            Rule::answered("available", Thought::says("That is free. Shall I book it?")),
            Rule::answered("", Thought::says("That did not work.")),
        ],
        ..Script::default()
    }
}

const LINES: [&str; 2] = ["I need an appointment next Tuesday at ten.", "Yes, please."];

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_ollama_runs_books_an_appointment() {
    let office = Office::open(books(), |minds| {
        vec![("THINK", "ollama".into()), ("OLLAMA_HOST", minds.url()), ("OLLAMA_MODEL", "test-model".into())]
    })
    .await;
    let call = office.call(&LINES).await;
    let booked = office.booked().await;
    assert_eq!(booked.starts_ms, tuesday().timestamp().as_millisecond());
    assert_eq!(booked.caller, ANNA);
    let (said, troubles) = office.said("It is booked.").await;
    assert!(!said.concat().contains(['*', '{', '<']), "{said:?}");
    assert_eq!(troubles, Vec::<String>::new());
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!(office.minds.mistakes(), Vec::<String>::new());
    let (log, _folder) = office.house.stop().await;
    assert!(log.contains("the language model is loaded") && !log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_heard_over_a_stream_is_answered_by_a_model() {
    let office = Office::by(Mode::Stream, books(), |minds| {
        vec![("THINK", "ollama".into()), ("OLLAMA_HOST", minds.url()), ("OLLAMA_MODEL", "test-model".into())]
    })
    .await;
    let call = office.call(&LINES).await;
    assert_eq!(office.booked().await.starts_ms, tuesday().timestamp().as_millisecond());
    let (said, troubles) = office.said("It is booked.").await;
    assert!(!said.concat().contains(['*', '{', '<']), "{said:?}");
    assert_eq!(troubles, Vec::<String>::new());
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!((office.minds.mistakes(), office.speech.mistakes()), (Vec::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_followed_by_flux_is_answered_and_the_call_s_page_says_what_the_answers_took() {
    let office = Office::by(Mode::Stream, books(), |minds| {
        vec![
            ("HEAR", "deepgram".into()),
            ("HEAR_MODEL", "flux-general-en".into()),
            ("THINK", "ollama".into()),
            ("OLLAMA_HOST", minds.url()),
            ("OLLAMA_MODEL", "test-model".into()),
        ]
    })
    .await;
    let call = office.call(&LINES).await;
    assert_eq!(office.booked().await.starts_ms, tuesday().timestamp().as_millisecond());
    let (_, troubles) = office.said("It is booked.").await;
    assert_eq!(troubles, Vec::<String>::new());
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    let asked = until(async || office.speech.asked().pop()).await;
    assert!(
        asked.target.starts_with("/v2/listen") && asked.field("eager_eot_threshold").is_some(),
        "{asked:?}"
    );
    assert_eq!(office.speech.asked().len(), 1, "one conversation for all of the call");
    assert_eq!((office.minds.mistakes(), office.speech.mistakes()), (Vec::new(), Vec::new()));
    let store = office.house.store().await;
    let answered = waiting::noted(&store, "answered", LINES.len()).await;
    let answered = answered.iter().filter(|note| note.kind == "answered");
    let answered: Vec<Value> = answered.map(|note| serde_json::from_str(&note.json).expect("JSON")).collect();
    for told in &answered {
        for part in ["after_ms", "endpoint_ms", "hear_ms", "think_ms", "speak_ms", "own_ms"] {
            assert!(told[part].is_u64(), "{part}: {told}");
        }
        assert!(told["endpoint_ms"].as_u64() >= Some(200), "somebody waited for the end of the turn: {told}");
    }
    let id = store.calls(1, i64::MAX).await.expect("read").pop().expect("a call").id;
    let page = Browser::of_the_owner(&office.house).await.page(&office.house, &format!("/calls/{id}")).await;
    assert_eq!(page.matches(" until the turn was over, ").count(), LINES.len(), "{page}");
}

fn by_chat_completions(minds: &Minds) -> Vec<(&'static str, String)> {
    vec![
        ("THINK", "openai".into()),
        ("THINK_URL", format!("{}/v1", minds.url())),
        ("THINK_API_KEY", "a-key-of-the-test".into()),
        ("THINK_MODEL", "test-model".into()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn any_endpoint_of_chat_completions_books_an_appointment() {
    let office = Office::open(books(), by_chat_completions).await;
    let call = office.call(&LINES).await;
    assert_eq!(office.booked().await.starts_ms, tuesday().timestamp().as_millisecond());
    office.said("It is booked.").await;
    call.hang_up();
    call.ended().await.expect("the call is put through");
    assert_eq!(office.minds.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_survives_its_model_and_the_desk_books() {
    let busy = || Fault::Status(503, "server busy".into());
    let script = Script { faults: [busy(), busy()].into(), ..books() };
    let office = Office::open(script, |minds| {
        vec![("THINK", "ollama".into()), ("OLLAMA_HOST", minds.url()), ("OLLAMA_MODEL", "test-model".into())]
    })
    .await;
    let day = tuesday();
    let wish = format!("I need an appointment on {} at ten a m.", day.strftime("%B %-d"));
    let call = office.call(&[&wish, "Yes, that's right."]).await;
    assert_eq!(office.booked().await.starts_ms, day.timestamp().as_millisecond());
    let (said, troubles) = office.said("It is booked").await;
    assert!(said.iter().any(|said| said.contains("something is wrong on my side")), "{said:?}");
    assert_eq!(troubles.len(), 2, "{troubles:?}");
    assert!(troubles[0].contains("server busy"), "the owner is told: {troubles:?}");
    call.hang_up();
    call.ended().await.expect("the call is put through");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outlasts_what_its_model_should_not_send() {
    let answered = |words: &str| Rule::answered(words, Thought::says("That is done."));
    let mut ten = Thought::wants("read_minds", json!({})).and_wants("find_free_slots", json!([1, 2]));
    for _ in 0..8 {
        ten = ten.and_wants("list_appointments", json!({"surprise": true}));
    }
    let script = Script {
        rules: vec![
            answered(""),
            Rule::said("first", Thought::says("<think>They are rude.</think>{\"say\": \"One it is.\"}")),
            Rule::said("second", ten),
            Rule::said("third", Thought::says("Three it is.")),
            Rule::said("fourth", Thought { pieces: vec!["Four. ".repeat(200_000)], ..Thought::default() }),
        ],
        otherwise: Thought::says("I see."),
        ..Script::default()
    };
    let office = Office::open(script, by_chat_completions).await;
    let call = office.call(&["This is the first thing.", "And the second thing."]).await;
    office.said("That is done.").await;
    let garbage = Fault::Garbage("<html>".into());
    office.minds.change(|script| script.faults.push_back(garbage));
    let call = office.goes_on(call, &["Now the third thing.", "And the fourth thing."]).await;
    // The desk answers where nothing can be made of the model's answers.
    let (said, troubles) = office.said("something is wrong on my side").await;
    let all = said.concat();
    assert!(all.contains("One it is.") && all.contains("Three it is."), "{said:?}");
    assert!(!all.contains(['{', '<']) && !all.contains("rude") && all.len() < 10_000, "{said:?}");
    for told in ["read_minds", "find_free_slots", "sent what is no", "too long"] {
        assert!(troubles.iter().any(|trouble| trouble.contains(told)), "{told}: {troubles:?}");
    }
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    let (log, _folder) = office.house.stop().await;
    assert!(!log.contains("panicked"), "{log}");
}

fn with_ollama(minds: &Minds, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut variables: Vec<_> = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    variables.extend([
        ("THINK", "ollama".into()),
        ("OLLAMA_HOST", minds.url()),
        ("OLLAMA_MODEL", "test-model".into()),
    ]);
    variables
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_asks_for_german_is_heard_answered_and_spoken_to_in_it() {
    let script = Script {
        rules: vec![
            Rule::said("Deutsch", Thought::says("Gern. Was kann ich tun?")),
            Rule::said("Dienstag", Thought::says("Um zehn ist etwas frei.")),
        ],
        ..Script::default()
    };
    let office = Office::by(Mode::Stream, script, |minds| {
        with_ollama(minds, &[("SPEAK", "espeak"), ("GREETING", "Hello.")])
    })
    .await;
    let call =
        office.call(&["Können wir bitte Deutsch sprechen?", "Haben Sie am Dienstag etwas frei?"]).await;
    let (_, troubles) = office.said("Um zehn ist etwas frei.").await;
    assert_eq!(troubles, Vec::<String>::new());
    call.hang_up();
    call.ended().await.expect("the call is put through");

    let told: Vec<String> = office.minds.asked().iter().map(Value::to_string).collect();
    let (first, last) = (told.first().expect("it was asked"), told.last().expect("it was asked"));
    assert!(last.contains("speak German from now on"), "{last}");
    assert!(first.contains("in it: ") && first.contains("German"), "it knows what may be spoken: {first}");
    let heard = office.speech.asked();
    assert!(
        !heard.is_empty() && heard.iter().all(|asked| asked.field("language").is_none()),
        "any is expected"
    );
    let store = office.house.store().await;
    let call = waiting::ended(&store).await;
    let notes = waiting::notes(&store, &call.id).await;
    let changed: Vec<Value> = notes
        .iter()
        .filter(|note| note.kind == "language_changed")
        .map(|note| serde_json::from_str(&note.json).expect("JSON"))
        .collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!((&changed[0]["to"], &changed[0]["why"]), (&json!("de"), &json!("asked")));
    assert_eq!((office.minds.mistakes(), office.speech.mistakes()), (Vec::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_the_desk_is_left_a_german_caller_is_told_that_it_speaks_english() {
    let busy = || Fault::Status(503, "server busy".into());
    let script = Script { faults: [busy(), busy()].into(), ..books() };
    let office = Office::open(script, |minds| {
        with_ollama(minds, &[("SPEAK", "espeak"), ("ASSISTANT_LANGUAGE", "de"), ("GREETING", "Guten Tag.")])
    })
    .await;
    let day = tuesday();
    let wish = format!("I need an appointment on {} at ten a m.", day.strftime("%B %-d"));
    let call = office.call(&["Guten Tag, ich hätte gerne einen Termin.", &wish, "Yes, that's right."]).await;
    assert_eq!(
        office.booked().await.starts_ms,
        day.timestamp().as_millisecond(),
        "and it books all the same"
    );
    let (said, _) = office.said("nur noch auf Englisch").await;
    assert!(said.iter().any(|said| said.contains("nur noch auf Englisch")), "{said:?}");
    call.hang_up();
    call.ended().await.expect("the call is put through");
}
