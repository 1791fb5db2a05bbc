/** onnxruntime as every room loads it: through here, so that it is told to keep to itself first. */
import './telemetry-off.js';

export { env, InferenceSession, Tensor } from 'onnxruntime-node';
export { collectGarbage } from './collect-garbage.js';
