//! Every form, as it is meant and with something wrong in it, and what the page says then. Forms that need somebody else at
//! work (a carrier, a calendar elsewhere, an app for codes) are driven where those are.

use super::{chromium::Chromium, lived_in::LivedIn, tab::Tab};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, io::Cursor, path::Path};

const PASSWORD: &str = "correct horse battery";

/// One form, filled in once.
struct Try {
    /// Where it stands; empty: on the page that the last one led to.
    page: &'static str,
    /// Its address, `*` for what is different in each; and what its button says, where there are several.
    form: &'static str,
    button: &'static str,
    fields: &'static [(&'static str, &'static str)],
    /// What is to be read then, on the page or in one of its fields.
    reads: &'static str,
    good: bool,
}

type Fields = &'static [(&'static str, &'static str)];

const fn good(page: &'static str, form: &'static str, fields: Fields, reads: &'static str) -> Try {
    Try { page, form, button: "", fields, reads, good: true }
}

const fn bad(page: &'static str, form: &'static str, fields: Fields, reads: &'static str) -> Try {
    Try { page, form, button: "", fields, reads, good: false }
}

impl Try {
    const fn by(self, button: &'static str) -> Self {
        Self { button, ..self }
    }
}

const NO_NUMBER: &str = "a number looks like +15550100100";

