// What signatures say and what follows from it: type names, the JavaScript values they stand for, functions and callbacks.

/** Types that are a JavaScript number: integers of 8, 16 and 32 bits, and floating point. `bool` is a number too: 0 or 1. */
export type NumberType =
  | 'i8' | 'int8' | 'u8' | 'uint8' | 'bool' | 'char'
  | 'i16' | 'int16' | 'u16' | 'uint16'
  | 'i32' | 'int32' | 'u32' | 'uint32'
  | 'f32' | 'float' | 'float32' | 'f64' | 'double' | 'float64';

/** 64-bit integers: a bigint, and as an argument also a number that is a safe integer. */
export type BigIntType = 'i64' | 'int64' | 'u64' | 'uint64';

/** Addresses. All these names behave alike. */
export type PointerType = 'pointer' | 'ptr' | 'string' | 'str' | 'buffer' | 'arraybuffer' | 'function';

/** What a parameter may be declared as. */
export type ParameterType = NumberType | BigIntType | PointerType;

/** What a result may be declared as. */
export type ResultType = 'void' | ParameterType;

// ---------------------------------------------------------------------------------------------------------------------------
// JavaScript values

/**
 * What is accepted where an address is declared: `null` and `undefined` are NULL, a bigint is the address itself, a string is
 * copied as NUL-terminated UTF-8 for the duration of the call, and of a buffer or view the address of its first byte is passed.
 */
export type PointerValue = null | undefined | bigint | string | ArrayBufferView | ArrayBuffer;

/** The value that an argument of a declared type takes. */
export type ArgumentOf<Type> =
  Type extends NumberType ? number :
  Type extends BigIntType ? bigint | number :
  Type extends PointerType ? PointerValue :
  never;

/** The value that a function with a declared result type returns. Addresses are bigints, `0n` for NULL. */
export type ResultOf<Type> =
  Type extends 'void' ? undefined :
  Type extends NumberType ? number :
  Type extends BigIntType | PointerType ? bigint :
  never;

/** Everything but a promise. */
type NotPromise =
  void | undefined | null | boolean | number | bigint | string | symbol | (object & { readonly catch?: never });

/** The value that a callback with a declared result type must return. For `void` everything but a promise will do. */
export type CallbackResultOf<Type> =
  Type extends 'void' ? NotPromise :
  Type extends NumberType ? number :
  Type extends BigIntType ? bigint :
  Type extends PointerType ? bigint | null | undefined :
  never;

// ---------------------------------------------------------------------------------------------------------------------------
// Signatures

interface WithReturn {
  /** The type of the result. Default: `'void'`. */
  readonly return?: ResultType;
  readonly result?: never;
  readonly returns?: never;
}

interface WithResult {
  /** The type of the result, as `return`. */
  readonly result?: ResultType;
  readonly return?: never;
  readonly returns?: never;
}

interface WithReturns {
  /** The type of the result, as `return`. */
  readonly returns?: ResultType;
  readonly return?: never;
  readonly result?: never;
}

interface WithArguments {
  /** The types of the parameters, in order. Default: none. */
  readonly arguments?: readonly ParameterType[];
  readonly parameters?: never;
}

interface WithParameters {
  /** The types of the parameters, as `arguments`. */
  readonly parameters?: readonly ParameterType[];
  readonly arguments?: never;
}

/**
 * Describes a native function or a callback, such as `{ arguments: ['i32', 'pointer'], return: 'u64' }`.
 *
 * The result may be called `return`, `result` or `returns`, the parameters `arguments` or `parameters`; naming one of them
 * twice, and any other key, is an error. A wrong signature makes a call corrupt memory: nothing can check it against the
 * function.
 */
export type Signature = (WithReturn | WithResult | WithReturns) & (WithArguments | WithParameters);

/** Functions to resolve, by the names of their symbols. */
export type Definitions = Readonly<Record<string, Signature>>;

type SignatureKey = 'return' | 'result' | 'returns' | 'arguments' | 'parameters';
type ValueOf<Object, Key extends PropertyKey> =
  { [Name in Key]: Name extends keyof Object ? Exclude<Object[Name], undefined> : never }[Key];
/** A type, or another where there is none: of an argument that is `undefined`, TypeScript infers `never`. */
export type Otherwise<Type, Default> = [Type] extends [never] ? Default : Type;

type ResultName<S> = Otherwise<ValueOf<S, 'return' | 'result' | 'returns'>, 'void'>;
type ParameterNames<S> = Otherwise<ValueOf<S, 'arguments' | 'parameters'>, readonly []>;

type EachArgument<Names> = { -readonly [Index in keyof Names]: ArgumentOf<Names[Index]> };
type EachReceived<Names> = { -readonly [Index in keyof Names]: ResultOf<Names[Index]> };
type AsList<Values> = Values extends unknown[] ? Values : never;

