//! A note as it is kept, shown, exported and printed by `demo --json`: one JSON object.
//!
//! ```json
//! {"v":1,"at":5240,"kind":"interrupted","item":3,"heard_ms":1180,"sent_ms":4200}
//! ```
//!
//! `v` is the version of this format. `at` is milliseconds since the call's `start`. `kind` is the [`call::Note`] in
//! `snake_case`; what else there is depends on it:
//!
//! | kind | fields |
//! | --- | --- |
//! | `engine_ready`, `false_interruption`, `key_pressed`, `asked_if_there`, `trust_raised`, `transfer_refused`, `relieved`, `renewed` | |
//! | `pin_refused` | `left` |
//! | `caller_spoke`, `caller_paused` | `turn` |
//! | `caller_said` | `turn`, `text` |
//! | `assistant_said` | `item`, `text` |
//! | `sounding` | `item` |
//! | `answered` | `turn`, `item`, `after_ms`, and as far as the engine tells `endpoint_ms`, `hear_ms`, `think_ms`, `tools_ms`, `speak_ms`, `own_ms` |
//! | `interrupted` | `item`, `heard_ms`, `sent_ms` |
//! | `tool_asked` | `id`, `name`, `arguments` (JSON, or text where it is none) |
//! | `tool_answered` | `id`, `name`, `ok`, `say`, `took_ms`, and perhaps `effect`: `{"booked"\|"moved"\|"cancelled": {"id", "starts"}}` or `{"sent": "to whom"}` or `{"changed": "by which tool"}` |
//! | `tool_hosted` | `id`: the engine's service used that one by itself |
//! | `consent_asked` | `name` of the tool, `text` of the question |
//! | `consent_given`, `consent_refused` | `name` of the tool |
//! | `filler`, `trouble` | `text` |
//! | `used` | `audio_tokens_in`, `audio_tokens_out`, `text_tokens_in`, `text_tokens_out`, `cached_tokens`, `cache_write_tokens`, and where the service counts it `session_ms`, by how much its time has grown |
//! | `false_claim` | `item`, `deed` (`booked`, `moved`, `cancelled`, `sent`, `listed`), `said`, `corrected`, and perhaps `agreed`, which is so instead: `{"id", "starts"}` |
//! | `language_changed` | `from`, `to` (ISO 639-1), `why`: `asked` or `spoken` |
//! | `woke` | `timer` |
//! | `ended` | `ending` |
//!
//! `answered` is the first sound after a turn of the caller's, `after_ms` behind the turn's end. `endpoint_ms` is the silence
//! before that end; the others are what `after_ms` is made of, `own_ms` what is left for this program.
//!
//! A later text of the same turn or item replaces the earlier one. Readers ignore fields and kinds that they do not
//! know; a field only changes its meaning with a new `v`.

use call::{Agreed, Deed, Effect, Ending, Note, Stages, Timer, Usage, Why};
use serde_json::{Map, Value, json};
use std::time::Duration;
use store::NoteRow;

/// The version of the format.
pub const VERSION: u8 = 1;
/// The item that is an apology, which no engine counts.
const APOLOGY: u64 = u32::MAX as u64;

/// The note as JSON, and its kind. `at_ms` is milliseconds since the call's start; its turn and item are counted on from
/// those `before`.
pub fn to_json(at_ms: u64, note: &Note, before: Numbers) -> (&'static str, String) {
    let (kind, fields) = fields(note);
    let mut object = Map::new();
    object.insert("v".into(), VERSION.into());
    object.insert("at".into(), at_ms.into());
    object.insert("kind".into(), kind.into());
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    for (name, before) in [("turn", before.turn), ("item", before.item)] {
        if let Some(number) = object.get_mut(name)
            && let Some(counted) = number.as_u64().filter(|counted| *counted < APOLOGY)
        {
            *number = (counted + u64::from(before)).into();
        }
    }
    (kind, Value::Object(object).to_string())
}

