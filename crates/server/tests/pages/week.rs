//! Appointments by hand: seen as a week and a list, made, moved, cancelled and confirmed again, by the rules of the book
//! and never over anybody's head.

use super::rig::{Browser, Page};
use axum::http::StatusCode;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use server::clock;
use store::JobState;

const OFFICE: [(&str, &str); 6] = [
    ("TIME_ZONE", "Europe/Berlin"),
    ("HOURS_SAT", "closed"),
    ("BUFFER_MINUTES", "15"),
    ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
    ("TWILIO_AUTH_TOKEN", "secret"),
    ("TWILIO_PHONE_NUMBER", "+15550100199"),
];

/// The next day of the week that is called so and at least a week ahead.
fn next(weekday: jiff::civil::Weekday) -> Date {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    let date = now.to_zoned(TimeZone::get("Europe/Berlin").expect("a zone")).date().saturating_add(7.days());
    date.nth_weekday(1, weekday).expect("a date")
}

fn tuesday() -> String {
    next(jiff::civil::Weekday::Tuesday).to_string()
}

/// Fills in the form and sends it.
async fn book(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let token = browser.get("/appointments/new").await.value("token");
    let given = |name: &str| fields.iter().any(|(given, _)| *given == name);
    let mut all: Vec<(&str, &str)> = fields.to_vec();
    for (name, value) in [("summary", "Anna <b>Ahrens</b>"), ("confirmation", ""), ("token", &*token)] {
        if !given(name) {
            all.push((name, value));
        }
    }
    browser.submit("/appointments", &all).await
}

