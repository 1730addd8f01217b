//! A carrier's dialect spoken over a WebSocket, on the task of the call that it carries.

use super::transcode::Transcoder;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use call::{LineCommand, LineEvent, Wire};
use carrier::{Frame, Started, Stream};
use futures_util::{Sink as _, Stream as _};
use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep, timeout};

/// How many bytes the caller's network may lag behind before we call it gone: the longest answer fits several times.
const BACKLOG: usize = 4 * 1024 * 1024;
/// A carrier sends a frame every 20 ms. One that is silent this long is gone.
const SILENT: Duration = Duration::from_secs(15);
/// How long a connection may take to say which call it is.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How long a farewell to the socket may take.
const CLOSING: Duration = Duration::from_secs(2);
/// Messages that we cannot read before the connection is not worth reading.
const GARBLED: u32 = 1_000;

pub struct StreamLine {
    socket: WebSocket,
    stream: Box<dyn Stream>,
    wire: Wire,
    flushed: bool,
    heard: VecDeque<LineEvent>,
    /// Where the stream's format is not the engines'.
    transcoder: Option<Transcoder>,
    watch: Pin<Box<Sleep>>,
    /// A frame has come since the watch last looked.
    alive: bool,
    garbled: u32,
    trouble: Option<String>,
}

/// Why a connection did not become a line.
#[derive(Debug, thiserror::Error)]
pub enum NoIntroduction {
    #[error("it did not say which call it is within {} s", INTRODUCTION.as_secs())]
    Late,
    #[error("it closed before it said which call it is")]
    Closed,
    #[error("its first messages are not a stream's: {0}")]
    Garbled(String),
}

impl StreamLine {
    /// Waits until the stream has said which call it carries.
    pub async fn open(socket: WebSocket, stream: Box<dyn Stream>) -> Result<(Self, Started), NoIntroduction> {
        let mut line = Self {
            socket,
            stream,
            wire: Wire::default(),
            flushed: true,
            heard: VecDeque::with_capacity(8),
            transcoder: None,
            watch: Box::pin(sleep(SILENT)),
            alive: true,
            garbled: 0,
            trouble: None,
        };
        let started =
            timeout(INTRODUCTION, line.introduction()).await.map_err(|_| NoIntroduction::Late)??;
        line.transcoder = Transcoder::to(started.format);
        Ok((line, started))
    }

    async fn introduction(&mut self) -> Result<Started, NoIntroduction> {
        loop {
            if let Some(started) = self.stream.started() {
                return Ok(started.clone());
            }
            if let Some(why) = self.trouble.take() {
                return Err(NoIntroduction::Garbled(why));
            }
            if !poll_fn(|cx| self.poll_read(cx)).await {
                return Err(NoIntroduction::Closed);
            }
        }
    }

    /// Refuses a stream that is not let in, saying so in the way that a WebSocket has.
    pub async fn refuse(mut self, why: &'static str) {
        let frame = CloseFrame { code: close_code::POLICY, reason: why.into() };
        let _gone = timeout(CLOSING, self.socket.send(Message::Close(Some(frame)))).await;
    }

    /// Waits for the next thing the line says, and meanwhile sends what it was told. Safe to cancel.
    pub async fn next(&mut self) -> LineEvent {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub fn tell(&mut self, command: &LineCommand) {
        match (&mut self.transcoder, command) {
            (Some(transcoder), LineCommand::Play(chunk)) => {
                self.stream.write(&LineCommand::Play(transcoder.said(chunk)), &mut self.wire);
            }
            (_, command) => self.stream.write(command, &mut self.wire),
        }
        if self.wire.waiting() > BACKLOG {
            self.heard.push_back(LineEvent::Closed);
        }
    }

    pub fn trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }

    /// Sends what is still to be sent and closes the connection.
    pub async fn close(mut self) {
        let farewell = async {
            while !self.wire.is_empty() || !self.flushed {
                if poll_fn(|cx| self.poll_write(cx)).await.is_err() {
                    return;
                }
            }
            let frame = CloseFrame { code: close_code::NORMAL, reason: Utf8Bytes::default() };
            let _gone = self.socket.send(Message::Close(Some(frame))).await;
        };
        let _late = timeout(CLOSING, farewell).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<LineEvent> {
        if let Poll::Ready(Err(())) = self.poll_write(cx) {
            return Poll::Ready(LineEvent::Closed);
        }
        loop {
            if let Some(event) = self.heard.pop_front() {
                return Poll::Ready(self.transcoded(event));
            }
            match self.poll_read(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(LineEvent::Closed),
                Poll::Pending => break,
            }
        }
        self.poll_watch(cx)
    }

    fn transcoded(&mut self, event: LineEvent) -> LineEvent {
        match (&mut self.transcoder, event) {
            (Some(transcoder), LineEvent::Audio(chunk)) => LineEvent::Audio(transcoder.heard(&chunk)),
            (_, event) => event,
        }
    }

    fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<LineEvent> {
        while self.watch.as_mut().poll(cx).is_ready() {
            if !std::mem::take(&mut self.alive) {
                return Poll::Ready(LineEvent::Closed);
            }
            let next = self.watch.deadline() + SILENT;
            self.watch.as_mut().reset(next);
        }
        Poll::Pending
    }

    /// Reads one message, if there is one. False: the connection is over.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let read = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => self.stream.read(Frame::Text(&text), &mut self.heard),
            Some(Ok(Message::Binary(bytes))) => self.stream.read(Frame::Binary(&bytes), &mut self.heard),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Poll::Ready(false),
        };
        self.alive = true;
        if let Err(garbled) = read {
            if self.garbled == 0 {
                self.trouble = Some(garbled.0);
            }
            self.garbled += 1;
        }
        Poll::Ready(self.garbled < GARBLED)
    }

    /// Hands the socket what it takes. Ready when nothing is left, or the connection is gone.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        while !self.wire.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(|_| ())?;
            let Some(message) = self.wire.pop() else { break };
            let message = match message {
                call::Message::Text(bytes) => Message::Text(Utf8Bytes::try_from(bytes).map_err(|_| ())?),
                call::Message::Binary(bytes) => Message::Binary(bytes),
            };
            Pin::new(&mut self.socket).start_send(message).map_err(|_| ())?;
            self.flushed = false;
        }
        if !self.flushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx)).map_err(|_| ())?;
            self.flushed = true;
        }
        Poll::Ready(Ok(()))
    }
}
