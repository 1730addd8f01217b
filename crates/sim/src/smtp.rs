//! A mail server that takes letters and keeps them, or fails in the ways that mail servers do.
//!
//! Source: RFC 5321, read for this file. Strict: commands in their order, addresses in angle brackets, lines that end with
//! CRLF and are no longer than a thousand bytes; whatever a server would object to is answered 5xx and noted.

use crate::loopback::Loopback;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    sync::Notify,
};

/// What the server does with one letter, in place of taking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes it, as always.
    Take,
    /// `451` to the recipient: later.
    Later,
    /// `550` to the recipient: never.
    Never,
    /// Says nothing more once the recipient was named.
    Hang,
    /// Takes the letter, and closes the connection without saying so.
    DropAfterData,
    /// Closes the connection when the letter is to begin.
    DropBeforeData,
}

/// A letter as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body, CRLF, dots unstuffed.
    pub raw: Vec<u8>,
    /// Whether the sender heard that it was taken.
    pub acknowledged: bool,
}

/// What the server asks of those who send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct House {
    /// Name and password, by `AUTH PLAIN` or `AUTH LOGIN`; none: anybody may send.
    pub account: Option<(String, String)>,
}

/// The server on a loopback port. Dropping it closes it.
#[derive(Debug)]
pub struct Smtp {
    loopback: Loopback,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    house: House,
    moods: Mutex<VecDeque<Mood>>,
    letters: Mutex<Vec<Letter>>,
    commands: Mutex<Vec<String>>,
    mistakes: Mutex<Vec<String>>,
    came: Notify,
}

impl Smtp {
    pub async fn listen(house: House) -> io::Result<Self> {
        let shared = Arc::new(Shared { house, ..Shared::default() });
        let theirs = Arc::clone(&shared);
        let loopback = Loopback::open(move |stream| {
            let shared = Arc::clone(&theirs);
            async move {
                // A visitor who leaves within a word has said nothing.
                let _ = Visit::new(&shared, stream).serve().await;
            }
        });
        Ok(Self { loopback: loopback.await?, shared })
    }

    pub fn address(&self) -> SocketAddr {
        self.loopback.address()
    }

    /// How the next letters are treated, one after another; those after them are taken.
    pub fn feels(&self, moods: impl IntoIterator<Item = Mood>) {
        held(&self.shared.moods).extend(moods);
    }

    /// Every letter so far.
    pub fn letters(&self) -> Vec<Letter> {
        held(&self.shared.letters).clone()
    }

    /// Waits until there are this many letters.
    pub async fn taken(&self, count: usize) -> Vec<Letter> {
        loop {
            let came = self.shared.came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            let letters = self.letters();
            if letters.len() >= count {
                return letters;
            }
            came.await;
        }
    }

    /// Waits until this many commands that begin with `word` were heard, over all connections.
    pub async fn heard(&self, word: &str, count: usize) {
        loop {
            let came = self.shared.came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            if self.commands().iter().filter(|command| command.starts_with(word)).count() >= count {
                return;
            }
            came.await;
        }
    }

    /// Every command so far, without passwords.
    pub fn commands(&self) -> Vec<String> {
        held(&self.shared.commands).clone()
    }

    /// What a strict server would object to.
    pub fn mistakes(&self) -> Vec<String> {
        held(&self.shared.mistakes).clone()
    }
}

const LONGEST_LINE: u64 = 1_000;
const LARGEST_LETTER: usize = 4 * 1024 * 1024;

struct Visit<'a> {
    shared: &'a Shared,
    stream: BufReader<TcpStream>,
    greeted: bool,
    known: bool,
    from: Option<String>,
    to: Vec<String>,
    mood: Mood,
}

impl<'a> Visit<'a> {
    fn new(shared: &'a Shared, stream: TcpStream) -> Self {
        let known = shared.house.account.is_none();
        Self {
            shared,
            stream: BufReader::new(stream),
            greeted: false,
            known,
            from: None,
            to: Vec::new(),
            mood: Mood::Take,
        }
    }

