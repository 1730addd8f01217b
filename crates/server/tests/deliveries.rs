//! What becomes of texts that went out: told by every carrier, to the real process, in any order.

mod house;

use house::{
    AUTH_TOKEN,
    exchange::{Exchange, OURS, PUBLIC, company},
    waiting::{job, until},
};
use jiff::{Timestamp, ToSpan as _};
use sim::{
    phone::{
        Account, Carrier,
        text::{Fate, Inbound, deliver, report},
    },
    twilio::messages::{Mood, Sent},
};
use std::time::Duration;
use store::{Delivery, Direction, JobState, Store, TextRow};
use tool::{
    Errand, Trust,
    calendar::{Booking, Books, Contact, Slot, Wish},
    message,
};
use when::Span;

const ANNA: &str = "+14155550199";

#[expect(clippy::disallowed_methods, reason = "the server under test goes by this clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Books an appointment of which Anna wants a confirmation by text.
async fn book(store: &Store, days: i64) {
    let books = Books::new(store.clone()).with_announce(Box::new(message::announce));
    let midnight = now().to_zoned(jiff::tz::TimeZone::UTC).start_of_day().expect("a day");
    let from = midnight.checked_add(days.days().hours(10)).expect("a time").timestamp();
    let span = Span { from, to: from.checked_add(30.minutes()).expect("a time") };
    let wish = Wish {
        slot: Slot { span, before: Duration::ZERO, after: Duration::ZERO },
        zone: "Europe/Berlin".into(),
        kind: String::new(),
        summary: "Consultation".into(),
        description: String::new(),
        attendees: Vec::new(),
        key: format!("{days}"),
        contact: Some(Contact::Sms(ANNA.into())),
    };
    let now_ms = now().as_millisecond();
    let errand = Errand {
        call_id: String::new(),
        caller: ANNA.into(),
        trust: Trust::Stranger,
        now_ms,
        began_ms: now_ms,
    };
    assert!(matches!(books.book(wish, &errand).await, Ok(Booking::Booked(_))));
}

/// The texts of ours to Anna, the first one first, once there are so many that the carrier has named.
async fn sent(store: &Store, count: usize) -> Vec<TextRow> {
    until(async || {
        let mut rows = store.texts_with(ANNA, 100).await.expect("the database answers");
        rows.retain(|row| row.direction == Direction::Out && row.carrier_id.is_some());
        rows.reverse();
        (rows.len() >= count).then_some(rows)
    })
    .await
}

