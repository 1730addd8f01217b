//! Flite, the embedded voice: its C library (2.2, as Debian packages it), opened at run time.
//!
//! Only a speech worker opens it: it is not thread-safe, and on some errors it leaves the process.
#![expect(unsafe_code, reason = "calls into a C library")]

use libloading::{Library, Symbol};
use std::{
    collections::BTreeMap,
    ffi::{CStr, CString, c_char, c_float, c_int, c_short, c_uint, c_void},
    ops::RangeInclusive,
    slice,
};

/// The voices of Debian's package, best first. `kal` is a telephone's 8 kHz by birth, the others 16 kHz.
pub const VOICES: [&str; 5] = ["slt", "rms", "awb", "kal16", "kal"];

/// What the owner has to do where the library is missing.
pub const INSTALL: &str = "apt-get install libflite1";

/// The longest text that is spoken in one go, in bytes.
pub const LONGEST_TEXT: usize = 1_000;

/// How much speech can be slowed down: 2 takes twice as long, 0.5 half as long.
pub const STRETCH: RangeInclusive<f32> = 0.5..=2.0;

/// The library, and the voices that were used so far.
pub struct Flite {
    // Voices point into their libraries, and those into the first one; none is ever unloaded before the process ends.
    voices: BTreeMap<String, Voice>,
    core: Library,
}

struct Voice {
    voice: *mut CVoice,
    _library: Library,
}

impl Flite {
    pub fn open() -> Result<Self, String> {
        let core = library("libflite.so.1")?;
        // SAFETY: `int flite_init(void)` in flite.h.
        unsafe {
            let init: Symbol<unsafe extern "C" fn() -> c_int> = symbol(&core, c"flite_init")?;
            init();
        }
        Ok(Self { voices: BTreeMap::new(), core })
    }

    /// Speaks; the samples and their rate. `stretch` above 1 is slower.
    pub fn speak(&mut self, text: &str, voice: &str, stretch: f32) -> Result<(Vec<i16>, u32), String> {
        if text.len() > LONGEST_TEXT {
            return Err(format!("a text of {} bytes is too long to be spoken in one go", text.len()));
        }
        if !STRETCH.contains(&stretch) {
            return Err(format!("speech cannot be stretched by {stretch}: from 0.5 to 2 it can"));
        }
        // Flite takes ASCII and Latin-1; other bytes it would read aloud or drop.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let text = CString::new(text).expect("NUL is a control character and was replaced");
        let voice = self.voice(voice)?;
        // SAFETY: the signatures are those of flite.h, cst_features.h and cst_wave.h. The voice lives as long as
        // `self`; the wave is ours until it is deleted, and is read only before that.
        unsafe {
            let set: Symbol<unsafe extern "C" fn(*mut c_void, *const c_char, c_float)> =
                symbol(&self.core, c"feat_set_float")?;
            let speak: Symbol<unsafe extern "C" fn(*const c_char, *mut CVoice) -> *mut CWave> =
                symbol(&self.core, c"flite_text_to_wave")?;
            let delete: Symbol<unsafe extern "C" fn(*mut CWave)> = symbol(&self.core, c"delete_wave")?;
            // Its breath is made of the C library's random numbers, which Flite's library brings along; with the same
            // ones every time, a sentence always sounds the same.
            let seed: Symbol<unsafe extern "C" fn(c_uint)> = symbol(&self.core, c"srand")?;
            seed(1);
            set((*voice).features, c"duration_stretch".as_ptr(), stretch);
            let wave = speak(text.as_ptr(), voice);
            if wave.is_null() {
                return Err("Flite gave no sound".into());
            }
            let samples = match usize::try_from((*wave).num_samples) {
                Ok(n) if n > 0 && !(*wave).samples.is_null() => {
                    slice::from_raw_parts((*wave).samples, n).to_vec()
                }
                _ => Vec::new(),
            };
            let (hertz, channels) = ((*wave).sample_rate, (*wave).num_channels);
            delete(wave);
            match u32::try_from(hertz) {
                Ok(hertz) if hertz > 0 && channels == 1 => Ok((samples, hertz)),
                _ => Err(format!("Flite gave {channels} channels of {hertz} Hz")),
            }
        }
    }

    fn voice(&mut self, name: &str) -> Result<*mut CVoice, String> {
        if let Some(voice) = self.voices.get(name) {
            return Ok(voice.voice);
        }
        if !VOICES.contains(&name) {
            return Err(format!("Flite has no voice {name:?}; it has {}", VOICES.join(", ")));
        }
        let library = library(&format!("libflite_cmu_us_{name}.so.1"))?;
        let register =
            CString::new(format!("register_cmu_us_{name}")).expect("the names of voices have no NUL");
        // SAFETY: `cst_voice *register_cmu_us_NAME(const char *voxdir)`, which may be NULL for a compiled-in voice.
        let voice = unsafe {
            let register: Symbol<unsafe extern "C" fn(*const c_char) -> *mut CVoice> =
                symbol(&library, &register)?;
            register(std::ptr::null())
        };
        if voice.is_null() {
            return Err(format!("Flite could not start its voice {name:?}"));
        }
        self.voices.insert(name.to_owned(), Voice { voice, _library: library });
        Ok(voice)
    }
}

/// `struct cst_voice_struct`, as far as it is used.
#[repr(C)]
struct CVoice {
    name: *const c_char,
    features: *mut c_void,
}

/// `struct cst_wave_struct`.
#[repr(C)]
struct CWave {
    kind: *const c_char,
    sample_rate: c_int,
    num_samples: c_int,
    num_channels: c_int,
    samples: *const c_short,
}

fn library(name: &str) -> Result<Library, String> {
    // SAFETY: the library's initialisers are those of Flite: none.
    unsafe { Library::new(name) }.map_err(|why| format!("Flite is missing ({why}); install it: {INSTALL}"))
}

/// SAFETY: the caller names the type that the symbol has in C.
unsafe fn symbol<'a, T>(library: &'a Library, name: &CStr) -> Result<Symbol<'a, T>, String> {
    // SAFETY: as above.
    unsafe { library.get(name.to_bytes_with_nul()) }
        .map_err(|why| format!("Flite is not the version that is known here, 2.2 ({why}); {INSTALL}"))
}
