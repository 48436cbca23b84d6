import { keepCompiledCode } from './compile-cache.ts';

keepCompiledCode();
await import('#server/main.ts');
