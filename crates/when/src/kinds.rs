//! Kinds of appointments: what callers ask for by name, and the rules that each has of its own.

use crate::{
    Hours, Opening,
    hours::{read_week, write_week},
};
use std::{fmt, time::Duration};

/// A kind of appointment. What it does not say itself is as the [`Hours`] say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// As it is spoken, in lower case: "haircut".
    pub name: String,
    /// How long it takes.
    pub length: Duration,
    /// Kept free before it.
    pub before: Option<Duration>,
    /// Kept free after it.
    pub after: Option<Duration>,
    /// It begins at least this much from now.
    pub notice: Option<Duration>,
    /// It is at most this many days from today.
    pub ahead_days: Option<u16>,
    /// The opening hours within which it can be had.
    pub week: Option<[Vec<Opening>; 7]>,
}

const LONGEST_NAME: usize = 40;
const MOST_KINDS: usize = 50;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Kind {
    /// A kind that has no rules of its own but its length.
    pub fn new(name: &str, length: Duration) -> Self {
        Self {
            name: name.into(),
            length,
            before: None,
            after: None,
            notice: None,
            ahead_days: None,
            week: None,
        }
    }

    /// Reads `haircut 45m after 15m`: a name, a length (`45m`, `2h`, `1h30m`), and any of `before 5m`, `after 15m`,
    /// `notice 2d`, `ahead 60d`, `open tue 10:00-12:00 thu,fri 14:00-16:00`. The error says what could not be read.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("\"{}\": {what}", text.trim());
        let mut words = text.split_whitespace().peekable();
        let mut name: Vec<String> = Vec::new();
        while let Some(word) = words.next_if(|word| length(word).is_none()) {
            name.push(word.to_lowercase());
        }
        let name = name.join(" ");
        let plain = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'');
        if name.is_empty() || !name.chars().all(plain) || name.chars().count() > LONGEST_NAME {
            return Err(wrong("give a name in plain words, then a length, such as haircut 45m"));
        }
        let Some(takes) = words.next().and_then(length) else {
            return Err(wrong("give its length after the name, such as haircut 45m"));
        };
        if !(5 * MINUTE..=12 * HOUR).contains(&takes) {
            return Err(wrong("give a length from 5m to 12h"));
        }
        let mut kind = Self::new(&name, takes);
        while let Some(word) = words.next() {
            if word == "open" {
                let rest: Vec<&str> =
                    std::iter::from_fn(|| words.next_if(|word| !RULES.contains(word))).collect();
                if rest.is_empty() {
                    return Err(wrong("open wants days and times after it, such as tue 10:00-12:00"));
                }
                kind.week = Some(read_week(&rest.join(" ")).map_err(|why| wrong(&why))?);
                continue;
            }
            let most = if matches!(word, "before" | "after") { 8 * HOUR } else { 3650 * DAY };
            let Some(value) = words.next().and_then(length).filter(|value| *value <= most) else {
                return Err(wrong(&format!("{word} wants a length such as 15m, 2h or 3d")));
            };
            match word {
                "before" => kind.before = Some(value),
                "after" => kind.after = Some(value),
                "notice" => kind.notice = Some(value),
                "ahead" if value >= DAY => kind.ahead_days = Some((value.as_secs() / DAY.as_secs()) as u16),
                "ahead" => return Err(wrong("ahead wants days, such as 60d")),
                other => {
                    return Err(wrong(&format!("{other} is none of before, after, notice, ahead, open")));
                }
            }
        }
        Ok(kind)
    }

    /// Reads several, with `;` between them. No two may have the same name.
    pub fn read_all(text: &str) -> Result<Vec<Self>, String> {
        let texts = text.split(';').map(str::trim).filter(|text| !text.is_empty());
        let kinds = texts.map(Self::read).collect::<Result<Vec<_>, _>>()?;
        if kinds.len() > MOST_KINDS {
            return Err(format!("{} kinds are too many: at most {MOST_KINDS}", kinds.len()));
        }
        let squeezed: Vec<String> = kinds.iter().map(|kind| squeezed(&kind.name)).collect();
        match (1..squeezed.len()).find(|&at| squeezed[..at].contains(&squeezed[at])) {
            Some(at) => Err(format!("two kinds are called {}", kinds[at].name)),
            None => Ok(kinds),
        }
    }
}

