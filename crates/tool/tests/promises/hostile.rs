//! What callers and models may say that makes no sense or means harm, and what they hear.

use crate::office::{Office, anna, data, nobody, owner};
use call::Effect;
use serde_json::json;

const NOT_GOT: &str = "I did not get the time. ";

#[tokio::test]
async fn a_time_that_cannot_be_is_refused_with_its_reason() {
    for (start, hears) in [
        ("2026-11-24T25:00", "There is no time 25:00."),
        ("2026-11-24 25:00", "There is no time 25:00."),
        ("2026-11-24T24:00", "There is no time 24:00."),
        ("2026-11-31T10:00", "There is no date 2026-11-31."),
        ("november 31st at ten", "November has only 30 days."),
        ("31 November 2026, 10:00", "November has only 30 days."),
        ("2027-02-29T10:00", "There is no date 2027-02-29."),
        ("february 29 2027 at ten", "There is no February twenty-ninth in 2027."),
        (
            "2027-03-28T02:30",
            "The clocks are turned forward that night, so half past two in the morning does not exist on Sunday, March \
             twenty-eighth, twenty twenty-seven. The times around it are half past one in the morning and half past three \
             in the morning. Which time do you mean?",
        ),
        ("2026-11-24T10:00[Mars/Olympus]", "I know no time zone mars/olympus."),
        ("2026-11-24T10:00[CEST]", "I know no time zone cest."),
        (
            "2026-11-24T10:00+09:00[Europe/Berlin]",
            "The offset of that time and its time zone contradict each other.",
        ),
        ("tuesday at ten eastern time", "I take times in our own time zone only. What time is that with us?"),
        ("2026-11-24T10:00 PST", "I take times in our own time zone only. What time is that with us?"),
        ("tuesday", "At what time?"),
        ("at ten", "On which day?"),
        ("next week at ten", "On which day?"),
        (
            "monday the 24th at ten",
            "Do you mean Tuesday, November twenty-fourth or Monday, November twenty-third?",
        ),
        (
            "12/1/2027 at ten",
            "Do you mean Wednesday, December first, twenty twenty-seven or Tuesday, January twelfth, twenty \
             twenty-seven?",
        ),
        ("'; DROP TABLE appointments; --", "On which day?"),
    ] {
        let office = Office::open().await;
        let wish = json!({"summary": "x", "datetime_start": start});
        for tool in ["create_calendar_event", "check_calendar_availability"] {
            let answer = office.run(&anna(), tool, wish.clone()).await;
            assert!(!answer.ok && answer.effect == Effect::None, "{start}: {answer:?}");
            // What was got and does not exist is not said to have been misheard.
            let got = if hears.starts_with("The clocks are turned forward") { "" } else { NOT_GOT };
            assert_eq!(answer.say, format!("{got}{hears}"), "{start}");
        }
        assert_eq!(office.booked().await, [], "{start}");
    }
}

#[tokio::test]
async fn what_is_taken_one_way_of_two_is_said_with_what_was_done() {
    for (start, booked, hears) in [
        (
            "next friday at ten",
            "2026-11-27T10:00",
            "I take that as ten in the morning, when we are open. It is booked: Friday, November twenty-seventh, at ten in \
             the morning.",
        ),
        ("a week on tuesday at noon", "2026-12-01T12:00", "It is booked: Tuesday, December first, at noon."),
        ("tuesday week at noon", "2026-12-01T12:00", "It is booked: Tuesday, December first, at noon."),
        ("in a fortnight at noon", "2026-12-04T12:00", "It is booked: Friday, December fourth, at noon."),
        (
            "the 31st at noon",
            "2026-12-31T12:00",
            "November has only 30 days, so I take that as Thursday, December thirty-first. It is booked: Thursday, December \
             thirty-first, at noon.",
        ),
        (
            "tuesday at half four",
            "2026-11-24T16:30",
            "I take half four as half past four. I take that as half past four in the afternoon, when we are open. It is \
             booked: Tuesday, November twenty-fourth, at half past four in the afternoon.",
        ),
        (
            "2026-11-24T10:00:00Z",
            "2026-11-24T11:00",
            "In our time zone that is Tuesday, November twenty-fourth, at eleven in the morning. It is booked: Tuesday, \
             November twenty-fourth, at eleven in the morning.",
        ),
        (
            "2026-11-24T10:00:00-05:00[America/New_York]",
            "2026-11-24T16:00",
            "In our time zone that is Tuesday, November twenty-fourth, at four in the afternoon. It is booked: Tuesday, \
             November twenty-fourth, at four in the afternoon.",
        ),
        (
            "2026-11-24T10:00+01:00[Europe/Berlin]",
            "2026-11-24T10:00",
            "It is booked: Tuesday, November twenty-fourth, at ten in the morning.",
        ),
    ] {
        let office = Office::open().await;
        let wish = json!({"summary": "x", "datetime_start": start});
        let answer = office.run(&anna(), "create_calendar_event", wish).await;
        assert_eq!((answer.ok, answer.say.as_str()), (true, hears), "{start}");
        assert_eq!(office.starts().await, [booked], "{start}");
    }
}

