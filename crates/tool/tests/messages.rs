//! What is said in writing, and what a mail server makes of it.

use jiff::{Timestamp, Zoned};
use sim::smtp::{House, Mood, Smtp};
use std::{
    io::Write as _,
    process::{Command, Stdio},
};
use tool::message::{
    About, Encoding, Occasion, invite,
    mail::{Mail, Postman, Security, Server, Undelivered},
    segments,
    words::{self, Letter},
};
use when::Span;

const ALL: [Occasion; 4] = [Occasion::Booked, Occasion::Moved, Occasion::Cancelled, Occasion::Reminder];
const EVIL: &str =
    "Anna\r\nBcc: all@evil.example\r\n\r\nhttps://evil.example/pay <script>alert(1)</script> &amp; \u{202e}x";

fn now() -> Zoned {
    "2026-11-20T14:30[Europe/Berlin]".parse().expect("a time")
}

fn about<'a>(now: &'a Zoned, summary: &'a str, business: &'a str) -> About<'a> {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    About {
        id: "01990000-0000-7000-8000-000000000001",
        sequence: 2,
        span: Span { from: at("2026-11-24T09:00:00Z"), to: at("2026-11-24T09:30:00Z") },
        now,
        summary,
        business,
        number: Some("+14155550100"),
    }
}

#[test]
fn a_letter_names_weekday_date_time_and_zone() {
    let now = now();
    let letter = words::letter(Occasion::Booked, &about(&now, "Consultation", "Elm Street practice"));
    assert_eq!(letter.subject, "Confirmed: Tuesday, November 24 at 10:00 AM - Elm Street practice");
    for part in [&letter.text, &letter.html] {
        for fact in [
            "your appointment is confirmed.",
            "Consultation",
            "Tuesday, November 24 at 10:00 AM to 10:30 AM",
            "Europe/Berlin (CET, UTC+01:00)",
            "call +14155550100",
        ] {
            assert!(part.contains(fact), "{fact}: {part}");
        }
    }
}

#[test]
fn a_text_is_one_segment_and_says_how_to_cancel() {
    let now = now();
    for (occasion, text) in [
        (
            Occasion::Booked,
            "Elm Street practice: Confirmed: Consultation, Tue Nov 24, 10:00 AM CET. Reply C to cancel, STOP for no more texts.",
        ),
        (
            Occasion::Moved,
            "Elm Street practice: New time: Consultation, Tue Nov 24, 10:00 AM CET. Reply C to cancel, STOP for no more texts.",
        ),
        (Occasion::Cancelled, "Elm Street practice: Cancelled: Consultation, Tue Nov 24, 10:00 AM CET."),
        (
            Occasion::Reminder,
            "Elm Street practice: Reminder: Consultation, Tue Nov 24, 10:00 AM CET. Reply C to cancel, STOP for no more texts.",
        ),
    ] {
        let written = words::text(occasion, &about(&now, "Consultation", "Elm Street practice"));
        assert_eq!(written, text);
        assert_eq!(segments(&written).count, 1);
    }
}

#[test]
fn whatever_a_caller_says_a_text_costs_two_segments_and_holds_no_link() {
    let now = now();
    let wide = "консультация ".repeat(50);
    for summary in [EVIL, &wide, &"x".repeat(5_000), "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", ""]
    {
        for business in ["", "Praxis für Füße und Köpfe", &"б".repeat(300), "https://evil.example"] {
            for occasion in ALL {
                let text = words::text(occasion, &about(&now, summary, business));
                let cost = segments(&text);
                assert!(cost.count <= 2, "{cost:?}: {text}");
                assert!(
                    !text.contains("://") && !text.contains(".example") && !text.contains('\n'),
                    "{text}"
                );
                assert!(text.contains("10:00 AM CET"), "{text}");
            }
        }
    }
    let text = words::text(Occasion::Booked, &about(&now, "“Ünwell” – café…", ""));
    assert_eq!(segments(&text).encoding, Encoding::Gsm7);
}

