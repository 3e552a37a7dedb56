//! What code for every architecture has in common.

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

/// A frame that is larger than this is touched half-way while it is made: systems that grow a stack by its guard page (4,096 bytes on
/// Windows and Linux) must not see that page skipped.
pub(super) const PROBE_DISTANCE: u32 = 4000;