/// How a call ended, as notes and the list of calls say it.
pub fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::CallerHungUp => "caller_hung_up",
        Ending::AssistantHungUp => "assistant_hung_up",
        Ending::Transferred => "transferred",
        Ending::Dismissed => "dismissed",
        Ending::TooLong => "too_long",
        Ending::Silent => "silent",
        Ending::TooDear => "too_dear",
        Ending::EngineFailed => "engine_failed",
    }
}

/// The fields of a note `answered` for people: `after 743 ms: 500 until the turn was over, 120 hearing, 40 thinking, 80 speaking, 3 our own`
pub fn waited(fields: &Value) -> String {
    let part = |name: &str| fields[name].as_u64();
    let after = part("after_ms").unwrap_or_default() + part("endpoint_ms").unwrap_or_default();
    let parts = waited_parts(fields).into_iter().map(|(what, ms)| format!("{ms} {what}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    if parts.is_empty() { format!("after {after} ms") } else { format!("after {after} ms: {parts}") }
}

/// What that time is made of, as far as is known: names for people, and milliseconds.
pub fn waited_parts(fields: &Value) -> Vec<(&'static str, u64)> {
    let names = [
        ("endpoint_ms", "until the turn was over"),
        ("hear_ms", "hearing"),
        ("think_ms", "thinking"),
        ("tools_ms", "tools"),
        ("speak_ms", "speaking"),
        ("own_ms", "our own"),
    ];
    names.iter().filter_map(|(name, what)| Some((*what, fields[*name].as_u64()?))).collect()
}

/// The greatest turn and item of some notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    turn: u32,
    item: u32,
}

/// How far the numbers of these notes go.
pub fn numbers(rows: &[NoteRow]) -> Numbers {
    let mut numbers = Numbers::default();
    for row in rows {
        let note: Value = serde_json::from_str(&row.json).unwrap_or_default();
        let number = |name: &str| {
            note[name].as_u64().filter(|n| *n < APOLOGY).and_then(|number| u32::try_from(number).ok())
        };
        numbers.turn = numbers.turn.max(number("turn").unwrap_or(0));
        numbers.item = numbers.item.max(number("item").unwrap_or(0));
    }
    numbers
}

fn fields(note: &Note) -> (&'static str, Value) {
    match note {
        Note::EngineReady => ("engine_ready", Value::Null),
        Note::CallerSpoke(turn) => ("caller_spoke", json!({"turn": turn.0})),
        Note::CallerPaused(turn) => ("caller_paused", json!({"turn": turn.0})),
        Note::CallerSaid(turn, text) => ("caller_said", json!({"turn": turn.0, "text": text})),
        Note::AssistantSaid(item, text) => ("assistant_said", json!({"item": item.0, "text": text})),
        Note::Sounding(item) => ("sounding", json!({"item": item.0})),
        Note::Answered { turn, item, after, stages } => {
            let mut fields = json!({"turn": turn.0, "item": item.0, "after_ms": ms(*after)});
            for (name, length) in parts(*after, *stages) {
                fields[name] = ms(length).into();
            }
            ("answered", fields)
        }
        Note::Interrupted { item, heard, sent } => {
            ("interrupted", json!({"item": item.0, "heard_ms": ms(*heard), "sent_ms": ms(*sent)}))
        }
        Note::FalseInterruption => ("false_interruption", Value::Null),
        Note::KeyPressed => ("key_pressed", Value::Null),
        Note::TrustRaised => ("trust_raised", Value::Null),
        Note::PinRefused { left } => ("pin_refused", json!({"left": left})),
        Note::Relieved => ("relieved", Value::Null),
        Note::Renewed => ("renewed", Value::Null),
        Note::TransferRefused => ("transfer_refused", Value::Null),
        Note::ToolAsked { id, name, arguments } => {
            let arguments =
                serde_json::from_str(arguments).unwrap_or_else(|_| Value::from(arguments.as_str()));
            ("tool_asked", json!({"id": id.0, "name": name, "arguments": arguments}))
        }
        Note::ToolAnswered { id, name, ok, say, effect, took } => {
            let mut fields = json!({"id": id.0, "name": name, "ok": ok, "say": say, "took_ms": ms(*took)});
            if let Some(effect) = self::effect(effect) {
                fields["effect"] = effect;
            }
            ("tool_answered", fields)
        }
        Note::ToolHosted(id) => ("tool_hosted", json!({"id": id.0})),
        Note::ConsentAsked { name, words } => ("consent_asked", json!({"name": name, "text": words})),
        Note::ConsentGiven { name } => ("consent_given", json!({"name": name})),
        Note::ConsentRefused { name } => ("consent_refused", json!({"name": name})),
        Note::Filler(text) => ("filler", json!({"text": text})),
        Note::AskedIfThere => ("asked_if_there", Value::Null),
        Note::Used(usage) => ("used", self::usage(*usage)),
        Note::FalseClaim { item, deed, said, agreed, corrected } => {
            let mut fields =
                json!({"item": item.0, "deed": self::deed(*deed), "said": said, "corrected": corrected});
            if let Some(agreed) = agreed {
                fields["agreed"] = self::agreed(agreed);
            }
            ("false_claim", fields)
        }
        Note::LanguageChanged { from, to, why } => {
            ("language_changed", json!({"from": from.code(), "to": to.code(), "why": self::why(*why)}))
        }
        Note::Trouble(text) => ("trouble", json!({"text": text})),
        Note::Woke(timer) => ("woke", json!({"timer": self::timer(*timer)})),
        Note::Ended(how) => ("ended", json!({"ending": ending(*how)})),
    }
}

fn effect(effect: &Effect) -> Option<Value> {
    match effect {
        Effect::None => None,
        Effect::Booked(appointment) => Some(json!({"booked": agreed(appointment)})),
        Effect::Moved(appointment) => Some(json!({"moved": agreed(appointment)})),
        Effect::Cancelled(appointment) => Some(json!({"cancelled": agreed(appointment)})),
        Effect::Sent(to) => Some(json!({"sent": to})),
        Effect::Changed(tool) => Some(json!({"changed": tool})),
    }
}

fn deed(deed: Deed) -> &'static str {
    match deed {
        Deed::Booked => "booked",
        Deed::Moved => "moved",
        Deed::Cancelled => "cancelled",
        Deed::Sent => "sent",
        Deed::Listed => "listed",
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Asked => "asked",
        Why::Spoken => "spoken",
    }
}

