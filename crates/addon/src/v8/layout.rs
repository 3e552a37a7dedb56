//! The memory of the V8 classes that fast calls need, as V8's headers declare them.
//!
//! V8's fast calls have no C interface: an addon hands V8 objects of its C++ classes. Their layout is no promise of V8's, so it is written
//! down here for each version that was compared with V8's own headers, and [`Layout::of`] knows no other. `node scripts/check-v8-headers.mjs`
//! compiles assertions that compare every number of this file with the headers, and asks each Node binary as well.
//!
//! | V8 | Node | `CTypeInfo` | `CFunctionInfo` | `HandleScope` |
//! |---|---|---|---|---|
//! | 11.3 | 20 | type, sequence type, flags | without `repr_` | constructor exported |
//! | 12.4 | 22 | type, sequence type, flags | with `repr_` | constructor exported |
//! | 13.6 | 24 | type, sequence type, flags | with `repr_` | constructor exported |
//! | 14.1 | 25 | type, flags | with `repr_` | inline |
//! | 14.6 | 26 | type, flags | with `repr_` | inline |
//!
//! They are the same in Microsoft's C++ ABI: clang for `x86_64-pc-windows-msvc` accepts those assertions over the headers of V8 11.4, 12.4, 13.6
//! and 14.6. Of Node 25 there is no binary for Windows to try.
//!
//! Where a fact comes from is named by header, all of them in V8's directory `include`. This file depends on nothing, so that the check can
//! include it on its own.
#![allow(dead_code, reason = "the mirrors are complete, and the check compares what the addon has no use for, too")]

use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, offset_of};

/// `v8::CTypeInfo::Type`, the type of an argument or a result (`v8-fast-api-calls.h`). All versions number them alike.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CType {
    /// No result; JavaScript sees `undefined`. V8 aborts when an argument has this type.
    Void = 0,
    /// `bool`
    Bool = 1,
    /// `uint8_t`. V8 aborts when it optimises a call with such an argument or result: it was made for typed arrays' elements.
    Uint8 = 2,
    /// `int32_t`
    Int32 = 3,
    /// `uint32_t`
    Uint32 = 4,
    /// `int64_t`. V8 11.3 aborts when a result has this type.
    Int64 = 5,
    /// `uint64_t`. V8 11.3 aborts when a result has this type.
    Uint64 = 6,
    /// `float`
    Float32 = 7,
    /// `double`
    Float64 = 8,
    /// `void*`; in JavaScript `null` or a `v8::External`, not a number. Anything else leads to the ordinary callback, see [`FastOneByteString`].
    Pointer = 9,
    /// `v8::Local<v8::Value>`, and the type of the receiver, which is argument 0.
    V8Value = 10,
    /// `const v8::FastOneByteString&`, see [`FastOneByteString`].
    SeqOneByteString = 11,
    /// `v8::FastApiCallbackOptions&`, allowed as the last argument only: `CTypeInfo::kCallbackOptionsType`.
    CallbackOptions = 255,
}

impl CType {
    /// Every type, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Void,
        Self::Bool,
        Self::Uint8,
        Self::Int32,
        Self::Uint32,
        Self::Int64,
        Self::Uint64,
        Self::Float32,
        Self::Float64,
        Self::Pointer,
        Self::V8Value,
        Self::SeqOneByteString,
        Self::CallbackOptions,
    ];

    /// The enumerator's name in `v8::CTypeInfo`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Void => "Type::kVoid",
            Self::Bool => "Type::kBool",
            Self::Uint8 => "Type::kUint8",
            Self::Int32 => "Type::kInt32",
            Self::Uint32 => "Type::kUint32",
            Self::Int64 => "Type::kInt64",
            Self::Uint64 => "Type::kUint64",
            Self::Float32 => "Type::kFloat32",
            Self::Float64 => "Type::kFloat64",
            Self::Pointer => "Type::kPointer",
            Self::V8Value => "Type::kV8Value",
            Self::SeqOneByteString => "Type::kSeqOneByteString",
            Self::CallbackOptions => "kCallbackOptionsType",
        }
    }
}

