//! Two users of one installation on the telephone at once: each call is its own user's, by stream and by turns.

mod house;

use house::{
    AUTH_TOKEN, House,
    browser::Browser,
    speech::speech,
    waiting::{PATIENCE, calls, ended, ms, until},
};
use reqwest::{StatusCode, header};
use server::{clock, guard::token};
use sim::{
    openai::{Hearing, OpenAi, Reply, Script},
    phone::{Account, Api, Carrier, Dial, Handset, Mode, Status, handset::Listened},
};
use store::{NewSession, Store};

/// What the member and their carrier share.
const SECRET: &str = "00112233445566778899aabbccddeeff";

/// A member of the house's installation, and the house that is theirs.
struct Member {
    browser: Browser,
    name: String,
    store: Store,
}

impl Member {
    async fn of(house: &House) -> Self {
        let accounts = house.store().await;
        let now_ms = clock::now_ms();
        let user =
            accounts.create_user(Some("berta@example.com"), "Berta", "member", now_ms).await.expect("made");
        let secret = "b".repeat(43);
        let new = NewSession {
            hash: &token::hash(&secret),
            user_id: &user.id,
            from: "",
            agent: "",
            now_ms,
            idle_ms: 10_000_000,
            absolute_ms: 10_000_000,
        };
        accounts.session_made(&new).await.expect("a session");
        let http = Browser::of_the_owner(house).await.http;
        let browser = Browser { http, cookie: format!("earpiece={secret}") };
        let calls =
            browser.http.get(house.url("/calls")).header(header::COOKIE, &browser.cookie).send().await;
        assert_eq!(calls.expect("an answer").status(), StatusCode::OK);
        let rows = accounts.houses().await.expect("listed");
        let name = rows.into_iter().find(|row| row.user_id == user.id).expect("a house").name;
        let file = house.folder.path().join(format!("data/houses/{}/earpiece.db", user.id));
        let store = Store::open(&format!("sqlite:{}", file.display())).await.expect("a database of its own");
        Self { browser, name, store }
    }

    async fn sets(&self, house: &House, section: &str, form: &[(&str, &str)]) {
        let sent = self.browser.send(&house.url(&format!("/settings/{section}")), form).await;
        let status = sent.status();
        assert!(
            status.is_redirection() || status.is_success(),
            "{status}: {}",
            sent.text().await.expect("text")
        );
    }
}

async fn speaks(call: &Handset) {
    assert!(matches!(call.listen(0, ms(300), PATIENCE).await, Listened::Spoke(_)), "the caller is greeted");
}

#[tokio::test]
async fn the_same_flow_goes_on_in_two_houses_at_once_and_each_call_is_its_own_users() {
    let script = Script {
        key: Some("sk-lent".into()),
        otherwise: Reply::tone(ms(300)),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    let service = OpenAi::listen(script).await.expect("loopback has a free port");
    let theirs = Account::new(Carrier::Twilio, SECRET);
    let api = Api::listen(&theirs).await.expect("loopback has a free port");
    let (realtime, twilio) = (service.url(), api.url());
    let house = House::open(&[
        ("ENGINE", "openai"),
        ("OPENAI_API_KEY", "sk-lent"),
        ("OPENAI_REALTIME_URL", realtime.as_str()),
        ("MEMBERS_MAY_USE", "engines"),
        ("TWILIO_API_URL", twilio.as_str()),
        ("LOG_LEVEL", "debug"),
    ])
    .await;
    let owners = house.store().await;
    let member = Member::of(&house).await;
    let account =
        [("twilio.account_sid", "AC00000000000000000000000000000001"), ("twilio.auth_token", SECRET)];
    member.sets(&house, "twilio", &account).await;
    let at = |path: &str| house.url(&format!("/u/{}{path}", member.name));

    let dial =
        |webhook: String, from: &str| Dial { webhook, from: from.into(), ..Dial::local(house.address) };
    let one = Handset::dial(
        Account::new(Carrier::Twilio, AUTH_TOKEN),
        dial(house.url("/incoming-call"), "+14155550111"),
    );
    let other = Handset::dial(&theirs, dial(at("/incoming-call"), "+14155550222"));
    tokio::join!(speaks(&one), speaks(&other));
    for (store, from) in [(&owners, "+14155550111"), (&member.store, "+14155550222")] {
        let calls = calls(store).await;
        assert_eq!(calls.iter().map(|call| call.from.as_str()).collect::<Vec<_>>(), [from]);
        let callers =
            until(async || Some(store.callers(10).await.ok()?).filter(|callers| !callers.is_empty())).await;
        assert_eq!(callers.iter().map(|caller| caller.number.as_str()).collect::<Vec<_>>(), [from]);
    }
    for call in [one, other] {
        call.hang_up();
        assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    }
    ended(&owners).await;
    ended(&member.store).await;

    // The first owner's secret is none there, and the other way round.
    for (account, webhook) in [
        (Account::new(Carrier::Twilio, AUTH_TOKEN), at("/incoming-call")),
        (theirs.clone(), house.url("/incoming-call")),
    ] {
        let stranger = Handset::dial(&account, dial(webhook, "+14155550333"));
        assert!(!stranger.connected().await, "it is refused");
    }
    assert_eq!((calls(&owners).await.len(), calls(&member.store).await.len()), (1, 1));

    // By turns every address that is handed out has to lead back: what is played, where the recording goes, and the status.
    member.sets(&house, "calls", &[("calls.mode", "turns")]).await;
    let status = Some(Status::completed(at("/phone/twilio/status")));
    let dial = Dial { mode: Mode::Turns, status, ..dial(at("/incoming-call"), "+14155550222") };
    let call = Handset::dial(&theirs, api.wire(dial));
    assert!(
        call.recorded(1).await && call.hear_for(0, ms(200)).await,
        "the caller is greeted, and listened to"
    );
    call.say(&speech(ms(1_000)));
    assert!(call.recorded(2).await, "and answered, and listened to again");
    call.hang_up();
    let told = call.ended().await.expect("the call is put through");
    assert_eq!((told.streamed, told.errors.as_slice()), (false, &[][..]));
    ended(&member.store).await;
    assert_eq!((calls(&owners).await.len(), calls(&member.store).await.len()), (1, 2));
    let (log, _folder) = house.stop().await;
    assert!(!log.contains("panicked") && !log.contains(SECRET), "{log}");
}
