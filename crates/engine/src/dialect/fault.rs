//! What a service says about something that went wrong, fit for a log: bounded, on one line.

/// A message of the service's with its code; either may be empty.
pub(crate) fn words(message: &str, code: &str) -> String {
    match (message.trim_end_matches('.'), code) {
        ("", "") => "no reason given".to_owned(),
        ("", code) => plain(code),
        (message, "") => plain(message),
        (message, code) => format!("{} ({})", plain(message), plain(code)),
    }
}

/// Why a service closed the connection, in words for the owner.
pub(crate) fn closed(service: &str, code: Option<u16>, reason: &str) -> String {
    match code {
        Some(code) => format!("{service} closed the connection ({code}){}.", because(reason)),
        None => format!("{service} closed the connection without a word."),
    }
}

/// A reason as it may stand behind a sentence, which goes on without it where there is none.
pub(crate) fn because(reason: &str) -> String {
    let reason = plain(reason);
    if reason.is_empty() { reason } else { format!(": {reason}") }
}

/// At most 200 characters, none of them able to do anything.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
