//! Linux: the list is `/proc/self/maps`, and process_vm_readv(2) on the own process tells what can be read without reading it.
//!
//! The list is the truth; the probe is the fast way to a yes, and knows one thing that the list does not: where a file has ended.
//! A kernel or a sandbox may refuse the probe. Then the list alone decides.

use std::io;
use std::sync::OnceLock;

use libc::{c_int, c_void, iovec};

use super::denied::{Denied, Obstacle, Unavailable};
use super::line::{Access, Mapping, Walk};
use super::nearest::Nearest;

/// Ranges of more pages are not probed as a whole: that would touch every page.
const PROBED_PAGES: usize = 1024;

/// Room for the longest line there is, in bytes: a path of PATH_MAX, each byte of it escaped.
pub const BUFFER: usize = 24 * 1024;

/// Whether mappings can be looked up.
///
/// # Errors
///
/// [`Unavailable::List`] when the list cannot be read: without `/proc`, nothing can be said.
pub fn prepare() -> Result<(), Unavailable> {
    let mut buffer = [0; BUFFER];
    each_line(&mut buffer, |_| true).map_err(Unavailable::List)
}

/// Whether `length` bytes from `address` on can be accessed. The range must not go round the end of the address space.
///
/// # Errors
///
/// [`Denied`] with the first address that cannot.
pub fn check(address: usize, length: usize, access: Access) -> Result<(), Denied> {
    let Some(last) = length.checked_sub(1).map(|length| address + length) else { return Ok(()) };
    let is_probed = access == Access::Read && (last - address) / page_size() < PROBED_PAGES;
    if is_probed && probe(address, last) == Probe::Readable {
        return Ok(());
    }
    let unknown = |error| Denied::new(address, address, &Nearest::new(address), &Obstacle::Unknown(error));
    let files = match follow(address, last, access).map_err(unknown)? {
        Ok(files) => files,
        Err(at) => return Err(denied(address, at, &Obstacle::Permission(access))),
    };
    for (first, last) in files {
        if let Probe::Unreadable(at) = probe(first, last) {
            return Err(denied(address, at, &Obstacle::EndOfFile));
        }
    }
    Ok(())
}

/// Whether the text at `address` can be read up to its NUL.
///
/// # Errors
///
/// [`Denied`] with the first address that cannot.
pub fn check_text(address: usize) -> Result<(), Denied> {
    let page = page_size();
    let mut next = address;
    loop {
        let length = page - next % page;
        check(next, length, Access::Read).map_err(|denied| denied.from(address))?;
        // SAFETY: the rest of the page has just been found readable. Whoever unmaps it meanwhile would have done so to the reader, too.
        let bytes = unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(next), length) };
        if bytes.contains(&0) {
            return Ok(());
        }
        match next.checked_add(length) {
            Some(following) => next = following,
            // The very last page of the address space, without a NUL: nothing lies beyond it.
            None => return Err(denied(address, next, &Obstacle::Permission(Access::Read))),
        }
    }
}

/// Follows a range through the list. The first address that does not allow the access, or else the parts that are files': those may have
/// ended.
fn follow(first: usize, last: usize, access: Access) -> io::Result<Result<Vec<(usize, usize)>, usize>> {
    let mut walk = Walk::new(first, last, access);
    let mut files = Vec::new();
    let mut buffer = [0; BUFFER];
    each_line(&mut buffer, |mapping| {
        let is_part = mapping.end > first && mapping.start <= last;
        if is_part && access != Access::Execute && mapping.allows(Access::Read) && mapping.can_outlast_its_file() {
            files.push((mapping.start.max(first), (mapping.end - 1).min(last)));
        }
        walk.step(mapping)
    })?;
    Ok(walk.denied().map_or(Ok(files), Err))
}

