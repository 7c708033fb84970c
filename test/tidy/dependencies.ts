// Every package a user of Pilotfish gets, and why it is worth its place. See docs/adr/0002-runtime-dependencies.md.

/** Packages the core cannot do without. */
export const required: Readonly<Record<string, string>> = {
  '@ipld/dag-cbor': 'the canonical encoding of trees and snapshots, so that other IPLD tools read them',
  commander: 'the command line: sub-commands, help and usage errors, without packages of its own',
  picomatch:
    'exclude and include patterns; what Node offers skips dot files and compiles the pattern at each call',
  'lz4-napi': 'the lz4 codec; Node has none',
  multiformats: 'CIDs: the names of trees and snapshots',
  snappy: 'the snappy codec; Node has none',
};

/** Packages whose absence is reported and costs one feature. */
export const optional: Readonly<Record<string, string>> = {
  koffi: 'extended attributes, FIFOs and devices through libc; Node has no calls for them',
};

/**
 * Packages a user brings for one feature; its use without them names them. The checkout has them, for its tests, but for
 * onnxruntime-node.
 */
export const peers: Readonly<Record<string, string>> = {
  '@fastify/swagger': 'the OpenAPI document of `serve`, from the schemas its routes check requests with',
  '@grpc/grpc-js': 'gRPC for `serve --grpc-port`: HTTP/2 with its framing, status codes, draining; 3.6 MB',
  '@grpc/proto-loader': 'the messages of gRPC from their .proto file; comes with `@grpc/grpc-js`',
  fastify: 'the HTTP server of `serve`: routing, streams, limits, draining; 8.5 MB with what it brings',
  'fastify-type-provider-zod': 'one schema checks a request, types its handler and is shown in the document',
  'onnxruntime-node': 'foreign ONNX models; 290 MB, which only those should get who serve them',
  zod: 'the schemas of the native API of `serve`',
  '@duckdb/node-api': 'data sets as Parquet files; 72 MB, which only those should get who want them',
};
