//! The services' own schemas, by the type of the message.

use jsonschema::Validator;
use serde_json::Value;
use std::collections::BTreeMap;

pub type Validators = BTreeMap<String, Validator>;

/// One for each message; `whole` makes the whole schema of a message's part.
pub fn validators(messages: &Value, whole: impl Fn(&str, &Value) -> Value) -> Validators {
    let messages = messages.as_object().expect("messages by their types");
    let validator = |(kind, schema): (&String, &Value)| {
        (kind.clone(), jsonschema::validator_for(&whole(kind, schema)).expect("a schema"))
    };
    messages.iter().map(validator).collect()
}

/// What is wrong with a message, if anything is.
pub fn judge(validators: &Validators, message: &Value) -> Option<String> {
    let Some(kind) = message["type"].as_str() else { return Some("no type".into()) };
    let Some(validator) = validators.get(kind) else { return Some(format!("no type {kind}")) };
    validator.validate(message).err().map(|why| why.to_string())
}
