//! What is wrong with memory that cannot be accessed as asked, in words.

use std::fmt;

use super::line::Access;
use super::nearest::{Bytes, Nearest};

/// Why mappings cannot be looked up here.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// There is no code for this operating system.
    #[error("it is only available on Linux")]
    System,
    /// The system's list of mappings cannot be read.
    #[error("/proc/self/maps cannot be read: {0}")]
    List(std::io::Error),
    /// A signal handler cannot be installed.
    #[error("a signal handler cannot be installed: {0}")]
    Signal(std::io::Error),
}

/// What keeps an address from being accessed.
#[derive(Debug)]
pub enum Obstacle {
    /// The mapping, or what lies between mappings, does not allow it.
    Permission(Access),
    /// The file ends before.
    EndOfFile,
    /// The list could not be read.
    Unknown(std::io::Error),
}

/// Memory that cannot be accessed as asked.
#[derive(Debug)]
pub struct Denied {
    /// Where the range begins.
    start: usize,
    /// The first address of the range that cannot be accessed.
    at: usize,
    /// `lies in …`, in words.
    place: String,
}

impl Denied {
    /// The range that begins at `start` cannot be accessed at `at`, which lies where `nearest` says.
    pub(super) fn new(start: usize, at: usize, nearest: &Nearest, obstacle: &Obstacle) -> Self {
        let is_inside = nearest.inside().is_some();
        let place = match obstacle {
            Obstacle::Permission(access) if is_inside => format!("{nearest}, which is not {}", access.adjective()),
            Obstacle::EndOfFile if is_inside => format!("{nearest}, beyond the end of the file"),
            Obstacle::Permission(_) | Obstacle::EndOfFile => nearest.to_string(),
            Obstacle::Unknown(error) => format!("cannot be looked up: {error}"),
        };
        Self { start, at, place }
    }

    /// The same for a range that begins earlier.
    pub(super) fn from(self, start: usize) -> Self {
        Self { start, ..self }
    }

    /// The address, and where it lies: for an address that stands for itself, as a function's does.
    #[must_use]
    pub fn of_address(&self) -> String {
        format!("{:#x} {}", self.at, self.place)
    }
}

impl fmt::Display for Denied {
    /// `it lies in …`, or `0x1008, 8 bytes on, lies in …`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at == self.start {
            write!(formatter, "it {}", self.place)
        } else {
            write!(formatter, "{:#x}, {} on, {}", self.at, Bytes(self.at - self.start), self.place)
        }
    }
}
