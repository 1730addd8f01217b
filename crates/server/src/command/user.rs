//! `earpiece user`: who may log in, for whoever can reach the database.

use super::output;
use crate::{
    accounts,
    audit::{self, Deed},
    clock,
    config::{Config, Flags},
    guard::password,
    pages::welcome,
};
use clap::{Subcommand, ValueEnum};
use serde_json::json;
use std::{io::Read, process::ExitCode};
use store::{Changed, Role, Store, UserRow};

/// As many bytes of a password as are read.
const MOST_READ: u64 = 4_096;

/// Make, list and change those who may log in.
#[derive(clap::Args)]
#[command(
    after_help = "A password is read from standard input, one line, never from the command line.\n\nExamples:\n  \
echo \"$PASSWORD\" | earpiece user add anna@example.org --name Anna --role owner\n  earpiece user list --json\n  \
earpiece user link anna@example.org\n  earpiece user role anna@example.org member"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make a user, with the password on standard input.
    Add {
        /// The e-mail address.
        email: String,
        /// What they are called; the address without its end where it is not given.
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_enum, default_value = "member")]
        role: WhichRole,
        /// Read no password: print a link that lets them in once instead.
        #[arg(long)]
        link: bool,
        #[command(flatten)]
        common: Common,
    },
    /// List all users.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Set a user's password to the one on standard input, and log them out everywhere.
    Password {
        #[command(flatten)]
        whom: Whom,
        /// Turn their second factor off, too.
        #[arg(long)]
        no_factor: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Print a link that lets a user in once, within a day, without password and second factor.
    Link {
        /// The user's address or id; without one, the owner or, where there is none, whoever becomes it.
        user: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Change what a user may do.
    Role {
        #[command(flatten)]
        whom: Whom,
        #[arg(value_enum)]
        role: WhichRole,
        #[command(flatten)]
        common: Common,
    },
    /// Let a user log in no longer, or again.
    Disable {
        #[command(flatten)]
        whom: Whom,
        /// Let them in again.
        #[arg(long)]
        undo: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Remove a user for good.
    Remove {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(clap::Args)]
struct Whom {
    /// The user's address or id.
    user: String,
}

#[derive(clap::Args)]
struct Common {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Clone, Copy, ValueEnum)]
enum WhichRole {
    /// Manages the installation's users, too.
    Owner,
    Member,
}

impl From<WhichRole> for Role {
    fn from(role: WhichRole) -> Self {
        match role {
            WhichRole::Owner => Role::Owner,
            WhichRole::Member => Role::Member,
        }
    }
}

/// Does it. The server may run meanwhile.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (What::Add { common, .. }
    | What::List { common }
    | What::Password { common, .. }
    | What::Link { common, .. }
    | What::Role { common, .. }
    | What::Disable { common, .. }
    | What::Remove { common, .. }) = &args.what;
    let (config, _) = Config::load_from_process(&common.flags)?;
    let store = Store::open(config.data.database_url.expose()).await?;
    let done = done(&config, &store, &args.what).await;
    store.close().await;
    match done? {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(why) => {
            if common.json {
                output::line(json!({"ok": false, "message": why}));
            } else {
                eprintln!("earpiece: {why}");
            }
            Ok(ExitCode::FAILURE)
        }
    }
}

/// `earpiece link`: prints a link that lets the owner in or, where there is none, whoever becomes it.
pub async fn link_to_owner(flags: Flags) -> anyhow::Result<ExitCode> {
    run(Args { what: What::Link { user: None, common: Common { json: false, flags } } }).await
}

type Done = Result<(), String>;

async fn done(config: &Config, store: &Store, what: &What) -> anyhow::Result<Done> {
    match what {
        What::Add { email, name, role, link, common } => {
            add(config, store, (email, name.as_deref(), (*role).into()), *link, common.json).await
        }
        What::List { common } => {
            for user in store.users().await? {
                say(common.json, &user, store.has_factor(&user.id).await?);
            }
            Ok(Ok(()))
        }
        What::Password { whom, no_factor, common } => {
            let Some(user) = found(store, &whom.user).await? else { return Ok(Err(nobody(&whom.user))) };
            let password = match typed(&[user.email.as_deref().unwrap_or_default(), &user.name])? {
                Ok(password) => password,
                Err(why) => return Ok(Err(why)),
            };
            store.password_set(&user.id, &password::hashed(&password).await, clock::now_ms()).await?;
            store.sessions_ended(&user.id, "").await?;
            audited(store, Deed::PasswordSet, &user).await?;
            if *no_factor && store.factor_removed(&user.id).await? {
                audited(store, Deed::FactorOff, &user).await?;
            }
            finished(store, &user.id, common.json).await
        }
        What::Link { user, common } => {
            let user = match user {
                None => None,
                Some(whom) => match found(store, whom).await? {
                    None => return Ok(Err(nobody(whom))),
                    Some(user) if user.disabled_ms.is_some() => {
                        return Ok(Err(format!(
                            "{whom} is disabled; earpiece user disable {whom} --undo lets them in"
                        )));
                    }
                    found => found,
                },
            };
            link(config, store, user.as_ref(), common.json).await
        }
        What::Role { whom, role, common } => {
            let Some(user) = found(store, &whom.user).await? else { return Ok(Err(nobody(&whom.user))) };
            let changed = store.user_role_set(&user.id, (*role).into()).await?;
            changed_to(store, &user, changed, Deed::RoleChanged, common.json).await
        }
        What::Disable { whom, undo, common } => {
            let Some(user) = found(store, &whom.user).await? else { return Ok(Err(nobody(&whom.user))) };
            let since_ms = (!undo).then(clock::now_ms);
            let deed = if *undo { Deed::UserEnabled } else { Deed::UserDisabled };
            let changed = store.user_disabled(&user.id, since_ms).await?;
            changed_to(store, &user, changed, deed, common.json).await
        }
        What::Remove { whom, common } => {
            let Some(user) = found(store, &whom.user).await? else { return Ok(Err(nobody(&whom.user))) };
            let changed = store.user_removed(&user.id).await?;
            changed_to(store, &user, changed, Deed::UserRemoved, common.json).await
        }
    }
}