fn denied(start: usize, at: usize, obstacle: &Obstacle) -> Denied {
    let mut nearest = Nearest::new(at);
    let mut buffer = [0; BUFFER];
    match each_line(&mut buffer, |mapping| nearest.step(mapping)) {
        Ok(()) => Denied::new(start, at, &nearest, obstacle),
        Err(error) => Denied::new(start, at, &nearest, &Obstacle::Unknown(error)),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    Readable,
    /// From this address on, to the end of its page at least.
    Unreadable(usize),
    /// The system does not say.
    Refused,
}

/// Asks the system for one byte of each page.
fn probe(first: usize, last: usize) -> Probe {
    const BATCH: usize = 64;
    let page = page_size();
    let mut next = Some(first);
    let mut bytes = [0_u8; BATCH];
    while let Some(start) = next.filter(|address| *address <= last) {
        let mut remote = [iovec { iov_base: std::ptr::null_mut(), iov_len: 1 }; BATCH];
        let mut count = 0;
        let mut address = Some(start);
        while let Some(byte) = address.filter(|address| *address <= last)
            && count < BATCH
        {
            remote[count].iov_base = std::ptr::without_provenance_mut(byte);
            count += 1;
            address = (byte - byte % page).checked_add(page);
        }
        let local = iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: count };
        // SAFETY: the local vector has room for the bytes that the remote ones name together. The remote addresses may be anything: the
        // system reads them for us, or says that it cannot.
        let read = unsafe { libc::process_vm_readv(libc::getpid(), &raw const local, 1, remote.as_ptr(), count as libc::c_ulong, 0) };
        match usize::try_from(read) {
            Ok(read) if read == count => next = address,
            Ok(read) => return Probe::Unreadable(remote[read].iov_base.addr()),
            Err(_) if io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT) => return Probe::Unreadable(start),
            Err(_) => return Probe::Refused,
        }
    }
    Probe::Readable
}

fn page_size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    // SAFETY: asks for a constant of the system.
    *SIZE.get_or_init(|| usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096))
}

