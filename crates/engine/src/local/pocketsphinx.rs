//! PocketSphinx, the embedded ear: its C library (0.8+5prealpha, as Debian packages it), opened at run time.
//!
//! Only a speech worker opens it. A later PocketSphinx (5.x) has another interface and another library name, and is
//! not looked for.
#![expect(unsafe_code, reason = "calls into a C library")]

use libloading::{Library, Symbol};
use std::{
    ffi::{CStr, CString, c_char, c_double, c_int, c_void},
    path::Path,
    ptr::null_mut,
};

/// What the owner has to do where the library or its model is missing.
pub const INSTALL: &str = "apt-get install libpocketsphinx3 pocketsphinx-en-us";

/// Where Debian keeps the model of American English.
pub const MODEL: &str = "/usr/share/pocketsphinx/model/en-us";

/// One path through the grammar or through the loop of phones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    pub text: String,
    /// Logarithm, to the base of the decoder.
    pub score: i32,
    pub segments: Vec<Segment>,
}

/// A word of a path, or a silence (`<sil>`), or a noise (`[NOISE]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub word: String,
    /// First and last frame of 10 ms.
    pub frames: (i32, i32),
    /// How well the sound fits, as a logarithm.
    pub acoustic: i32,
    pub language: i32,
}

/// A decoder with the model loaded: about 30 MiB.
pub struct Decoder {
    c: Functions,
    ps: *mut c_void,
    config: *mut c_void,
    grammar: String,
}

impl Decoder {
    /// Loads library and model.
    pub fn open(model: &Path) -> Result<Self, String> {
        let file = |name: &str| {
            let path = model.join(name);
            if path.exists() {
                return Ok(path.display().to_string());
            }
            Err(format!("PocketSphinx's model is missing ({}); install it: {INSTALL}", path.display()))
        };
        let (hmm, dict) = (file("en-us")?, file("cmudict-en-us.dict")?);
        let c = Functions::open()?;
        // Scores are relative to the best of the sounds that were computed; they are comparable if that is all of them.
        let words = ["earpiece", "-hmm", &hmm, "-dict", &dict, "-compallsen", "yes"].into_iter().chain(BEAMS);
        let words: Vec<CString> = words
            .map(|word| CString::new(word).expect("a path that exists and a setting have no NUL"))
            .collect();
        let mut arguments: Vec<Text> = words.iter().map(|word| word.as_ptr()).collect();
        // SAFETY: the signatures are those of err.h, cmd_ln.h and pocketsphinx.h; the words outlive the call, which
        // copies them.
        unsafe {
            (c.err_set_logfp)(null_mut());
            let config = (c.cmd_ln_parse_r)(
                null_mut(),
                (c.ps_args)(),
                c_int::try_from(arguments.len()).expect("a dozen"),
                arguments.as_mut_ptr(),
                1,
            );
            if config.is_null() {
                return Err("PocketSphinx refused its settings".into());
            }
            let ps = (c.ps_init)(config);
            if ps.is_null() {
                (c.cmd_ln_free_r)(config);
                return Err(format!("PocketSphinx could not load its model; install it anew: {INSTALL}"));
            }
            let mut decoder = Self { c, ps, config, grammar: String::new() };
            let set = decoder.c.cmd_ln_set_float_r;
            set(config, c"-lw".as_ptr(), LOOP_WEIGHT);
            decoder.loop_phones()?;
            set(config, c"-lw".as_ptr(), GRAMMAR_WEIGHT);
            set(config, c"-wip".as_ptr(), WORD_INSERTION);
            Ok(decoder)
        }
    }

    /// Whether the dictionary has this word.
    pub fn knows(&self, word: &str) -> bool {
        let Ok(word) = CString::new(word) else { return false };
        // SAFETY: returns a string that is ours to free, or NULL.
        unsafe {
            let phones = (self.c.ps_lookup_word)(self.ps, word.as_ptr());
            if phones.is_null() {
                return false;
            }
            (self.c.ckd_free)(phones.cast());
        }
        true
    }

