//! A calendar on a real Radicale, connected on the page: what callers agree stands there once, is unknown while it is down,
//! and is right again after a process was killed at any moment.

mod house;
#[path = "caldav/kills.rs"]
mod kills;
#[path = "booking/phone.rs"]
mod phone;
#[path = "../../tool/tests/caldav/radicale.rs"]
mod radicale;

use house::{House, browser::Browser};
use phone::{Phone, sayable, service};
use radicale::Radicale;
use reqwest::StatusCode;
use serde_json::json;
use server::clock;
use tempfile::TempDir;

/// The settings of a house that is open every day.
const OPEN: [(&str, &str); 3] =
    [("TIME_ZONE", "Europe/Berlin"), ("HOURS_SAT", "09:00-17:00"), ("HOURS_SUN", "09:00-17:00")];

/// The owner connects it on the page.
async fn connect(house: &House, radicale: &Radicale) -> Browser {
    let browser = Browser::of_the_owner(house).await;
    let form = [("address", radicale.address.as_str()), ("user", "alice"), ("password", "secret")];
    let answer = browser.send(&house.url("/calendars/caldav"), &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.expect("text"));
    let page = browser.page(house, "/calendars").await;
    assert!(page.contains("written to"), "{page}");
    browser
}

/// A day far enough ahead, `2026-12-05`.
fn day() -> jiff::civil::Date {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    now.to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(14)
}

fn at(time: &str) -> String {
    format!("{}T{time}", day())
}

/// As it is written in an event.
fn stamp(time: &str) -> String {
    format!("{}T{}00", day().strftime("%Y%m%d"), time.replace(':', ""))
}

/// When the events there begin, in the owner's zone.
fn there(radicale: &Radicale) -> Vec<String> {
    let start = |text: String| {
        let events = text.split_once("BEGIN:VEVENT").expect("an event").1.to_owned();
        let line = events.lines().find(|line| line.starts_with("DTSTART")).expect("a start").to_owned();
        assert!(line.starts_with("DTSTART;TZID=Europe/Berlin:"), "{line}");
        line.rsplit(':').next().expect("a value").to_owned()
    };
    let mut starts: Vec<_> = radicale.stored().into_iter().map(|(_, text)| start(text)).collect();
    starts.sort();
    starts
}

