//! What calls cost, and trying an assistant in writing, by the owner's prices and what engines report, and whether more may
//! be spent.
//!
//! A ceiling is looked at before money is spent: a call is not put through to an engine that costs where the day's or the
//! caller's is reached, and a call in progress with one says goodbye while there is still enough for another reply and that
//! goodbye, by the dearest reply that it has had, and a quarter of a minute of whoever is paid by the minute. An engine that
//! charges nothing answers all the same.

mod bill;
mod meter;

pub use bill::Bill;
pub use meter::{Session, Sessions};

use crate::{
    app::App,
    brief,
    config::{Config, Cost, EngineKind, Hearing, Speaking, Thinker},
};
use call::Usage;
use std::collections::BTreeMap;
use store::StoreError;

/// Millionths of the owner's currency.
pub type Micros = i64;

/// What an engine charges.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// For a million tokens each; a cached one costs `cached`, whether it is text or sound.
    pub audio_in: f64,
    pub audio_out: f64,
    pub text_in: f64,
    pub text_out: f64,
    pub cached: f64,
    /// For one of text that is written to the cache; as any other where nothing is set.
    pub cache_write: Option<f64>,
    /// For a minute of the session.
    pub minute: f64,
}

impl Price {
    /// What the tokens of this usage cost, rounded up.
    pub fn of(&self, usage: Usage) -> Micros {
        // Which of the tokens were cached is not reported; those that cost less are taken for it.
        let cached_text = usage.cached_tokens.min(usage.text_tokens_in);
        let cached_audio = (usage.cached_tokens - cached_text).min(usage.audio_tokens_in);
        let written = usage.cache_write_tokens.min(usage.text_tokens_in - cached_text);
        let cost = self.audio_in * (usage.audio_tokens_in - cached_audio) as f64
            + self.text_in * (usage.text_tokens_in - cached_text - written) as f64
            + self.cache_write.unwrap_or(self.text_in) * written as f64
            + self.cached * (cached_text + cached_audio) as f64
            + self.audio_out * usage.audio_tokens_out as f64
            + self.text_out * usage.text_tokens_out as f64;
        cost.ceil() as Micros
    }

    /// Whether it charges nothing.
    pub fn is_free(&self) -> bool {
        let Self { audio_in, audio_out, text_in, text_out, cached, cache_write, minute } = *self;
        let most = [audio_in, audio_out, text_in, text_out, cached, minute].into_iter().fold(0.0, f64::max);
        most <= 0.0 && cache_write.is_none_or(|price| price <= 0.0)
    }

    /// What a second of the session costs, in millionths and parts of them.
    pub fn second(&self) -> f64 {
        self.minute / 60.0 * 1e6
    }
}

/// The price of each engine by its name. One that is not here charges nothing that we know of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices(pub BTreeMap<String, Price>);

impl Prices {
    /// Reads `openai audio_in=32 audio_out=64; deepgram minute=0.08`: those prices instead of these, and of what is not named
    /// these. After `free` what is not named costs nothing.
    pub fn with(mut self, text: &str) -> Result<Self, String> {
        for one in text.split([';', '\n']).map(str::trim).filter(|one| !one.is_empty()) {
            let mut words = one.split([' ', ',', '\t']).filter(|word| !word.is_empty()).peekable();
            let engine = words.next().unwrap_or_default().trim_end_matches(':');
            if !EngineKind::ALL.iter().any(|kind| kind.name() == engine) {
                return Err(format!("{engine:?} is no engine; openai, openai-live, deepgram and local are"));
            }
            if words.peek().is_none() {
                return Err(format!("give prices such as {engine} minute=0.05, or {engine} free"));
            }
            let mut price = self.of(engine);
            for word in words {
                if word == "free" {
                    price = Price::default();
                    continue;
                }
                let (name, amount) = word.split_once('=').ok_or("give prices such as audio_in=32")?;
                let amount = amount.parse().ok().filter(|amount| (0.0..=100_000.0).contains(amount));
                let amount = amount.ok_or_else(|| format!("{name} must be an amount of money"))?;
                *price.named(name).ok_or_else(|| format!("{name:?} is no price"))? = amount;
            }
            self.0.insert(engine.to_owned(), price);
        }
        Ok(self)
    }

    /// Whether anything was said of this engine's price, be it that it is free.
    pub fn knows(&self, engine: &str) -> bool {
        self.0.contains_key(engine)
    }

    pub fn of(&self, engine: &str) -> Price {
        self.0.get(engine).copied().unwrap_or_default()
    }
}

