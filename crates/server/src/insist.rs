//! Writes down what must not be lost, again and again until the database takes it.

use crate::clock;
use std::time::Duration;
use store::StoreError;
use tokio_util::sync::CancellationToken;

/// How long a database may be away before what was to be written is given up,
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// and how long when the process is about to end.
const LAST_PATIENCE: Duration = Duration::from_secs(5);
/// The pause after the first failure. Each further one is twice as long,
const PAUSE: Duration = Duration::from_millis(50);
/// up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Tries until `write` succeeds, fails for good, or has been tried for long enough; then gives its last error. The
/// first failure is logged with what it is about.
pub async fn insist<T, F>(
    draining: &CancellationToken,
    what: &str,
    mut write: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let began = clock::now();
    let mut pause = PAUSE;
    loop {
        let error = match write().await {
            Err(error) if may_pass(&error) => error,
            done => return done,
        };
        let patience = if draining.is_cancelled() { LAST_PATIENCE } else { PATIENCE };
        if clock::now().saturating_duration_since(began) >= patience {
            return Err(error);
        }
        if pause == PAUSE {
            tracing::warn!(%error, "{what} could not be written yet and is tried again");
        }
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Whether it is worth trying again.
fn may_pass(error: &StoreError) -> bool {
    match error {
        StoreError::Unreachable(_) | StoreError::Database(_) => true,
        StoreError::Address(_) | StoreError::Outdated(_) | StoreError::NoSuchCall(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn away() -> StoreError {
        StoreError::Unreachable("the database is away".into())
    }

    #[tokio::test]
    async fn what_a_database_refuses_for_a_moment_is_written_all_the_same() {
        let tries = Cell::new(0);
        let written = insist(&CancellationToken::new(), "it", async || {
            tries.set(tries.get() + 1);
            if tries.get() < 3 { Err(away()) } else { Ok("written") }
        })
        .await;
        assert_eq!(written.expect("the third time"), "written");
        assert_eq!(tries.get(), 3);
    }

    #[tokio::test]
    async fn what_can_never_be_written_is_tried_once() {
        let tries = Cell::new(0);
        let written: Result<(), _> = insist(&CancellationToken::new(), "it", async || {
            tries.set(tries.get() + 1);
            Err(StoreError::NoSuchCall("c1".into()))
        })
        .await;
        assert!(written.is_err());
        assert_eq!(tries.get(), 1);
    }
}
