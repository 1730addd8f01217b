//! Users and roles, passwords, second factors, invitations, pictures, and the audit log.

use crate::harness::on_both;
use store::{Changed, Joined, NewAudit, NewInvite, NewSession, Role, Store};

mod both {
    super::on_both!(
        the_last_owner_who_can_log_in_stays_one,
        of_two_owners_that_leave_at_once_one_stays,
        who_is_disabled_has_no_session,
        who_is_removed_leaves_nothing_of_theirs_but_the_log,
        an_address_is_changed_unless_it_is_anothers,
        an_invitation_makes_one_user,
        an_invitation_whose_address_is_taken_is_as_good_as_before,
        invitations_of_owners_are_listed_until_they_are_withdrawn_or_over,
        a_link_for_a_new_password_is_good_once_in_time_and_until_there_is_one,
        a_link_for_a_new_password_is_no_good_once_the_address_it_was_mailed_to_is_another,
        a_code_is_good_once_and_none_that_is_older,
        a_factor_that_is_proven_is_not_replaced,
        a_recovery_code_is_good_once,
        sessions_are_a_users_own_to_list_and_to_end,
        a_login_link_says_whose_it_is,
        what_was_done_is_told_the_latest_first_and_page_by_page,
        a_picture_is_replaced_and_removed,
    );
}

async fn a_user(store: &Store, name: &str, role: Role) -> String {
    let email = format!("{name}@example.org");
    store.create_user(Some(&email), name, role.name(), 1_000).await.expect("made").id
}

fn session<'a>(hash: &'a str, user_id: &'a str, now_ms: i64) -> NewSession<'a> {
    NewSession {
        hash,
        user_id,
        from: "192.0.2.1",
        agent: "a browser",
        now_ms,
        idle_ms: 600_000,
        absolute_ms: 900_000,
    }
}

fn invite<'a>(hash: &'a str, email: &'a str) -> NewInvite<'a> {
    NewInvite {
        id: hash,
        hash,
        email,
        role: Role::Member,
        by_whom: "Anna",
        now_ms: 1_000,
        expires_ms: 10_000,
    }
}

async fn the_last_owner_who_can_log_in_stays_one(store: Store) {
    let (anna, ben) = (a_user(&store, "anna", Role::Owner).await, a_user(&store, "ben", Role::Member).await);
    assert_eq!(store.user_role_set(&anna, Role::Member).await.expect("asked"), Changed::LastOwner);
    assert_eq!(store.user_disabled(&anna, Some(5)).await.expect("asked"), Changed::LastOwner);
    assert_eq!(store.user_removed(&anna).await.expect("asked"), Changed::LastOwner);
    assert_eq!(store.user_role_set(&anna, Role::Owner).await.expect("asked"), Changed::Done);
    assert_eq!(store.user_disabled(&anna, None).await.expect("asked"), Changed::Done);
    assert_eq!(store.user_role_set("nobody", Role::Owner).await.expect("asked"), Changed::Nobody);
    assert_eq!(store.user_removed("nobody").await.expect("asked"), Changed::Nobody);
    assert_eq!(store.user_role_set(&ben, Role::Owner).await.expect("asked"), Changed::Done);
    assert_eq!(store.user_disabled(&ben, Some(5)).await.expect("asked"), Changed::Done);
    assert_eq!(store.user_removed(&anna).await.expect("asked"), Changed::LastOwner, "ben cannot log in");
    assert_eq!(store.user_disabled(&ben, None).await.expect("asked"), Changed::Done);
    assert_eq!(store.user_removed(&anna).await.expect("asked"), Changed::Done);
    let left = store.users().await.expect("read");
    assert_eq!(left.iter().map(|user| (&*user.id, user.is_owner())).collect::<Vec<_>>(), [(&*ben, true)]);
}

async fn of_two_owners_that_leave_at_once_one_stays(store: Store) {
    let mut keeper = a_user(&store, "anna", Role::Owner).await;
    for round in 0..20 {
        let other = a_user(&store, &format!("other{round}"), Role::Owner).await;
        let (one, two) =
            tokio::join!(store.user_role_set(&keeper, Role::Member), store.user_disabled(&other, Some(5)));
        let mut changed = [one.expect("asked"), two.expect("asked")];
        changed.sort_by_key(|one| *one == Changed::LastOwner);
        assert_eq!(changed, [Changed::Done, Changed::LastOwner]);
        keeper = store.owner().await.expect("read").expect("there is one").id;
    }
}