impl Price {
    fn named(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "audio_in" => &mut self.audio_in,
            "audio_out" => &mut self.audio_out,
            "text_in" => &mut self.text_in,
            "text_out" => &mut self.text_out,
            "cached" => &mut self.cached,
            "cache_write" => self.cache_write.get_or_insert_default(),
            "minute" => &mut self.minute,
            _ => return None,
        })
    }
}

/// What may be spent at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ceilings {
    pub call: Option<Micros>,
    /// By all calls of a day.
    pub day: Option<Micros>,
    /// By all calls of one caller in a day.
    pub caller: Option<Micros>,
}

impl Ceilings {
    pub fn is_any(&self) -> bool {
        self.call.is_some() || self.day.is_some() || self.caller.is_some()
    }
}

/// What was spent today, by everybody and by one caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub day: Micros,
    pub caller: Micros,
}

/// What one call spends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spending {
    ceilings: Ceilings,
    call: Micros,
    /// What was spent today as was last known, and how much of it by this call.
    sums: Sums,
    known: Micros,
    /// The most that one reply has cost.
    dearest: Micros,
    /// What the time costs that is kept back for a goodbye.
    kept: Micros,
}

impl Spending {
    pub fn new(ceilings: Ceilings, sums: Sums) -> Self {
        Self { ceilings, sums, ..Self::default() }
    }

    /// The call goes on that has cost so much before, as is known already.
    pub fn go_on(&mut self, before: Micros) {
        (self.call, self.known) = (before, before);
    }

    /// A reply cost this much.
    pub fn spend(&mut self, cost: Micros) {
        self.call += cost;
        self.dearest = self.dearest.max(cost);
    }

    /// Time has cost so much. From now on so much is kept back for the time of a goodbye.
    pub fn last(&mut self, cost: Micros, kept: Micros) {
        self.call += cost;
        self.kept = kept;
    }

    /// What was spent today, as the database has it when so much of this call is written there.
    pub fn learn(&mut self, sums: Sums, written: Micros) {
        (self.sums, self.known) = (sums, written);
    }

    /// Whether another reply and a goodbye might cost more than they may.
    pub fn is_out(&self) -> bool {
        self.left().is_some_and(|left| left < 0)
    }

    /// What may be spent until it is out, by the nearest ceiling of which anything is spent; below nothing where it is. None:
    /// as much as one likes.
    pub fn left(&self) -> Option<Micros> {
        let (call, reserve) = (self.call, 2 * self.dearest + self.kept);
        let since = call - self.known;
        let left = |(ceiling, spent): (Option<Micros>, Micros)| {
            ceiling.filter(|_| spent > 0).map(|ceiling| ceiling - spent - reserve)
        };
        let Ceilings { call: own, day, caller } = self.ceilings;
        [(own, call), (day, self.sums.day + since), (caller, self.sums.caller + since)]
            .into_iter()
            .filter_map(left)
            .min()
    }
}

/// What was spent since the day began where the owner is, by everybody and in calls with this number.
pub async fn sums(app: &App, caller: &str) -> Result<Sums, StoreError> {
    let began_ms = day_began_ms(app);
    let (day, caller) = app.store.spent_since(began_ms, caller).await?;
    Ok(Sums { day: day + app.tries.spent_since(began_ms), caller })
}

/// When the day began where the owner is, in milliseconds since 1970.
pub fn day_began_ms(app: &App) -> i64 {
    brief::now(app).start_of_day().map_or(0, |began| began.timestamp().as_millisecond())
}

/// Those of the engines that an assistant with these settings has which may answer this caller now: where no more may be
/// spent on them, only those that charge nothing.
pub async fn affordable(app: &App, config: &Config, caller: &str) -> Vec<EngineKind> {
    let now = app.config.get();
    let is_free = |kind: &EngineKind| is_free(&now, *kind);
    let engines = &config.assistant.engines;
    if engines.iter().all(is_free) || !is_spent(app, caller).await {
        return engines.clone();
    }
    let free: Vec<_> = engines.iter().copied().filter(is_free).collect();
    tracing::warn!(
        left = free.len(),
        "no more may be spent on a caller today: only engines that cost nothing answer"
    );
    free
}

/// Whether this engine is known to charge nothing, as the settings are.
pub fn is_free(config: &Config, engine: EngineKind) -> bool {
    config.cost.prices.of(engine.name()).is_free()
        && (engine != EngineKind::Local || unpriced(config).is_none())
}

