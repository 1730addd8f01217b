//! Whether a sentence agrees, for certain. It books, moves and cancels, so what could be anything else is no yes: who is asked
//! once more loses a second.
//!
//! Stricter than what a call takes for a yes before other tools: a caller answers the desk in few words, of which all can
//! be known.

use super::words::{Words, is_one_of};

/// Whether these words of the text, from which days, times and kinds of appointment are taken out, agree and do nothing
/// else: they begin with a yes, and the rest is thanks, an echo of the question, or a farewell.
pub(super) fn agrees(text: &str, words: &Words) -> bool {
    let mut words = words.clone();
    while words.take(FAREWELL) {}
    let mut begins = words.starts(YES);
    while words.take_first(LEAD) {}
    begins |= words.starts(YES) || words.starts(ECHO);
    let goes_on = words.each().last().is_some_and(|last| is_one_of(last, UNFINISHED));
    if text.contains('?') || !begins || goes_on || words.any(DOUBT) {
        return false;
    }
    while words.take(SAYING) {}
    let mut rest = words.clone();
    while rest.take(STATED) {}
    !rest.any(ASKING) && words.each().all(|word| is_one_of(word, BESIDE))
}

/// Whether they begin with a plain yes, whatever comes then.
pub(super) fn begins(words: &Words) -> bool {
    let mut words = words.clone();
    while words.take_first(LEAD) {}
    words.starts(PLAIN)
}

/// A yes that is nothing else, such as a greeting or a thought.
const PLAIN: &str =
    "yes|yeah|yep|yup|yea|aye|correct|exactly|absolutely|definitely|certainly|indeed|sure|of course";
/// What a yes may hesitate with.
const LEAD: &str = "um|uh|er|well|oh|ah|so|and|hm|mm";
const YES: &str = "yes|yeah|yep|yup|yea|aye|correct|exactly|absolutely|definitely|confirm|confirmed|certainly|indeed|sure|\
    right|okay|ok|of course|by all means|fine|great|perfect|lovely|wonderful|excellent|brilliant|awesome|cool|super|alright|\
    all right|all good|very good|good|sounds good|sounds great|sounds fine|sounds perfect|uh huh|mhm|why not|agreed|\
    i agree|i confirm|please do|please go|please book|please move|please cancel|please send|you can|you may|with pleasure|gladly";
/// The question said back.
const ECHO: &str = "that's|that is|that works|that will|that'll|that would|that'd|that sounds|it's|it is|it works|works|do it|\
    do that|do so|go ahead|go for it|book it|book that|book me|cancel it|cancel that|move it|move that|make it so|take it|\
    take that|send it|pass it on|put me down|let's do|let's go|let's book|let's take|i'll take|i will take|i'd like that|\
    i would like that|i'd love|i do";
/// What is neither, although each of its words may stand beside a yes.
const DOUBT: &str =
    "do i|do you|do we|make sure|right now|good enough|a good one|i see|one moment|one second|one thing";
/// Words that ask, unless the sentence states something with them.
const ASKING: &str = "is|are|am|would|will|can|may|does";
const STATED: &str = "that is|it is|this is|time is|day is|date is|one is|all is|i am|we are|you are|i would|that would|\
    it would|this would|i will|we will|you will|that will|it will|you can|you may|is fine|is good|is great|is perfect|\
    is right|is correct|is okay|is ok|will be fine|would be fine|would be great|would be good|will do";
/// What no sentence ends with: its end was not heard.
const UNFINISHED: &str = "and|so|i|i'd|i'll|i'm|we|we'll|a|an|my|your";
const FAREWELL: &str = "that's all|that is all|that will be all|that'll be all|that's everything|that is everything|\
    nothing else|have a nice day|have a good day|have a great day|have a good one|see you then|see you there|see you soon|\
    see you later|see you|until then|good bye|goodbye|bye bye|bye now|bye";
/// Of more words than one.
const SAYING: &str = "why not|uh huh|by all means|go for it|as well";
/// Words that change nothing about a yes.
const BESIDE: &str = "yes|yeah|yep|yup|yea|aye|correct|exactly|absolutely|definitely|confirm|confirmed|certainly|indeed|\
    sure|right|okay|ok|of|course|fine|great|perfect|perfectly|lovely|wonderful|excellent|brilliant|awesome|cool|super|nice|\
    alright|all|good|very|really|sounds|mhm|huh|agreed|agree|pleasure|gladly|please|thanks|thank|you|much|a|an|lot|so|that|\
    that's|that'll|that'd|this|it|it's|is|are|am|i|i'm|i'd|i'll|we|we'll|would|will|be|like|love|want|do|does|go|ahead|on|\
    at|the|for|me|my|us|in|to|from|and|then|just|now|um|uh|er|oh|ah|well|works|work|suits|book|booked|cancel|move|make|take|\
    send|pass|put|down|let's|appointment|booking|meeting|visit|one|time|day|date|with|there|can|may|your|sir|madam|ma'am|thing|\
    o'clock";