/// The product, with so many appointments of which Anna is to be told, and a carrier that treats texts like this.
async fn open(carrier: Carrier, appointments: i64, moods: &[Mood]) -> (Exchange, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    let path = folder.path().join("data/earpiece.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await.expect("a database");
    for day in 0..appointments {
        book(&store, 3 + day).await;
    }
    store.close().await;
    let company = company(carrier).await;
    company.1.feels(moods.iter().copied());
    let more =
        [("QUIET_HOURS", "none"), ("TIME_ZONE", "Europe/Berlin"), ("BUSINESS_NAME", "Elm Street practice")];
    let exchange = Exchange::open_in(folder, vec![company], &more).await;
    let store = exchange.house.store().await;
    (exchange, store)
}

/// The same at every carrier at once.
async fn everywhere(promise: impl AsyncFn(Carrier)) {
    let [twilio, plivo, telnyx] = Carrier::ALL;
    tokio::join!(Box::pin(promise(twilio)), Box::pin(promise(plivo)), Box::pin(promise(telnyx)));
}

#[tokio::test]
async fn what_becomes_of_a_text_is_kept_whatever_the_order_and_shown() {
    everywhere(async |carrier| {
        let (exchange, store) = open(carrier, 2, &[]).await;
        let (account, address) = (exchange.account(carrier), exchange.house.address);
        let told = async |sent: &Sent, fate| {
            report(account, sent, fate, address).await.unwrap_or_else(|failed| panic!("{carrier} {failed}"));
        };
        let rows = sent(&store, 2).await;
        let texts = exchange.api(carrier).texts();
        let of = |row: &TextRow| -> &Sent {
            let same = |text: &&Sent| Some(&text.sid) == row.carrier_id.as_ref();
            texts.iter().find(same).expect("the carrier has it")
        };
        let (arrives, is_lost) = (of(&rows[0]), of(&rows[1]));
        assert_eq!(arrives.report, format!("{PUBLIC}/phone/{carrier}/sms/status/{}", rows[0].id));
        // Whoever is not the carrier, or tells of others' texts, changes nothing.
        let stranger = Account::new(carrier, "the secret of somebody else");
        let refused = report(&stranger, arrives, Fate::Failed, address).await.expect_err("it is refused");
        assert_eq!(refused.status, Some(403), "{carrier}");
        let nobodys = Sent { sid: is_lost.sid.replace(char::is_numeric, "7"), ..arrives.clone() };
        told(&nobodys, Fate::Failed).await;
        told(&Sent { report: format!("{PUBLIC}/phone/{carrier}/sms/status/none"), ..nobodys }, Fate::Failed)
            .await;
        let untold = sent_delivery(&store).await;
        assert_eq!(untold, [Delivery::Untold, Delivery::Untold], "{carrier}");
        for fate in [Fate::Delivered, Fate::Sent, Fate::Delivered] {
            told(arrives, fate).await;
        }
        for fate in [Fate::Sent, Fate::Failed, Fate::Failed, Fate::Sent] {
            told(is_lost, fate).await;
        }
        assert_eq!(sent_delivery(&store).await, [Delivery::Arrived, Delivery::Lost], "{carrier}");
        let lost = store.texts_lost(0, 10).await.expect("the database answers").remove(0);
        let code = match carrier {
            Carrier::Twilio => "30006",
            Carrier::Plivo => "200",
            Carrier::Telnyx => "40001",
        };
        assert_eq!((lost.delivery_code.as_str(), &lost.id), (code, &rows[1].id), "{carrier}");
        let (_, page) = exchange.page("/outbox", None).await;
        assert!(
            page.contains("did not arrive") && page.contains(&format!("code {code}")),
            "{carrier}: {page}"
        );
        store.caller_seen(ANNA, 1).await.expect("the database answers");
        let (_, page) = exchange.page(&format!("/callers/{ANNA}"), None).await;
        assert!(
            page.contains(", arrived<") && page.contains(&format!("did not arrive, code {code}")),
            "{page}"
        );
        let (log, _folder) = exchange.house.stop().await;
        assert!(log.contains("did not arrive") && !log.contains(ANNA), "{log}");
    })
    .await;
}

async fn sent_delivery(store: &Store) -> Vec<Delivery> {
    sent(store, 2).await.iter().map(|row| row.delivery).collect()
}

#[tokio::test]
async fn a_report_names_a_text_whose_sending_was_never_answered_and_it_is_not_sent_again() {
    everywhere(async |carrier| {
        let (exchange, store) = open(carrier, 1, &[Mood::Drop]).await;
        let taken = until(async || exchange.api(carrier).texts().into_iter().next()).await;
        report(exchange.account(carrier), &taken, Fate::Delivered, exchange.house.address)
            .await
            .expect("heard");
        let row = sent(&store, 1).await.remove(0);
        assert_eq!((row.carrier_id.as_deref(), row.delivery), (Some(taken.sid.as_str()), Delivery::Arrived));
        job(&store, message::job::TEXT, &[JobState::Done]).await;
        assert_eq!(exchange.api(carrier).texts().len(), 1, "{carrier}");
        let asked = exchange.api(carrier).log();
        assert_eq!(asked.len(), 1, "{carrier}: nobody had to look whether it was sent");
    })
    .await;
}

#[tokio::test]
async fn an_answer_by_the_api_is_sent_once_and_followed_and_a_profiles_reports_are_heard() {
    for carrier in [Carrier::Plivo, Carrier::Telnyx] {
        let (exchange, store) = open(carrier, 0, &[]).await;
        let (account, address) = (exchange.account(carrier), exchange.house.address);
        let mut inbound = Inbound::local(account, address, ANNA, "I'll be late");
        inbound.webhook = format!("{PUBLIC}/phone/{carrier}/sms");
        inbound.to = OURS.into();
        for _ in 0..2 {
            deliver(account, &inbound).await.expect("it is taken");
        }
        let texts = exchange.api(carrier).texts();
        assert_eq!(texts.len(), 1, "{carrier}: telling it again answers nothing more");
        let row = sent(&store, 1).await.remove(0);
        assert_eq!(texts[0].report, format!("{PUBLIC}/phone/{carrier}/sms/status/{}", row.id));
        // Where the carrier has one address for everything about texts, that is heeded, too.
        let everything = Sent { report: format!("{PUBLIC}/phone/{carrier}/sms"), ..texts[0].clone() };
        report(account, &everything, Fate::Delivered, address).await.expect("heard");
        assert_eq!(sent(&store, 1).await[0].delivery, Delivery::Arrived, "{carrier}");
        let stranger = Account::new(carrier, &format!("not {AUTH_TOKEN}"));
        assert!(deliver(&stranger, &inbound).await.is_err(), "{carrier}");
    }
}
