//! Writes packets to files while they come, to one or to a ring of several.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::packet::Packet;
use super::pcap::Writer;
use crate::base::error::{Error, Kind, Result};

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub path: PathBuf,
    /// Begin another file before one is longer; they have numbers: `x-1.pcapng`, `x-2.pcapng`.
    pub size: Option<u64>,
    /// How many of those to keep, the last ones.
    pub files: Option<u64>,
}

pub(super) struct Files {
    destination: Destination,
    number: u64,
    file: BufWriter<File>,
    writer: Writer,
    written: u64,
    /// What went wrong; then nothing more is written.
    failed: Option<Error>,
}

impl Files {
    /// Creates the first one.
    pub fn create(destination: Destination) -> Result<Self> {
        if destination.path.extension().is_none_or(|ending| ending != "pcapng") {
            return Err(Error::argument(format!(
                "the file's ending must be .pcapng, got {:?}",
                destination.path.display().to_string()
            )));
        }
        let file = create(&named(&destination, 1))?;
        let mut files =
            Files { destination, number: 1, file, writer: Writer::default(), written: 0, failed: None };
        files.put(None)?;
        files.flush();
        files.outcome()?;
        Ok(files)
    }

    pub fn write(&mut self, packets: &[Arc<Packet>]) {
        for packet in packets {
            if self.failed.is_none()
                && let Err(e) = self.put(Some(packet))
            {
                self.failed = Some(e);
            }
        }
        self.flush();
    }

    fn put(&mut self, packet: Option<&Packet>) -> Result<()> {
        let mut bytes = Vec::new();
        self.writer.write(&mut bytes, packet.into_iter());
        let full = self.destination.size.is_some_and(|most| self.written + bytes.len() as u64 > most);
        if full && packet.is_some() {
            self.flush();
            self.number += 1;
            self.file = create(&named(&self.destination, self.number))?;
            if let Some(old) =
                self.destination.files.and_then(|most| self.number.checked_sub(most)).filter(|n| *n > 0)
            {
                let path = named(&self.destination, old);
                std::fs::remove_file(&path).map_err(|e| failed(e, &path))?;
            }
            (self.writer, self.written) = (Writer::default(), 0);
            bytes.clear();
            self.writer.write(&mut bytes, packet.into_iter());
        }
        self.written += bytes.len() as u64;
        self.file.write_all(&bytes).map_err(|e| failed(e, &named(&self.destination, self.number)))
    }

    fn flush(&mut self) {
        if let Err(e) = self.file.flush()
            && self.failed.is_none()
        {
            self.failed = Some(failed(e, &named(&self.destination, self.number)));
        }
    }

    /// The files that there are, or what kept it from writing them.
    pub fn outcome(&self) -> Result<Vec<PathBuf>> {
        match &self.failed {
            Some(e) => Err(e.clone()),
            None => {
                let first =
                    self.destination.files.map_or(1, |most| (self.number + 1).saturating_sub(most).max(1));
                Ok((first..=self.number).map(|n| named(&self.destination, n)).collect())
            }
        }
    }
}

fn named(destination: &Destination, number: u64) -> PathBuf {
    let path = &destination.path;
    match destination.size {
        None => path.clone(),
        Some(_) => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            path.with_file_name(format!("{stem}-{number}.pcapng"))
        }
    }
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path).map_err(|e| failed(e, path))?))
}

pub(super) fn failed(e: std::io::Error, path: &Path) -> Error {
    let error = Error::from(e).detail(format!("writing {}", path.display()));
    match error.kind() {
        Kind::ReadOnly => {
            error.hint("the sandbox can write in the working directory, in /tmp, and where --write allows")
        }
        _ => error,
    }
}