/// How many arguments of a fast call may go in general-purpose registers or their stack places: the receiver, integers, booleans, pointers,
/// values, strings and the callback options together.
///
/// V8's instruction for the call counts them in five bits (`ParamField` in `src/compiler/backend/instruction-codes.h`), and only a debug
/// build checks for more. One more, and the stack pointer is wrong after the call.
pub const GENERAL_ARGUMENTS_MAX: usize = 31;

/// How many arguments of a fast call may be `float` or `double`; see [`GENERAL_ARGUMENTS_MAX`] (`FPParamField`).
pub const FLOATING_ARGUMENTS_MAX: usize = 31;

/// `v8::CTypeInfo::SequenceType::kScalar`: the argument is no sequence (`v8-fast-api-calls.h`, up to 14.0).
pub const SEQUENCE_TYPE_SCALAR: u8 = 0;

/// `v8::CTypeInfo::Flags::kNone` (`v8-fast-api-calls.h`).
pub const FLAGS_NONE: u8 = 0;

/// `v8::CTypeInfo` up to V8 14.0 (`v8-fast-api-calls.h`).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequencedTypeInfo {
    /// `type_`, a [`CType`].
    pub kind: u8,
    /// `sequence_type_`, always [`SEQUENCE_TYPE_SCALAR`].
    pub sequence_type: u8,
    /// `flags_`, always [`FLAGS_NONE`].
    pub flags: u8,
}

/// `v8::CTypeInfo` from V8 14.1 on (`v8-fast-api-calls.h`).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainTypeInfo {
    /// `type_`, a [`CType`].
    pub kind: u8,
    /// `flags_`, always [`FLAGS_NONE`].
    pub flags: u8,
}

/// Which of its two layouts `v8::CTypeInfo` has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeInfoLayout {
    /// Three bytes: [`SequencedTypeInfo`].
    Sequenced,
    /// Two bytes: [`PlainTypeInfo`].
    Plain,
}

impl TypeInfoLayout {
    /// `sizeof(v8::CTypeInfo)`; its alignment is 1.
    pub const fn size(self) -> usize {
        match self {
            Self::Sequenced => size_of::<SequencedTypeInfo>(),
            Self::Plain => size_of::<PlainTypeInfo>(),
        }
    }

    fn push(self, kind: CType, bytes: &mut Vec<u8>) {
        match self {
            Self::Sequenced => {
                let info = SequencedTypeInfo { kind: kind as u8, sequence_type: SEQUENCE_TYPE_SCALAR, flags: FLAGS_NONE };
                bytes.extend([info.kind, info.sequence_type, info.flags]);
            }
            Self::Plain => {
                let info = PlainTypeInfo { kind: kind as u8, flags: FLAGS_NONE };
                bytes.extend([info.kind, info.flags]);
            }
        }
    }
}

/// `v8::CFunctionInfo::Int64Representation`: what a 64-bit integer of a fast call is in JavaScript (`v8-fast-api-calls.h`, from 12.4 on).
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Int64Representation {
    /// `kNumber`
    Number = 0,
    /// `kBigInt`
    BigInt = 1,
}

/// `v8::CFunctionInfo` of V8 11.3 with a three-byte `CTypeInfo` (`v8-fast-api-calls.h`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CFunctionInfo11 {
    /// `return_info_`
    pub return_info: SequencedTypeInfo,
    /// `arg_count_`, the receiver among them.
    pub argument_count: u32,
    /// `arg_info_`: that many, not copied.
    pub argument_info: *const SequencedTypeInfo,
}

/// `v8::CFunctionInfo` from V8 12.4 on, by the layout of `CTypeInfo` (`v8-fast-api-calls.h`).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CFunctionInfo12<TypeInfo> {
    /// `return_info_`
    pub return_info: TypeInfo,
    /// `repr_`, an [`Int64Representation`].
    pub representation: u8,
    /// `arg_count_`, the receiver among them.
    pub argument_count: u32,
    /// `arg_info_`: that many, not copied.
    pub argument_info: *const TypeInfo,
}

