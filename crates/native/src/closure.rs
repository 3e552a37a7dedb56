//! Closures: addresses that C can call and that arrive in Rust with a value of ours.
//!
//! There are two kinds, and one way to be called by either. Compiled closures are a few instructions of ours between C and Rust
//! ([`Closure::compiled`]); libffi's do for every signature and platform ([`Closure::new`]). A [`Closure`] owns its address and the value,
//! both until it is dropped: whoever drops it must know that C will not call the address again.
//!
//! C that does so all the same finds, at the address of a compiled closure, the end of the process with a line that says why, until the
//! address is given out again (`thunk.rs` says when); at an address of libffi's, memory that is anything.

mod compiled;
mod libffi;
mod target;

use std::sync::Arc;

use ferrule_abi::Signature;

use self::compiled::Compiled;
use self::libffi::Libffi;

pub use self::compiled::{CompileError, EntryCode};
pub use self::libffi::prepare;
pub use self::target::{Error, Invocation, Target};

/// A function pointer for C, and what it leads to.
pub struct Closure<T: Target>(Kind<T>);

enum Kind<T> {
    Compiled(Compiled<T>),
    Libffi(Libffi<T>),
}

impl<T: Target> Closure<T> {
    /// Makes a function of `signature` for C that calls `target`, by libffi.
    ///
    /// # Errors
    ///
    /// [`Error`] when libffi cannot describe the signature or has no executable memory left.
    pub fn new(signature: &Signature, target: T) -> Result<Self, Error> {
        Ok(Self(Kind::Libffi(Libffi::new(signature, target)?)))
    }

    /// Makes a function for C that calls `target`, of the signature that `entry` was compiled for.
    ///
    /// # Errors
    ///
    /// The target, when there is no executable memory left for one more. libffi may still have some, which it takes from a file.
    pub fn compiled(entry: &Arc<EntryCode<T>>, target: T) -> Result<Self, T> {
        Ok(Self(Kind::Compiled(Compiled::new(entry, target)?)))
    }

    /// The address that C calls.
    #[must_use]
    pub fn address(&self) -> usize {
        match &self.0 {
            Kind::Compiled(closure) => closure.address(),
            Kind::Libffi(closure) => closure.address(),
        }
    }

