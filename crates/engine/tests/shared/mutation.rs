//! Messages with something wrong in them.

use fastrand::Rng;
use serde_json::Value;

/// Changes one thing somewhere in a message; `words` and `things` are what a service would say in other places.
pub fn mutate(rng: &mut Rng, value: &mut Value, words: &[&str], things: &[Value]) {
    match value {
        Value::Object(fields) if !fields.is_empty() && rng.u32(0..6) > 0 => {
            let index = rng.usize(0..fields.len());
            let key = fields.keys().nth(index).cloned().expect("it has that many");
            if rng.u32(0..6) == 0 {
                fields.remove(&key);
            } else {
                mutate(rng, &mut fields[&key], words, things);
            }
        }
        Value::Array(values) if !values.is_empty() && rng.u32(0..5) > 0 => {
            let index = rng.usize(0..values.len());
            mutate(rng, &mut values[index], words, things);
        }
        other => {
            *other = match rng.usize(0..6 + things.len()) {
                0 => Value::Null,
                1 => Value::from(-1),
                2 => Value::from(f64::MAX),
                3 => Value::from(""),
                4 => Value::from("x".repeat(rng.usize(0..2_000))),
                5 => Value::from(words[rng.usize(0..words.len())]),
                thing => things[thing - 6].clone(),
            }
        }
    }
}
