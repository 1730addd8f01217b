//! What needs the owner: what was given up, what is no longer allowed or soon will not be, what does not work, who is urgent. Nothing is here
//! that passes by itself.

use crate::{
    app::App,
    call_briefs::capitalised,
    cost, jobs,
    pages::{calls, outbox::LOST_MS, times},
    refusals,
    retiring::{self, Retiring},
};
use jiff::Timestamp;
use store::{ConnectionState, CredentialState, JobState, StoreError};
use tool::calendar::google::Grant;

/// As many as are counted of each.
const MOST: u32 = 100;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a request that was refused is a matter.
const REFUSED_MS: i64 = 3 * DAY_MS;
/// So long before it ends what ends is a matter.
const SOON_MS: i64 = 3 * DAY_MS;
/// Words of a message that are shown.
const LONGEST: usize = 140;

/// One thing to see to.
pub struct Matter {
    pub what: String,
    /// Why, or what of it.
    pub why: String,
    /// The page where it is seen to.
    pub to: String,
    /// What the link there says.
    pub link: &'static str,
    /// It harms calls now.
    pub bad: bool,
}

/// What there is, the most urgent first.
pub async fn matters(app: &App, now_ms: i64) -> Result<Vec<Matter>, StoreError> {
    let mut matters = urgent(app).await?;
    matters.extend(engines(app));
    matters.extend(refused(app, now_ms).await?);
    matters.extend(calendars(app).await?);
    matters.extend(expiring(app, now_ms).await?);
    matters.extend(retiring(app, now_ms));
    matters.extend(unpriced(app));
    matters.extend(servers(app).await?);
    matters.extend(given_up(app, now_ms).await?);
    Ok(matters)
}

async fn urgent(app: &App) -> Result<Vec<Matter>, StoreError> {
    let urgent = app.store.urgent_messages(MOST).await?.into_iter();
    Ok(urgent
        .map(|message| Matter {
            what: format!("Urgent message from {}", calls::who(&message.caller)),
            why: short(&message.body),
            to: "/messages".into(),
            link: "Read it",
            bad: false,
        })
        .collect())
}

/// Engines that do not work: their service refuses the key, knows the model no more, or is away.
fn engines(app: &App) -> Vec<Matter> {
    let matter = |(kind, why, lasting): (crate::config::EngineKind, String, bool)| Matter {
        what: format!("The engine {} does not work", kind.name()),
        why: if lasting { format!("{why} It will not before something is changed.") } else { why },
        to: "/settings#engines".into(),
        link: "See the engines",
        bad: lasting,
    };
    app.engines.troubles().into_iter().map(matter).collect()
}

async fn refused(app: &App, now_ms: i64) -> Result<Vec<Matter>, StoreError> {
    app.refusals.write(&app.store).await?;
    let rows = app.store.refusals(now_ms - REFUSED_MS).await?.into_iter();
    Ok(rows
        .map(|row| Matter {
            what: format!("Requests of {} were refused: {}", refusals::title(&row.carrier), row.why),
            why: if row.times == 1 { "Once.".into() } else { format!("{} times.", row.times) },
            to: "/refusals".into(),
            link: "See why",
            bad: true,
        })
        .collect())
}

async fn calendars(app: &App) -> Result<Vec<Matter>, StoreError> {
    let matter = |what: String, why: String| Matter {
        what,
        why,
        to: "/calendars".into(),
        link: "See the calendars",
        bad: true,
    };
    let credentials = app.store.credentials().await?.into_iter();
    let revoked = credentials.filter(|one| one.state == CredentialState::Revoked);
    let mut matters: Vec<_> =
        revoked.map(|one| matter(format!("{} may not be used any more", one.name), one.why)).collect();
    let connections = app.store.connections().await?.into_iter();
    let troubled = connections.filter(|one| one.state == ConnectionState::Trouble);
    matters.extend(troubled.map(|one| matter(format!("The calendar {} has a problem", one.name), one.why)));
    Ok(matters)
}

