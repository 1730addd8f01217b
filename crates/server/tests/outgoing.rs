//! Calls that we place, through the real process and every carrier: its API and its webhooks at the other end.

mod house;

use house::{
    exchange::{Exchange, OURS, PUBLIC},
    waiting::{PATIENCE, until},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::{
    openai::{OpenAi, Script},
    phone::{Account, Callee, Carrier, Dial, Ending, Habit, Handset, Sids},
};
use std::time::Duration;

const ANNA: &str = "+14155550199";

struct World {
    exchange: Exchange,
    engine: OpenAi,
}

impl World {
    async fn open(carriers: &[Carrier], more: &[(&str, &str)]) -> Self {
        let engine = OpenAi::listen(Script::default()).await.expect("loopback");
        let url = engine.url();
        let mut variables = vec![
            ("ENGINE", "openai"),
            ("OPENAI_API_KEY", "sk-test"),
            ("OPENAI_REALTIME_URL", url.as_str()),
            ("CALL_NUMBERS", ANNA),
            ("QUIET_HOURS", "none"),
        ];
        variables.extend(more);
        Self { exchange: Exchange::open(carriers, &variables).await, engine }
    }

    async fn place(&self, body: &Value) -> (StatusCode, Value) {
        self.exchange.ask(Method::POST, "/api/v1/calls", body).await
    }

    /// Has Anna called, and gives back the call's id and what the company will ring.
    async fn ring(&self, carrier: Carrier, purpose: &str) -> (String, Dial) {
        let wish = json!({"to": ANNA, "carrier": carrier.name(), "purpose": purpose});
        let (status, told) = self.place(&wish).await;
        assert_eq!(status, StatusCode::CREATED, "{carrier} {told}");
        assert_eq!(told["carrier"], carrier.name());
        let placed = tokio::time::timeout(PATIENCE, self.exchange.api(carrier).placed()).await;
        (told["id"].as_str().expect("an id").to_owned(), placed.expect("the company was asked"))
    }

    fn dial(&self, carrier: Carrier, dial: Dial) -> Handset {
        Handset::dial(self.exchange.account(carrier), dial)
    }

    async fn ending(&self, id: &str) -> Option<String> {
        self.exchange.house.store().await.call(id).await.expect("read").expect("there").ending
    }

    async fn ended(&self, id: &str) -> String {
        until(async || self.ending(id).await).await
    }

    /// How many requests changed the course of this call.
    fn orders(&self, carrier: Carrier, call: &str) -> usize {
        let named = call.replace(':', "%3A");
        let log = self.exchange.api(carrier).log();
        log.iter().filter(|(one, _)| one.method != "GET" && one.target.contains(&named)).count()
    }
}

/// The same call as the company would ring it a second time.
fn again(carrier: Carrier, dial: &Dial) -> Dial {
    Dial {
        sids: Sids { ..dial.sids.clone() },
        connect_to: dial.connect_to,
        from: dial.from.clone(),
        to: dial.to.clone(),
        status: dial.status.clone(),
        outbound: dial.outbound.clone(),
        ..Dial::of(carrier, dial.webhook.clone())
    }
}

#[tokio::test]
async fn nobody_is_called_whom_policy_does_not_allow() {
    let world = World::open(&Carrier::ALL, &[]).await;
    for carrier in Carrier::ALL {
        let (status, told) = world.place(&json!({"to": "+14155550188", "carrier": carrier.name()})).await;
        assert_eq!((status, told["status"].as_u64()), (StatusCode::FORBIDDEN, Some(403)));
        assert!(told["detail"].as_str().expect("a sentence").contains("CALL_NUMBERS"), "{told}");
    }
    for bad in [
        json!({"to": "anna"}),
        json!({"to": ANNA, "carrier": "bell"}),
        json!({"to": ANNA, "purpose": "x".repeat(1_001)}),
    ] {
        assert_eq!(world.place(&bad).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    assert_eq!(world.place(&json!({"number": ANNA})).await.0, StatusCode::BAD_REQUEST);
    let anybody =
        world.exchange.http.post(world.exchange.house.url("/api/v1/calls")).json(&json!({"to": ANNA}));
    assert_eq!(anybody.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    for command in [["dial", "+14155550188"].as_slice(), &["call", "--to", "+14155550188"]] {
        let refused = world.exchange.command(command).await;
        assert!(!refused.status.success(), "{command:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("CALL_NUMBERS"), "{refused:?}");
    }
    for carrier in Carrier::ALL {
        assert_eq!(world.exchange.api(carrier).log().len(), 0, "{carrier} was not asked");
    }
    assert_eq!(world.exchange.house.store().await.calls(10, i64::MAX).await.expect("listed"), []);
}

#[tokio::test]
async fn whom_we_call_is_put_through_and_hears_why() {
    for mode in ["stream", "turns"] {
        let world = World::open(&Carrier::ALL, &[("CALL_MODE", mode)]).await;
        for (n, carrier) in (1..).zip(Carrier::ALL) {
            let (id, dial) = world.ring(carrier, "Your appointment tomorrow.").await;
            assert_eq!((dial.to.as_str(), dial.from.as_str()), (ANNA, OURS), "{carrier}");
            assert_eq!(dial.webhook, format!("{PUBLIC}/phone/{carrier}/outgoing/{id}"));
            let told = dial.status.as_ref().map(|status| status.callback.url.clone());
            assert_eq!(told, Some(format!("{PUBLIC}/phone/{carrier}/status/{id}")));
            assert!(dial.post && dial.outbound.as_ref().is_some_and(|outbound| outbound.amd.is_some()));
            let named = dial.sids.call.clone();
            let call = world.dial(carrier, dial);
            assert!(call.connected().await, "{carrier}");
            assert!(
                call.hear_for(0, Duration::from_millis(200)).await,
                "{carrier}: the assistant speaks first"
            );
            call.hang_up();
            let ended = call.ended().await.expect("put through");
            assert_eq!((ended.errors, ended.streamed), (vec![], mode == "stream"), "{carrier}");
            assert_eq!(world.ended(&id).await, "caller_hung_up", "{carrier}");
            let row = world.exchange.house.store().await.call(&id).await.expect("read").expect("there");
            assert!(row.outbound && row.carrier_call == named && row.to == ANNA, "{carrier}: {row:?}");
            assert_eq!(row.purpose, "Your appointment tomorrow.");
            let briefs = world.engine.session(n).await.events(true, "session.update");
            let heard = briefs.iter().any(|brief| brief.to_string().contains("Your appointment tomorrow."));
            assert!(heard, "{carrier}: the engine was told why we call");
        }
    }
}

#[tokio::test]
async fn a_call_that_nobody_took_ends_once_whatever_is_told_twice_late_or_by_others() {
    let world = World::open(&Carrier::ALL, &[]).await;
    let ways =
        [(Callee::Busy, "callee_busy"), (Callee::NoAnswer, "no_answer"), (Callee::Unreachable, "failed")];
    for carrier in Carrier::ALL {
        let api = world.exchange.api(carrier);
        for habit in [Habit::Once, Habit::Twice, Habit::Backwards] {
            for (callee, ending) in ways {
                api.takes([callee]);
                api.tells(habit);
                let (id, dial) = world.ring(carrier, "").await;
                let stranger = Account::new(carrier, "the secret of somebody else");
                let forged = Handset::dial(&stranger, again(carrier, &dial)).ended().await;
                assert_eq!(forged.map(|ended| ended.ending), Ok(Ending::NotTaken(callee)));
                assert_eq!(world.ending(&id).await, None, "who cannot prove to be {carrier} changes nothing");
                let late = again(carrier, &dial);
                let call = world.dial(carrier, dial).ended().await;
                assert_eq!(call.map(|ended| ended.ending), Ok(Ending::NotTaken(callee)), "{carrier}");
                assert_eq!(world.ending(&id).await.as_deref(), Some(ending), "{carrier} {habit:?}");
                // It is over: whoever answers now is hung up on, and what is told of it changes nothing.
                let mut late = late;
                late.outbound.as_mut().expect("it was placed").callee = Callee::Answers;
                let hung_up = world.dial(carrier, late).ended().await.expect("it is answered");
                let dropped = matches!(hung_up.ending, Ending::Finished | Ending::Rejected(_));
                assert!(dropped && !hung_up.streamed && hung_up.said.is_empty(), "{carrier} {hung_up:?}");
                assert_eq!(world.ending(&id).await.as_deref(), Some(ending), "{carrier} {habit:?}");
            }
        }
        // Nobody rings us by an address of ours that we gave to nobody, and a call that is not ours is no error.
        let (_, dial) = world.ring(carrier, "").await;
        let mut other = again(carrier, &dial);
        other.webhook = format!("{PUBLIC}/phone/{carrier}/outgoing/none");
        let refused = world.dial(carrier, other).ended().await.expect_err("there is no such call");
        assert_eq!(refused.status, Some(400), "{carrier}");
        let before = world.exchange.house.store().await.calls(100, i64::MAX).await.expect("listed").len();
        let mut other = again(carrier, &dial);
        other.status.as_mut().expect("it was asked for").callback.url =
            format!("{PUBLIC}/phone/{carrier}/status");
        (other.sids, other.outbound.as_mut().expect("it was placed").callee) =
            (Sids::of(carrier, 77), Callee::Busy);
        assert!(world.dial(carrier, other).ended().await.is_ok(), "{carrier}");
        let after = world.exchange.house.store().await.calls(100, i64::MAX).await.expect("listed").len();
        assert_eq!(before, after, "{carrier}");
    }
}

#[tokio::test]
async fn a_machine_is_told_the_message_or_hung_up_on_once() {
    for setting in ["message", "hang_up"] {
        let words = [("CALL_MACHINE", setting), ("CALL_MACHINE_WORDS", "Please call the practice.")];
        let world = World::open(&Carrier::ALL, &words).await;
        for carrier in Carrier::ALL {
            let api = world.exchange.api(carrier);
            api.tells(Habit::Twice);
            api.answers([if carrier == Carrier::Plivo { "machine" } else { "machine_end_beep" }]);
            let (id, dial) = world.ring(carrier, "").await;
            let named = dial.sids.call.clone();
            let ended = world.dial(carrier, dial).ended().await.expect("it was taken");
            let told = ended.said.iter().any(|words| words == "Please call the practice.");
            let wanted = if setting == "message" { Ending::Finished } else { Ending::Completed };
            assert_eq!((ended.ending, told), (wanted, setting == "message"), "{carrier} {:?}", ended.said);
            assert_eq!(world.ended(&id).await, "machine", "{carrier}");
            assert_eq!(world.orders(carrier, &named), 1, "{carrier} is asked once");
        }
    }
}

#[tokio::test]
async fn a_person_is_talked_to_however_the_company_says_so() {
    let world = World::open(&Carrier::ALL, &[("CALL_MACHINE", "hang_up")]).await;
    for carrier in Carrier::ALL {
        let (id, dial) = world.ring(carrier, "").await;
        let call = world.dial(carrier, dial);
        assert!(call.hear_for(0, Duration::from_millis(200)).await, "{carrier}");
        call.hang_up();
        assert_eq!(call.ended().await.map(|ended| ended.ending), Ok(Ending::CallerHungUp), "{carrier}");
        assert_eq!(world.ended(&id).await, "caller_hung_up", "{carrier}");
    }
}
