//! What a server of tools offered is remembered, and a consent is good where it was given.

use crate::harness::on_both;
use store::{McpRow, RulingRow, Store};

mod both {
    super::on_both!(what_a_server_offered_last_is_remembered);
    super::on_both!(what_the_owner_says_of_a_tool_is_heeded_until_they_take_it_back);
    super::on_both!(a_consent_is_good_at_the_address_where_it_was_given);
}

async fn what_a_server_offered_last_is_remembered(store: Store) {
    let row = |name: &str, listing: &str| McpRow {
        name: name.into(),
        address: "a".into(),
        listing: listing.into(),
        state: "good".into(),
        why: String::new(),
        title: "Tasks 1".into(),
        changed_ms: 7,
    };
    assert_eq!(store.mcp_servers().await.expect("read"), []);
    for seen in [row("todo", "{}"), row("mail", "{}"), row("todo", "{\"tools\":[]}")] {
        store.mcp_seen(&seen).await.expect("written");
    }
    assert_eq!(store.mcp_servers().await.expect("read"), [row("mail", "{}"), row("todo", "{\"tools\":[]}")]);
}

async fn what_the_owner_says_of_a_tool_is_heeded_until_they_take_it_back(store: Store) {
    let ruling = |class: &str, withheld| RulingRow {
        name: "mail_send".into(),
        class: class.into(),
        trust: String::new(),
        withheld,
    };
    assert_eq!(store.rulings().await.expect("read"), []);
    for said in [ruling("writes", 0), ruling("final", 1)] {
        store.rule(&said, 1).await.expect("written");
        assert_eq!(store.rulings().await.expect("read"), [said]);
    }
    store.rule(&ruling("", 0), 2).await.expect("written");
    assert_eq!(store.rulings().await.expect("read"), []);
}

async fn a_consent_is_good_at_the_address_where_it_was_given(store: Store) {
    store.mcp_granted("todo", "a", "sealed", 1).await.expect("written");
    store.mcp_granted("todo", "a", "sealed anew", 2).await.expect("written");
    assert_eq!(store.mcp_grant("todo", "a").await.expect("read").as_deref(), Some("sealed anew"));
    assert_eq!(store.mcp_grant("todo", "b").await.expect("read"), None);
    assert_eq!(store.mcp_grant("mail", "a").await.expect("read"), None);
}
