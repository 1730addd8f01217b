//! Who wants the same at the same second: one gets it, and the other hears what else there is.

use crate::{
    house::{AUTH_TOKEN, House},
    phone::{Phone, house, sayable, service},
};
use serde_json::{Value, json};
use server::clock;
use sim::{
    openai::{Item, OpenAi},
    twilio::{Account, Dial, Handset, Sids, ring},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{future::Future, time::Duration};
use store::Store;

const ROUNDS: i64 = 20;
/// Open at the week's end, too.
const OPEN: [(&str, &str); 3] =
    [("TIME_ZONE", "Europe/Berlin"), ("HOURS_SAT", "09:00-17:00"), ("HOURS_SUN", "09:00-17:00")];

fn wish(days: i64, time: &str) -> Value {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    let date = now.to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(days);
    json!({"summary": "Haircut", "datetime_start": format!("{date}T{time}")})
}

async fn standing(store: &Store) -> usize {
    store.appointments_between("main", 0, i64::MAX).await.expect("read").len()
}

/// Both book the same. Exactly one is told that it is booked, and hears the truth.
async fn race(one: &mut Phone, other: &mut Phone, round: i64) {
    let wanted = wish(14 + round, "10:00");
    let told = tokio::join!(
        one.uses("create_calendar_event", &wanted),
        other.uses("create_calendar_event", &wanted)
    );
    let (winner, loser) = if told.0["ok"] == true { told } else { (told.1, told.0) };
    assert_eq!(winner["ok"], true, "{winner} {loser}");
    assert!(sayable(&winner).starts_with("It is booked: "), "{winner}");
    assert_eq!(loser["ok"], false, "{winner} {loser}");
    assert!(sayable(&loser).contains("is taken. I could offer "), "{loser}");
    let others = loser["data"]["alternatives"].as_array().expect("a list");
    assert!(!others.is_empty() && !others.contains(&wanted["datetime_start"]), "{loser}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_callers_who_want_the_same_at_the_same_second_one_gets_it() {
    let service = service().await;
    let house = house(&service, &OPEN).await;
    let store = house.store().await;
    let mut one = Phone::ring(&house, &service, "+14155550111").await;
    let mut other = Phone::ring(&house, &service, "+14155550222").await;
    for round in 0..ROUNDS {
        race(&mut one, &mut other, round).await;
        assert_eq!(standing(&store).await, usize::try_from(round).expect("small") + 1);
    }
    one.hang_up().await;
    other.hang_up().await;
}

/// Runs with the address of an empty database of its own in the throw-away cluster.
async fn with_postgres<F: Future<Output = ()>>(run: impl FnOnce(String) -> F) {
    let cluster = std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL names no Postgres server to test with: run `scripts/with-postgres cargo test -p server`, \
         which starts one and stops it (Debian, Ubuntu: apt-get install postgresql)",
    );
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut admin = PgConnection::connect(&cluster).await.expect("the server of TEST_POSTGRES_URL answers");
    let make = format!("CREATE DATABASE {name} TEMPLATE template0");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut admin).await.expect("a database");
    let (server, _) = cluster.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /database");
    run(format!("{server}/{name}")).await;
    let remove = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(remove)).execute(&mut admin).await.expect("no database");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_callers_at_three_instances_over_one_database_one_gets_it() {
    with_postgres(|database| async move {
        let mut instances: Vec<(House, OpenAi)> = Vec::new();
        for _ in 0..3 {
            let service = service().await;
            let mut variables = vec![
                ("DATABASE_URL", database.as_str()),
                ("SECRET_KEY", "of all three, and long enough to be one"),
            ];
            variables.extend(OPEN);
            instances.push((house(&service, &variables).await, service));
        }
        let store = Store::open(&database).await.expect("the database");
        let mut phones = Vec::new();
        for (nth, (house, service)) in instances.iter().enumerate() {
            phones.push(Phone::ring(house, service, &format!("+1415555011{nth}")).await);
        }
        for round in 0..ROUNDS {
            phones.rotate_left(1);
            let [one, other, ..] = phones.as_mut_slice() else { panic!("three") };
            race(one, other, round).await;
            assert_eq!(standing(&store).await, usize::try_from(round).expect("small") + 1);
        }
        for phone in phones {
            phone.hang_up().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_wish_thrice_in_a_call_is_one_appointment() {
    let service = service().await;
    let house = house(&service, &OPEN).await;
    let mut phone = Phone::ring(&house, &service, "+14155550111").await;
    let wanted = wish(14, "10:00");
    let first = phone.uses("create_calendar_event", &wanted).await;
    for _ in 0..2 {
        let again = phone.uses("create_calendar_event", &wanted).await;
        assert!(sayable(&again).starts_with("It was booked already: "), "{again}");
        assert_eq!((&again["ok"], &again["data"]["id"]), (&json!(true), &first["data"]["id"]));
    }
    // All at once, as an engine does that uses several tools in one breath.
    let wanted = wish(15, "10:00");
    let tool = || Item::Tool { name: "create_calendar_event".into(), arguments: wanted.to_string() };
    phone.order(vec![tool(), tool(), tool()]);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let told = phone.told().await;
        assert_eq!(told["ok"], true, "{told}");
        ids.push(told["data"]["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(standing(&house.store().await).await, 2);
    phone.hang_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_told_again_and_again_books_once() {
    let service = service().await;
    let house = house(&service, &OPEN).await;
    let account = Account::new(AUTH_TOKEN);
    let sids = Sids::invented(77);
    let dial = || Dial { sids: sids.clone(), ..Dial::local(house.address) };
    let (again, and_again) = (dial(), dial());
    let documents = tokio::join!(ring(&account, &again), ring(&account, &and_again));
    assert_eq!(documents.0.expect("an answer").document, documents.1.expect("an answer").document);
    let call = Handset::dial(&account, dial());
    assert!(call.connected().await);
    assert_eq!(service.sessions().len(), 1);
    let mut phone = Phone::of(call, service.session(1).await).await;
    let wanted = wish(14, "10:00");
    let told = phone.uses("create_calendar_event", &wanted).await;
    assert_eq!(told["ok"], true, "{told}");
    ring(&account, &dial()).await.expect_err("the call is under way");
    assert_eq!(phone.uses("create_calendar_event", &wanted).await["data"]["id"], told["data"]["id"]);
    phone.call.wait(Duration::from_millis(200)).await;
    assert_eq!((service.sessions().len(), standing(&house.store().await).await), (1, 1));
    phone.hang_up().await;
}