/// Whether the day's ceiling or this caller's is reached, so that nothing more is to be spent on them.
pub async fn is_spent(app: &App, caller: &str) -> bool {
    let ceilings = app.config.get().cost.ceilings;
    if ceilings.day.is_none() && ceilings.caller.is_none() {
        return false;
    }
    match sums(app, caller).await {
        Ok(sums) => {
            let reached = |ceiling: Option<Micros>, spent| ceiling.is_some_and(|ceiling| spent >= ceiling);
            reached(ceilings.day, sums.day) || reached(ceilings.caller, sums.caller)
        }
        Err(error) => {
            tracing::error!(%error, "what was spent today could not be read");
            false
        }
    }
}

/// Why the ceilings do not hold the engine `local` back, in a sentence for the owner: it uses services that cost something, and
/// nothing was said of a price.
pub fn unpriced(config: &Config) -> Option<String> {
    let local = EngineKind::Local;
    let Cost { ceilings, prices, .. } = &config.cost;
    if !ceilings.is_any() || prices.knows(local.name()) || !config.assistant.engines.contains(&local) {
        return None;
    }
    let services = local_services(config).join(", ");
    (!services.is_empty()).then(|| {
        format!(
            "no ceiling of costs holds {services} back, of which no price is known: give the engine local one, such as \
             PRICES=\"local minute=0.05\" or \"local text_in=0.2 text_out=1.2\", or say PRICES=\"local free\""
        )
    })
}

/// The services that the engine `local` uses and somebody is paid for, as they are set.
fn local_services(config: &Config) -> Vec<&'static str> {
    let (local, think) = (&config.local, &config.think);
    let hears = match local.hear {
        Hearing::OpenAi => config.hears_at_openai().then_some("HEAR=openai"),
        Hearing::Deepgram => Some("HEAR=deepgram"),
        Hearing::PocketSphinx | Hearing::Whisper => None,
    };
    let thinks = match think.by {
        Thinker::OpenAi => {
            let theirs =
                if think.url.is_some() { think.api_key.is_some() } else { config.knows_openai_itself() };
            theirs.then_some("THINK=openai")
        }
        Thinker::Ollama | Thinker::Desk => None,
    };
    let speaks = match local.speak {
        Speaking::OpenAi => config.speaks_at_openai().then_some("SPEAK=openai"),
        Speaking::Deepgram => Some("SPEAK=deepgram"),
        Speaking::Flite | Speaking::Espeak | Speaking::Piper => None,
    };
    [hears, thinks, speaks].into_iter().flatten().collect()
}

