//! The C++ ABIs that V8's functions are called by, and what differs between them: names, and objects that are returned.
//!
//! The Itanium ABI is that of GCC and Clang on Unix. Node for Windows is compiled by Microsoft's compiler or in its way.
//!
//! **Arguments** need nothing: what a function of C would be called with is right in both. An object whose copies are plain, a `Local` or a
//! `MemorySpan`, is passed as C passes a struct of its size, and any other by the address of the caller's. Who destroys that differs, the
//! caller or the function, but V8 has emptied it by then. An object that a method belongs to comes first.
//!
//! **Results** that are objects of a class do differ:
//!
//! | | Itanium | Microsoft, x64 |
//! |---|---|---|
//! | its copies are plain | as C returns a struct: in registers, up to two words | in memory |
//! | any other | in memory, whose address is where C has that of a large struct | in memory |
//!
//! Microsoft's compiler returns a class in a register only when it has no constructors (["Return values" of its x64 calling
//! convention](https://learn.microsoft.com/cpp/build/x64-calling-convention#return-values)), and V8's have some. The address of the memory comes
//! before the arguments, but behind the object that a method belongs to. So such functions are a [`Static`] or a [`Method`] here, and never
//! function pointers of Rust's, which only know C. `static_assert`s over V8's headers see to it that copies are plain
//! (`crates/headers`); the machine code of `GetFunction`, `GetContents` and `FunctionTemplate::New` of Node 22.23.3, 24.21.0 and 26.10.0 for
//! Windows does what the table says.

use std::marker::PhantomData;
use std::mem::{self, MaybeUninit};

use napi_sys as sys;

use super::layout::MemorySpan;

/// Whether V8's functions have Microsoft's ABI here, and not the Itanium one.
pub const MICROSOFT: bool = cfg!(windows);

/// An object that functions of C++ return.
///
/// # Safety
///
/// * In memory the object is as `Self`.
/// * A function of C that returns an `Itanium` returns it as one of the Itanium ABI returns the object.
pub unsafe trait Returned: Copy {
    /// What a function of C would return.
    type Itanium;

    /// The object in it.
    fn of(returned: Self::Itanium) -> Self;
}

// SAFETY: `Local` and `MaybeLocal` are a pointer, and their copies are plain. A `Local` is what Node-API calls a value.
unsafe impl Returned for sys::napi_value {
    type Itanium = Self;

    #[inline]
    fn of(returned: Self) -> Self {
        returned
    }
}

// SAFETY: the mirror of the class, whose copies are plain.
unsafe impl Returned for MemorySpan {
    type Itanium = Self;

    #[inline]
    fn of(returned: Self) -> Self {
        returned
    }
}

/// An object that comes back through memory in the Itanium ABI, however small it is, because its copies are not plain.
///
/// C, and so Rust, returns a struct of up to two words in registers. One of more words goes through memory in both, with its address in the
/// same place (`rdi` on x86-64, `x8` on AArch64). So the result is declared with words behind it, which nobody writes and nobody reads.
#[repr(C)]
pub struct Hidden<T> {
    /// What the function wrote.
    pub object: T,
    behind: MaybeUninit<[usize; 3]>,
}

/// An address of code. What it takes and gives is said by the type around it.
type Code = unsafe extern "C" fn();

/// A function that returns an object and belongs to none: `F` is `fn(…) -> R`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Static<F>(Code, PhantomData<F>);

/// A method that returns an object: `F` is `fn(O, …) -> R`, where `O` points to what the method belongs to.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Method<F>(Code, PhantomData<F>);

/// Calls with so many arguments, behind the object that a method belongs to.
macro_rules! calls {
    ($($kind:ident($($object:ident: $Object:ident)?): $($argument:ident: $Argument:ident),*;)*) => { $(
        impl<$($Object,)? $($Argument,)* R: Returned> $kind<fn($($Object,)? $($Argument),*) -> R> {
            /// Calls it.
            ///
            /// # Safety
            ///
            /// * Its declaration has these parameters and this result, and what it asks of its callers is so.
            #[inline]
            #[allow(clippy::too_many_arguments, reason = "they are V8's")]
            pub unsafe fn call(self, $($object: $Object,)? $($argument: $Argument),*) -> R {
                // SAFETY: the caller's list, and the table above; the object has been written when the function returns.
                unsafe {
                    if MICROSOFT {
                        let function = mem::transmute::<Code, unsafe extern "C" fn($($Object,)? *mut R, $($Argument),*) -> *mut R>(self.0);
                        let mut result = MaybeUninit::uninit();
                        function($($object,)? result.as_mut_ptr(), $($argument),*);
                        result.assume_init()
                    } else {
                        let function = mem::transmute::<Code, unsafe extern "C" fn($($Object,)? $($Argument),*) -> R::Itanium>(self.0);
                        R::of(function($($object,)? $($argument),*))
                    }
                }
            }
        }
    )* };
}

calls! {
    Static(): a: A, b: B;
    Static(): a: A, b: B, c: C;
    Static(): a: A, b: B, c: C, d: D;
    Static(): a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, j: J, k: K;
    Method(object: O): ;
    Method(object: O): a: A;
    Method(object: O): a: A, b: B, c: C, d: D;
    Method(object: O): a: A, b: B, c: C, d: D, e: E;
}
