/**
 * Loading `ferrule/register` makes `node:ffi` mean Ferrule in the current thread. It exports nothing.
 *
 * ```sh
 * node --require ferrule/register app.js
 * ```
 */
export {};
