//! Tests in a script's file: what runs them, and what they tell.

pub mod event;
