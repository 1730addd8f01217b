//! `earpiece serve`: opens everything, answers until it is told to stop, and lets calls finish.

use crate::{
    accounts,
    api::v1::Meter,
    app::App,
    calendars::{self, Calendars},
    calls::Calls,
    carriers, clock,
    command::output,
    config::{EngineKind, Flags, Live, Place, Sources, Thinker, Warning},
    current::Current,
    data,
    engines::{self, Engines},
    files,
    guard::throttle::Throttle,
    hands,
    houses::{self, Houses},
    jobs, languages, log,
    mcp::{self, Servers},
    pages,
    phone::{Briefings, Turns, voice::Voices},
    refusals::Refusals,
    retention, router, saved,
    secret::Secret,
    settings,
    stop::Stop,
    texts::Talks,
    trying::Tries,
    vault::Vault,
    watching,
    webhooks::{self, Listeners},
    whose::{self, Whose},
};
use anyhow::Context;
use axum::serve::ListenerExt;
use axum_server::{
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use engine::local::Workers;
use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};
use store::{HouseRow, Store};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long calls may take to say goodbye once they were told that the time is up.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How often the database's log is moved into it.
const TIDY: Duration = Duration::from_secs(2);
/// How many times in a row that is put off while calls ring: for two minutes.
const MOST_PUT_OFF: u32 = 60;

/// Answer the phone.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Stop where the other end of the standard input, a pipe, is closed.
    #[arg(long, hide = true)]
    while_parent_lives: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Runs the server until it is told to stop.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (live, warnings) = Live::load(Sources::of_process(&args.flags)?)?;
    log::start(&live.get().log);
    warn(&warnings);
    let app = open(live, &warnings).await?;
    let houses = Houses::new(app.clone());
    calendars::refresh(&app).await?;
    let tls = tls(&app).await?;
    let most = app.config.get().server.max_calls;
    if let Some(why) = files::enough_for(most, &format!("MAX_CALLS={most}")) {
        tracing::info!("{why}");
    }
    let (listener, streams) = bind(&app).await?;
    let address = listener.local_addr()?;
    let mut stop = if args.while_parent_lives { Stop::with_parent() } else { Stop::by_signals() }?;
    let config = app.config.get();
    if config.assistant.engine == EngineKind::Local && config.think.by == Thinker::Ollama {
        app.tasks.spawn(load(app.clone()));
    }
    keep_going(&app);
    app.tasks.spawn(houses::keep(houses.clone()));
    let stopped = CancellationToken::new();
    let mut servers = tokio::task::JoinSet::new();
    servers.spawn(answer(listener, router::router(&houses), tls.clone(), stopped.clone()));
    if let Some(streams) = streams {
        servers.spawn(answer(streams, router::streams(app.clone()), tls, stopped.clone()));
    }
    announce(&app, address).await?;
    let exit = tokio::select! {
        () = stop.told() => ExitCode::SUCCESS,
        // Without a listener nobody can call: whoever supervises us had better start us again.
        _ = servers.join_next() => ExitCode::FAILURE,
    };
    drain(&houses, &mut stop).await;
    stopped.cancel();
    let _connections_that_linger = tokio::time::timeout(LAST_WORDS, servers.join_all()).await;
    for app in houses.all() {
        app.store.close().await;
    }
    Ok(exit)
}

/// What is done in a house beside its calls, until it drains.
fn keep_going(app: &Arc<App>) {
    mcp::start(app);
    app.tasks.spawn(tidy(app.clone()));
    app.tasks.spawn(jobs::run(app.clone()));
    app.tasks.spawn(retention::run(app.clone()));
    app.tasks.spawn(calendars::watch(app.clone()));
    app.tasks.spawn(engines::watch(app.clone()));
    app.tasks.spawn(watching::relay(app.clone()));
}

/// One instance with these settings, its database open. What the owner was told of them already is not told again.
pub async fn open(live: Live, told: &[Warning]) -> anyhow::Result<Arc<App>> {
    let config = live.get();
    let (key, store) = data::open(&config).await?;
    let shared = Shared {
        calls: Calls::new(config.server.max_calls),
        workers: Arc::new(Workers::new(std::env::current_exe()?)),
        http: carriers::client()?,
        draining: CancellationToken::new(),
    };
    let whose = Whose::first(store.clone());
    let (app, warnings) = furnish(live, whose, key, store, shared).await?;
    warn(&warnings.into_iter().filter(|warning| !told.contains(warning)).collect::<Vec<_>>());
    Ok(app)
}

/// One whose data are in this folder, with these variables.
#[cfg(test)]
pub async fn open_in(folder: &std::path::Path, more: &[(&str, &str)]) -> Arc<App> {
    let set = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut environment: std::collections::BTreeMap<_, _> = more.iter().map(set).collect();
    environment.insert("DATA_DIR".to_owned(), folder.display().to_string());
    let sources = crate::config::Sources { environment, ..crate::config::Sources::default() };
    let (live, warnings) = Live::load(sources).expect("settings");
    open(live, &warnings).await.expect("an instance")
}

