// Asks for node:ffi in every way ES modules have, and says for each whether Ferrule came.

import { createRequire, builtinModules, isBuiltin } from 'node:module';
import process from 'node:process';
import * as processModule from 'node:process';
import ferrule from 'ferrule';
import * as ferruleNamespace from 'ferrule';
import ffi from 'node:ffi';
import * as namespace from 'node:ffi';
import { dlopen } from 'node:ffi';
import { default as reexported, toString } from './reexport.mjs';
import commonjs from './ways.cjs';

const require = createRequire(import.meta.url);
const names = Object.keys(ferrule);

const observed = {
  'import default': ffi === ferrule,
  'import *': namespace.default === ferrule && `${Object.keys(namespace)}` === `${Object.keys(ferruleNamespace)}`,
  'import a name': dlopen === ferrule.dlopen,
  'every name': names.length > 1 && names.every((name) => Object.is(namespace[name], ferrule[name])),
  'no other name': Object.keys(namespace).filter((name) => name !== 'default').every((name) => names.includes(name)),
  're-export': reexported === ferrule && toString === ferrule.toString,
  'import()': (await import('node:ffi')) === namespace,
  'import() of a computed name': (await import(['node', 'ffi'].join(':'))) === namespace,
  'import.meta.resolve': import.meta.resolve('node:ffi') === new URL('node-ffi.mjs', import.meta.resolve('ferrule')).href,
  'createRequire': require('node:ffi') === ferrule,
  'require of ferrule': require('ferrule') === ferrule,
  'getBuiltinModule of node:process':
    process.getBuiltinModule === undefined || processModule.getBuiltinModule('node:ffi') === ferrule,
  'isBuiltin of node:module': isBuiltin('node:ffi'),
  'builtinModules of node:module': builtinModules.includes('node:ffi'),
};

for (const [way, found] of Object.entries(await commonjs.observe())) {
  observed[`imported CommonJS: ${way}`] = found;
}

process.stdout.write(JSON.stringify(observed));
