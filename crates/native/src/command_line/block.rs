//! A block of strings as the kernel lays out the arguments of a process.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Takes strings apart that end in NUL each. Node writes `process.title` over the block: one string, and NULs up to the end. So an argument
/// behind the first is as it was, or empty.
pub fn split(block: &[u8]) -> Vec<OsString> {
    let strings = block.strip_suffix(b"\0").unwrap_or(block);
    strings.split(|byte| *byte == 0).map(|argument| OsString::from_vec(argument.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_arguments_apart() {
        assert_eq!(split(b"node\0--title\0\0x y\0"), ["node", "--title", "", "x y"]);
        assert_eq!(split(b"a title --conditions=x\0\0\0\0"), ["a title --conditions=x", "", "", ""]);
    }
}
