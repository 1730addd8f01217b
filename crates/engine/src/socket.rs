//! One WebSocket speaking a dialect.