// A type parameter takes whatever properties a literal has, so unknown keys have to be refused explicitly. It is done in the
// constraint, because before TypeScript 5.3 a `const` type parameter counts only where the parameter's type is just its name.
/** What a signature of a callback must be besides {@link Signature}, for functions that are generic in it. */
export type OnlyKnownKeys<S> = { readonly [Key in Exclude<keyof S, SignatureKey>]: never };
/**
 * The same for a native function, whose `reentrant: true` says that it enters JavaScript by another way than a callback registered here.
 */
export type OnlyKnownFunctionKeys<S> = { readonly [Key in Exclude<keyof S, SignatureKey>]: Key extends 'reentrant' ? boolean : never };
/** The same for each of the {@link Definitions}. */
export type OnlyKnownKeysOfEach<D> = { readonly [Name in keyof D]: Signature & OnlyKnownFunctionKeys<D[Name]> };

/** A native function, callable from JavaScript. It keeps its library loaded as long as it is reachable. */
export interface NativeFunction<Arguments extends any[] = any[], Result = any> {
  /**
   * Calls the native function. The number of arguments must be that of the signature; an explicit `undefined` counts.
   *
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for a wrong number of arguments, or one that does not fit its declared type.
   * @throws {Error} `ERR_FFI_LIBRARY_CLOSED` after the library was closed.
   */
  (...args: Arguments): Result;
  /** The name of the symbol. */
  readonly name: string;
  /** The number of parameters. */
  readonly length: number;
  /** The address of the native function. Writing to it changes nothing but the property. */
  pointer: bigint;
}

// Makes editors show the result instead of the name of this type.
type OneFunctionOf<S> =
  [S] extends [infer Known] ?
    NativeFunction<AsList<EachArgument<ParameterNames<Known>>>, ResultOf<ResultName<Known>>> :
    never;

type EachFunctionOf<S> = S extends object ? OneFunctionOf<S> : never;

/** The native function that a signature describes; of several signatures, one of several functions. */
export type FunctionOf<S> = Signature extends S ? OneFunctionOf<S> : EachFunctionOf<S>;

/** The native functions that definitions describe, by name. */
export type FunctionsOf<D> = { -readonly [Name in keyof D]: FunctionOf<D[Name]> };

type OneCallbackOf<S> = (...args: AsList<EachReceived<ParameterNames<S>>>) => CallbackResultOf<ResultName<S>>;
type EachCallbackOf<S> = S extends object ? OneCallbackOf<S> : never;

/** The JavaScript function that a callback's signature asks for. */
export type CallbackOf<S> = Signature extends S ? OneCallbackOf<S> : EachCallbackOf<S>;

// ---------------------------------------------------------------------------------------------------------------------------
// The type names of C, of the earlier proposal

/** C types that are a JavaScript number. */
export type CNumberType =
  | 'char' | 'signed char' | 'unsigned char'
  | 'short' | 'short int' | 'signed short' | 'signed short int' | 'unsigned short' | 'unsigned short int'
  | 'int' | 'signed' | 'signed int' | 'unsigned' | 'unsigned int'
  | 'float' | 'double'
  | 'int8_t' | 'uint8_t' | 'int16_t' | 'uint16_t' | 'int32_t' | 'uint32_t';

/** C types that are a bigint; as an argument also a number that is a safe integer. */
export type CBigIntType =
  | 'long long' | 'long long int' | 'signed long long' | 'signed long long int'
  | 'unsigned long long' | 'unsigned long long int'
  | 'int64_t' | 'uint64_t';

/** C types whose width is the platform's: a bigint where `long` has 64 bits, a number where it has 32 (as on Windows). */
export type CLongType =
  | 'long' | 'long int' | 'signed long' | 'signed long int' | 'unsigned long' | 'unsigned long int';

/** C pointers: `'pointer'`, or any name with an asterisk. */
export type CPointerType = 'pointer' | `${string}*${string}`;

/** What {@link getNativeFunction} and {@link sizeof} know. */
export type CType = CNumberType | CBigIntType | CLongType | CPointerType;

/** The value that an argument of a C type takes. */
export type CArgumentOf<Type> =
  Type extends CNumberType ? number :
  Type extends CBigIntType | CLongType ? bigint | number :
  Type extends CPointerType ? PointerValue :
  never;

/** The value that a function whose result is of a C type returns. */
export type CResultOf<Type> =
  Type extends 'void' ? undefined :
  Type extends CNumberType ? number :
  Type extends CLongType ? bigint | number :
  Type extends CBigIntType | CPointerType ? bigint :
  never;

/** The native function that a C result type and C parameter types describe. */
export type CFunctionOf<Result, Types> =
  NativeFunction<AsList<{ -readonly [Index in keyof Types]: CArgumentOf<Types[Index]> }>, CResultOf<Result>>;

export {};