#[tokio::test]
async fn a_past_a_reversed_and_an_endless_time_are_refused() {
    let office = Office::open().await;
    let hears = async |start: &str, end: &str| {
        let wish = json!({"summary": "x", "datetime_start": start, "datetime_end": end});
        let answer = office.run(&anna(), "create_calendar_event", wish).await;
        assert!(!answer.ok, "{answer:?}");
        answer.say
    };
    let past = hears("2026-11-20T09:00", "").await;
    assert!(
        past.starts_with("Friday, November twentieth, at nine in the morning is already over. I could"),
        "{past}"
    );
    let reversed = hears("2026-11-24T10:30", "2026-11-24T09:30").await;
    assert_eq!(reversed, "That appointment would end before it starts. When should it end?");
    let years = hears("2026-11-24T10:30", "2326-11-24T10:30").await;
    assert!(years.starts_with("On Tuesday we are open from nine in the morning to five"), "{years}");
    let far = hears("2326-11-24T10:30", "").await;
    assert!(far.starts_with("That is too far ahead. The last day for appointments is"), "{far}");
    let list = json!({"datetime_start": "2026-11-24", "datetime_end": "2326-11-24"});
    let list = office.run(&owner(), "list_appointments", list).await;
    assert_eq!(
        list.say,
        "There are no appointments then. I looked no further than Wednesday, February twenty-fourth, twenty twenty-seven."
    );
}

#[tokio::test]
async fn ten_thousand_attendees_do_not_come() {
    let office = Office::open().await;
    for (who, hears) in [
        ("a", "That is too much for the attendees: I can take twenty at most."),
        ("somebody@example.org", "That is too much at once. Please put it in fewer words."),
    ] {
        let wish =
            json!({"summary": "x", "datetime_start": "2026-11-24T10:00", "attendees": vec![who; 10_000]});
        let answer = office.run(&anna(), "create_calendar_event", wish).await;
        assert_eq!((answer.ok, answer.say.as_str()), (false, hears));
    }
    assert_eq!(office.booked().await, []);
}

#[tokio::test]
async fn names_are_kept_as_one_line_of_plain_text() {
    for (name, kept) in [
        ("Anna\r\nBCC: all@example.org", "Anna BCC: all@example.org"),
        ("Anna\u{0}\u{7}\u{1b}[2J", "Anna[2J"),
        ("\u{202e}gnp.annA\u{202c}", "gnp.annA"),
        ("A\u{200b}n\u{feff}n\u{ad}a\u{e0041}", "Anna"),
        ("Anna\u{2028}\u{2029}Ben", "Anna Ben"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("  \t ", "Appointment"),
        ("\u{202e}\u{200b}", "Appointment"),
        ("Ζωή 🙂 Ærø", "Ζωή 🙂 Ærø"),
    ] {
        let office = Office::open().await;
        let wish = json!({
            "summary": name, "datetime_start": "2026-11-24T10:00", "attendees": [name, "a@b\r\n.example"],
        });
        let answer = office.run(&anna(), "create_calendar_event", wish).await;
        assert!(answer.ok && !answer.say.contains(name), "{answer:?}");
        assert_eq!(office.booked().await[0].1, kept, "{name:?}");
        let row = office.store.appointments_between("main", 0, i64::MAX).await.expect("read").remove(0);
        let attendees: Vec<String> = serde_json::from_str(&row.attendees).expect("JSON");
        let clean =
            |text: &String| !text.chars().any(|c| c.is_control() || c == '\u{202e}' || c == '\u{200b}');
        assert!(attendees.iter().all(clean), "{attendees:?}");
        assert_eq!(data(&answer)["summary"], kept);
    }
}

#[tokio::test]
async fn a_confirmation_goes_where_it_is_wanted_or_nowhere() {
    for (who, attendees, wanted, contact, hears) in [
        (anna(), json!([]), json!(null), "+4930111111", ""),
        (anna(), json!(["Anna", "anna@example.org"]), json!(null), "anna@example.org", ""),
        (anna(), json!(["anna@example.org"]), json!("sms"), "+4930111111", ""),
        (anna(), json!(["anna@example.org"]), json!("none"), "", ""),
        (anna(), json!(["Anna", "x@y\nz.example"]), json!("email"), "", "no e-mail address"),
        (anna(), json!(["anna@example.org,all@example.org"]), json!(null), "+4930111111", ""),
        (nobody(), json!([]), json!("sms"), "", "no number to text"),
        (nobody(), json!([]), json!(null), "", ""),
    ] {
        let office = Office::open().await;
        let wish = json!({
            "summary": "x", "datetime_start": "2026-11-24T10:00", "attendees": attendees, "confirmation": wanted,
        });
        let answer = office.run(&who, "create_calendar_event", wish).await;
        assert!(answer.ok && answer.say.contains(hears), "{answer:?}");
        let row = office.store.appointments_between("main", 0, i64::MAX).await.expect("read").remove(0);
        assert_eq!(row.contact, contact, "{attendees} {wanted}");
    }
    let office = Office::open().await;
    let wish = json!({"summary": "x", "datetime_start": "2026-11-24T10:00", "confirmation": "pigeon"});
    assert!(!office.run(&anna(), "create_calendar_event", wish).await.ok);
}
