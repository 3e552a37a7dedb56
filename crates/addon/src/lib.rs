//! Ferrule's addon: what `lib/binding.js` loads. This file is the table of what it exports, and nothing else.

mod access;
mod accessor;
mod boundary;
mod callback;
mod convert;
mod direct;
mod error;
mod exchange;
mod export;
mod fast;
mod function;
mod guard;
mod incoming;
mod legacy;
mod library;
mod loaded;
mod napi;
mod permission;
mod pointer;
mod process;
mod quarantine;
mod resolve;
mod runtime;
mod signature;
mod slow;
mod state;
mod trampoline;
mod v8;
mod view;

use std::ffi::CStr;
use std::rc::Rc;

use ferrule_abi::{Type, cell};
use ferrule_native::closure;
use napi_sys as sys;

use access::Restricted;
use boundary::{Callee, Export};
use error::Result;
use guard::{Guarded, Trusting};
use napi::{Env, Value};
use permission::Permission;
use state::State;

/// What `lib/` uses, and what methods are: whoever has a library has it already.
const OWN: [Export; 21] = [
    Export { name: c"initialize", call: guard::initialize },
    Export { name: c"leave", call: State::leave },
    Export { name: c"tiers", call: fast::reasons },
    Export { name: c"binary", call: runtime::binary },
    Export { name: c"memoryFunctions", call: direct::memory_functions },
    Export { name: c"bufferFunctions", call: direct::buffer_functions },
    Export { name: c"checkAccess", call: access::check },
    Export { name: c"hasAccess", call: access::has },
    Export { name: c"dropAccess", call: access::drop },
    Export { name: c"refuseCall", call: library::refuse_call },
    Export { name: c"refuseReceiver", call: library::refuse_receiver },
    Export { name: c"closeLibrary", call: library::close },
    Export { name: c"getFunction", call: library::get_function },
    Export { name: c"getFunctionFromPointer", call: library::get_function_from_pointer },
    Export { name: c"getFunctions", call: library::get_functions },
    Export { name: c"getSymbol", call: library::get_symbol },
    Export { name: c"getSymbols", call: library::get_symbols },
    Export { name: c"registerCallback", call: library::register_callback },
    Export { name: c"unregisterCallback", call: library::unregister_callback },
    Export { name: c"refCallback", call: library::ref_callback },
    Export { name: c"unrefCallback", call: library::unref_callback },
];

macro_rules! module {
    ($caution:ty) => {
        [
            Export { name: c"openLibrary", call: library::open },
            Export { name: c"getInt8", call: accessor::get::<i8, $caution> },
            Export { name: c"getUint8", call: accessor::get::<u8, $caution> },
            Export { name: c"getInt16", call: accessor::get::<i16, $caution> },
            Export { name: c"getUint16", call: accessor::get::<u16, $caution> },
            Export { name: c"getInt32", call: accessor::get::<i32, $caution> },
            Export { name: c"getUint32", call: accessor::get::<u32, $caution> },
            Export { name: c"getInt64", call: accessor::get::<i64, $caution> },
            Export { name: c"getUint64", call: accessor::get::<u64, $caution> },
            Export { name: c"getFloat32", call: accessor::get::<f32, $caution> },
            Export { name: c"getFloat64", call: accessor::get::<f64, $caution> },
            Export { name: c"setInt8", call: accessor::set::<i8, $caution> },
            Export { name: c"setUint8", call: accessor::set::<u8, $caution> },
            Export { name: c"setInt16", call: accessor::set::<i16, $caution> },
            Export { name: c"setUint16", call: accessor::set::<u16, $caution> },
            Export { name: c"setInt32", call: accessor::set::<i32, $caution> },
            Export { name: c"setUint32", call: accessor::set::<u32, $caution> },
            Export { name: c"setInt64", call: accessor::set::<i64, $caution> },
            Export { name: c"setUint64", call: accessor::set::<u64, $caution> },
            Export { name: c"setFloat32", call: accessor::set::<f32, $caution> },
            Export { name: c"setFloat64", call: accessor::set::<f64, $caution> },
            Export { name: c"toString", call: view::to_string::<$caution> },
            Export { name: c"toBuffer", call: view::to_buffer::<$caution> },
            Export { name: c"toArrayBuffer", call: view::to_array_buffer::<$caution> },
            Export { name: c"getRawPointer", call: view::get_raw_pointer },
            Export { name: c"getCurrentEventLoop", call: view::get_current_event_loop },
            Export { name: c"exportString", call: export::string::<$caution> },
            Export { name: c"exportBuffer", call: export::buffer::<$caution> },
            Export { name: c"exportArrayBuffer", call: export::array_buffer::<$caution> },
            Export { name: c"exportArrayBufferView", call: export::array_buffer_view::<$caution> },
            Export { name: c"getNativeFunction", call: legacy::get_native_function },
            Export { name: c"getBufferPointer", call: legacy::get_buffer_pointer },
            Export { name: c"sizeof", call: legacy::size_of },
        ]
    };
}