fn agreed(appointment: &Agreed) -> Value {
    json!({"id": appointment.id, "starts": appointment.starts})
}

fn usage(usage: Usage) -> Value {
    let mut fields = json!({
        "audio_tokens_in": usage.audio_tokens_in,
        "audio_tokens_out": usage.audio_tokens_out,
        "text_tokens_in": usage.text_tokens_in,
        "text_tokens_out": usage.text_tokens_out,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    });
    if usage.session > Duration::ZERO {
        fields["session_ms"] = ms(usage.session).into();
    }
    fields
}

/// What an answer's time is made of, as far as is known.
fn parts(after: Duration, stages: Stages) -> impl Iterator<Item = (&'static str, Duration)> {
    let Stages { endpoint, hear, think, tools, speak } = stages;
    let parts = [
        ("endpoint_ms", endpoint),
        ("hear_ms", hear),
        ("think_ms", think),
        ("tools_ms", tools),
        ("speak_ms", speak),
        ("own_ms", stages.own(after)),
    ];
    parts.into_iter().filter_map(|(name, length)| Some((name, length?)))
}

fn timer(timer: Timer) -> &'static str {
    match timer {
        Timer::LongestCall => "longest_call",
        Timer::Silence => "silence",
        Timer::Doubt => "doubt",
        Timer::Filler => "filler",
        Timer::Tool => "tool",
        Timer::Farewell => "farewell",
        Timer::Pin => "pin",
        Timer::Takeover => "takeover",
        Timer::Session => "session",
        Timer::Words => "words",
    }
}

