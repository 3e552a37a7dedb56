//! The memory that JavaScript's wrappers share with Rust and with compiled code (`lib/exchange.js` makes it).
//!
//! The *cells* belong to one environment: arguments, results, and a few numbers besides.
//!
//! The *gate* belongs to the isolate, and every copy of this package in it uses the same one; its layout is a protocol between versions. It
//! has a place for each library. Wrappers take V8's fast call only while their library's place says [`OPEN`]: from inside a fast call,
//! JavaScript must not run, and as long as any callback is alive, in whatever copy, it might. Then the places say [`SHUT`].
//!
//! All of this is read and written on the environment's own thread only.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use ferrule_abi::cell;
use ferrule_native::{Invocation, Library, Slot};

use crate::error::Result;
use crate::napi::{Env, Reference, Value};

/// Cell that is not 0 (`int32`) when libraries wait for the calls through the cells to end.
pub const RELEASES: usize = cell::COUNT;
/// Cell that is not 0 (`int32`) after an ordinary call in a fast call's place; tests look at it.
pub const ORDINARY: usize = RELEASES + 1;
/// Cell of a number (`int32`) that says how a call from C ended.
pub const INCOMING_OUTCOME: usize = ORDINARY + 1;
/// Cell of the result of a call from C.
pub const INCOMING_RESULT: usize = INCOMING_OUTCOME + 1;
/// The first cell of the arguments of calls from C. A call of C may have its own in the other cells at the same time: a destructor that
/// runs when a library is let go can call back between two instructions of a wrapper.
pub const INCOMING_ARGUMENTS: usize = INCOMING_RESULT + 1;
/// How many cells there are.
const CELLS: usize = INCOMING_ARGUMENTS + cell::MAX_PARAMETERS;
/// Size of the cells in bytes.
pub const CELLS_SIZE: usize = CELLS * cell::SIZE;

/// Elements (`int32`) of the gate.
pub const GATE_LENGTH: usize = 4096;
/// Element of a counter: how many callbacks are alive in the isolate.
pub const ALIVE: usize = 0;
/// Element that bounds the places which have been used; the next ones have not.
const TOP: usize = 1;
/// The first place.
const PLACES: usize = 2;

/// A place that no library has.
const FREE: i32 = 0;
/// Fast calls may be made.
const OPEN: i32 = 1;
/// Callbacks are alive.
const SHUT: i32 = 2;
/// The library has been closed.
const CLOSED: i32 = 3;

/// What wrappers, Rust and compiled code share in one environment.
pub struct Exchange {
    cells: *mut Slot,
    gate: *mut i32,
    /// Nothing is touched after the end of the environment.
    ended: Cell<bool>,
    /// Whether a call from C is running.
    is_incoming: Cell<bool>,
    releases: RefCell<Vec<Rc<Library>>>,
    /// Places that were given back here. Another copy of the package may have taken one since.
    freed: RefCell<Vec<usize>>,
    _cells: Reference,
    _gate: Reference,
}