const RULES: [&str; 5] = ["before", "after", "notice", "ahead", "open"];

/// As [`read`](Kind::read) takes it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, Short(self.length))?;
        for (rule, value) in [("before", self.before), ("after", self.after), ("notice", self.notice)] {
            if let Some(value) = value {
                write!(f, " {rule} {}", Short(value))?;
            }
        }
        if let Some(days) = self.ahead_days {
            write!(f, " ahead {days}d")?;
        }
        if let Some(week) = &self.week {
            write!(f, " open {}", write_week(week))?;
        }
        Ok(())
    }
}

impl Hours {
    /// The rules for this kind: what it says itself, else these. Appointments of all kinds begin on the same raster.
    #[must_use]
    pub fn for_kind(&self, kind: &Kind) -> Hours {
        Hours {
            week: kind.week.clone().unwrap_or_else(|| self.week.clone()),
            slot: kind.length,
            step: Some(self.step.unwrap_or(self.slot)),
            before: kind.before.unwrap_or(self.before),
            after: kind.after.unwrap_or(self.after),
            notice: kind.notice.unwrap_or(self.notice),
            ahead_days: kind.ahead_days.unwrap_or(self.ahead_days),
            ..self.clone()
        }
    }

    /// The kind of this name, however it is spaced and capitalised.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        let name = squeezed(name);
        self.kinds.iter().find(|kind| squeezed(&kind.name) == name)
    }

    /// The kinds that a sentence names, in the order of the settings. Where one name is part of a longer one that was
    /// said, only the longer counts.
    pub fn kinds_in(&self, text: &str) -> Vec<&Kind> {
        let text = text.to_lowercase();
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric() && c != '\'')
            .map(squeezed)
            .filter(|word| !word.is_empty())
            .take(200)
            .collect();
        let found: Vec<(&Kind, usize, usize)> = self
            .kinds
            .iter()
            .filter_map(|kind| place(&words, &squeezed(&kind.name)).map(|(from, to)| (kind, from, to)))
            .collect();
        let within = |(_, from, to): &(&Kind, usize, usize), other: &(&Kind, usize, usize)| {
            other.1 <= *from && *to <= other.2 && to - from < other.2 - other.1
        };
        found
            .iter()
            .filter(|one| !found.iter().any(|other| within(one, other)))
            .map(|(kind, ..)| *kind)
            .collect()
    }
}

/// Where among the words this name stands: "hair cut" and "haircuts" are a haircut.
fn place(words: &[String], name: &str) -> Option<(usize, usize)> {
    (0..words.len()).find_map(|from| {
        let mut said = String::new();
        for (to, word) in words.iter().enumerate().skip(from) {
            said.push_str(word);
            if said == name || said.strip_suffix('s') == Some(name) {
                return Some((from, to + 1));
            }
            if said.len() > name.len() {
                break;
            }
        }
        None
    })
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `45m`, `2h`, `1h30m`, `3d`: whole minutes.
fn length(text: &str) -> Option<Duration> {
    let mut minutes: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok().filter(|number| *number <= 1_000_000)?;
        let tail = &rest[digits..];
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        minutes += number
            * match &tail[..unit] {
                "m" | "min" => 1,
                "h" => 60,
                "d" => 24 * 60,
                _ => return None,
            };
        rest = &tail[unit..];
    }
    (!text.is_empty()).then(|| Duration::from_secs(minutes * 60))
}

struct Short(Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.as_secs() / 60;
        let parts = [(minutes / 1440, "d"), (minutes / 60 % 24, "h"), (minutes % 60, "m")];
        if minutes == 0 {
            return f.write_str("0m");
        }
        parts.iter().filter(|(count, _)| *count > 0).try_for_each(|(count, unit)| write!(f, "{count}{unit}"))
    }
}
