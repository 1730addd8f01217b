//! A Whisper model that knows nothing: the right format and shape, tiny, with random weights.

use std::{fs, path::Path};

/// The shape: as small as the library takes it, English only.
const VOCABULARY: u32 = 51_864;
const AUDIO: u32 = 1_500;
const TEXT: u32 = 448;
const STATE: u32 = 64;
const LAYERS: u32 = 4;
const MELS: u32 = 80;

pub struct Model {
    bytes: Vec<u8>,
    random: fastrand::Rng,
}

impl Model {
    /// All of it.
    pub fn bytes() -> Vec<u8> {
        let mut model = Self { bytes: Vec::new(), random: fastrand::Rng::with_seed(7) };
        for number in [0x6767_6d6c, VOCABULARY, AUDIO, STATE, 1, LAYERS, TEXT, STATE, 1, LAYERS, MELS, 1] {
            model.number(number);
        }
        model.number(MELS);
        model.number(201);
        for _ in 0..MELS * 201 {
            let weight = model.random.f32() * 0.01;
            model.bytes.extend(weight.to_le_bytes());
        }
        // As in the real ones: the words, without those that only the library needs.
        model.number(50_257);
        for word in 0..50_257_u32 {
            // The library wants a blank to be a word.
            let word = if word == 0 { " ".to_owned() } else { format!(" w{word}") };
            model.number(word.len() as u32);
            model.bytes.extend(word.bytes());
        }
        model.tensors();
        model.bytes
    }

    pub fn write(path: &Path) {
        fs::write(path, Self::bytes()).expect("it is written");
    }

    fn number(&mut self, number: u32) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn tensors(&mut self) {
        let (wide, narrow) = (true, false);
        self.tensor("encoder.positional_embedding", &[STATE, AUDIO], wide);
        self.tensor("encoder.conv1.weight", &[3, MELS, STATE], narrow);
        self.tensor("encoder.conv1.bias", &[1, STATE], wide);
        self.tensor("encoder.conv2.weight", &[3, STATE, STATE], narrow);
        self.tensor("encoder.conv2.bias", &[1, STATE], wide);
        self.norm("encoder.ln_post");
        for layer in 0..LAYERS {
            let at = format!("encoder.blocks.{layer}");
            self.block(&at);
            self.attention(&format!("{at}.attn"));
        }
        self.tensor("decoder.positional_embedding", &[STATE, TEXT], wide);
        self.tensor("decoder.token_embedding.weight", &[STATE, VOCABULARY], narrow);
        self.norm("decoder.ln");
        for layer in 0..LAYERS {
            let at = format!("decoder.blocks.{layer}");
            self.block(&at);
            self.attention(&format!("{at}.attn"));
            self.attention(&format!("{at}.cross_attn"));
        }
    }

    fn block(&mut self, at: &str) {
        self.norm(&format!("{at}.mlp_ln"));
        self.tensor(&format!("{at}.mlp.0.weight"), &[STATE, 4 * STATE], false);
        self.tensor(&format!("{at}.mlp.0.bias"), &[4 * STATE], true);
        self.tensor(&format!("{at}.mlp.2.weight"), &[4 * STATE, STATE], false);
        self.tensor(&format!("{at}.mlp.2.bias"), &[STATE], true);
    }

    fn attention(&mut self, at: &str) {
        self.norm(&format!("{at}_ln"));
        for (part, biased) in [("query", true), ("key", false), ("value", true), ("out", true)] {
            self.tensor(&format!("{at}.{part}.weight"), &[STATE, STATE], false);
            if biased {
                self.tensor(&format!("{at}.{part}.bias"), &[STATE], true);
            }
        }
    }

    fn norm(&mut self, at: &str) {
        self.tensor(&format!("{at}.weight"), &[STATE], true);
        self.tensor(&format!("{at}.bias"), &[STATE], true);
    }

    /// `wide`: in 32 bits, or else in 16.
    fn tensor(&mut self, name: &str, shape: &[u32], wide: bool) {
        for number in [shape.len() as u32, name.len() as u32, u32::from(!wide)] {
            self.number(number);
        }
        for size in shape {
            self.number(*size);
        }
        self.bytes.extend(name.bytes());
        for _ in 0..shape.iter().product::<u32>() {
            if wide {
                let weight = self.random.f32() * 0.2 - 0.1;
                self.bytes.extend(weight.to_le_bytes());
            } else {
                // Between 2^-7 and 2^-5 of either sign, as halves are written.
                let half = self.random.u16(0x2000..0x2800) | (u16::from(self.random.bool()) << 15);
                self.bytes.extend(half.to_le_bytes());
            }
        }
    }
}
