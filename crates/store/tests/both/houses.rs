//! Users' houses: each user's own, each with a database of its own.

use crate::harness::{Database, on_both, on_both_databases};
use store::{Changed, NewCall, Role, Store, UserRow};

mod both {
    super::on_both!(
        the_first_owner_lives_here_and_every_other_user_beside,
        a_house_is_never_anothers,
        whose_house_this_database_is_stays_its_owner,
        a_busy_house_is_remembered_as_one,
        whoever_lives_beside_is_known_there_and_runs_nothing,
    );
    super::on_both_databases!(
        nothing_in_one_house_is_in_another,
        eight_that_open_a_new_house_at_once_find_its_tables,
    );
}

async fn the_first_owner_lives_here_and_every_other_user_beside(store: Store) {
    let early = store.create_user(Some("early@example.com"), "Early", "member", 1_000).await.expect("made");
    let owner = store.create_user(Some("owner@example.com"), "Owner", "owner", 2_000).await.expect("made");
    let second = store.create_user(Some("second@example.com"), "Second", "owner", 3_000).await.expect("made");
    let house = store.house_of(&early.id, "aaa", 4_000).await.expect("a house");
    assert_eq!(
        (house.user_id.as_str(), house.name.as_str(), house.made_ms),
        (early.id.as_str(), "aaa", 4_000)
    );
    assert_eq!(store.house_of(&second.id, "bbb", 5_000).await.expect("a house").name, "bbb");
    assert_eq!(
        store.house_of(&owner.id, "ccc", 6_000).await.expect("a house").name,
        "",
        "it is this database"
    );
    assert_eq!(store.house_of(&early.id, "ddd", 7_000).await.expect("a house"), house, "for ever");
    assert_eq!(store.house_named("aaa").await.expect("looked"), Some(house));
    for nobodys in ["ccc", "ddd", "", "AAA"] {
        let found = store.house_named(nobodys).await.expect("looked");
        assert!(found.is_none_or(|row| row.user_id == owner.id), "{nobodys}");
    }
}

async fn a_house_is_never_anothers(store: Store) {
    let first = store.create_user(None, "First", "owner", 1_000).await.expect("made");
    assert_eq!(store.house_of(&first.id, "aaa", 1_000).await.expect("a house").name, "");
    let older = store.create_user(None, "Older", "owner", 500).await.expect("made");
    assert_eq!(store.house_of(&older.id, "bbb", 2_000).await.expect("a house").name, "bbb");
    assert_eq!(store.houses().await.expect("listed").len(), 2);
    assert_eq!(store.user(&older.id).await.expect("looked"), Some(older));
    assert_eq!(store.user("nobody").await.expect("looked"), None);
}

async fn whose_house_this_database_is_stays_its_owner(store: Store) {
    let first = store.create_user(None, "First", "owner", 1_000).await.expect("made");
    let second = store.create_user(None, "Second", "owner", 2_000).await.expect("made");
    // Until a house is anybody's, either may go.
    assert_eq!(store.user_role_set(&first.id, Role::Member).await.expect("asked"), Changed::Done);
    assert_eq!(store.user_role_set(&first.id, Role::Owner).await.expect("asked"), Changed::Done);
    store.house_of(&second.id, "bbb", 3_000).await.expect("a house");
    assert_eq!(store.user_role_set(&first.id, Role::Member).await.expect("asked"), Changed::LivesHere);
    assert_eq!(store.user_disabled(&first.id, Some(4_000)).await.expect("asked"), Changed::LivesHere);
    assert_eq!(store.user_removed(&first.id).await.expect("asked"), Changed::LivesHere);
    assert_eq!(store.user_role_set(&first.id, Role::Owner).await.expect("asked"), Changed::Done);
    assert_eq!(store.user_disabled(&first.id, None).await.expect("asked"), Changed::Done);
    assert_eq!(store.user(&first.id).await.expect("looked"), Some(first), "nothing was changed");
    assert_eq!(store.user_removed(&second.id).await.expect("asked"), Changed::Done);
}

