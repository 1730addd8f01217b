//! The models that are known here: only such whose checksum is.
//!
//! Sources: `models/README.md` of whisper.cpp and the listings of its files, `VOICES.md` of Piper and those of its voices; what
//! could not be read there is as several programs have it that pin the same files.

/// Where all of them are, unless a mirror is named.
pub const ADDRESS: &str = "https://huggingface.co";

/// A model by the name it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    pub name: &'static str,
    pub kind: Kind,
    pub about: &'static str,
    pub files: &'static [File],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Hears.
    Whisper,
    /// Speaks.
    Piper,
}

/// One file of a model.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Below [`ADDRESS`].
    pub path: &'static str,
    /// None: its size is not known beforehand; small.
    pub bytes: Option<u64>,
    /// In lower-case hexadecimal digits.
    pub sha256: &'static str,
}

impl File {
    /// What it is called where it is kept.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
    }
}

impl Model {
    /// The size of all of it, as far as it is known.
    pub fn bytes(&self) -> u64 {
        self.files.iter().filter_map(|file| file.bytes).sum()
    }
}

macro_rules! whisper {
    ($name:literal, $bytes:literal, $sha256:literal, $about:literal) => {
        Model {
            name: concat!("whisper-", $name),
            kind: Kind::Whisper,
            about: $about,
            files: &[File {
                path: concat!("ggerganov/whisper.cpp/resolve/main/ggml-", $name, ".bin"),
                bytes: Some($bytes),
                sha256: $sha256,
            }],
        }
    };
}

macro_rules! piper {
    ($name:literal, $folder:literal, $bytes:expr, $sha256:literal, $settings:literal, $about:literal) => {
        Model {
            name: $name,
            kind: Kind::Piper,
            about: $about,
            files: &[
                File { path: piper!($folder, $name, ".onnx"), bytes: $bytes, sha256: $sha256 },
                File { path: piper!($folder, $name, ".onnx.json"), bytes: None, sha256: $settings },
            ],
        }
    };
    ($folder:literal, $name:literal, $end:literal) => {
        concat!(
            "rhasspy/piper-voices/resolve/39ab474be869e9181350af6a65e4953eef67aaa0/",
            $folder,
            "/",
            $name,
            $end
        )
    };
}

