//! The simulated caller's voice and ear: Flite and PocketSphinx, in speech workers of this process.

use engine::local::Workers;
use sim::caller::{Ear, Voice};
use std::sync::Arc;

/// Less sure than this is not understood. What is not meant is answered with no, so it need not be much.
const SURE: f32 = 0.35;

/// Flite, in one of its voices.
pub fn voice(workers: &Workers, name: &str) -> Voice {
    let (workers, name) = (workers.clone(), name.to_owned());
    Arc::new(move |words| {
        let (workers, name) = (workers.clone(), name.clone());
        Box::pin(async move { workers.speak(&words, &name, 1.0).await })
    })
}

/// PocketSphinx.
pub fn ear(workers: &Workers) -> Ear {
    let workers = workers.clone();
    Arc::new(move |samples, grammar| {
        let workers = workers.clone();
        Box::pin(async move {
            let heard = workers.recognise(samples, &grammar, 1).await?;
            Ok(heard.into_iter().find(|heard| heard.confidence >= SURE).map(|heard| heard.text))
        })
    })
}
