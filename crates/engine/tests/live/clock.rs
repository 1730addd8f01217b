//! The input is the session's clock: it flows as time does.

use crate::rig::{LOUD, SILENCE, Session, brief, happened, ulaw};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use call::{Chunk, EngineCommand, Format, Manner};
use engine::Brief;

fn hear(session: &mut Session, ms: usize, byte: u8) {
    for _ in 0..ms / 20 {
        session.tell(EngineCommand::Hear(ulaw(&[byte; 160])));
    }
}

#[test]
fn a_frame_leaves_as_it_came_and_at_once() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Hear(ulaw(&[0x12; 160])));
    let message = session.out.wire.pop().expect("it leaves");
    let text = std::str::from_utf8(message.bytes()).expect("text");
    assert!(text.starts_with(r#"{"type":"session.input_audio.append","audio":"EhIS"#), "{text}");
}

#[test]
fn a_line_that_is_still_is_filled_up_with_silence_frame_by_frame() {
    let mut session = Session::ready();
    session.sent_ms();
    session.wait(60_000);
    let sent = session.sent_ms();
    assert!(sent.abs_diff(60_000) <= 220, "{sent} ms in a minute");
    for _ in 0..100 {
        session.wait(20);
        let sent = session.sent_ms();
        assert!(sent <= 40, "no burst: {sent} ms at once");
    }
}

#[test]
fn jitter_is_not_filled_up() {
    let mut session = Session::ready();
    session.sent_ms();
    for _ in 0..100 {
        session.wait(180);
        hear(&mut session, 180, LOUD);
        assert_eq!(session.sent_ms(), 180, "what came is what was sent");
    }
}

#[test]
fn a_burst_after_a_gap_that_was_filled_is_cut() {
    let mut session = Session::ready();
    session.sent_ms();
    session.wait(5_000);
    hear(&mut session, 5_000, LOUD);
    let sent = session.sent_ms();
    assert!(sent <= 5_500, "{sent} ms in 5 s");
    assert!(session.dialect.tally().cut > 0);
    // Speech is cut no more than it must; silence is left out until the time is right again.
    let mut sent = 0;
    for _ in 0..100 {
        hear(&mut session, 20, SILENCE);
        session.wait(20);
        sent += session.sent_ms();
    }
    assert!((1_500..=1_620).contains(&sent), "{sent} ms of 2 s are sent");
    hear(&mut session, 20, SILENCE);
    assert_eq!(session.sent_ms(), 20, "and then all is");
}

#[test]
fn silence_in_the_place_of_lost_sound_takes_no_time_from_what_is_said_next() {
    let mut session = Session::ready();
    session.wait(5_000);
    session.sent_ms();
    // The line puts it in when the sound after it comes; here it was made up meanwhile.
    session.tell(EngineCommand::Hear(ulaw(&vec![SILENCE; 40_000])));
    let sent = session.sent_ms();
    assert!(sent <= 300, "{sent} ms");
    for _ in 0..50 {
        hear(&mut session, 20, LOUD);
        assert_eq!(session.sent_ms(), 20, "every word is heard");
        session.wait(20);
    }
}

#[test]
fn a_flood_is_cut_to_what_time_allows() {
    let mut session = Session::ready();
    session.sent_ms();
    hear(&mut session, 600_000, LOUD);
    assert!(session.sent_ms() <= 520);
    session.tell(EngineCommand::Hear(ulaw(&vec![LOUD; 8_000_000])));
    assert_eq!(session.sent_ms(), 0);
}

#[test]
fn a_process_that_slept_does_not_make_up_for_it() {
    let mut session = Session::ready();
    session.sent_ms();
    session.now += std::time::Duration::from_secs(3_600);
    engine::Dialect::wake(&mut session.offline.dialect, session.offline.now, &mut session.offline.out);
    assert!(session.sent_ms() <= 60);
}

#[test]
fn nothing_is_sent_before_the_session_stands() {
    let mut session = Session::greeted(brief());
    session.sent();
    hear(&mut session, 1_000, LOUD);
    assert_eq!(session.sent_ms(), 0);
    assert_eq!(session.dialect.tally().unheard, 50);
}

#[test]
fn sound_in_another_format_is_not_passed_on_and_told_of_once() {
    let mut session = Session::ready();
    session.sent();
    let chunk = || Chunk { format: Format::Alaw, bytes: vec![0; 160].into() };
    session.tell(EngineCommand::Hear(chunk()));
    session.tell(EngineCommand::Hear(chunk()));
    assert_eq!(session.sent_ms(), 0);
    assert_eq!(happened(&session.events()).len(), 1);
}

#[test]
fn a_recording_is_played_to_the_service_as_if_it_were_spoken() {
    let mut session = Session::ready_as(Brief { manner: Manner::Turns, ..brief() });
    session.wait(3_000);
    session.sent();
    session.events();
    session.sent_bytes = 0;
    for _ in 0..40 {
        session.tell(EngineCommand::Hear(ulaw(&[LOUD; 800])));
    }
    session.tell(EngineCommand::Respond);
    let mut sent = session.sent_ms();
    assert!(sent <= 60, "{sent} ms at once");
    for passed in 1..=40 {
        session.wait(100);
        sent += session.sent_ms();
        assert!(sent <= passed * 100 + 80, "{sent} ms in {passed}00 ms");
    }
    assert!(sent >= 3_900, "{sent} ms of 4 s");
    assert_eq!(happened(&session.events()), ["speaks"]);
    session.says("Tomorrow at ten.", 1_000);
    session.quiet(3_000);
    let events = happened(&session.events());
    assert_eq!(events, ["voice 2", "done", "assistant 2 Tomorrow at ten."]);
}

#[test]
fn a_recording_that_nobody_answers_is_done_with_all_the_same() {
    let mut session = Session::ready_as(Brief { manner: Manner::Turns, ..brief() });
    session.quiet(3_000);
    session.events();
    session.tell(EngineCommand::Hear(ulaw(&[SILENCE; 800])));
    session.tell(EngineCommand::Respond);
    session.quiet(7_000);
    assert_eq!(happened(&session.events()), ["speaks"]);
    session.quiet(2_000);
    assert_eq!(happened(&session.events()), ["done"]);
}

#[test]
fn what_the_caller_said_before_the_session_stood_is_heard_in_time_and_in_order() {
    let mut session = Session::started(brief());
    session.sent();
    session.sent_bytes = 0;
    // A sentence of three seconds, five of silence, and a word: all that waited for the session comes at once.
    for (ms, byte) in [(3_000, LOUD), (5_000, SILENCE), (600, 0x20)] {
        for _ in 0..ms / 200 {
            session.tell(EngineCommand::Hear(ulaw(&[byte; 1_600])));
        }
    }
    let mut heard = Vec::new();
    for passed in 1..=250_usize {
        session.tell(EngineCommand::Hear(ulaw(&[SILENCE; 160])));
        session.wait(20);
        while let Some(message) = session.out.wire.pop() {
            let message: serde_json::Value = serde_json::from_slice(message.bytes()).expect("JSON");
            heard.extend(
                message["audio"]
                    .as_str()
                    .map(|audio| STANDARD.decode(audio).expect("base64"))
                    .unwrap_or_default(),
            );
        }
        assert!(heard.len() <= (passed * 20 + 300) * 8, "{} ms in {} ms", heard.len() / 8, passed * 20);
    }
    let bytes = |wanted: u8| heard.iter().map(|byte| usize::from(*byte == wanted)).sum::<usize>();
    assert_eq!((bytes(LOUD), bytes(0x20)), (24_000, 4_800), "nothing that was said is lost");
    let word = heard.iter().position(|byte| *byte == 0x20).expect("it is there");
    assert!(word < 8 * 3_700, "and nobody sits through the silence: {} ms", word / 8);
    assert!(heard.len() >= 8 * 4_700, "the line is the clock: {} ms of 5 s", heard.len() / 8);
    assert_eq!(session.dialect.tally().cut, 0);
}

#[test]
fn what_waits_for_the_session_is_bounded() {
    let mut session = Session::started(brief());
    for _ in 0..600 {
        session.tell(EngineCommand::Hear(ulaw(&[LOUD; 1_600])));
    }
    assert!(session.dialect.tally().cut >= 8 * 99_000, "{:?}", session.dialect.tally());
}