/// Memory for a `v8::CFunctionInfo`, which V8's own constructor fills. Its size and alignment are the same in every version.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct CFunctionInfoStorage {
    bytes: MaybeUninit<[u8; 16]>,
}

impl CFunctionInfoStorage {
    /// Memory that holds nothing yet.
    pub const UNINIT: Self = Self { bytes: MaybeUninit::uninit() };
}

/// Where the members of `v8::CFunctionInfo` are, in bytes from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CFunctionInfoOffsets {
    /// `return_info_`, a `CTypeInfo`.
    pub return_info: usize,
    /// `repr_`, an [`Int64Representation`]; `None` where there is none: 64-bit integers must not be used then.
    pub representation: Option<usize>,
    /// `arg_count_`, an `unsigned int`.
    pub argument_count: usize,
    /// `arg_info_`, a pointer.
    pub argument_info: usize,
}

/// `v8::CFunction`: a function that V8 may call from optimised code (`v8-fast-api-calls.h`).
///
/// `FunctionTemplate::New` copies both pointers out of it, and V8 keeps them. See [`Layout::type_infos`] for what they lead to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CFunction {
    /// `address_`, where the code is.
    pub address: *const c_void,
    /// `type_info_`, its signature.
    pub info: *const CFunctionInfoStorage,
}

/// `v8::FastOneByteString`: the bytes of a string, one per character, in Latin-1 and without a terminator (`v8-fast-api-calls.h`).
///
/// An argument of [`CType::SeqOneByteString`] is a pointer to one on the caller's stack. The bytes are in V8's heap: they are good until
/// anything allocates there. Another kind of string, such as one of two bytes per character or one put together of others, makes V8 call the
/// template's ordinary callback instead. From 13.6 on optimised code then takes the callback's value for one of the type that the signature
/// declares as its result, and **aborts the process** when that is a number or a boolean and the callback returned `undefined`
/// (`convert_fallback_return` in `src/compiler/turboshaft/graph-builder.cc`): a signature with such an argument should have no result.
///
/// Up to 14.2 V8 does not make sure that the argument is a string at all: it looks at a few bits of the object's type, which some other
/// objects have, too. So JavaScript must make sure of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FastOneByteString {
    /// `data`
    pub data: *const u8,
    /// `length`, in bytes.
    pub length: u32,
}

/// Where an ordinary callback's arguments are: one word each, the slot of a handle, in order (`v8::FunctionCallbackInfo` in
/// `v8-function-callback.h`, whose `operator[]` gives the slots). In bytes from the beginning of what the callback is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackArguments {
    /// Behind the pointer at this place: `values_` up to 14.5.
    Pointed(usize),
    /// At this place: from 14.6 on, the object is a view of the stack.
    Inside(usize),
}

impl CallbackArguments {
    /// The first argument; the others follow, a word each.
    ///
    /// # Safety
    ///
    /// * `information` is what this V8 has called an ordinary callback with that is still running.
    #[inline]
    pub unsafe fn first(self, information: *const c_void) -> *const usize {
        match self {
            // SAFETY: the caller's list.
            Self::Pointed(offset) => unsafe { information.byte_add(offset).cast::<*const usize>().read() },
            Self::Inside(offset) => information.wrapping_byte_add(offset).cast(),
        }
    }
}

/// Where an ordinary callback's result is: one word, the object itself, `undefined` at first (`v8::ReturnValue` in `v8-function-callback.h`). In
/// bytes from the beginning of what the callback is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackResult {
    /// So far behind the pointer that the object begins with: `implicit_args_` up to 14.5.
    Pointed(usize),
    /// At this place: from 14.6 on, the object is a view of the stack.
    Inside(usize),
}