    /// Follows the sound (16 kHz) through the grammar; the best paths, best first, at most `most`. All but the first come
    /// from the lattice of words, where not every row is a sentence of the grammar: `wanted` says which are.
    pub fn decode(
        &mut self,
        samples: &[i16],
        grammar: &str,
        most: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Route>, String> {
        if self.grammar != grammar {
            self.grammar.clear();
            self.set_grammar(GRAMMAR, grammar)?;
            grammar.clone_into(&mut self.grammar);
        }
        self.utterance(GRAMMAR, samples)?;
        // SAFETY: as in pocketsphinx.h: what these give is valid until the next utterance, and freed here: an iterator
        // frees itself when it comes to its end.
        unsafe {
            let Some(best) = self.best() else { return Ok(Vec::new()) };
            let mut paths = vec![best];
            let mut nbest = if most > 1 { (self.c.ps_nbest)(self.ps) } else { null_mut() };
            for _ in 0..LOOKED_AT {
                if nbest.is_null() {
                    break;
                }
                let mut score = 0;
                let text = text((self.c.ps_nbest_hyp)(nbest, &raw mut score));
                let new = !text.is_empty() && paths.iter().all(|p| p.text != text);
                if new && wanted(&text) {
                    let segments = self.segments((self.c.ps_nbest_seg)(nbest));
                    paths.push(Route { text, score, segments });
                }
                if paths.len() >= most {
                    break;
                }
                nbest = (self.c.ps_nbest_next)(nbest);
            }
            if !nbest.is_null() {
                (self.c.ps_nbest_free)(nbest);
            }
            Ok(paths)
        }
    }

    /// Follows the sound (16 kHz) through this very sentence; none where it does not fit at all.
    pub fn fit(&mut self, samples: &[i16], sentence: &str) -> Result<Option<Route>, String> {
        self.set_grammar(
            SENTENCE,
            &format!("#JSGF V1.0;\ngrammar sentence;\npublic <said> = {sentence};\n"),
        )?;
        self.utterance(SENTENCE, samples)?;
        // SAFETY: as in `decode`.
        Ok(unsafe { self.best() }.filter(|route| route.text == sentence))
    }

    /// Follows the sound (16 kHz) through all phones in any order: what fits it best at all.
    pub fn phones(&mut self, samples: &[i16]) -> Result<Option<Route>, String> {
        self.utterance(PHONES, samples)?;
        // SAFETY: as in `decode`.
        Ok(unsafe { self.best() })
    }

    /// Makes a grammar in which every phone is a word, and any row of them a sentence.
    fn loop_phones(&mut self) -> Result<(), String> {
        let mut words = Vec::new();
        for phone in MODEL_PHONES.split(' ') {
            let word = format!("phone_{}", phone.to_lowercase());
            let (w, p) = (CString::new(word.as_str()), CString::new(phone));
            let (Ok(w), Ok(p)) = (w, p) else { unreachable!("the phones are written below, without NUL") };
            // SAFETY: both strings outlive the call, which copies them.
            if unsafe { (self.c.ps_add_word)(self.ps, w.as_ptr(), p.as_ptr(), 0) } < 0 {
                return Err(format!("PocketSphinx's model has no phone {phone}; install it anew: {INSTALL}"));
            }
            words.push(word);
        }
        self.set_grammar(
            PHONES,
            &format!("#JSGF V1.0;\ngrammar phones;\npublic <row> = ({})+;\n", words.join(" | ")),
        )
    }

    fn set_grammar(&mut self, name: &CStr, grammar: &str) -> Result<(), String> {
        let text = CString::new(grammar).map_err(|_| "the grammar contains NUL".to_owned())?;
        // SAFETY: both strings outlive the call, which copies them.
        if unsafe { (self.c.ps_set_jsgf_string)(self.ps, name.as_ptr(), text.as_ptr()) } != 0 {
            return Err("PocketSphinx does not understand the grammar".into());
        }
        Ok(())
    }

    fn utterance(&mut self, search: &CStr, samples: &[i16]) -> Result<(), String> {
        // SAFETY: the decoder lives as long as `self`; the samples outlive the call.
        unsafe {
            // What is known of the noise is another caller's until a new stream begins.
            if (self.c.ps_set_search)(self.ps, search.as_ptr()) != 0
                || (self.c.ps_start_stream)(self.ps) != 0
                || (self.c.ps_start_utt)(self.ps) != 0
            {
                return Err("PocketSphinx does not begin".into());
            }
            let heard = (self.c.ps_process_raw)(self.ps, samples.as_ptr(), samples.len(), 0, 1);
            let ended = (self.c.ps_end_utt)(self.ps);
            if heard < 0 || ended != 0 {
                return Err("PocketSphinx does not take the sound".into());
            }
        }
        Ok(())
    }

    /// SAFETY: an utterance has ended.
    unsafe fn best(&self) -> Option<Route> {
        // SAFETY: as above.
        unsafe {
            let mut score = 0;
            let hypothesis = (self.c.ps_get_hyp)(self.ps, &raw mut score);
            if hypothesis.is_null() {
                return None;
            }
            let text = text(hypothesis);
            let segments = self.segments((self.c.ps_seg_iter)(self.ps));
            Some(Route { text, score, segments })
        }
    }

    /// SAFETY: an iterator over segments, or NULL, not used otherwise.
    unsafe fn segments(&self, mut at: *mut c_void) -> Vec<Segment> {
        let mut segments = Vec::new();
        while !at.is_null() {
            let (mut from, mut to, mut acoustic, mut language, mut back) = (0, 0, 0, 0, 0);
            // SAFETY: `at` is valid until `ps_seg_next` has been asked, which frees it at the end.
            unsafe {
                let word = text((self.c.ps_seg_word)(at));
                (self.c.ps_seg_frames)(at, &raw mut from, &raw mut to);
                (self.c.ps_seg_prob)(at, &raw mut acoustic, &raw mut language, &raw mut back);
                segments.push(Segment { word, frames: (from, to), acoustic, language });
                at = (self.c.ps_seg_next)(at);
            }
        }
        segments
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: both are ours, and freed once.
        unsafe {
            (self.c.ps_free)(self.ps);
            (self.c.cmd_ln_free_r)(self.config);
        }
    }
}

/// How much less likely than the best a path may be and still be followed. With the library's defaults (1e-48, 7e-29,
/// 1e-48) a sentence of twenty words is lost on the way to its end, and nothing is heard at all.
const BEAMS: [&str; 6] = ["-beam", "1e-60", "-wbeam", "1e-40", "-pbeam", "1e-60"];
/// Alternatives that are looked at before the search for more is given up.
const LOOKED_AT: usize = 60;

const GRAMMAR: &CStr = c"grammar";
const SENTENCE: &CStr = c"sentence";
const PHONES: &CStr = c"phones";

/// The phones of American English, as the model and its dictionary name them.
const MODEL_PHONES: &str = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V \
                            W Y Z ZH";
/// How much the grammar's own probabilities count beside the sound: the library's default for sentences, and hardly at
/// all in the loop of phones, which shall follow the sound.
const GRAMMAR_WEIGHT: f64 = 6.5;
const LOOP_WEIGHT: f64 = 1.0;
/// What each further word of a grammar costs, as a factor. The library's default of 0.65, made for a language's pairs
/// of words, hears an *eight* or an *at* in every breath; the loop of phones keeps it.
const WORD_INSERTION: f64 = 0.01;

/// SAFETY: a C string, or NULL.
unsafe fn text(string: *const c_char) -> String {
    if string.is_null() {
        return String::new();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned()
}

type Opaque = *mut c_void;
type Text = *const c_char;

macro_rules! functions {
    ($($file:literal as $library:ident { $($name:ident: fn($($argument:ty),*) $(-> $answer:ty)?;)* })*) => {
        /// The functions that are used, as the headers declare them.
        struct Functions {
            $($($name: unsafe extern "C" fn($($argument),*) $(-> $answer)?,)* $library: Library,)*
        }

        impl Functions {
            fn open() -> Result<Self, String> {
                $(let $library = library($file)?;)*
                // SAFETY: the types are those of the headers; the libraries are kept beside what points into them.
                unsafe { Ok(Self { $($($name: symbol(&$library, stringify!($name))?,)*)* $($library,)* }) }
            }
        }
    };
}

functions! {
    "libsphinxbase.so.3" as _sphinxbase {
        err_set_logfp: fn(Opaque);
        cmd_ln_parse_r: fn(Opaque, Opaque, c_int, *mut Text, c_int) -> Opaque;
        cmd_ln_free_r: fn(Opaque) -> c_int;
        cmd_ln_set_float_r: fn(Opaque, Text, c_double);
        ckd_free: fn(Opaque);
    }
    "libpocketsphinx.so.3" as _pocketsphinx {
        ps_args: fn() -> Opaque;
        ps_init: fn(Opaque) -> Opaque;
        ps_free: fn(Opaque) -> c_int;
        ps_lookup_word: fn(Opaque, Text) -> *mut c_char;
        ps_add_word: fn(Opaque, Text, Text, c_int) -> c_int;
        ps_set_jsgf_string: fn(Opaque, Text, Text) -> c_int;
        ps_set_search: fn(Opaque, Text) -> c_int;
        ps_start_stream: fn(Opaque) -> c_int;
        ps_start_utt: fn(Opaque) -> c_int;
        ps_process_raw: fn(Opaque, *const i16, usize, c_int, c_int) -> c_int;
        ps_end_utt: fn(Opaque) -> c_int;
        ps_get_hyp: fn(Opaque, *mut i32) -> Text;
        ps_seg_iter: fn(Opaque) -> Opaque;
        ps_seg_next: fn(Opaque) -> Opaque;
        ps_seg_word: fn(Opaque) -> Text;
        ps_seg_frames: fn(Opaque, *mut c_int, *mut c_int);
        ps_seg_prob: fn(Opaque, *mut i32, *mut i32, *mut i32) -> i32;
        ps_nbest: fn(Opaque) -> Opaque;
        ps_nbest_next: fn(Opaque) -> Opaque;
        ps_nbest_hyp: fn(Opaque, *mut i32) -> Text;
        ps_nbest_seg: fn(Opaque) -> Opaque;
        ps_nbest_free: fn(Opaque);
    }
}

fn library(name: &str) -> Result<Library, String> {
    // SAFETY: the library's initialisers are those of PocketSphinx: none.
    unsafe { Library::new(name) }
        .map_err(|why| format!("PocketSphinx is missing ({why}); install it: {INSTALL}"))
}

/// SAFETY: the caller wants the type that the symbol has in C.
unsafe fn symbol<T: Copy>(library: &Library, name: &str) -> Result<T, String> {
    // SAFETY: as above.
    let symbol: Symbol<T> = unsafe { library.get(name) }.map_err(|why| {
        format!("PocketSphinx is not the version that is known here, 0.8+5prealpha ({why}); {INSTALL}")
    })?;
    Ok(*symbol)
}
