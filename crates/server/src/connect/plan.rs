//! What is to be asked of a carrier's API so that a number's calls go where they should, or where they went before.

use super::Sent;
use carrier::{Application, Hooks, Number};
use serde::{Deserialize, Serialize};

/// What an application of ours is called.
const OURS: &str = "Earpiece";

/// What is remembered of a number.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Before {
    pub application: String,
    /// What stood where we wrote our addresses.
    pub written_over: Option<Sent>,
}

/// What is asked of the carrier's API, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into this application, or a new one.
    Write { application: Option<String>, name: String, hooks: Hooks },
    /// To this application, or the one that was just made.
    Bind { number: String, application: Option<String> },
}

/// What the account has.
pub(super) struct Account {
    pub numbers: Vec<Number>,
    pub applications: Vec<Application>,
}

impl Account {
    /// What is to be asked so that this number's calls go to `hooks`, and what it is sent to then. Numbers have addresses
    /// of their `own`, or belong to applications, of which the settings may name one.
    pub fn plan(&self, own: bool, named: Option<&str>, number: &Number, hooks: &Hooks) -> (Vec<Step>, Sent) {
        let target = if own {
            let unnamed = || Application { id: number.id.clone(), ..Application::default() };
            Some(self.application(&number.id).cloned().unwrap_or_else(unnamed))
        } else {
            self.ours(named, hooks)
        };
        let mut steps = Vec::new();
        let name = target.as_ref().map_or_else(|| OURS.to_owned(), |target| target.name.clone());
        let id = target.as_ref().map(|target| target.id.clone());
        if target.is_none_or(|target| !same(&target.hooks, hooks)) {
            steps.push(Step::Write { application: id.clone(), name: name.clone(), hooks: hooks.clone() });
        }
        if id.as_ref() != Some(&number.application) {
            steps.push(Step::Bind { number: number.id.clone(), application: id.clone() });
        }
        let after = Application { id: id.unwrap_or_default(), name, hooks: hooks.clone() };
        (steps, sent(&after))
    }

    pub fn application(&self, id: &str) -> Option<&Application> {
        self.applications.iter().find(|one| one.id == id && !id.is_empty())
    }

    /// The application to be used: the one that the settings name, one that is sent here already, or one that we made.
    fn ours(&self, named: Option<&str>, hooks: &Hooks) -> Option<Application> {
        let here = || self.applications.iter().find(|one| one.hooks.voice == hooks.voice);
        let made = || self.applications.iter().find(|one| one.name == OURS);
        named.and_then(|id| self.application(id)).or_else(here).or_else(made).cloned()
    }

    pub fn sent(&self, number: &Number) -> Sent {
        let unknown = || Sent { application: number.application.clone(), ..Sent::default() };
        self.application(&number.application).map_or_else(unknown, sent)
    }
}

pub(super) fn sent(application: &Application) -> Sent {
    let Application { id, name, hooks: Hooks { voice, status, text, by_get } } = application.clone();
    Sent { application: id, name, voice, status, text, by_get }
}

/// What is to be asked so that a number is as it was, and what it is sent to then.
pub(super) fn undoing(account: &Account, number: &Number, before: &Before) -> (Vec<Step>, Sent) {
    let mut steps = Vec::new();
    if let Some(over) = &before.written_over {
        let hooks = over.hooks();
        if account.application(&over.application).is_none_or(|one| !is(&one.hooks, &hooks)) {
            steps.push(Step::Write {
                application: Some(over.application.clone()),
                name: over.name.clone(),
                hooks,
            });
        }
    }
    if number.application != before.application {
        let application = Some(before.application.clone());
        steps.push(Step::Bind { number: number.id.clone(), application });
    }
    let over = before.written_over.clone().filter(|over| over.application == before.application);
    let there = account.application(&before.application).map(sent);
    let after = over.or(there).unwrap_or(Sent { application: before.application.clone(), ..Sent::default() });
    (steps, after)
}

/// Whether calls are sent where they should be. Where the carrier has no address for texts, none is missed.
fn same(one: &Hooks, ours: &Hooks) -> bool {
    let text = if ours.text.is_empty() { String::new() } else { one.text.clone() };
    is(&Hooks { text, ..one.clone() }, ours)
}