async fn who_is_disabled_has_no_session(store: Store) {
    a_user(&store, "anna", Role::Owner).await;
    let ben = a_user(&store, "ben", Role::Member).await;
    store.session_made(&session("h1", &ben, 1_000)).await.expect("made");
    store.user_disabled(&ben, Some(2_000)).await.expect("asked");
    assert_eq!(store.session("h1", 2_000).await.expect("looked"), None);
    store.session_made(&session("h2", &ben, 3_000)).await.expect("made");
    assert_eq!(store.session("h2", 3_000).await.expect("looked"), None, "nor one that is made meanwhile");
    store.user_disabled(&ben, None).await.expect("asked");
    assert!(store.session("h2", 3_000).await.expect("looked").is_some());
    assert_eq!(store.session("h1", 3_000).await.expect("looked"), None, "those of before are over");
}

async fn who_is_removed_leaves_nothing_of_theirs_but_the_log(store: Store) {
    a_user(&store, "anna", Role::Owner).await;
    let ben = a_user(&store, "ben", Role::Member).await;
    store.session_made(&session("h1", &ben, 1_000)).await.expect("made");
    store.password_set(&ben, "$argon2id$…", 1_000).await.expect("set");
    store.reset_made("r1", &ben, 1_000, 9_000).await.expect("made");
    store.factor_begun(&ben, "sealed").await.expect("begun");
    store.recovery_codes_made(&ben, &["c1".into()]).await.expect("made");
    store.picture_set(&ben, b"jpeg", 1_000).await.expect("set");
    store.login_link_made("l1", Some(&ben), 9_000).await.expect("made");
    let new = NewAudit { at_ms: 1, user_id: Some(&ben), who: "Ben", what: "logged_in", about: "", from: "" };
    store.audited(&new).await.expect("written");
    assert_eq!(store.user_removed(&ben).await.expect("removed"), Changed::Done);
    assert_eq!(store.session("h1", 1_000).await.expect("looked"), None);
    assert_eq!(store.password(&ben).await.expect("looked"), None);
    assert_eq!(store.reset("r1", 1_000).await.expect("looked"), None);
    assert_eq!(store.factor(&ben).await.expect("looked"), None);
    assert_eq!(store.recovery_codes_left(&ben).await.expect("looked"), 0);
    assert_eq!(store.picture(&ben).await.expect("looked"), None);
    assert_eq!(store.login_link("l1", 1_000).await.expect("looked"), None);
    assert_eq!(store.audit(10, "").await.expect("read")[0].who, "Ben");
}

async fn an_address_is_changed_unless_it_is_anothers(store: Store) {
    let (anna, ben) = (a_user(&store, "anna", Role::Owner).await, a_user(&store, "ben", Role::Member).await);
    assert!(!store.user_described(&ben, Some(" ANNA@example.org"), "Ben").await.expect("asked"));
    assert!(store.user_described(&ben, Some("Ben@Example.net"), "Benjamin").await.expect("asked"));
    let user = store.user_by_email("ben@EXAMPLE.net ").await.expect("read").expect("a user");
    assert_eq!((user.id.as_str(), user.name.as_str()), (ben.as_str(), "Benjamin"));
    assert!(store.user_described(&anna, None, "Anna").await.expect("asked"));
    assert_eq!(store.user(&anna).await.expect("read").expect("a user").email, None);
}

async fn an_invitation_makes_one_user(store: Store) {
    store.invited(&invite("i1", "Ben@example.org")).await.expect("made");
    store.invited(&invite("i1", "Ben@example.org")).await.expect("the same again");
    assert_eq!(store.invite("i1", 9_999).await.expect("looked").expect("good").email, "ben@example.org");
    assert_eq!(store.invite("i1", 10_000).await.expect("looked"), None);
    assert_eq!(
        store.joined("i1", "ben@example.org", "Ben", "hash", 10_000).await.expect("asked"),
        Joined::NotInvited
    );
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..10 {
        let store = store.clone();
        tasks.spawn(async move {
            store.joined("i1", &format!("ben{n}@example.org"), "Ben", "hash", 2_000).await.expect("asked")
        });
    }
    let users = tasks.join_all().await.into_iter().filter(|joined| matches!(joined, Joined::User(_))).count();
    assert_eq!((users, store.users().await.expect("read").len()), (1, 1));
    let user = store.users().await.expect("read").remove(0);
    assert_eq!(user.role, "member");
    assert_eq!(store.password(&user.id).await.expect("read").expect("one").hash, "hash");
}

async fn an_invitation_whose_address_is_taken_is_as_good_as_before(store: Store) {
    a_user(&store, "anna", Role::Owner).await;
    store.invited(&invite("i1", "")).await.expect("made");
    let taken = store.joined("i1", "Anna@example.org", "Eve", "hash", 2_000).await.expect("asked");
    assert_eq!(taken, Joined::AddressTaken);
    let joined = store.joined("i1", "eve@example.org", "Eve", "hash", 2_000).await.expect("asked");
    assert!(matches!(joined, Joined::User(_)));
}

