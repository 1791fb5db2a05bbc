/** Whether onnxruntime loads, and whether an operator that 8-bit profiles are made of gives the right answer. */
import { messageOf } from '../errors/index.js';
import { encodeModel } from '../model/onnx-schema.js';
import { bad, type Check, good } from './check.js';

/** How far the product of 8-bit numbers may be off. */
const TOLERANCE = 0.05;

/** Runs [1, 2] × 2·identity in 8 bits. */
export async function runtimeCheck(name: string): Promise<Check> {
  const remedy = 'Run npm ci again on this machine; node_modules of another system does not fit.';
  let runtime: typeof import('../runtime/index.js');
  try {
    runtime = await import('../runtime/index.js');
  } catch (error) {
    return bad(name, `does not load: ${messageOf(error)}`, remedy);
  }
  const version = runtime.env.versions.node ?? 'of unknown version';
  try {
    const session = await runtime.InferenceSession.create(doublingGraph(), { intraOpNumThreads: 1 });
    const { y } = await session.run({ x: new runtime.Tensor('float32', [1, 2], [1, 2]) });
    await session.release();
    const answer = Array.from(y.data, Number);
    if (Math.abs(answer[0] - 2) > TOLERANCE || Math.abs(answer[1] - 4) > TOLERANCE)
      return bad(name, `${version} computes 2·[1, 2] = [${answer.join(', ')}]`, remedy);
    return good(name, `${version}, runs`);
  } catch (error) {
    return bad(name, `${version} does not run: ${messageOf(error)}`, remedy);
  }
}

function doublingGraph(): Uint8Array {
  const dims = [1, 2];
  return encodeModel({
    name: 'doctor',
    nodes: [
      {
        op: 'DynamicQuantizeMatMul',
        domain: 'com.microsoft',
        inputs: ['x', 'weights', 'scale'],
        outputs: ['y'],
        attributes: {},
      },
    ],
    inputs: [{ name: 'x', type: 'float32', dims }],
    outputs: [{ name: 'y', type: 'float32', dims }],
    initializers: [
      { name: 'weights', type: 'int8', dims: [2, 2], data: Uint8Array.of(2, 0, 0, 2) },
      { name: 'scale', type: 'float32', dims: [], data: new Uint8Array(Float32Array.of(1).buffer) },
    ],
  });
}