#[test]
fn nothing_in_a_name_reaches_a_header_a_link_or_the_markup() {
    let now = now();
    for occasion in ALL {
        let letter = words::letter(occasion, &about(&now, EVIL, EVIL));
        assert!(!letter.subject.contains(['\r', '\n']));
        for part in [&letter.subject, &letter.text, &letter.html] {
            assert!(
                !part.contains("://") && !part.contains("evil.example") && !part.contains('\u{202e}'),
                "{part}"
            );
        }
        assert!(!letter.html.contains("<script>") && letter.html.contains("&lt;script&gt;"));
    }
}

fn server(smtp: &Smtp, security: Security, account: Option<(&str, &str)>) -> Server {
    Server {
        address: None,
        host: "127.0.0.1".into(),
        port: smtp.address().port(),
        security,
        account: account.map(|(name, password)| (name.to_owned(), password.to_owned())),
        authority: None,
    }
}

fn postman(smtp: &Smtp) -> Postman {
    Postman::new(server(smtp, Security::Plain, None), "Elm Street präctice <office@example.com>")
        .expect("an address")
}

async fn sink() -> Smtp {
    Smtp::listen(House::default()).await.expect("loopback has a free port")
}

fn letter() -> Letter {
    Letter {
        subject: "Confirmed: 24. März".into(),
        text: "Hello,\n\n.dot\nend\n".into(),
        html: "<p>Hello</p>\n".into(),
    }
}

fn mail(letter: &Letter) -> Mail<'_> {
    Mail {
        id: "01990000-0000-7000-8000-0000000000aa",
        to: "anna@example.org",
        reply_to: None,
        letter,
        invite: None,
        sound: None,
        written_ms: 1_763_649_000_000,
    }
}

/// What Python's own parser reads in a letter.
fn read_by_python(raw: &[u8]) -> serde_json::Value {
    const PROGRAM: &str = r#"
import email, email.policy, json, sys
letter = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
def tree(part):
    whole = {"type": part.get_content_type(), "method": part.get_param("method"), "file": part.get_filename()}
    if part.is_multipart():
        whole["parts"] = [tree(inner) for inner in part.iter_parts()]
    else:
        whole["text"] = part.get_content() if part.get_content_maintype() == "text" else None
    return whole
headers = {name.lower(): str(value) for name, value in letter.items()}
print(json.dumps({"headers": headers, "defects": [str(d) for p in letter.walk() for d in p.defects], "tree": tree(letter)}))
"#;
    let mut python = Command::new("python3")
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    python.stdin.take().expect("piped").write_all(raw).expect("it reads");
    let done = python.wait_with_output().expect("it ends");
    assert!(done.status.success());
    serde_json::from_slice(&done.stdout).expect("JSON")
}

