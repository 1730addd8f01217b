//! Being told to stop: by a signal, or by the end of a parent that holds our standard input.

use std::{io, os::fd::AsFd};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    signal::unix::{Signal, SignalKind, signal},
};

/// What may tell this process to stop. From its making on a signal ends nothing by itself.
#[derive(Debug)]
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
    /// The standard input, where whoever started us holds its other end.
    parent: Option<pipe::Receiver>,
}

impl Stop {
    /// By SIGTERM or SIGINT. Must be called within a runtime.
    pub fn by_signals() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            parent: None,
        })
    }

    /// Likewise, and where the process ends that holds the other end of our standard input, which is a pipe.
    pub fn with_parent() -> io::Result<Self> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self { parent: Some(pipe::Receiver::from_owned_fd(input)?), ..Self::by_signals()? })
    }

    /// Waits until it is told. Once the parent is gone it is told at once. Safe to cancel.
    pub async fn told(&mut self) {
        let Self { terminate, interrupt, parent } = self;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = gone(parent.as_mut()) => {}
        }
    }
}

async fn gone(parent: Option<&mut pipe::Receiver>) {
    let Some(parent) = parent else { return std::future::pending().await };
    // It says nothing; what it says all the same means nothing.
    while parent.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
}
