'use strict';

// Node before 20.16.
delete process.getBuiltinModule;
