//! Who the assistant is, when appointments are, and how patient a call is.

use super::{Section, Setting};
use crate::config::EngineKind;
use jiff::tz::TimeZone;

const INSTRUCTIONS: &str = "You are a friendly assistant who answers the telephone and makes appointments. Speak in short \
                            sentences, as one does on the phone. Ask for one thing at a time. Say that something is booked, \
                            moved or cancelled only after the tool has said so.";

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "assistant",
        about: "Who answers, and how.",
        settings: &[
            Setting::new(
                "assistant.engine",
                &["ENGINE"],
                "",
                "`openai`, `openai-live`, `deepgram` or `local`. Where it is not set: `openai` if its key is there, else \
                 `deepgram` if its key is, else `local`.",
                |c, v| v.choice(&engines()).map(|kind| c.assistant.engine = kind),
            )
            .example("local")
            .flag("engine"),
            Setting::new(
                "assistant.engines",
                &["ENGINES"],
                "",
                "Several engines, in the order in which they are tried: should one fail, in the middle of a call or before \
                 it, the next one goes on with the conversation. Where it is not set, the engine above answers alone.",
                |c, v| v.choices(&engines()).map(|kinds| c.assistant.engines = kinds),
            )
            .example("openai, local"),
            Setting::new(
                "assistant.business",
                &["BUSINESS_NAME"],
                "",
                "Whose telephone it is, as it is spoken in a greeting of the local engine.",
                |c, v| v.text().map(|text| c.assistant.business = text),
            )
            .example("the Elm Street practice"),
            Setting::new(
                "assistant.instructions",
                &["ASSISTANT_INSTRUCTIONS", "SYSTEM_MESSAGE"],
                INSTRUCTIONS,
                "Who the assistant is and what it is to do. The local engine, which has no language model, does not \
                 read it.",
                |c, v| v.text().map(|text| c.assistant.instructions = text),
            ),
            Setting::new(
                "assistant.greeting",
                &["GREETING"],
                "",
                "The assistant's first words, as they stand. Where it is not set, the engine finds its own.",
                |c, v| v.text().map(|text| c.assistant.greeting = text),
            )
            .example("Hello, this is the Elm Street practice. What can I do for you?"),
            Setting::new(
                "assistant.welcome",
                &["WELCOME"],
                "",
                "What the carrier's own voice says before the assistant is connected.",
                |c, v| v.text().map(|text| c.assistant.welcome = text),
            )
            .example("This call is answered by an assistant."),
            Setting::new(
                "assistant.language",
                &["ASSISTANT_LANGUAGE"],
                "en-US",
                "The language of the calls, as BCP 47 has it. The desk knows English only.",
                |c, v| language(&v.text()?).map(|tag| c.assistant.language = tag),
            ),
            Setting::new(
                "assistant.languages",
                &["ASSISTANT_LANGUAGES"],
                "",
                "The languages to which a caller may change in mid-call, by asking for one or by speaking it, with commas between \
                 them; `none` for none. Where it is not set: those of the eleven with sentences of their own that the engine hears \
                 and speaks. Those that it does not are left out.",
                |c, v| {
                    let text = v.text()?;
                    let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty() && *tag != "none");
                    let tags = tags.map(language).collect::<Result<Vec<_>, _>>()?;
                    c.assistant.languages = (!text.trim().is_empty()).then_some(tags);
                    Ok(())
                },
            )
            .example("de, fr, tr"),
            Setting::new(
                "assistant.voice",
                &["VOICE"],
                "",
                "The voice, by the engine's name for it. Where it is not set, or the engine has no such voice, the \
                 engine's default.",
                |c, v| v.text().map(|text| c.assistant.voice = text),
            )
            .example("marin"),
            Setting::new(
                "assistant.temperature",
                &["TEMPERATURE"],
                "0.8",
                "How freely a language model chooses its words, 0 to 2. Only for engines that still take it: Deepgram does, \
                 with models that do not reason; OpenAI Realtime does not.",
                |c, v| v.number(0.0..=2.0, "a temperature").map(|number| c.assistant.temperature = number),
            ),
            Setting::new(
                "assistant.without_tools",
                &["WITHOUT_TOOLS"],
                "",
                "Tools that the assistant does not have in its calls, by name, with commas between them.",
                |c, v| {
                    let text = v.text()?;
                    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                    c.assistant.without_tools = names.map(str::to_owned).collect();
                    Ok(())
                },
            )
            .example("take_message, cancel_appointment"),
        ],
    },
    Section {
        name: "calendar",
        about: "When appointments can be.",
        settings: &[
            Setting::new(
                "calendar.time_zone",
                &["TIME_ZONE"],
                "system",
                "The owner's time zone, such as `America/New_York`. Every time that is spoken or shown is in it. \
                 `system` is the machine's.",
                |c, v| {
                    let name = v.text()?;
                    if name.eq_ignore_ascii_case("system") {
                        return Ok(());
                    }
                    let zone = TimeZone::get(&name)
                        .map_err(|_| "give a time zone such as America/New_York, Europe/Berlin or UTC")?;
                    c.calendar.zone = zone;
                    Ok(())
                },
            ),
            Setting::new(
                "calendar.slot_minutes",
                &["SLOT_MINUTES"],
                "30",
                "How long an appointment is where its kind says nothing else, and how far apart appointments begin.",
                |c, v| v.minutes(5..=480).map(|time| c.calendar.hours.slot = time),
            ),
            Setting::new(
                "calendar.buffer_minutes",
                &["BUFFER_MINUTES"],
                "0",
                "What is kept free before and after every appointment.",
                |c, v| {
                    let time = v.minutes(0..=480)?;
                    (c.calendar.hours.before, c.calendar.hours.after) = (time, time);
                    Ok(())
                },
            ),
            Setting::new(
                "calendar.buffer_before_minutes",
                &["BUFFER_BEFORE_MINUTES"],
                "",
                "What is kept free before every appointment, where that differs from `buffer_minutes`.",
                |c, v| v.minutes(0..=480).map(|time| c.calendar.hours.before = time),
            )
            .example("5"),
            Setting::new(
                "calendar.buffer_after_minutes",
                &["BUFFER_AFTER_MINUTES"],
                "",
                "What is kept free after every appointment, where that differs from `buffer_minutes`.",
                |c, v| v.minutes(0..=480).map(|time| c.calendar.hours.after = time),
            )
            .example("15"),
            Setting::new(
                "calendar.notice_minutes",
                &["NOTICE_MINUTES"],
                "60",
                "An appointment begins at least this much from now.",
                |c, v| v.minutes(0..=40_320).map(|time| c.calendar.hours.notice = time),
            ),
            Setting::new(
                "calendar.ahead_days",
                &["AHEAD_DAYS"],
                "365",
                "An appointment is at most this many days from today.",
                |c, v| v.number(1..=3650, "days").map(|days| c.calendar.hours.ahead_days = days),
            ),
            Setting::new(
                "calendar.read_back",
                &["READ_BACK"],
                "no",
                "`yes`: in a call nothing is booked or moved to a time before that time was checked in the same call, so \
                 that the caller has heard it. Engines are told to do so in any case.",
                |c, v| v.choice(&[("yes", true), ("no", false)]).map(|wanted| c.calendar.read_back = wanted),
            ),
            Setting::new(
                "calendar.holidays",
                &["HOLIDAYS"],
                "",
                "Days on which nothing is open: a date, one of every year, or a stretch of either.",
                |c, v| v.holidays().map(|days| c.calendar.hours.holidays = days),
            )
            .example("2026-12-24, 12-25, 2027-07-12..2027-07-30"),
            Setting::new(
                "calendar.kinds",
                &["APPOINTMENT_KINDS"],
                "",
                "Kinds of appointments that callers ask for by name, each with its length, and where it differs from the \
                 settings above: `before` and `after` (kept free), `notice`, `ahead`, and `open` (its own hours, such as \
                 `open tue 10:00-12:00 thu,fri 14:00-16:00`). Here a list; in a variable one text with `;` between them.",
                |c, v| v.kinds().map(|kinds| c.calendar.hours.kinds = kinds),
            )
            .example("haircut 45m after 15m; colour 2h notice 1d"),
        ],
    },
    Section {
        name: "hours",
        about: "Opening hours, local time: `09:00-12:00, 13:00-17:00`, or `closed`.",
        settings: &[
            Setting::new("hours.mon", &["HOURS_MON"], "09:00-17:00", "Monday.", |c, v| {
                v.openings().map(|day| c.calendar.hours.week[0] = day)
            }),
            Setting::new("hours.tue", &["HOURS_TUE"], "09:00-17:00", "Tuesday.", |c, v| {
                v.openings().map(|day| c.calendar.hours.week[1] = day)
            }),
            Setting::new("hours.wed", &["HOURS_WED"], "09:00-17:00", "Wednesday.", |c, v| {
                v.openings().map(|day| c.calendar.hours.week[2] = day)
            }),
            Setting::new("hours.thu", &["HOURS_THU"], "09:00-17:00", "Thursday.", |c, v| {
                v.openings().map(|day| c.calendar.hours.week[3] = day)
            }),
            Setting::new("hours.fri", &["HOURS_FRI"], "09:00-17:00", "Friday.", |c, v| {
                v.openings().map(|day| c.calendar.hours.week[4] = day)
            }),
            Setting::new("hours.sat", &["HOURS_SAT"], "closed", "Saturday.", |c, v| {
                v.openings().map(|day| c.calendar.hours.week[5] = day)
            }),
            Setting::new("hours.sun", &["HOURS_SUN"], "closed", "Sunday.", |c, v| {
                v.openings().map(|day| c.calendar.hours.week[6] = day)
            }),
        ],
    },
    Section {
        name: "call",
        about: "How patient a call is.",
        settings: &[
            Setting::new(
                "call.longest_call_minutes",
                &["LONGEST_CALL_MINUTES"],
                "30",
                "No call lasts longer.",
                |c, v| v.minutes(1..=240).map(|time| c.policy.longest_call = time),
            ),
            Setting::new(
                "call.silence_seconds",
                &["SILENCE_SECONDS"],
                "20",
                "After so much silence the caller is asked whether they are there; after as much again the call ends.",
                |c, v| v.seconds(3..=600).map(|time| c.policy.silence = time),
            ),
            Setting::new(
                "call.doubt_milliseconds",
                &["DOUBT_MILLISECONDS"],
                "1000",
                "Speech over the assistant that lasts this long is an interruption, even before its words are known.",
                |c, v| v.milliseconds(100..=10_000).map(|time| c.policy.doubt = time),
            ),
            Setting::new(
                "call.no_words_milliseconds",
                &["NO_WORDS_MILLISECONDS"],
                "1200",
                "A sound that yields no word for this long was a cough: the assistant goes on.",
                |c, v| v.milliseconds(100..=10_000).map(|time| c.policy.no_words = time),
            ),
            Setting::new(
                "call.filler_milliseconds",
                &["FILLER_MILLISECONDS"],
                "800",
                "When a tool takes longer than this and nothing is to be heard, the caller is asked to wait.",
                |c, v| v.milliseconds(100..=60_000).map(|time| c.policy.filler = time),
            ),
            Setting::new(
                "call.tool_patience_seconds",
                &["TOOL_PATIENCE_SECONDS"],
                "15",
                "How long a tool that says nothing is waited for. After that it goes on, and callers are told its answer later where they can be.",
                |c, v| v.seconds(1..=300).map(|time| c.policy.tool_patience = time),
            ),
            Setting::new(
                "call.farewell_seconds",
                &["FAREWELL_SECONDS"],
                "10",
                "A goodbye is heard to its end, but not for longer than this.",
                |c, v| v.seconds(1..=60).map(|time| c.policy.farewell = time),
            ),
            Setting::new(
                "call.filler_words",
                &["FILLER_WORDS"],
                "One moment, please.",
                "What the caller is told while a tool is slow. Unless it is set, calls in another language have their own.",
                |c, v| v.text().map(|text| c.policy.filler_words = text),
            ),
            Setting::new(
                "call.silence_goodbye",
                &["SILENCE_GOODBYE"],
                "I will hang up now. Goodbye.",
                "The last words before a silent call ends. Unless it is set, calls in another language have their own.",
                |c, v| v.text().map(|text| c.policy.silence_goodbye = text),
            ),
            Setting::new(
                "call.longest_goodbye",
                &["LONGEST_GOODBYE"],
                "I am sorry, we have to end this call now. Goodbye.",
                "The last words when a call has lasted as long as any may. Unless it is set, calls in another language have their own.",
                |c, v| v.text().map(|text| c.policy.longest_goodbye = text),
            ),
            Setting::new(
                "call.bridge_words",
                &["BRIDGE_WORDS"],
                "I am sorry, we were interrupted for a moment.",
                "What an engine says first that goes on where another one failed. Unless it is set, calls in another language have their own.",
                |c, v| v.text().map(|text| c.policy.bridge_words = text),
            ),
        ],
    },
    Section {
        name: "cost",
        about: "What engines may cost. A ceiling is looked at before money is spent; amounts are in `currency`.",
        settings: &[
            Setting::new(
                "cost.call",
                &["COST_PER_CALL"],
                "",
                "No call may cost more: before it does, the assistant says goodbye.",
                |c, v| v.micros().map(|amount| c.cost.ceilings.call = Some(amount)),
            )
            .example("2.50"),
            Setting::new(
                "cost.day",
                &["COST_PER_DAY"],
                "",
                "All calls of a day together may cost no more: past it engines that charge nothing answer, or else the voicemail.",
                |c, v| v.micros().map(|amount| c.cost.ceilings.day = Some(amount)),
            )
            .example("20"),
            Setting::new(
                "cost.caller",
                &["COST_PER_CALLER"],
                "",
                "The calls of one number in a day may cost no more.",
                |c, v| v.micros().map(|amount| c.cost.ceilings.caller = Some(amount)),
            )
            .example("5"),
            Setting::new(
                "cost.prices",
                &["PRICES"],
                "openai audio_in=32 audio_out=64 text_in=4 text_out=24 cached=0.4; openai-live minute=0.05 text_in=0.2 text_out=1.2 cached=0.02 cache_write=0.25; deepgram minute=0.08",
                "What engines charge: `audio_in`, `audio_out`, `text_in`, `text_out`, `cached` and `cache_write` for a million tokens, \
                 `minute` for a minute; `free` says that nothing costs anything. What is not named stays as it is by default: \
                 `docs/engines.md` says where that is from.",
                |c, v| {
                    c.cost.prices = c.cost.prices.clone().with(&v.text()?)?;
                    Ok(())
                },
            ),
            Setting::new("cost.currency", &["CURRENCY"], "USD", "What the prices are in.", |c, v| {
                v.text().map(|text| c.cost.currency = text)
            }),
            Setting::new(
                "cost.goodbye",
                &["COST_GOODBYE"],
                "I am sorry, I have to end this call now. Please call again another time. Goodbye.",
                "The last words when no more may be spent. Unless it is set, calls in another language have their own.",
                |c, v| v.text().map(|text| c.policy.cost_goodbye = text),
            ),
        ],
    },
];

fn engines() -> [(&'static str, EngineKind); 4] {
    EngineKind::ALL.map(|kind| (kind.name(), kind))
}

/// A tag of BCP 47.
fn language(text: &str) -> Result<String, String> {
    let good = text
        .split('-')
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if good && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        Ok(text.to_owned())
    } else {
        Err("give a language such as en-US or de".into())
    }
}
