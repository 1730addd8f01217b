//! Who thinks in the engine `local`.

use super::{Section, Setting};
use crate::config::Thinker;
use engine::local::llm::{
    chat,
    ollama::{self, Effort},
};

const THINKERS: [(&str, Thinker); 3] =
    [("desk", Thinker::Desk), ("ollama", Thinker::Ollama), ("openai", Thinker::OpenAi)];

const EFFORTS: [(&str, Effort); 4] =
    [("least", Effort::Least), ("low", Effort::Low), ("medium", Effort::Medium), ("high", Effort::High)];

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "think",
        about: "Who thinks in the engine `local`. Where they are down, the next engine of the list goes on, and the desk where none is left.",
        settings: &[
            Setting::new(
                "think.by",
                &["THINK"],
                "desk",
                "`desk` (no model: appointments and messages, in English), `ollama` (a language model that Ollama runs) or \
                 `openai` (OpenAI's, or any that is asked as OpenAI's chat completions are: llama.cpp, vLLM, Groq, …). A \
                 model needs an ear that takes down whatever is said, which PocketSphinx does not.",
                |c, v| v.choice(&THINKERS).map(|thinker| c.think.by = thinker),
            ),
            Setting::new(
                "think.model",
                &["THINK_MODEL"],
                chat::MODEL,
                "The model that thinks with `openai`. That of Ollama is OLLAMA_MODEL.",
                |c, v| v.text().map(|text| c.think.model = text),
            ),
            Setting::new(
                "think.url",
                &["THINK_URL"],
                "",
                "Where `openai` is asked, down to `/v1`. Where it is not set, OPENAI_BASE_URL with OPENAI_API_KEY.",
                |c, v| {
                    if v.text()?.is_empty() {
                        return Ok(());
                    }
                    v.near_url().map(|url| c.think.url = Some(url))
                },
            )
            .example("http://127.0.0.1:8080/v1"),
            Setting::new(
                "think.api_key",
                &["THINK_API_KEY"],
                "",
                "The key for THINK_URL, where it wants one.",
                |c, v| v.secret().map(|key| c.think.api_key = key),
            )
            .example("sk-0123456789abcdef")
            .secret(),
            Setting::new(
                "think.early",
                &["THINK_EARLY"],
                "yes",
                "`yes`: words are looked for, and a model begins to think, as soon as a caller seems to have finished, \
                 which makes answers earlier and costs what is thrown away when they had not.",
                |c, v| v.choice(&[("yes", true), ("no", false)]).map(|wanted| c.think.early = wanted),
            ),
        ],
    },
    Section {
        name: "ollama",
        about: "A language model on a machine of yours, for THINK=ollama.",
        settings: &[
            Setting::new("ollama.host", &["OLLAMA_HOST"], ollama::HOST, "Where Ollama is.", |c, v| {
                v.near_url().map(|url| c.ollama.host = url)
            }),
            Setting::new(
                "ollama.model",
                &["OLLAMA_MODEL"],
                ollama::MODEL,
                "The model that thinks. It should be able to use tools.",
                |c, v| v.text().map(|text| c.ollama.model = text),
            ),
            Setting::new(
                "ollama.effort",
                &["OLLAMA_THINK"],
                "least",
                "How long a model thinks before it speaks: `least` (not at all where it can do without), `low`, `medium` or \
                 `high`. What it thinks is never spoken.",
                |c, v| v.choice(&EFFORTS).map(|effort| c.ollama.effort = effort),
            ),
            Setting::new(
                "ollama.context",
                &["OLLAMA_CONTEXT"],
                "16384",
                "For how many tokens the model has room. More takes more memory; less, and a long call is forgotten.",
                |c, v| v.number(2_048..=1_048_576, "a number of tokens").map(|tokens| c.ollama.context = tokens),
            ),
        ],
    },
];
