//! The text of `/proc/self/maps` (proc_pid_maps(5)): its lines, and ranges that run over several of them. Nothing here allocates.

use std::fmt;

/// What is to be done with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    Read,
    /// Write to it.
    Write,
    /// Execute it.
    Execute,
}

impl Access {
    /// Which of a mapping's permissions it needs, and how that is written there.
    fn permission(self) -> (usize, u8) {
        match self {
            Self::Read => (0, b'r'),
            Self::Write => (1, b'w'),
            Self::Execute => (2, b'x'),
        }
    }

    /// What memory is that has it.
    pub(super) fn adjective(self) -> &'static str {
        match self {
            Self::Read => "readable",
            Self::Write => "writable",
            Self::Execute => "executable",
        }
    }
}

/// One line of the list: a range of addresses with the same permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping<'text> {
    /// The first address.
    pub start: usize,
    /// The address after the last one.
    pub end: usize,
    /// `rwxp`, with a dash for what it has not.
    pub permissions: [u8; 4],
    /// Where in the file the mapping begins, in bytes.
    pub offset: u64,
    /// Whether a file is behind it.
    pub has_file: bool,
    /// The file's path, `[heap]` and the like, or nothing.
    pub name: &'text [u8],
}

impl<'text> Mapping<'text> {
    /// Reads one line, without its line break; `None` for what is no such line.
    #[must_use]
    pub fn parse(line: &'text [u8]) -> Option<Self> {
        let (range, rest) = field(line);
        let (permissions, rest) = field(rest);
        let (offset, rest) = field(rest);
        let (_device, rest) = field(rest);
        let (inode, rest) = field(rest);
        let dash = range.iter().position(|byte| *byte == b'-')?;
        Some(Self {
            start: usize::try_from(hexadecimal(&range[..dash])?).ok()?,
            end: usize::try_from(hexadecimal(&range[dash + 1..])?).ok()?,
            permissions: permissions.try_into().ok()?,
            offset: hexadecimal(offset)?,
            has_file: !inode.is_empty() && inode != b"0",
            name: rest.trim_ascii(),
        })
    }

    /// Whether it has this address.
    #[must_use]
    pub fn contains(&self, address: usize) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Whether its permissions are enough.
    #[must_use]
    pub fn allows(&self, access: Access) -> bool {
        let (index, letter) = access.permission();
        self.permissions[index] == letter
    }

    /// Whether memory that the system refuses to read for us lies beyond the end of a file. What belongs to a device is refused too, though
    /// the processor can read it (`VM_IO`, `VM_PFNMAP`).
    #[must_use]
    pub fn can_outlast_its_file(&self) -> bool {
        let is_device = self.name.starts_with(b"/dev/") && !self.name.starts_with(b"/dev/shm/");
        self.has_file && self.name.starts_with(b"/") && !is_device
    }
}

/// The text up to the next space, and what follows it.
fn field(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    text.split_at(text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len()))
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

impl fmt::Display for Mapping<'_> {
    /// `0x7f0000000000-0x7f0000001000 r--p /usr/lib/libz.so.1`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}-{:#x} ", self.start, self.end)?;
        write_lossy(formatter, &self.permissions)?;
        formatter.write_str(" ")?;
        write_lossy(formatter, if self.name.is_empty() { b"anonymous memory" } else { self.name })
    }
}

fn write_lossy(formatter: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        formatter.write_str(chunk.valid())?;
        if !chunk.invalid().is_empty() {
            formatter.write_str("\u{fffd}")?;
        }
    }
    Ok(())
}

/// Follows a range through the list, which is in order, to the first address that does not allow the access.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    next: usize,
    last: usize,
    access: Access,
}

impl Walk {
    /// Begins at `first`; `last` belongs to the range.
    #[must_use]
    pub fn new(first: usize, last: usize, access: Access) -> Self {
        Self { next: first, last, access }
    }

    /// Takes the next mapping of the list. `true` when no further one can change the result.
    pub fn step(&mut self, mapping: &Mapping<'_>) -> bool {
        if mapping.end <= self.next {
            return false;
        }
        if mapping.start > self.next || !mapping.allows(self.access) {
            return true;
        }
        self.next = mapping.end;
        self.is_done()
    }

    fn is_done(&self) -> bool {
        self.next > self.last
    }