/// All of them; each kind from the smallest on.
pub const CATALOGUE: &[Model] = &[
    whisper!(
        "tiny.en",
        77_704_715,
        "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f",
        "English; quick, and often wrong"
    ),
    whisper!(
        "tiny",
        77_691_713,
        "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21",
        "any language; quick, and often wrong"
    ),
    whisper!(
        "base.en",
        147_964_211,
        "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002",
        "English; the default"
    ),
    whisper!(
        "base",
        147_951_465,
        "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe",
        "any language; the default for others than English"
    ),
    whisper!(
        "small.en",
        487_614_201,
        "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d",
        "English; good, on a fast machine"
    ),
    whisper!(
        "small",
        487_601_967,
        "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b",
        "any language; good, on a fast machine"
    ),
    whisper!(
        "large-v3-turbo-q5_0",
        574_041_195,
        "394221709cd5ad1f40c46e6031ca61bce88931e6e088c188294c6d5a55ffa7e2",
        "any language; very good, for a graphics card"
    ),
    whisper!(
        "medium.en",
        1_533_774_781,
        "cc37e93478338ec7700281a7ac30a10128929eb8f427dda2e865faa8f6da4356",
        "English; better, for a graphics card"
    ),
    whisper!(
        "medium",
        1_533_763_059,
        "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208",
        "any language; better, for a graphics card"
    ),
    piper!(
        "en_US-lessac-medium",
        "en/en_US/lessac/medium",
        Some(63_201_294),
        "5efe09e69902187827af646e1a6e9d269dee769f9877d17b16b1b46eeaaf019f",
        "efe19c417bed055f2d69908248c6ba650fa135bc868b0e6abb3da181dab690a0",
        "US English, a woman; the default"
    ),
    piper!(
        "en_US-amy-medium",
        "en/en_US/amy/medium",
        Some(63_201_294),
        "b3a6e47b57b8c7fbe6a0ce2518161a50f59a9cdd8a50835c02cb02bdd6206c18",
        "95a23eb4d42909d38df73bb9ac7f45f597dbfcde2d1bf9526fdeaf5466977d77",
        "US English, a woman"
    ),
    piper!(
        "en_GB-alba-medium",
        "en/en_GB/alba/medium",
        Some(63_201_294),
        "401369c4a81d09fdd86c32c5c864440811dbdcc66466cde2d64f7133a66ad03b",
        "aa965a2f02ecced632c2694e1fc72bbff6d65f265fab567ca945918c73dd89f4",
        "Scottish English, a woman"
    ),
    piper!(
        "de_DE-thorsten-medium",
        "de/de_DE/thorsten/medium",
        Some(63_201_294),
        "7e64762d8e5118bb578f2eea6207e1a35a8e0c30595010b666f983fc87bb7819",
        "974adee790533adb273a1ac88f49027d2a1b8f0f2cf4905954a4791e79264e85",
        "German, a man"
    ),
    piper!(
        "fr_FR-siwis-medium",
        "fr/fr_FR/siwis/medium",
        Some(63_201_294),
        "641d1ab097da2b81128c076810edb052b385decc8be3381814802a64a73baf99",
        "39479916c2db192b5ac9764daddd0c744d83e023ad890c6976c0633ae4df8959",
        "French, a woman"
    ),
    piper!(
        "es_ES-davefx-medium",
        "es/es_ES/davefx/medium",
        Some(63_201_294),
        "6658b03b1a6c316ee4c265a9896abc1393353c2d9e1bca7d66c2c442e222a917",
        "0e0dda87c732f6f38771ff274a6380d9252f327dca77aa2963d5fbdf9ec54842",
        "Spanish, a man"
    ),
    piper!(
        "it_IT-paola-medium",
        "it/it_IT/paola/medium",
        Some(63_511_038),
        "6fc918b5a0ea6137382833dddfa567bffbe6a5060c02043c87192ee59c04210c",
        "aea19c0a7fce29fbc359b93f10e7902854401e4c95ae2ea328ae516b15d296cf",
        "Italian, a woman"
    ),
    piper!(
        "pt_BR-faber-medium",
        "pt/pt_BR/faber/medium",
        Some(63_201_294),
        "858555e3a064209c57088fe6bd70c4c3dc54d03eaa00c45d5ecaf43a33f95aa7",
        "7e694de195ae3fc36dd732c445eb04fb49b649854893cb5506b978f0d50a1d6f",
        "Brazilian Portuguese, a man"
    ),
    piper!(
        "nl_NL-pim-medium",
        "nl/nl_NL/pim/medium",
        Some(63_516_050),
        "403e58c3675c394f505c2428117bf34cc56e9542dcf6eadbdd3a84706c12e048",
        "08b58456ca00cf77123826b1712758f99d5fd19ddfb7ec7da8e1a715b047f642",
        "Dutch, a man"
    ),
    piper!(
        "pl_PL-gosia-medium",
        "pl/pl_PL/gosia/medium",
        Some(63_201_294),
        "38f66464240ed74f186e6b7dc13c6e3b22e023426299f25c2b3cc9dfa9373fbc",
        "1aefb31a9d53ffe44a8163ff73ec833acb7a6253848f6bb0403d8a66f9c7510d",
        "Polish, a woman"
    ),
    piper!(
        "sv_SE-nst-medium",
        "sv/sv_SE/nst/medium",
        Some(63_104_526),
        "df011f56825a59dd1efc080c38a65a1ef70407e60f63050e9246f43a3d7e471e",
        "d45dd74cbb4eca58694bf04a97e243044092476f28a55ae26424f0653086980a",
        "Swedish"
    ),
];
