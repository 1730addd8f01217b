//! What becomes of a transcript.

use engine::local::words::{Evidence, hypotheses, is_invented, spelled};

const CLEAR: Evidence =
    Evidence { seconds: 2.0, voiced: 1.0, loudest: -15.0, no_speech: None, log_probability: None };
const FAINT: Evidence = Evidence { voiced: 0.1, loudest: -45.0, ..CLEAR };

#[test]
fn words_are_spelled_as_a_grammar_has_them() {
    for (written, expected) in [
        (
            "Can I book an appointment for next Tuesday at 4 p.m.?",
            "can i book an appointment for next tuesday at four p m",
        ),
        ("December 3rd.", "december third"),
        ("On the 26th, please!", "on the twenty sixth please"),
        ("10:00", "ten o'clock"),
        ("That's right.", "that's right"),
        ("That’s right.", "that's right"),
        ("OK", "okay"),
        ("Uh, um... hmm", ""),
        ("Half past two.", "half past two"),
    ] {
        assert_eq!(spelled(written), expected, "{written}");
    }
}

#[test]
fn phrases_of_silence_are_never_words() {
    for text in [
        "Thanks for watching!",
        "Thank you so much for watching, and don't forget to subscribe.",
        "Subtitles by the Amara.org community",
        "Untertitel der Amara.org-Community",
        "la la la la la la la la la",
        "I am here. I am here. I am here. I am here. I am here.",
    ] {
        assert!(is_invented(text, &CLEAR), "{text}");
    }
    for text in ["[MUSIC]", "(coughs)", "♪♪♪", "*sighs*", "...", "[BLANK_AUDIO]"] {
        assert!(hypotheses(text, 0.9, &CLEAR, "").is_empty(), "{text}");
    }
}

#[test]
fn short_answers_are_believed_where_there_was_a_voice() {
    for text in ["Thank you.", "Bye.", "Okay.", "You"] {
        assert!(!is_invented(text, &CLEAR), "{text}");
        assert!(is_invented(text, &FAINT), "{text}");
        assert!(is_invented(text, &Evidence { no_speech: Some(0.8), ..CLEAR }), "{text}");
    }
    for text in ["No, no, no, no.", "Yes.", "At half past two on Friday, and then again on Monday."] {
        assert!(!is_invented(text, &CLEAR), "{text}");
        assert!(!is_invented(text, &FAINT), "{text}");
    }
}

#[test]
fn nobody_speaks_that_fast() {
    let text = "word after word ".repeat(40);
    assert!(is_invented(&text, &Evidence { seconds: 1.0, ..CLEAR }));
    assert!(hypotheses(&"x".repeat(100_000), 0.9, &CLEAR, "").is_empty());
}
