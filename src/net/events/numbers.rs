//! Which namespace `host` means by which number.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::Place;
use crate::net::namespace::{Namespace, Namespaces, Note};

/// The numbers of the namespaces that are heard.
///
/// The kernel gives a deleted namespace's number to the next one, so a number may stand for several, one after the
/// other, in the order in which the events are told: the first one until the kernel says that the number is gone.
pub(super) struct Numbers {
    places: HashMap<i32, VecDeque<Rc<Place>>>,
    /// Those that are heard by a socket of their own.
    without: Vec<Rc<Place>>,
    /// No number is used: all are heard so.
    unused: bool,
    /// How much of what [`Namespaces`] noted has been taken in.
    read: usize,
}

impl Numbers {
    pub fn new(unused: bool, read: usize) -> Self {
        Numbers { places: HashMap::new(), without: Vec::new(), unused, read }
    }

    pub fn unused(&self) -> bool {
        self.unused
    }

    pub fn has_news(&self, all: &Namespaces) -> bool {
        all.noted() != self.read
    }

    /// The namespaces that came since the last call.
    pub fn news(&mut self, all: &Namespaces) -> Vec<Note> {
        let news = all.noted_since(self.read);
        self.skip_to_now(all);
        news
    }

    /// All that came until now is known.
    pub fn skip_to_now(&mut self, all: &Namespaces) {
        self.read = all.noted();
    }

    pub fn add(&mut self, number: i32, place: Rc<Place>) {
        let places = self.places.entry(number).or_default();
        if !places.iter().any(|p| p.ns.ptr_eq(&place.ns)) {
            places.push_back(place);
        }
    }

    pub fn without(&mut self, place: Rc<Place>) {
        self.without.retain(|p| p.alive());
        self.without.push(place);
    }

    pub fn place(&self, number: i32) -> Option<Rc<Place>> {
        self.places.get(&number)?.front().cloned()
    }

    pub fn has(&self, ns: &Rc<Namespace>) -> bool {
        let is = |place: &Rc<Place>| std::ptr::eq(place.ns.as_ptr(), Rc::as_ptr(ns));
        self.places.values().flatten().chain(&self.without).any(is)
    }

    /// The kernel says that the number is gone, and so is the namespace that had it first. Unless it has been given
    /// anew, to the only one that is known: the other one was deleted before it was known.
    pub fn forget(&mut self, all: &Namespaces, number: i32) {
        let Some(places) = self.places.get_mut(&number) else { return };
        let still = |place: &Rc<Place>| {
            place.ns.upgrade().is_some_and(|ns| matches!(all.number_of(&ns), Ok(Some(n)) if n == number))
        };
        if places.front().is_some_and(|place| !still(place)) {
            places.pop_front();
        }
        if places.is_empty() {
            self.places.remove(&number);
        }
    }

    /// Forgets all numbers, to be asked for again.
    pub fn clear(&mut self) {
        self.places.clear();
    }
}
