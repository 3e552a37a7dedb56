import { DynamicLibrary, dlopen, types } from 'ferrule';
import type {
  ArgumentOf, Definitions, FunctionOf, NativeFunction, OnlyKnownFunctionKeys, PointerValue, ResultOf, Signature,
} from 'ferrule';
import type { Equal, Expect } from './equal.js';

declare const lib: DynamicLibrary;
declare const address: bigint;

// Each spelling of the keys, in each combination.

const spelled = lib.getFunctions({
  a: { arguments: ['i32', 'u64'], return: 'f64' },
  b: { arguments: ['i32', 'u64'], result: 'f64' },
  c: { arguments: ['i32', 'u64'], returns: 'f64' },
  d: { parameters: ['i32', 'u64'], return: 'f64' },
  e: { parameters: ['i32', 'u64'], result: 'f64' },
  f: { parameters: ['i32', 'u64'], returns: 'f64' },
});
type Spelled = NativeFunction<[number, bigint | number], number>;
export type EverySpelling = [
  Expect<Equal<typeof spelled.a, Spelled>>,
  Expect<Equal<typeof spelled.b, Spelled>>,
  Expect<Equal<typeof spelled.c, Spelled>>,
  Expect<Equal<typeof spelled.d, Spelled>>,
  Expect<Equal<typeof spelled.e, Spelled>>,
  Expect<Equal<typeof spelled.f, Spelled>>,
  Expect<Equal<keyof typeof spelled, 'a' | 'b' | 'c' | 'd' | 'e' | 'f'>>,
];

// Defaults: no parameters, no result.

const nothing = lib.getFunction('nothing', {});
const onlyResult = lib.getFunction('onlyResult', { returns: 'u8' });
const onlyParameters = lib.getFunction('onlyParameters', { parameters: ['f32'] });
const explicit = lib.getFunction('explicit', { arguments: [], return: 'void' });
export type Defaults = [
  Expect<Equal<typeof nothing, NativeFunction<[], undefined>>>,
  Expect<Equal<typeof onlyResult, NativeFunction<[], number>>>,
  Expect<Equal<typeof onlyParameters, NativeFunction<[number], undefined>>>,
  Expect<Equal<typeof explicit, NativeFunction<[], undefined>>>,
];

// Each type name.

type Numbers = 'i8' | 'int8' | 'u8' | 'uint8' | 'bool' | 'char' | 'i16' | 'int16' | 'u16' | 'uint16' | 'i32' | 'int32' | 'u32' | 'uint32'
  | 'f32' | 'float' | 'float32' | 'f64' | 'double' | 'float64';
type BigInts = 'i64' | 'int64' | 'u64' | 'uint64';
type Pointers = 'pointer' | 'ptr' | 'string' | 'str' | 'buffer' | 'arraybuffer' | 'function';
type ArgumentOfEach<Names extends string> = { [Name in Names]: ArgumentOf<Name> };
type ResultOfEach<Names extends string> = { [Name in Names]: ResultOf<Name> };
export type EveryName = [
  Expect<Equal<ArgumentOfEach<Numbers>, { [Name in Numbers]: number }>>,
  Expect<Equal<ArgumentOfEach<BigInts>, { [Name in BigInts]: bigint | number }>>,
  Expect<Equal<ArgumentOfEach<Pointers>, { [Name in Pointers]: PointerValue }>>,
  Expect<Equal<ArgumentOf<'void'>, never>>,
  Expect<Equal<ResultOfEach<Numbers>, { [Name in Numbers]: number }>>,
  Expect<Equal<ResultOfEach<BigInts | Pointers>, { [Name in BigInts | Pointers]: bigint }>>,
  Expect<Equal<ResultOf<'void'>, undefined>>,
  Expect<Equal<PointerValue, null | undefined | bigint | string | ArrayBufferView | ArrayBuffer>>,
];

// The constants stand for the names.

const constants = lib.getFunction('constants', {
  arguments: [types.INT_8, types.UINT_64, types.POINTER, types.FLOAT_64],
  return: types.VOID,
});
export type Constants = [
  Expect<Equal<typeof constants, NativeFunction<[number, bigint | number, PointerValue, number], undefined>>>,
  Expect<Equal<keyof typeof types,
    'VOID' | 'POINTER' | 'BUFFER' | 'ARRAY_BUFFER' | 'FUNCTION' | 'BOOL' | 'CHAR' | 'STRING' | 'FLOAT' | 'DOUBLE'
    | 'INT_8' | 'UINT_8' | 'INT_16' | 'UINT_16' | 'INT_32' | 'UINT_32' | 'INT_64' | 'UINT_64' | 'FLOAT_32' | 'FLOAT_64'>>,
];

