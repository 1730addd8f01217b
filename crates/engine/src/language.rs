//! The languages of one conversation, as engines are told of them.

use crate::Brief;
use call::Language;
use std::collections::BTreeSet;

/// The language that is spoken, and those to which the caller may change. Each as BCP 47.
#[derive(Clone, Debug, Default)]
pub(crate) struct Languages {
    now: String,
    all: Vec<String>,
    changed: bool,
}

impl Languages {
    pub(crate) fn of(brief: &Brief) -> Self {
        let all = [&brief.language].into_iter().chain(&brief.others).filter(|tag| !tag.is_empty());
        Self { now: brief.language.clone(), all: all.cloned().collect(), changed: false }
    }

    /// From now on this one is spoken.
    pub(crate) fn speak(&mut self, tag: &str) {
        tag.clone_into(&mut self.now);
        self.changed = true;
    }

    pub(crate) fn now(&self) -> &str {
        &self.now
    }

    /// The one in which it began.
    pub(crate) fn first(&self) -> &str {
        self.all.first().map_or("", String::as_str)
    }

    /// Whether the caller may change to another.
    pub(crate) fn are_several(&self) -> bool {
        self.codes().len() > 1
    }

    /// All of them, without their regions, each once.
    pub(crate) fn codes(&self) -> BTreeSet<Language> {
        self.all.iter().filter_map(|tag| Language::of(tag)).collect()
    }

    /// These instructions, and what is to be said of languages; those alone where there is no choice.
    pub(crate) fn instruct(&self, instructions: &str) -> String {
        if !self.are_several() {
            return instructions.to_owned();
        }
        let now = name(&self.now);
        let others: Vec<String> = self.codes().iter().map(|code| code.name().to_owned()).collect();
        let others: Vec<String> = others.into_iter().filter(|other| *other != now).collect();
        let how = if self.changed {
            format!("The caller has changed to {now}: speak {now} from now on, whatever was spoken before.")
        } else {
            format!("Speak {now}.")
        };
        format!(
            "{instructions}\n\n{how} If the caller asks for one of these languages, or plainly speaks one of them, go on \
             in it: {}. Of any other say in one short sentence that you do not speak it. Names, numbers and single \
             words are no reason to change.",
            others.join(", ")
        )
    }

    /// What is to be obeyed from now on, after a change.
    pub(crate) fn order(&self) -> String {
        let now = name(&self.now);
        format!(
            "The caller has changed to {now}. From now on speak {now}, whatever was spoken before, until the caller asks for \
             another language."
        )
    }
}

/// Its name in English, with its tag where that says more.
pub(crate) fn name(tag: &str) -> String {
    Language::of(tag).map_or_else(|| tag.to_owned(), |language| language.name().to_owned())
}

/// As services call it: Norwegian is `no` to them.
pub(crate) fn service_code(language: &Language) -> &str {
    match language.code() {
        "nb" => "no",
        code => code,
    }
}