async fn invitations_of_owners_are_listed_until_they_are_withdrawn_or_over(store: Store) {
    store.invited(&invite("i1", "ben@example.org")).await.expect("made");
    store.invited(&NewInvite { by_whom: "", ..invite("i2", "carl@example.org") }).await.expect("made");
    let listed: Vec<_> = store.invites(2_000).await.expect("read").into_iter().map(|one| one.id).collect();
    assert_eq!(listed, ["i1"]);
    assert_eq!(store.invites(10_000).await.expect("read").len(), 0);
    assert_eq!(store.invite_withdrawn("i1").await.expect("asked").as_deref(), Some("ben@example.org"));
    assert_eq!(store.invite_withdrawn("i1").await.expect("asked"), None);
    assert_eq!(store.invite("i1", 2_000).await.expect("looked"), None);
}

async fn a_link_for_a_new_password_is_good_once_in_time_and_until_there_is_one(store: Store) {
    let anna = a_user(&store, "anna", Role::Owner).await;
    for hash in ["r1", "r2", "r2"] {
        store.reset_made(hash, &anna, 1_000, 9_000).await.expect("made");
    }
    assert_eq!(store.reset("r1", 8_999).await.expect("looked").as_deref(), Some(anna.as_str()));
    assert_eq!(store.reset("r1", 9_000).await.expect("looked"), None);
    assert!(!store.reset_used("r1", 9_000).await.expect("asked"));
    assert!(store.reset_used("r1", 2_000).await.expect("asked"));
    assert!(!store.reset_used("r1", 2_000).await.expect("asked"));
    store.password_set(&anna, "one", 3_000).await.expect("set");
    store.password_set(&anna, "two", 4_000).await.expect("set");
    let kept = store.password(&anna).await.expect("read").expect("one");
    assert_eq!((kept.hash.as_str(), kept.changed_ms), ("two", 4_000));
    assert_eq!(store.reset("r2", 2_000).await.expect("looked"), None, "there is a new password");
}

async fn a_link_for_a_new_password_is_no_good_once_the_address_it_was_mailed_to_is_another(store: Store) {
    let (anna, ben) = (a_user(&store, "anna", Role::Owner).await, a_user(&store, "ben", Role::Member).await);
    store.reset_made("r1", &anna, 1_000, 9_000).await.expect("made");
    store.reset_made("r2", &ben, 1_000, 9_000).await.expect("made");
    let good = async |hash| store.reset(hash, 2_000).await.expect("looked").is_some();
    assert!(store.user_described(&anna, Some("Anna@example.org"), "Anna B.").await.expect("asked"));
    assert!(!store.user_described(&anna, Some("ben@example.org"), "Anna").await.expect("asked"));
    assert!(good("r1").await, "the address is the same");
    assert!(store.user_described(&anna, Some("anna@example.net"), "Anna").await.expect("asked"));
    assert!(!good("r1").await && good("r2").await);
    assert!(store.user_described(&ben, None, "Ben").await.expect("asked"));
    assert!(!good("r2").await);
}

async fn a_code_is_good_once_and_none_that_is_older(store: Store) {
    let anna = a_user(&store, "anna", Role::Owner).await;
    assert!(!store.factor_used(&anna, 100, 1_000).await.expect("asked"), "there is none");
    store.factor_begun(&anna, "sealed").await.expect("begun");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (store, anna) = (store.clone(), anna.clone());
        tasks.spawn(async move { store.factor_used(&anna, 100, 1_000).await.expect("asked") });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|used| *used).count(), 1);
    assert!(!store.factor_used(&anna, 99, 1_000).await.expect("asked"));
    assert!(store.factor_used(&anna, 101, 2_000).await.expect("asked"));
    assert_eq!(store.factor(&anna).await.expect("read").expect("one").proven_ms, Some(1_000));
}

async fn a_factor_that_is_proven_is_not_replaced(store: Store) {
    let anna = a_user(&store, "anna", Role::Owner).await;
    assert!(store.factor_begun(&anna, "one").await.expect("begun"));
    assert!(store.factor_begun(&anna, "two").await.expect("begun"));
    assert_eq!(store.factor(&anna).await.expect("read").expect("one").sealed, "two");
    assert!(!store.factor_removed(&anna).await.expect("asked"), "it was never proven");
    store.factor_begun(&anna, "two").await.expect("begun");
    assert!(!store.has_factor(&anna).await.expect("asked"), "it is not proven yet");
    store.factor_used(&anna, 5, 1_000).await.expect("asked");
    assert!(store.has_factor(&anna).await.expect("asked"));
    assert!(!store.factor_begun(&anna, "three").await.expect("asked"));
    assert_eq!(store.factor(&anna).await.expect("read").expect("one").sealed, "two");
    assert!(store.factor_removed(&anna).await.expect("asked"));
    assert!(!store.has_factor(&anna).await.expect("asked"));
}

