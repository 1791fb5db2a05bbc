/** What decides how exactly a processor multiplies 8-bit numbers. */
import test from 'ava';
import { instructionSet, int8Limit } from '../../src/profile/processor.js';

test('this machine: the architecture first, then what counts of its flags', (t) => {
  const [architecture, ...flags] = instructionSet().split(' ');
  t.is(architecture, process.arch);
  t.is(new Set(flags).size, flags.length);
  t.is(instructionSet(), instructionSet());
});

test('seven bits only where products of 8-bit numbers saturate', (t) => {
  t.is(int8Limit('x64 avx2'), 63);
  t.is(int8Limit('x64'), 63);
  t.is(int8Limit('x64 avx2 avx512f'), 63);
  t.is(int8Limit('x64 avx2 avx_vnni'), 127);
  t.is(int8Limit('x64 avx2 avx512f avx512_vnni'), 127);
  t.is(int8Limit('arm64 asimddp'), 127);
  t.is(int8Limit('arm64'), 127);
});
