//! What using a tool does to the world, and how to guess it from what the tool says of itself.

/// What using a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It looks something up, and nothing is otherwise afterwards.
    Reads,
    /// It changes something that can be changed back.
    Writes,
    /// What it does cannot be undone: something is deleted, paid for, or leaves the house.
    Final,
}

impl Class {
    /// `reads`, `writes` or `final`: as the settings and the pages spell it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Reads => "reads",
            Class::Writes => "writes",
            Class::Final => "final",
        }
    }

    /// The inverse of [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        [Class::Reads, Class::Writes, Class::Final].into_iter().find(|class| class.name() == name)
    }
}

/// What a tool's maker says of it: MCP's annotations of these names. None: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `readOnlyHint`
    pub read_only: Option<bool>,
    /// `destructiveHint`, which only counts where it is not read-only.
    pub destructive: Option<bool>,
}

/// What a tool of this name probably does, where nobody has said. Hints may be wrong, and come from whoever made the
/// server: they can make a tool worse than its name says, but a name that says *delete* or *send* is believed against
/// them. What says nothing at all writes.
pub fn guessed(name: &str, hints: Hints) -> Class {
    let words = words(name);
    let says = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let lists: [&[&str]; 4] = [&READING, &WRITING, &FINAL, &THINGS];
    let leads = words.iter().find(|word| lists.iter().any(|list| list.contains(&word.as_str())));
    let looks = leads.is_some_and(|word| READING.contains(&word.as_str()));
    if says(&FINAL)
        || says(&THINGS) && !looks
        || hints.destructive == Some(true) && hints.read_only != Some(true)
    {
        return Class::Final;
    }
    match hints.read_only {
        Some(true) if !says(&WRITING) => Class::Reads,
        None if looks && !says(&WRITING) => Class::Reads,
        Some(_) | None => Class::Writes,
    }
}

/// What a name does that only looks, where it does it first.
const READING: [&str; 27] = [
    "get",
    "list",
    "find",
    "search",
    "read",
    "fetch",
    "show",
    "view",
    "query",
    "lookup",
    "look",
    "check",
    "count",
    "describe",
    "retrieve",
    "browse",
    "download",
    "is",
    "has",
    "who",
    "what",
    "when",
    "where",
    "whoami",
    "preview",
    "summarize",
    "weather",
];

/// What a name says that does what nobody can take back.
const FINAL: [&str; 26] = [
    "delete",
    "deletes",
    "remove",
    "destroy",
    "drop",
    "purge",
    "erase",
    "wipe",
    "send",
    "sends",
    "forward",
    "publish",
    "notify",
    "broadcast",
    "dial",
    "pay",
    "buy",
    "purchase",
    "checkout",
    "donate",
    "cancel",
    "unsubscribe",
    "revoke",
    "terminate",
    "deploy",
    "execute",
];

/// Words that do so, too, unless they name what is looked at: *order*, but not *list orders*.
const THINGS: [&str; 17] = [
    "mail", "email", "sms", "post", "order", "share", "charge", "refund", "transfer", "invite", "reply",
    "tweet", "trash", "clear", "empty", "merge", "reset",
];

/// What a name says that changes something.
const WRITING: [&str; 28] = [
    "add", "create", "update", "edit", "set", "write", "put", "patch", "insert", "append", "move", "rename",
    "complete", "close", "reopen", "assign", "mark", "archive", "save", "upload", "change", "modify",
    "enable", "disable", "start", "stop", "run", "replace",
];

/// The words of `delete_task`, `deleteTask`, `tasks.delete` or `Delete-Task`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let camel = letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit());
        if camel || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            let word = words.last_mut().expect("there is one to begin with");
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_delete_or_send_is_believed_whatever_its_maker_says() {
        for name in [
            "delete_task",
            "tasks.delete",
            "deleteTask",
            "Delete-Task",
            "gmail_send_email",
            "send",
            "remove_label",
            "cancel_order",
            "pay_invoice",
            "bulk_delete",
            "reply_to_email",
            "forward_mail",
            "post_message",
            "emptyTrash",
            "get_and_delete",
            "create_order",
            "email_bob",
        ] {
            for read_only in [None, Some(true), Some(false)] {
                let hints = Hints { read_only, destructive: Some(false) };
                assert_eq!(guessed(name, hints), Class::Final, "{name} {read_only:?}");
            }
        }
    }

    #[test]
    fn what_only_looks_reads() {
        for name in [
            "get_task",
            "listTasks",
            "find-tasks-by-date",
            "search_emails",
            "get_weather",
            "readFile",
            "read_mail",
            "gmail_find_email",
            "get_order",
            "todoist-get-tasks",
        ] {
            assert_eq!(guessed(name, Hints::default()), Class::Reads, "{name}");
        }
        let read_only = Hints { read_only: Some(true), destructive: None };
        for name in ["get_mail", "list_sent_mail", "tasks", "find_email", "overview", "search_orders"] {
            assert_eq!(guessed(name, read_only), Class::Reads, "{name}");
        }
    }

    #[test]
    fn a_hint_makes_a_tool_worse_than_its_name() {
        let destructive = Hints { read_only: Some(false), destructive: Some(true) };
        assert_eq!(guessed("update_task", destructive), Class::Final);
        assert_eq!(guessed("get_task", destructive), Class::Final);
        assert_eq!(guessed("get_task", Hints { read_only: Some(false), destructive: None }), Class::Writes);
    }

    #[test]
    fn what_says_nothing_writes() {
        for name in ["", "add_task", "frobnicate", "get_and_update", "complete_task", "\u{1F600}", "todo add"]
        {
            assert_eq!(guessed(name, Hints::default()), Class::Writes, "{name}");
        }
        assert_eq!(guessed("add_task", Hints { read_only: Some(true), destructive: None }), Class::Writes);
    }

    #[test]
    fn classes_are_named() {
        for class in [Class::Reads, Class::Writes, Class::Final] {
            assert_eq!(Class::named(class.name()), Some(class));
        }
        assert_eq!(Class::named("harmless"), None);
    }
}
