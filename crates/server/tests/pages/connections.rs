//! Servers of tools and tools of the owner's own that are added on pages.

use super::rig::Browser;
use axum::http::StatusCode;

const SERVER: [(&str, &str); 5] = [
    ("new", "yes"),
    ("name", "crm"),
    ("url", "https://crm.invalid/mcp"),
    ("token", "hunter2-and-more"),
    ("trust", "known"),
];

#[tokio::test]
async fn a_server_is_added_changed_and_removed_while_the_program_runs() {
    let mut browser = Browser::owner(&[]).await;
    let added = browser.submit("/servers", &SERVER).await;
    assert_eq!((added.status, added.header("location")), (StatusCode::SEE_OTHER, "/servers#server-crm"));
    let first = browser.app.mcp.named("crm").expect("it is kept connected");
    assert_eq!(first.set.settings.trust, tool::Trust::Known);
    let page = browser.get("/servers").await.text;
    assert!(page.contains("https://crm.invalid") && !page.contains("hunter2"));
    let rows = browser.store.added().await.expect("read");
    assert!(rows.iter().all(|row| !row.sealed.contains("hunter2") && !row.sealed.contains("crm.invalid")));
    let again = browser.submit("/servers", &SERVER).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("There is a server of this name"));
    // Left empty, its token stays; at another address it would be told to somebody else.
    let token = |browser: &Browser| match &browser.app.mcp.named("crm").expect("there").set.settings.way {
        tool::mcp::Way::Web(web) => web.token.is_some(),
        tool::mcp::Way::Program(_) => panic!("it is on the web"),
    };
    browser
        .submit("/servers", &[("name", "crm"), ("url", "https://crm.invalid/mcp"), ("only", "find, add")])
        .await;
    let second = browser.app.mcp.named("crm").expect("there");
    assert_eq!(second.set.settings.choice.only, ["find", "add"]);
    assert!(token(&browser) && !std::sync::Arc::ptr_eq(&first, &second));
    browser.submit("/servers", &[("name", "crm"), ("url", "https://other.invalid/mcp")]).await;
    assert!(!token(&browser));
    assert_eq!(browser.post("/servers/crm/remove").await.status, StatusCode::SEE_OTHER);
    assert!(browser.app.mcp.named("crm").is_none() && browser.store.added().await.expect("read").is_empty());
    assert_eq!(browser.post("/servers/crm/remove").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_of_this_machine_is_reached_by_a_server_of_a_page() {
    let mut browser = Browser::owner(&[("HUNTER", "hunter2")]).await;
    for url in [
        "",
        "http://tools.example.com/mcp",
        "https://127.0.0.1/mcp",
        "https://[::1]:8000/mcp",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://localhost/mcp",
        "https://printer.local/mcp",
        "file:///etc/passwd",
        "https://x.example/{secret:HUNTER}",
    ] {
        let page = browser.submit("/servers", &[("new", "yes"), ("name", "crm"), ("url", url)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert!(page.text.contains("cannot be used") && page.text.contains("value=\"crm\""), "{url}");
    }
    for preset in ["todoist", "zapier", "gmail"] {
        for url in ["http://127.0.0.1:8000/mcp", "https://10.0.0.1/", "https://localhost./mcp"] {
            let fields = [("new", "yes"), ("name", "crm"), ("preset", preset), ("url", url)];
            let page = browser.submit("/servers", &fields).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{preset} {url}");
        }
    }
    let program = [("new", "yes"), ("name", "crm"), ("command", "/bin/sh")];
    assert_eq!(browser.submit("/servers", &program).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let name = [("new", "yes"), ("name", "<b>"), ("url", "https://x.example/")];
    let page = browser.submit("/servers", &name).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains("&#60;b&#62;"));
    assert!(browser.app.mcp.all().is_empty());
}

const TOOL: [(&str, &str); 8] = [
    ("name", "weather_now"),
    ("description", "Tells the weather in a city."),
    ("method", "GET"),
    ("url", "https://weather.invalid/now?city={city}"),
    ("headers", "Authorization: Bearer {secret:WEATHER_KEY}\nAccept: application/json"),
    ("parameters", "{\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}}}"),
    ("answer", "$.temperature"),
    ("timeout", "5"),
];

#[tokio::test]
async fn a_tool_is_described_tried_changed_and_deleted_on_its_page() {
    let mut browser = Browser::owner(&[]).await;
    let listed = |browser: &Browser| {
        browser.app.tools.get().listed().into_iter().find(|tool| tool.spec.name == "weather_now")
    };
    let made = browser.submit("/tools/new", &TOOL).await;
    assert_eq!(
        (made.status, made.header("location")),
        (StatusCode::SEE_OTHER, "/tools/weather_now"),
        "{}",
        made.text
    );
    assert_eq!(listed(&browser).expect("it is offered").class, tool::Class::Reads);
    browser.submit("/tools/secrets", &[("name", "WEATHER_KEY"), ("value", "hunter2-and-more")]).await;
    let page = browser.get("/tools").await.text;
    assert!(
        page.contains("WEATHER_KEY") && !page.contains("hunter2") && page.contains("/tools/weather_now/edit")
    );
    let rows = browser.store.added().await.expect("read");
    assert!(rows.iter().all(|row| !row.sealed.contains("hunter2")), "{rows:?}");
    let tried = browser.submit("/tools/weather_now/try", &[("arguments", "{\"city\": \"Ulm\"}")]).await;
    assert!(
        tried.text.contains("It refused") && tried.text.contains("weather.invalid was not found"),
        "{}",
        tried.text
    );
    let edit = browser.get("/tools/weather_now/edit").await.text;
    assert!(edit.contains("Tells the weather in a city.") && edit.contains("{secret:WEATHER_KEY}"));
    let again = browser.submit("/tools/new", &TOOL).await;
    assert!(
        again.status == StatusCode::UNPROCESSABLE_ENTITY
            && again.text.contains("There is a tool of this name")
    );
    let mut changed = TOOL.to_vec();
    changed.extend([("there", "weather_now"), ("class", "final")]);
    assert_eq!(browser.submit("/tools/new", &changed).await.status, StatusCode::SEE_OTHER);
    assert_eq!(listed(&browser).expect("it is offered").class, tool::Class::Final);
    assert_eq!(browser.post("/tools/secrets/WEATHER_KEY/forget").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.post("/tools/weather_now/delete").await.status, StatusCode::SEE_OTHER);
    assert!(listed(&browser).is_none());
    assert_eq!(browser.get("/tools/weather_now/edit").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_mistake_in_a_tool_is_told_beside_its_field_and_what_was_typed_stays() {
    let mut browser = Browser::owner(&[("HUNTER", "hunter2")]).await;
    let with = |field: &'static str, text: &'static str| {
        let mut fields = TOOL.to_vec();
        fields.retain(|(name, _)| *name != field);
        fields.push((field, text));
        fields
    };
    for (field, text) in [
        ("name", ""),
        ("parameters", "{<b>"),
        ("headers", "no colon <b>"),
        ("timeout", "soon"),
        ("body", "{\"a\":"),
        ("name", "take_message"),
    ] {
        let page = browser.submit("/tools/new", &with(field, text)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(page.text.contains(&format!("id=\"wrong-{field}\"")), "{field}");
        assert!(page.text.contains("Tells the weather in a city.") && !page.text.contains("<b>"), "{field}");
    }
    for (field, text) in
        [("url", "http://weather.invalid/"), ("url", "https://{city}/"), ("answer", "$["), ("timeout", "0")]
    {
        let page = browser.submit("/tools/new", &with(field, text)).await;
        assert!(
            page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains("Nothing was saved"),
            "{text}"
        );
    }
    assert!(browser.store.added().await.expect("read").is_empty());
    // A variable of this machine is no secret of a page's.
    let fields = with("headers", "X-Key: {secret:HUNTER}");
    assert_eq!(browser.submit("/tools/new", &fields).await.status, StatusCode::SEE_OTHER);
    let tried = browser.submit("/tools/weather_now/try", &[("arguments", "{}")]).await;
    assert!(tried.text.contains("It refused") && !tried.text.contains("hunter2"));
    let mut private = with("url", "https://127.0.0.1/?city={city}");
    private.push(("there", "weather_now"));
    assert_eq!(browser.submit("/tools/new", &private).await.status, StatusCode::SEE_OTHER);
    let tried = browser.submit("/tools/weather_now/try", &[("arguments", "{}")]).await;
    assert!(tried.text.contains("It refused") && !tried.text.contains("127.0.0.1:443"), "{}", tried.text);
}
