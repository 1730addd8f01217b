//! The words that were said in calls, by which calls are found.

use crate::{Store, StoreError, on_reader, on_tx};
use std::collections::BTreeSet;

/// The longest word that is kept, in bytes; the rest of it says nothing new.
const LONGEST: usize = 60;

/// The words of a text, in small letters: what stands between signs and blanks.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(|word| {
        let mut word = word.to_lowercase();
        word.truncate(word.floor_char_boundary(LONGEST));
        word
    })
}

/// What is said in no more calls than this is rare.
const RARE: i64 = 400;

/// The words from the first on, up to the second.
pub(crate) type Beginning = (Vec<u8>, Vec<u8>);

/// The words that begin like this one.
pub(crate) fn beginning(word: &str) -> Beginning {
    // No text has this byte.
    (word.as_bytes().to_vec(), [word.as_bytes(), &[0xFF]].concat())
}

impl Store {
    /// Which of these beginnings is the rarest, if one is rare.
    pub(crate) async fn rarest(&self, words: &[Beginning]) -> Result<Option<usize>, StoreError> {
        let mut rarest = (RARE, None);
        for (at, (from, until)) in words.iter().enumerate() {
            let said: i64 = on_reader!(self, db => sqlx::query_scalar(
                "SELECT COUNT(*) FROM (SELECT 1 FROM call_words WHERE word >= $1 AND word < $2 LIMIT $3) AS said",
            )
            .bind(from)
            .bind(until)
            .bind(RARE)
            .fetch_one(db)
            .await)?;
            if said < rarest.0 {
                rarest = (said, Some(at));
            }
        }
        Ok(rarest.1)
    }

    /// Calls that are over and whose notes were not all looked at for words, with how many notes they have.
    pub async fn calls_unworded(&self, limit: u32) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT id, notes FROM calls WHERE notes > words_of AND ended_ms IS NOT NULL \
             ORDER BY started_ms DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(db)
        .await)?)
    }

    /// These words were said in the call, of which so many notes were looked at.
    pub async fn call_worded(
        &self,
        call_id: &str,
        words: &BTreeSet<String>,
        notes: i64,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let there = on_tx!(&mut tx, db => sqlx::query(
            "UPDATE calls SET words_of = $2 WHERE id = $1",
        )
        .bind(call_id)
        .bind(notes)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        if there == 0 {
            return Ok(());
        }
        for word in words {
            on_tx!(&mut tx, db => sqlx::query(
                "INSERT INTO call_words (word, call_id) VALUES ($1, $2) ON CONFLICT (word, call_id) DO NOTHING",
            )
            .bind(word.as_bytes())
            .bind(call_id)
            .execute(db)
            .await
            .map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_stands_between_signs_in_small_letters() {
        let said: Vec<_> = words("Größe 42, O'Neill — \"ÄPFEL\"\n…x").collect();
        assert_eq!(said, ["größe", "42", "o", "neill", "äpfel", "x"]);
        let long = words(&"é".repeat(100)).next().expect("a word");
        assert_eq!(long.len(), 60);
    }

    #[test]
    fn a_beginning_takes_in_every_word_that_begins_so_and_no_other() {
        let (from, until) = beginning("app");
        let within = |word: &str| word.as_bytes() >= &from[..] && word.as_bytes() < &until[..];
        assert!(within("app") && within("appointment") && within("app\u{10FFFF}"));
        assert!(!within("apo") && !within("aq") && !within("ap"));
    }
}