// Every function that takes a signature infers from it.

const { functions } = dlopen('x', { add: { arguments: ['i32', 'i32'], return: 'i32' }, free: { parameters: ['pointer'] } });
const byAddress = lib.getFunctionFromPointer(address, { parameters: ['string'], result: 'u64' });
const kept = { arguments: ['i8'], return: 'pointer' } as const;
const fromKept = lib.getFunction('kept', kept);
export type EveryEntry = [
  Expect<Equal<typeof functions.add, NativeFunction<[number, number], number>>>,
  Expect<Equal<typeof functions.free, NativeFunction<[PointerValue], undefined>>>,
  Expect<Equal<typeof byAddress, NativeFunction<[PointerValue], bigint>>>,
  Expect<Equal<typeof fromKept, NativeFunction<[number], bigint>>>,
  Expect<Equal<Parameters<typeof functions.add>, [number, number]>>,
  Expect<Equal<ReturnType<typeof functions.add>, number>>,
  Expect<Equal<FunctionOf<{ result: 'i64'; parameters: ['i64'] }>, NativeFunction<[bigint | number], bigint>>>,
];

// Calling.

const sum: number = functions.add(1, 2);
functions.free(null);
functions.free(undefined);
functions.free(0n);
functions.free('text');
functions.free(new Uint8Array(8));
functions.free(new DataView(new ArrayBuffer(8)));
functions.free(new ArrayBuffer(8));
byAddress.call(undefined, 'text');
functions.add.apply(null, [1, 2]);
const described: [string, number, bigint] = [functions.add.name, functions.add.length, functions.add.pointer];
functions.add.pointer = 0n;
export const used = [sum, described];

// @ts-expect-error too few arguments
functions.add(1);
// @ts-expect-error too many arguments
functions.add(1, 2, 3);
// @ts-expect-error a bigint for i32
functions.add(1n, 2);
// @ts-expect-error a boolean for i32
functions.add(true, 2);
// @ts-expect-error a string for i32
functions.add('1', 2);
// @ts-expect-error a number for a pointer
functions.free(0);
// @ts-expect-error a function for a pointer: registerCallback gives an address
functions.free(() => {});
// @ts-expect-error a boolean for a pointer
functions.free(false);
// @ts-expect-error an array for a pointer
functions.free([1, 2]);
// @ts-expect-error a u64 result is a bigint
const narrow: number = byAddress('text');
// @ts-expect-error not a constructor
new functions.add(1, 2);
// @ts-expect-error read-only
functions.add.name = 'other';
// @ts-expect-error there is no such function
functions.subtract(1, 2);
export const unused = [narrow];

// Mistakes in signatures.

// @ts-expect-error an unknown type name
lib.getFunction('f', { return: 'int' });
// @ts-expect-error an unknown type name
lib.getFunction('f', { arguments: ['i32', 'I32'] });
// @ts-expect-error void is no parameter
lib.getFunction('f', { parameters: ['void'] });
// @ts-expect-error a list is expected
lib.getFunction('f', { arguments: 'i32' });
// @ts-expect-error an unknown key
lib.getFunction('f', { argument: ['i32'] });
// @ts-expect-error an unknown key beside known ones
lib.getFunction('f', { arguments: ['i32'], return: 'i32', variadic: true });
// @ts-expect-error two names of the result
lib.getFunction('f', { return: 'i32', result: 'i32' });
// @ts-expect-error two names of the result
lib.getFunction('f', { result: 'i32', returns: 'i32' });
// @ts-expect-error two names of the result
lib.getFunction('f', { return: 'i32', returns: 'i32' });
// @ts-expect-error two names of the parameters
lib.getFunction('f', { arguments: ['i32'], parameters: ['i32'] });
// @ts-expect-error no signature
lib.getFunction('f');
// @ts-expect-error null is no signature
lib.getFunction('f', null);
// @ts-expect-error an array is no signature
lib.getFunction('f', ['i32']);
// @ts-expect-error a string is no signature
lib.getFunction('f', 'i32');
// @ts-expect-error an unknown type name
lib.getFunctionFromPointer(address, { result: 'int' });
// @ts-expect-error an unknown key
lib.getFunctionFromPointer(address, { results: 'i32' });
// @ts-expect-error an address is a bigint
lib.getFunctionFromPointer(1, { result: 'i32' });
// @ts-expect-error an unknown type name in one of several
lib.getFunctions({ f: { return: 'i32' }, g: { return: 'int' } });
// @ts-expect-error an unknown key in one of several
lib.getFunctions({ f: { return: 'i32' }, g: { retrun: 'i32' } });
// @ts-expect-error an unknown key beside known ones in one of several
lib.getFunctions({ f: { return: 'i32' }, g: { return: 'i32', variadic: true } });
// @ts-expect-error two names in one of several
lib.getFunctions({ f: { return: 'i32' }, g: { arguments: ['i32'], parameters: ['i32'] } });
// @ts-expect-error an array is no map of signatures
lib.getFunctions([]);
// @ts-expect-error a string is no map of signatures
lib.getFunctions('f');
// @ts-expect-error an unknown type name
dlopen('x', { f: { arguments: ['size_t'] } });
// @ts-expect-error an unknown key
dlopen('x', { f: { params: ['i32'] } });
// @ts-expect-error an unknown key beside a known one
dlopen('x', { f: { return: 'i32', params: ['i32'] } });
// @ts-expect-error two names of the result
dlopen('x', { f: { return: 'i32', result: 'i32' } });
// @ts-expect-error null is no map of signatures
dlopen('x', null);

