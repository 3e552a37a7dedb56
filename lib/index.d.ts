// Types of Ferrule, for TypeScript 5.0 and newer.
//
// A signature's literal decides the type of the function or callback made from it, without `as const`. A signature whose type
// does not say the names (`Signature` itself, a variable) gives a function that takes and returns any value of the API.
//
// @types/node is not needed. With it `Buffer` is Node's Buffer; without it, a Uint8Array.

import type {
  CFunctionOf, CType, CallbackOf, CallbackResultOf, Definitions, FunctionOf, FunctionsOf, OnlyKnownFunctionKeys,
  OnlyKnownKeys, OnlyKnownKeysOfEach, Otherwise, Signature,
} from './signature.js';

export type {
  ArgumentOf, BigIntType, CArgumentOf, CBigIntType, CFunctionOf, CLongType, CNumberType, CPointerType, CResultOf, CType,
  CallbackOf, CallbackResultOf, Definitions, FunctionOf, FunctionsOf, NativeFunction, NumberType, OnlyKnownFunctionKeys,
  OnlyKnownKeys, OnlyKnownKeysOfEach, ParameterType, PointerType, PointerValue, ResultOf, ResultType, Signature,
} from './signature.js';

declare global {
  // As in lib.esnext.disposable and @types/node, for programs that have neither.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
}

type NodeBuffer = typeof globalThis extends { Buffer: { alloc(size: number): infer Value } } ? Value : Uint8Array;
type AnyNodeBuffer =
  typeof globalThis extends { Buffer: { isBuffer(value: any): value is infer Value } } ? Value : Uint8Array;

// ---------------------------------------------------------------------------------------------------------------------------
// Libraries

/** What {@link dlopen} returns. */
export interface OpenedLibrary<Functions> {
  /** The library. */
  lib: DynamicLibrary;
  /** The functions that were asked for, by name. */
  functions: Functions;
  /** Closes the library, so that `using` does at the end of its block. */
  [Symbol.dispose](): void;
}

/**
 * A loaded dynamic library.
 *
 * Instances are independent: closing one does not affect another of the same path. An instance that nobody refers to any more is
 * closed by the garbage collector; functions made from it and callbacks registered with it keep it loaded.
 */
export class DynamicLibrary {
  /**
   * Loads a library without resolving anything.
   *
   * @param path What the system's loader takes: a file, or a name to search for. `null` is the current process (not on Windows).
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the path is neither a string nor null, `ERR_INVALID_ARG_VALUE` if it contains
   * U+0000.
   * @throws {Error} `ERR_FFI_CALL_FAILED` with the loader's message if the library cannot be loaded.
   */
  constructor(path: string | null);

  /** The path exactly as it was given; `''` for null. It remains after closing. */
  readonly path: string;

  /**
   * The addresses resolved so far, by symbol; a fresh object on every read.
   *
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  readonly symbols: Record<string, bigint>;

  /**
   * The functions resolved so far, by symbol; a fresh object on every read, so keep the functions rather than reading this in a
   * loop.
   *
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  get functions(): Record<string, FunctionOf<Signature>>;

  /**
   * Closes the library. Repeating it does nothing.
   *
   * Its functions throw from now on, and its callbacks are released: native code must not call them any more. A callback of this
   * library must not close it while it runs.
   */
  close(): void;

  /** The same function as {@link DynamicLibrary.close}. */
  [Symbol.dispose](): void;

