//! The prompt on a real terminal: what is typed, and what stands on the screen then, as an emulator sees it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod jobs;
mod running;
mod screen;
mod transcripts;
mod windows;
