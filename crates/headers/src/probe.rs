//! Asks the V8 of this process where it puts things.

use std::ffi::{CStr, c_char, c_void};
use std::mem;
use std::ptr::NonNull;

use crate::layout::{CFunctionInfoStorage, CType, HandleScopes, Int64Representation, Layout};

/// The address of something in this process.
pub fn symbol(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: the name ends with a zero; any name may be asked for.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}

/// Holds the layout of the V8 in this process against what it does, and gives its version; an error is a text for people.
pub fn probe() -> Result<String, String> {
    let version = version()?;
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
    let (Some(Some(major)), Some(Some(minor))) = (numbers.next(), numbers.next()) else {
        return Err(format!("V8 says that its version is {version}"));
    };
    let layout = Layout::of(major, minor).ok_or_else(|| format!("there is no layout for V8 {version}"))?;
    let mut differences = Vec::new();
    exports(layout, &mut differences);
    function_info(layout, &mut differences)?;
    if differences.is_empty() {
        Ok(version)
    } else {
        Err(format!("V8 {version} does not agree with layout.rs:\n  {}", differences.join("\n  ")))
    }
}

fn version() -> Result<String, String> {
    let get_version = symbol(c"_ZN2v82V810GetVersionEv").ok_or("the process has no V8::GetVersion")?;
    // SAFETY: `static const char* V8::GetVersion()`
    let get_version = unsafe { mem::transmute::<NonNull<c_void>, unsafe extern "C" fn() -> *const c_char>(get_version) };
    // SAFETY: V8 gives a text of its own that ends with a zero and stays.
    Ok(unsafe { CStr::from_ptr(get_version()) }.to_string_lossy().into_owned())
}

const CONSTRUCTOR: &CStr = c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_";
const CONSTRUCTOR_WITH_REPRESENTATION: &CStr = c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_NS0_19Int64RepresentationE";
const ARGUMENT_INFO: &CStr = c"_ZNK2v813CFunctionInfo12ArgumentInfoEj";

/// Whether the functions are there that the layout promises, and no others.
fn exports(layout: &Layout, differences: &mut Vec<String>) {
    let with_representation = layout.function_info.representation.is_some();
    let promised = [
        (c"_ZN2v811HandleScopeC1EPNS_7IsolateE", layout.handle_scopes == HandleScopes::Exported),
        (c"_ZN2v811HandleScopeD1Ev", layout.handle_scopes == HandleScopes::Exported),
        (c"_ZN2v815ArrayBufferView11GetContentsENS_10MemorySpanIhEE", layout.view_contents),
        (CONSTRUCTOR, !with_representation),
        (CONSTRUCTOR_WITH_REPRESENTATION, with_representation),
    ];
    for (name, is_promised) in promised {
        if symbol(name).is_some() != is_promised {
            let verb = if is_promised { "is missing" } else { "is there" };
            differences.push(format!("{} {verb}", name.to_string_lossy()));
        }
    }
}

/// Memory for a `CFunctionInfo`, and more behind it in which nothing may be written.
const ROOM: usize = 64;

/// What the memory holds before V8 writes there.
const UNTOUCHED: u8 = 0xA5;

#[repr(C, align(16))]
struct Room([u8; ROOM]);

/// Lets V8 describe a function of three arguments, and looks at what it wrote.
fn function_info(layout: &Layout, differences: &mut Vec<String>) -> Result<(), String> {
    let result = layout.type_infos(&[CType::Float64]);
    let arguments = layout.type_infos(&[CType::V8Value, CType::Uint32, CType::SeqOneByteString]);
    let mut room = Room([UNTOUCHED; ROOM]);
    construct(layout, &mut room, &result, &arguments)?;

    let offsets = layout.function_info;
    let mut members = vec![
        (offsets.return_info, result.to_vec()),
        (offsets.argument_count, 3_u32.to_ne_bytes().to_vec()),
        (offsets.argument_info, arguments.as_ptr().addr().to_ne_bytes().to_vec()),
        (size_of::<CFunctionInfoStorage>(), vec![UNTOUCHED; ROOM - size_of::<CFunctionInfoStorage>()]),
    ];
    members.extend(offsets.representation.map(|offset| (offset, vec![Int64Representation::BigInt as u8])));
    for (offset, expected) in members {
        let found = &room.0[offset..offset + expected.len()];
        if found != expected {
            differences.push(format!("a CFunctionInfo has {found:02x?} at {offset}, not {expected:02x?}"));
        }
    }

    let argument_info = symbol(ARGUMENT_INFO).ok_or("the process has no CFunctionInfo::ArgumentInfo")?;
    // SAFETY: `const CTypeInfo& CFunctionInfo::ArgumentInfo(unsigned) const`; a reference is a pointer.
    let argument_info = unsafe { mem::transmute::<NonNull<c_void>, unsafe extern "C" fn(*const Room, u32) -> *const u8>(argument_info) };
    for index in 0..3 {
        // SAFETY: V8 has filled the room, and the index is below the count.
        let found = unsafe { argument_info(&raw const room, index) }.addr().wrapping_sub(arguments.as_ptr().addr());
        let expected = index as usize * layout.type_info.size();
        if found != expected {
            differences.push(format!("the CTypeInfo of argument {index} is at {found}, not at {expected}"));
        }
    }
    Ok(())
}

fn construct(layout: &Layout, room: &mut Room, result: &[u8], arguments: &[u8]) -> Result<(), String> {
    let (room, result, arguments) = (&raw mut *room, result.as_ptr(), arguments.as_ptr());
    if layout.function_info.representation.is_some() {
        let constructor = symbol(CONSTRUCTOR_WITH_REPRESENTATION).ok_or("the process has no CFunctionInfo with a representation")?;
        // SAFETY: `CFunctionInfo(const CTypeInfo&, unsigned, const CTypeInfo*, Int64Representation)`
        let constructor =
            unsafe { mem::transmute::<NonNull<c_void>, unsafe extern "C" fn(*mut Room, *const u8, u32, *const u8, u8)>(constructor) };
        // SAFETY: the room is larger than any `CFunctionInfo` was, and there are as many types as said.
        unsafe { constructor(room, result, 3, arguments, Int64Representation::BigInt as u8) };
    } else {
        let constructor = symbol(CONSTRUCTOR).ok_or("the process has no CFunctionInfo without a representation")?;
        // SAFETY: `CFunctionInfo(const CTypeInfo&, unsigned, const CTypeInfo*)`
        let constructor =
            unsafe { mem::transmute::<NonNull<c_void>, unsafe extern "C" fn(*mut Room, *const u8, u32, *const u8)>(constructor) };
        // SAFETY: as above.
        unsafe { constructor(room, result, 3, arguments) };
    }
    Ok(())
}
