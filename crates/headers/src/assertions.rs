//! The C++ text, in assertions of which each names the fact in `layout.rs` that it holds against a header.

use std::fmt::Write as _;
use std::mem::offset_of;

use crate::layout::{
    CFunction, CFunctionInfo11, CFunctionInfoStorage, CType, CallbackArguments, CallbackResult, ConstructorBehavior, FLAGS_NONE,
    FastOneByteString, HandleScope, HandleScopeData, HandleScopes, Int64Representation, Layout, Local, MemorySpan, NEW_STRING_NORMAL,
    NO_NULL_TERMINATION, PlainTypeInfo, SEQUENCE_TYPE_SCALAR, SMALL_INTEGER_SHIFT, SequencedTypeInfo, SideEffectType, TypeInfoLayout,
    UNINITIALIZED, WRITE_FLAGS_NONE,
};

/// Whose headers the C++ is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Headers {
    /// V8's own.
    Fast,
    /// Those that come with Node: all but `v8-fast-api-calls.h`.
    Public,
}

/// What both kinds of headers begin with.
const PRELUDE: &str = "\
#include <stddef.h>
#include <stdint.h>
#include <type_traits>
#include \"v8.h\"
#include \"v8-memory-span.h\"
#include \"v8-template.h\"

";

/// The text of one C++ file that does not compile where a header and the layout differ.
pub fn source(layout: &Layout, headers: Headers) -> String {
    let mut text = Source { text: PRELUDE.to_owned() };
    text.public_classes(layout);
    text.public_functions(layout);
    match headers {
        Headers::Fast => {
            text.text.push_str("\n#include \"v8-fast-api-calls.h\"\n\n");
            text.types();
            text.type_info(layout.type_info);
            text.function_info(layout);
            text.function();
        }
        Headers::Public => text.changed_functions(layout),
    }
    text.text
}