    async fn serve(mut self) -> io::Result<()> {
        self.say("220 sink.example ESMTP").await?;
        loop {
            let line = self.line().await?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            held(&self.shared.commands).push(if verb == "AUTH" { "AUTH".to_owned() } else { line.clone() });
            self.shared.came.notify_waiters();
            match verb.as_str() {
                "EHLO" | "HELO" if !rest.is_empty() => self.greet(&verb).await?,
                "AUTH" => self.authenticate(rest).await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => {
                    if self.recipient(rest).await? == Mood::Hang {
                        std::future::pending::<()>().await;
                    }
                }
                "DATA" if self.to.is_empty() => {
                    self.object("503 nobody is written to", "DATA before RCPT").await?;
                }
                "DATA" => {
                    if !self.letter().await? {
                        return Ok(());
                    }
                }
                "RSET" => {
                    self.from = None;
                    self.to.clear();
                    self.say("250 forgotten").await?;
                }
                "NOOP" => self.say("250 indeed").await?,
                "QUIT" => return self.say("221 goodbye").await,
                _ => self.object("500 what?", &format!("{verb} is no command")).await?,
            }
        }
    }

    async fn greet(&mut self, verb: &str) -> io::Result<()> {
        self.greeted = true;
        let auth = if self.shared.house.account.is_some() { "250-AUTH PLAIN LOGIN\r\n" } else { "" };
        if verb == "HELO" {
            return self.say("250 sink.example").await;
        }
        self.say(&format!("250-sink.example\r\n250-8BITMIME\r\n{auth}250 SIZE {LARGEST_LETTER}")).await
    }

    async fn authenticate(&mut self, how: &str) -> io::Result<()> {
        let Some((name, password)) = self.shared.house.account.clone() else {
            return self.object("503 nobody asked", "AUTH was not offered").await;
        };
        let (mechanism, first) = how.split_once(' ').unwrap_or((how, ""));
        let right = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let given = match first {
                    "" => self.asked("334 ").await?,
                    first => first.to_owned(),
                };
                given == BASE64_STANDARD.encode(format!("\0{name}\0{password}"))
            }
            "LOGIN" => {
                let given = self.asked("334 VXNlcm5hbWU6").await?;
                let secret = self.asked("334 UGFzc3dvcmQ6").await?;
                given == BASE64_STANDARD.encode(&name) && secret == BASE64_STANDARD.encode(&password)
            }
            _ => return self.object("504 not that way", "AUTH by a mechanism that was not offered").await,
        };
        if right {
            self.known = true;
            self.say("235 welcome").await
        } else {
            self.say("535 5.7.8 name or password is wrong").await
        }
    }

    async fn asked(&mut self, question: &str) -> io::Result<String> {
        self.say(question).await?;
        self.line().await
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        if !self.greeted {
            return self.object("503 say EHLO first", "MAIL before EHLO").await;
        }
        if !self.known {
            return self.say("530 5.7.0 who are you?").await;
        }
        match bracketed(rest, "FROM:") {
            Some(from) => {
                self.from = Some(from);
                self.to.clear();
                self.mood = held(&self.shared.moods).pop_front().unwrap_or(Mood::Take);
                self.say("250 go on").await
            }
            None => self.object("501 from whom?", &format!("MAIL {rest}")).await,
        }
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<Mood> {
        let to = bracketed(rest, "TO:").filter(|to| to.contains('@'));
        match (to, self.mood) {
            (None, _) => self.object("501 to whom?", &format!("RCPT {rest}")).await?,
            (Some(_), _) if self.from.is_none() => self.object("503 from whom?", "RCPT before MAIL").await?,
            (Some(_), Mood::Later) => self.say("451 4.3.0 try again later").await?,
            (Some(_), Mood::Never) => self.say("550 5.1.1 nobody of that name").await?,
            (Some(_), Mood::Hang) => {}
            (Some(to), Mood::Take | Mood::DropAfterData | Mood::DropBeforeData) => {
                self.to.push(to);
                self.say("250 known").await?;
            }
        }
        Ok(self.mood)
    }

    /// False: the connection is over.
    async fn letter(&mut self) -> io::Result<bool> {
        if self.mood == Mood::DropBeforeData {
            return Ok(false);
        }
        self.say("354 I am listening").await?;
        let mut raw = Vec::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            raw.extend_from_slice(line.strip_prefix('.').unwrap_or(&line).as_bytes());
            raw.extend_from_slice(b"\r\n");
            if raw.len() > LARGEST_LETTER {
                self.object("552 too much", "a letter that is too large").await?;
                return Ok(false);
            }
        }
        let acknowledged = self.mood != Mood::DropAfterData;
        let from = self.from.take().unwrap_or_default();
        let to = std::mem::take(&mut self.to);
        held(&self.shared.letters).push(Letter { from, to, raw, acknowledged });
        self.shared.came.notify_waiters();
        if acknowledged {
            self.say("250 taken").await?;
        }
        Ok(acknowledged)
    }

    async fn object(&mut self, answer: &str, what: &str) -> io::Result<()> {
        held(&self.shared.mistakes).push(what.to_owned());
        self.say(answer).await
    }

    async fn say(&mut self, words: &str) -> io::Result<()> {
        self.stream.write_all(format!("{words}\r\n").as_bytes()).await
    }

    /// A line without its end. The end of the connection, or a line that is too long or ends wrongly, is an error.
    async fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        (&mut self.stream).take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
        let Some(whole) = line.strip_suffix(b"\r\n") else {
            if !line.is_empty() {
                held(&self.shared.mistakes)
                    .push("a line that does not end with CRLF, or is too long".to_owned());
            }
            return Err(io::ErrorKind::InvalidData.into());
        };
        String::from_utf8(whole.to_vec()).map_err(|_| io::ErrorKind::InvalidData.into())
    }
}