  /**
   * Resolves a symbol as a function. Asking again with an equivalent signature gives the same function.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for a name that is no string or a signature that is no object,
   * `ERR_INVALID_ARG_VALUE` for a bad signature, or one that differs from an earlier one for this symbol.
   * @throws {Error} `ERR_FFI_CALL_FAILED` if there is no such symbol, `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  getFunction<const S extends Signature & OnlyKnownFunctionKeys<S>>(name: string, signature: S): FunctionOf<S>;

  /**
   * Makes a function from an address, for example one that a table of function pointers holds. Each call makes an independent
   * function; none of them is listed in {@link DynamicLibrary.functions}. The function keeps this library loaded.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for an address that is no bigint or a signature that is no object,
   * `ERR_INVALID_ARG_VALUE` for `0n`, a negative or too large address, or a bad signature.
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  getFunctionFromPointer<const S extends Signature & OnlyKnownFunctionKeys<S>>(address: bigint, signature: S): FunctionOf<S>;

  /**
   * Resolves several symbols as functions: all of them, or none if one fails. Without definitions, returns the functions resolved
   * so far, like {@link DynamicLibrary.functions}.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the definitions or one of the signatures is no object,
   * `ERR_INVALID_ARG_VALUE` for a bad signature, or one that differs from an earlier one for its symbol.
   * @throws {Error} `ERR_FFI_CALL_FAILED` if a symbol does not exist, `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  getFunctions<const D extends Definitions & OnlyKnownKeysOfEach<D> = Definitions>(definitions?: D):
    FunctionsOf<Otherwise<D, Definitions>>;

  /**
   * Resolves the address of a symbol, be it a function or data.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for a name that is no string, `ERR_INVALID_ARG_VALUE` for one with U+0000.
   * @throws {Error} `ERR_FFI_CALL_FAILED` if there is no such symbol, `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  getSymbol(name: string): bigint;

  /**
   * Returns the addresses resolved so far, like {@link DynamicLibrary.symbols}.
   *
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  getSymbols(): Record<string, bigint>;

  /**
   * Makes a native function `void ()` that calls a JavaScript function, and returns its address.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the argument is no function.
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  registerCallback(callback: () => CallbackResultOf<'void'>): bigint;

  /**
   * Makes a native function that calls a JavaScript function, and returns its address. It lives until
   * {@link DynamicLibrary.unregisterCallback} or {@link DynamicLibrary.close}.
   *
   * The callback runs synchronously, on the thread that registered it. The process aborts if it throws, returns a promise or a
   * value that does not fit the declared result, or if native code calls it on another thread or after it was released.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the signature is no object or the callback no function,
   * `ERR_INVALID_ARG_VALUE` for a bad signature.
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  registerCallback<const S extends Signature & OnlyKnownKeys<S>>(signature: S, callback: CallbackOf<S>): bigint;

  /**
   * Releases a callback. Native code must not call it any more, and it must not be running.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the address is no bigint, `ERR_INVALID_ARG_VALUE` if it is out of range or not
   * that of a live callback of this library.
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  unregisterCallback(pointer: bigint): void;

  /**
   * Keeps the callback's JavaScript function alive, as it is from the start.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the address is no bigint, `ERR_INVALID_ARG_VALUE` if it is out of range or not
   * that of a live callback of this library, or if the function was collected already.
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  refCallback(pointer: bigint): void;

  /**
   * Lets the callback's JavaScript function be collected when nothing else refers to it. From then on the native function does
   * nothing and returns zero.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the address is no bigint, `ERR_INVALID_ARG_VALUE` if it is out of range or not
   * that of a live callback of this library, or if the function was collected already.
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after closing.
   */
  unrefCallback(pointer: bigint): void;
}

/**
 * Loads a library and resolves functions. If one of them fails, the library is closed again. Without definitions, `functions` is
 * empty and stays so; resolve with `lib`.
 *
 * @throws As `new DynamicLibrary(path)` and `lib.getFunctions(definitions)`.
 */
export function dlopen<const D extends Definitions & OnlyKnownKeysOfEach<D> = {}>(
  path: string | null,
  definitions?: D,
): OpenedLibrary<FunctionsOf<Otherwise<D, {}>>>;

/** Closes a library: `handle.close()`. */
export function dlclose(handle: { close(): unknown }): void;

/**
 * Resolves the address of a symbol: `handle.getSymbol(symbol)`.
 *
 * @throws As {@link DynamicLibrary.getSymbol}.
 */
export function dlsym(handle: { getSymbol(name: string): bigint }, symbol: string): bigint;

/** The file name extension of dynamic libraries on this platform, without a dot. */
export const suffix: 'so' | 'dylib' | 'dll';

/** The type names as constants. Frozen. */
export const types: {
  readonly VOID: 'void';
  readonly POINTER: 'pointer';
  readonly BUFFER: 'buffer';
  readonly ARRAY_BUFFER: 'arraybuffer';
  readonly FUNCTION: 'function';
  readonly BOOL: 'bool';
  readonly CHAR: 'char';
  readonly STRING: 'string';
  readonly FLOAT: 'float';
  readonly DOUBLE: 'double';
  readonly INT_8: 'int8';
  readonly UINT_8: 'uint8';
  readonly INT_16: 'int16';
  readonly UINT_16: 'uint16';
  readonly INT_32: 'int32';
  readonly UINT_32: 'uint32';
  readonly INT_64: 'int64';
  readonly UINT_64: 'uint64';
  readonly FLOAT_32: 'float32';
  readonly FLOAT_64: 'float64';
};

// ---------------------------------------------------------------------------------------------------------------------------
// Memory. Addresses are bigints; offsets and lengths are bytes. Nothing checks that an address may be read or written. A number
// for a 64-bit integer must be a safe one; a number for a 32-bit float is rounded to it.

