/**
 * The published builds of onnxruntime report their use to its maker, and leave a device identity in ~/.cache and files in the
 * temporary folder, unless this is set before the library is loaded. Whoever wants to report sets it to something else.
 */
process.env.ORT_DISABLE_TELEMETRY ??= '1';
