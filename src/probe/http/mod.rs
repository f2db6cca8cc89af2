//! HTTP/1.1, as far as a lab needs it: a client that shows what came back, and a server with fixed answers or a
//! directory. RFC 9110 (semantics), RFC 9112 (HTTP/1.1).

mod answer;
mod client;
mod directory;
mod message;
mod server;
mod url;

pub use answer::{Answer, Routes};
pub use client::{Options, Request, Response, request};
pub use server::{Served, Server, ServerOptions, serve};
pub use url::Url;

#[cfg(test)]
mod tests;