/// What we were allowed to do elsewhere, and soon are no longer.
async fn expiring(app: &App, now_ms: i64) -> Result<Vec<Matter>, StoreError> {
    let mut matters = Vec::new();
    let zone = &app.config.get().calendar.zone;
    let ends = |ms: i64| times::zoned(ms, zone).strftime("%A, %-d %B, at %H:%M").to_string();
    let soon = |ms: &i64| *ms > now_ms && *ms - now_ms < SOON_MS;
    let good = app.store.credentials().await?.into_iter().filter(|one| one.state == CredentialState::Good);
    for row in good.filter(|row| row.kind == "google") {
        let opened = app.vault.open(&row.kind, &row.sealed).ok();
        let grant = opened.and_then(|sealed| Grant::unseal(sealed.expose()).ok());
        let until_ms = grant.and_then(|grant| grant.ends()).map(Timestamp::as_millisecond);
        if let Some(ms) = until_ms.filter(soon) {
            matters.push(Matter {
                what: format!("Google lets us into {} until {}", row.name, ends(ms)),
                why: "Connect it again before. If this happens every 7 days, the program is “Testing” in Google's console: \
                      set it to “In production”."
                    .into(),
                to: "/calendars".into(),
                link: "See the calendars",
                bad: false,
            });
        }
    }
    for kept in app.mcp.all().iter() {
        if let Some(ms) = kept.server.wallet().and_then(|wallet| wallet.ends_ms()).filter(soon) {
            matters.push(Matter {
                what: format!("{} lends its tools until {}", kept.set.settings.name, ends(ms)),
                why: "Its consent cannot be renewed without you: connect it again.".into(),
                to: "/servers".into(),
                link: "See the servers",
                bad: false,
            });
        }
    }
    Ok(matters)
}

/// Models that are set and will be gone, or are.
fn retiring(app: &App, now_ms: i64) -> Vec<Matter> {
    let config = app.config.get();
    let today = times::zoned(now_ms, &config.calendar.zone).date();
    let matter = |one: Retiring| {
        let Retiring { model, key, on, instead } = one;
        let (gone, day) = (on <= today, on.strftime("%-d %B %Y"));
        let section = key.split_once('.').map_or(key, |(section, _)| section);
        Matter {
            what: if gone {
                format!("OpenAI has shut {model} down")
            } else {
                format!("OpenAI shuts {model} down on {day}")
            },
            why: format!("Set {instead} instead ({key})."),
            to: format!("/settings/{section}"),
            link: "See the setting",
            bad: gone,
        }
    };
    retiring::models(&config).into_iter().map(matter).collect()
}

/// Services of which nobody counts what they cost, though there is a ceiling.
fn unpriced(app: &App) -> Option<Matter> {
    let (own, numbers) = (app.config.get(), app.config.numbers());
    let why = [&own].into_iter().chain(numbers.values()).find_map(|config| cost::unpriced(config))?;
    Some(Matter {
        what: "Costs are not held back".into(),
        why: format!("{}.", capitalised(&why)),
        to: "/settings/cost".into(),
        link: "See the prices",
        bad: true,
    })
}

async fn servers(app: &App) -> Result<Vec<Matter>, StoreError> {
    let rows = app.store.mcp_servers().await?.into_iter();
    let troubled = rows.filter(|row| !row.why.is_empty() && app.mcp.named(&row.name).is_some());
    Ok(troubled
        .map(|row| Matter {
            what: format!("The tools of {} are away", row.name),
            why: row.why,
            to: "/servers".into(),
            link: "See the servers",
            bad: false,
        })
        .collect())
}

async fn given_up(app: &App, now_ms: i64) -> Result<Vec<Matter>, StoreError> {
    let mut matters = Vec::new();
    let dead = app.store.jobs(JobState::Dead, MOST).await?;
    if let Some(last) = dead.first() {
        let what = match dead.len() {
            1 => format!("{} was given up", jobs::what(last)),
            many => format!("{many} things were given up, the last: {}", jobs::what(last).to_lowercase()),
        };
        matters.push(Matter {
            what,
            why: short(&last.error),
            to: "/outbox#dead".into(),
            link: "See the outbox",
            bad: true,
        });
    }
    let lost = app.store.texts_lost(now_ms - LOST_MS, MOST).await?;
    if let Some(last) = lost.first() {
        let what = match lost.len() {
            1 => "A text did not arrive".to_owned(),
            many => format!("{many} texts did not arrive"),
        };
        let why = format!("To {}: {}", calls::who(&last.number), short(&last.body));
        matters.push(Matter { what, why, to: "/outbox#lost".into(), link: "See the outbox", bad: false });
    }
    Ok(matters)
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve;

    #[tokio::test]
    async fn a_ceiling_that_holds_nothing_back_is_a_matter_until_there_is_a_price() {
        let told = async |prices: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let set = [
                ("ENGINE", "local"),
                ("HEAR", "deepgram"),
                ("DEEPGRAM_API_KEY", "key"),
                ("COST_PER_DAY", "5"),
                ("PRICES", prices),
            ];
            let app = serve::open_in(folder.path(), &set).await;
            unpriced(&app).map(|matter| matter.why)
        };
        let why = told("").await.expect("nothing is counted");
        assert!(why.starts_with("No ceiling of costs holds HEAR=deepgram back"), "{why}");
        assert_eq!(told("local minute=0.01").await, None);
    }
}
