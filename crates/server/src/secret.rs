//! What must not be shown, and the key that this installation made for itself.

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;
use std::{
    fmt,
    fmt::Write as _,
    fs, io,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// A text that never appears in a log, an error or a page: printing it prints dots.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every use of this is a place where a secret leaves our hands.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// HMAC-SHA-256 of this text under this secret, to be taken or compared with.
    pub fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        mac
    }

    /// Another secret, made from this one for one purpose: it betrays neither this one nor any made for another.
    pub fn derived(&self, purpose: &str) -> Self {
        let bytes = self.mac(purpose).finalize().into_bytes();
        Self(bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(••••)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("••••")
    }
}

/// Bytes that nobody can guess.
#[expect(clippy::disallowed_methods, reason = "the shell's one source of secrets")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// The key in `folder/secret.key`; made there when there is none: 256 random bits in hex, readable by its owner
/// alone. Two processes that start at once get the same key. A file that others may read is an error, and so is one
/// that holds no key: whoever damaged it should know.
pub fn key_in(folder: &Path) -> io::Result<Secret> {
    let path = folder.join("secret.key");
    if !path.try_exists()? {
        make_key(folder, &path)?;
    }
    let mode = fs::metadata(&path)?.permissions().mode();
    if mode & 0o077 != 0 {
        let why = format!("{} can be read by others; run: chmod 600 {}", path.display(), path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    let text = fs::read_to_string(&path)?;
    let text = text.trim();
    if text.len() < 32 {
        let why = format!(
            "{} holds no key; restore it from a backup, or remove it to make a new one",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(Secret::new(text))
}

/// Written beside and then linked into place, so that nobody ever sees half a key or replaces another's.
fn make_key(folder: &Path, path: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".secret.key.{}.{}", std::process::id(), random_hex::<4>()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(format!("{}\n", random_hex::<32>()).as_bytes())?;
    file.sync_all()?;
    let linked = match fs::hard_link(&beside, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    fs::remove_file(&beside)?;
    linked
}

fn random_hex<const N: usize>() -> String {
    random::<N>().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret} {secret:?} {:?}", Some(&secret)).contains("hunter2"));
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_key_is_made_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("data");
        let key = key_in(&home).expect("a key");
        assert_eq!(key.expose().len(), 64);
        assert_eq!(key_in(&home).expect("the key").expose(), key.expose());
        let mode = fs::metadata(home.join("secret.key")).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&home).expect("the folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        key_in(folder.path()).expect("a key");
        let path = folder.path().join("secret.key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(key_in(folder.path()).expect_err("readable by all").to_string().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        fs::write(&path, "").expect("emptied");
        assert!(key_in(folder.path()).expect_err("empty").to_string().contains("holds no key"));
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> =
                (0..8).map(|_| scope.spawn(|| key_in(folder.path()).expect("a key"))).collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic").expose().to_owned()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
}
