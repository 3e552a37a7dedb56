//! The cells: memory of one environment that JavaScript and compiled code both read and write.
//!
//! JavaScript sees the cells through typed arrays over one `ArrayBuffer`, compiled code through an absolute address. A narrow integer in a
//! cell is held by JavaScript as an `int32` or `uint32`, little-endian like everything else; the bytes of a cell that a value does not
//! fill are undefined.

/// Size of a cell in bytes.
pub const SIZE: usize = 8;

/// Index of the cell that holds the address to call, as a `float64`. Addresses are below 2^53, so the number is exact.
pub const TARGET: usize = 0;

/// Index of the cell that receives the result.
pub const RESULT: usize = 1;

/// Index of the cell (`int32`) that says whether a call through [`Entry::FastValues`](crate::plan::Entry::FastValues) was made. Its caller
/// sets it to 1 before, and compiled code to 0 once C has returned. It is still 1 when the resolver has refused a value, and when V8 has
/// not entered the compiled code at all.
pub const REFUSED: usize = 2;

/// Index of the first parameter's cell; the parameters follow in order.
pub const ARGUMENTS: usize = 3;

/// The most parameters a compiled call has.
pub const MAX_PARAMETERS: usize = 64;

/// Index of the cell that counts (`int32`) the calls through the cells that are running.
pub const DEPTH: usize = ARGUMENTS + MAX_PARAMETERS;

/// Number of cells that compiled code knows.
pub const COUNT: usize = DEPTH + 1;

/// The distance in bytes from the first cell to the cell with this index.
#[must_use]
pub(crate) const fn offset(index: usize) -> u32 {
    assert!(index < COUNT);
    (index * SIZE) as u32
}
