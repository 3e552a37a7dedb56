//! What V8's functions are called in this process: their C++ declarations, and the names that those are mangled to.
//!
//! The names of the Itanium ABI hold for Linux on 64-bit processors, where `size_t` is an `unsigned long`; those of Microsoft's are the ones in the
//! export table of Node for Windows. `node scripts/check-v8-headers.mjs` holds both against Node's binaries. Which of them a version of V8
//! has is in `Layout`.

use std::ffi::CStr;

use super::abi::MICROSOFT;

macro_rules! names {
    ($($(#[$declaration:meta])* $name:ident: $itanium:literal, $microsoft:literal;)*) => {
        $($(#[$declaration])* pub const $name: &CStr = if MICROSOFT { $microsoft } else { $itanium };)*
    };
}

names! {
    /// `static const char* V8::GetVersion()`
    V8_GET_VERSION: c"_ZN2v82V810GetVersionEv", c"?GetVersion@V8@v8@@SAPEBDXZ";
    /// `static Isolate* Isolate::GetCurrent()`
    ISOLATE_GET_CURRENT: c"_ZN2v87Isolate10GetCurrentEv", c"?GetCurrent@Isolate@v8@@SAPEAV12@XZ";
    /// `Local<Context> Isolate::GetCurrentContext()`
    ISOLATE_GET_CURRENT_CONTEXT:
        c"_ZN2v87Isolate17GetCurrentContextEv",
        c"?GetCurrentContext@Isolate@v8@@QEAA?AV?$Local@VContext@v8@@@2@XZ";
    /// `bool Isolate::IsExecutionTerminating()`
    ISOLATE_IS_EXECUTION_TERMINATING: c"_ZN2v87Isolate22IsExecutionTerminatingEv", c"?IsExecutionTerminating@Isolate@v8@@QEAA_NXZ";

    /// `HandleScope::HandleScope(Isolate*)`
    HANDLE_SCOPE_NEW: c"_ZN2v811HandleScopeC1EPNS_7IsolateE", c"??0HandleScope@v8@@QEAA@PEAVIsolate@1@@Z";
    /// `HandleScope::~HandleScope()`
    HANDLE_SCOPE_DROP: c"_ZN2v811HandleScopeD1Ev", c"??1HandleScope@v8@@QEAA@XZ";
    /// `void HandleScope::DeleteExtensions(Isolate*)`
    HANDLE_SCOPE_DELETE_EXTENSIONS:
        c"_ZN2v811HandleScope16DeleteExtensionsEPNS_7IsolateE",
        c"?DeleteExtensions@HandleScope@v8@@AEAAXPEAVIsolate@2@@Z";
    /// `Address* api_internal::GlobalizeReference(internal::Isolate*, Address)`
    GLOBALIZE_OBJECT:
        c"_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEm",
        c"?GlobalizeReference@api_internal@v8@@YAPEA_KPEAVIsolate@internal@2@_K@Z";
    /// `Address* api_internal::GlobalizeReference(internal::Isolate*, Address*)`
    GLOBALIZE_SLOT:
        c"_ZN2v812api_internal18GlobalizeReferenceEPNS_8internal7IsolateEPm",
        c"?GlobalizeReference@api_internal@v8@@YAPEA_KPEAVIsolate@internal@2@PEA_K@Z";
    /// `void api_internal::DisposeGlobal(Address*)`
    DISPOSE_GLOBAL: c"_ZN2v812api_internal13DisposeGlobalEPm", c"?DisposeGlobal@api_internal@v8@@YAXPEA_K@Z";

    /// `static Local<FunctionTemplate> FunctionTemplate::New(Isolate*, FunctionCallback, Local<Value> data, Local<Signature>, int length,
    /// ConstructorBehavior, SideEffectType, const CFunction*, uint16_t instance_type, uint16_t, uint16_t)`
    FUNCTION_TEMPLATE_NEW:
        c"_ZN2v816FunctionTemplate3NewEPNS_7IsolateEPFvRKNS_20FunctionCallbackInfoINS_5ValueEEEENS_5LocalIS4_EENSA_INS_9SignatureEEEiNS_19ConstructorBehaviorENS_14SideEffectTypeEPKNS_9CFunctionEttt",
        c"?New@FunctionTemplate@v8@@SA?AV?$Local@VFunctionTemplate@v8@@@2@PEAVIsolate@2@P6AXAEBV?$FunctionCallbackInfo@VValue@v8@@@2@@ZV?$Local@VValue@v8@@@2@V?$Local@VSignature@v8@@@2@HW4ConstructorBehavior@2@W4SideEffectType@2@PEBVCFunction@2@GGG@Z";
    /// `MaybeLocal<Function> FunctionTemplate::GetFunction(Local<Context>)`
    FUNCTION_TEMPLATE_GET_FUNCTION:
        c"_ZN2v816FunctionTemplate11GetFunctionENS_5LocalINS_7ContextEEE",
        c"?GetFunction@FunctionTemplate@v8@@QEAA?AV?$MaybeLocal@VFunction@v8@@@2@V?$Local@VContext@v8@@@2@@Z";
    /// `CFunctionInfo::CFunctionInfo(const CTypeInfo& result, unsigned count, const CTypeInfo* arguments)`
    FUNCTION_INFO_NEW: c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_", c"??0CFunctionInfo@v8@@QEAA@AEBVCTypeInfo@1@IPEBV21@@Z";
    /// The same with an `Int64Representation` behind.
    FUNCTION_INFO_NEW_WITH_REPRESENTATION:
        c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_NS0_19Int64RepresentationE",
        c"??0CFunctionInfo@v8@@QEAA@AEBVCTypeInfo@1@IPEBV21@W4Int64Representation@01@@Z";
    /// `MaybeLocal<Value> Function::Call(Local<Context>, Local<Value> receiver, int count, Local<Value> arguments[])`
    FUNCTION_CALL:
        c"_ZN2v88Function4CallENS_5LocalINS_7ContextEEENS1_INS_5ValueEEEiPS5_",
        c"?Call@Function@v8@@QEAA?AV?$MaybeLocal@VValue@v8@@@2@V?$Local@VContext@v8@@@2@V?$Local@VValue@v8@@@2@HQEAV52@@Z";
    /// The same with an `Isolate*` before.
    FUNCTION_CALL_IN_ISOLATE:
        c"_ZN2v88Function4CallEPNS_7IsolateENS_5LocalINS_7ContextEEENS3_INS_5ValueEEEiPS7_",
        c"?Call@Function@v8@@QEAA?AV?$MaybeLocal@VValue@v8@@@2@PEAVIsolate@2@V?$Local@VContext@v8@@@2@V?$Local@VValue@v8@@@2@HQEAV62@@Z";

    /// `bool Value::IsArrayBuffer() const`
    VALUE_IS_ARRAY_BUFFER: c"_ZNK2v85Value13IsArrayBufferEv", c"?IsArrayBuffer@Value@v8@@QEBA_NXZ";
    /// `bool Value::IsArrayBufferView() const`
    VALUE_IS_ARRAY_BUFFER_VIEW: c"_ZNK2v85Value17IsArrayBufferViewEv", c"?IsArrayBufferView@Value@v8@@QEBA_NXZ";
    /// `bool Value::IsUint8Array() const`
    VALUE_IS_UINT8_ARRAY: c"_ZNK2v85Value12IsUint8ArrayEv", c"?IsUint8Array@Value@v8@@QEBA_NXZ";
    /// `static Local<Number> Number::New(Isolate*, double)`
    NUMBER_NEW: c"_ZN2v86Number3NewEPNS_7IsolateEd", c"?New@Number@v8@@SA?AV?$Local@VNumber@v8@@@2@PEAVIsolate@2@N@Z";

    /// `void* ArrayBuffer::Data() const`
    ARRAY_BUFFER_DATA: c"_ZNK2v811ArrayBuffer4DataEv", c"?Data@ArrayBuffer@v8@@QEBAPEAXXZ";
    /// `size_t ArrayBuffer::ByteLength() const`
    ARRAY_BUFFER_BYTE_LENGTH: c"_ZNK2v811ArrayBuffer10ByteLengthEv", c"?ByteLength@ArrayBuffer@v8@@QEBA_KXZ";
    /// `static Local<ArrayBuffer> ArrayBuffer::New(Isolate*, std::shared_ptr<BackingStore>)`
    ARRAY_BUFFER_NEW:
        c"_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE",
        c"?New@ArrayBuffer@v8@@SA?AV?$Local@VArrayBuffer@v8@@@2@PEAVIsolate@2@V?$shared_ptr@VBackingStore@v8@@@std@@@Z";
    /// `static MaybeLocal<ArrayBuffer> ArrayBuffer::MaybeNew(Isolate*, size_t byte_length, BackingStoreInitializationMode)`
    ARRAY_BUFFER_MAYBE_NEW:
        c"_ZN2v811ArrayBuffer8MaybeNewEPNS_7IsolateEmNS_30BackingStoreInitializationModeE",
        c"?MaybeNew@ArrayBuffer@v8@@SA?AV?$MaybeLocal@VArrayBuffer@v8@@@2@PEAVIsolate@2@_KW4BackingStoreInitializationMode@2@@Z";
    /// `static std::unique_ptr<BackingStore> ArrayBuffer::NewBackingStore(void* data, size_t byte_length, BackingStore::DeleterCallback,
    /// void* deleter_data)`
    ARRAY_BUFFER_NEW_BACKING_STORE:
        c"_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_",
        c"?NewBackingStore@ArrayBuffer@v8@@SA?AV?$unique_ptr@VBackingStore@v8@@U?$default_delete@VBackingStore@v8@@@std@@@std@@PEAX_KP6AX010@Z0@Z";
    /// `std::shared_ptr<BackingStore> ArrayBuffer::GetBackingStore()`
    ARRAY_BUFFER_GET_BACKING_STORE:
        c"_ZN2v811ArrayBuffer15GetBackingStoreEv",
        c"?GetBackingStore@ArrayBuffer@v8@@QEAA?AV?$shared_ptr@VBackingStore@v8@@@std@@XZ";
    /// `static void BackingStore::EmptyDeleter(void* data, size_t length, void* deleter_data)`
    BACKING_STORE_EMPTY_DELETER: c"_ZN2v812BackingStore12EmptyDeleterEPvmS1_", c"?EmptyDeleter@BackingStore@v8@@SAXPEAX_K0@Z";

    /// `Local<ArrayBuffer> ArrayBufferView::Buffer()`
    VIEW_BUFFER: c"_ZN2v815ArrayBufferView6BufferEv", c"?Buffer@ArrayBufferView@v8@@QEAA?AV?$Local@VArrayBuffer@v8@@@2@XZ";
    /// `size_t ArrayBufferView::ByteOffset()`
    VIEW_BYTE_OFFSET: c"_ZN2v815ArrayBufferView10ByteOffsetEv", c"?ByteOffset@ArrayBufferView@v8@@QEAA_KXZ";
    /// `size_t ArrayBufferView::ByteLength()`
    VIEW_BYTE_LENGTH: c"_ZN2v815ArrayBufferView10ByteLengthEv", c"?ByteLength@ArrayBufferView@v8@@QEAA_KXZ";
    /// `bool ArrayBufferView::HasBuffer() const`
    VIEW_HAS_BUFFER: c"_ZNK2v815ArrayBufferView9HasBufferEv", c"?HasBuffer@ArrayBufferView@v8@@QEBA_NXZ";
    /// `size_t ArrayBufferView::CopyContents(void*, size_t)`
    VIEW_COPY_CONTENTS: c"_ZN2v815ArrayBufferView12CopyContentsEPvm", c"?CopyContents@ArrayBufferView@v8@@QEAA_KPEAX_K@Z";
    /// `MemorySpan<uint8_t> ArrayBufferView::GetContents(MemorySpan<uint8_t> storage)`
    VIEW_GET_CONTENTS:
        c"_ZN2v815ArrayBufferView11GetContentsENS_10MemorySpanIhEE",
        c"?GetContents@ArrayBufferView@v8@@QEAA?AV?$MemorySpan@E@2@V32@@Z";

    /// `static MaybeLocal<String> String::NewFromOneByte(Isolate*, const uint8_t*, NewStringType, int length)`
    STRING_NEW_FROM_ONE_BYTE:
        c"_ZN2v86String14NewFromOneByteEPNS_7IsolateEPKhNS_13NewStringTypeEi",
        c"?NewFromOneByte@String@v8@@SA?AV?$MaybeLocal@VString@v8@@@2@PEAVIsolate@2@PEBEW4NewStringType@2@H@Z";
    /// `static MaybeLocal<String> String::NewFromTwoByte(Isolate*, const uint16_t*, NewStringType, int length)`
    STRING_NEW_FROM_TWO_BYTE:
        c"_ZN2v86String14NewFromTwoByteEPNS_7IsolateEPKtNS_13NewStringTypeEi",
        c"?NewFromTwoByte@String@v8@@SA?AV?$MaybeLocal@VString@v8@@@2@PEAVIsolate@2@PEBGW4NewStringType@2@H@Z";
    /// `static MaybeLocal<String> String::NewFromUtf8(Isolate*, const char*, NewStringType, int length)`
    STRING_NEW_FROM_UTF8:
        c"_ZN2v86String11NewFromUtf8EPNS_7IsolateEPKcNS_13NewStringTypeEi",
        c"?NewFromUtf8@String@v8@@SA?AV?$MaybeLocal@VString@v8@@@2@PEAVIsolate@2@PEBDW4NewStringType@2@H@Z";
    /// `bool String::IsOneByte() const`
    STRING_IS_ONE_BYTE: c"_ZNK2v86String9IsOneByteEv", c"?IsOneByte@String@v8@@QEBA_NXZ";
    /// `int String::Length() const`
    STRING_LENGTH: c"_ZNK2v86String6LengthEv", c"?Length@String@v8@@QEBAHXZ";
    /// `int String::WriteOneByte(Isolate*, uint8_t* buffer, int start, int length, int options) const`
    STRING_WRITE_ONE_BYTE: c"_ZNK2v86String12WriteOneByteEPNS_7IsolateEPhiii", c"?WriteOneByte@String@v8@@QEBAHPEAVIsolate@2@PEAEHHH@Z";
    /// `void String::WriteOneByteV2(Isolate*, uint32_t offset, uint32_t length, uint8_t* buffer, int flags) const`
    STRING_WRITE_ONE_BYTE_V2:
        c"_ZNK2v86String14WriteOneByteV2EPNS_7IsolateEjjPhi",
        c"?WriteOneByteV2@String@v8@@QEBAXPEAVIsolate@2@IIPEAEH@Z";
}