    /// What the address leads to.
    #[must_use]
    pub fn target(&self) -> &T {
        match &self.0 {
            Kind::Compiled(closure) => closure.target(),
            Kind::Libffi(closure) => closure.target(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::slot::Slot;
    use ferrule_abi::Type;
    use std::ffi::c_void;
    use std::hint::black_box;
    use std::mem;
    use std::sync::Mutex;
    use std::thread;

    /// A closure of each kind, as far as there are two.
    fn closures<T: Target>(signature: &Signature, target: impl Fn() -> T) -> Vec<Closure<T>> {
        let mut closures = vec![Closure::new(signature, target()).expect("a closure of libffi's")];
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            let entry = Arc::new(EntryCode::compile(signature).expect("code"));
            closures.push(Closure::compiled(&entry, target()).ok().expect("a compiled closure"));
        }
        closures
    }

    /// Answers every call with its own arguments' sum, and remembers them.
    #[derive(Default)]
    struct Sum(Mutex<Vec<i64>>);

    impl Target for Sum {
        fn call(&self, invocation: &mut Invocation<'_>) {
            assert_eq!(invocation.arguments().len(), 3);
            let arguments = [i64::from(invocation.argument::<i32>(0)), invocation.argument(1), i64::from(invocation.argument::<u32>(2))];
            self.0.lock().expect("the arguments").extend(arguments);
            invocation.set_result(Slot::new(arguments.iter().sum::<i64>() as i16));
        }
    }

    fn sum_signature() -> Signature {
        Signature::new(Type::Int16, [Type::Int8, Type::Int64, Type::Uint16])
    }

    #[test]
    fn arguments_arrive_and_the_result_returns() {
        for closure in closures(&sum_signature(), Sum::default) {
            let call = Call::prepare(&sum_signature()).expect("a plain signature");
            let mut arguments = [Slot::new(-5_i8), Slot::new(-1000_i64), Slot::new(7_u16)];
            // SAFETY: the closure was made with the signature of the call, and so were the arguments.
            let result = unsafe { call.invoke(closure.address() as *const c_void, &mut arguments) };
            assert_eq!(result.get::<i16>(), -998);
            assert_eq!(*closure.target().0.lock().expect("the arguments"), [-5, -1000, 7]);
        }
    }

    #[test]
    fn a_result_that_is_not_set_is_zero() {
        struct Silent;
        impl Target for Silent {
            fn call(&self, _: &mut Invocation<'_>) {}
        }
        for ty in [Type::Int8, Type::Uint32, Type::Int64, Type::Pointer, Type::Float32, Type::Float64] {
            for closure in closures(&Signature::new(ty, []), || Silent) {
                let call = Call::prepare(&Signature::new(ty, [])).expect("a plain signature");
                // SAFETY: as above.
                assert_eq!(unsafe { call.invoke(closure.address() as *const c_void, &mut []) }.get::<u64>(), 0, "{ty:?}");
            }
        }
    }

    #[test]
    fn a_closure_answers_any_number_of_calls_from_c() {
        struct Compare;
        impl Target for Compare {
            fn call(&self, invocation: &mut Invocation<'_>) {
                let elements = [invocation.argument::<*mut c_void>(0), invocation.argument(1)];
                // SAFETY: qsort passes two pointers to elements of the array, which are i32.
                let [a, b] = elements.map(|it| unsafe { it.cast::<i32>().read() });
                invocation.set_result(Slot::new(a.cmp(&b) as i32));
            }
        }
        unsafe extern "C" {
            fn qsort(base: *mut i32, count: usize, size: usize, compare: *const c_void);
        }
        for closure in closures(&Signature::new(Type::Int32, [Type::Pointer, Type::Pointer]), || Compare) {
            let mut numbers: Vec<i32> = (0..1000).map(|index| (index * 7919) % 1000).collect();
            // SAFETY: the array has the length and element size said, the closure the comparator's signature.
            unsafe { qsort(numbers.as_mut_ptr(), numbers.len(), 4, closure.address() as *const c_void) };
            assert!(numbers.is_sorted());
        }
    }

    /// The caller is compiled, by a compiler that relies on all that a convention promises it.
    #[test]
    fn a_compiled_caller_is_served() {
        type Mixed = extern "C" fn(i8, f64, u16, f32, i64, u8, i16, i32, *const c_void, i8, f32, u64) -> i8;
        struct Check;
        impl Target for Check {
            fn call(&self, invocation: &mut Invocation<'_>) {
                let integers = [0, 2, 5, 6, 7, 9].map(|index| invocation.argument::<i32>(index));
                assert_eq!(integers, [-1, 0xfff0, 0xfe, -300, -70_000, -128]);
                assert_eq!(
                    [1, 3, 10].map(|index| if index == 1 { invocation.argument(1) } else { f64::from(invocation.argument::<f32>(index)) }),
                    [0.1, 0.5, -2.5]
                );
                assert_eq!([4, 8, 11].map(|index| invocation.argument::<u64>(index)), [1 << 40, 0xdead_beef, u64::MAX]);
                invocation.set_result(Slot::new(0xffff_ff85_u32));
            }
        }
        use Type::{Float32, Float64, Int8, Int16, Int32, Int64, Pointer, Uint8, Uint16, Uint64};
        let parameters = [Int8, Float64, Uint16, Float32, Int64, Uint8, Int16, Int32, Pointer, Int8, Float32, Uint64];
        for closure in closures(&Signature::new(Int8, parameters), || Check) {
            // SAFETY: the closure is a function of this type.
            let function: Mixed = unsafe { mem::transmute(closure.address()) };
            let result = function(-1, 0.1, 0xfff0, 0.5, 1 << 40, 0xfe, -300, -70_000, 0xdead_beef as *const c_void, -128, -2.5, u64::MAX);
            assert_eq!(i64::from(black_box(result)), -123);
        }
    }

    #[test]
    fn thousands_of_closures_live_side_by_side() {
        let made: Vec<_> = (0..2500).flat_map(|_| closures(&sum_signature(), Sum::default)).collect();
        let mut addresses: Vec<_> = made.iter().map(Closure::address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), made.len());
    }

    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn closures_come_and_go_on_many_threads() {
        struct Number(u32);
        impl Target for Number {
            fn call(&self, invocation: &mut Invocation<'_>) {
                invocation.set_result(Slot::new(self.0));
            }
        }
        let entry = Arc::new(EntryCode::compile(&Signature::new(Type::Uint32, [])).expect("code"));
        let check = |closure: &Closure<Number>| {
            // SAFETY: the closure is a function of this type.
            let function: extern "C" fn() -> u32 = unsafe { mem::transmute(closure.address()) };
            assert_eq!(function(), closure.target().0);
        };
        thread::scope(|scope| {
            for thread in 0..8_u32 {
                let (entry, check) = (&entry, &check);
                scope.spawn(move || {
                    let mut kept = Vec::new();
                    for index in 0..5000 {
                        kept.push(Closure::compiled(entry, Number(thread << 16 | index)).ok().expect("a closure"));
                        if kept.len() > 50 {
                            kept.swap_remove(index as usize * 7919 % 50);
                        }
                        check(&kept[index as usize % kept.len()]);
                    }
                    kept.iter().for_each(check);
                });
            }
        });
    }

    #[test]
    fn what_cannot_be_compiled_says_why() {
        let many = Signature::new(Type::Void, vec![Type::Int32; 65]);
        let Err(reason) = EntryCode::<Sum>::compile(&many) else { panic!("it has too many parameters") };
        assert!(matches!(reason, CompileError::Signature(_) | CompileError::Platform), "{reason}");
        assert!(Closure::new(&many, Sum::default()).is_ok());
    }
}