/// How many bits the value of a small integer is shifted to the left in the word that stands for it, whose other bits are 0: in a V8 without
/// pointer compression (`kSmiTagSize + kSmiShiftSize` in `v8-internal.h`).
pub const SMALL_INTEGER_SHIFT: u32 = 32;

/// `v8::String::NO_NULL_TERMINATION` (`v8-primitive.h`, up to 14.0), an `int`: nothing is written behind a string.
pub const NO_NULL_TERMINATION: i32 = 2;

/// `v8::String::WriteFlags::kNone` (`v8-primitive.h`, from 13.6 on), an `int`: the same.
pub const WRITE_FLAGS_NONE: i32 = 0;

/// `v8::NewStringType::kNormal` (`v8-primitive.h`), an `int`: a string that V8 does not look for among those it knows.
pub const NEW_STRING_NORMAL: i32 = 0;

/// `v8::MemorySpan<uint8_t>` (`v8-memory-span.h`). `abi.rs` says how it is passed and comes back.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MemorySpan {
    /// `data_`
    pub data: *mut u8,
    /// `size_`, in bytes.
    pub size: usize,
}

/// `v8::Local<T>`: a handle, one pointer, null when it is an empty `MaybeLocal<T>` (`v8-local-handle.h`).
///
/// It is passed as the pointer. How it comes back is up to the C++ ABI: see `abi.rs`.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local<'scope> {
    /// The slot of the handle.
    pub slot: *mut c_void,
    scope: PhantomData<&'scope ()>,
}

impl Local<'_> {
    /// A handle of a slot that V8 or Node-API gave, whose `napi_value` is the same pointer.
    pub const fn new(slot: *mut c_void) -> Self {
        Self { slot, scope: PhantomData }
    }
}

/// `v8::HandleScope`: three words in every version (`v8-local-handle.h`). It must not move between its constructor and its destructor.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HandleScope {
    /// `i_isolate_`, from 14.1 on `isolate_`.
    pub isolate: MaybeUninit<*mut c_void>,
    /// `prev_next_`
    pub previous_next: MaybeUninit<*mut usize>,
    /// `prev_limit_`
    pub previous_limit: MaybeUninit<*mut usize>,
}

impl HandleScope {
    /// Memory for the constructor.
    pub const UNINIT: Self =
        Self { isolate: MaybeUninit::uninit(), previous_next: MaybeUninit::uninit(), previous_limit: MaybeUninit::uninit() };
}

/// How a `v8::HandleScope` is opened and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleScopes {
    /// By the constructor and the destructor, which V8 exports.
    Exported,
    /// By what these do, which is in the header: they change the [`HandleScopeData`] so many bytes from the beginning of the isolate
    /// (`Internals::kIsolateHandleScopeDataOffset`).
    Inline(usize),
}

/// `v8::internal::HandleScopeData` (`v8-internal.h`, from 14.1 on).
#[repr(C)]
#[derive(Debug)]
pub struct HandleScopeData {
    /// `next`, the slot of the next handle.
    pub next: *mut usize,
    /// `limit`, the end of the room for handles.
    pub limit: *mut usize,
    /// `level`, how many scopes are open.
    pub level: i32,
    /// `sealed_level`
    pub sealed_level: i32,
}

/// `v8::BackingStoreInitializationMode::kUninitialized` (`v8-array-buffer.h`, from 13.6 on).
pub const UNINITIALIZED: i32 = 1;

/// `v8::ConstructorBehavior` (`v8-template.h`). A template with a `CFunction` must throw: V8 aborts otherwise.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstructorBehavior {
    /// `kThrow`: the function is no constructor.
    Throw = 0,
    /// `kAllow`
    Allow = 1,
}

/// `v8::SideEffectType` (`v8-object.h`): what the debugger may do with a function when it evaluates without side effects.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "they are V8's names")]
pub enum SideEffectType {
    /// `kHasSideEffect`
    HasSideEffect = 0,
    /// `kHasNoSideEffect`
    HasNoSideEffect = 1,
    /// `kHasSideEffectToReceiver`
    HasSideEffectToReceiver = 2,
}

