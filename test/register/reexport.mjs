export { default, toString } from 'node:ffi';
