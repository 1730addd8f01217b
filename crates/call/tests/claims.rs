//! What counts as a claim, sentence by sentence, from the language of receptionists.

#[path = "claims/english.rs"]
mod english;
#[path = "claims/european.rs"]
mod european;
mod sim;

use call::*;
use sim::*;

fn claimed(text: &str) -> Vec<Deed> {
    let mut sim = Sim::new(Policy::default());
    sim.speak(1, secs(3));
    sim.assistant_says(1, text);
    sim.done();
    sim.pass(secs(4));
    sim.false_claims().iter().map(|claim| claim.deed).collect()
}

#[test]
fn what_claims_a_deed_is_told_from_what_does_not() {
    let mut wrong = vec![];
    for &(text, deed) in english::CLAIMS.iter().chain(european::CLAIMS) {
        let claimed = claimed(text);
        if claimed != [deed] {
            wrong.push(format!("{text:?} claims {deed:?}, found {claimed:?}"));
        }
    }
    for &text in english::OTHERS.iter().chain(european::OTHERS) {
        let claimed = claimed(text);
        if !claimed.is_empty() {
            wrong.push(format!("{text:?} claims nothing, found {claimed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
