//! A field of a form, with what was typed and what is wrong with it beside it.

use askama::Template;

#[derive(Template, Clone, Debug, Default)]
#[template(path = "field.html")]
pub(super) struct Field {
    id: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    /// What browsers fill in by themselves, as HTML names it.
    complete: &'static str,
    help: &'static str,
    wrong: Option<String>,
    optional: bool,
    /// For screen keyboards: only digits are typed.
    digits: bool,
}

impl Field {
    pub(super) fn new(id: &'static str, label: &'static str, kind: &'static str) -> Self {
        Self { id, label, kind, complete: "off", ..Self::default() }
    }

    pub(super) fn email(value: &str) -> Self {
        Self::new("email", "E-mail address", "email").complete("username").value(value)
    }

    pub(super) fn name(value: &str) -> Self {
        Self::new("name", "Name", "text").complete("name").value(value)
    }

    /// A password that is to be chosen. What was typed is not shown again.
    pub(super) fn new_password() -> Self {
        Self::new("password", "Password", "password").complete("new-password").help("At least 10 characters.")
    }

    pub(super) fn again() -> Self {
        Self::new("again", "The same again", "password").complete("new-password")
    }

    pub(super) fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    pub(super) fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    pub(super) fn complete(mut self, complete: &'static str) -> Self {
        self.complete = complete;
        self
    }

    pub(super) fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    pub(super) fn wrong(mut self, wrong: Option<String>) -> Self {
        self.wrong = wrong;
        self
    }

    pub(super) fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub(super) fn digits(mut self) -> Self {
        self.digits = true;
        self
    }
}
