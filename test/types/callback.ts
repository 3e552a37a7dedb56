import { DynamicLibrary } from 'ferrule';
import type { CallbackOf, CallbackResultOf, Signature } from 'ferrule';
import type { Equal, Expect } from './equal.js';

declare const lib: DynamicLibrary;

// What a callback receives.

lib.registerCallback({
  arguments: ['i8', 'u8', 'bool', 'char', 'i16', 'u16', 'i32', 'u32', 'f32', 'f64', 'i64', 'u64', 'pointer', 'string', 'function'],
}, (...values) => {
  type Received = [number, number, number, number, number, number, number, number, number, number,
    bigint, bigint, bigint, bigint, bigint];
  const check: Expect<Equal<typeof values, Received>> = true;
  return check;
});
const compare: bigint = lib.registerCallback({ parameters: ['pointer', 'pointer'], result: 'i32' }, (a, b) => {
  const check: Expect<Equal<[typeof a, typeof b], [bigint, bigint]>> = true;
  return check && a < b ? -1 : 1;
});
lib.registerCallback({ arguments: ['i32', 'u64'], returns: 'u64' }, (count, mask) => mask << BigInt(count.toFixed()));
lib.registerCallback({ arguments: ['i32', 'u64'], return: 'f64' }, (count) => count / 2);
lib.registerCallback({ parameters: ['i32'], returns: 'i32' }, () => 1);
lib.registerCallback({ return: 'i32' }, () => 1);
lib.registerCallback({ arguments: ['i32'] }, (value) => { value.toFixed(); });
lib.registerCallback({}, () => {});
lib.registerCallback(() => {});
lib.registerCallback(function() { return 'ignored'; });

export type Callbacks = [
  Expect<Equal<CallbackOf<{ arguments: ['i32', 'i64']; return: 'pointer' }>,
    (...args: [number, bigint]) => bigint | null | undefined>>,
  Expect<Equal<CallbackResultOf<'i32' | 'bool' | 'f32'>, number>>,
  Expect<Equal<CallbackResultOf<'u64'>, bigint>>,
  Expect<Equal<CallbackResultOf<'buffer'>, bigint | null | undefined>>,
];

// A callback without a result may return anything but a promise.

declare const named: () => void;
declare const maybe: () => string | undefined;
lib.registerCallback(named);
lib.registerCallback(maybe);
lib.registerCallback({ arguments: ['i32'] }, (value) => value);
lib.registerCallback({ arguments: ['i32'] }, (value) => [value]);
lib.registerCallback({ arguments: ['i32'] }, (value) => ({ value }));
lib.registerCallback({ arguments: ['i32'] }, (value) => new Map([[value, value]]));
lib.registerCallback({ arguments: ['i32'] }, () => () => 1);
lib.registerCallback({ arguments: ['i32'] }, () => Symbol.iterator);
lib.registerCallback({ arguments: ['i32'] }, () => { throw new Error('a type cannot forbid this'); });
lib.registerCallback({ return: 'pointer' }, () => null);
lib.registerCallback({ return: 'pointer' }, () => undefined);
lib.registerCallback({ return: 'pointer' }, () => 0n);

// @ts-expect-error an async function
lib.registerCallback(async () => {});
// @ts-expect-error an async function
lib.registerCallback({ arguments: ['i32'] }, async (value) => { await value; });
// @ts-expect-error a promise
lib.registerCallback({ arguments: ['i32'] }, () => Promise.resolve(1));
// @ts-expect-error perhaps a promise
lib.registerCallback({}, (): number | Promise<number> => 1);
// @ts-expect-error a promise of the right type
lib.registerCallback({ return: 'i32' }, async () => 1);
// @ts-expect-error nothing for i32
lib.registerCallback({ return: 'i32' }, () => {});
// @ts-expect-error a bigint for i32
lib.registerCallback({ return: 'i32' }, () => 1n);
// @ts-expect-error a boolean for bool
lib.registerCallback({ return: 'bool' }, () => true);
// @ts-expect-error a number for i64
lib.registerCallback({ return: 'i64' }, () => 1);
// @ts-expect-error a number for a pointer
lib.registerCallback({ return: 'pointer' }, () => 0);
// @ts-expect-error a string for a pointer
lib.registerCallback({ return: 'string' }, () => 'text');
// @ts-expect-error a buffer for a pointer
lib.registerCallback({ return: 'buffer' }, () => new Uint8Array(1));
// @ts-expect-error one parameter too many
lib.registerCallback({ arguments: ['i32'] }, (a, b) => {});
// @ts-expect-error a string where an address comes
lib.registerCallback({ arguments: ['string'] }, (text: string) => {});
// @ts-expect-error a number where a bigint comes
lib.registerCallback({ parameters: ['u64'] }, (value: number) => {});
// @ts-expect-error a function that wants parameters, without a signature
lib.registerCallback((value: number) => {});

// Mistakes in signatures.

// @ts-expect-error an unknown type name
lib.registerCallback({ arguments: ['int'] }, () => {});
// @ts-expect-error void is no parameter
lib.registerCallback({ arguments: ['void'] }, () => {});
// @ts-expect-error an unknown key
lib.registerCallback({ argument: ['i32'] }, () => {});
// @ts-expect-error an unknown key beside a known one
lib.registerCallback({ return: 'i32', params: ['i32'] }, () => 1);
// @ts-expect-error two names of the parameters
lib.registerCallback({ arguments: ['i32'], parameters: ['i32'] }, () => {});
// @ts-expect-error two names of the result
lib.registerCallback({ result: 'i32', returns: 'i32' }, () => 1);
// @ts-expect-error no callback
lib.registerCallback({ arguments: ['i32'] });
// @ts-expect-error undefined is no signature
lib.registerCallback(undefined, () => {});
// @ts-expect-error null is no signature
lib.registerCallback(null, () => {});

// A signature that is not a literal.

declare const signature: Signature;
lib.registerCallback(signature, (...values) => {
  const check: Expect<Equal<typeof values, (number | bigint)[]>> = true;
  return check;
});

// The address it returns, and what takes it.

const done: void[] = [lib.unregisterCallback(compare), lib.refCallback(compare), lib.unrefCallback(compare)];
export { done };
// @ts-expect-error the function is not the callback's address
lib.unregisterCallback(() => {});
// @ts-expect-error a number is no address
lib.refCallback(1);
