//! Takes one request from the wire, lets it meet its fault, and sends what is left of the answer.

use super::{
    Logged, Method, Shared,
    fault::{self, Fault},
};
use crate::{clock, http};
use std::sync::Arc;
use tokio::net::TcpStream;

pub(super) async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    // Who connects and says nothing, or nothing that is HTTP, is no request.
    let Ok(request) = http::read_request(&mut stream).await else { return };
    let (number, fault, released) = {
        let state = &mut *shared.lock();
        let method = Method::of(&request);
        let number = state.log.len();
        state.log.push(Logged { number, method, request, done: false, status: None, over: false });
        (number, fault::next(&mut state.plans, method), state.released)
    };
    shared.changed.notify_waiters();
    let status = reply(&mut stream, &shared, number, fault, released).await;
    {
        let logged = &mut shared.lock().log[number];
        logged.status = status;
        logged.over = true;
    }
    shared.changed.notify_waiters();
}

/// Answers, and says with which status; none where the client was sent no whole answer.
async fn reply(
    stream: &mut TcpStream,
    shared: &Shared,
    number: usize,
    fault: Option<Fault>,
    released: u64,
) -> Option<u16> {
    match &fault {
        Some(Fault::DropBefore) => return None,
        Some(Fault::HoldBefore) => shared.until(|state| state.released > released).await,
        Some(Fault::Slow(time)) => clock::sleep_until(clock::now() + *time).await,
        _ => {}
    }
    let answer = if let Some(answer) = fault.as_ref().and_then(Fault::instead) {
        answer
    } else {
        let state = &mut *shared.lock();
        let answer = state.answer(number);
        state.log[number].done = true;
        answer
    };
    shared.changed.notify_waiters();
    let answer = match &fault {
        Some(Fault::DropAfter) => return None,
        Some(Fault::HoldAfter) => {
            shared.until(|state| state.released > released).await;
            answer
        }
        Some(Fault::HalfBody) => {
            // The client may have gone; either way it has no whole answer.
            let _ = answer.write_half(stream).await;
            return None;
        }
        Some(Fault::Garbled(body)) => answer.garbled(body),
        _ => answer,
    };
    answer.write(stream).await.is_ok().then_some(answer.status)
}
