//! Several users of one installation: each has a house of their own, and nobody sees anything of another's.

use super::{
    rig::{Browser, Page, a_call_from},
    waiting,
};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use call::{Note, TurnId};
use serde_json::{Value, json};
use server::{api, clock, config::Number, saved};
use sim::twilio::signature;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::NewMessage;

const PUBLIC: (&str, &str) = ("PUBLIC_URL", "http://127.0.0.1:5050");
const OPEN: [(&str, &str); 2] = [("TIME_ZONE", "UTC"), PUBLIC];

/// Makes two tests of each function of an installation's settings: one on SQLite, one on Postgres.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        $(
            mod $promise {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    super::super::$promise(Vec::new()).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    super::super::with_postgres(super::super::$promise).await;
                }
            }
        )+
    };
}

mod both {
    on_both!(
        nothing_of_one_user_is_on_a_page_of_another,
        an_address_of_a_house_is_its_users_alone,
        a_guest_of_a_user_calls_that_users_assistant,
        a_token_leads_to_the_house_that_made_it_and_opens_no_other,
        nobody_acts_for_whoever_may_not_log_in,
        a_webhook_is_believed_at_the_house_whose_secret_signed_it,
        a_house_that_cannot_be_opened_harms_nobody,
        what_has_something_to_do_is_open_after_a_restart,
    );
}

/// What is remembered of one user, each thing of which says whose it is.
struct Theirs {
    browser: Browser,
    /// Their name, which stands in everything that is theirs.
    name: &'static str,
    number: &'static str,
    call: String,
    appointment: String,
}

impl Theirs {
    async fn told(mut browser: Browser, name: &'static str, number: &'static str) -> Self {
        let words = Note::CallerSaid(TurnId(1), format!("I am calling about {name}'s roses"));
        let store = browser.store.clone();
        let call = a_call_from(&store, number, clock::now_ms() - 100_000, &[(1_000, words)]).await;
        store.caller_seen(number, clock::now_ms()).await.expect("seen");
        let body = format!("Ring {name} back");
        let new = NewMessage {
            call_id: Some(&call),
            caller: number,
            body: &body,
            urgent: true,
            taken_ms: clock::now_ms(),
        };
        store.message_taken(&new).await.expect("taken");
        let day = a_day();
        let wish = json!({"summary": format!("{name}'s haircut"), "datetime_start": format!("{day}T10:00")});
        let (status, booked) = browser.ask(Method::POST, "/calendar/create", &wish).await;
        assert_eq!((status, &booked["ok"]), (StatusCode::OK, &json!(true)), "{booked}");
        let appointment = booked["data"]["id"].as_str().expect("an id").to_owned();
        let settings = [
            ("assistant.business", Some(format!("{name}'s practice"))),
            ("twilio.account_sid", Some(format!("AC{:0>32}", name.to_lowercase()))),
            ("twilio.auth_token", Some(secret_of(name))),
            ("callers.owners", Some(number.to_owned())),
        ];
        saved::change(&browser.app, &settings, name, clock::now_ms()).await.expect("saved");
        Self { browser, name, number, call, appointment }
    }

    /// What would show that this is theirs.
    fn marks(&self) -> Vec<String> {
        let bare = self.number.trim_start_matches('+').to_owned();
        vec![
            format!("{}&#39;s", self.name),
            format!("{}'s", self.name),
            bare,
            self.call.clone(),
            self.appointment.clone(),
        ]
    }
}

fn secret_of(name: &str) -> String {
    format!("{:0>32}", format!("secretof{}", name.to_lowercase()))
}

/// A day that is open and far enough ahead.
fn a_day() -> String {
    let now =
        jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now").to_zoned(jiff::tz::TimeZone::UTC);
    let days = (7..14).map(|days| now.date().checked_add(jiff::Span::new().days(days)).expect("a date"));
    let mut wednesdays = days.filter(|day| day.weekday() == jiff::civil::Weekday::Wednesday);
    wednesdays.next().expect("each week has one").to_string()
}

impl Browser {
    async fn ask(&mut self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let headers = [("content-type", "application/json")];
        let page = self.send_with(method, path, &headers, Body::from(body.to_string())).await;
        (page.status, serde_json::from_str(&page.text).unwrap_or_else(|_| panic!("{path}: {}", page.text)))
    }

