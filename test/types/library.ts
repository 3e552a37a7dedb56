import { DynamicLibrary, dlclose, dlopen, dlsym, suffix } from 'ferrule';
import type { FunctionOf, OpenedLibrary, Signature } from 'ferrule';
import type { Equal, Expect } from './equal.js';

const lib = new DynamicLibrary(`libm.${suffix}`);
const self = new DynamicLibrary(null);

const opened = dlopen('x', { noop: {} });
const bare = dlopen(null);
const empty = dlopen(null, {});
const symbols = lib.getSymbols();
const all = self.getFunctions();
const undefinedDefinitions = self.getFunctions(undefined);
export type Members = [
  Expect<Equal<typeof lib.path, string>>,
  Expect<Equal<typeof lib.symbols, Record<string, bigint>>>,
  Expect<Equal<typeof symbols, Record<string, bigint>>>,
  Expect<Equal<typeof lib.functions, Record<string, FunctionOf<Signature>>>>,
  Expect<Equal<typeof all[string], FunctionOf<Signature>>>,
  Expect<Equal<typeof all, typeof undefinedDefinitions>>,
  Expect<Equal<ReturnType<typeof lib.getSymbol>, bigint>>,
  Expect<Equal<ReturnType<typeof lib.close>, void>>,
  Expect<Equal<typeof opened.lib, DynamicLibrary>>,
  Expect<Equal<keyof typeof opened.functions, 'noop'>>,
  Expect<Equal<keyof typeof bare.functions, never>>,
  Expect<Equal<keyof typeof empty.functions, never>>,
  Expect<Equal<typeof suffix, 'so' | 'dylib' | 'dll'>>,
  Expect<Equal<keyof DynamicLibrary,
    'path' | 'symbols' | 'functions' | 'close' | 'getFunction' | 'getFunctionFromPointer' | 'getFunctions' | 'getSymbol'
    | 'getSymbols' | 'registerCallback' | 'unregisterCallback' | 'refCallback' | 'unrefCallback' | typeof Symbol.dispose>>,
];

const closed: void = dlclose(lib);
const address: bigint = dlsym(lib, 'cos');
lib[Symbol.dispose]();
opened[Symbol.dispose]();
dlclose({ close: () => 1 });
dlsym({ getSymbol: () => 1n }, 'cos');
const anyOpened: OpenedLibrary<object> = opened;
class Subclass extends DynamicLibrary {
  cosine = this.getFunction('cos', { arguments: ['f64'], return: 'f64' });
}
const cosine: number = new Subclass('x').cosine(0);
export const used = [closed, address, anyOpened, cosine];

// @ts-expect-error a path is a string or null
new DynamicLibrary();
// @ts-expect-error a path is a string or null
new DynamicLibrary(undefined);
// @ts-expect-error a path is a string or null
new DynamicLibrary(new URL('file:///x'));
// @ts-expect-error a class
DynamicLibrary('x');
// @ts-expect-error a path is a string or null
dlopen(1);
// @ts-expect-error read-only
lib.path = 'x';
// @ts-expect-error read-only
lib.functions = {};
// @ts-expect-error a name is a string
lib.getSymbol(1);
// @ts-expect-error a name is a string
lib.getFunction(Symbol.iterator, {});
// @ts-expect-error no handle
dlclose();
// @ts-expect-error not a handle
dlclose({});
// @ts-expect-error not a handle
dlsym({}, 'cos');
// @ts-expect-error no symbol
dlsym(lib);
// @ts-expect-error nothing was asked for
bare.functions.noop;
// @ts-expect-error there is no asynchronous closing
lib[Symbol.asyncDispose];