/// When our appointments begin, likewise.
async fn here(house: &House) -> Vec<String> {
    let rows = house.store().await.appointments_between("main", 0, i64::MAX).await.expect("read");
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let local = |ms| jiff::Timestamp::from_millisecond(ms).expect("a time").to_zoned(zone.clone());
    let mut starts: Vec<_> =
        rows.iter().map(|row| local(row.starts_ms).strftime("%Y%m%dT%H%M%S").to_string()).collect();
    starts.sort();
    starts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_agreed_by_telephone_is_written_there_once_and_follows_every_change() {
    let radicale = Radicale::start().await;
    let service = service().await;
    let house = phone::house(&service, &OPEN).await;
    let browser = connect(&house, &radicale).await;
    let mut phone = Phone::ring(&house, &service, "+14155550111").await;

    let wanted = json!({"summary": "Haircut", "datetime_start": at("10:00")});
    let told = phone.uses("create_calendar_event", &wanted).await;
    assert!(sayable(&told).starts_with("It is booked: "), "{told}");
    assert_eq!(told["ok"], true, "{told}");
    assert!(
        sayable(&phone.uses("create_calendar_event", &wanted).await).starts_with("It was booked already")
    );
    assert_eq!((there(&radicale), here(&house).await), (vec![stamp("10:00")], vec![stamp("10:00")]));
    let id = told["data"]["id"].as_str().expect("an id").to_owned();

    let check = json!({"datetime_start": at("10:15"), "original_datetime": at("10:00")});
    let told = phone.uses("check_calendar_availability", &check).await;
    assert_eq!(told["data"]["available"], true, "its own event is not in its way: {told}");
    let moved = json!({"original_datetime": at("10:00"), "new_datetime_start": at("10:15")});
    let told = phone.uses("reschedule_appointment", &moved).await;
    assert_eq!(told["ok"], true, "{told}");
    assert_eq!((there(&radicale), here(&house).await), (vec![stamp("10:15")], vec![stamp("10:15")]));

    let told = phone.uses("cancel_appointment", &json!({"datetime_start": at("10:15")})).await;
    assert_eq!(told["ok"], true, "{told}");
    assert_eq!((there(&radicale), here(&house).await), (vec![], vec![]));
    let page = browser.page(&house, &format!("/appointments/{id}")).await;
    let (_, undo) = page.split_once(&format!("/appointments/{id}/undo/")).expect("a way back");
    let undo = format!("/appointments/{id}/undo/{}", undo.split_once('"').expect("an end").0);
    assert_eq!(browser.post(&house.url(&undo)).await.status(), StatusCode::SEE_OTHER);
    assert_eq!((there(&radicale), here(&house).await), (vec![stamp("10:15")], vec![stamp("10:15")]));

    // What somebody else has put there is in the way, from that moment on.
    let theirs = format!(
        "DTSTART;TZID=Europe/Berlin:{}\nDTEND;TZID=Europe/Berlin:{}\nSUMMARY:Dentist",
        stamp("13:00"),
        stamp("14:00")
    );
    radicale.put_event("theirs.ics", &theirs).await;
    let wanted = json!({"summary": "Haircut", "datetime_start": at("13:30")});
    let told = phone.uses("check_calendar_availability", &wanted).await;
    assert_eq!(told["data"]["available"], false, "{told}");
    let told = phone.uses("create_calendar_event", &wanted).await;
    assert!(told["ok"] == false && sayable(&told).contains("is taken"), "{told}");
    assert!(!told.to_string().contains("Dentist"), "nobody learns of the owner's own appointments: {told}");
    assert_eq!(here(&house).await, [stamp("10:15")]);
    phone.hang_up().await;

    // As Radicale's own log has it: made, moved, made again, and theirs; removed once.
    let (puts, log) = radicale.answers_of(["PUT", "DELETE"]);
    assert_eq!((puts[0].len(), puts[1].len()), (4, 1), "{log:#?}");
    assert!(puts.iter().flatten().all(|line| !line.contains("412") && !line.contains("409")), "{puts:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_radicale_is_down_nothing_is_free_and_once_it_is_up_all_is_well() {
    let mut radicale = Radicale::start().await;
    let service = service().await;
    let house = phone::house(&service, &OPEN).await;
    connect(&house, &radicale).await;
    let mut phone = Phone::ring(&house, &service, "+14155550111").await;
    radicale.stop();
    let wanted = json!({"summary": "Haircut", "datetime_start": at("10:00")});
    for tool in ["check_calendar_availability", "find_free_slots", "create_calendar_event"] {
        let told = phone.uses(tool, &wanted_by(tool, &wanted)).await;
        assert_eq!(told["ok"], false, "{tool}: {told}");
        let say = sayable(&told);
        assert!(say.contains("calendar right now, so nothing was changed"), "{say}");
        assert!(!say.contains("free") && told["data"]["available"] != true, "{told}");
    }
    assert_eq!(here(&house).await, Vec::<String>::new());
    radicale.start_again();
    assert_eq!(there(&radicale), Vec::<String>::new());
    let told = phone.uses("create_calendar_event", &wanted).await;
    assert_eq!(told["ok"], true, "{told}");
    assert_eq!((there(&radicale), here(&house).await), (vec![stamp("10:00")], vec![stamp("10:00")]));
    phone.hang_up().await;
}

fn wanted_by(tool: &str, wanted: &serde_json::Value) -> serde_json::Value {
    match tool {
        "create_calendar_event" => wanted.clone(),
        _ => json!({"datetime_start": wanted["datetime_start"]}),
    }
}

async fn opened(folder: TempDir) -> House {
    House::open_in(folder, &OPEN).await
}
