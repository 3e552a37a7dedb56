import { getBufferPointer, getNativeFunction, sizeof } from 'ferrule';
import type { CArgumentOf, CResultOf, NativeFunction, PointerValue } from 'ferrule';
import type { Equal, Expect } from './equal.js';

const strlen = getNativeFunction(null, 'strlen', 'unsigned long', ['char *']);
const abs = getNativeFunction('libc.so.6', 'abs', 'int', ['int']);
const srand = getNativeFunction(null, 'srand', 'void', ['unsigned int']);
const malloc = getNativeFunction(null, 'malloc', 'void*', ['uint64_t']);
const rand = getNativeFunction(null, 'rand', 'int', []);
const qsort = getNativeFunction(null, 'qsort', 'void', ['pointer', 'size_t *', 'const struct x **']);

type Numbers = 'char' | 'signed char' | 'unsigned char' | 'short' | 'short int' | 'signed short' | 'signed short int' | 'unsigned short'
  | 'unsigned short int' | 'int' | 'signed' | 'signed int' | 'unsigned' | 'unsigned int' | 'float' | 'double'
  | 'uint8_t' | 'int8_t' | 'uint16_t' | 'int16_t' | 'uint32_t' | 'int32_t';
type BigInts = 'long long' | 'long long int' | 'signed long long' | 'signed long long int' | 'unsigned long long'
  | 'unsigned long long int' | 'uint64_t' | 'int64_t';
type Longs = 'long' | 'long int' | 'signed long' | 'signed long int' | 'unsigned long' | 'unsigned long int';
type ArgumentOfEach<Names extends string> = { [Name in Names]: CArgumentOf<Name> };
type ResultOfEach<Names extends string> = { [Name in Names]: CResultOf<Name> };
export type Functions = [
  Expect<Equal<typeof strlen, NativeFunction<[PointerValue], bigint | number>>>,
  Expect<Equal<typeof abs, NativeFunction<[number], number>>>,
  Expect<Equal<typeof srand, NativeFunction<[number], undefined>>>,
  Expect<Equal<typeof malloc, NativeFunction<[bigint | number], bigint>>>,
  Expect<Equal<typeof rand, NativeFunction<[], number>>>,
  Expect<Equal<typeof qsort, NativeFunction<[PointerValue, PointerValue, PointerValue], undefined>>>,
  Expect<Equal<ArgumentOfEach<Numbers>, { [Name in Numbers]: number }>>,
  Expect<Equal<ArgumentOfEach<BigInts | Longs>, { [Name in BigInts | Longs]: bigint | number }>>,
  Expect<Equal<ResultOfEach<Numbers>, { [Name in Numbers]: number }>>,
  Expect<Equal<ResultOfEach<BigInts>, { [Name in BigInts]: bigint }>>,
  Expect<Equal<ResultOfEach<Longs>, { [Name in Longs]: bigint | number }>>,
  Expect<Equal<CResultOf<'void'>, undefined>>,
];

const sizes: number[] = [sizeof('int'), sizeof('char *'), sizeof('pointer'), sizeof('long')];
declare const someType: string;
const maybe: number | undefined = sizeof(someType);
const address: bigint = getBufferPointer(new Uint8Array(1));
export const used = [sizes, maybe, address];

// @ts-expect-error an unknown C type
getNativeFunction(null, 'f', 'i32', []);
// @ts-expect-error an unknown C type
getNativeFunction(null, 'f', 'int', ['size_t']);
// @ts-expect-error void is no parameter
getNativeFunction(null, 'f', 'int', ['void']);
// @ts-expect-error no types
getNativeFunction(null, 'f', 'int');
// @ts-expect-error a library is a string or null
getNativeFunction(undefined, 'f', 'int', []);
// @ts-expect-error a bigint for int
abs(1n);
// @ts-expect-error too few arguments
strlen();
// @ts-expect-error perhaps undefined
export const size: number = sizeof(someType);
// @ts-expect-error a string has no address
getBufferPointer('text');
