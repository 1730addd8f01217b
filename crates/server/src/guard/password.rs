//! Passwords: which will do, how they are kept, and how they are compared.
//!
//! Each costs 19 MiB and some hundredths of a second (Argon2id, as OWASP's Password Storage Cheat Sheet has it), off the
//! threads that calls run on, and few at once. A password for nobody costs as much as a wrong one.

use crate::secret;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::{collections::BTreeSet, sync::LazyLock};
use tokio::sync::Semaphore;

/// How short a password may be, in characters,
pub const SHORTEST: usize = 10;
/// and how long.
pub const LONGEST: usize = 256;
/// How many are looked at at once, on this instance: calls want the other cores.
static AT_ONCE: Semaphore = Semaphore::const_new(1);

/// Those that are tried first, of those that are long enough, in lower case.
static MOST_USED: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    include_str!("most_used_passwords.txt").lines().filter(|line| !line.is_empty()).collect()
});

/// Why a password will not do, as a sentence; none: it will. `about` is what anybody knows of the user: address and name.
pub fn weakness(password: &str, about: &[&str]) -> Option<String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Some(format!(
            "Take at least {SHORTEST} characters; some words in a row are easy to keep in mind."
        ));
    }
    if length > LONGEST {
        return Some(format!("Take at most {LONGEST} characters."));
    }
    let lower = password.trim().to_lowercase();
    let bare = lower.trim_end_matches(|letter: char| letter.is_ascii_digit() || "!?.".contains(letter));
    let distinct = lower.chars().collect::<BTreeSet<_>>().len();
    if distinct < 4 || MOST_USED.contains(&*lower) || MOST_USED.contains(bare) || is_run(&lower) {
        return Some("This is one of those that are tried first. Take another.".to_owned());
    }
    let known = about.iter().flat_map(|text| text.split('@').take(1).chain([*text])).map(str::to_lowercase);
    let own = known.filter(|text| text.chars().count() >= 4).any(|text| lower == text || bare == text);
    own.then(|| "This is your own name or address. Take another.".to_owned())
}

/// What is kept of a password: Argon2id in the PHC string format.
pub async fn hashed(password: &str) -> String {
    let password = password.to_owned();
    let salt = secret::random::<16>();
    aside(move || made(&password, &salt)).await
}

/// Whether this is the password of which `kept` is kept. Without any it is not, and that takes as long.
pub async fn is_right(password: &str, kept: Option<&str>) -> bool {
    // What is longer was never taken, and would be work without a bound.
    let password: String = password.chars().take(LONGEST + 1).collect();
    let kept = kept.map(str::to_owned);
    aside(move || match kept.as_deref().map(PasswordHash::new) {
        Some(Ok(kept)) => Argon2::default().verify_password(password.as_bytes(), &kept).is_ok(),
        Some(Err(_)) | None => made(&password, &[0; 16]).is_empty(),
    })
    .await
}

fn made(password: &str, salt: &[u8]) -> String {
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .expect("a bounded password and a salt of 16 bytes can be hashed");
    hash.to_string()
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _place = AT_ONCE.acquire().await.expect("it is never closed");
    tokio::task::spawn_blocking(work).await.expect("Argon2 does not panic")
}

/// `abcdefghijk`, `9876543210`
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|letter| i64::from(u32::from(letter))).collect();
    [1, -1].into_iter().any(|step| codes.windows(2).all(|pair| pair[1] - pair[0] == step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_guessable_and_own_passwords_are_refused() {
        let about = ["anna.example@mail.test", "Annabella Lee"];
        for bad in [
            "",
            "short",
            "ninechars",
            "aaaaaaaaaaaa",
            "abababababab",
            "password123",
            "Password123!",
            "1234567890",
            "qwertyuiop",
            "abcdefghijkl",
            "9876543210",
            "anna.example@mail.test",
            "Annabella Lee",
            "anna.example1",
            "iloveyou123",
            "letmein1234",
        ] {
            assert!(weakness(bad, &about).is_some(), "{bad}");
        }
        assert!(weakness(&"correct horse ".repeat(30), &about).is_some(), "too long");
        for good in ["correct horse battery", "Ü-Wagen 7 fährt", "k7#pQ2!zzv"] {
            assert_eq!(weakness(good, &about), None, "{good}");
        }
    }

    #[test]
    fn those_that_are_tried_first_are_long_enough_to_be_listed() {
        assert!(MOST_USED.len() > 100);
        for one in MOST_USED.iter() {
            assert!(one.to_lowercase() == **one, "{one}");
        }
    }

    #[tokio::test]
    async fn a_password_is_kept_as_what_tells_nothing_and_found_right() {
        let kept = hashed("correct horse battery").await;
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(hashed("correct horse battery").await, kept, "each has a salt of its own");
        assert!(is_right("correct horse battery", Some(&kept)).await);
        assert!(!is_right("correct horse batterx", Some(&kept)).await);
        assert!(!is_right("correct horse battery", None).await);
        assert!(!is_right("", Some("garbage")).await);
    }
}
