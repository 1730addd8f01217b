//! Who agreed to what: the client, the codes, the tokens, and what each allows.

use super::{Consent, answer::Refusal, assertion::Accounts, method::Method, schema};
use crate::http::Request;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// The program that asks for consent, as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub secret: String,
    /// Where the consent page may send a browser back, to the letter.
    pub redirects: BTreeSet<String>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            id: "123-abc.apps.googleusercontent.com".into(),
            // What a form has to escape is in it.
            secret: "GOCSPX-s+e/c=r&t~1".into(),
            redirects: BTreeSet::from(["https://assist.example/api/settings/google-auth/callback".into()]),
        }
    }
}

/// What the token endpoint gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    /// Given only where it was asked for, and not again later.
    pub refresh: Option<String>,
    pub scopes: BTreeSet<String>,
    pub lifetime: Duration,
}

/// Who asks, as their token says.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub account: String,
    /// It speaks for nobody but itself.
    pub is_service_account: bool,
}

#[derive(Debug)]
pub(super) struct Grants {
    pub client: Client,
    pub consent: Consent,
    pub accounts: Accounts,
    pub codes: BTreeMap<String, Code>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    /// What each account has agreed to so far.
    agreed: BTreeMap<String, BTreeSet<String>>,
    minted: u64,
    /// Makes tokens of two services differ.
    mark: u16,
}

/// A code on its way from the consent page to the token endpoint.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub redirect: String,
    pub challenge: String,
    pub scopes: BTreeSet<String>,
    pub account: String,
    pub gives_refresh: bool,
    pub expires: Timestamp,
}

#[derive(Clone, Debug)]
struct Access {
    who: Who,
    scopes: BTreeSet<String>,
    expires: Timestamp,
    /// The refresh token that it came with or from.
    refresh: Option<String>,
}

#[derive(Clone, Debug)]
struct Refresh {
    account: String,
    scopes: BTreeSet<String>,
}

impl Grants {
    pub fn new(client: Client, mark: u16) -> Self {
        Self {
            client,
            consent: Consent::Agree,
            accounts: Accounts::default(),
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            agreed: BTreeMap::new(),
            minted: 0,
            mark,
        }
    }

    /// Whoever has a token that allows this method.
    pub fn admit(&self, method: Method, request: &Request, now: Timestamp) -> Result<Who, Refusal> {
        let Some(header) = request.header("authorization") else {
            return Err(Refusal::new(401, "required", "Login Required.").at("header", "Authorization"));
        };
        let token = header.strip_prefix("Bearer ").and_then(|token| self.access.get(token));
        let Some(token) = token.filter(|token| now < token.expires) else {
            return Err(Refusal::new(401, "authError", "Invalid Credentials").at("header", "Authorization"));
        };
        let enough =
            schema::of(method)["scopes"].as_array().expect("the fixture names the scopes of each method");
        if !enough.iter().any(|scope| scope.as_str().is_some_and(|scope| token.scopes.contains(scope))) {
            let message = "Request had insufficient authentication scopes.";
            let refusal = Refusal::new(403, "insufficientPermissions", message);
            return Err(Refusal { scope_of: Some(method.id()), ..refusal });
        }
        Ok(token.who.clone())
    }

    /// The account agrees: tokens, a refresh token among them.
    pub fn agree(
        &mut self,
        account: &str,
        scopes: BTreeSet<String>,
        now: Timestamp,
        lifetime: Duration,
    ) -> Tokens {
        self.agreed.entry(account.to_owned()).or_default().extend(scopes.iter().cloned());
        let refresh = self.mint_refresh(account, &scopes);
        let who = Who { account: account.to_owned(), is_service_account: false };
        let access = self.mint_access(who, &scopes, now, lifetime, Some(&refresh));
        Tokens { access, refresh: Some(refresh), scopes, lifetime }
    }

    /// What the account has agreed to before.
    pub fn agreed(&self, account: &str) -> Option<&BTreeSet<String>> {
        self.agreed.get(account)
    }