/**
 * Reads a signed 8-bit integer, `offset` bytes after `pointer`.
 *
 * An address that cannot be read crashes the process, here as in every function below. Alignment does not matter; the byte order
 * is the machine's.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the pointer is no bigint or the offset no number, `ERR_INVALID_ARG_VALUE` if the
 * pointer is negative, the offset is negative or not an integer, or the address is beyond the address space.
 * @throws {RangeError} `ERR_OUT_OF_RANGE` for an offset above 2^53-1.
 * @throws {Error} `ERR_FFI_INVALID_POINTER` for `0n`.
 */
export function getInt8(pointer: bigint, offset?: number): number;

/** Reads an unsigned 8-bit integer, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getUint8(pointer: bigint, offset?: number): number;

/** Reads a signed 16-bit integer, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getInt16(pointer: bigint, offset?: number): number;

/** Reads an unsigned 16-bit integer, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getUint16(pointer: bigint, offset?: number): number;

/** Reads a signed 32-bit integer, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getInt32(pointer: bigint, offset?: number): number;

/** Reads an unsigned 32-bit integer, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getUint32(pointer: bigint, offset?: number): number;

/** Reads a signed 64-bit integer, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getInt64(pointer: bigint, offset?: number): bigint;

/** Reads an unsigned 64-bit integer, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getUint64(pointer: bigint, offset?: number): bigint;

/** Reads a 32-bit floating-point number, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getFloat32(pointer: bigint, offset?: number): number;

/** Reads a 64-bit floating-point number, `offset` bytes after `pointer`. @throws As {@link getInt8}. */
export function getFloat64(pointer: bigint, offset?: number): number;

/**
 * Writes a signed 8-bit integer, `offset` bytes after `pointer`. The offset is not optional.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the pointer is no bigint or the offset no number, `ERR_INVALID_ARG_VALUE` if the
 * pointer is negative, the offset is missing, negative or not an integer, the address is beyond the address space, or the value is
 * missing or does not fit.
 * @throws {RangeError} `ERR_OUT_OF_RANGE` for an offset above 2^53-1.
 * @throws {Error} `ERR_FFI_INVALID_POINTER` for `0n`.
 */
export function setInt8(pointer: bigint, offset: number, value: number): void;

/** Writes an unsigned 8-bit integer, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setUint8(pointer: bigint, offset: number, value: number): void;

/** Writes a signed 16-bit integer, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setInt16(pointer: bigint, offset: number, value: number): void;

/** Writes an unsigned 16-bit integer, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setUint16(pointer: bigint, offset: number, value: number): void;

/** Writes a signed 32-bit integer, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setInt32(pointer: bigint, offset: number, value: number): void;

/** Writes an unsigned 32-bit integer, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setUint32(pointer: bigint, offset: number, value: number): void;

/** Writes a signed 64-bit integer, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setInt64(pointer: bigint, offset: number, value: bigint | number): void;

/** Writes an unsigned 64-bit integer, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setUint64(pointer: bigint, offset: number, value: bigint | number): void;

/** Writes a 32-bit floating-point number, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setFloat32(pointer: bigint, offset: number, value: number): void;

/** Writes a 64-bit floating-point number, `offset` bytes after `pointer`. @throws As {@link setInt8}. */
export function setFloat64(pointer: bigint, offset: number, value: number): void;

/**
 * Reads a NUL-terminated UTF-8 string; `null` for `0n`. Bytes that are no UTF-8 become U+FFFD.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the pointer is no bigint, `ERR_INVALID_ARG_VALUE` if it is negative or too large.
 * @throws {Error} `ERR_STRING_TOO_LONG` if it is longer than a JavaScript string can be.
 */
export function toString(pointer: bigint): string | null;

/**
 * Makes a Buffer of `length` bytes of native memory: a copy, or with `copy: false` a view of that memory, which must then stay
 * valid as long as the Buffer and everything made from it is used.
 *
 * @param copy Default: `true`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` if the pointer is no bigint or the length no number, `ERR_INVALID_ARG_VALUE` if the
 * pointer is negative, the length is negative or not an integer, or the memory is beyond the address space.
 * @throws {RangeError} `ERR_OUT_OF_RANGE` for a length above 2^53-1, `ERR_MEMORY_ALLOCATION_FAILED` if there is no memory for the
 * copy.
 * @throws {Error} `ERR_FFI_INVALID_POINTER` for `0n` with a length, `ERR_BUFFER_TOO_LARGE` for a length no Buffer can have.
 */
export function toBuffer(pointer: bigint, length: number, copy?: boolean): NodeBuffer;

