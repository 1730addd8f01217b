//! How much of what is said is understood.

use crate::{Test, telephone, wait, workers};
use engine::local::{
    Hypothesis, Vad, Workers,
    desk::{HEARD, SURE},
    jsgf::Grammar,
    vad::{Energy, FRAME},
};
use futures_util::{StreamExt, stream};
use std::{collections::BTreeMap, fs, ops::Range, path::PathBuf};

pub const TESTS: &[Test] = &[
    ("what_a_caller_says_is_heard_at_this_rate", what_a_caller_says_is_heard_at_this_rate),
    ("a_caller_is_heard_the_same_whoever_called_before", a_caller_is_heard_the_same_whoever_called_before),
    ("alternatives_are_sentences_of_the_grammar", alternatives_are_sentences_of_the_grammar),
    ("a_sentence_over_the_telephone_is_one_utterance", a_sentence_over_the_telephone_is_one_utterance),
];

const VOICES: [&str; 3] = ["slt", "rms", "awb"];
const QUESTIONS: [&str; 4] = ["open", "day", "time", "confirm"];

/// Of 41 answers to four questions and 15 things that no grammar has, each once, in one of three voices; with
/// `SPEECH=all` in every voice and with every grammar.
fn what_a_caller_says_is_heard_at_this_rate() {
    let all = std::env::var("SPEECH").is_ok_and(|what| what == "all");
    let mut trials = Vec::new();
    for (n, voice) in VOICES.into_iter().enumerate() {
        let ours = |at: usize| all || at % VOICES.len() == n;
        let said = said().into_iter().enumerate().filter(|(at, _)| ours(*at));
        trials.extend(said.map(|(_, (question, text))| (voice, question, text, true)));
        for (m, question) in QUESTIONS.into_iter().enumerate() {
            let here = |at: usize| ours(at) && (all || at % QUESTIONS.len() == m);
            let strange = strange().into_iter().enumerate().filter(|(at, _)| here(*at));
            trials.extend(strange.map(|(_, text)| (voice, question.to_owned(), text, false)));
        }
    }
    let results: Vec<(Trial, Vec<Hypothesis>)> = wait(async {
        let workers = workers();
        stream::iter(trials).map(async |trial| hear(&workers, trial).await).buffered(2).collect().await
    });

    let right = |(trial, heard): &&(Trial, Vec<Hypothesis>)| heard.first().is_some_and(|h| h.text == trial.2);
    let (inside, outside): (Vec<_>, Vec<_>) = results.iter().partition(|(trial, _)| trial.3);
    let (good, wrong): (Vec<_>, Vec<_>) = inside.iter().copied().partition(right);
    println!("right to the word: {} of {}", good.len(), inside.len());
    for voice in VOICES {
        let of = |results: &[&(Trial, Vec<Hypothesis>)]| results.iter().filter(|r| r.0.0 == voice).count();
        println!("  {voice}: {} of {}", of(&good), of(&inside));
    }
    for (trial, heard) in &wrong {
        println!("  {} said {:?}, heard {heard:?}", trial.0, trial.2);
    }
    println!("kept with at least this confidence: right, wrong, not in the grammar");
    let kept = |results: &[&(Trial, Vec<Hypothesis>)], least: f32| {
        let sure = results.iter().filter(|(_, heard)| heard.first().is_some_and(|h| h.confidence >= least));
        sure.count() as f32 / results.len().max(1) as f32
    };
    for least in [0.05, 0.1, HEARD, 0.4, SURE, 0.6, 0.75, 0.9] {
        let (good, wrong, outside) = (kept(&good, least), kept(&wrong, least), kept(&outside, least));
        println!("  {least:.2}: {good:.3}, {wrong:.3}, {outside:.3}");
    }

    assert!(good.len() * 100 >= inside.len() * 90, "{} of {} are right", good.len(), inside.len());
    assert!(kept(&good, HEARD) >= 0.95, "what is right is heard");
    assert!(kept(&good, SURE) >= 0.9, "what is right is believed");
    assert!(kept(&outside, HEARD) <= 0.25, "what no grammar has is not heard");
    assert!(kept(&outside, SURE) <= 0.15, "what no grammar has is not believed");
}

