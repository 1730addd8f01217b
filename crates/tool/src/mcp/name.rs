//! What a tool of a server is called here: a name that every language model takes, and whose it is.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The longest name that language models take.
const LONGEST: usize = 64;
/// Of the digest, in hexadecimal digits.
const MARK: usize = 8;

/// A name here for each of these names there, in their order: the server's key, then what of the name is fit, so that
/// all are of `[a-zA-Z0-9_-]{1,64}` and none is another's. The same tools get the same names however they are ordered.
/// What has the very name of one before it gets none.
pub(super) fn all<'a>(server: &str, names: impl Iterator<Item = &'a str> + Clone) -> Vec<Option<String>> {
    let mut alike = BTreeMap::<String, Vec<&str>>::new();
    for name in names.clone() {
        let same = alike.entry(plain(server, name)).or_default();
        if !same.contains(&name) {
            same.push(name);
        }
    }
    let mut given: Vec<Option<String>> = Vec::new();
    for name in names {
        let plain = plain(server, name);
        let same = alike.get_mut(&plain).expect("every name was put there");
        let only = same.len() == 1;
        let own = if only && is_kept(server, name, &plain) { plain } else { marked(&plain, name) };
        let first = !given.iter().flatten().any(|other| *other == own);
        given.push(first.then_some(own));
    }
    given
}

/// Nothing of the name was lost.
fn is_kept(server: &str, name: &str, plain: &str) -> bool {
    plain.len() <= LONGEST && (plain == name || *plain == format!("{server}_{name}") || is_readable(name))
}

/// What was lost were only marks between words.
fn is_readable(name: &str) -> bool {
    name.is_ascii() && name.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

fn plain(server: &str, name: &str) -> String {
    let mut fit = String::new();
    for letter in name.chars() {
        let letter = if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-') { letter } else { '_' };
        if !(letter == '_' && fit.ends_with('_')) {
            fit.push(letter);
        }
    }
    let fit = fit.trim_matches('_');
    let own = fit.strip_prefix(server).is_some_and(|rest| rest.starts_with(['_', '-']));
    match fit {
        "" => format!("{server}_tool"),
        fit if own => fit.to_owned(),
        fit => format!("{server}_{fit}"),
    }
}

fn marked(plain: &str, name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let (first, _) = digest.split_first_chunk().expect("a digest has more");
    let mark = format!("{:08x}", u32::from_be_bytes(*first));
    let room = LONGEST - MARK - 1;
    format!("{}_{mark}", plain[..plain.len().min(room)].trim_end_matches('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<Option<String>> {
        all("todo", names.iter().copied())
    }

    fn fits(name: &str) -> bool {
        (1..=LONGEST).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    }

    #[test]
    fn a_plain_name_says_whose_it_is_once() {
        assert_eq!(named(&["add-tasks"]), [Some("todo_add-tasks".into())]);
        assert_eq!(named(&["todo_add"]), [Some("todo_add".into())]);
        assert_eq!(named(&["todoist_add"]), [Some("todo_todoist_add".into())]);
        assert_eq!(named(&["tasks.add item"]), [Some("todo_tasks_add_item".into())]);
    }

    #[test]
    fn names_with_spaces_and_emoji_of_any_length_are_taken_by_every_model() {
        let long = "a".repeat(300);
        let names =
            ["", " ", "🛒", "🛒 milk", "add milk", "añadir", "../../etc", "a\0b", "名前", &long, "a\"b"];
        let given = named(&names);
        assert!(given.iter().flatten().all(|name| fits(name)), "{given:?}");
        assert_eq!(given.iter().flatten().count(), names.len(), "{given:?}");
    }

    #[test]
    fn no_two_tools_share_a_name_and_their_order_does_not_matter() {
        let names = ["add milk", "add_milk", "add.milk", "🛒", "🥛", "add-milk"];
        let given = named(&names);
        let mut back = names;
        back.reverse();
        let mut again = named(&back);
        again.reverse();
        assert_eq!(given, again);
        let mut different: Vec<_> = given.iter().flatten().collect();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), names.len(), "{given:?}");
    }

    #[test]
    fn a_tool_that_is_listed_twice_is_one() {
        assert_eq!(named(&["add", "add"]), [Some("todo_add".into()), None]);
    }

    #[test]
    fn a_long_key_leaves_room_for_the_mark() {
        let given = all(&"k".repeat(32), ["x".repeat(90).as_str()].into_iter());
        assert!(given.iter().flatten().all(|name| fits(name)), "{given:?}");
    }
}
