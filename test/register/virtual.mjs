import answer from 'virtual:answer';
import ferrule from 'ferrule';
import ffi from 'node:ffi';

process.stdout.write(JSON.stringify({ 'somebody else\'s name': answer === 42, 'import': ffi === ferrule }));
