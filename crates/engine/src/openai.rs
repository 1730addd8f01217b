//! OpenAI Realtime.