/// Whether both are the same addresses, called by the same methods; of no address the method is of no interest.
pub(super) fn is(one: &Hooks, other: &Hooks) -> bool {
    let told = |hooks: &Hooks| {
        let Hooks { voice, status, text, by_get } = hooks.clone();
        [(voice, by_get.voice), (status, by_get.status), (text, by_get.text)]
            .map(|(url, by_get)| (by_get && !url.is_empty(), url))
    };
    told(one) == told(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carrier::ByGet;

    fn hooks(host: &str) -> Hooks {
        let at = |what: &str| format!("https://{host}/{what}");
        Hooks { voice: at("voice"), status: at("status"), text: at("text"), by_get: ByGet::default() }
    }

    fn application(id: &str, name: &str, host: &str) -> Application {
        Application { id: id.into(), name: name.into(), hooks: hooks(host) }
    }

    fn number(application: &str) -> Number {
        Number { id: "N1".into(), number: "+15550100198".into(), application: application.into() }
    }

    fn account(number: Number, applications: &[Application]) -> Account {
        Account { numbers: vec![number], applications: applications.to_vec() }
    }

    fn write(application: Option<&str>, name: &str, host: &str) -> Step {
        Step::Write { application: application.map(Into::into), name: name.into(), hooks: hooks(host) }
    }

    fn bind(application: Option<&str>) -> Step {
        Step::Bind { number: "N1".into(), application: application.map(Into::into) }
    }

    #[test]
    fn an_application_is_made_once_and_others_are_left_alone() {
        let theirs = application("A1", "Theirs", "old");
        let before = account(number("A1"), std::slice::from_ref(&theirs));
        let (steps, after) = before.plan(false, None, &before.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(None, OURS, "us"), bind(None)]);
        assert_eq!((after.application.as_str(), after.voice.as_str()), ("", "https://us/voice"));
        let made = account(number("A2"), &[theirs.clone(), application("A2", OURS, "us")]);
        assert_eq!(made.plan(false, None, &made.numbers[0], &hooks("us")).0, []);
        // We moved: the application that is ours follows.
        let (steps, _) = made.plan(false, None, &made.numbers[0], &hooks("us.new"));
        assert_eq!(steps, [write(Some("A2"), OURS, "us.new")]);
        let kept = Before { application: "A1".into(), written_over: None };
        let (back, sent) = undoing(&made, &made.numbers[0], &kept);
        assert_eq!(back, [bind(Some("A1"))]);
        assert_eq!(sent.voice, "https://old/voice");
    }

    #[test]
    fn the_application_of_the_settings_is_written_over_and_given_back() {
        let before = account(number(""), &[application("A1", "Desk", "old")]);
        let (steps, _) = before.plan(false, Some("A1"), &before.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(Some("A1"), "Desk", "us"), bind(Some("A1"))]);
        let over = super::sent(&application("A1", "Desk", "old"));
        let kept = Before { application: String::new(), written_over: Some(over) };
        let now = account(number("A1"), &[application("A1", "Desk", "us")]);
        let (back, _) = undoing(&now, &now.numbers[0], &kept);
        assert_eq!(back, [write(Some("A1"), "Desk", "old"), bind(Some(""))]);
    }

    #[test]
    fn a_number_with_addresses_of_its_own_leaves_the_application_that_hides_them() {
        let before = account(number("AP9"), &[application("N1", "Front desk", "old")]);
        let (steps, _) = before.plan(true, None, &before.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(Some("N1"), "Front desk", "us"), bind(Some("N1"))]);
        let kept =
            Before { application: "AP9".into(), written_over: Some(super::sent(&before.applications[0])) };
        let now = account(number("N1"), &[application("N1", "Front desk", "us")]);
        let (back, sent) = undoing(&now, &now.numbers[0], &kept);
        assert_eq!(back, [write(Some("N1"), "Front desk", "old"), bind(Some("AP9"))]);
        assert_eq!(sent.application, "AP9");
    }

    #[test]
    fn what_was_called_by_get_is_called_by_get_again() {
        let mut theirs = application("N1", "Front desk", "old");
        theirs.hooks.by_get = ByGet { voice: true, status: false, text: true };
        let over = super::sent(&theirs);
        let kept = serde_json::to_string(&Before { application: "N1".into(), written_over: Some(over) });
        let kept: Before = serde_json::from_str(&kept.expect("texts")).expect("it was written just now");
        let now = account(number("N1"), &[application("N1", "Front desk", "us")]);
        let back =
            Step::Write { application: Some("N1".into()), name: "Front desk".into(), hooks: theirs.hooks };
        assert_eq!(undoing(&now, &now.numbers[0], &kept).0, [back]);
        // An address of ours by GET is not yet as it should be.
        let mut ours = application("N1", "Front desk", "us");
        ours.hooks.by_get.voice = true;
        let so = account(number("N1"), &[ours]);
        let (steps, _) = so.plan(true, None, &so.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(Some("N1"), "Front desk", "us")]);
    }

    #[test]
    fn where_a_carrier_has_no_address_for_texts_none_is_missed() {
        let ours = Hooks { text: String::new(), ..hooks("us") };
        assert!(same(&hooks("us"), &ours));
        assert!(!same(&Hooks { text: String::new(), ..hooks("us") }, &hooks("us")));
    }
}
