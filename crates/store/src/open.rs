//! Finding the database that an address names, making it where it is missing, and bringing it up to date.

use crate::{Db, Store, StoreError};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection,
    error::DatabaseError,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

static MIGRATIONS: Migrator = sqlx::migrate!();

const READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 10;
/// There may be many houses at one server.
const CONNECTIONS_OF_A_HOUSE: u32 = 3;
/// A caller waits for what needs a connection, so this is short.
const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the database at `address`, creates it (SQLite: the file and its folders) and brings its tables up to date.
    ///
    /// Addresses: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite:path`, `sqlite::memory:` (one's own,
    /// gone when the store is), `postgres://…`, `postgresql://…`.
    pub async fn open(address: &str) -> Result<Store, StoreError> {
        match Address::read(address)? {
            Address::Memory => open_memory().await,
            Address::File(path) => open_file(&path).await,
            Address::Postgres => open_postgres(address, None).await,
        }
    }

    /// Opens a database beside the one at `address`, likewise, which shares nothing with it but the server: with SQLite
    /// this `file`; with Postgres a schema that is called after `name`, small letters and digits.
    pub async fn open_beside(address: &str, name: &str, file: &Path) -> Result<Store, StoreError> {
        match Address::read(address)? {
            Address::Memory => open_memory().await,
            Address::File(_) => open_file(file).await,
            Address::Postgres => open_postgres(address, Some(name)).await,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Address {
    Memory,
    File(PathBuf),
    Postgres,
}

impl Address {
    fn read(address: &str) -> Result<Address, StoreError> {
        let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "postgres" | "postgresql" => return Ok(Address::Postgres),
            "sqlite" => {}
            _ => {
                return Err(StoreError::Address(format!(
                    "DATABASE_URL begins with \"{}\", which is no database that is known here: use sqlite:///file.db \
                     (relative), sqlite:////folder/file.db (absolute), postgres://… or postgresql://…",
                    scheme.chars().take(20).collect::<String>(),
                )));
            }
        }
        let rest = &address["sqlite:".len()..];
        let path = rest.strip_prefix("///").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
        if path.contains('?') {
            return Err(StoreError::Address(format!(
                "DATABASE_URL {address}: an SQLite address takes no parameters; leave out everything from the ? on"
            )));
        }
        match path {
            "" | "/" => Err(StoreError::Address(format!(
                "DATABASE_URL {address} names no file: write sqlite:///earpiece.db"
            ))),
            ":memory:" => Ok(Address::Memory),
            path => Ok(Address::File(PathBuf::from(path))),
        }
    }
}

/// The log may grow to 80 MB before whoever writes has to move it into the database, which waits for the disk;
/// [`Store::tidy`] does that beside them, long before.
const CHECKPOINT_PAGES: &str = "20000";

async fn open_memory() -> Result<Store, StoreError> {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true).disable_statement_logging();
    // The database is its connection: closing that for its age or idleness would lose everything.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    migrate_sqlite(&pool).await.map_err(|error| outdated("in memory", &error))?;
    Ok(Store { db: Db::Sqlite { writer: pool.clone(), reader: pool } })
}

async fn open_file(path: &Path) -> Result<Store, StoreError> {
    let shown = path.display().to_string();
    create_private(path).map_err(|error| {
        StoreError::Unreachable(format!(
            "the database file {shown} cannot be created ({error}): choose another place with DATABASE_URL or DATA_DIR, \
             or let this user write there"
        ))
    })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        .disable_statement_logging();
    let unreachable = |error: sqlx::Error| {
        StoreError::Unreachable(format!(
            "the database file {shown} cannot be opened ({error}): see that it is an SQLite file, that this user may write \
             it and its folder, and that the disk is not full"
        ))
    };
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_with(options.clone().pragma("wal_autocheckpoint", CHECKPOINT_PAGES))
        .await
        .map_err(unreachable)?;
    migrate_sqlite(&writer).await.map_err(|error| outdated(&shown, &error))?;
    let reader = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(PATIENCE)
        .connect_with(options.pragma("query_only", "1"))
        .await
        .map_err(unreachable)?;
    Ok(Store { db: Db::Sqlite { writer, reader } })
}

/// What callers say is nobody else's business: a new file can be read by its owner alone. SQLite gives the files that
/// it puts beside it the same rights.
fn create_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// In one transaction that excludes every other program at the same file.
async fn migrate_sqlite(writer: &sqlx::SqlitePool) -> Result<(), MigrateError> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    MIGRATIONS.run_direct(None, &mut *tx, false).await?;
    tx.commit().await?;
    Ok(())
}

