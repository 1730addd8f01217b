//! The file that a call is recorded to: opened before the call, so that a place where nothing can be written is known in time.

use anyhow::Context;
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// A file to be written once. What is in it stays until then; one that is made for it and not written is gone again.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    file: File,
    /// It was not there before, and nothing is in it.
    blank: bool,
}

impl Record {
    /// The file at this place, which may be there already.
    pub fn at(path: &Path) -> anyhow::Result<Self> {
        let blank = !path.exists();
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path: path.to_owned(), file, blank })
    }

    /// Puts this into it, instead of what was there.
    pub fn write(mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.blank = false;
        let kept = self.file.metadata().and_then(|about| {
            if about.is_file() {
                self.file.set_len(0)?;
            }
            self.file.write_all(bytes)
        });
        kept.with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.blank {
            // An empty file that stays does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}