fn a_caller_is_heard_the_same_whoever_called_before() {
    wait(async {
        let workers = Workers::with(crate::staff(&[engine::local::worker::ARGUMENT]));
        let ours = ("awb", "time".to_owned(), "at four p m".to_owned(), true);
        let (_, first) = hear(&workers, ours.clone()).await;
        let noise: Vec<i16> = (0..24_000).map(|n: i32| ((n * 7_919 % 2_000) - 1_000) as i16).collect();
        workers.recognise(noise, &grammar("open"), 5).await.expect("noise is heard, too");
        for (question, text) in said().into_iter().step_by(8) {
            hear(&workers, ("slt", question, text, true)).await;
        }
        let (_, again) = hear(&workers, ours).await;
        assert_eq!(first, again);
    });
}

fn alternatives_are_sentences_of_the_grammar() {
    wait(async {
        let (workers, mut others) = (workers(), 0);
        for (question, text) in said().into_iter().step_by(5) {
            let sentences = Grammar::read(&grammar(&question)).expect("it is a grammar");
            let (_, heard) = hear(&workers, ("awb", question, text, true)).await;
            assert!(heard.len() <= 5 && heard.iter().all(|h| sentences.accepts(&h.text)), "{heard:?}");
            assert!(heard.is_sorted_by(|a, b| a.confidence >= b.confidence), "{heard:?}");
            assert!(heard.iter().all(|h| (0.0..=1.0).contains(&h.confidence)), "{heard:?}");
            let texts: BTreeMap<&str, f32> = heard.iter().map(|h| (h.text.as_str(), h.confidence)).collect();
            assert_eq!(texts.len(), heard.len(), "each once: {heard:?}");
            others += heard.len() - 1;
        }
        assert!(others > 0, "sometimes there is something else that may have been said");
    });
}

fn a_sentence_over_the_telephone_is_one_utterance() {
    wait(async {
        let workers = workers();
        let sentences =
            said().into_iter().step_by(4).map(|(_, text)| text).chain([
                "Hello, I would like to book an appointment, please. Do you have anything on Monday?"
                    .to_owned(),
            ]);
        for (n, text) in sentences.enumerate() {
            let voice = VOICES[n % VOICES.len()];
            let speech = workers.speak(&text, voice, 1.0).await.expect("it is spoken");
            let line = telephone(&speech);
            let found = utterances(&line);
            assert_eq!(found.len(), 1, "{voice} says {text:?}: {found:?}");
            let loud = |from: usize, to: usize| sound::level::dbfs(&line[from.min(to)..to]) > -40.0;
            assert!(
                !loud(0, found[0].start.saturating_sub(2_400)),
                "{voice} says {text:?}: its beginning is heard"
            );
            assert!(!loud(found[0].end, line.len()), "{voice} says {text:?}: its end is heard");
        }
    });
}

/// Where speech began and was last heard, with the half second of silence that ends an utterance.
fn utterances(line: &[i16]) -> Vec<Range<usize>> {
    let mut vad = Energy::default();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (n, frame) in line.chunks_exact(FRAME).enumerate() {
        let (from, to) = (n * FRAME, (n + 1) * FRAME);
        if vad.hear(frame) {
            match found.last_mut().filter(|last| from < last.end + 4_000) {
                Some(last) => last.end = to,
                None => found.push(from..to),
            }
        }
    }
    found
}

/// A voice, a question, a sentence, and whether the question's grammar has it.
type Trial = (&'static str, String, String, bool);

async fn hear(workers: &Workers, trial: Trial) -> (Trial, Vec<Hypothesis>) {
    let (voice, question, text, inside) = &trial;
    let grammar = grammar(question);
    let sentences = Grammar::read(&grammar).expect("it is a grammar");
    assert_eq!(sentences.accepts(text), *inside, "{question}: {text}");
    let speech = workers.speak(text, voice, 1.0).await.expect("it is spoken");
    let heard = workers.recognise(telephone(&speech), &grammar, 5).await.expect("it is heard");
    (trial, heard)
}

fn said() -> Vec<(String, String)> {
    let lines = read("said.tsv");
    let pairs = lines.lines().map(|line| line.split_once('\t').expect("a question and a sentence"));
    pairs.map(|(question, text)| (question.to_owned(), text.to_owned())).collect()
}

fn strange() -> Vec<String> {
    read("strange.txt").lines().map(str::to_owned).collect()
}

fn grammar(question: &str) -> String {
    read(&format!("{question}.jsgf"))
}

fn read(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/speech").join(file);
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