    /// The first address that cannot be accessed, once the list has ended or [`Walk::step`] has said so.
    #[must_use]
    pub fn denied(&self) -> Option<usize> {
        if self.is_done() { None } else { Some(self.next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_lines_that_there_are() {
        let mapping = Mapping::parse(b"7f00a0000000-7f00a0002000 r-xp 00001000 08:01 1234                       /lib/a file.so (deleted)");
        let expected = Mapping {
            start: 0x7f00_a000_0000,
            end: 0x7f00_a000_2000,
            permissions: *b"r-xp",
            offset: 0x1000,
            has_file: true,
            name: b"/lib/a file.so (deleted)",
        };
        assert_eq!(mapping, Some(expected));
        let heap = Mapping::parse(b"1000-3000 rw-p 00000000 00:00 0          [heap]").expect("a line");
        assert_eq!((heap.has_file, heap.name), (false, b"[heap]".as_slice()));
        let anonymous = Mapping::parse(b"1000-3000 ---p 00000000 00:00 0 ").expect("a line");
        assert_eq!(anonymous.to_string(), "0x1000-0x3000 ---p anonymous memory");
    }

    #[test]
    fn refuses_what_is_no_line() {
        for text in [
            "",
            "\n",
            "1000",
            "1000-2000",
            "1000-2000 r-x 0 08:01 1",
            "x-2000 r-xp 0 08:01 1",
            "1000+2000 r-xp 0 08:01 1",
            "1000-2000 r-xp z 08:01 1",
        ] {
            assert_eq!(Mapping::parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn only_files_on_a_disk_can_end_before_their_mapping() {
        for (line, expected) in [
            ("1000-2000 r--p 0 08:01 7 /tmp/file", true),
            ("1000-2000 r--s 0 00:01 7 /dev/shm/segment", true),
            ("1000-2000 rw-s 0 00:01 7 /memfd:name (deleted)", true),
            ("1000-2000 rw-s 0 00:06 7 /dev/dri/card0", false),
            ("1000-2000 rw-s 0 00:0e 7 anon_inode:[io_uring]", false),
            ("1000-2000 r--p 0 00:00 0 [vvar]", false),
            ("1000-2000 rw-p 0 00:00 0", false),
        ] {
            assert_eq!(Mapping::parse(line.as_bytes()).expect("a line").can_outlast_its_file(), expected, "{line}");
        }
    }

    fn mapping(start: usize, end: usize, permissions: &[u8; 4]) -> Mapping<'static> {
        Mapping { start, end, permissions: *permissions, offset: 0, has_file: false, name: b"" }
    }

    fn walk(first: usize, last: usize, access: Access, list: &[Mapping<'_>]) -> Option<usize> {
        let mut walk = Walk::new(first, last, access);
        let _ended_early = list.iter().any(|mapping| walk.step(mapping));
        walk.denied()
    }

    #[test]
    fn a_range_ends_where_its_permissions_do() {
        let list = [mapping(10, 20, b"r--p"), mapping(20, 30, b"rw-p"), mapping(40, 50, b"rwxp")];
        assert_eq!(walk(10, 29, Access::Read, &list), None);
        assert_eq!(walk(10, 30, Access::Read, &list), Some(30));
        assert_eq!(walk(10, 29, Access::Write, &list), Some(10));
        assert_eq!(walk(20, 29, Access::Write, &list), None);
        assert_eq!(walk(25, 45, Access::Write, &list), Some(30));
        assert_eq!(walk(45, 45, Access::Execute, &list), None);
        assert_eq!(walk(5, 12, Access::Read, &list), Some(5));
        assert_eq!(walk(60, 60, Access::Read, &list), Some(60));
        assert_eq!(walk(60, 60, Access::Read, &[]), Some(60));
    }

    proptest! {
        #[test]
        fn a_walk_finds_what_looking_at_every_address_finds(first in 0_usize..40, length in 1_usize..40, flags in prop::collection::vec((0_usize..4, any::<bool>()), 0..12)) {
            let mut start = 3;
            let mut list = Vec::new();
            for (gap, readable) in flags {
                list.push(mapping(start + gap, start + gap + 4, if readable { b"r--p" } else { b"---p" }));
                start += gap + 4;
            }
            let last = first + length - 1;
            let expected = (first..=last).find(|address| !list.iter().any(|it| it.contains(*address) && it.allows(Access::Read)));
            prop_assert_eq!(walk(first, last, Access::Read, &list), expected);
        }

        #[test]
        fn no_text_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..80)) {
            let _any = Mapping::parse(&text);
        }
    }
}
