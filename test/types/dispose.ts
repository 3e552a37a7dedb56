// `using`, which TypeScript 5.2 brought.

import { DynamicLibrary, dlopen } from 'ferrule';

export function one(): number {
  using lib = new DynamicLibrary(null);
  using opened = dlopen(null, { one: { return: 'i32' } });
  return lib.path.length + opened.functions.one();
}