    pub fn mint_code(&mut self, code: Code) -> String {
        self.agreed.entry(code.account.clone()).or_default().extend(code.scopes.iter().cloned());
        // The slash is what a redirect has to escape.
        let text = format!("4/0A{}", self.mint());
        self.codes.insert(text.clone(), code);
        text
    }

    /// Redeems a code's consent.
    pub fn redeem(&mut self, code: Code, now: Timestamp, lifetime: Duration) -> Tokens {
        if code.gives_refresh {
            return self.agree(&code.account, code.scopes, now, lifetime);
        }
        let who = Who { account: code.account, is_service_account: false };
        let access = self.mint_access(who, &code.scopes, now, lifetime, None);
        Tokens { access, refresh: None, scopes: code.scopes, lifetime }
    }

    /// Tokens for a refresh token, with fewer scopes where fewer are asked for; none where the token is dead.
    pub fn refresh(
        &mut self,
        token: &str,
        fewer: Option<BTreeSet<String>>,
        now: Timestamp,
        lifetime: Duration,
        anew: bool,
    ) -> Result<Tokens, &'static str> {
        let Some(known) = self.refresh.get(token).cloned() else { return Err("invalid_grant") };
        if fewer.as_ref().is_some_and(|fewer| !fewer.is_subset(&known.scopes)) {
            return Err("invalid_scope");
        }
        let scopes = fewer.unwrap_or_else(|| known.scopes.clone());
        let mut refresh = token.to_owned();
        if anew {
            self.refresh.remove(token);
            refresh = self.mint_refresh(&known.account, &known.scopes);
        }
        let who = Who { account: known.account, is_service_account: false };
        let access = self.mint_access(who, &scopes, now, lifetime, Some(&refresh));
        Ok(Tokens { access, refresh: anew.then_some(refresh), scopes, lifetime })
    }

    /// A token for who showed a good assertion.
    pub fn trust(
        &mut self,
        who: Who,
        scopes: BTreeSet<String>,
        now: Timestamp,
        lifetime: Duration,
    ) -> Tokens {
        let access = self.mint_access(who, &scopes, now, lifetime, None);
        Tokens { access, refresh: None, scopes, lifetime }
    }

    /// Takes back the consent that a token, of either kind, stands for; false where it stands for none.
    pub fn revoke(&mut self, token: &str) -> bool {
        let refresh = match self.access.remove(token) {
            Some(access) => access.refresh,
            None if self.refresh.contains_key(token) => Some(token.to_owned()),
            None => return false,
        };
        if let Some(refresh) = refresh {
            if let Some(known) = self.refresh.remove(&refresh) {
                self.agreed.remove(&known.account);
            }
            self.access.retain(|_, access| access.refresh.as_ref() != Some(&refresh));
        }
        true
    }

    pub fn revoke_all(&mut self) {
        self.codes.clear();
        self.access.clear();
        self.refresh.clear();
        self.agreed.clear();
    }

    pub fn expire(&mut self) {
        for access in self.access.values_mut() {
            access.expires = Timestamp::UNIX_EPOCH;
        }
    }

    fn mint_access(
        &mut self,
        who: Who,
        scopes: &BTreeSet<String>,
        now: Timestamp,
        lifetime: Duration,
        refresh: Option<&str>,
    ) -> String {
        let token = format!("ya29.a0{}_{}", self.mint(), "x".repeat(40));
        let expires = now + SignedDuration::try_from(lifetime).expect("a token's life is short");
        let access = Access { who, scopes: scopes.clone(), expires, refresh: refresh.map(str::to_owned) };
        self.access.insert(token.clone(), access);
        token
    }

    fn mint_refresh(&mut self, account: &str, scopes: &BTreeSet<String>) -> String {
        let token = format!("1//0{}", self.mint());
        self.refresh.insert(token.clone(), Refresh { account: account.to_owned(), scopes: scopes.clone() });
        token
    }

    fn mint(&mut self) -> String {
        self.minted += 1;
        format!("{}-{}", self.mark, self.minted)
    }
}
