//! A simulated caller: waits till the assistant has fallen silent, understands what it can, and answers; also
//! interrupts, presses keys, waits and hangs up.
//!
//! ```text
//!   Mind ── what to say ──► Caller ── Voice ──► Handset ══► the server
//!    ▲                        │
//!    └──── what was heard ── Ear ◄── what sounded in the handset
//! ```
//!
//! Voice and ear are handed in, so that the simulator knows no engine. To make a caller of another character: a
//! [`Mind`]; [`Script`] is the plain one.

mod script;

pub use script::{Script, Step};

use crate::twilio::{Handset, handset::Listened};
use futures_util::future::BoxFuture;
use sound::g711;
use std::{ops::Range, sync::Arc, time::Duration};

/// Speaks words: samples at 8 kHz.
pub type Voice = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Vec<i16>, String>> + Send + Sync>;

/// Recognises samples at 8 kHz by a JSGF grammar; nothing where it is not sure.
pub type Ear =
    Arc<dyn Fn(Vec<i16>, Arc<str>) -> BoxFuture<'static, Result<Option<String>, String>> + Send + Sync>;

/// What the caller does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Say(String),
    /// Speak up as soon as the assistant has spoken for this long again.
    Interrupt {
        words: String,
        after: Duration,
    },
    /// Keys, 200 ms apart.
    Press(String),
    /// Listen on.
    Listen,
    /// Do nothing for this long, whatever is said.
    Wait(Duration),
    HangUp,
}

/// Who decides what the caller does.
pub trait Mind: Send + Sync {
    /// What may be heard now, as JSGF; none: nothing needs to be understood.
    fn grammar(&self) -> Option<Arc<str>>;
    /// The assistant has fallen silent. What was understood of it: none where nothing was, or where it never spoke.
    fn answer(&mut self, heard: Option<&str>) -> Act;
}

/// How a caller behaves on the telephone.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// The assistant has finished after this much silence.
    pub quiet: Duration,
    /// It will not speak any more after this much.
    pub patience: Duration,
    /// No caller stays longer.
    pub longest: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(900),
            patience: Duration::from_secs(12),
            longest: Duration::from_secs(110),
        }
    }
}

/// What happened in the conversation, at a time since the stream's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The caller began to say this.
    Said {
        at: Duration,
        words: String,
    },
    /// The assistant spoke from `at` on, and this is what of it was understood.
    Heard {
        at: Duration,
        words: Option<String>,
    },
    Pressed {
        at: Duration,
        keys: String,
    },
    HungUp {
        at: Duration,
    },
}

/// Someone who holds a handset.
pub struct Caller {
    pub phone: Handset,
    voice: Voice,
    ear: Ear,
    manners: Manners,
    /// Everything before this has been listened to.
    listened: usize,
}

impl Caller {
    /// A caller whose call has been placed.
    pub fn new(phone: Handset, voice: Voice, ear: Ear, manners: Manners) -> Self {
        Self { phone, voice, ear, manners, listened: 0 }
    }

    /// Converses as `mind` wants until the call is over, telling `tell` what happens. An error is a sentence about
    /// voice or ear.
    pub async fn converse(
        &mut self,
        mind: &mut dyn Mind,
        tell: &mut (dyn FnMut(Told) + Send),
    ) -> Result<(), String> {
        if !self.phone.connected().await {
            return Ok(());
        }
        loop {
            let patience = self.manners.longest.saturating_sub(time(self.phone.position()));
            if patience.is_zero() {
                self.hang_up(tell);
                return Ok(());
            }
            let heard = self.listen(mind, tell).await?;
            if self.phone.is_over() {
                return Ok(());
            }
            match mind.answer(heard.as_deref()) {
                Act::Say(words) => self.say(words, tell).await?,
                Act::Interrupt { words, after } => {
                    let sound = self.spoken(words.clone()).await?;
                    if self.phone.hear_for(self.listened, after).await {
                        self.speak(&sound, words, tell).await;
                    }
                }
                Act::Press(keys) => {
                    tell(Told::Pressed { at: time(self.phone.position()), keys: keys.clone() });
                    for key in keys.chars() {
                        self.phone.press(key);
                        self.phone.wait(Duration::from_millis(200)).await;
                    }
                }
                Act::Listen => {}
                Act::Wait(length) => self.phone.wait(length).await,
                Act::HangUp => {
                    self.hang_up(tell);
                    return Ok(());
                }
            }
        }
    }

    /// Says these words now and waits till they are said.
    pub async fn say(&mut self, words: String, tell: &mut (dyn FnMut(Told) + Send)) -> Result<(), String> {
        let sound = self.spoken(words.clone()).await?;
        self.speak(&sound, words, tell).await;
        Ok(())
    }

    /// Waits till the assistant has spoken and fallen silent, and understands it as far as `mind` has a grammar.
    async fn listen(
        &mut self,
        mind: &dyn Mind,
        tell: &mut (dyn FnMut(Told) + Send),
    ) -> Result<Option<String>, String> {
        let Manners { quiet, patience, .. } = self.manners;
        let stretch: Range<usize> = match self.phone.listen(self.listened, quiet, patience).await {
            Listened::Spoke(stretch) | Listened::Over(Some(stretch)) => stretch,
            Listened::Nothing | Listened::Over(None) => return Ok(None),
        };
        self.listened = stretch.end;
        let words = match mind.grammar() {
            Some(grammar) => (self.ear)(self.phone.heard(stretch.clone()), grammar).await?,
            None => None,
        };
        tell(Told::Heard { at: time(stretch.start), words: words.clone() });
        Ok(words)
    }

    async fn spoken(&self, words: String) -> Result<Vec<u8>, String> {
        Ok(g711::samples_to_ulaw(&(self.voice)(words).await?))
    }

    async fn speak(&mut self, ulaw: &[u8], words: String, tell: &mut (dyn FnMut(Told) + Send)) {
        tell(Told::Said { at: time(self.phone.position()), words });
        self.phone.say(ulaw);
        self.phone.said().await;
        // What was said meanwhile was not listened to, and is not what answers this.
        self.listened = self.phone.position();
    }

    fn hang_up(&self, tell: &mut (dyn FnMut(Told) + Send)) {
        tell(Told::HungUp { at: time(self.phone.position()) });
        self.phone.hang_up();
    }
}

fn time(position: usize) -> Duration {
    Duration::from_micros(position as u64 * 125)
}
