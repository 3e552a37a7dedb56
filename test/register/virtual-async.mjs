import { register } from 'node:module';

register('./virtual-hook.mjs', import.meta.url);
