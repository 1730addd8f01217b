//! Calls that are made side by side: all are seen to their end, whatever becomes of one.

use std::io::Write as _;
use tokio::task::JoinSet;

/// Waits for all of them, and prints what each tells, in its order.
pub async fn tabled(calls: JoinSet<String>) {
    let (mut lines, wrong) = ended(calls).await;
    lines.sort();
    // Past the capture of what tests print: it is to be read where all is well, too.
    writeln!(std::io::stderr(), "{}", lines.join("\n")).expect("standard error is open");
    assert_eq!(wrong, 0);
}

/// Waits for all of them.
pub async fn all(calls: JoinSet<()>) {
    assert_eq!(ended(calls).await.1, 0);
}

async fn ended<T: 'static>(mut calls: JoinSet<T>) -> (Vec<T>, usize) {
    let (mut told, mut wrong) = (Vec::new(), 0);
    while let Some(call) = calls.join_next().await {
        // What was wrong has been printed.
        wrong += usize::from(call.is_err());
        told.extend(call);
    }
    (told, wrong)
}