/// In this order: some need what others have left.
const TRIES: &[Try] = &[
    // Whom one knows.
    good("/callers", "/callers", &[("q", "Dana")], "Dana Reyes").by("Search"),
    good("/callers", "/callers", &[("q", "Methuselah")], "Nobody with “Methuselah” was found").by("Search"),
    bad("/callers", "/callers", &[("number", "the plumber")], NO_NUMBER).by("Make it a VIP"),
    good("/callers", "/callers", &[("number", "+12125550177")], "What you decide").by("Open its page"),
    good("/callers/{caller}", "/callers/*", &[("note", "Likes tea.")], "Likes tea.").by("Save"),
    good("/callers/+16465550119", "/callers/*", &[], "No VIP any more").by("Make a VIP"),
    bad("/callers/{caller}", "/callers/*/text", &[("body", "  ")], "The text is empty."),
    good("/callers/{caller}", "/callers/*/text", &[("body", "See you then.")], "See you then."),
    good("/callers/{caller}", "/callers/*/memory", &[], "Nothing.").by("Forget all of it"),
    good("/callers/+16465550119/forget", "/callers/*/forget", &[], "Another number"),
    // What is agreed.
    good(
        "/appointments?view=list",
        "/appointments",
        &[("q", "zebra")],
        "Nothing with “zebra” was found here.",
    ),
    good("/appointments?view=list", "/appointments", &[("state", "cancelled")], "Nothing was cancelled."),
    bad(
        "/appointments/new",
        "/appointments",
        &[("date", "{free}"), ("time", ""), ("summary", "Whoever"), ("confirmation", "")],
        "Give a time, such as 10:30.",
    ),
    bad(
        "/appointments/new",
        "/appointments",
        &[("date", "{free}"), ("time", "11:00"), ("minutes", "30"), ("summary", " ")],
        "Say for whom it is, or what about.",
    ),
    good(
        "/appointments/new",
        "/appointments",
        &[
            ("date", "{free}"),
            ("time", "11:00"),
            ("minutes", "30"),
            ("summary", "A form, filled in"),
            ("number", "+12125550142"),
            ("confirmation", "text"),
        ],
        "A form, filled in",
    ),
    good("", "/appointments/*/confirm", &[], "Sent about it"),
    bad("/appointments/{appointment}", "/appointments/*/move", &[("date", "")], "Give a day, such as"),
    good(
        "/appointments/{appointment}",
        "/appointments/*/move",
        &[("date", "{free}"), ("time", "15:00")],
        "15:00",
    ),
    good("/appointments/{appointment}", "/appointments/*/cancel", &[("reason", "Snow")], "cancelled"),
    good("", "/appointments/*/undo/*", &[], "Change it"),
    // Who answers.
    bad("/assistants", "/assistants", &[("number", "front desk")], NO_NUMBER),
    good("/assistants", "/assistants", &[("number", "+12125550123"), ("name", "Front desk")], "Front desk"),
    good("/assistants/+12125550123", "/assistants/*/remove", &[], "One for a number"),
    bad("/assistants/default", "/assistants/*", &[("hours.mon", "noon")], "give hours such as").by("Save"),
    good("/assistants/default", "/assistants/*", &[("assistant.greeting", "Good day.")], "Saved.").by("Save"),
    good("/assistants/default", "/assistants/*", &[], "You speak as a stranger").by("Try it first"),
    good("", "/assistants/*/say", &[("words", "Are you open on Saturday?")], "Are you open on Saturday?"),
    // Calls.
    good("/calls", "/calls", &[("number", "+12125550142")], "said goodbye").by("Search"),
    good("/calls", "/calls", &[("q", "zebra")], "No call fits “zebra”.").by("Search"),
    bad("/calls", "/calls", &[("longer", "-1")], "Give minutes: a number up to 600.").by("Search"),
    good("/calls/{call}", "/calls/*/delete", &[], "Words that were said"),
    // What is left for the owner.
    good("/messages", "/messages/*/done", &[], "Not done"),
    good("/refusals", "/refusals/forget", &[], "None was refused."),
    // Carriers and calendars.
    good("/carriers", "/carriers/*/test", &[], "GET http://127.0.0.1:9/"),
    bad(
        "/calendars",
        "/calendars/caldav",
        &[("address", "http://127.0.0.1:9"), ("user", "dana"), ("password", "secret")],
        "dana",
    ),
    bad("/calendars", "/calendars/google/upload", &[("file", "{text file}")], "Connect Google Calendar"),
    good("/calendars", "/calendars/feed", &[], "Subscribe to this link"),
    good("", "/calendars/feed/close", &[], "A secret link that calendar programs can subscribe to."),
    // Tools.
    bad("/tools/new", "/tools/new", &[("name", "weather"), ("parameters", "{")], "This is no JSON"),
    good(
        "/tools/new",
        "/tools/new",
        &[
            ("name", "weather"),
            ("description", "Tells the weather."),
            ("url", "https://weather.example.com/?in={city}"),
        ],
        "Tells the weather.",
    ),
    good("/tools/{tool}/edit", "/tools/*/delete", &[], "What the assistant can do in a call."),
    good("/tools/take_message", "/tools/*", &[("trust", "nobody")], "Offer again"),
    good("", "/tools/*", &[], "What the assistant can do in a call.").by("Offer again: take_message"),
    good("/tools/list_appointments", "/tools/*/try", &[("arguments", "{")], "It refused"),
    good("/tools/list_appointments", "/tools/*/try", &[("arguments", "{}")], "It answered"),
    bad("/tools", "/tools/secrets", &[("name", "lower"), ("value", "x")], "a name of capital letters"),
    bad("/tools", "/tools/secrets", &[("name", "A_KEY"), ("value", " ")], "Give what the secret stands for."),
    good("/tools", "/tools/secrets", &[("name", "A_KEY"), ("value", "x")], "A_KEY"),
    good("", "/tools/secrets/*/forget", &[], "Secrets of your tools"),
    bad("/servers", "/servers", &[("name", "mail"), ("url", "nonsense")], "That cannot be used").by("Add it"),
    good("/servers", "/servers", &[("name", "mail"), ("url", "https://mail.example.com/mcp")], "Remove mail")
        .by("Add it"),
    good("", "/servers/*/test", &[], "mail").by("Test connection to mail"),
    good("", "/servers/*/remove", &[], "Add a server").by("Remove mail"),
    // Programs.
    bad("/programs", "/programs", &[("name", "  ")], "Give the token a name"),
    good("/programs", "/programs", &[("name", "Laptop")], "Copy it now"),
    good("", "/programs/*/revoke", &[], "There are none."),
    bad("/webhooks", "/webhooks", &[("url", "nonsense")], "nonsense"),
    good(
        "/webhooks",
        "/webhooks",
        &[("url", "https://hooks.example.com/x")],
        "Give your program this secret",
    ),
    bad("/webhooks/{webhook}", "/webhooks/*", &[("url", "nonsense")], "nonsense").by("Save"),
    good("/webhooks/{webhook}", "/webhooks/*", &[("about", "The ledger")], "The ledger").by("Save"),
    good("", "/webhooks/*/test", &[], "webhook.test").by("Send a test"),
    good("", "/webhooks/*", &[], "Switch on").by("Switch off"),
    good("", "/webhooks/*", &[], "Switch off").by("Switch on"),
    good("", "/webhooks/*/delete", &[], "Tell another program"),
    // The browser phone.
    bad("/phone", "/phone/links", &[("name", "  ")], "Say for whom it is"),
    good("/phone", "/phone/links", &[("name", "Ben"), ("hours", "168")], "The link for Ben."),
    good("", "/phone/links/*/end", &[], "Let somebody else call"),
    // Settings.
    bad("/settings/hours", "/settings/*", &[("hours.mon", "noon")], "give hours such as").by("Save"),
    good("/settings/hours", "/settings/*", &[("hours.mon", "closed")], "Saved.").by("Save"),
    good("/settings/openai", "/settings/*/test", &[], "No key is set.").by("Test connection"),
    good("/settings", "/settings/*/test#*", &[], "Tried: ").by("Test connection to Twilio"),
    good("/settings", "/settings/engines/test", &[], "Who answers"),
    // People.
    bad("/users", "/users/invite", &[("email", "nobody")], "This is no e-mail address."),
    good("/users", "/users/invite", &[("email", "ben@example.org")], "An invitation is on its way"),
    good("", "/users/invitations/*/withdraw", &[], "Nobody is waiting to join."),
    good("/users", "/users/{member}/role", &[], "Make a member"),
    good("", "/users/{member}/role", &[], "Make an owner"),
    good("/users", "/users/{member}/disable", &[], "disabled"),
    good("", "/users/{member}/enable", &[], "Login link"),
    good("", "/users/{member}/link", &[], "Hand over this link to Ben."),
    good("", "/users/{member}/remove", &[], "Invite somebody"),
    // Oneself, and out and in.
    bad("/profile", "/profile", &[("name", " ")], "Say how you are to be called."),
    bad("/profile", "/profile", &[("name", "Anna"), ("email", "anna")], "This is no e-mail address."),
    good(
        "/profile",
        "/profile",
        &[("name", "Anna"), ("email", "anna@example.org")],
        "Your name and address are saved.",
    ),
    bad("/profile", "/profile/picture", &[("picture", "{text file}")], "This is no JPEG, PNG or WebP file."),
    good("/profile", "/profile/picture", &[("picture", "{picture}")], "The new picture is saved."),
    good("", "/profile/picture/remove", &[], "The picture is removed."),
    bad(
        "/profile",
        "/profile/password",
        &[("password", "short"), ("again", "short")],
        "Take at least 10 characters",
    ),
    bad(
        "/profile",
        "/profile/password",
        &[("password", PASSWORD), ("again", "other")],
        "These two are not the same.",
    ),
    good(
        "/profile",
        "/profile/password",
        &[("password", PASSWORD), ("again", PASSWORD)],
        "The new password is set.",
    ),
    bad("/profile", "/profile/factor", &[("proof", "wrong")], "This is not your password."),
    good("/profile", "/profile/factor", &[("proof", PASSWORD)], "Turn on the second factor"),
    bad("", "/profile/factor/prove", &[("code", "000000")], "This is not the code"),
    good("/profile", "/logout", &[], "Log in"),
    bad(
        "/login",
        "/login",
        &[("email", "anna@example.org"), ("password", "wrong")],
        "No user has this address",
    ),
    bad("/forgot", "/forgot", &[("email", "anna")], "This is no e-mail address."),
    good("/forgot", "/forgot", &[("email", "anna@example.org")], "a letter is on its way"),
    good("/login", "/login", &[("email", "anna@example.org"), ("password", PASSWORD)], "Dashboard"),
    good("/profile", "/profile/sessions/end", &[], "Log in"),
];