#[tokio::test]
async fn a_letter_with_its_calendar_file_is_what_pythons_parser_reads() {
    let smtp = sink().await;
    let now = now();
    let about = about(&now, EVIL, "Elm Street practice");
    let letter = words::letter(Occasion::Booked, &about);
    let changed = "2026-11-20T13:30:00Z".parse().expect("a time");
    let invite = invite::invite(Occasion::Booked, &about, "office@example.com", "anna@example.org", changed);
    let mail = Mail { invite: invite.as_ref(), ..mail(&letter) };
    postman(&smtp).deliver(&mail).await.expect("it is taken");
    let taken = smtp.taken(1).await;
    assert_eq!(smtp.mistakes(), Vec::<String>::new());
    assert_eq!(taken[0].from, "office@example.com");
    assert_eq!(taken[0].to, ["anna@example.org"]);
    let read = read_by_python(&taken[0].raw);
    assert_eq!(read["defects"], serde_json::json!([]));
    let headers = &read["headers"];
    assert_eq!(headers["subject"], letter.subject);
    assert_eq!(headers["from"], "Elm Street präctice <office@example.com>");
    assert_eq!(headers["to"], "anna@example.org");
    assert_eq!(headers["message-id"], "<01990000-0000-7000-8000-0000000000aa@example.com>");
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert!(headers["bcc"].is_null());
    let tree = &read["tree"];
    assert_eq!(tree["type"], "multipart/mixed");
    let words = tree["parts"][0]["parts"].as_array().expect("three parts");
    let kinds: Vec<_> = words.iter().map(|part| part["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["text/plain", "text/html", "text/calendar"]);
    let plain = words[0]["text"].as_str().expect("a text").replace("\r\n", "\n");
    assert_eq!(plain.trim(), letter.text.trim());
    assert_eq!(words[2]["method"], "REQUEST");
    let file = &tree["parts"][1];
    assert_eq!(file["file"], "appointment.ics");
    let ics = file["text"].as_str().expect("a text").replace("\r\n", "\n").replace("\n ", "");
    for line in
        ["METHOD:REQUEST", "SEQUENCE:2", "STATUS:CONFIRMED", "DTSTART;TZID=Europe/Berlin:20261124T100000"]
    {
        assert!(ics.lines().any(|found| found == line), "{line}: {ics}");
    }
    assert!(!ics.contains("://") && ics.contains("UID:01990000"), "{ics}");
    let busy = tool::calendar::ics::occurrences(
        &file["text"].as_str().expect("a text").replace("\r\n", "\n").replace('\n', "\r\n"),
        about.span,
        now.time_zone(),
        "",
    );
    assert_eq!(busy.expect("it is a calendar").len(), 1);
}

#[tokio::test]
async fn a_refusal_is_for_ever_or_for_now() {
    let smtp = sink().await;
    let (postman, letter) = (postman(&smtp), letter());
    smtp.feels([Mood::Never, Mood::Later, Mood::DropBeforeData]);
    assert!(
        matches!(postman.deliver(&mail(&letter)).await, Err(Undelivered::Never(why)) if why.contains("550"))
    );
    assert!(
        matches!(postman.deliver(&mail(&letter)).await, Err(Undelivered::Later(why)) if why.contains("451"))
    );
    assert!(matches!(postman.deliver(&mail(&letter)).await, Err(Undelivered::Later(_))));
    assert_eq!(smtp.letters(), []);
    postman.deliver(&mail(&letter)).await.expect("it is taken");
    let bad = Mail { to: "anna@example.org\r\nRCPT TO:<all@example.org>", ..mail(&letter) };
    assert!(matches!(postman.deliver(&bad).await, Err(Undelivered::Never(_))));
    assert_eq!(smtp.mistakes(), Vec::<String>::new());
    assert_eq!(smtp.letters().len(), 1);
}

#[tokio::test]
async fn a_letter_whose_last_word_was_lost_is_sent_again_letter_for_letter() {
    let smtp = sink().await;
    let (postman, letter) = (postman(&smtp), letter());
    smtp.feels([Mood::DropAfterData]);
    assert!(matches!(postman.deliver(&mail(&letter)).await, Err(Undelivered::Later(_))));
    postman.deliver(&mail(&letter)).await.expect("it is taken");
    let letters = smtp.taken(2).await;
    assert_eq!((letters[0].acknowledged, letters[1].acknowledged), (false, true));
    assert_eq!(letters[0].raw, letters[1].raw);
}

#[tokio::test]
async fn a_wrong_password_is_the_accounts_fault_and_not_the_letters() {
    let account = Some(("me".to_owned(), "right".to_owned()));
    let smtp = Smtp::listen(House { account }).await.expect("loopback");
    let with = |password| {
        let server = server(&smtp, Security::Plain, Some(("me", password)));
        Postman::new(server, "me@example.com").expect("an address")
    };
    let letter = letter();
    match with("wrong").deliver(&mail(&letter)).await {
        Err(Undelivered::Later(why)) => {
            assert!(why.contains("EMAIL_PASSWORD") && !why.contains("wrong\""), "{why}");
        }
        other => panic!("{other:?}"),
    }
    with("right").deliver(&mail(&letter)).await.expect("it is taken");
}

#[tokio::test]
async fn without_tls_nothing_is_said_to_a_server_elsewhere() {
    let account = Some(("me".to_owned(), "right".to_owned()));
    let smtp = Smtp::listen(House { account }).await.expect("loopback");
    let letter = letter();
    for security in [Security::StartTls, Security::Tls] {
        let server = server(&smtp, security, Some(("me", "right")));
        let postman = Postman::new(server, "me@example.com").expect("an address");
        assert!(matches!(postman.deliver(&mail(&letter)).await, Err(Undelivered::Later(_))), "{security:?}");
    }
    let said = smtp.commands();
    assert!(
        said.iter().all(|command| !command.starts_with("AUTH") && !command.starts_with("MAIL")),
        "{said:?}"
    );
    assert_eq!(smtp.letters(), []);
}

/// A mail server in Python, whose TLS is OpenSSL's: takes one letter, then prints what it heard. `how` is `tls` or
/// `starttls`.
struct Python {
    process: std::process::Child,
    port: u16,
}

impl Python {
    fn listen(how: &str) -> Self {
        const PROGRAM: &str = r#"
import socket, ssl, sys
how, folder = sys.argv[1:]
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(folder + "/server.pem", folder + "/server.key")
listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(60)
print(listener.getsockname()[1], flush=True)
heard = []
try:
    connection, _ = listener.accept()
    connection.settimeout(60)
    if how == "tls":
        connection = tls.wrap_socket(connection, server_side=True)
    secret = how == "tls"
    lines = connection.makefile("rb")
    def say(text):
        connection.sendall(text.encode() + b"\r\n")
    say("220 python")
    while True:
        line = lines.readline()
        if not line:
            break
        verb = line.split()[0].decode().upper()
        heard.append(("+" if secret else "-") + verb)
        if verb == "EHLO":
            say("250-python\r\n250-AUTH PLAIN" + ("" if secret else "\r\n250-STARTTLS") + "\r\n250 8BITMIME")
        elif verb == "STARTTLS":
            say("220 go")
            connection = tls.wrap_socket(connection, server_side=True)
            lines = connection.makefile("rb")
            secret = True
        elif verb == "AUTH":
            say("235 welcome")
        elif verb == "DATA":
            say("354 go")
            while lines.readline() != b".\r\n":
                pass
            say("250 taken")
            break
        else:
            say("250 fine")
except OSError:
    heard.append("broken")
print(" ".join(heard), flush=True)
"#;
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/smtp");
        let mut process = Command::new("python3")
            .args(["-c", PROGRAM, how, folder])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let mut port = String::new();
        let out = process.stdout.as_mut().expect("piped");
        loop {
            let mut letter = [0];
            std::io::Read::read_exact(out, &mut letter).expect("it says its port");
            if letter[0] == b'\n' {
                break;
            }
            port.push(char::from(letter[0]));
        }
        Self { process, port: port.parse().expect("a port") }
    }

    fn heard(self) -> String {
        let done = self.process.wait_with_output().expect("it ends");
        String::from_utf8(done.stdout).expect("text").trim().to_owned()
    }
}

async fn delivered_over_tls(how: &str, security: Security, known: bool) -> (bool, String) {
    let python = Python::listen(how);
    let authority = include_bytes!("../../../fixtures/smtp/ca.pem").to_vec();
    let server = Server {
        address: None,
        host: "localhost".into(),
        port: python.port,
        security,
        account: Some(("me".into(), "right".into())),
        authority: known.then_some(authority),
    };
    let postman = Postman::new(server, "me@example.com").expect("an address");
    let letter = letter();
    let taken = postman.deliver(&mail(&letter)).await.is_ok();
    drop(postman);
    (taken, python.heard())
}

#[tokio::test]
async fn the_password_goes_through_tls_and_only_to_a_server_that_somebody_vouches_for() {
    for (how, security, greeting) in
        [("tls", Security::Tls, ""), ("starttls", Security::StartTls, "-EHLO -STARTTLS ")]
    {
        let (taken, heard) = delivered_over_tls(how, security, true).await;
        assert!(taken, "{heard}");
        assert_eq!(heard, format!("{greeting}+EHLO +AUTH +MAIL +RCPT +DATA"));
        let (taken, heard) = delivered_over_tls(how, security, false).await;
        assert!(!taken && !heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
    }
}