impl Exchange {
    /// Takes the memory that JavaScript has made: typed arrays over shared memory, which never moves.
    pub fn attach<'env>(env: Env<'env>, cells: Value<'env>, gate: Value<'env>) -> Result<Option<Rc<Self>>> {
        let (Some(cells_memory), Some(gate_memory)) = (env.view_memory(cells)?, env.view_memory(gate)?) else { return Ok(None) };
        Ok(Some(Rc::new(Self {
            cells: cells_memory.address.cast(),
            gate: gate_memory.address.cast(),
            ended: Cell::new(false),
            is_incoming: Cell::new(false),
            releases: RefCell::default(),
            freed: RefCell::default(),
            _cells: Reference::strong(env, cells)?,
            _gate: Reference::strong(env, gate)?,
        })))
    }

    /// The address of the cells, for compiled code.
    pub fn address(&self) -> usize {
        self.cells.expose_provenance()
    }

    /// The content of a cell.
    pub fn cell(&self, index: usize) -> Slot {
        assert!(index < CELLS && !self.ended.get(), "a cell of an environment that is there");
        // SAFETY: the memory has `CELLS_SIZE` bytes (`lib/exchange.js` takes the size from `lib.rs`), and `_cells` keeps it.
        unsafe { self.cells.add(index).read() }
    }

    /// Sets a cell.
    pub fn set_cell(&self, index: usize, content: Slot) {
        assert!(index < CELLS && !self.ended.get(), "a cell of an environment that is there");
        // SAFETY: as in `cell`.
        unsafe { self.cells.add(index).write(content) };
    }

    /// Runs `call`, a call from C, with its arguments in their cells.
    ///
    /// Another call from C can have its arguments there and not have taken them yet: V8 lets a debugger evaluate what it likes at the entry
    /// of the function that is to take them. So what a call inside of another overwrites is put back.
    #[inline]
    pub fn with_incoming(&self, invocation: &mut Invocation<'_>, call: impl FnOnce(&mut Invocation<'_>)) {
        let count = invocation.arguments().len();
        assert!(count <= cell::MAX_PARAMETERS && !self.ended.get(), "cells of an environment that is there");
        if self.is_incoming.replace(true) {
            return self.with_another_incoming(invocation, call);
        }
        // SAFETY: as in `cell`, from the first of `MAX_PARAMETERS` cells on.
        unsafe { invocation.copy_arguments(self.cells.add(INCOMING_ARGUMENTS)) };
        call(invocation);
        self.is_incoming.set(false);
    }

    /// Recursion through C comes here at every level, so the room on the stack is for what most callbacks take.
    #[inline(never)]
    fn with_another_incoming(&self, invocation: &mut Invocation<'_>, call: impl FnOnce(&mut Invocation<'_>)) {
        const FEW: usize = 8;
        let count = INCOMING_ARGUMENTS - INCOMING_OUTCOME + invocation.arguments().len();
        let (mut few, mut many) = ([Slot::ZERO; FEW], Vec::new());
        let saved = few.get_mut(..count).unwrap_or_else(|| {
            many.resize(count, Slot::ZERO);
            &mut many
        });
        for (index, slot) in saved.iter_mut().enumerate() {
            *slot = self.cell(INCOMING_OUTCOME + index);
        }
        // SAFETY: as in `cell`, from the first of `MAX_PARAMETERS` cells on.
        unsafe { invocation.copy_arguments(self.cells.add(INCOMING_ARGUMENTS)) };
        call(invocation);
        // The environment may have ended meanwhile.
        if !self.ended.get() {
            for (index, slot) in saved.iter().enumerate() {
                self.set_cell(INCOMING_OUTCOME + index, *slot);
            }
        }
    }

    fn gate(&self, index: usize) -> i32 {
        assert!(index < GATE_LENGTH && !self.ended.get(), "an element of an isolate that is there");
        // SAFETY: the memory has `GATE_LENGTH` elements (`lib/exchange.js` checks it), and `_gate` keeps it.
        unsafe { self.gate.add(index).read() }
    }

    fn set_gate(&self, index: usize, value: i32) {
        assert!(index < GATE_LENGTH && !self.ended.get(), "an element of an isolate that is there");
        // SAFETY: as in `gate`.
        unsafe { self.gate.add(index).write(value) };
    }

    /// The bound of the places, whatever another copy may have written.
    fn top(&self) -> usize {
        usize::try_from(self.gate(TOP)).unwrap_or(0).clamp(PLACES, GATE_LENGTH)
    }

    /// A place in the gate for a library; `None` when all are taken.
    pub fn enter(self: &Rc<Self>) -> Option<Place> {
        let index = self.freed_place().or_else(|| self.unused_place()).or_else(|| self.any_place())?;
        self.set_gate(index, if self.gate(ALIVE) > 0 { SHUT } else { OPEN });
        Some(Place { exchange: Rc::clone(self), index })
    }

    fn is_free(&self, index: usize) -> bool {
        self.gate(index) == FREE
    }

    fn freed_place(&self) -> Option<usize> {
        let mut freed = self.freed.borrow_mut();
        std::iter::from_fn(|| freed.pop()).find(|&index| self.is_free(index))
    }

    fn unused_place(&self) -> Option<usize> {
        let top = self.top();
        let next = i32::try_from(top + 1).ok().filter(|_| top < GATE_LENGTH)?;
        self.set_gate(TOP, next);
        Some(top)
    }

    /// What another copy has given back, too: looking at all places takes long.
    fn any_place(&self) -> Option<usize> {
        (PLACES..self.top()).find(|&index| self.is_free(index))
    }

    /// Counts a callback in, until the result is dropped.
    pub fn callback(self: &Rc<Self>) -> Alive {
        self.count_callbacks(1);
        Alive(Rc::clone(self))
    }

    fn count_callbacks(&self, change: i32) {
        let before = self.gate(ALIVE);
        let after = before + change;
        self.set_gate(ALIVE, after);
        let (from, to) = match (before > 0, after > 0) {
            (false, true) => (OPEN, SHUT),
            (true, false) => (SHUT, OPEN),
            (true, true) | (false, false) => return,
        };
        for index in PLACES..self.top() {
            if self.gate(index) == from {
                self.set_gate(index, to);
            }
        }
    }

    /// Lets go of a library's code, once no call through the cells is running any more: C may be in it.
    pub fn release(&self, library: Rc<Library>) {
        if !self.ended.get() && self.cell(cell::DEPTH).get::<i32>() > 0 {
            self.releases.borrow_mut().push(library);
            self.set_cell(RELEASES, Slot::new(1_i32));
            return;
        }
        drop(library);
        // A call that V8 stopped did not say that it left.
        if !self.releases.borrow().is_empty() {
            self.leave();
        }
    }

    /// The last call through the cells has left; its result is not read yet.
    pub fn leave(&self) {
        let result = self.cell(cell::RESULT);
        self.set_cell(RELEASES, Slot::ZERO);
        // Destructors run here, and they may call back: the borrow must be over.
        let releases = std::mem::take(&mut *self.releases.borrow_mut());
        drop(releases);
        self.set_cell(cell::RESULT, result);
    }

    /// Counts a call through the cells, as compiled code does, until the result is dropped.
    pub fn count_call(&self) -> Inside<'_> {
        self.change_depth(1);
        Inside(self)
    }

    fn change_depth(&self, change: i32) {
        let depth = self.cell(cell::DEPTH).get::<i32>() + change;
        self.set_cell(cell::DEPTH, Slot::new(depth));
    }

    /// The environment ends: its memory is touched no more, and the libraries that wait stay loaded.
    pub fn end(&self) {
        self.ended.set(true);
        for library in std::mem::take(&mut *self.releases.borrow_mut()) {
            if let Ok(library) = Rc::try_unwrap(library) {
                library.leak();
            }
        }
    }
}

/// A call through the cells that Rust makes.
pub struct Inside<'exchange>(&'exchange Exchange);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.change_depth(-1);
    }
}

/// A library's place in the gate.
pub struct Place {
    exchange: Rc<Exchange>,
    index: usize,
}

impl Place {
    /// The element of the gate.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The library has been closed.
    pub fn close(&self) {
        if !self.exchange.ended.get() {
            self.exchange.set_gate(self.index, CLOSED);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.exchange.ended.get() {
            self.exchange.set_gate(self.index, FREE);
            self.exchange.freed.borrow_mut().push(self.index);
        }
    }
}

/// A callback that is alive.
pub struct Alive(Rc<Exchange>);

impl Drop for Alive {
    fn drop(&mut self) {
        if !self.0.ended.get() {
            self.0.count_callbacks(-1);
        }
    }
}