async fn add(
    config: &Config,
    store: &Store,
    (email, name, role): (&str, Option<&str>, Role),
    by_link: bool,
    json: bool,
) -> anyhow::Result<Done> {
    let email = match accounts::address(email) {
        Ok(email) => email,
        Err(why) => return Ok(Err(why)),
    };
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or(&email));
    let name = match accounts::name(name) {
        Ok(name) => name,
        Err(why) => return Ok(Err(format!("--name: {why}"))),
    };
    let taken = || Ok(Err(format!("{email} is a user's address already")));
    if store.user_by_email(&email).await?.is_some() {
        return taken();
    }
    let now_ms = clock::now_ms();
    if by_link {
        let user = store.create_user(Some(&email), &name, role.name(), now_ms).await?;
        audited(store, Deed::UserAdded, &user).await?;
        return link(config, store, Some(&user), json).await;
    }
    let password = match typed(&[&email, &name])? {
        Ok(password) => password,
        Err(why) => return Ok(Err(why)),
    };
    match accounts::add(store, (&email, &name, role), &password, now_ms).await? {
        Some(user) => {
            audited(store, Deed::UserAdded, &user).await?;
            finished(store, &user.id, json).await
        }
        None => taken(),
    }
}

async fn link(config: &Config, store: &Store, user: Option<&UserRow>, json: bool) -> anyhow::Result<Done> {
    let secret = welcome::link_for(store, user.map(|user| &*user.id), clock::now_ms()).await?;
    let link = format!("{}/welcome/{secret}", accounts::base(config));
    let about = user.map_or("the owner", |user| user.email.as_deref().unwrap_or(&user.name));
    audit::at_terminal(store, Deed::LinkMade, about).await?;
    if json {
        output::line(json!({"ok": true, "id": user.map(|user| &user.id), "link": link}));
    } else {
        output::line(&link);
        let who = user.map_or("the owner", |user| &user.name);
        eprintln!("It works once, within the next day, and lets in whoever opens it as {who}.");
    }
    Ok(Ok(()))
}

async fn changed_to(
    store: &Store,
    user: &UserRow,
    changed: Changed,
    deed: Deed,
    json: bool,
) -> anyhow::Result<Done> {
    match changed {
        Changed::Done => {
            audited(store, deed, user).await?;
            finished(store, &user.id, json).await
        }
        Changed::Nobody => Ok(Err(nobody(&user.id))),
        Changed::LastOwner => {
            Ok(Err("this is the last owner who can log in: make another user an owner first".into()))
        }
        Changed::LivesHere => Ok(Err(accounts::LIVES_HERE.into())),
    }
}

/// Says how a user is now; one who is gone is not.
async fn finished(store: &Store, id: &str, json: bool) -> anyhow::Result<Done> {
    match store.user(id).await? {
        Some(user) => {
            say(json, &user, store.has_factor(id).await?);
        }
        None if json => output::line(json!({"ok": true, "id": id})),
        None => {}
    }
    Ok(Ok(()))
}

fn say(json: bool, user: &UserRow, factor: bool) {
    let UserRow { id, email, name, role, created_ms, disabled_ms } = user;
    if json {
        let told = json!({
            "id": id, "email": email, "name": name, "role": role, "created_ms": created_ms, "disabled_ms": disabled_ms,
            "second_factor": factor,
        });
        output::line(&told);
    } else {
        let disabled = if disabled_ms.is_some() { "  disabled" } else { "" };
        output::line(format_args!("{id}  {role}  {}  {name}{disabled}", email.as_deref().unwrap_or("-")));
    }
}

async fn found(store: &Store, whom: &str) -> anyhow::Result<Option<UserRow>> {
    Ok(match store.user(whom).await? {
        Some(user) => Some(user),
        None => store.user_by_email(whom).await?,
    })
}

fn nobody(whom: &str) -> String {
    format!("there is no user {whom}; earpiece user list names those there are")
}

/// The password on standard input, without the end of its line.
fn typed(about: &[&str]) -> anyhow::Result<Result<String, String>> {
    let mut text = String::new();
    std::io::stdin().take(MOST_READ).read_to_string(&mut text)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Ok(Err("give the password on standard input".into()));
    }
    Ok(password::weakness(password, about).map_or_else(|| Ok(password.to_owned()), Err))
}

async fn audited(store: &Store, deed: Deed, user: &UserRow) -> anyhow::Result<()> {
    let about = user.email.as_deref().unwrap_or(&user.name);
    Ok(audit::at_terminal(store, deed, about).await?)
}
