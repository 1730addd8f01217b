//! Calls that we place, and numbers that are connected.

use crate::{calls::ringing, harness::on_both};
use store::{ConnectedRow, NewCall, Store};

mod both {
    super::on_both!(
        a_placed_call_is_named_once_and_found_by_its_name,
        what_a_number_was_before_is_remembered_until_it_is_so_again,
    );
}

async fn a_placed_call_is_named_once_and_found_by_its_name(store: Store) {
    let new = NewCall { outbound: true, ..ringing("one", "one", 1_000) };
    store.call_placed(&new, "Remind them of the appointment.").await.expect("placed");
    assert_eq!(store.carriers_call("twilio", "CA1").await.expect("looked for"), None);
    assert!(store.call_named("one", "CA1").await.expect("named"));
    assert!(store.call_named("one", "CA1").await.expect("named"), "a second telling is the same");
    assert!(!store.call_named("one", "CA2").await.expect("asked"), "a name stays");
    assert!(!store.call_named("none", "CA3").await.expect("asked"));
    let row = store.carriers_call("twilio", "CA1").await.expect("looked for").expect("there");
    assert_eq!((row.id.as_str(), row.outbound), ("one", true));
    assert_eq!(row.purpose, "Remind them of the appointment.");
    assert_eq!(store.carriers_call("plivo", "CA1").await.expect("looked for"), None);
}

async fn what_a_number_was_before_is_remembered_until_it_is_so_again(store: Store) {
    let row = |number: &str, before: &str| ConnectedRow {
        carrier: "twilio".into(),
        number: number.into(),
        before: before.into(),
        connected_ms: 7,
    };
    assert!(store.number_connected(&row("+2", "theirs")).await.expect("kept"));
    assert!(!store.number_connected(&row("+2", "ours")).await.expect("kept"), "the first memory stays");
    assert!(store.number_connected(&row("+1", "")).await.expect("kept"));
    let all = store.connected_numbers("twilio").await.expect("listed");
    assert_eq!(all, [row("+1", ""), row("+2", "theirs")]);
    assert_eq!(store.connected_numbers("plivo").await.expect("listed"), []);
    store.number_disconnected("twilio", "+2").await.expect("forgotten");
    assert!(store.number_connected(&row("+2", "new")).await.expect("kept"));
}