/// The house of another user than the first owner of this installation, at work.
pub async fn open_beside(first: &Arc<App>, house: &HouseRow) -> anyhow::Result<Arc<App>> {
    let around = first.config.get();
    let folder = data::folder_of(&around, &house.user_id);
    let place = Place { prefix: whose::prefix(&house.name), folder };
    let (live, _) = Live::within(first.config.clone(), place)?;
    let (key, store) = data::open_beside(&around, &first.key, house, &live.get()).await?;
    if let Some(user) = first.whose.accounts().user(&house.user_id).await? {
        store.lived_in_by(&user).await?;
    }
    let shared = Shared {
        calls: first.calls.beside(around.members.max_calls),
        workers: first.workers.clone(),
        http: first.http.clone(),
        draining: first.draining.child_token(),
    };
    let whose = Whose::another(first.whose.accounts().clone(), house.clone());
    let (app, warnings) = furnish(live, whose, key, store, shared).await?;
    for warning in warnings {
        tracing::debug!(user = house.user_id, "{warning}");
    }
    calendars::refresh(&app).await?;
    keep_going(&app);
    Ok(app)
}

/// What all houses of a process share.
struct Shared {
    calls: Calls,
    workers: Arc<Workers>,
    http: reqwest::Client,
    draining: CancellationToken,
}

/// A house, with what its owner should be told of its settings.
async fn furnish(
    live: Live,
    whose: Whose,
    key: Secret,
    store: Store,
    shared: Shared,
) -> anyhow::Result<(Arc<App>, Vec<Warning>)> {
    let config = live.get();
    let Shared { calls, workers, http, draining } = shared;
    let now_ms = clock::now_ms();
    // On a shared database younger calls may be another instance's, and alive.
    let longest_ms = i64::try_from(config.policy.longest_call.as_millis()).unwrap_or(i64::MAX);
    let began_before = if store.is_shared() { now_ms.saturating_sub(longest_ms) } else { now_ms };
    store.close_open_calls(now_ms, began_before).await?;
    if !store.is_shared() {
        store.release_intents(now_ms).await?;
    }
    let vault = Vault::new(&key);
    let warnings = saved::heed(&live, &store, &vault).await?;
    let config = live.get();
    let added = store.added().await?;
    let mcp = Servers::open(&config, &added, &store, &vault, whose.network()).await?;
    let bell = Arc::new(jobs::Bell::default());
    let listeners = Arc::new(Listeners::open(&store).await?);
    let announce = announcing(&bell, &listeners);
    let books = Arc::new(tool::calendar::Books::new(store.clone()).with_announce(announce));
    let tools = tool::Toolbox::new(saved::tools(&config, &store, &books, &bell, &listeners));
    tools.rule(hands::rulings(&store).await?);
    tools.put(hands::OWN, hands::own(&config.own, &added, &vault));
    mcp.shelve(&tools);
    let app = Arc::new(App {
        whose,
        tools,
        added: Current::new(added),
        mcp,
        books,
        listeners,
        meter: Meter::default(),
        bell,
        saved: Current::new(store.settings().await?),
        calendars: Calendars::default(),
        calls,
        engines: Engines::default(),
        key,
        vault,
        store,
        workers,
        clips: Arc::default(),
        turns: Turns::default(),
        voices: Voices::default(),
        briefings: Briefings::default(),
        talks: Talks::default(),
        throttle: Throttle::default(),
        refusals: Refusals::default(),
        tries: Tries::default(),
        http,
        tasks: TaskTracker::new(),
        draining,
        config: Arc::new(live),
    });
    Ok((app, warnings))
}

/// What a change of an appointment leaves to be done; whoever does it is woken.
fn announcing(bell: &Arc<jobs::Bell>, listeners: &Arc<Listeners>) -> tool::calendar::books::Announce {
    let (bell, listeners) = (bell.clone(), listeners.clone());
    Box::new(move |changed| {
        bell.ring();
        let mut announced = tool::message::announce(changed);
        announced.queue.extend(webhooks::of_change(&listeners, changed));
        announced
    })
}