async fn booked(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    let page = book(browser, fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    page.header("location").to_owned()
}

#[tokio::test]
async fn an_appointment_made_by_hand_stands_in_the_week_and_the_list_and_on_its_page() {
    let mut browser = Browser::owner(&OFFICE).await;
    let day = tuesday();
    let fields = [("date", &*day), ("time", "10:30"), ("number", "+1 555 010 0100"), ("notes", "A & B")];
    let path = booked(&mut browser, &fields).await;
    let page = browser.get(&path).await.text;
    for expected in
        ["Anna &#60;b&#62;Ahrens", "10:30–11:00", "A &#38; B", "+15550100100", "by hand", "by you"]
    {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    let week = browser.get(&format!("/appointments?from={day}")).await.text;
    assert!(week.contains(&format!("href=\"{path}\"")) && week.contains("Anna &#60;b&#62;Ahrens"), "{week}");
    // 10:30 is thirty rows below 8:00, and half an hour is six.
    assert!(week.contains("class=\"one t30 l6 c0 w12 "), "{week}");
    for found in ["q=ahrens", "q=0100100", ""] {
        let list = browser.get(&format!("/appointments?view=list&{found}")).await.text;
        assert!(list.contains(&format!("href=\"{path}\"")), "{found}\n{list}");
    }
    for none in ["q=nobody", "state=over", "state=cancelled"] {
        let list = browser.get(&format!("/appointments?view=list&{none}")).await.text;
        assert!(!list.contains(&path), "{none}");
    }
}

#[tokio::test]
async fn a_week_with_nothing_to_come_points_to_the_next_appointment() {
    let mut browser = Browser::owner(&OFFICE).await;
    let hint = "The next appointment is on";
    assert!(!browser.get("/appointments").await.text.contains(hint));
    let day = tuesday();
    booked(&mut browser, &[("date", &day), ("time", "10:30"), ("minutes", "30")]).await;
    let page = browser.get("/appointments").await.text;
    let link = format!("{hint} <a href=\"/appointments?from={day}\">Tuesday, ");
    assert!(page.contains(&link), "{page}");
    assert!(!browser.get(&format!("/appointments?from={day}")).await.text.contains(hint));
}

#[tokio::test]
async fn the_same_form_sent_twice_is_one_appointment() {
    let mut browser = Browser::owner(&OFFICE).await;
    let day = tuesday();
    let fields = [("date", &*day), ("time", "10:30"), ("token", "one-form")];
    let first = booked(&mut browser, &fields).await;
    assert_eq!(booked(&mut browser, &fields).await, first);
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays() {
    let mut browser = Browser::owner(&OFFICE).await;
    let day = tuesday();
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("date", "soon"), ("time", "10:30")], "Give a day"),
        (&[("date", &day), ("time", "half past")], "Give a time"),
        (&[("date", &day), ("time", "10:30"), ("minutes", "3")], "from 5 to 1440"),
        (&[("date", &day), ("time", "10:30"), ("number", "call me")], "A number looks like"),
        (&[("date", &day), ("time", "10:30"), ("email", "anna@")], "An address looks like"),
        (&[("date", &day), ("time", "10:30"), ("confirmation", "text")], "A text needs a number"),
    ];
    for (fields, why) in cases {
        let page = book(&mut browser, fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(page.text.contains(why), "{why}\n{}", page.text);
        assert!(page.text.contains("aria-invalid") && page.value("summary").contains("Ahrens"), "{why}");
    }
    let page = book(&mut browser, &[("date", "2020-01-06"), ("time", "10:30")]).await;
    assert!(page.text.contains("is already over"), "{}", page.text);
    let page = book(&mut browser, &[("date", &day), ("time", "10:30"), ("summary", "  ")]).await;
    assert!(page.text.contains("Say for whom it is"), "{}", page.text);
    assert!(browser.get("/appointments?view=list").await.text.contains("Nothing is booked"));
}

#[tokio::test]
async fn closed_hours_and_gaps_are_the_owners_to_overrule_and_a_time_that_is_taken_is_not() {
    let mut browser = Browser::owner(&OFFICE).await;
    let (day, saturday) = (tuesday(), next(jiff::civil::Weekday::Saturday).to_string());
    let closed = [("date", &*saturday), ("time", "10:00")];
    let page = book(&mut browser, &closed).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text.contains("closed on Saturdays") && page.text.contains("name=\"anyway\""),
        "{}",
        page.text
    );
    booked(&mut browser, &[closed[0], closed[1], ("anyway", "yes")]).await;

    booked(&mut browser, &[("date", &day), ("time", "10:00")]).await;
    let close = [("date", &*day), ("time", "10:30"), ("summary", "Next")];
    let page = book(&mut browser, &close).await;
    assert!(page.text.contains("too close") && page.text.contains("name=\"anyway\""), "{}", page.text);
    let taken = [("date", &*day), ("time", "10:15"), ("anyway", "yes"), ("summary", "Other")];
    let page = book(&mut browser, &taken).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("is taken") && page.text.contains("10:00 to 10:30"), "{}", page.text);
    assert!(!page.text.contains("name=\"anyway\""), "{}", page.text);
    let other = page.value("at");
    assert!(other.contains('T'), "{}", page.text);
    booked(&mut browser, &[("date", &day), ("time", "10:15"), ("summary", "Other"), ("at", &other)]).await;
}