/// What differs between versions of V8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The first two numbers of V8's version.
    pub version: (u32, u32),
    /// Whether it was tried with Node for Windows, too.
    pub windows: bool,
    /// The layout of `CTypeInfo`.
    pub type_info: TypeInfoLayout,
    /// The layout of `CFunctionInfo`. Where it has a `repr_`, the constructor takes an [`Int64Representation`] as its last parameter.
    pub function_info: CFunctionInfoOffsets,
    /// How a `HandleScope` is opened and closed.
    pub handle_scopes: HandleScopes,
    /// Whether `api_internal::GlobalizeReference` takes the object itself (`v8-persistent-handle.h`); the slot of a handle before.
    pub globalizes_objects: bool,
    /// Whether there is a `Function::Call` that takes the isolate (`v8-function.h`): it need not look for it.
    pub calls_in_isolate: bool,
    /// Whether V8 allocates ArrayBuffers without clearing them (`ArrayBuffer::MaybeNew` in `v8-array-buffer.h`).
    pub allocates_uninitialized: bool,
    /// Whether V8 has `ArrayBufferView::GetContents` (`v8-array-buffer.h`), which gives a [`MemorySpan`].
    pub view_contents: bool,
    /// Where an ordinary callback's arguments are.
    pub callback_arguments: CallbackArguments,
    /// Where an ordinary callback's result is.
    pub callback_result: CallbackResult,
    /// Whether V8 has `String::WriteOneByteV2` (`v8-primitive.h`), which takes what is to be written in another order.
    pub write_one_byte_v2: bool,
}

const FUNCTION_INFO_11: CFunctionInfoOffsets = CFunctionInfoOffsets {
    return_info: offset_of!(CFunctionInfo11, return_info),
    representation: None,
    argument_count: offset_of!(CFunctionInfo11, argument_count),
    argument_info: offset_of!(CFunctionInfo11, argument_info),
};

const fn function_info_12<TypeInfo>() -> CFunctionInfoOffsets {
    CFunctionInfoOffsets {
        return_info: offset_of!(CFunctionInfo12<TypeInfo>, return_info),
        representation: Some(offset_of!(CFunctionInfo12<TypeInfo>, representation)),
        argument_count: offset_of!(CFunctionInfo12<TypeInfo>, argument_count),
        argument_info: offset_of!(CFunctionInfo12<TypeInfo>, argument_info),
    }
}

/// The versions that were compared with V8's headers, oldest first.
pub static LAYOUTS: [Layout; 5] = [
    Layout {
        version: (11, 3),
        windows: true,
        type_info: TypeInfoLayout::Sequenced,
        function_info: FUNCTION_INFO_11,
        handle_scopes: HandleScopes::Exported,
        globalizes_objects: false,
        calls_in_isolate: false,
        allocates_uninitialized: false,
        view_contents: false,
        callback_arguments: CallbackArguments::Pointed(8),
        callback_result: CallbackResult::Pointed(24),
        write_one_byte_v2: false,
    },
    Layout {
        version: (12, 4),
        windows: true,
        type_info: TypeInfoLayout::Sequenced,
        function_info: function_info_12::<SequencedTypeInfo>(),
        handle_scopes: HandleScopes::Exported,
        globalizes_objects: true,
        calls_in_isolate: false,
        allocates_uninitialized: false,
        view_contents: false,
        callback_arguments: CallbackArguments::Pointed(8),
        callback_result: CallbackResult::Pointed(24),
        write_one_byte_v2: false,
    },
    Layout {
        version: (13, 6),
        windows: true,
        type_info: TypeInfoLayout::Sequenced,
        function_info: function_info_12::<SequencedTypeInfo>(),
        handle_scopes: HandleScopes::Exported,
        globalizes_objects: true,
        calls_in_isolate: true,
        allocates_uninitialized: true,
        view_contents: true,
        callback_arguments: CallbackArguments::Pointed(8),
        callback_result: CallbackResult::Pointed(24),
        write_one_byte_v2: true,
    },
    Layout {
        version: (14, 1),
        windows: false,
        type_info: TypeInfoLayout::Plain,
        function_info: function_info_12::<PlainTypeInfo>(),
        handle_scopes: HandleScopes::Inline(560),
        globalizes_objects: true,
        calls_in_isolate: true,
        allocates_uninitialized: true,
        view_contents: true,
        callback_arguments: CallbackArguments::Pointed(8),
        callback_result: CallbackResult::Pointed(24),
        write_one_byte_v2: true,
    },
    Layout {
        version: (14, 6),
        windows: true,
        type_info: TypeInfoLayout::Plain,
        function_info: function_info_12::<PlainTypeInfo>(),
        handle_scopes: HandleScopes::Inline(560),
        globalizes_objects: true,
        calls_in_isolate: true,
        allocates_uninitialized: true,
        view_contents: true,
        callback_arguments: CallbackArguments::Inside(80),
        callback_result: CallbackResult::Inside(48),
        write_one_byte_v2: true,
    },
];