// A function that enters JavaScript by itself.

const loop = lib.getFunction('loop', { arguments: ['pointer'], return: 'i32', reentrant: true });
const loops = dlopen('x', { loop: { return: 'i32', reentrant: false } });
export type Reentrant = [
  Expect<Equal<ReturnType<typeof loop>, number>>,
  Expect<Equal<ReturnType<typeof loops.functions.loop>, number>>,
];
// @ts-expect-error no boolean
lib.getFunction('loop', { reentrant: 'yes' });
// @ts-expect-error a callback is JavaScript
lib.registerCallback({ reentrant: true }, () => {});

// A signature that is not a literal.

declare const signature: Signature;
declare const definitions: Definitions;
const loose = lib.getFunction('loose', signature);
const looseFunctions = lib.getFunctions(definitions);
const anything = loose(1, 2n, 'text', null, new Uint8Array(1));
const partlyLoose = lib.getFunction('f', { arguments: ['i32'], return: 'i32' as 'i32' | 'void' });
declare const list: ('i32' | 'f64')[];
const looseList = lib.getFunction('f', { arguments: list, return: 'i32' });
export type Loose = [
  Expect<Equal<typeof anything, number | bigint | undefined>>,
  Expect<Equal<typeof loose, NativeFunction<(number | bigint | string | ArrayBufferView | ArrayBuffer | null | undefined)[],
    number | bigint | undefined>>>,
  Expect<Equal<ReturnType<typeof looseFunctions[string]>, number | bigint | undefined>>,
  Expect<Equal<typeof partlyLoose, NativeFunction<[number], number | undefined>>>,
  Expect<Equal<typeof looseList, NativeFunction<number[], number>>>,
];
// A function of any signature is a NativeFunction.
export const table: Record<string, NativeFunction> = { add: functions.add, free: functions.free, loose };

// @ts-expect-error an object is no argument of any type
loose({});
// @ts-expect-error a type name that is just some string
lib.getFunction('f', { return: String('i32') });

// A union of signatures makes a union of functions, and each keeps its own parameters.
declare const anyOf: { return: 'i32' } | { return: 'i32'; arguments: readonly ['f64'] };
const either = lib.getFunction('f', anyOf);
declare const anyKey: { result: 'i32' } | { returns: 'i64' };
const eitherResult = lib.getFunction('f', anyKey);
// Definitions that need not be there make functions that need not be.
declare const optional: { a?: { return: 'i64'; arguments: readonly ['i32'] } };
const optionalFunctions = lib.getFunctions(optional);
// Functions that are generic in the signature.
function wrap<const S extends Signature & OnlyKnownFunctionKeys<S>>(signature: S) {
  return lib.getFunction('f', signature);
}
const wrapped = wrap({ return: 'i64', arguments: ['i32'] });
const undefinedDefinitions = dlopen('x', undefined);
export type Several = [
  Expect<Equal<Parameters<typeof either>, [] | [number]>>,
  Expect<Equal<ReturnType<typeof eitherResult>, number | bigint>>,
  Expect<Equal<NonNullable<typeof optionalFunctions.a>, NativeFunction<[number], bigint>>>,
  Expect<Equal<typeof wrapped, NativeFunction<[number], bigint>>>,
  Expect<Equal<keyof typeof undefinedDefinitions.functions, never>>,
  // `never` could be used as anything.
  Expect<Equal<[typeof undefinedDefinitions.functions] extends [never] ? true : false, false>>,
];
