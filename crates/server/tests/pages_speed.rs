//! How long pages take with a house that was lived in: ten thousand calls, five thousand appointments, and what goes with
//! them. Every page is rendered in ten milliseconds by a release build; others get time in proportion.

#[path = "pages/rig.rs"]
mod rig;

use axum::http::StatusCode;
use rig::Browser;
use server::clock;
use sqlx::{AssertSqlSafe, SqlitePool};
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;
const BOUND: Duration = Duration::from_millis(10);
/// Nothing is optimised in a debug build, and the machine may be busy with other tests.
const PATIENCE: u32 = if cfg!(debug_assertions) { 25 } else { 4 };
const TIMES: usize = 7;

/// Numbers from 0 to before `$1`, as a table `n (i)`.
const COUNTED: &str = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1) ";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_quick_in_a_house_that_was_lived_in() {
    let mut browser = Browser::owner(&[("TIME_ZONE", "America/New_York")]).await;
    let now_ms = clock::now_ms();
    live_in(&browser, now_ms).await;
    let rows = browser.store.calls(200, i64::MAX).await.expect("calls");
    let (call, earlier) = (rows[3].id.clone(), rows[199].started_ms);
    let day = jiff::Timestamp::from_millisecond(now_ms - 40 * DAY_MS).expect("a day").strftime("%Y-%m-%d");
    let addresses = [
        "/dashboard".to_owned(),
        "/dashboard?days=7".into(),
        "/dashboard?days=90".into(),
        "/dashboard/stats?days=90".into(),
        "/calls".into(),
        format!("/calls?before={earlier}"),
        format!("/calls/{call}"),
        "/callers".into(),
        "/callers/%2B15550000007".into(),
        "/messages".into(),
        "/appointments".into(),
        format!("/appointments?from={day}"),
        "/appointments/a000042".into(),
        "/outbox".into(),
        "/calendars".into(),
        "/carriers".into(),
        "/tools".into(),
        "/servers".into(),
        "/programs".into(),
        "/refusals".into(),
        "/settings".into(),
    ];
    let mut slow = Vec::new();
    for address in &addresses {
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..TIMES {
            let began = clock::now();
            let page = browser.get(address).await;
            times.push(clock::now() - began);
            assert_eq!(page.status, StatusCode::OK, "{address}");
            size = page.text.len();
        }
        times.sort_unstable();
        println!("{:>9.2?} {:>9.2?}  {size:>7} bytes  {address}", times[TIMES / 2], times[TIMES - 1]);
        if times[TIMES / 2] > BOUND * PATIENCE {
            slow.push((address, times[TIMES / 2]));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}

/// Writes past the program, as living would take too long.
async fn live_in(browser: &Browser, now_ms: i64) {
    let path = browser.folder.path().join("earpiece.db");
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await.expect("the database");
    let fill = async |count: i64, sql: &str| {
        let sql = format!("{COUNTED}{sql}").replace("$2", &now_ms.to_string());
        let filled = sqlx::query(AssertSqlSafe(sql)).bind(count).execute(&pool).await.expect("rows");
        assert_eq!(filled.rows_affected(), u64::try_from(count).expect("a count"));
    };
    let spread = "$2 - i * 777600";
    fill(
        10_000,
        &format!(
            "INSERT INTO calls (id, carrier, carrier_call, from_number, to_number, outbound, engine, trust, started_ms, \
             answered_ms, ended_ms, ending, notes, cost_micros) \
             SELECT printf('c%06d', 10000 - i), 'twilio', printf('CA%06d', i), printf('+1555%07d', i % 2000), \
             '+15550100199', 0, 'openai', 'known', {spread}, {spread} + 500, {spread} + 90000, 'caller_hung_up', 24, 42000 FROM n"
        ),
    )
    .await;
    fill(
        240_000,
        "INSERT INTO notes (call_id, place, at_ms, kind, json) \
         SELECT printf('c%06d', i / 24 + 1), i % 24, i % 24 * 1000, CASE i % 2 WHEN 0 THEN 'caller_said' ELSE 'assistant_said' END, \
         printf('{\"v\":1,\"at\":%d,\"kind\":\"%s\",\"%s\":%d,\"text\":\"And on Thursday, at half past ten or somewhat later?\"}', \
         i % 24 * 1000, CASE i % 2 WHEN 0 THEN 'caller_said' ELSE 'assistant_said' END, \
         CASE i % 2 WHEN 0 THEN 'turn' ELSE 'item' END, i % 24) FROM n",
    )
    .await;
    fill(
        10_000,
        "INSERT INTO call_briefs (call_id, who, wanted, done, left_open, made_ms) \
         SELECT printf('c%06d', i + 1), 'Ada', 'Wanted a haircut on Thursday.', 'Booked Thursday, 10:30.', '', $2 FROM n",
    )
    .await;
    fill(
        20_000,
        "INSERT INTO answer_times (hour_ms, bucket, answers) \
         SELECT ($2 / 3600000 - i / 9) * 3600000, 70 + i % 9, 5 FROM n",
    )
    .await;
    fill(
        2_000,
        "INSERT INTO callers (number, first_ms, last_ms, calls) SELECT printf('+1555%07d', i), $2 - 7776000000, $2 - i * 1000, 5 FROM n",
    )
    .await;
    sqlx::query("INSERT INTO calendars (name, revision) VALUES ('main', 1) ON CONFLICT DO NOTHING")
        .execute(&pool)
        .await
        .expect("a calendar");
    fill(
        5_000,
        "INSERT INTO appointments (id, calendar, starts_ms, ends_ms, zone, summary, description, attendees, caller, call_id, \
         status, request_key, created_ms) SELECT printf('a%06d', i), 'main', $2 + (i - 2500) * 3600000, \
         $2 + (i - 2500) * 3600000 + 1800000, 'America/New_York', 'Haircut', 'Short, please', '[]', \
         printf('+1555%07d', i % 2000), printf('c%06d', i + 1), 'booked', printf('k%d', i), $2 FROM n",
    )
    .await;
    fill(
        5_000,
        "INSERT INTO appointment_changes (id, appointment_id, place, what, who, call_id, second, at_ms, reason, after_json) \
         SELECT printf('x%06d', i), printf('a%06d', i), 0, 'booked', '+15550000001', printf('c%06d', i + 1), 30, $2, '', '{}' FROM n",
    )
    .await;
    fill(
        2_000,
        "INSERT INTO messages (id, request_key, call_id, caller, body, urgent, taken_ms, done_ms) \
         SELECT printf('m%06d', i), printf('k%d', i), printf('c%06d', i + 1), printf('+1555%07d', i), 'Please call me back.', \
         i % 10 = 0, $2 - i * 3600000, $2 FROM n",
    )
    .await;
    fill(
        5_000,
        "INSERT INTO texts (id, key, direction, number, body, status, at_ms) \
         SELECT printf('t%06d', i), printf('k%d', i), 'out', printf('+1555%07d', i % 2000), 'See you on Thursday.', 'sent', \
         $2 - i * 1000000 FROM n",
    )
    .await;
    fill(
        5_000,
        "INSERT INTO jobs (id, kind, key, payload, state, due_ms, attempts, claim, error, queued_ms, ended_ms) \
         SELECT printf('j%06d', i), 'remind', printf('k%d', i), '{}', CASE WHEN i < 50 THEN 'dead' WHEN i < 500 THEN 'waiting' ELSE 'done' END, \
         $2 + i, 3, 0, '', $2, CASE WHEN i < 50 OR i >= 500 THEN $2 END FROM n",
    )
    .await;
    pool.close().await;
}
