//! A house with these engines, and what it has written down.

use super::stand::{Kind, Stand};
use crate::house::{
    AUTH_TOKEN, House,
    waiting::{PATIENCE, ms, notes, read, until},
};
use serde_json::Value;
use sim::twilio::{Account, Dial, Handset};
use store::Store;

pub struct Rig {
    pub house: House,
    pub store: Store,
    account: Account,
}

impl Rig {
    /// Calls begin with the first of these, and go on with the others.
    pub async fn open(stands: &[&Stand], more: &[(&str, &str)]) -> Self {
        let engines: Vec<_> = stands.iter().map(|stand| stand.kind.name()).collect();
        let mut variables = vec![
            ("ENGINES", engines.join(", ")),
            ("GREETING", "Thanks for calling Acme.".into()),
            ("TIME_ZONE", "Europe/Berlin".into()),
        ];
        variables.extend(stands.iter().flat_map(|stand| stand.variables()));
        variables.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let house = House::open(&variables).await;
        let store = house.store().await;
        Self { house, store, account: Account::new(AUTH_TOKEN) }
    }

    pub fn dial(&self) -> Handset {
        Handset::dial(&self.account, Dial::local(self.house.address))
    }

    /// Waits until calls begin with this engine again.
    pub async fn well(&self, kind: Kind) {
        let named = format!("engine {} ", kind.name());
        until(async || {
            let answer = reqwest::get(self.house.url("/readyz")).await.expect("it answers");
            (!answer.text().await.expect("text").contains(&named)).then_some(())
        })
        .await;
    }

    /// The notes of the latest call, once this holds of them.
    pub async fn noted(&self, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut seen = Vec::new();
        let waiting = async {
            loop {
                if let Some(call) = self.store.calls(1, i64::MAX).await.expect("read").pop() {
                    seen = notes(&self.store, &call.id).await.iter().map(read).collect();
                    if is(&seen) {
                        return;
                    }
                }
                tokio::time::sleep(ms(20)).await;
            }
        };
        let noted = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(noted.is_ok(), "it is not noted in time: {seen:#?}");
        seen
    }
}

pub fn count(notes: &[Value], kind: &str) -> usize {
    notes.iter().filter(|note| note["kind"] == kind).count()
}

/// What was said, by the assistant or by the caller.
pub fn texts<'a>(notes: &'a [Value], kind: &str) -> Vec<&'a str> {
    let of_kind = notes.iter().filter(|note| note["kind"] == kind);
    of_kind.filter_map(|note| note["text"].as_str()).collect()
}

/// A day on which the office is open, a week from now or a little later.
#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
pub fn a_weekday() -> jiff::civil::Date {
    let in_a_week = jiff::Zoned::now().date() + jiff::Span::new().days(7);
    let days = [0, 0, 0, 0, 0, 2, 1][usize::from(in_a_week.weekday().to_monday_zero_offset().unsigned_abs())];
    in_a_week + jiff::Span::new().days(days)
}
