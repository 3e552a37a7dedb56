//! What ties compiled code to an environment.

/// The addresses that compiled code has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linkage {
    /// The environment's first [cell](crate::cell).
    pub cells: u64,
    /// The function that a [`Resolver`](crate::plan::Resolver) or a [`Handler`](crate::plan::Handler) stands for; unused by plans without
    /// one. It is all that [`Entry::Closure`](crate::plan::Entry::Closure) uses of the linkage.
    pub resolver: u64,
    /// What a resolver is given first.
    pub descriptor: u64,
}
