//! What was set on a page stands until it is set again or forgotten.

use crate::harness::on_both;
use store::Store;

mod both {
    super::on_both!(a_setting_stands_until_it_is_changed_or_forgotten);
}

async fn a_setting_stands_until_it_is_changed_or_forgotten(store: Store) {
    let values = async || {
        let rows = store.settings().await.expect("read");
        rows.into_iter().map(|row| (row.key, row.value, row.changed_by)).collect::<Vec<_>>()
    };
    let row = |key: &str, value: &str, by: &str| (key.to_owned(), value.to_owned(), by.to_owned());
    assert_eq!(values().await, []);
    let both = [("hours.mon", Some("closed")), ("calendar.time_zone", Some("Europe/Berlin"))];
    store.change_settings(&both, "u1", 1).await.expect("written");
    let expected = [row("calendar.time_zone", "Europe/Berlin", "u1"), row("hours.mon", "closed", "u1")];
    assert_eq!(values().await, expected);
    let other = [("hours.mon", None), ("calendar.time_zone", Some("UTC")), ("hours.tue", None)];
    store.change_settings(&other, "u2", 2).await.expect("written");
    assert_eq!(values().await, [row("calendar.time_zone", "UTC", "u2")]);
}
