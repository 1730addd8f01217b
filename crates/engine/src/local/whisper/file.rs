//! The model files of whisper.cpp: read far enough to know that one is whole, before C++ is let near it.
//!
//! Source: `models/convert-pt-to-ggml.py` and `whisper_model_load` of whisper.cpp. All numbers are little-endian: the magic number,
//! eleven of the model's shape, the mel filters, the vocabulary, then tensors to the end of the file. whisper.cpp itself takes a
//! file without tensors for a test, and one that was cut in its last tensor for whole.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

/// `ggml`, as the number that the file begins with.
pub const MAGIC: u32 = 0x6767_6d6c;

/// What the model is, as its file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    pub vocabulary: u32,
    pub audio_layers: u32,
    pub text_layers: u32,
    pub mels: u32,
    /// It knows other languages than English.
    pub multilingual: bool,
}

/// Reads the model in this file; a sentence where it is none, or not all of one.
pub fn check(path: &Path) -> Result<Model, String> {
    let name = path.display();
    let file = File::open(path).map_err(|why| match why.kind() {
        io::ErrorKind::NotFound => {
            format!("the model {name} is missing; fetch one: earpiece models pull whisper-base.en")
        }
        _ => format!("the model {name} cannot be read: {why}"),
    })?;
    let length = file.metadata().map_err(|why| format!("the model {name} cannot be read: {why}"))?.len();
    read(&mut BufReader::new(file), length)
        .map_err(|why| format!("{name} is no model of whisper.cpp's: {why}"))
}

/// Reads the model in these bytes, all `length` of them.
pub fn read(file: &mut (impl Read + Seek), length: u64) -> Result<Model, String> {
    let mut at = Reader { file, length, at: 0 };
    let magic = at.number()?;
    if magic != MAGIC {
        return Err(format!("{}; a file such as ggml-base.en.bin is wanted", other_format(magic)));
    }
    let mut shape = [0; 11];
    for number in &mut shape {
        *number = at.number()?;
    }
    let [
        vocabulary,
        audio_context,
        audio_state,
        audio_heads,
        audio_layers,
        text_context,
        text_state,
        text_heads,
        text_layers,
        mels,
        format,
    ] = shape;
    let fits = (51_864..=60_000).contains(&vocabulary)
        && (1..=1_500).contains(&audio_context)
        && (1..=448).contains(&text_context)
        && (1..=4_096).contains(&audio_state)
        && audio_state == text_state
        && divides(audio_heads, audio_state)
        && divides(text_heads, text_state)
        && (1..=64).contains(&audio_layers)
        && (1..=64).contains(&text_layers)
        && matches!(mels, 80 | 128)
        && matches!(format % 1_000, 0..=3 | 7..=14);
    if !fits {
        return Err("its shape is none that Whisper has".into());
    }
    let (filters, width) = (at.number()?, at.number()?);
    if filters != mels || width > 4_096 {
        return Err("its filters do not fit its shape".into());
    }
    at.skip(u64::from(filters) * u64::from(width) * 4)?;
    let words = at.number()?;
    if words > vocabulary {
        return Err("it has more words than its shape allows".into());
    }
    for _ in 0..words {
        let letters = at.number()?;
        if letters > 1_024 {
            return Err("it has a word that is none".into());
        }
        at.skip(u64::from(letters))?;
    }
    let mut tensors = 0;
    while !at.is_over() {
        at.tensor()?;
        tensors += 1;
    }
    let wanted = 10 + 15 * u64::from(audio_layers) + 24 * u64::from(text_layers) - 1;
    if tensors < wanted {
        return Err(format!("it is cut off: {tensors} of its {wanted} parts are there"));
    }
    Ok(Model { vocabulary, audio_layers, text_layers, mels, multilingual: vocabulary >= 51_865 })
}

fn divides(heads: u32, state: u32) -> bool {
    heads > 0 && state.is_multiple_of(heads)
}

fn other_format(magic: u32) -> &'static str {
    match &magic.to_le_bytes() {
        b"GGUF" => "it is a GGUF file, as llama.cpp has them",
        b"PK\x03\x04" => "it is an archive, such as PyTorch writes",
        b"<htm" | b"<!DO" | b"<!do" => "it is a web page; the download was refused",
        b"vers" => "it is the pointer of a large file that was not fetched",
        [b'{', ..] => "it is JSON",
        _ => "it begins otherwise",
    }
}

struct Reader<'a, R> {
    file: &'a mut R,
    length: u64,
    at: u64,
}

impl<R: Read + Seek> Reader<'_, R> {
    fn is_over(&self) -> bool {
        self.at >= self.length
    }

    fn number(&mut self) -> Result<u32, String> {
        let mut bytes = [0; 4];
        self.file.read_exact(&mut bytes).map_err(|_| cut_off())?;
        self.at += 4;
        Ok(u32::from_le_bytes(bytes))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        self.at = self.at.saturating_add(bytes);
        if self.at > self.length {
            return Err(cut_off());
        }
        self.file.seek(SeekFrom::Start(self.at)).map_err(|why| why.to_string())?;
        Ok(())
    }

    fn tensor(&mut self) -> Result<(), String> {
        let (dimensions, letters, kind) = (self.number()?, self.number()?, self.number()?);
        // How many numbers make a block, and how many bytes it has.
        let (numbers, bytes) = match kind {
            0 => (1, 4),
            1 => (1, 2),
            2 => (32, 18),
            3 => (32, 20),
            6 => (32, 22),
            7 => (32, 24),
            8 => (32, 34),
            10 => (256, 84),
            11 => (256, 110),
            12 => (256, 144),
            13 => (256, 176),
            14 => (256, 210),
            _ => return Err("a part of it has numbers of no known kind".into()),
        };
        if !(1..=4).contains(&dimensions) || letters > 256 {
            return Err("a part of it has no name or no shape".into());
        }
        let mut size: u64 = 1;
        for _ in 0..dimensions {
            size = size.saturating_mul(u64::from(self.number()?));
        }
        self.skip(u64::from(letters))?;
        self.skip((size / numbers).saturating_mul(bytes))
    }
}

fn cut_off() -> String {
    "it is cut off".into()
}