impl Layout {
    /// The layout of a version by its first two numbers, 13 and 6 for `13.6.233.17-node.37`; `None` for a version that was not compared.
    pub fn of(major: u32, minor: u32) -> Option<&'static Self> {
        LAYOUTS.iter().find(|layout| layout.version == (major, minor))
    }

    /// An array of `v8::CTypeInfo`, one for each type.
    ///
    /// `CFunctionInfo`'s constructor copies the one it gets for the result, but keeps the pointer to those for the arguments, of which the
    /// first is the receiver, a [`CType::V8Value`]. They, and the `CFunctionInfo`, must live as long as V8 may look at them: as long as the
    /// template, any optimised code that calls it, and any optimisation in the background.
    pub fn type_infos(&self, types: &[CType]) -> Box<[u8]> {
        let mut bytes = Vec::with_capacity(types.len() * self.type_info.size());
        for &kind in types {
            self.type_info.push(kind, &mut bytes);
        }
        bytes.into_boxed_slice()
    }
}

// One storage serves for every version. The layouts are those of 64-bit processes, and nothing else uses them (`PLATFORM` in `symbols.rs`).
#[cfg(target_pointer_width = "64")]
const _: () = {
    const SIZE: usize = size_of::<CFunctionInfoStorage>();
    const ALIGNMENT: usize = align_of::<CFunctionInfoStorage>();
    assert!(size_of::<CFunctionInfo11>() == SIZE && align_of::<CFunctionInfo11>() == ALIGNMENT);
    assert!(size_of::<CFunctionInfo12<SequencedTypeInfo>>() == SIZE && align_of::<CFunctionInfo12<SequencedTypeInfo>>() == ALIGNMENT);
    assert!(size_of::<CFunctionInfo12<PlainTypeInfo>>() == SIZE && align_of::<CFunctionInfo12<PlainTypeInfo>>() == ALIGNMENT);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_compared_versions_have_a_layout() {
        for layout in &LAYOUTS {
            assert_eq!(Layout::of(layout.version.0, layout.version.1), Some(layout));
        }
        assert_eq!(Layout::of(14, 0), None);
        assert_eq!(Layout::of(14, 7), None);
        assert_eq!(Layout::of(0, 0), None);
    }

    #[test]
    fn type_infos_take_three_or_two_bytes() {
        let types = [CType::V8Value, CType::Float64, CType::CallbackOptions];
        let bytes = |major, minor| Layout::of(major, minor).unwrap().type_infos(&types);
        assert_eq!(*bytes(13, 6), [10, 0, 0, 8, 0, 0, 255, 0, 0]);
        assert_eq!(*bytes(14, 1), [10, 0, 8, 0, 255, 0]);
    }

    #[test]
    fn numbers_do_not_repeat() {
        let mut numbers = CType::ALL.map(|kind| kind as u8);
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