/// Hands the mappings of the process to `step`, in order, until it says `true`. Allocates nothing and may be called from a signal handler;
/// `buffer` takes the text, and is as long as the longest line at least.
///
/// # Errors
///
/// When the list cannot be read, or has a line that is none or does not fit the buffer.
pub fn each_line(buffer: &mut [u8], mut step: impl FnMut(&Mapping<'_>) -> bool) -> io::Result<()> {
    let list = List::open()?;
    let mut filled = 0;
    loop {
        let read = list.read(&mut buffer[filled..])?;
        if read == 0 {
            return if filled == 0 { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) };
        }
        filled += read;
        let mut start = 0;
        while let Some(length) = buffer[start..filled].iter().position(|byte| *byte == b'\n') {
            let mapping = Mapping::parse(&buffer[start..start + length]).ok_or(io::ErrorKind::InvalidData)?;
            if step(&mapping) {
                return Ok(());
            }
            start += length + 1;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
    }
}

/// The open list.
struct List(c_int);

impl List {
    fn open() -> io::Result<Self> {
        // SAFETY: the path ends with a NUL.
        let file = unsafe { libc::open(c"/proc/self/maps".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        if file < 0 { Err(io::Error::last_os_error()) } else { Ok(Self(file)) }
    }

    /// Fills the beginning of `buffer`; 0 at the end of the list, and for a buffer without room.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // SAFETY: the buffer has room for its length.
            let read = unsafe { libc::read(self.0, buffer.as_mut_ptr().cast::<c_void>(), buffer.len()) };
            if let Ok(read) = usize::try_from(read) {
                return Ok(read);
            }
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINTR) {
                return Err(error);
            }
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the file is ours, and nobody else has its number.
        unsafe { libc::close(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of our own, unmapped at the end.
    struct Pages {
        address: usize,
        length: usize,
    }

    impl Pages {
        fn new(count: usize, protection: c_int, file: Option<&std::fs::File>) -> Self {
            use std::os::fd::AsRawFd;
            let length = count * page_size();
            let (flags, file) = file.map_or((libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1), |file| (libc::MAP_SHARED, file.as_raw_fd()));
            // SAFETY: the system chooses the address.
            let address = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, file, 0) };
            assert_ne!(address, libc::MAP_FAILED);
            Self { address: address.expose_provenance(), length }
        }

        fn protect(&self, page: usize, protection: c_int) {
            let address = std::ptr::with_exposed_provenance_mut(self.address + page * page_size());
            // SAFETY: a page of ours, that nobody uses.
            assert_eq!(unsafe { libc::mprotect(address, page_size(), protection) }, 0);
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // SAFETY: pages of ours, that nobody uses.
            unsafe { libc::munmap(std::ptr::with_exposed_provenance_mut(self.address), self.length) };
        }
    }

    fn message(result: Result<(), Denied>) -> String {
        result.expect_err("denied").to_string()
    }

    #[test]
    fn what_is_ours_can_be_accessed() {
        prepare().expect("a list");
        let mut value = 7_u64;
        let address = std::ptr::from_mut(&mut value).expose_provenance();
        check(address, 8, Access::Read).expect("readable");
        check(address, 8, Access::Write).expect("writable");
        assert!(message(check(address, 8, Access::Execute)).ends_with("which is not executable"));
        check(check as *const () as usize, 1, Access::Execute).expect("executable");
        check(0x10, 0, Access::Read).expect("nothing is read");
        check_text(c"text".as_ptr().expose_provenance()).expect("a text");
    }

    #[test]
    fn the_first_page_that_is_refused_is_named() {
        let page = page_size();
        let pages = Pages::new(200, libc::PROT_READ | libc::PROT_WRITE, None);
        pages.protect(150, libc::PROT_NONE);
        pages.protect(100, libc::PROT_READ);
        let start = pages.address + 16;
        check(start, 150 * page - 16, Access::Read).expect("readable");
        check(start, 100 * page - 16, Access::Write).expect("writable");
        let text = message(check(start, 150 * page - 15, Access::Read));
        assert!(text.starts_with(&format!("{:#x}, {} bytes on, lies in ", pages.address + 150 * page, 150 * page - 16)), "{text}");
        assert!(text.ends_with(" ---p anonymous memory, which is not readable"), "{text}");
        let text = message(check(start, 120 * page, Access::Write));
        assert!(text.starts_with(&format!("{:#x}, ", pages.address + 100 * page)), "{text}");
        assert!(text.ends_with(" r--p anonymous memory, which is not writable"), "{text}");
    }

    #[test]
    fn a_text_is_followed_to_its_nul() {
        let page = page_size();
        let pages = Pages::new(3, libc::PROT_READ | libc::PROT_WRITE, None);
        let bytes: *mut u8 = std::ptr::with_exposed_provenance_mut(pages.address);
        // SAFETY: two pages of ours.
        unsafe { bytes.write_bytes(b'x', 2 * page) };
        check_text(pages.address + 5).expect("the third page is zeros");
        pages.protect(2, libc::PROT_NONE);
        let text = message(check_text(pages.address + 5));
        assert!(text.starts_with(&format!("{:#x}, {} bytes on, lies in ", pages.address + 2 * page, 2 * page - 5)), "{text}");
        // SAFETY: the last byte of those pages.
        unsafe { bytes.add(2 * page - 1).write(0) };
        check_text(pages.address + 5).expect("the text ends in time");
    }

    #[test]
    fn memory_beyond_the_end_of_a_file_is_refused() {
        let path = std::env::temp_dir().join(format!("ferrule-mapping-{}", std::process::id()));
        let file = std::fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path).expect("a file");
        std::fs::remove_file(&path).expect("removed");
        let page = page_size();
        file.set_len(page as u64).expect("a page");
        let pages = Pages::new(2000, libc::PROT_READ | libc::PROT_WRITE, Some(&file));
        check(pages.address, page, Access::Write).expect("writable");
        for length in [page + 1, 2000 * page] {
            for access in [Access::Read, Access::Write] {
                let text = message(check(pages.address, length, access));
                assert!(text.starts_with(&format!("{:#x}, {page} bytes on, lies in ", pages.address + page)), "{text}");
                assert!(text.ends_with(", beyond the end of the file"), "{text}");
            }
        }
    }

    #[test]
    fn the_list_and_the_probe_agree_on_the_whole_process() {
        let mut buffer = vec![0; BUFFER];
        let (mut mappings, mut agreed) = (0, 0);
        each_line(&mut buffer, |mapping| {
            mappings += 1;
            agreed += usize::from((probe(mapping.start, mapping.start) == Probe::Readable) == mapping.allows(Access::Read));
            false
        })
        .expect("a list");
        // Not all: the kernel's own pages, and what other tests map and unmap meanwhile.
        assert!(mappings > 10 && agreed * 4 > mappings * 3, "{agreed} of {mappings}");
    }

    #[test]
    fn lines_that_come_in_pieces_are_put_together() {
        let (mut small, mut large) = (vec![0; 512], vec![0; 1 << 20]);
        let (mut in_pieces, mut at_once) = (0, 0);
        each_line(&mut small, |_| {
            in_pieces += 1;
            false
        })
        .expect("a list");
        each_line(&mut large, |_| {
            at_once += 1;
            false
        })
        .expect("a list");
        assert!(in_pieces > 10 && at_once > 10);
        assert!(each_line(&mut [0; 8], |_| false).is_err(), "a line that does not fit");
    }
}
