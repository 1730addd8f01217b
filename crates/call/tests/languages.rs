//! The caller speaks another language, or asks for it: the call goes on in it.

mod sim;
use call::*;
use sim::*;

fn wording(tag: &str) -> Wording {
    let say = |what: &str| format!("{what} ({tag})");
    Wording {
        tag: tag.into(),
        filler_words: say("One moment"),
        progress_words: say("Still at it, {percent} percent"),
        bridge_words: say("We were interrupted"),
        silence_goodbye: say("I hang up"),
        longest_goodbye: say("We have to end"),
        cost_goodbye: say("I have to end"),
        transfer_words: say("I am connecting you"),
        apology: Some(sound(secs(tag.len() as u64))),
    }
}

fn bilingual() -> Policy {
    let first = wording("en-US");
    Policy {
        filler_words: first.filler_words.clone(),
        bridge_words: first.bridge_words.clone(),
        silence_goodbye: first.silence_goodbye.clone(),
        apology: first.apology.clone(),
        languages: vec![first, wording("de")],
        ..Policy::default()
    }
}

/// The caller says this and is answered.
fn say(sim: &mut Sim, turn: u32, text: &str) {
    sim.engine(EngineEvent::CallerSpeaks);
    sim.pass(ms(600));
    sim.caller_says(turn, text);
    sim.engine(EngineEvent::CallerPauses);
    sim.speak(turn, secs(1));
    sim.done();
    sim.pass(secs(2));
}

const GERMAN: &str = "Ich hätte gerne einen Termin für morgen.";
const ENGLISH: &str = "I would like to make an appointment for tomorrow.";

fn changes(sim: &Sim) -> Vec<(String, String, Why)> {
    let changed = sim.log.iter().filter_map(|(_, output)| match output {
        Output::Note(Note::LanguageChanged { from, to, why }) => {
            Some((from.code().to_owned(), to.code().to_owned(), *why))
        }
        _ => None,
    });
    changed.collect()
}

fn told(sim: &Sim) -> Vec<&EngineCommand> {
    let told = sim.log.iter().filter_map(|(_, output)| match output {
        Output::Engine(
            command @ (EngineCommand::Speak(_) | EngineCommand::Say(_) | EngineCommand::Respond),
        ) => Some(command),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_caller_who_asks_for_another_language_is_answered_in_it() {
    let mut sim = Sim::new(bilingual());
    say(&mut sim, 1, "Can we speak German?");
    assert_eq!(changes(&sim), [("en".into(), "de".into(), Why::Asked)]);
    let told = told(&sim);
    let at = |wanted: &EngineCommand| told.iter().position(|command| *command == wanted);
    let speak = at(&EngineCommand::Speak("de".into())).expect("the engine was told");
    assert!(
        at(&EngineCommand::Respond).is_some_and(|respond| speak < respond),
        "before it answers: {told:?}"
    );
    say(&mut sim, 2, "Können wir auf Englisch weitermachen?");
    assert_eq!(changes(&sim).last(), Some(&("de".into(), "en".into(), Why::Asked)));
}

#[test]
fn a_caller_who_plainly_speaks_another_language_is_followed_after_the_second_sentence() {
    let mut sim = Sim::new(bilingual());
    say(&mut sim, 1, GERMAN);
    assert_eq!(changes(&sim), []);
    say(&mut sim, 2, "ja");
    say(&mut sim, 3, GERMAN);
    assert_eq!(changes(&sim), [("en".into(), "de".into(), Why::Spoken)]);
}

#[test]
fn a_single_sentence_of_another_language_changes_nothing() {
    let mut sim = Sim::new(bilingual());
    for turn in 1..=6 {
        say(&mut sim, turn, if turn % 2 == 0 { GERMAN } else { ENGLISH });
    }
    assert_eq!(changes(&sim), []);
    assert!(!told(&sim).iter().any(|command| matches!(command, EngineCommand::Speak(_))));
}

#[test]
fn what_the_ear_says_counts_where_the_words_do_not_tell() {
    let mut sim = Sim::new(bilingual());
    for turn in 1..=2 {
        sim.engine(EngineEvent::CallerSpoke(TurnId(turn), Language::of("de").expect("a language")));
        say(&mut sim, turn, "Zahnreinigung Dienstag Vormittag");
    }
    assert_eq!(changes(&sim), [("en".into(), "de".into(), Why::Spoken)]);
}

#[test]
fn a_call_without_a_choice_of_languages_never_changes() {
    let mut sim = Sim::new(Policy::default());
    for turn in 1..=4 {
        say(&mut sim, turn, GERMAN);
    }
    say(&mut sim, 5, "Können wir Deutsch sprechen?");
    assert_eq!(changes(&sim), []);
}

#[test]
fn fillers_goodbyes_and_apologies_are_in_the_language_now_spoken() {
    let mut sim = Sim::new(bilingual());
    sim.expect_own(255, u32::MAX);
    say(&mut sim, 1, "Sprechen wir Deutsch, bitte.");
    sim.engine(EngineEvent::Wants(ToolCall {
        id: ToolCallId("t".into()),
        name: "find_slots".into(),
        arguments: "{}".into(),
    }));
    sim.done();
    sim.pass(secs(3));
    assert!(told(&sim).contains(&&EngineCommand::Say("One moment (de)".into())), "{:?}", told(&sim));
    sim.done();
    sim.engine(EngineEvent::Failed(Failure { why: "gone".into(), lasting: false }));
    let apology = sim.log.iter().find_map(|(_, output)| match output {
        Output::Line(LineCommand::Play(chunk)) if chunk.duration() == secs(2) && chunk.bytes[0] == 255 => {
            Some(chunk)
        }
        _ => None,
    });
    assert!(apology.is_some(), "the apology is that of the language");
}

#[test]
fn silence_is_ended_in_the_language_now_spoken() {
    let mut sim = Sim::new(bilingual());
    say(&mut sim, 1, GERMAN);
    say(&mut sim, 2, GERMAN);
    sim.pass(secs(25));
    sim.done();
    sim.pass(secs(25));
    assert!(told(&sim).contains(&&EngineCommand::Say("I hang up (de)".into())), "{:?}", told(&sim));
}

#[test]
fn an_engine_that_takes_over_says_so_in_the_language_now_spoken() {
    let mut sim = Sim::new(Policy { spares: 1, ..bilingual() });
    say(&mut sim, 1, "Auf Deutsch, bitte.");
    sim.engine(EngineEvent::Failed(Failure { why: "gone".into(), lasting: false }));
    assert!(told(&sim).contains(&&EngineCommand::Say("We were interrupted (de)".into())), "{:?}", told(&sim));
}
