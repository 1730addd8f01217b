//! Models that hear and voices that speak: which there are, where each comes from, and where it is kept.
//!
//! ```text
//!   catalogue.rs  names, sizes, checksums, addresses
//!   pull.rs       one file: fetched, gone on with where it broke off, verified
//! ```

mod catalogue;
mod pull;

pub use catalogue::{ADDRESS, CATALOGUE, File, Kind, Model};
pub use pull::{Progress, client, pull, sha256};

use crate::config::Data;
use std::path::{Path, PathBuf};

/// Where models are kept.
pub fn folder(data: &Data) -> PathBuf {
    data.models.join("models")
}

/// The model of this name, as `earpiece models list` shows it; a Whisper model also without its `whisper-`.
pub fn by_name(name: &str) -> Option<&'static Model> {
    CATALOGUE.iter().find(|model| model.name == name || model.name.strip_prefix("whisper-") == Some(name))
}

/// The file of a Whisper model: a path as it is, a name in this folder.
pub fn whisper(folder: &Path, name: &str) -> PathBuf {
    let path = Path::new(name);
    if name.contains('/') || path.extension().is_some_and(|end| end == "bin") {
        return path.to_owned();
    }
    folder.join(format!("ggml-{}.bin", name.strip_prefix("whisper-").unwrap_or(name)))
}

/// What is there of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    Nothing,
    /// Some of its files, or the beginning of one, in bytes.
    Part(u64),
    /// A file under its name that has another size than it should have.
    Other,
    Whole,
}

/// What is there of a model, by names and sizes.
pub fn kept(folder: &Path, model: &Model) -> Kept {
    let size = |path: PathBuf| path.metadata().map(|about| about.len()).ok();
    let (mut whole, mut other, mut bytes) = (true, false, 0);
    for file in model.files {
        let there = size(folder.join(file.name()));
        let fits = there.is_some_and(|there| file.bytes.is_none_or(|bytes| bytes == there));
        whole &= fits;
        other |= there.is_some() && !fits;
        bytes += there.unwrap_or(0) + size(folder.join(format!("{}.part", file.name()))).unwrap_or(0);
    }
    match (whole, bytes) {
        (true, _) => Kept::Whole,
        (false, _) if other => Kept::Other,
        (false, 0) => Kept::Nothing,
        (false, bytes) => Kept::Part(bytes),
    }
}

/// Whether every file of a model is what it should be; a sentence where one is not.
pub fn verify(folder: &Path, model: &Model) -> Result<(), String> {
    for file in model.files {
        let path = folder.join(file.name());
        let there = path.metadata().map_err(|_| format!("{} is missing", path.display()))?.len();
        if let Some(bytes) = file.bytes.filter(|bytes| *bytes != there) {
            return Err(format!("{} has {there} bytes and should have {bytes}", path.display()));
        }
        let sum = sha256(&path).map_err(|why| format!("{} cannot be read: {why}", path.display()))?;
        if sum != file.sha256 {
            return Err(format!(
                "{} is another file: its SHA-256 is {sum} and should be {}",
                path.display(),
                file.sha256
            ));
        }
        if model.kind == Kind::Whisper {
            engine::local::whisper::file::check(&path)?;
        }
    }
    Ok(())
}