/// Forms that are driven elsewhere, as they need somebody at work who is not here.
const ELSEWHERE: &[&str] = &[
    // A PIN that was tried; a recording; a call that goes on; a job that was given up; another session.
    "/callers/*/pin",
    "/calls/*/recording/delete",
    "/calls/*/end",
    "/outbox/*/retry",
    "/profile/sessions/*/end",
    "/webhooks/*/deliveries/*",
    // A carrier that knows the account, a calendar, a server that wants consent.
    "/carriers/*/connect",
    "/carriers/*/undo",
    "/carriers/*/numbers",
    "/calendars/*/reads",
    "/calendars/*/writes",
    "/calendars/none/writes",
    "/calendars/*/test",
    "/calendars/accounts/*/add",
    "/calendars/accounts/*/forget",
    "/calendars/google/start",
    "/servers/*/connect",
    // An app that shows codes.
    "/login/code",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_does_what_it_is_for_and_says_what_is_wrong() {
    let browser = Chromium::shared();
    let house = LivedIn::open_with(&[
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        ("TWILIO_API_URL", "http://127.0.0.1:9"),
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", "9"),
        ("EMAIL_FROM", "office@example.org"),
        ("LOG_LEVEL", "error"),
    ])
    .await;
    let tab = Tab::open(&browser).await;
    tab.keep_cookie(&house.house.url("/"), &house.owner.cookie).await;
    let files = tempfile::tempdir().expect("a folder");
    let store = house.house.store().await;
    let member = store.create_user(Some("ben@mail.example.org"), "Ben", "member", 0).await.expect("made");
    let unsigned = house.owner.http.post(house.house.url("/incoming-call")).form(&[("CallSid", "CA1")]);
    unsigned.send().await.expect("a refusal");
    let places = [
        ("{caller}", house.caller.to_owned()),
        ("{appointment}", house.appointment.clone()),
        ("{call}", house.call.clone()),
        ("{webhook}", house.webhook.clone()),
        ("{tool}", house.tool.to_owned()),
        ("{member}", member.id.clone()),
        ("{free}", LivedIn::free_day()),
        ("{text file}", kept(files.path(), "notes.txt", b"Nothing of use.")),
        ("{picture}", kept(files.path(), "face.png", &picture())),
    ];
    let placed =
        |text: &str| places.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let mut wrong = Vec::new();
    let mut driven = BTreeSet::new();
    for one in TRIES {
        if !one.page.is_empty() {
            tab.go(&house.house.url(&placed(one.page))).await;
        }
        let told = drive(&tab, one, &placed).await;
        let what = format!("{} {} {:?} {:?}", one.page, one.form, one.button, one.fields);
        let form = match told {
            Ok(form) => form,
            Err(why) => {
                wrong.push(format!("{what}: {why}"));
                continue;
            }
        };
        let all = "document.body.textContent.replace(/\\s+/g, ' ') + '\\n' + [...document.querySelectorAll('input, textarea')].map((one) => \
                   one.value).join('\\n')";
        let reads = format!("({all}).includes({})", json!(placed(one.reads)));
        // What htmx brings comes when it comes; else the page is there.
        let read = if is_brought(&form) { tab.comes_to(&reads).await } else { tab.run(&reads).await == true };
        if !read {
            let page = tab.run(all).await;
            wrong.push(format!("{what}: {:?} is not to be read, but {page}", one.reads));
        }
        driven.insert(form);
        let troubles = tab.take_troubles();
        let refused =
            |trouble: &String| ["400", "401", "403", "422"].iter().any(|status| trouble.contains(status));
        if one.good && !troubles.is_empty() || !one.good && !troubles.iter().all(refused) {
            wrong.push(format!("{what}: {troubles:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let left: Vec<_> =
        forms().into_iter().filter(|form| !driven.iter().any(|done| fits(form, done))).collect();
    let left: Vec<_> = left.iter().filter(|form| !ELSEWHERE.contains(&form.as_str())).collect();
    assert!(left.is_empty(), "drive these as well, or say where they are driven: {left:?}");
    tab.close().await;
}

/// Fills one in and sends it, and says what its address was.
async fn drive(tab: &Tab, one: &Try, placed: &impl Fn(&str) -> String) -> Result<String, String> {
    let fields: Map<String, Value> =
        one.fields.iter().map(|(name, value)| ((*name).to_owned(), placed(value).into())).collect();
    let found = tab
        .run(&format!("({FIND})({}, {}, {})", json!(placed(one.form)), json!(one.button), json!(fields)))
        .await;
    let Some(address) = found.as_str().map(str::to_owned) else {
        return Err(format!("there is no such form: {found}"));
    };
    for (name, value) in &fields {
        if value.as_str().is_some_and(|value| Path::new(value).is_absolute() && Path::new(value).is_file()) {
            tab.choose(&format!("found.form.elements[{}]", json!(name)), value.as_str().unwrap_or_default())
                .await;
        }
    }
    if is_brought(&address) {
        tab.run("found.form.requestSubmit(found.button)").await;
    } else {
        tab.until_loaded(async || {
            tab.run("setTimeout(() => found.form.requestSubmit(found.button))").await;
        })
        .await;
    }
    Ok(address)
}

/// Whether htmx sends it, which leads to no other page.
fn is_brought(form: &str) -> bool {
    form.ends_with("/say")
}

/// Finds the form, and fills in what is no file: it is judged by the server, and not by the browser before it.
const FIND: &str = r#"(address, name, fields) => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  const parts = address.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const fits = new RegExp(`^${parts.join("[^/]+")}$`);
  for (const form of document.querySelectorAll("form")) {
    if (!fits.test(form.getAttribute("action") ?? "")) continue;
    const named = (one) => (one.getAttribute("aria-label") ?? one.textContent).trim().replace(/\s+/g, " ");
    const buttons = [...document.querySelectorAll("button")].filter((one) => one.form === form && !one.ariaHidden);
    const button = buttons.find((one) => name === "" || named(one) === name);
    if (!button || !Object.keys(fields).every((name) => form.elements[name])) continue;
    for (const [name, value] of Object.entries(fields)) if (form.elements[name].type !== "file") form.elements[name].value = value;
    form.noValidate = true;
    globalThis.found = { form, button };
    return form.getAttribute("action");
  }
  return null;
}"#;

/// The addresses of all forms in the templates, `*` for what is filled in; of those that name none nobody asks here, they are
/// of the doors.
fn forms() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let templates = fs::read_dir(folder).expect("a folder").map(|one| one.expect("a file").path());
    let mut forms = BTreeSet::new();
    for template in templates {
        let text = fs::read_to_string(&template).expect("text");
        for form in text.split("<form").skip(1) {
            let tag = form.split('>').next().unwrap_or_default();
            let Some((_, action)) = tag.split_once("action=\"") else { continue };
            let action = action.split('"').next().unwrap_or_default();
            let parts = action.split("{{").enumerate();
            let parts = parts.map(|(n, part)| match part.split_once("}}") {
                Some((_, rest)) if n > 0 => format!("*{rest}"),
                Some(_) | None => part.to_owned(),
            });
            forms.insert(parts.collect());
        }
    }
    assert!(forms.len() > 50, "the templates are written otherwise now: {forms:?}");
    forms
}

/// Whether this address, of a template, is that of the form that was driven.
fn fits(template: &str, driven: &str) -> bool {
    let (mine, theirs): (Vec<_>, Vec<_>) = (template.split('/').collect(), driven.split('/').collect());
    let same = |mine: &str, theirs: &str| match mine.split_once('*') {
        Some((before, _)) => theirs.starts_with(before),
        None => mine == theirs,
    };
    mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(mine, theirs)| same(mine, theirs))
}

fn kept(folder: &Path, name: &str, content: &[u8]) -> String {
    let file = folder.join(name);
    fs::write(&file, content).expect("written");
    file.to_str().expect("UTF-8").to_owned()
}

fn picture() -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    let green = image::RgbImage::from_pixel(64, 48, image::Rgb([20, 102, 90]));
    green.write_to(&mut png, image::ImageFormat::Png).expect("written");
    png.into_inner()
}
