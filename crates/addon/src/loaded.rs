//! A library as its functions and callbacks share it: loaded until it is closed, and a little longer for the calls that are inside it.

use std::cell::{OnceCell, RefCell};
use std::ffi::CString;
use std::rc::Rc;
use std::sync::Arc;

use ferrule_native::Library;

use crate::error::{Error, Result, Subject};
use crate::exchange::{Exchange, Place};

/// The loader's reference to a library, and whether JavaScript has closed it.
pub struct Loaded {
    path: Arc<str>,
    /// `None` once closed. Calls that are running hold a count of their own, so code that C is executing stays mapped.
    library: RefCell<Option<Rc<Library>>>,
    exchange: Rc<Exchange>,
    /// Where wrappers see whether they may call, once there are any. `None` when the gate is full: then only the slow tier calls.
    place: OnceCell<Option<Place>>,
}

impl Loaded {
    /// Opens the library at `path`; `None` is the process itself.
    pub fn open(exchange: &Rc<Exchange>, path: Option<&str>) -> Result<Self> {
        // SAFETY: JavaScript answers for the library's constructors and destructors (`ferrule_native`'s list).
        let library = unsafe { Library::open(path) }?;
        Ok(Self {
            path: path.unwrap_or_default().into(),
            library: RefCell::new(Some(Rc::new(library))),
            exchange: Rc::clone(exchange),
            place: OnceCell::new(),
        })
    }

    /// What the library was opened as, for messages; empty for the process itself.
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The library, which stays loaded while the result is held.
    ///
    /// # Errors
    ///
    /// [`Error::LibraryClosed`]
    pub fn hold(&self) -> Result<Rc<Library>> {
        self.library.borrow().clone().ok_or(Error::LibraryClosed)
    }

    /// The address of a symbol.
    pub fn symbol(&self, name: &str) -> Result<usize> {
        let library = self.hold()?;
        let name = CString::new(name).map_err(|_| Error::NullBytes(Subject::SymbolName))?;
        Ok(library.symbol(&name)?.expose_provenance())
    }

    /// Whether it has been closed.
    pub fn is_closed(&self) -> bool {
        self.library.borrow().is_none()
    }

    /// The library's place in the gate, which it has from the first time that somebody asks.
    pub fn place(&self) -> Option<&Place> {
        let enter = || {
            let place = self.exchange.enter();
            if let Some(place) = &place
                && self.is_closed()
            {
                place.close();
            }
            place
        };
        self.place.get_or_init(enter).as_ref()
    }

    /// The memory that wrappers share with Rust.
    pub fn exchange(&self) -> &Rc<Exchange> {
        &self.exchange
    }

    /// Closes it. It is unloaded when the last call has left it.
    pub fn close(&self) {
        if let Some(Some(place)) = self.place.get() {
            place.close();
        }
        self.release();
    }

    fn release(&self) {
        // Destructors run here, and they may call back: the borrow must be over.
        let library = self.library.borrow_mut().take();
        if let Some(library) = library {
            self.exchange.release(library);
        }
    }

    /// Closes it because its environment ends, but leaves the code where it is until the process does.
    ///
    /// A library can have threads of its own, and handlers that the process runs at its end: nobody knows when its code is last used.
    /// When the main thread ends, so does the process, which runs the destructors. When a Worker ends, nobody decided to unload the
    /// library, and a Worker's death must not take the process along.
    pub fn abandon(&self) {
        if let Some(library) = self.library.borrow_mut().take() {
            // A call that is still inside holds the library itself, and never returns.
            if let Ok(library) = Rc::try_unwrap(library) {
                library.leak();
            }
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        self.release();
    }
}
