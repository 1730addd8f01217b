//! The command's flags, made from the table of settings.

use super::schema;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::path::PathBuf;

/// What the command line says about settings. Flatten it into a command: `#[command(flatten)] flags: config::Flags`.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// Settings by key, as they were written.
    pub values: Vec<(&'static str, String)>,
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let command = command.arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .help("The settings file [default: ./earpiece.toml where there is one]")
                .help_heading("Settings"),
        );
        schema::settings().filter_map(|setting| Some((setting, setting.flag?))).fold(
            command,
            |command, (setting, flag)| {
                let first = setting.help.split_inclusive(". ").next().unwrap_or_default().trim();
                let help = format!("{first} [env: {}]", setting.env[0]);
                let argument = Arg::new(setting.key).long(flag).value_name("VALUE").help(help);
                command.arg(argument.help_heading("Settings"))
            },
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |name| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let values = schema::settings().filter(|setting| setting.flag.is_some());
        let values = values.filter_map(|setting| Some((setting.key, given(setting.key)?))).collect();
        Ok(Self { config: given("config").map(PathBuf::from), values })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