async fn a_busy_house_is_remembered_as_one(store: Store) {
    let user = store.create_user(None, "Anna", "member", 1_000).await.expect("made");
    assert!(!store.house_of(&user.id, "aaa", 1_000).await.expect("a house").busy);
    store.house_is_busy(&user.id, true).await.expect("written");
    assert!(store.houses().await.expect("listed").iter().all(|row| row.busy));
    store.house_is_busy(&user.id, false).await.expect("written");
    assert!(!store.house_of(&user.id, "bbb", 2_000).await.expect("a house").busy);
}

async fn whoever_lives_beside_is_known_there_and_runs_nothing(house: Store) {
    let accounts = Store::open("sqlite::memory:").await.expect("opened");
    let owner = accounts.create_user(Some("anna@example.com"), "Anna", "owner", 1_000).await.expect("made");
    house.lived_in_by(&owner).await.expect("said");
    house.lived_in_by(&UserRow { name: "Anna B.".into(), ..owner.clone() }).await.expect("said again");
    let known = house.user(&owner.id).await.expect("looked").expect("known");
    assert_eq!((known.name.as_str(), known.email, known.role.as_str()), ("Anna B.", None, "member"));
    assert!(!house.owner_exists().await.expect("looked"));
}

async fn nothing_in_one_house_is_in_another(database: &Database) {
    let here = database.open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let beside = async |name: &str| {
        let file = folder.path().join(name).join("earpiece.db");
        Store::open_beside(&database.address(), name, &file).await.expect("a house")
    };
    let (one, other) = (beside("one").await, beside("other").await);
    for (store, number) in [(&here, "+49301"), (&one, "+49302"), (&other, "+49303")] {
        store.caller_seen(number, 1_000).await.expect("seen");
        let id = NewCall::id(1_000);
        let new = NewCall {
            id: &id,
            carrier: "twilio",
            // The carrier's names may be the same: that is another account's call.
            carrier_call: "CA1",
            from: number,
            to: "+4940",
            outbound: false,
            engine: "local",
            trust: "stranger",
            started_ms: 1_000,
        };
        store.call_begun(&new).await.expect("begun");
        store.change_settings(&[("assistant.business", Some(number))], "them", 1_000).await.expect("saved");
    }
    for (store, number) in [(&here, "+49301"), (&one, "+49302"), (&other, "+49303")] {
        let callers: Vec<_> =
            store.callers(10).await.expect("listed").into_iter().map(|row| row.number).collect();
        assert_eq!(callers, [number]);
        let settings = store.settings().await.expect("listed");
        assert_eq!(settings.iter().map(|row| row.value.as_str()).collect::<Vec<_>>(), [number]);
    }
    one.close().await;
    let again = beside("one").await;
    assert_eq!(again.callers(10).await.expect("listed")[0].number, "+49302", "it is found again");
    for name in ["", "One", "a-b", "a\"b", "a;b", &"a".repeat(41)] {
        if here.is_shared() {
            let file = folder.path().join("never.db");
            Store::open_beside(&database.address(), name, &file).await.expect_err("no name of a house");
        }
    }
    for store in [here, again, other] {
        store.close().await;
    }
}

async fn eight_that_open_a_new_house_at_once_find_its_tables(database: &Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("house/earpiece.db");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (address, file) = (database.address(), file.clone());
        tasks.spawn(async move {
            let store = Store::open_beside(&address, "new", &file).await.expect("opened");
            let calls = store.caller_seen("+49301", 1_000).await.expect("seen").calls;
            store.close().await;
            calls
        });
    }
    let mut calls = tasks.join_all().await;
    calls.sort_unstable();
    assert_eq!(calls, [1, 2, 3, 4, 5, 6, 7, 8]);
}
