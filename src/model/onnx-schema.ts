/**
 * The part of the public ONNX schema (onnx.proto3, IR version 10) that the emitted graphs use, and its encoding. Field numbers
 * are the schema's own.
 */
import protobuf from 'protobufjs/light.js';

const optional = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ type, id, rule: 'repeated' });

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: optional('int64', 1),
        producerName: optional('string', 2),
        graph: optional('GraphProto', 7),
        opsetImport: repeated('OperatorSetIdProto', 8),
      },
    },
    OperatorSetIdProto: { fields: { domain: optional('string', 1), version: optional('int64', 2) } },
    GraphProto: {
      fields: {
        node: repeated('NodeProto', 1),
        name: optional('string', 2),
        initializer: repeated('TensorProto', 5),
        input: repeated('ValueInfoProto', 11),
        output: repeated('ValueInfoProto', 12),
      },
    },
    NodeProto: {
      fields: {
        input: repeated('string', 1),
        output: repeated('string', 2),
        name: optional('string', 3),
        opType: optional('string', 4),
        attribute: repeated('AttributeProto', 5),
        domain: optional('string', 7),
      },
    },
    AttributeProto: {
      fields: {
        name: optional('string', 1),
        f: optional('float', 2),
        i: optional('int64', 3),
        s: optional('bytes', 4),
        floats: repeated('float', 7),
        ints: repeated('int64', 8),
        type: optional('int32', 20),
      },
    },
    TensorProto: {
      fields: {
        dims: repeated('int64', 1),
        dataType: optional('int32', 2),
        name: optional('string', 8),
        rawData: optional('bytes', 9),
        externalData: repeated('StringStringEntryProto', 13),
        dataLocation: optional('int32', 14),
      },
    },
    StringStringEntryProto: { fields: { key: optional('string', 1), value: optional('string', 2) } },
    ValueInfoProto: { fields: { name: optional('string', 1), type: optional('TypeProto', 2) } },
    TypeProto: { fields: { tensorType: optional('TensorTypeProto', 1) } },
    TensorTypeProto: { fields: { elemType: optional('int32', 1), shape: optional('TensorShapeProto', 2) } },
    TensorShapeProto: { fields: { dim: repeated('DimensionProto', 1) } },
    DimensionProto: { fields: { dimValue: optional('int64', 1), dimParam: optional('string', 2) } },
  },
});
const modelProto = root.lookupType('ModelProto');

/** TensorProto.DataType. */
export const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float64: 11 } as const;
export type ElementType = keyof typeof elementTypes;
export const elementBytes: Record<ElementType, number> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
  float64: 8,
};

/** AttributeProto.AttributeType. */
const attributeTypes = { f: 1, i: 2, s: 3, floats: 6, ints: 7 } as const;
/** A whole number becomes an INT unless it is given as `{f}`; a string a STRING; arrays of whole numbers INTS. */
export type Attribute = number | string | readonly number[] | { readonly f: number };

function attributeOf(name: string, value: Attribute) {
  if (typeof value === 'number') return { name, i: value, type: attributeTypes.i };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: attributeTypes.s };
  if ('f' in value) return { name, f: value.f, type: attributeTypes.f };
  return { name, ints: [...value], type: attributeTypes.ints };
}

export interface NodeSpec {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}
export interface ValueSpec {
  readonly name: string;
  readonly type: ElementType;
  /** A number is a fixed dimension, a string a named dynamic one; left out where nothing is known. */
  readonly dims?: readonly (number | string)[];
}
/** Where a weight lies in the external file. */
export interface ExternalData {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** Entries of onnxruntime's own: the weight as a kernel lays it out in memory. */
  readonly prepacked?: Readonly<Record<string, string>>;
}

export interface InitializerSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** The bytes themselves, or where they lie in the external file. */
  readonly data: Uint8Array | ExternalData;
}
export interface GraphSpec {
  readonly name: string;
  readonly nodes: readonly NodeSpec[];
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly initializers: readonly InitializerSpec[];
}

const valueInfo = (value: ValueSpec) => ({
  name: value.name,
  type: {
    tensorType: {
      elemType: elementTypes[value.type],
      ...(value.dims && {
        shape: { dim: value.dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
      }),
    },
  },
});

/**
 * A model with one output more, before its own: an empty sequence. Messages that follow each other are one, their lists joined.
 */
export function withSilentOutput(model: Uint8Array, name: string): Uint8Array {
  const graph = { node: [{ opType: 'SequenceEmpty', output: [name] }], output: [{ name }] };
  return Buffer.concat([modelProto.encode({ graph }).finish(), model]);
}

/** Encodes a graph as the bytes of a `.onnx` file. */
export function encodeModel(graph: GraphSpec): Uint8Array {
  return modelProto
    .encode({
      irVersion: 10,
      producerName: 'snug',
      opsetImport: [
        { domain: '', version: 21 },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: {
        name: graph.name,
        node: graph.nodes.map((node) => ({
          name: node.outputs[0],
          opType: node.op,
          domain: node.domain,
          input: node.inputs,
          output: node.outputs,
          attribute: Object.entries(node.attributes).map(([name, value]) => attributeOf(name, value)),
        })),
        initializer: graph.initializers.map(({ name, type, dims, data }) => ({
          name,
          dims,
          dataType: elementTypes[type],
          ...(data instanceof Uint8Array
            ? { rawData: data }
            : {
                dataLocation: 1,
                externalData: [
                  { key: 'location', value: data.file },
                  { key: 'offset', value: String(data.offset) },
                  { key: 'length', value: String(data.bytes) },
                  ...Object.entries(data.prepacked ?? {}).map(([key, value]) => ({ key, value })),
                ],
              }),
        })),
        input: graph.inputs.map(valueInfo),
        output: graph.outputs.map(valueInfo),
      },
    })
    .finish();
}

/** The entries of onnxruntime's own (`prepacked_N`) that a model it saved has, by the weight's name. */
export function prepackedEntries(model: Uint8Array): Map<string, Record<string, string>> {
  const { graph } = modelProto.toObject(modelProto.decode(model), { arrays: true, objects: true });
  const found = new Map<string, Record<string, string>>();
  for (const { name, externalData } of graph.initializer as {
    name: string;
    externalData: { key: string; value: string }[];
  }[]) {
    const own = externalData.filter(({ key }) => key.startsWith('prepacked_'));
    if (own.length > 0) found.set(name, Object.fromEntries(own.map(({ key, value }) => [key, value])));
  }
  return found;
}
