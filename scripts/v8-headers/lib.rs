//! Nothing: cargo wants a package to have something to build, and nobody builds this one.