async fn open_postgres(address: &str, house: Option<&str>) -> Result<Store, StoreError> {
    let mut options: PgConnectOptions = address.parse().map_err(|error: sqlx::Error| {
        StoreError::Address(format!(
            "DATABASE_URL is no Postgres address ({error}): write postgres://user:password@host:5432/database"
        ))
    })?;
    let named = options.get_username() != "anonymous" || address.contains("anonymous");
    if let (false, Ok(user)) = (named, std::env::var("USER")) {
        options = options.username(&user);
    }
    let shown = format!(
        "{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_else(|| options.get_username()),
    );
    let options = options.application_name("earpiece").disable_statement_logging();
    let unreachable = |error: sqlx::Error| StoreError::Unreachable(unreachable_postgres(&shown, &error));
    // The pool would try again and again, and in the end say nothing but that it took too long.
    let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    let mut first = first.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(unreachable)?;
    let (options, connections) = match house {
        None => (options, POSTGRES_CONNECTIONS),
        Some(name) => {
            let schema = make_schema(&mut first, name).await?;
            (options.options([("search_path", schema)]), CONNECTIONS_OF_A_HOUSE)
        }
    };
    first.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(unreachable)?;
    MIGRATIONS.run(&pool).await.map_err(|error| outdated(&shown, &error))?;
    Ok(Store { db: Db::Postgres(pool) })
}

/// Makes the schema of the house of this name, where it is missing.
async fn make_schema(connection: &mut PgConnection, name: &str) -> Result<String, StoreError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !(1..=40).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(StoreError::Address(format!("{name:?} cannot be the name of a house")));
    }
    let schema = format!("house_{name}");
    let sql = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
    match sqlx::raw_sql(sql).execute(connection).await {
        Ok(_) => Ok(schema),
        // Another instance makes it at this moment: Postgres looks whether it is there, and stumbles all the same.
        Err(error) if error.as_database_error().is_some_and(DatabaseError::is_unique_violation) => Ok(schema),
        Err(error) => Err(error.into()),
    }
}

fn unreachable_postgres(shown: &str, error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(DatabaseError::code).unwrap_or_default();
    let advice = match &*code {
        "28P01" | "28000" => "see the user and the password in DATABASE_URL, and the server's pg_hba.conf",
        "3D000" => "create the database (createdb), or name another in DATABASE_URL",
        "53300" => "the server has no connection left: raise its max_connections or run fewer instances",
        _ => "see that the server runs and that host and port in DATABASE_URL are right",
    };
    format!("the Postgres database {shown} cannot be reached ({error}): {advice}")
}

fn outdated(shown: &str, error: &MigrateError) -> StoreError {
    let advice = match error {
        _ if is_full(error) => "the disk is full: free some space",
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
            "it was last used by a newer version of this program: run that one, or give this one another DATABASE_URL"
        }
        MigrateError::VersionMismatch(_) => {
            "it was made by a version of this program that was never released: give this one another DATABASE_URL"
        }
        _ => "see that this user may create tables there and that no other program keeps tables in it",
    };
    StoreError::Outdated(format!(
        "the tables of the database {shown} cannot be brought up to date ({error}): {advice}"
    ))
}

/// Whether there was no room: `SQLITE_FULL`, and `disk_full` of Postgres.
fn is_full(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code == "13" || code == "53100")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_is_told_as_what_it_is() {
        let one = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = one.connect_with(SqliteConnectOptions::new().in_memory(true)).await.expect("a database");
        sqlx::query("PRAGMA max_page_count = 8").execute(&pool).await.expect("there is little room");
        let error = migrate_sqlite(&pool).await.expect_err("there is no room");
        let told = outdated("here", &error).to_string();
        assert!(told.ends_with("the disk is full: free some space"), "{told}");
    }

    #[test]
    fn every_documented_address_is_understood() {
        for (address, path) in [
            ("sqlite:///relative.db", "relative.db"),
            ("sqlite:///folder/relative.db", "folder/relative.db"),
            ("sqlite:////absolute.db", "/absolute.db"),
            ("sqlite:path.db", "path.db"),
            ("sqlite:/absolute.db", "/absolute.db"),
            ("sqlite://path.db", "path.db"),
        ] {
            assert_eq!(Address::read(address).expect(address), Address::File(path.into()), "{address}");
        }
        assert_eq!(Address::read("sqlite::memory:").expect("memory"), Address::Memory);
        assert_eq!(Address::read("postgres://u:p@h/d").expect("postgres"), Address::Postgres);
        assert_eq!(Address::read("postgresql://h/d").expect("postgresql"), Address::Postgres);
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_what_to_write_and_without_its_password() {
        for address in
            ["", "mysql://u:secret@h/d", "file.db", "sqlite:", "sqlite:///", "sqlite:///a.db?mode=ro"]
        {
            let error = Address::read(address).expect_err(address).to_string();
            assert!(error.contains("sqlite:///") && !error.contains("secret"), "{address}: {error}");
        }
    }
}
