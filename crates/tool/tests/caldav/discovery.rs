use crate::{account, berlin, radicale::Radicale, stand_in::StandIn, with_password};
use tool::calendar::{
    caldav::{Account, Collection, Login},
    remote::Trouble,
};

#[tokio::test]
async fn the_calendars_that_hold_events_are_found_from_the_servers_bare_address() {
    let server = Radicale::start().await;
    server.make("tasks", "Tasks", "VTODO").await;
    server.make("home", "Home &amp; garden", "VEVENT").await;
    for address in [server.address.clone(), format!("{}/alice/", server.address)] {
        let mut found = account(&address).calendars().await.expect("calendars");
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let collection = |path: &str, name: &str| Collection {
            address: format!("{}/alice/{path}/", server.address),
            name: name.into(),
            writable: true,
        };
        assert_eq!(found, [collection("home", "Home & garden"), collection("work", "Work")]);
    }
    let only = account(&server.work()).calendars().await.expect("the calendar itself");
    assert_eq!(only.iter().map(|calendar| calendar.name.as_str()).collect::<Vec<_>>(), ["Work"]);
    let tested = crate::calendar(&server.work()).test().await.expect("it can be read");
    assert_eq!((tested.name.as_str(), tested.writable), ("Work", true));
    assert!(server.stored().is_empty(), "looking writes nothing");
}

#[tokio::test]
async fn a_wrong_password_is_revoked_and_says_what_to_do() {
    let server = Radicale::start().await;
    let account = with_password(&server.address, "wrong");
    let Err(Trouble::Revoked(why)) = account.calendars().await else { panic!("it let us in") };
    assert!(why.contains("app password") && !why.contains("wrong"), "{why}");
    let calendar = account.calendar(&server.work(), berlin()).expect("a calendar");
    assert!(matches!(calendar.test().await, Err(Trouble::Revoked(_))));
}

#[tokio::test]
async fn a_calendar_that_is_gone_is_no_calendar() {
    let server = Radicale::start().await;
    let gone = crate::calendar(&format!("{}/alice/gone/", server.address));
    assert!(matches!(gone.test().await, Err(Trouble::Refused(_))));
}

#[tokio::test]
async fn prefixes_addresses_on_the_server_and_read_only_shares_are_understood() {
    let principal = r#"<?xml version="1.0"?><x:multistatus xmlns:x="DAV:"><x:response><x:href>/dav/</x:href><x:propstat><x:prop><x:current-user-principal><x:href>/dav/p/alice%20b/</x:href></x:current-user-principal></x:prop><x:status>HTTP/1.1 200 OK</x:status></x:propstat><x:propstat><x:prop><x:displayname/></x:prop><x:status>HTTP/1.1 404 Not Found</x:status></x:propstat></x:response></x:multistatus>"#;
    let home = r#"<multistatus xmlns="DAV:"><response><href>/dav/p/alice%20b/</href><propstat><prop><calendar-home-set xmlns="urn:ietf:params:xml:ns:caldav"><href xmlns="DAV:">HERE/dav/c/</href></calendar-home-set></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"#;
    let list = r#"<m xmlns="DAV:"/>"#.replace("<m xmlns=\"DAV:\"/>", r#"<A:multistatus xmlns:A="DAV:" xmlns:Q="urn:ietf:params:xml:ns:caldav">
      <A:response><A:href>/dav/c/</A:href><A:propstat><A:prop><A:resourcetype><A:collection/></A:resourcetype></A:prop><A:status>HTTP/1.1 200 OK</A:status></A:propstat></A:response>
      <A:response><A:href>/dav/c/shared/</A:href><A:propstat><A:prop><A:displayname><![CDATA[Shared <1>]]></A:displayname><A:resourcetype><A:collection/><Q:calendar/></A:resourcetype><A:current-user-privilege-set><A:privilege><A:read/></A:privilege></A:current-user-privilege-set></A:prop><A:status>HTTP/1.1 200 OK</A:status></A:propstat></A:response>
      <A:response><A:href>/dav/c/inbox/</A:href><A:propstat><A:prop><A:resourcetype><A:collection/><Q:schedule-inbox/></A:resourcetype></A:prop><A:status>HTTP/1.1 200 OK</A:status></A:propstat></A:response>
      </A:multistatus>"#);
    let server = StandIn::start(move |request, here| {
        let body = match (request.method.as_str(), request.path.as_str()) {
            ("PROPFIND", "/.well-known/caldav") => {
                return "HTTP/1.1 301 Moved\r\nLocation: /dav/\r\nContent-Length: 0\r\n\r\n".into();
            }
            ("PROPFIND", "/dav/") => principal.to_owned(),
            ("PROPFIND", "/dav/p/alice%20b/") => home.replace("HERE", here),
            ("PROPFIND", "/dav/c/") => list.clone(),
            _ => return StandIn::answer("404 Not Found", "", ""),
        };
        StandIn::answer("207 Multi-Status", "", &body)
    })
    .await;
    let found = account(&server.address).calendars().await.expect("calendars");
    let address = format!("{}/dav/c/shared/", server.address);
    assert_eq!(found, [Collection { address, name: "Shared <1>".into(), writable: false }]);
}

#[tokio::test]
async fn the_password_does_not_follow_to_a_server_in_plain_http() {
    let thief =
        StandIn::start(|_, _| StandIn::answer("207 Multi-Status", "", "<multistatus xmlns=\"DAV:\"/>")).await;
    let to = thief.address.clone();
    let sends_on = StandIn::start(move |request, _| match request.path.as_str() {
        "/redirect" => StandIn::answer("302 Found", &format!("Location: {to}/\r\n"), ""),
        _ => StandIn::answer(
            "207 Multi-Status",
            "",
            &format!("<multistatus xmlns=\"DAV:\"><response><href>/</href><propstat><prop><current-user-principal><href>{to}/p/</href></current-user-principal></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"),
        ),
    })
    .await;
    for path in ["/redirect", "/principal"] {
        let found = account(&format!("{}{path}", sends_on.address)).calendars().await;
        assert!(matches!(found, Err(Trouble::Unreachable(_))), "{found:?}");
    }
    assert!(account(&sends_on.address).calendar(&format!("{}/c/", thief.address), berlin()).is_err());
    assert!(thief.requests().is_empty(), "{:?}", thief.requests());
    assert!(!sends_on.requests().is_empty());
}

#[test]
fn a_login_is_checked_and_never_printed() {
    let login = |address: &str, user: &str| Login {
        address: address.into(),
        user: user.into(),
        password: "hunter2-hunter2".into(),
    };
    for wrong in ["", "ftp://host/", "https://", "https://me:pw@host/", "https://host/?a=b", "not an address"]
    {
        assert!(
            matches!(Account::new(&login(wrong, "alice"), crate::clock()), Err(Trouble::Refused(_))),
            "{wrong}"
        );
    }
    for wrong in ["", "a:b", "a\r\nb"] {
        assert!(Account::new(&login("https://host/", wrong), crate::clock()).is_err(), "{wrong:?}");
    }
    let good = login("cloud.example.org", "alice@example.org");
    let account = Account::new(&good, crate::clock()).expect("https is meant");
    let calendar = account.calendar("https://cloud.example.org/c/work", berlin()).expect("a calendar");
    assert_eq!(tool::calendar::remote::Calendar::name(&calendar), "https://cloud.example.org/c/work/");
    for printed in [format!("{good:?}"), format!("{account:?}"), format!("{calendar:?}")] {
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