/**
 * Makes an ArrayBuffer of `length` bytes of native memory: a copy, or with `copy: false` a view of that memory, which must then
 * stay valid as long as the ArrayBuffer and everything made from it is used.
 *
 * @param copy Default: `true`.
 * @throws As {@link toBuffer}.
 */
export function toArrayBuffer(pointer: bigint, length: number, copy?: boolean): ArrayBuffer;

/** Encodings of {@link exportString}; case does not matter at run time. */
export type StringEncoding =
  | 'utf8' | 'utf-8' | 'utf16le' | 'utf-16le' | 'ucs2' | 'ucs-2'
  | 'latin1' | 'binary' | 'ascii' | 'base64' | 'base64url' | 'hex';

/**
 * Copies a string to native memory and terminates it with a zero byte, or two for the UTF-16 encodings.
 *
 * @param length Bytes available at `pointer`; the encoded string and its terminator must fit.
 * @param encoding Default: `'utf8'`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for an argument of the wrong type, `ERR_UNKNOWN_ENCODING`, `ERR_INVALID_ARG_VALUE` if
 * the pointer is negative or the memory is beyond the address space.
 * @throws {RangeError} `ERR_OUT_OF_RANGE` for a length that is too small or no safe integer.
 * @throws {Error} `ERR_FFI_INVALID_POINTER` for `0n`.
 */
export function exportString(string: string, pointer: bigint, length: number, encoding?: StringEncoding): void;

/**
 * Copies the bytes of a Buffer to native memory.
 *
 * @param length Bytes available at `pointer`, at least `buffer.length`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for an argument of the wrong type (a Uint8Array is no Buffer),
 * `ERR_INVALID_ARG_VALUE` if the Buffer is detached, the pointer is negative or the memory is beyond the address space.
 * @throws {RangeError} `ERR_OUT_OF_RANGE` for a length that is too small or no safe integer.
 * @throws {Error} `ERR_FFI_INVALID_POINTER` for `0n`, unless there is nothing to copy.
 */
export function exportBuffer(buffer: AnyNodeBuffer, pointer: bigint, length: number): void;

/**
 * Copies the bytes of an ArrayBuffer to native memory.
 *
 * @param length Bytes available at `pointer`, at least `arrayBuffer.byteLength`.
 * @throws As {@link exportBuffer}.
 */
export function exportArrayBuffer(arrayBuffer: ArrayBuffer, pointer: bigint, length: number): void;

/**
 * Copies the bytes that a typed array or DataView shows to native memory.
 *
 * @param length Bytes available at `pointer`, at least `arrayBufferView.byteLength`.
 * @throws As {@link exportBuffer}.
 */
export function exportArrayBufferView(arrayBufferView: ArrayBufferView, pointer: bigint, length: number): void;

/**
 * Returns the address of the first byte of a buffer or view; `0n` if it has no memory. The address is valid as long as the buffer
 * is neither collected nor detached nor resized, and this function does not keep it alive.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for anything else, `ERR_INVALID_ARG_VALUE` if it is detached.
 */
export function getRawPointer(source: ArrayBufferLike | ArrayBufferView): bigint;

/** Returns the address of the `uv_loop_t` of the current thread, for libraries that take a libuv loop. */
export function getCurrentEventLoop(): bigint;

// ---------------------------------------------------------------------------------------------------------------------------
// The earlier proposal, with the type names of C

/**
 * Makes a function of a library callable. The library is loaded once per path and never closed.
 *
 * @param library As for {@link dlopen}; `null` is the current process.
 * @param func The name of the symbol.
 * @param retType The C type of the result, or `'void'`.
 * @param argTypes The C types of the parameters.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for an argument of the wrong type, `ERR_FFI_UNSUPPORTED_TYPE` for an unknown C type.
 * @throws {Error} `ERR_FFI_LIBRARY_LOAD_FAILED`, `ERR_FFI_SYMBOL_NOT_FOUND` with the loader's message.
 */
export function getNativeFunction<const Result extends 'void' | CType, const Types extends readonly CType[]>(
  library: string | null,
  func: string,
  retType: Result,
  argTypes: Types,
): CFunctionOf<Result, Types>;

/**
 * Returns the address of the first byte of a buffer or view, like {@link getRawPointer}.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for anything else, `ERR_INVALID_ARG_VALUE` if it is detached.
 */
export function getBufferPointer(buffer: ArrayBufferLike | ArrayBufferView): bigint;

/** Returns the size of a C type in bytes. */
export function sizeof(type: CType): number;

/** Returns the size of a C type in bytes; `undefined` for anything else. */
export function sizeof(type: string): number | undefined;

export {};
