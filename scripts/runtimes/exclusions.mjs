// What the functional suite leaves out in Bun and Deno, and why. `tests` are full names; a * stands for any text. Without them it is the whole
// file. Of a file that is run, each name must be that of a test.

const both = ['bun', 'deno'];
const bun = ['bun'];
const deno = ['deno'];

const flags = 'it has V8 compile code as it wants by flags of Node, to see each of Ferrule\'s tiers; test/runtime.test.js does the same by heat';
const ownReport = 'it holds the report of a fault to its last character: JavaScriptCore writes stacks in another way, and Deno has a handler of its own';
const exitHandlers = 'Bun ends a process without the exit handlers and destructors of C libraries';
const uncaught = 'the message for an exception that nobody catches is the runtime\'s own';
const engineText = 'the text of the engine\'s own error is another one';
const nodeSymbols = 'the runtime exports no libuv, OpenSSL or zlib';
const inspector = 'the runtime has no inspector that a Worker could connect to its main thread with';
const stopped = 'Deno says nothing of a thread that it stops: it looks as if the callback had thrown null';
const weight = 'Node-API counts a zero-copy view as memory that a collection could free';
const notBuiltin = 'it compares with, or needs, the built-in node:ffi of Node 26';

const rows = (runtimes, reason, files) => Object.entries(files).map(([file, tests]) => ({
  runtimes, file: `test/${file}.test.js`, tests: tests === true ? undefined : tests, reason,
}));

export const exclusions = [
  ...rows(both, flags, {
    'abi': true, 'gate': true, 'leak': true, 'tier': true, 'tiers/ending': true, 'tiers/flags': true, 'tiers/memory': true, 'tiers/reentry': true,
  }),
  ...rows(both, notBuiltin, { 'conformance/conformance': true, 'direct': ['the answers are those of Node'] }),
  ...rows(both, 'V8 alone has the functions that are counted', { 'direct': ['the functions are there, and take what is valid'] }),
  ...rows(both, 'the launcher starts Node, with Node\'s options', { 'launcher': true }),
  ...rows(both, 'it starts Node with Node\'s options and hooks; test/runtime.test.js has what ferrule/register does here', { 'register': true }),
  ...rows(both, ownReport, { 'guard-fault': true }),
  ...rows(both, 'its programs say `import … from \'node:ffi\'`, for which the runtime asks no hook', { 'guard-document': true }),
  ...rows(both, nodeSymbols, {
    'demo': true,
    'libraries/openssl': true,
  }),
  ...rows(bun, nodeSymbols, { 'readme': ['example 5 of the README prints what it says'] }),
  ...rows(both, inspector, {
    'incoming': ['what a debugger evaluates while the program works does not change > *'],
    'memory-hostile': ['what a debugger evaluates while the program works leads no access elsewhere'],
    'stress/interrupts': true,
  }),
  ...rows(both, weight, { 'view': ['*weighs nothing when it aliases, however long it is'] }),
  ...rows(both, 'the engine keeps no address of no bytes', { 'view': ['*keeps the address of no bytes'] }),
  ...rows(both, 'the external value that it borrows from process.stdout is not there', {
    'hostile': ['the private binding > refuses externals of others, *'],
  }),
  ...rows(both, 'a level takes another part of the stack', { 'incoming': ['*recursion goes three hundred levels deep'] }),

  ...rows(bun, exitHandlers, { 'ending': ['*a late call comes at unload*', '*a late call comes at exit*', '*and one library calls back into another'] }),
  ...rows(bun, uncaught, {
    'ending': ['the process ends > by an exception that nobody catches, under *'],
    'stress/process': ['a process ends by an exception that nobody catches, *'],
  }),
  ...rows(bun, engineText, {
    'abort': ['*because it is a class', '*because what it calls is a class of another context', '*because it is a Proxy that was revoked'],
    'hostile': ['at the limits > views and copies of memory near the end of the stack', 'at the limits > everything near the end of the stack'],
    'library': ['dlopen > dlclose and dlsym ask the handle'],
  }),
  ...rows(bun, 'JavaScriptCore looks for references on the stack, so what nobody holds is not always collected', {
    'callback-lifetime': ['a function stays > after unrefCallback as long as somebody holds it'],
    'library-lifetime': ['a function > keeps its library', 'getFunctionFromPointer > keeps the library'],
  }),
  ...rows(bun, 'Bun keeps changes of process.env from the environment of C', {
    'guard': ['guarded mode > is decided by the environment when Ferrule is loaded first, for Workers too'],
    'libraries/libc': ['the environment is that of process.env'],
  }),
  ...rows(bun, 'Bun cannot transfer an ArrayBuffer over foreign memory', {
    'view': ['a zero-copy ArrayBuffer keeps its address when it is transferred'],
    'worker': ['between threads > a zero-copy ArrayBuffer can be transferred'],
  }),
  ...rows(bun, 'the test itself uses what it has changed, in the order in which this engine has its properties', {
    'hostile': ['the language is changed > after the module is loaded, one half'],
  }),
  ...rows(bun, 'node:crypto has no such cipher', { 'libraries/sodium': ['an AEAD with nine parameters equals that of node:crypto'] }),
  ...rows(bun, 'Bun has a libuv of its own making', { 'libraries/uv': ['the symbols are those of the libuv that runs this process'] }),

  ...rows(deno, nodeSymbols, { 'libraries/uv': true, 'abort': ['a callback that throws > when the event loop calls, *', 'a callback that returns a promise > to the event loop'], 'retired-callback': ['of a closed library > and called by the event loop'] }),
  ...rows(deno, uncaught, {
    'ending': ['*by an exception that nobody catches, *'],
    'stress/process': ['a process ends by an exception that nobody catches, *'],
  }),
  ...rows(deno, 'Deno\'s Node-API keeps some bytes of each call from C until the outermost native call has returned', {
    'stress/flat': ['memory stays flat inside of one native call > *'],
  }),
  ...rows(deno, 'Deno runs finalizers at the end of a process before it says that the environment ends, so libraries are unloaded first', {
    'ending': ['the process ends > because nothing is left to do, under a thread of the library', '*and one library calls back into another'],
  }),
  ...rows(deno, stopped, {
    'ending': ['a Worker ends > by process.exit in a callback, *'],
    'stress/threads': ['Workers are stopped in calls and callbacks, and nothing else is'],
    'stress/process': [
      'a process ends because a Worker has ended in its storm and nothing is left to do > *', 'a process ends although a time that was up stopped the storm > *',
    ],
    'callback-lifetime': ['a vm timeout that fires inside of a callback > *'],
    'worker': ['a Worker that ends > *in a callback', '*many frames in', '*in a comparator', '*in the middle of a callback'],
  }),
  ...rows(deno, 'a Worker of a package that no node_modules has cannot import it by its name', { 'worker': ['the module loads > in an ES module Worker'] }),
  ...rows(deno, 'Deno takes no notice of markAsUntransferable', { 'worker': ['between threads > the store of a zero-copy Buffer stays'] }),
  ...rows(deno, 'Deno runs the text of -e as a script', { 'readme': ['example * of the README prints what it says'] }),
  ...rows(deno, 'Deno\'s Buffer is made by JavaScript that the program\'s changes reach', {
    'memory-hostile': ['Buffers are Buffers, and show nothing private, whatever the program makes of their class'],
  }),
  ...rows(deno, 'Deno ends the environment of a Worker later than it says that the Worker has ended', {
    'retired-callback': ['of a Worker that has ended > by terminate'],
  }),
  ...rows(deno, 'node:util has no types.isExternal', { 'hostile': ['nothing that is private can be reached'] }),
];
