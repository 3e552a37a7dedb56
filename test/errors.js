'use strict';

// What `assert.throws` expects of an error of the API: class, code and message.

const shape = (name, code) => (message) => ({ name, code, message });

exports.argumentType = shape('TypeError', 'ERR_INVALID_ARG_TYPE');
exports.argumentValue = shape('TypeError', 'ERR_INVALID_ARG_VALUE');
exports.outOfRange = shape('RangeError', 'ERR_OUT_OF_RANGE');
exports.callFailed = shape('Error', 'ERR_FFI_CALL_FAILED');
exports.invalidPointer = shape('Error', 'ERR_FFI_INVALID_POINTER');
exports.closed = shape('Error', 'ERR_FFI_LIBRARY_CLOSED')('Library is closed');
exports.allocationFailed = shape('RangeError', 'ERR_MEMORY_ALLOCATION_FAILED')('Failed to allocate memory');

// The only one without a code, which an object to compare with cannot say.
exports.illegalInvocation = (error) => error.name === 'TypeError' && error.message === 'Illegal invocation' && !('code' in error);
