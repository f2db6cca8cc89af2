//! Traffic: what sends, answers, and watches packets. No Lua here.

pub mod capture;