async fn a_recovery_code_is_good_once(store: Store) {
    let anna = a_user(&store, "anna", Role::Owner).await;
    store.recovery_codes_made(&anna, &["old".into()]).await.expect("made");
    store.recovery_codes_made(&anna, &["c1".into(), "c2".into()]).await.expect("made");
    assert!(!store.recovery_code_used(&anna, "old", 1).await.expect("asked"));
    assert!(store.recovery_code_used(&anna, "c1", 1).await.expect("asked"));
    assert!(!store.recovery_code_used(&anna, "c1", 1).await.expect("asked"));
    assert!(!store.recovery_code_used("ben", "c2", 1).await.expect("asked"));
    assert_eq!(store.recovery_codes_left(&anna).await.expect("read"), 1);
}

async fn sessions_are_a_users_own_to_list_and_to_end(store: Store) {
    let (anna, ben) = (a_user(&store, "anna", Role::Owner).await, a_user(&store, "ben", Role::Member).await);
    store.session_made(&session("a1", &anna, 1_000)).await.expect("made");
    store.session_made(&session("a2", &anna, 2_000)).await.expect("made");
    store.session_made(&session("b1", &ben, 3_000)).await.expect("made");
    store.session("a1", 100_000).await.expect("used");
    let listed = store.sessions_of(&anna, 100_000).await.expect("read");
    let told: Vec<_> = listed.iter().map(|one| (&*one.hash, one.made_ms, one.used_ms, &*one.from)).collect();
    assert_eq!(told, [("a1", 1_000, 100_000, "192.0.2.1"), ("a2", 2_000, 2_000, "192.0.2.1")]);
    assert!(!store.session_of_ended(&anna, "b1").await.expect("asked"));
    assert!(store.session_of_ended(&anna, "a2").await.expect("asked"));
    store.session_made(&session("a3", &anna, 4_000)).await.expect("made");
    assert_eq!(store.sessions_ended(&anna, "a3").await.expect("asked"), 1);
    assert!(store.session("a3", 5_000).await.expect("looked").is_some());
    assert!(store.session("b1", 5_000).await.expect("looked").is_some());
}

async fn a_login_link_says_whose_it_is(store: Store) {
    let ben = a_user(&store, "ben", Role::Member).await;
    store.login_link_made("l1", Some(&ben), 9_000).await.expect("made");
    store.login_link_made("l2", None, 9_000).await.expect("made");
    assert_eq!(store.login_link("l1", 8_999).await.expect("looked"), Some(Some(ben)));
    assert_eq!(store.login_link("l2", 8_999).await.expect("looked"), Some(None));
    assert_eq!(store.login_link("l2", 9_000).await.expect("looked"), None);
    assert!(store.login_link_used("l1", 1_000).await.expect("used"));
    assert_eq!(store.login_link("l1", 1_000).await.expect("looked"), None);
}

async fn what_was_done_is_told_the_latest_first_and_page_by_page(store: Store) {
    for at_ms in 1..=5 {
        let about = at_ms.to_string();
        let new = NewAudit {
            at_ms,
            user_id: None,
            who: "Anna",
            what: "logged_in",
            about: &about,
            from: "192.0.2.1",
        };
        store.audited(&new).await.expect("written");
    }
    let first = store.audit(3, "").await.expect("read");
    let about = |rows: &[store::AuditRow]| rows.iter().map(|row| row.about.clone()).collect::<Vec<_>>();
    assert_eq!(about(&first), ["5", "4", "3"]);
    assert_eq!(about(&store.audit(3, &first[2].id).await.expect("read")), ["2", "1"]);
    assert_eq!(store.tidy_audit(4).await.expect("forgotten"), 3);
    assert_eq!(about(&store.audit(9, "").await.expect("read")), ["5", "4"]);
}

async fn a_picture_is_replaced_and_removed(store: Store) {
    let anna = a_user(&store, "anna", Role::Owner).await;
    assert_eq!(store.picture(&anna).await.expect("read"), None);
    store.picture_set(&anna, &[0xff, 0, 1], 1_000).await.expect("set");
    store.picture_set(&anna, &[0xff, 2], 2_000).await.expect("set");
    assert_eq!(store.picture(&anna).await.expect("read"), Some(vec![0xff, 2]));
    assert_eq!(store.picture_changed_ms(&anna).await.expect("read"), Some(2_000));
    a_user(&store, "ben", Role::Member).await;
    assert_eq!(store.pictured().await.expect("read"), [(anna.clone(), 2_000)].into());
    store.picture_removed(&anna).await.expect("removed");
    assert_eq!(store.picture_changed_ms(&anna).await.expect("read"), None);
}