fn warn(warnings: &[Warning]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

async fn bind(app: &App) -> anyhow::Result<(TcpListener, Option<TcpListener>)> {
    let config = app.config.get();
    let server = &config.server;
    let bind = async |port: u16, instead: &str| {
        let address = SocketAddr::new(server.host, port);
        let bound = TcpListener::bind(address).await;
        bound.with_context(|| format!("cannot listen on {address}; is another program there? {instead}"))
    };
    let streams = match server.ws_port {
        Some(port) => Some(bind(port, "WS_PORT sets another port").await?),
        None => None,
    };
    Ok((bind(server.port, "PORT=0 picks a free port").await?, streams))
}

/// Says that we are ready, to programs on standard output and to people on standard error.
async fn announce(app: &App, address: SocketAddr) -> anyhow::Result<()> {
    let config = app.config.get();
    let assistant = &config.assistant;
    tracing::info!("calls are answered by {} ({})", assistant.engine.name(), assistant.engine_why);
    for next in &assistant.engines[1..] {
        tracing::info!("should it fail, calls go on with {}", next.name());
    }
    for kind in &assistant.engines {
        let unable = languages::unable(app, *kind).join(", ");
        if !unable.is_empty() {
            tracing::warn!("{} does not hear and speak these ASSISTANT_LANGUAGES: {unable}", kind.name());
        }
    }
    let ready: Vec<_> =
        carriers::all().into_iter().filter(|one| carriers::signing(&config, *one).is_ok()).collect();
    if ready.is_empty() {
        tracing::info!(
            "to take calls set PUBLIC_URL and TWILIO_AUTH_TOKEN, PLIVO_AUTH_TOKEN or TELNYX_PUBLIC_KEY; until then \
             webhooks are refused"
        );
    }
    for carrier in ready {
        tracing::info!("calls are taken from {}", carriers::title(carrier));
    }
    if config.callers.allowed.is_empty() && config.callers.owners.is_empty() {
        tracing::info!(
            "every caller is a stranger: set OWNER_NUMBERS to your own number, ALLOWED_NUMBERS to reject others"
        );
    }
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let page = format!("{scheme}://{address}");
    if !app.store.owner_exists().await? {
        let link = pages::welcome::make_link(&app.store, clock::now_ms()).await?;
        let here = accounts::reachable(address);
        eprintln!(
            "\nTo become this Earpiece's owner, open this link within a day. It works once:\n\n    {scheme}://{here}/welcome/{link}\n"
        );
    }
    output::line(format_args!("listening on {page}"));
    Ok(())
}

/// Has the model that thinks loaded, so that the first caller need not wait for it, and tells the owner where it cannot be.
async fn load(app: Arc<App>) {
    let config = app.config.get();
    let loading = async { settings::ollama(&config)?.load().await };
    match app.draining.run_until_cancelled(loading).await {
        Some(Ok(())) => tracing::info!(model = config.ollama.model, "the language model is loaded"),
        Some(Err(failure)) => {
            let model = &config.ollama.model;
            tracing::warn!(
                "{} Until {model} is there (ollama pull {model}), the next engine answers, or the desk where none is left.",
                failure.why
            );
        }
        None => {}
    }
}

/// The certificate that the owner gave us, where they did.
async fn tls(app: &App) -> anyhow::Result<Option<RustlsConfig>> {
    let config = app.config.get();
    let Some(tls) = &config.server.tls else { return Ok(None) };
    let (certificate, key) = (tls.certificate.display(), tls.key.display());
    let config = RustlsConfig::from_pem_chain_file(&tls.certificate, &tls.key).await;
    Ok(Some(config.with_context(|| format!("TLS_CERT {certificate} and TLS_KEY {key} cannot be used"))?))
}

async fn answer(
    listener: TcpListener,
    router: axum::Router,
    tls: Option<RustlsConfig>,
    stopped: CancellationToken,
) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = if let Some(tls) = tls {
        let handle = axum_server::Handle::new();
        let server = async {
            let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
            axum_server::from_tcp(listener.into_std()?)?
                .acceptor(acceptor)
                .handle(handle.clone())
                .serve(service)
                .await
        };
        tokio::select! {
            served = server => served,
            () = stopped.cancelled() => {
                handle.shutdown();
                Ok(())
            }
        }
    } else {
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection stays slow");
            }
        });
        axum::serve(listener, service).with_graceful_shutdown(stopped.cancelled_owned()).await
    };
    if let Err(error) = served {
        tracing::error!(%error, "the listener failed");
    }
}

/// Keeps the database's log short, off the path of those who write: the disk is not asked to catch up while calls ring,
/// whose carriers wait for us.
async fn tidy(app: Arc<App>) {
    let mut rung = app.calls.rung();
    let mut put_off = 0;
    while app.draining.run_until_cancelled(tokio::time::sleep(TIDY)).await.is_some() {
        let before = std::mem::replace(&mut rung, app.calls.rung());
        if before != rung && put_off < MOST_PUT_OFF {
            put_off += 1;
            continue;
        }
        put_off = 0;
        if let Err(error) = app.store.tidy().await {
            tracing::debug!(%error, "the database was not tidied");
        }
    }
}

/// Lets calls in progress finish, within bounds, while new ones are refused.
async fn drain(houses: &Houses, stop: &mut Stop) {
    let first = houses.first();
    let bound = first.config.get().server.drain;
    // Those of the others follow: none is opened any more.
    first.draining.cancel();
    let all = houses.all();
    for app in &all {
        app.tasks.close();
    }
    let calls = first.calls.count_everywhere();
    if calls > 0 {
        tracing::info!(
            calls,
            "waiting at most {} s for calls to finish; stop again to end them now",
            bound.as_secs()
        );
    }
    let ended = || futures_util::future::join_all(all.iter().map(|app| app.tasks.wait()));
    tokio::select! {
        _ = ended() => return,
        () = tokio::time::sleep(bound) => {}
        () = stop.told() => {}
    }
    for app in &all {
        app.calls.dismiss_all();
    }
    let _at_last = tokio::time::timeout(LAST_WORDS, ended()).await;
}
