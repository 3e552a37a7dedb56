//! What ties compiled code to an environment.

/// The addresses that compiled code has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linkage {
    /// The environment's first [cell](crate::cell).
    pub cells: u64,
    /// The function that a [`Resolver`](crate::plan::Resolver) stands for; unused by plans without one.
    pub resolver: u64,
    /// What that function is given first.
    pub descriptor: u64,
}