/// An amount as the owner reads it: `0.42 USD`.
pub fn shown(micros: Micros, currency: &str) -> String {
    format!("{:.4} {currency}", micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn read(text: &str) -> Result<Prices, String> {
        Prices::default().with(text)
    }

    #[test]
    fn a_price_that_is_not_named_stays_what_it_was() {
        let before = read("openai audio_in=32 text_in=4 cached=0.4; deepgram minute=0.08").expect("a table");
        let after = before.clone().with("openai audio_in=10").expect("a table");
        assert_eq!(after.of("openai"), Price { audio_in: 10.0, ..before.of("openai") });
        assert_eq!(after.of("deepgram"), before.of("deepgram"));
        let free = before.clone().with("deepgram free; openai free text_in=1").expect("a table");
        assert!(free.of("deepgram").is_free() && free.knows("deepgram"));
        assert_eq!(free.of("openai"), Price { text_in: 1.0, ..Price::default() });
        assert!(before.clone().with("deepgram minute=0").expect("a table").of("deepgram").is_free());
        assert!(!before.knows("local") && before.with("deepgram").is_err());
    }

    #[test]
    fn a_reply_costs_what_the_table_says() {
        let prices =
            read("openai audio_in=32 audio_out=64 text_in=4 text_out=16 cached=0.4; deepgram: minute=0.08")
                .expect("a table");
        let usage = Usage {
            audio_tokens_in: 1_000,
            audio_tokens_out: 500,
            text_tokens_in: 2_000,
            text_tokens_out: 100,
            cached_tokens: 2_500,
            ..Usage::default()
        };
        // 500 of sound at 32, 2500 cached at 0.4, 500 said at 64, 100 written at 16.
        assert_eq!(prices.of("openai").of(usage), 16_000 + 1_000 + 32_000 + 1_600);
        assert_eq!((prices.of("deepgram").second() * 30.0).round() as Micros, 40_000);
        assert_eq!(prices.of("local").of(usage), 0);
        assert!(prices.of("local").is_free() && !prices.of("deepgram").is_free());
        assert!(!Price { cache_write: Some(0.1), ..Price::default() }.is_free());
        assert!(read("openai gold=1").is_err() && read("openai audio_in=-1").is_err());
        assert!(read("siri audio_in=1").is_err());
        assert_eq!(shown(421_234, "USD"), "0.4212 USD");
    }

    #[test]
    fn what_is_written_to_a_cache_costs_what_the_table_says_or_what_all_text_costs() {
        let usage = Usage {
            text_tokens_in: 1_000,
            cached_tokens: 600,
            cache_write_tokens: 300,
            text_tokens_out: 50,
            ..Usage::default()
        };
        let cost = |table: &str| read(table).expect("a table").of("openai-live").of(usage);
        // 100 at 0.2, 600 cached at 0.02, 300 written to the cache, 50 written to us at 1.2.
        assert_eq!(
            cost("openai-live text_in=0.2 text_out=1.2 cached=0.02 cache_write=0.25"),
            20 + 12 + 75 + 60
        );
        assert_eq!(cost("openai-live text_in=0.2 text_out=1.2 cached=0.02"), 20 + 12 + 60 + 60);
        // More than there is is not paid for.
        let odd = Usage { cache_write_tokens: 5_000, ..usage };
        let price = Price { text_in: 1.0, cached: 1.0, cache_write: Some(1.0), ..Price::default() };
        assert_eq!(price.of(odd), 1_000);
    }

    #[test]
    fn a_call_says_goodbye_while_there_is_enough_for_it() {
        let ceilings = Ceilings { call: Some(100), ..Ceilings::default() };
        let mut spending = Spending::new(ceilings, Sums::default());
        for _ in 0..4 {
            spending.spend(20);
            assert_eq!(spending.is_out(), spending.call > 60, "two more are always kept back");
        }
    }

    #[test]
    fn a_call_that_is_paid_by_the_minute_says_goodbye_while_there_is_enough_time_for_it() {
        let ceilings = Ceilings { call: Some(100), ..Ceilings::default() };
        let mut spending = Spending::new(ceilings, Sums::default());
        assert_eq!(spending.left(), None, "nothing is spent yet");
        spending.last(50, 15);
        assert_eq!((spending.left(), spending.is_out()), (Some(35), false), "only what has passed is spent");
        spending.spend(10);
        assert_eq!((spending.left(), spending.is_out()), (Some(5), false));
        spending.last(6, 15);
        assert!(spending.is_out());
        spending.last(0, 0);
        assert!(!spending.is_out(), "whoever answers now is not paid for their time");
    }

    #[test]
    fn a_call_that_goes_on_has_spent_what_it_had_before() {
        let ceilings = Ceilings { call: Some(100), day: Some(1_000), caller: None };
        let mut spending = Spending::new(ceilings, Sums { day: 70, caller: 70 });
        spending.go_on(70);
        assert_eq!(spending.left(), Some(30));
        spending.spend(10);
        assert_eq!((spending.left(), spending.is_out()), (Some(0), false));
        spending.spend(1);
        assert!(spending.is_out());
    }

    #[test]
    fn what_others_spend_meanwhile_counts() {
        let ceilings = Ceilings { day: Some(1_000), caller: Some(500), ..Ceilings::default() };
        let mut spending = Spending::new(ceilings, Sums { day: 900, caller: 100 });
        spending.spend(30);
        assert!(!spending.is_out());
        spending.learn(Sums { day: 980, caller: 130 }, 30);
        assert!(spending.is_out());
        let mut spending = Spending::new(ceilings, Sums { day: 450, caller: 450 });
        spending.spend(20);
        assert!(spending.is_out(), "this caller's is nearly reached");
        assert!(!Spending::new(Ceilings::default(), Sums { day: 9_999, caller: 9_999 }).is_out());
    }

    #[test]
    fn an_engine_is_free_only_where_it_is_known_to_be() {
        let config = |more: &[(&str, &str)]| {
            let base = [("ENGINES", "openai,local"), ("OPENAI_API_KEY", "k"), ("COST_PER_DAY", "5")];
            let pairs =
                base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let sources = Sources { environment: pairs.collect(), ..Sources::default() };
            Config::load(&sources).expect("these settings are right").0
        };
        let thinks = [("THINK", "openai"), ("HEAR", "whisper")];
        let free = |more: &[(&str, &str)]| is_free(&config(more), EngineKind::Local);
        assert!(free(&[]) && !is_free(&config(&[]), EngineKind::OpenAi));
        assert!(!free(&thinks), "somebody is paid for thinking");
        assert!(free(&[&thinks[..], &[("PRICES", "local free")]].concat()), "the owner says that it is");
    }
}
