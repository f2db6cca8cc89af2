//! Sets as requests of a batch: those of a rule alone, and those that have names.

use std::time::Duration;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_netfilter::nftables::NfTablesMessageType as Type;

use super::attr::Attributes;
use super::elements::{self, DataType, Elements, Entry, KeyType};
use super::expr::SetRef;
use super::message::Batch;
use super::uapi::*;

/// `enum nft_set_flags`
const INTERVAL: u32 = libc::NFT_SET_INTERVAL as u32;
/// The kernel takes any number of elements, but an attribute holds at most 64 KiB of them.
const ELEMENTS: usize = 500;

impl Batch {
    /// An anonymous set for the next rule, `{ 22, 80-90 }`. Returns its id within the batch.
    pub fn anonymous(&mut self, key: KeyType, elements: &Elements) -> SetRef {
        const ANONYMOUS: u32 = libc::NFT_SET_ANONYMOUS as u32 | libc::NFT_SET_CONSTANT as u32;
        let id = self.set_id();
        let interval = elements.has_ranges();
        let mut keys = elements.keys(interval);
        // As nft does, the space before the first interval is closed too.
        if interval && keys[0].0.iter().any(|byte| *byte != 0) {
            keys.insert(0, (vec![0; key.length()], true));
        }
        self.add(Type::NewSet, NLM_F_CREATE, |out| {
            out.text(NFTA_SET_NAME, Elements::ANONYMOUS)
                .be32(NFTA_SET_FLAGS, ANONYMOUS | if interval { INTERVAL } else { 0 })
                .be32(NFTA_SET_KEY_TYPE, key as u32)
                .be32(NFTA_SET_KEY_LEN, key.length() as u32)
                .within(NFTA_SET_DESC, |out| {
                    out.be32(NFTA_SET_DESC_SIZE, keys.len() as u32);
                })
                .be32(NFTA_SET_ID, id)
                .raw(NFTA_SET_USERDATA, &key.byteorders(None));
        });
        self.add(Type::NewSetElement, NLM_F_CREATE, |out| {
            out.text(NFTA_SET_ELEM_LIST_SET, Elements::ANONYMOUS).be32(NFTA_SET_ELEM_LIST_SET_ID, id);
            out.within(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
                for key in &keys {
                    list.within(NFTA_LIST_ELEM, |out| elements::write_key(key, out));
                }
            });
        });
        SetRef { name: Elements::ANONYMOUS.to_owned(), id: Some(id) }
    }

    fn set_id(&mut self) -> u32 {
        self.sets += 1;
        self.sets
    }

    /// `add set inet NAME SET { type ...; flags ...; timeout ...; }`, or with `to` `add map`.
    pub fn set(
        &mut self,
        name: &str,
        key: KeyType,
        to: Option<DataType>,
        flags: u32,
        timeout: Option<Duration>,
    ) {
        let id = self.set_id();
        self.add(Type::NewSet, NLM_F_CREATE | NLM_F_EXCL, |out| {
            out.text(NFTA_SET_NAME, name)
                .be32(NFTA_SET_FLAGS, flags)
                .be32(NFTA_SET_KEY_TYPE, key as u32)
                .be32(NFTA_SET_KEY_LEN, key.length() as u32)
                .be32(NFTA_SET_ID, id)
                .raw(NFTA_SET_USERDATA, &key.byteorders(to));
            if let Some(to) = to {
                out.be32(NFTA_SET_DATA_TYPE, to.number());
            }
            if let Some(length) = to.and_then(DataType::length) {
                out.be32(NFTA_SET_DATA_LEN, length as u32);
            }
            if let Some(timeout) = timeout.filter(|time| !time.is_zero()) {
                out.be64(NFTA_SET_TIMEOUT, timeout.as_millis() as u64);
            }
        });
    }

    /// `delete set inet NAME SET`; no rule may look into it.
    pub fn delete_set(&mut self, name: &str) {
        self.add(Type::DeleteSet, 0, |out| {
            out.text(NFTA_SET_NAME, name);
        });
    }

    /// `flush set inet NAME SET`
    pub fn flush_set(&mut self, name: &str) {
        self.add(Type::DeleteSetElement, 0, |out| {
            out.text(NFTA_SET_ELEM_LIST_SET, name);
        });
    }

    /// `add element inet NAME SET { ... timeout ... }`
    pub fn add_elements(&mut self, set: &str, entries: &[Entry], interval: bool, timeout: Option<Duration>) {
        self.elements(Type::NewSetElement, NLM_F_CREATE | NLM_F_EXCL, set, entries, interval, timeout);
    }

    /// `delete element inet NAME SET { ... }`
    pub fn delete_elements(&mut self, set: &str, entries: &[Entry], interval: bool) {
        self.elements(Type::DeleteSetElement, 0, set, entries, interval, None);
    }

    fn elements(
        &mut self,
        kind: Type,
        flags: u16,
        set: &str,
        entries: &[Entry],
        interval: bool,
        timeout: Option<Duration>,
    ) {
        for some in entries.chunks(ELEMENTS) {
            self.add(kind, flags, |out| {
                out.text(NFTA_SET_ELEM_LIST_SET, set).within(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
                    for entry in some {
                        write_entry(list, entry, interval, timeout);
                    }
                });
            });
        }
    }
}

fn write_entry(list: &mut Attributes, entry: &Entry, interval: bool, timeout: Option<Duration>) {
    for key in elements::keys_of(std::slice::from_ref(&entry.span), interval) {
        list.within(NFTA_LIST_ELEM, |out| {
            elements::write_key(&key, out);
            // The end of an interval has neither.
            if !key.1 {
                entry.data.iter().for_each(|data| data.write(out));
                timeout.iter().for_each(|timeout| {
                    out.be64(NFTA_SET_ELEM_TIMEOUT, timeout.as_millis() as u64);
                });
            }
        });
    }
}
