//! Callers are connected to people, who hear first who calls where the owner wants that.

use super::rig::{Office, PATIENCE, ms, scripted, speech, told, until};
use serde_json::json;
use sim::{
    openai::{Order, Reply, Script},
    phone::{Carrier, Ended, Ending, Mode},
};

const WHY: &str = "Ada Lovelace wants to speak about the “engine”.";

fn wants_reception() -> Script {
    let wish = json!({"to": "reception", "reason": WHY});
    scripted([Reply::tone(ms(300)), Reply::tool("transfer", &wish)])
}

async fn connected(carrier: Carrier, mode: Mode, warm: bool) -> Ended {
    let name = mode.name();
    let mut more = vec![
        ("CALL_MODE", name),
        ("TRANSFER_TO", "reception=+14155550188"),
        ("PUBLIC_URL", "http://127.0.0.1:1"),
    ];
    more.extend(warm.then_some(("TRANSFER", "warm")));
    let office = Office::open(carrier, wants_reception(), &more).await;
    let mut dial = office.dial(mode);
    dial.webhook = dial.webhook.replace(&office.house.address.to_string(), "127.0.0.1:1");
    let call = sim::phone::Handset::dial(&office.account, dial);
    assert!(call.hear_for(0, ms(200)).await, "{carrier} {mode}");
    let session = office.service.session(1).await;
    if mode == Mode::Stream {
        call.wait(ms(600)).await;
        session.order(Order::SpeechStarts);
        session.order(Order::SpeechStops);
    } else {
        assert!(call.recorded(1).await, "{carrier} {mode}");
        call.say(&speech(ms(1_000)));
    }
    told(&session, "Please hold").await;
    let ended = tokio::time::timeout(PATIENCE, call.ended()).await.expect("they are connected");
    let row = until(async || office.calls().await.pop().filter(|call| call.ending.is_some())).await;
    assert_eq!(row.ending.as_deref(), Some("transferred"), "{carrier} {mode}");
    let (log, _folder) = office.house.stop().await;
    assert!(!log.contains("panicked"), "{carrier} {mode}: {log}");
    ended.expect("the call is put through")
}

fn reception(carrier: Carrier) -> Ending {
    let number = if carrier == Carrier::Plivo { "14155550188" } else { "+14155550188" };
    Ending::Transferred(vec![number.into()])
}

#[tokio::test]
async fn whoever_takes_a_warm_transfer_hears_first_who_calls_and_why() {
    for carrier in Carrier::ALL {
        for mode in Mode::ALL {
            let ended = connected(carrier, mode, true).await;
            assert_eq!(ended.ending, reception(carrier), "{carrier} {mode}");
            let briefed = ended.briefed.join(" ");
            assert!(briefed.contains("1 4 1 5 5 5 5 0 1 9 9"), "{carrier} {mode}: {briefed}");
            assert!(briefed.contains("Ada Lovelace wants to speak about"), "{carrier} {mode}: {briefed}");
            assert_eq!(ended.errors, [], "{carrier} {mode}");
        }
    }
}

#[tokio::test]
async fn a_cold_transfer_connects_at_once() {
    for carrier in Carrier::ALL {
        for mode in Mode::ALL {
            let ended = connected(carrier, mode, false).await;
            assert_eq!((ended.ending, ended.briefed), (reception(carrier), vec![]), "{carrier} {mode}");
        }
    }
}