#[tokio::test]
async fn a_time_that_the_clock_skips_is_explained_and_one_that_comes_twice_is_said_to() {
    let always = [
        ("TIME_ZONE", "Europe/Berlin"),
        ("AHEAD_DAYS", "3650"),
        ("HOURS_SUN", "00:00-24:00"),
        ("HOURS_MON", "00:00-24:00"),
    ];
    let mut browser = Browser::owner(&always).await;
    let year = tuesday()[..4].parse::<i16>().expect("a year") + 1;
    let last_sunday = |month: i8| {
        let last = jiff::civil::date(year, month, 1).last_of_month();
        last.saturating_sub(i64::from(last.weekday().to_sunday_zero_offset()).days()).to_string()
    };
    let (spring, autumn) = (last_sunday(3), last_sunday(10));
    let page = book(&mut browser, &[("date", &spring), ("time", "02:30")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains(&format!("{spring}T01:30")), "{}", page.text);
    assert!(page.text.contains(&format!("{spring}T03:30")), "{}", page.text);
    let path = booked(&mut browser, &[("date", &autumn), ("time", "02:30")]).await;
    let page = browser.get(&path).await.text;
    assert!(page.contains("02:30 twice that day") && page.contains("this is the first"), "{page}");
}

#[tokio::test]
async fn whoever_comes_second_with_an_old_page_is_told_that_it_changed() {
    let mut browser = Browser::owner(&OFFICE).await;
    let day = tuesday();
    let path = booked(&mut browser, &[("date", &day), ("time", "10:00")]).await;
    let seen = browser.get(&path).await.value("seen");
    let (mut one, mut other) = (browser.clone(), browser.clone());
    let to = |time| [("seen", seen.as_str()), ("date", day.as_str()), ("time", time), ("minutes", "45")];
    let (first, second, address) = (to("13:00"), to("15:00"), format!("{path}/move"));
    let (first, second) = tokio::join!(one.submit(&address, &first), other.submit(&address, &second));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let told = if first.status == StatusCode::CONFLICT { first } else { second };
    assert!(told.text.contains("changed by somebody else since"), "{}", told.text);
    let late = browser.submit(&format!("{path}/cancel"), &[("seen", &seen)]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let now = browser.get(&path).await;
    assert!(!now.text.contains("class=\"tag\">cancelled"), "{}", now.text);
    let fields = [("seen", now.value("seen")), ("reason", "ill <i>".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.submit(&format!("{path}/cancel"), &fields).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&path).await.text.contains("ill &#60;i&#62;"));
}

#[tokio::test]
async fn an_appointment_is_moved_by_hand_within_its_own_time_and_never_onto_another() {
    let mut browser = Browser::owner(&OFFICE).await;
    let day = tuesday();
    let path = booked(&mut browser, &[("date", &day), ("time", "10:00")]).await;
    booked(&mut browser, &[("date", &day), ("time", "14:00"), ("summary", "Berta")]).await;
    let seen = browser.get(&path).await.value("seen");
    let onto = [("seen", &*seen), ("date", &day), ("time", "14:00"), ("minutes", "30")];
    let page = browser.submit(&format!("{path}/move"), &onto).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("is taken") && page.text.contains("Berta, 14:00 to 14:30"), "{}", page.text);
    assert_eq!(page.value("time"), "14:00", "what was typed stays");
    let over = [("seen", &*seen), ("date", &day), ("time", "10:15"), ("minutes", "30")];
    assert_eq!(browser.submit(&format!("{path}/move"), &over).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await.text;
    assert!(page.contains("10:15–10:45") && page.contains("Moved from"), "{page}");
}

#[tokio::test]
async fn a_confirmation_is_sent_again_once_a_page_and_its_state_is_told() {
    let mut browser = Browser::owner(&OFFICE).await;
    let day = tuesday();
    let fields = [("date", &*day), ("time", "10:30"), ("number", "+15550100100"), ("confirmation", "text")];
    let path = booked(&mut browser, &fields).await;
    let page = browser.get(&path).await;
    assert!(page.text.contains("Confirm again by text to +15550100100"), "{}", page.text);
    let at = page.value("at");
    for _ in 0..2 {
        let sent = browser.submit(&format!("{path}/confirm"), &[("way", "text"), ("at", &at)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    }
    let waiting = browser.store.jobs(JobState::Waiting, 9).await.expect("listed");
    let again: Vec<_> = waiting.iter().filter(|job| job.kind == "text").collect();
    assert_eq!(again.len(), 1, "{waiting:?}");
    let page = browser.get(&path).await.text;
    assert!(page.contains("A confirmation by text") && page.contains("on its way"), "{page}");
    let by_mail = browser.submit(&format!("{path}/confirm"), &[("way", "mail"), ("at", &at)]).await;
    assert_eq!(by_mail.status, StatusCode::CONFLICT, "no mail server is set");
    let none = booked(&mut browser, &[("date", &day), ("time", "14:00"), ("summary", "Berta")]).await;
    assert!(browser.get(&none).await.text.contains("Nobody knows where to write to"));
}

#[tokio::test]
async fn a_week_that_cannot_be_read_is_told_as_our_fault_and_not_the_visitors() {
    let owner = Browser::owner(&OFFICE).await;
    let mut ben = owner.of_another("Ben", "member").await;
    ben.store.close().await;
    let page = ben.get("/appointments").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.text);
    assert!(page.text.contains("cannot be read now"), "{}", page.text);
}