/// A member of a C++ class: its name there, and where and how large it is in the mirror.
struct Member(&'static str, usize, usize);

/// The member of a mirror that stands for a C++ member.
macro_rules! member {
    ($mirror:ty, $field:ident, $name:expr) => {
        Member($name, offset_of!($mirror, $field), size_of_field(|mirror: &$mirror| &raw const mirror.$field))
    };
}

fn size_of_field<Mirror, Field>(_: impl Fn(&Mirror) -> *const Field) -> usize {
    size_of::<Field>()
}

struct Source {
    text: String,
}

impl Source {
    /// Two numbers that must be the same: a C++ expression's, and the mirror's. Compilers show both when they differ.
    fn same(&mut self, expression: &str, mirror: usize) {
        self.line(&format!("static_assert(static_cast<size_t>({expression}) == {mirror}, \"{expression}\");"));
    }

    /// Something that must be so.
    fn holds(&mut self, expression: &str) {
        self.line(&format!("static_assert({expression}, \"{expression}\");"));
    }

    /// A function that must have this type, result and all: a mangled name does not tell the result.
    fn declared(&mut self, function: &str, kind: &str) {
        self.line(&format!("static_assert(static_cast<{kind}>(&{function}) != nullptr, \"{function}\");"));
    }

    fn class<Mirror>(&mut self, name: &str) {
        self.same(&format!("sizeof({name})"), size_of::<Mirror>());
        self.same(&format!("alignof({name})"), align_of::<Mirror>());
    }

    fn members(&mut self, class: &str, members: &[Member]) {
        for Member(name, offset, size) in members {
            self.same(&format!("offsetof({class}, {name})"), *offset);
            self.same(&format!("sizeof({class}::{name})"), *size);
        }
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("text takes any line");
    }

    fn public_classes(&mut self, layout: &Layout) {
        self.class::<Local>("v8::Local<v8::Value>");
        self.class::<Local>("v8::MaybeLocal<v8::Function>");
        self.holds("std::is_trivially_copyable_v<v8::Local<v8::Value>> && std::is_trivially_destructible_v<v8::Local<v8::Value>>");

        self.class::<MemorySpan>("v8::MemorySpan<uint8_t>");
        let span = [member!(MemorySpan, data, "data_"), member!(MemorySpan, size, "size_")];
        self.members("v8::MemorySpan<uint8_t>", &span);
        self.holds("std::is_trivially_copyable_v<v8::MemorySpan<uint8_t>> && std::is_trivially_destructible_v<v8::MemorySpan<uint8_t>>");

        let values = "offsetof(v8::FunctionCallbackInfo<v8::Value>, values_)";
        match layout.callback_arguments {
            CallbackArguments::Pointed(offset) => {
                self.same(values, offset);
                self.holds("std::is_same_v<decltype(v8::FunctionCallbackInfo<v8::Value>::values_), v8::internal::Address*>");
            }
            CallbackArguments::Inside(offset) => {
                let first = "v8::FunctionCallbackInfo<v8::Value>::kFirstJSArgumentIndex * sizeof(v8::internal::Address)";
                self.same(&format!("{values} + {first}"), offset);
            }
        }

        let result = "v8::FunctionCallbackInfo<v8::Value>::kReturnValueIndex * sizeof(v8::internal::Address)";
        match layout.callback_result {
            CallbackResult::Pointed(offset) => {
                self.same("offsetof(v8::FunctionCallbackInfo<v8::Value>, implicit_args_)", 0);
                self.holds("std::is_same_v<decltype(v8::FunctionCallbackInfo<v8::Value>::implicit_args_), v8::internal::Address*>");
                self.same(result, offset);
            }
            CallbackResult::Inside(offset) => self.same(&format!("{values} + {result}"), offset),
        }
        self.same("v8::internal::kSmiTag", 0);
        self.same("v8::internal::kSmiTagSize + v8::internal::kSmiShiftSize", SMALL_INTEGER_SHIFT as usize);

        self.class::<HandleScope>("v8::HandleScope");
        let scope = [
            member!(HandleScope, isolate, if layout.handle_scopes == HandleScopes::Exported { "i_isolate_" } else { "isolate_" }),
            member!(HandleScope, previous_next, "prev_next_"),
            member!(HandleScope, previous_limit, "prev_limit_"),
        ];
        self.members("v8::HandleScope", &scope);
        if let HandleScopes::Inline(offset) = layout.handle_scopes {
            self.same("v8::internal::Internals::kIsolateHandleScopeDataOffset", offset);
            self.class::<HandleScopeData>("v8::internal::HandleScopeData");
            let data = [
                member!(HandleScopeData, next, "next"),
                member!(HandleScopeData, limit, "limit"),
                member!(HandleScopeData, level, "level"),
                member!(HandleScopeData, sealed_level, "sealed_level"),
            ];
            self.members("v8::internal::HandleScopeData", &data);
        }

        self.class::<ConstructorBehavior>("v8::ConstructorBehavior");
        self.same("v8::ConstructorBehavior::kThrow", ConstructorBehavior::Throw as usize);
        self.same("v8::ConstructorBehavior::kAllow", ConstructorBehavior::Allow as usize);
        self.class::<SideEffectType>("v8::SideEffectType");
        self.same("v8::SideEffectType::kHasSideEffect", SideEffectType::HasSideEffect as usize);
        self.same("v8::SideEffectType::kHasNoSideEffect", SideEffectType::HasNoSideEffect as usize);
        self.same("v8::SideEffectType::kHasSideEffectToReceiver", SideEffectType::HasSideEffectToReceiver as usize);
    }

    fn public_functions(&mut self, layout: &Layout) {
        self.declared("v8::Isolate::GetCurrent", "v8::Isolate* (*)()");
        self.declared("v8::Isolate::GetCurrentContext", "v8::Local<v8::Context> (v8::Isolate::*)()");
        self.declared(
            "v8::FunctionTemplate::New",
            "v8::Local<v8::FunctionTemplate> (*)(v8::Isolate*, v8::FunctionCallback, v8::Local<v8::Value>, v8::Local<v8::Signature>, int, \
             v8::ConstructorBehavior, v8::SideEffectType, const v8::CFunction*, uint16_t, uint16_t, uint16_t)",
        );
        self.holds("std::is_same_v<v8::FunctionCallback, void (*)(const v8::FunctionCallbackInfo<v8::Value>&)>");
        self.declared(
            "v8::FunctionTemplate::GetFunction",
            "v8::MaybeLocal<v8::Function> (v8::FunctionTemplate::*)(v8::Local<v8::Context>)",
        );
        self.holds("std::is_constructible_v<v8::HandleScope, v8::Isolate*>");
        self.declared(
            "v8::Function::Call",
            "v8::MaybeLocal<v8::Value> (v8::Function::*)(v8::Local<v8::Context>, v8::Local<v8::Value>, int, v8::Local<v8::Value>[])",
        );
        if layout.allocates_uninitialized {
            self.declared(
                "v8::ArrayBuffer::MaybeNew",
                "v8::MaybeLocal<v8::ArrayBuffer> (*)(v8::Isolate*, size_t, v8::BackingStoreInitializationMode)",
            );
            self.same("v8::BackingStoreInitializationMode::kUninitialized", UNINITIALIZED.unsigned_abs() as usize);
            self.same("sizeof(v8::BackingStoreInitializationMode)", size_of_val(&UNINITIALIZED));
        }
        if layout.calls_in_isolate {
            self.declared(
                "v8::Function::Call",
                "v8::MaybeLocal<v8::Value> (v8::Function::*)(v8::Isolate*, v8::Local<v8::Context>, v8::Local<v8::Value>, int, \
                 v8::Local<v8::Value>[])",
            );
        }
        self.declared("v8::api_internal::DisposeGlobal", "void (*)(v8::internal::Address*)");
        self.declared("v8::ArrayBufferView::Buffer", "v8::Local<v8::ArrayBuffer> (v8::ArrayBufferView::*)()");
        self.declared("v8::ArrayBufferView::ByteOffset", "size_t (v8::ArrayBufferView::*)()");
        self.declared("v8::ArrayBufferView::CopyContents", "size_t (v8::ArrayBufferView::*)(void*, size_t)");
        self.declared("v8::Value::IsUint8Array", "bool (v8::Value::*)() const");
        self.declared("v8::Number::New", "v8::Local<v8::Number> (*)(v8::Isolate*, double)");
        for (name, byte) in [("NewFromOneByte", "uint8_t"), ("NewFromTwoByte", "uint16_t"), ("NewFromUtf8", "char")] {
            let kind = format!("v8::MaybeLocal<v8::String> (*)(v8::Isolate*, const {byte}*, v8::NewStringType, int)");
            self.declared(&format!("v8::String::{name}"), &kind);
        }
        self.declared("v8::String::IsOneByte", "bool (v8::String::*)() const");
        self.declared("v8::String::Length", "int (v8::String::*)() const");
        if layout.write_one_byte_v2 {
            let kind = "void (v8::String::*)(v8::Isolate*, uint32_t, uint32_t, uint8_t*, int) const";
            self.declared("v8::String::WriteOneByteV2", kind);
            self.same("v8::String::WriteFlags::kNone", WRITE_FLAGS_NONE as usize);
        } else {
            self.declared("v8::String::WriteOneByte", "int (v8::String::*)(v8::Isolate*, uint8_t*, int, int, int) const");
            self.same("v8::String::NO_NULL_TERMINATION", NO_NULL_TERMINATION as usize);
        }
        self.same("sizeof(v8::NewStringType)", size_of_val(&NEW_STRING_NORMAL));
        self.same("v8::NewStringType::kNormal", NEW_STRING_NORMAL as usize);
        self.declared("v8::ArrayBufferView::ByteLength", "size_t (v8::ArrayBufferView::*)()");
        self.declared("v8::ArrayBufferView::HasBuffer", "bool (v8::ArrayBufferView::*)() const");
        self.declared("v8::ArrayBuffer::Data", "void* (v8::ArrayBuffer::*)() const");
        self.declared("v8::ArrayBuffer::ByteLength", "size_t (v8::ArrayBuffer::*)() const");
        self.declared("v8::Value::IsArrayBufferView", "bool (v8::Value::*)() const");
        self.declared("v8::Value::IsArrayBuffer", "bool (v8::Value::*)() const");
        if layout.view_contents {
            self.declared("v8::ArrayBufferView::GetContents", "v8::MemorySpan<uint8_t> (v8::ArrayBufferView::*)(v8::MemorySpan<uint8_t>)");
        }
    }

    /// What changed between the versions next to one that V8's own headers are not to be had of: the headers that come with Node decide.
    fn changed_functions(&mut self, layout: &Layout) {
        let globalized = if layout.globalizes_objects { "v8::internal::Address" } else { "v8::internal::Address*" };
        self.declared("v8::api_internal::GlobalizeReference", &format!("v8::internal::Address* (*)(v8::internal::Isolate*, {globalized})"));
    }

    fn types(&mut self) {
        self.class::<CType>("v8::CTypeInfo::Type");
        for kind in CType::ALL {
            self.same(&format!("v8::CTypeInfo::{}", kind.name()), kind as usize);
        }
        self.same("v8::CTypeInfo::Flags::kNone", usize::from(FLAGS_NONE));
    }

    fn type_info(&mut self, layout: TypeInfoLayout) {
        const CLASS: &str = "v8::CTypeInfo";
        match layout {
            TypeInfoLayout::Sequenced => {
                self.class::<SequencedTypeInfo>(CLASS);
                let offsets = [
                    member!(SequencedTypeInfo, kind, "type_"),
                    member!(SequencedTypeInfo, sequence_type, "sequence_type_"),
                    member!(SequencedTypeInfo, flags, "flags_"),
                ];
                self.members(CLASS, &offsets);
                self.same("v8::CTypeInfo::SequenceType::kScalar", usize::from(SEQUENCE_TYPE_SCALAR));
            }
            TypeInfoLayout::Plain => {
                self.class::<PlainTypeInfo>(CLASS);
                let offsets = [member!(PlainTypeInfo, kind, "type_"), member!(PlainTypeInfo, flags, "flags_")];
                self.members(CLASS, &offsets);
            }
        }
        self.same("sizeof(v8::CTypeInfo)", layout.size());
    }

    fn function_info(&mut self, layout: &Layout) {
        const CLASS: &str = "v8::CFunctionInfo";
        self.class::<CFunctionInfoStorage>(CLASS);
        let offsets = layout.function_info;
        let members = [
            Member("return_info_", offsets.return_info, layout.type_info.size()),
            Member("arg_count_", offsets.argument_count, size_of_field(|info: &CFunctionInfo11| &raw const info.argument_count)),
            Member("arg_info_", offsets.argument_info, size_of_field(|info: &CFunctionInfo11| &raw const info.argument_info)),
        ];
        self.members(CLASS, &members);
        match offsets.representation {
            Some(offset) => {
                self.members(CLASS, &[Member("repr_", offset, size_of::<Int64Representation>())]);
                self.class::<Int64Representation>("v8::CFunctionInfo::Int64Representation");
                self.same("v8::CFunctionInfo::Int64Representation::kNumber", Int64Representation::Number as usize);
                self.same("v8::CFunctionInfo::Int64Representation::kBigInt", Int64Representation::BigInt as usize);
                self.holds(
                    "std::is_constructible_v<v8::CFunctionInfo, const v8::CTypeInfo&, unsigned, const v8::CTypeInfo*, \
                     v8::CFunctionInfo::Int64Representation>",
                );
            }
            None => self.holds("std::is_constructible_v<v8::CFunctionInfo, const v8::CTypeInfo&, unsigned, const v8::CTypeInfo*>"),
        }
    }

    fn function(&mut self) {
        self.class::<CFunction>("v8::CFunction");
        let function = [member!(CFunction, address, "address_"), member!(CFunction, info, "type_info_")];
        self.members("v8::CFunction", &function);
        self.class::<FastOneByteString>("v8::FastOneByteString");
        let string = [member!(FastOneByteString, data, "data"), member!(FastOneByteString, length, "length")];
        self.members("v8::FastOneByteString", &string);
    }
}