    fn prefix(&self) -> String {
        self.app.whose.prefix()
    }

    /// A webhook of Twilio's, signed with this secret.
    pub(super) async fn rings(&mut self, at: &str, secret: &str, call: &str) -> Page {
        let fields =
            [("CallSid", call), ("From", "+15550100777"), ("To", "+15550100199"), ("CallStatus", "ringing")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let url = format!("http://127.0.0.1:5050{at}");
        let signed = signature::sign(&url, &fields, secret);
        let form = reqwest::Url::parse_with_params("http://x/", &fields).expect("fields");
        let headers =
            [("x-twilio-signature", signed.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let body = Body::from(form.query().unwrap_or_default().to_owned());
        self.send_with(Method::POST, at, &headers, body).await
    }
}

async fn an_installation(more: &[(&'static str, String)]) -> Browser {
    let settings: Vec<_> =
        OPEN.into_iter().chain(more.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    Browser::owner(&settings).await
}

/// The first owner, a second owner and a member, each with something of everything.
async fn three(more: &[(&'static str, String)]) -> [Theirs; 3] {
    let first = an_installation(more).await;
    let (second, third) =
        (first.of_another("Berta", "owner").await, first.of_another("Carla", "member").await);
    [
        Theirs::told(first, "Anna", "+15550100111").await,
        Theirs::told(second, "Berta", "+15550100222").await,
        Theirs::told(third, "Carla", "+15550100333").await,
    ]
}

async fn nothing_of_one_user_is_on_a_page_of_another(more: Vec<(&'static str, String)>) {
    let mut all = three(&more).await;
    let things: Vec<_> =
        all.iter().map(|one| (one.marks(), one.number, one.call.clone(), one.appointment.clone())).collect();
    for (at, one) in all.iter_mut().enumerate() {
        let mut seen = String::new();
        let browser = &mut one.browser;
        for path in [
            "/dashboard",
            "/calls",
            "/callers",
            "/messages",
            "/appointments",
            "/outbox",
            "/programs",
            "/calendars",
            "/carriers",
            "/phone",
            "/servers",
            "/tools",
            "/settings",
            "/users/settings",
            "/profile",
            "/feeds/x.ics",
            "/api/settings/twilio-config",
            "/phone/twilio",
            "/api/v1/calls",
            "/api/v1/appointments",
            "/dashboard/stats",
        ] {
            seen.push_str(&browser.get(path).await.text);
        }
        let (_, list) = browser.ask(Method::POST, "/calendar/list", &json!({})).await;
        seen.push_str(&list.to_string());
        for (whose, (marks, number, call, appointment)) in things.iter().enumerate() {
            let number = number.replace('+', "%2B");
            let paths = [
                format!("/calls/{call}"),
                format!("/callers/{number}"),
                format!("/appointments/{appointment}"),
                format!("/api/v1/calls/{call}"),
            ];
            for path in &paths {
                let page = browser.get(path).await;
                if whose == at {
                    seen.push_str(&page.text);
                } else {
                    let told = marks
                        .iter()
                        .find(|mark| page.text.contains(mark.as_str()) && !path.contains(mark.as_str()));
                    assert_eq!(told, None, "{path}: {}", page.text);
                }
            }
            if whose == at {
                let missing: Vec<_> =
                    marks[1..].iter().filter(|mark| !seen.contains(mark.as_str())).collect();
                assert!(missing.len() <= 1, "what is theirs they see: {missing:?}");
                continue;
            }
            let told = marks.iter().find(|mark| seen.contains(mark.as_str()));
            assert_eq!(told, None, "user {at} sees something of user {whose}");
            for path in [
                format!("/appointments/{appointment}/cancel"),
                format!("/callers/{number}/forget"),
                format!("/callers/{number}/memory"),
            ] {
                browser.post(&path).await;
            }
        }
    }
    for one in &all {
        let store = &one.browser.store;
        let row = store.appointment(&one.appointment).await.expect("looked").expect("it stands");
        assert_eq!(row.summary, format!("{}'s haircut", one.name), "others change nothing");
        assert_eq!(store.callers(10).await.expect("listed").len(), 1);
        let config = one.browser.app.config.get();
        assert_eq!(config.callers.owners, [Number::parse(one.number).expect("a number")]);
        assert_eq!(
            config.twilio.auth_token.as_ref().map(|token| token.expose().to_owned()),
            Some(secret_of(one.name))
        );
    }
}

async fn an_address_of_a_house_is_its_users_alone(more: Vec<(&'static str, String)>) {
    let [mut first, mut second, mut third] = three(&more).await;
    let page = format!("{}/calls/{}", third.browser.prefix(), third.call);
    let theirs = third.browser.get(&page).await;
    assert_eq!(theirs.status, StatusCode::OK);
    assert!(theirs.text.contains("roses"), "a link in a letter leads to it");
    let mut nobody = first.browser.other();
    for browser in [&mut first.browser, &mut second.browser, &mut nobody] {
        let answer = browser.get(&page).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "they are nobody there: {}", answer.text);
        let list = format!("{}/calendar/list", third.browser.prefix());
        let (status, told) = browser.ask(Method::POST, &list, &json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{told}");
        let forget = format!("{}/callers/%2B15550100333/forget", third.browser.prefix());
        assert_eq!(browser.post(&forget).await.status, StatusCode::FORBIDDEN);
    }
    for nowhere in ["/u/abcdefghjkmn/calls", "/u/x/calls", "/u//calls", "/u/", "/u/..%2f..%2fetc/calls"] {
        assert_eq!(first.browser.get(nowhere).await.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
    assert_eq!(third.browser.store.callers(10).await.expect("listed").len(), 1);
}

async fn a_guest_of_a_user_calls_that_users_assistant(more: Vec<(&'static str, String)>) {
    let first = an_installation(&more).await;
    let mut third = first.of_another("Carla", "member").await;
    let made = third.submit("/phone/links", &[("name", "Grandmother"), ("hours", "1")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let prefix = third.prefix();
    let (_, after) = made.text.split_once(&format!("http://127.0.0.1:5050{prefix}/talk/")).expect("a link");
    let secret: String = after.chars().take_while(|letter| !"<\"& ".contains(*letter)).collect();
    let mut guest = first.other();
    let page = guest.get(&format!("{prefix}/talk/{secret}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(
        page.text.contains(&format!("{prefix}/talk/{secret}/call")),
        "its call begins there, too: {}",
        page.text
    );
    assert_ne!(
        guest.get(&format!("/talk/{secret}")).await.status,
        StatusCode::OK,
        "nobody else's answers it"
    );
}

async fn a_token_leads_to_the_house_that_made_it_and_opens_no_other(more: Vec<(&'static str, String)>) {
    let all = three(&more).await;
    let nobody = all[0].browser.other();
    for one in &all {
        let house = &one.browser.app;
        let (token, _) = api::make_token(&house.store, house.whose.name(), "laptop", true, clock::now_ms())
            .await
            .expect("made");
        let bearer = format!("Bearer {}", token.expose());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let list = async |mut browser: Browser, at: String| {
            let page = browser.send_with(Method::POST, &at, &headers, Body::from("{}")).await;
            (page.status, page.text)
        };
        let (status, told) = list(nobody.clone(), "/calendar/list".into()).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        assert!(told.contains(&format!("{}'s haircut", one.name)), "{told}");
        for other in &all {
            let (status, told) =
                list(nobody.clone(), format!("{}/calendar/list", other.browser.prefix())).await;
            let expected = match (other.name == one.name, other.browser.prefix().is_empty()) {
                // The first owner's house has no other address than the root, at which a token leads home.
                (true, _) | (false, true) => StatusCode::OK,
                (false, false) => StatusCode::UNAUTHORIZED,
            };
            assert_eq!(status, expected, "{} at {}: {told}", one.name, other.name);
            assert!(other.name == one.name || !told.contains(&format!("{}'s haircut", other.name)), "{told}");
            // Logged in as another it is the token that counts.
            let (_, told) = list(other.browser.clone(), "/calendar/list".into()).await;
            assert!(told.contains(&format!("{}'s haircut", one.name)), "{told}");
        }
        let rest = token.expose().strip_prefix("ep_").expect("a token");
        let random = rest.split_once('.').map_or(rest, |(_, random)| random);
        for made_up in
            [format!("Bearer ep_{random}"), format!("Bearer ep_abcdefghjkmn.{random}"), "Bearer ep_.".into()]
        {
            let headers = [("authorization", made_up.as_str()), ("content-type", "application/json")];
            let page =
                nobody.clone().send_with(Method::POST, "/calendar/list", &headers, Body::from("{}")).await;
            let good = made_up == bearer;
            assert_eq!(page.status == StatusCode::OK, good, "{made_up}: {}", page.text);
        }
    }
}

async fn nobody_acts_for_whoever_may_not_log_in(more: Vec<(&'static str, String)>) {
    let first = an_installation(&more).await;
    let berta = first.of_another("Berta", "member").await;
    let (accounts, house) = (&first.app.store, &berta.app);
    let user = house.whose.user().await.expect("looked").expect("Berta");
    let made = api::make_token(&house.store, house.whose.name(), "laptop", true, clock::now_ms()).await;
    let bearer = format!("Bearer {}", made.expect("made").0.expose());
    let asked = async || {
        let headers = [("authorization", bearer.as_str())];
        let lives = house.whose.user().await.expect("looked").map(|user| user.id);
        (lives, first.other().send(Method::GET, "/api/v1/calls", &headers).await.status)
    };
    let open = (Some(user.id.clone()), StatusCode::OK);
    assert_eq!(asked().await, open);
    accounts.user_disabled(&user.id, Some(clock::now_ms())).await.expect("disabled");
    assert_eq!(asked().await, (None, StatusCode::UNAUTHORIZED), "nobody else is asked in their place");
    accounts.user_disabled(&user.id, None).await.expect("let in again");
    assert_eq!(asked().await, open);
    accounts.user_removed(&user.id).await.expect("removed");
    assert_eq!(asked().await, (None, StatusCode::UNAUTHORIZED));
}

async fn a_webhook_is_believed_at_the_house_whose_secret_signed_it(more: Vec<(&'static str, String)>) {
    let mut all = three(&more).await;
    let houses: Vec<_> =
        all.iter().map(|one| (one.name, one.browser.prefix(), one.browser.store.clone())).collect();
    let mut carrier = all[0].browser.other();
    for (signer, ..) in &houses {
        for (called, prefix, store) in &houses {
            let before = store.calls(100, i64::MAX).await.expect("listed").len();
            let call = format!("CA{:0>32}", format!("{signer}{called}").to_lowercase());
            let answer = carrier.rings(&format!("{prefix}/incoming-call"), &secret_of(signer), &call).await;
            let after = store.calls(100, i64::MAX).await.expect("listed").len();
            if signer == called {
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
                let stream = format!("ws://127.0.0.1:5050{prefix}/media-stream");
                assert!(answer.text.contains(&format!("\"{stream}\"")), "it leads back: {}", answer.text);
                assert_eq!(after, before + 1);
            } else {
                assert_eq!((answer.status, after), (StatusCode::FORBIDDEN, before), "{signer} at {called}");
            }
        }
    }
    // At whatever address the call is told of again, it is the other account's.
    let again = format!("CA{:0>32}", "annaanna");
    let stolen = carrier.rings(&format!("{}/incoming-call", houses[1].1), &secret_of("Anna"), &again).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN);
    for one in &mut all {
        one.browser.app.draining.cancel();
    }
}

async fn a_house_that_cannot_be_opened_harms_nobody(more: Vec<(&'static str, String)>) {
    let [mut first, second, mut third] = three(&more).await;
    let folder = first.browser.folder.clone();
    let settings: Vec<_> =
        OPEN.into_iter().chain(more.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    let name = second.browser.app.whose.name().to_owned();
    let user = second.browser.app.whose.user().await.expect("looked").expect("somebody");
    second.browser.app.draining.cancel();
    second.browser.store.close().await;
    // The process ends, and somebody spoils one database.
    for one in [&first, &third] {
        one.browser.app.draining.cancel();
    }
    spoil(&more, &folder.path().join(format!("houses/{}/earpiece.db", user.id)), &name).await;
    let again = Browser::in_folder(folder, &settings).await;
    let browser = |cookie: &Option<String>| Browser { cookie: cookie.clone(), ..again.clone() };
    (first.browser, third.browser) = (browser(&first.browser.cookie), browser(&third.browser.cookie));
    let mut second = browser(&Some(again.logged_in(&user).await));
    let calls = second.send(Method::GET, "/calls", &[("accept", "text/html")]).await;
    assert_eq!(calls.status, StatusCode::SERVICE_UNAVAILABLE, "{}", calls.text);
    assert!(calls.text.contains("try again in a moment") && calls.header("retry-after") == "5");
    assert!(!calls.text.contains("sqlite") && !calls.text.contains("Anna"), "{}", calls.text);
    let (status, told) = second.ask(Method::POST, "/calendar/list", &json!({})).await;
    assert_eq!((status, &told["ok"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(false)));
    let call = format!("CA{:0>32}", "b");
    let ring = second.rings(&format!("/u/{name}/incoming-call"), &secret_of("Berta"), &call).await;
    assert_eq!(ring.status, StatusCode::SERVICE_UNAVAILABLE, "the carrier goes on to its fallback");
    for (browser, name) in [(&mut first.browser, "Anna"), (&mut third.browser, "Carla")] {
        let (status, list) = browser.ask(Method::POST, "/calendar/list", &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{list}");
        assert!(list.to_string().contains(&format!("{name}'s haircut")), "{list}");
    }
}

async fn what_has_something_to_do_is_open_after_a_restart(more: Vec<(&'static str, String)>) {
    let first = an_installation(&more).await;
    let (busy, idle) = (first.of_another("Berta", "member").await, first.of_another("Carla", "member").await);
    let token = [("twilio.auth_token", Some(secret_of("Berta")))];
    saved::change(&busy.app, &token, "Berta", clock::now_ms()).await.expect("saved");
    let keeping = tokio::task::JoinSet::from_iter([server::houses::keep(first.houses.clone())]);
    let accounts = first.app.whose.accounts().clone();
    let remembered =
        async || accounts.houses().await.expect("listed").iter().filter(|row| row.busy).count() == 1;
    until(remembered).await;
    first.app.draining.cancel();
    keeping.join_all().await;
    let (busy, idle) = (busy.app.whose.name().to_owned(), idle.app.whose.name().to_owned());
    let settings: Vec<_> =
        OPEN.into_iter().chain(more.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    let again = Browser::in_folder(first.folder.clone(), &settings).await;
    let keeping = tokio::task::JoinSet::from_iter([server::houses::keep(again.houses.clone())]);
    let names = || again.houses.all().iter().map(|app| app.whose.name().to_owned()).collect::<Vec<_>>();
    until(async || names().contains(&busy)).await;
    assert!(!names().contains(&idle), "that is opened when somebody comes");
    // Whoever is not to use it any more is not answered for, either.
    let user = accounts_of(&again, &busy).await;
    again.app.whose.accounts().user_removed(&user).await.expect("removed");
    let mut carrier = again.clone();
    until(async || !names().contains(&busy)).await;
    let ring = carrier.rings(&format!("/u/{busy}/incoming-call"), &secret_of("Berta"), "CA1").await;
    assert_eq!(ring.status, StatusCode::NOT_FOUND, "{}", ring.text);
    again.app.draining.cancel();
    keeping.join_all().await;
}

async fn accounts_of(browser: &Browser, house: &str) -> String {
    let rows = browser.app.whose.accounts().houses().await.expect("listed");
    rows.into_iter().find(|row| row.name == house).expect("it is there").user_id
}

/// Waits until this is so.
async fn until(so: impl AsyncFn() -> bool) {
    waiting::until(async || so().await.then_some(())).await;
}

/// Puts something into a house's database, or in its place, that is none.
async fn spoil(more: &[(&'static str, String)], file: &std::path::Path, name: &str) {
    let Some((_, url)) = more.iter().find(|(name, _)| *name == "DATABASE_URL") else {
        for end in ["-wal", "-shm"] {
            let _none = std::fs::remove_file(format!("{}{end}", file.display()));
        }
        std::fs::write(file, "Dear reader, ".repeat(1_000)).expect("written");
        return;
    };
    let mut admin = PgConnection::connect(url).await.expect("the server answers");
    let sql = format!("UPDATE house_{name}._sqlx_migrations SET version = 9999 WHERE version = 1");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.expect("spoilt");
}

/// Runs with an empty database in the throw-away cluster.
async fn with_postgres<F: Future<Output = ()>>(run: impl FnOnce(Vec<(&'static str, String)>) -> F) {
    let cluster = std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL names no Postgres server to test with: run `scripts/with-postgres cargo test -p server`, \
         which starts one and stops it (Debian, Ubuntu: apt-get install postgresql)",
    );
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut admin = PgConnection::connect(&cluster).await.expect("the server of TEST_POSTGRES_URL answers");
    let make = format!("CREATE DATABASE {name} TEMPLATE template0");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut admin).await.expect("a database");
    let (server, _) = cluster.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /database");
    run(vec![("DATABASE_URL", format!("{server}/{name}"))]).await;
    let remove = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(remove)).execute(&mut admin).await.expect("no database");
}

#[tokio::test]
async fn what_a_member_sets_leads_to_nothing_behind_the_installations_firewall() {
    let mut owner = an_installation(&[]).await;
    let mut member = owner.of_another("Berta", "member").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let (knocked, mut knocks) = tokio::sync::mpsc::channel(16);
    let mut listening = tokio::task::JoinSet::new();
    listening.spawn(async move {
        // Whoever comes is heard, and sent away.
        while let Ok((socket, _)) = listener.accept().await {
            drop(socket);
            let _nobody_counts = knocked.try_send(());
        }
    });
    for host in ["127.0.0.1", "localhost"] {
        let address = format!("http://{host}:{port}/dav/");
        let login = [("address", address.as_str()), ("user", "berta"), ("password", "secret")];
        let refused = member.submit("/calendars/caldav", &login).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("is in a private network"), "{host}: {}", refused.text);
        let port = port.to_string();
        let mail = [
            ("email.user", "berta@example.com"),
            ("email.password", "secret"),
            ("email.smtp_host", host),
            ("email.smtp_port", port.as_str()),
        ];
        let saved = member.submit("/settings/email", &mail).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        let tested = member.submit("/settings/email/test", &mail).await.text;
        assert!(tested.contains("is in a private network"), "{host}: {tested}");
    }
    let url = format!("http://localhost:{port}/mcp");
    let server = [("new", "1"), ("name", "inside"), ("url", url.as_str()), ("token", "")];
    let refused = member.submit("/servers", &server).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(knocks.try_recv().is_err(), "nobody knocked");
    let address = format!("http://127.0.0.1:{port}/dav/");
    owner
        .submit("/calendars/caldav", &[("address", &address), ("user", "anna"), ("password", "secret")])
        .await;
    assert!(knocks.recv().await.is_some(), "whoever runs the installation may");
}

#[tokio::test]
async fn guests_call_while_callers_are_answered_and_users_at_any_hour() {
    // An hour that is neither this one nor the next, wherever in it we are.
    let now =
        jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now").to_zoned(jiff::tz::TimeZone::UTC);
    let from = (i32::from(now.hour()) + 12) % 23;
    let hours = format!("{from:02}:00-{:02}:00", from + 1);
    let closed = [
        ("ANSWER_HOURS", hours),
        ("OUT_OF_HOURS", "say".to_owned()),
        ("CLOSED_WORDS", "We are closed on <Sundays>.".to_owned()),
    ];
    let mut owner = an_installation(&closed).await;
    let made = owner.submit("/phone/links", &[("name", "Grandmother"), ("hours", "1")]).await.text;
    let (_, after) = made.split_once("/talk/").expect("a link");
    let secret: String = after.chars().take_while(|letter| !"<\"& ".contains(*letter)).collect();
    let mut guest = owner.other();
    let refused = guest.post(&format!("/talk/{secret}/call")).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
    let told: Value = serde_json::from_str(&refused.text).expect("JSON");
    assert_eq!(told["say"], "We are closed on <Sundays>.");
    let calls = owner.store.calls(9, i64::MAX).await.expect("read");
    let ended: Vec<_> = calls.iter().map(|call| (call.from.as_str(), call.ending.as_deref())).collect();
    assert_eq!(ended, [("browser:Grandmother", Some("closed"))], "it is on record as by telephone");
    let theirs = owner.post("/phone/call").await;
    assert_eq!(theirs.status, StatusCode::OK, "{}", theirs.text);
    owner.app.draining.cancel();
}