fn ms(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::{ItemId, Language, ToolCallId, TurnId};

    #[test]
    fn every_note_is_the_object_that_the_table_above_shows() {
        let agreed = || Agreed { id: "a1".into(), starts: "2026-11-24T10:30".into() };
        let id = || ToolCallId("c1".into());
        let cases = [
            (Note::EngineReady, json!({"kind": "engine_ready"})),
            (Note::CallerSpoke(TurnId(1)), json!({"kind": "caller_spoke", "turn": 1})),
            (Note::CallerPaused(TurnId(1)), json!({"kind": "caller_paused", "turn": 1})),
            (
                Note::CallerSaid(TurnId(1), "\"hi\"\n".into()),
                json!({"kind": "caller_said", "turn": 1, "text": "\"hi\"\n"}),
            ),
            (
                Note::AssistantSaid(ItemId(2), "hello".into()),
                json!({"kind": "assistant_said", "item": 2, "text": "hello"}),
            ),
            (Note::Sounding(ItemId(2)), json!({"kind": "sounding", "item": 2})),
            (
                Note::Answered {
                    turn: TurnId(1),
                    item: ItemId(2),
                    after: Duration::from_millis(243),
                    stages: Stages {
                        endpoint: Some(Duration::from_millis(500)),
                        hear: Some(Duration::from_millis(120)),
                        think: Some(Duration::from_millis(40)),
                        tools: None,
                        speak: Some(Duration::from_millis(80)),
                    },
                },
                json!({
                    "kind": "answered", "turn": 1, "item": 2, "after_ms": 243, "endpoint_ms": 500, "hear_ms": 120,
                    "think_ms": 40, "speak_ms": 80, "own_ms": 3,
                }),
            ),
            (
                Note::Answered {
                    turn: TurnId(1),
                    item: ItemId(2),
                    after: Duration::from_millis(700),
                    stages: Stages::default(),
                },
                json!({"kind": "answered", "turn": 1, "item": 2, "after_ms": 700}),
            ),
            (
                Note::Interrupted {
                    item: ItemId(2),
                    heard: Duration::from_millis(20),
                    sent: Duration::from_secs(3),
                },
                json!({"kind": "interrupted", "item": 2, "heard_ms": 20, "sent_ms": 3000}),
            ),
            (Note::FalseInterruption, json!({"kind": "false_interruption"})),
            (Note::KeyPressed, json!({"kind": "key_pressed"})),
            (Note::TrustRaised, json!({"kind": "trust_raised"})),
            (Note::ToolHosted(id()), json!({"kind": "tool_hosted", "id": "c1"})),
            (Note::PinRefused { left: 2 }, json!({"kind": "pin_refused", "left": 2})),
            (Note::Relieved, json!({"kind": "relieved"})),
            (Note::Renewed, json!({"kind": "renewed"})),
            (Note::TransferRefused, json!({"kind": "transfer_refused"})),
            (
                Note::ToolAsked { id: id(), name: "book".into(), arguments: "{\"day\":1}".into() },
                json!({"kind": "tool_asked", "id": "c1", "name": "book", "arguments": {"day": 1}}),
            ),
            (
                Note::ToolAsked { id: id(), name: "book".into(), arguments: "{".into() },
                json!({"kind": "tool_asked", "id": "c1", "name": "book", "arguments": "{"}),
            ),
            (
                Note::ToolAnswered {
                    id: id(),
                    name: "book".into(),
                    ok: true,
                    say: "Booked.".into(),
                    effect: Effect::Booked(agreed()),
                    took: Duration::from_millis(7),
                },
                json!({
                    "kind": "tool_answered", "id": "c1", "name": "book", "ok": true, "say": "Booked.", "took_ms": 7,
                    "effect": {"booked": {"id": "a1", "starts": "2026-11-24T10:30"}},
                }),
            ),
            (
                Note::ToolAnswered {
                    id: id(),
                    name: "book".into(),
                    ok: false,
                    say: "No.".into(),
                    effect: Effect::None,
                    took: Duration::ZERO,
                },
                json!({"kind": "tool_answered", "id": "c1", "name": "book", "ok": false, "say": "No.", "took_ms": 0}),
            ),
            (
                Note::ConsentAsked { name: "send".into(), words: "Shall I?".into() },
                json!({"kind": "consent_asked", "name": "send", "text": "Shall I?"}),
            ),
            (Note::ConsentGiven { name: "send".into() }, json!({"kind": "consent_given", "name": "send"})),
            (
                Note::ConsentRefused { name: "send".into() },
                json!({"kind": "consent_refused", "name": "send"}),
            ),
            (Note::Filler("One moment.".into()), json!({"kind": "filler", "text": "One moment."})),
            (Note::AskedIfThere, json!({"kind": "asked_if_there"})),
            (
                Note::Used(Usage { audio_tokens_in: 1, cached_tokens: 5, ..Usage::default() }),
                json!({
                    "kind": "used", "audio_tokens_in": 1, "audio_tokens_out": 0, "text_tokens_in": 0,
                    "text_tokens_out": 0, "cached_tokens": 5, "cache_write_tokens": 0,
                }),
            ),
            (
                Note::Used(Usage { session: Duration::from_millis(15_250), ..Usage::default() }),
                json!({
                    "kind": "used", "audio_tokens_in": 0, "audio_tokens_out": 0, "text_tokens_in": 0,
                    "text_tokens_out": 0, "cached_tokens": 0, "cache_write_tokens": 0, "session_ms": 15250,
                }),
            ),
            (
                Note::FalseClaim {
                    item: ItemId(2),
                    deed: Deed::Sent,
                    said: "I've sent it".into(),
                    agreed: None,
                    corrected: false,
                },
                json!({
                    "kind": "false_claim", "item": 2, "deed": "sent", "said": "I've sent it", "corrected": false,
                }),
            ),
            (
                Note::FalseClaim {
                    item: ItemId(2),
                    deed: Deed::Booked,
                    said: "Booked".into(),
                    agreed: Some(agreed()),
                    corrected: true,
                },
                json!({
                    "kind": "false_claim", "item": 2, "deed": "booked", "said": "Booked", "corrected": true,
                    "agreed": {"id": "a1", "starts": "2026-11-24T10:30"},
                }),
            ),
            (
                Note::LanguageChanged {
                    from: Language::of("en").expect("a language"),
                    to: Language::of("de").expect("a language"),
                    why: Why::Spoken,
                },
                json!({"kind": "language_changed", "from": "en", "to": "de", "why": "spoken"}),
            ),
            (Note::Trouble("lost".into()), json!({"kind": "trouble", "text": "lost"})),
            (Note::Woke(Timer::LongestCall), json!({"kind": "woke", "timer": "longest_call"})),
            (Note::Ended(Ending::CallerHungUp), json!({"kind": "ended", "ending": "caller_hung_up"})),
        ];
        for (note, mut expected) in cases {
            let (kind, json) = to_json(1500, &note, Numbers::default());
            expected["v"] = 1.into();
            expected["at"] = 1500.into();
            assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON"), expected);
            assert_eq!(expected["kind"], kind);
            assert!(!json.contains('\n'), "a note is one line");
        }
    }

    #[test]
    fn what_was_noted_before_is_counted_on_from() {
        let row = |note: &Note, before| {
            let (kind, json) = to_json(0, note, before);
            NoteRow { at_ms: 0, kind: kind.into(), json }
        };
        let said = |item: u32| Note::AssistantSaid(ItemId(item), "Hello.".into());
        let none = Numbers::default();
        let rows = [
            row(&Note::CallerSpoke(TurnId(2)), none),
            row(&said(3), none),
            row(&said(u32::MAX), none),
            row(&Note::EngineReady, none),
        ];
        let before = numbers(&rows);
        assert_eq!(before, Numbers { turn: 2, item: 3 });
        assert!(row(&said(1), before).json.contains("\"item\":4"));
        assert!(row(&Note::CallerSpoke(TurnId(1)), before).json.contains("\"turn\":3"));
        assert!(row(&said(u32::MAX), before).json.contains("4294967295"));
    }
}
