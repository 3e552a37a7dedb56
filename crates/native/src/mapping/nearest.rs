//! The mapping that an address lies in, or else the nearest one, in words. Nothing here allocates.

use std::fmt;

use super::line::Mapping;

/// How an address and a mapping lie to each other. The numbers are the bytes between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Inside,
    /// The mapping ends before the address.
    Before(usize),
    /// The mapping begins after the address.
    After(usize),
}

impl Relation {
    fn of(mapping: &Mapping<'_>, address: usize) -> Self {
        if mapping.contains(address) {
            Self::Inside
        } else if mapping.end <= address {
            Self::Before(address - mapping.end)
        } else {
            Self::After(mapping.start - address)
        }
    }

    fn distance(self) -> usize {
        match self {
            Self::Inside => 0,
            Self::Before(distance) => distance.saturating_add(1),
            Self::After(distance) => distance,
        }
    }
}

/// The longest end of a file's path that [`Nearest`] keeps, in bytes.
const NAME: usize = 512;

/// Finds the mapping that an address lies in, or else the nearest one.
#[derive(Clone, Copy, Debug)]
pub struct Nearest {
    address: usize,
    found: Option<(Relation, Mapping<'static>)>,
    name: [u8; NAME],
    name_length: usize,
}

impl Nearest {
    /// Begins with none.
    #[must_use]
    pub fn new(address: usize) -> Self {
        Self { address, found: None, name: [0; NAME], name_length: 0 }
    }

    /// Takes one mapping of the list. `true` when no further one can be nearer.
    pub fn step(&mut self, mapping: &Mapping<'_>) -> bool {
        let relation = Relation::of(mapping, self.address);
        if self.found.is_none_or(|(nearest, _)| relation.distance() < nearest.distance()) {
            self.found = Some((relation, Mapping { name: b"", ..*mapping }));
            let kept = &mapping.name[mapping.name.len().saturating_sub(NAME)..];
            self.name_length = kept.len();
            self.name[..kept.len()].copy_from_slice(kept);
        }
        mapping.end > self.address
    }

    /// The mapping that the address lies in.
    #[must_use]
    pub fn inside(&self) -> Option<Mapping<'_>> {
        self.mapping().filter(|mapping| mapping.contains(self.address))
    }

    fn mapping(&self) -> Option<Mapping<'_>> {
        self.found.map(|(_, mapping)| Mapping { name: &self.name[..self.name_length], ..mapping })
    }
}

impl fmt::Display for Nearest {
    /// `lies in …`, or `lies in no mapping; the nearest, …, begins 16 bytes after it`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(mapping), Some((relation, _))) = (self.mapping(), self.found) else { return formatter.write_str("lies in no mapping") };
        match relation {
            Relation::Inside => write!(formatter, "lies in {mapping}"),
            Relation::Before(0) => write!(formatter, "lies in no mapping; the nearest, {mapping}, ends right before it"),
            Relation::Before(distance) => {
                write!(formatter, "lies in no mapping; the nearest, {mapping}, ends {} before it", Bytes(distance))
            }
            Relation::After(distance) => {
                write!(formatter, "lies in no mapping; the nearest, {mapping}, begins {} after it", Bytes(distance))
            }
        }
    }
}

/// A number of bytes, in words.
#[derive(Clone, Copy, Debug)]
pub struct Bytes(pub usize);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [&str; 3] =
        ["1000-2000 r--p 00000000 08:01 1 /bin/program", "5000-6000 rw-p 00000000 00:00 0 [heap]", "9000-a000 ---p 00000000 00:00 0"];

    fn nearest(address: usize, list: &[&str]) -> Nearest {
        let mut nearest = Nearest::new(address);
        let _ended_early = list.iter().any(|line| nearest.step(&Mapping::parse(line.as_bytes()).expect("a line")));
        nearest
    }

    #[test]
    fn says_where_an_address_lies() {
        for (address, expected) in [
            (0x1000, "lies in 0x1000-0x2000 r--p /bin/program"),
            (0x5fff, "lies in 0x5000-0x6000 rw-p [heap]"),
            (0x9000, "lies in 0x9000-0xa000 ---p anonymous memory"),
            (0x10, "lies in no mapping; the nearest, 0x1000-0x2000 r--p /bin/program, begins 4080 bytes after it"),
            (0x2000, "lies in no mapping; the nearest, 0x1000-0x2000 r--p /bin/program, ends right before it"),
            (0x2001, "lies in no mapping; the nearest, 0x1000-0x2000 r--p /bin/program, ends 1 byte before it"),
            (0x4ffe, "lies in no mapping; the nearest, 0x5000-0x6000 rw-p [heap], begins 2 bytes after it"),
            (usize::MAX, "lies in no mapping; the nearest, 0x9000-0xa000 ---p anonymous memory, ends 18446744073709510655 bytes before it"),
        ] {
            if usize::BITS == 64 || address < usize::MAX {
                assert_eq!(nearest(address, &LIST).to_string(), expected, "{address:#x}");
            }
        }
        assert_eq!(nearest(0x1000, &[]).to_string(), "lies in no mapping");
    }

    #[test]
    fn of_a_long_path_the_end_is_kept() {
        let line = format!("1000-2000 r--p 0 08:01 1 /{}/library.so", "directory".repeat(100));
        let text = nearest(0x1000, &[&line]).to_string();
        assert!(text.ends_with("directory/library.so"), "{text}");
        assert_eq!(text.len(), "lies in 0x1000-0x2000 r--p ".len() + NAME);
    }

    #[test]
    fn what_is_no_utf8_is_replaced() {
        let mut nearest = Nearest::new(0x1000);
        nearest.step(&Mapping::parse(b"1000-2000 r--p 0 08:01 1 /tmp/\xffx").expect("a line"));
        assert_eq!(nearest.to_string(), "lies in 0x1000-0x2000 r--p /tmp/\u{fffd}x");
    }
}
