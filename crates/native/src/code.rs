//! Memory for compiled code.
//!
//! Code is written once and sealed: from then on its pages can be executed and read, never written again. No page is ever both writable
//! and executable, and nothing that may be running is ever unsealed. The pieces that belong together share a mapping.

use std::ffi::c_void;
use std::io;

use dynasmrt::cache_control;
use dynasmrt::mmap::{ExecutableBuffer, MutableBuffer};

/// Each piece begins on a boundary of this many bytes, as compilers align functions.
const ALIGNMENT: usize = 16;

/// Pieces of compiled code that are mapped as long as this lives.
///
/// Whoever gives an [entry](Code::entry) to somebody who calls it has to keep the `Code` until nobody does.
pub struct Code {
    buffer: ExecutableBuffer,
    offsets: Vec<usize>,
}

impl Code {
    /// Maps `pieces` for execution.
    ///
    /// # Errors
    ///
    /// The operating system's, where it has no memory or forbids memory that becomes executable.
    pub fn seal(pieces: &[&[u8]]) -> io::Result<Self> {
        let mut offsets = Vec::with_capacity(pieces.len());
        let mut length = 0_usize;
        for piece in pieces {
            length = length.next_multiple_of(ALIGNMENT);
            offsets.push(length);
            length += piece.len();
        }
        let mut memory = MutableBuffer::new(length)?;
        memory.set_len(length);
        for (piece, offset) in pieces.iter().zip(&offsets) {
            memory[*offset..][..piece.len()].copy_from_slice(piece);
        }
        let buffer = memory.make_exec()?;
        cache_control::synchronize_icache(&buffer);
        cache_control::prepare_for_execution(&buffer);
        Ok(Self { buffer, offsets })
    }

    /// Where the piece at `index` begins.
    #[must_use]
    pub fn entry(&self, index: usize) -> *const c_void {
        self.buffer[self.offsets[index]..].as_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem;

    /// `fn() -> u32` that returns `value`.
    fn constant(value: u16) -> Vec<u8> {
        if cfg!(target_arch = "x86_64") {
            let [low, high] = value.to_le_bytes();
            vec![0xb8, low, high, 0, 0, 0xc3] // mov eax, value; ret
        } else {
            let mov = 0x5280_0000 | u32::from(value) << 5; // movz w0, value
            [mov.to_le_bytes(), 0xd65f_03c0_u32.to_le_bytes()].concat() // ret
        }
    }

    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn each_piece_runs() {
        let pieces = [constant(1), constant(20_000), constant(3)];
        let code = Code::seal(&pieces.each_ref().map(Vec::as_slice)).expect("executable memory");
        for (index, expected) in [1, 20_000, 3].into_iter().enumerate() {
            assert_eq!(code.entry(index).addr() % ALIGNMENT, 0);
            // SAFETY: the piece is a function of this type, and the code is mapped.
            let function = unsafe { mem::transmute::<*const c_void, extern "C" fn() -> u32>(code.entry(index)) };
            assert_eq!(function(), expected);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn sealed_memory_cannot_be_written() {
        let code = Code::seal(&[&constant(7)]).expect("executable memory");
        let entry = code.entry(0).addr();
        let maps = std::fs::read_to_string("/proc/self/maps").expect("the process's mappings");
        let line = maps.lines().find(|line| {
            let (start, end) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            let number = |text| usize::from_str_radix(text, 16).expect("a hexadecimal number");
            (number(start)..number(end)).contains(&entry)
        });
        assert_eq!(line.expect("the mapping").split(' ').nth(1), Some("r-xp"));
    }
}