/// `FROM:<a@b> …` → `a@b`
fn bracketed(rest: &str, prefix: &str) -> Option<String> {
    let head = rest.get(..prefix.len())?;
    let inner = head.eq_ignore_ascii_case(prefix).then(|| &rest[prefix.len()..])?.strip_prefix('<')?;
    let (address, _parameters) = inner.split_once('>')?;
    Some(address.to_owned())
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(stream: &mut BufReader<TcpStream>, words: &str) -> String {
        if !words.is_empty() {
            stream.write_all(format!("{words}\r\n").as_bytes()).await.expect("it listens");
        }
        let mut line = String::new();
        loop {
            line.clear();
            stream.read_line(&mut line).await.expect("it answers");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn visitor(smtp: &Smtp) -> BufReader<TcpStream> {
        let mut stream = BufReader::new(TcpStream::connect(smtp.address()).await.expect("loopback"));
        assert!(said(&mut stream, "").await.starts_with("220"));
        stream
    }

    #[tokio::test]
    async fn a_letter_is_taken_as_it_was_written_and_what_is_out_of_order_is_noted() {
        let smtp = Smtp::listen(House::default()).await.expect("loopback");
        let mut stream = visitor(&smtp).await;
        assert!(said(&mut stream, "MAIL FROM:<a@example.com>").await.starts_with("503"));
        assert!(said(&mut stream, "EHLO me").await.starts_with("250"));
        assert!(said(&mut stream, "MAIL FROM:<a@example.com> SIZE=9").await.starts_with("250"));
        assert!(said(&mut stream, "RCPT TO:b@example.com").await.starts_with("501"));
        assert!(said(&mut stream, "RCPT TO:<b@example.com>").await.starts_with("250"));
        assert!(said(&mut stream, "DATA").await.starts_with("354"));
        assert!(said(&mut stream, "Subject: x\r\n\r\n..y\r\n.").await.starts_with("250"));
        let letters = smtp.taken(1).await;
        assert_eq!(letters[0].raw, b"Subject: x\r\n\r\n.y\r\n");
        assert_eq!(smtp.mistakes(), ["MAIL before EHLO", "RCPT TO:b@example.com"]);
    }

    #[tokio::test]
    async fn only_those_who_know_the_password_may_send() {
        let account = Some(("me".to_owned(), "secret".to_owned()));
        let smtp = Smtp::listen(House { account }).await.expect("loopback");
        let mut stream = visitor(&smtp).await;
        assert!(said(&mut stream, "EHLO me").await.starts_with("250"));
        assert!(said(&mut stream, "MAIL FROM:<a@example.com>").await.starts_with("530"));
        let plain = |text: &str| format!("AUTH PLAIN {}", BASE64_STANDARD.encode(text));
        assert!(said(&mut stream, &plain("\0me\0wrong")).await.starts_with("535"));
        assert!(said(&mut stream, &plain("\0me\0secret")).await.starts_with("235"));
        assert!(said(&mut stream, "MAIL FROM:<a@example.com>").await.starts_with("250"));
        assert!(smtp.commands().iter().all(|command| !command.contains("AG1l")));
    }
}