/// The functions of the module and its constructor, which need permission where there is a permission model.
const MODULE: [Export; 33] = module!(Trusting);

/// The same in guarded mode.
const GUARDED: [Export; 33] = module!(Guarded);

fn define<'env>(env: Env<'env>, exports: Value<'env>) -> Result<()> {
    closure::prepare();
    // Deno drops what is thrown here; `initialize` throws it.
    let is_guarded = guard::prepare().unwrap_or(false);
    env.set_state(Box::new(State::new(Permission::find(env)?)))?;
    let is_restricted = State::of(env).permission().is_some();
    env.define(exports, env.create_string("isGuarded")?, env.boolean(is_guarded)?)?;
    for export in OWN {
        define_function(env, exports, export.name, Rc::new(export))?;
    }
    for export in if is_guarded { GUARDED } else { MODULE } {
        if is_restricted {
            define_function(env, exports, export.name, Rc::new(Restricted(export)))?;
        } else {
            define_function(env, exports, export.name, Rc::new(export))?;
        }
    }
    define_layout(env, exports)?;
    let types = env.object()?;
    for (constant, name) in ferrule_abi::CONSTANTS {
        env.define(types, env.create_string(constant)?, env.create_string(name)?)?;
    }
    Ok(env.define(exports, env.create_string("types")?, types)?)
}

fn define_function<'env, C: Callee>(env: Env<'env>, exports: Value<'env>, name: &CStr, callee: Rc<C>) -> Result<()> {
    Ok(env.define(exports, env.create_string_utf8(name.to_bytes())?, boundary::function(env, name, callee)?)?)
}

/// What JavaScript has to know: of the memory that it makes for the wrappers, and of the names of types in signatures.
fn define_layout<'env>(env: Env<'env>, exports: Value<'env>) -> Result<()> {
    let cells = [
        ("bytes", exchange::CELLS_SIZE),
        ("TARGET", cell::TARGET),
        ("RESULT", cell::RESULT),
        ("REFUSED", cell::REFUSED),
        ("ARGUMENTS", cell::ARGUMENTS),
        ("DEPTH", cell::DEPTH),
        ("RELEASES", exchange::RELEASES),
        ("ORDINARY", exchange::ORDINARY),
        ("INCOMING_OUTCOME", exchange::INCOMING_OUTCOME),
        ("INCOMING_RESULT", exchange::INCOMING_RESULT),
        ("INCOMING_ARGUMENTS", exchange::INCOMING_ARGUMENTS),
    ];
    let outcomes = [("RESULT", incoming::RESULT), ("VALUE", incoming::VALUE), ("EXCEPTION", incoming::EXCEPTION)];
    let outcomes = outcomes.map(|(name, number)| (name, number.unsigned_abs() as usize));
    let types: Vec<_> = Type::all_names().map(|(name, ty)| (name, signature::letter(ty).into())).collect();
    let gate = [("length", exchange::GATE_LENGTH), ("ALIVE", exchange::ALIVE)];
    let tables =
        [("cells", cells.as_slice()), ("gate", gate.as_slice()), ("outcomes", outcomes.as_slice()), ("typeCodes", types.as_slice())];
    for (name, numbers) in tables {
        let object = env.object()?;
        for (name, number) in numbers {
            env.define(object, env.create_string(name)?, env.create_f64(*number as f64)?)?;
        }
        env.define(exports, env.create_string(name)?, object)?;
    }
    Ok(())
}

/// Fills `exports`. Node calls it once for each environment that loads the addon.
///
/// # Safety
///
/// * Node calls it, with the environment of the running thread and an object.
#[unsafe(no_mangle)]
unsafe extern "C" fn napi_register_module_v1(env: sys::napi_env, exports: sys::napi_value) -> sys::napi_value {
    napi::connect();
    // SAFETY: Node passes the environment of this thread, inside a handle scope of the call's own.
    let env = unsafe { Env::from_raw(env) };
    // SAFETY: Node passes a handle of that scope.
    let exports = unsafe { Value::from_raw(exports) };
    boundary::guarded(env, || define(env, exports).map(|()| Some(exports)))
}

/// The Node-API version that the addon is written for. Node reads it before it calls anything else.
#[unsafe(no_mangle)]
extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    8
}
