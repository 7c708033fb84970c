import { assert } from '../../base/index.ts';

/**
 * Writes protocol buffers (https://protobuf.dev/programming-guides/encoding), as much as ONNX and TensorBoard need:
 * a message is a row of fields, each led by its number and wire type. Nothing is reordered or left out, so that
 * fields set in the order of their numbers give the bytes every other writer gives.
 */
export class ProtobufMessage {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** An int64 or an enum: any safe integer. */
  int(field: number, value: number): this {
    this.#tag(field, VARINT);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, FIXED32);
    scratch.setFloat32(0, value, true);
    return this.#append(scratchBytes.subarray(0, 4));
  }

  double(field: number, value: number): this {
    this.#tag(field, FIXED64);
    scratch.setFloat64(0, value, true);
    return this.#append(scratchBytes);
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, DELIMITED);
    this.#varint(value.length);
    return this.#append(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  message(field: number, value: ProtobufMessage): this {
    return this.bytes(field, value.#written());
  }

  /** Repeated int64, packed. */
  ints(field: number, values: ArrayLike<number>): this {
    const packed = new ProtobufMessage();
    for (let i = 0; i < values.length; i += 1) packed.#varint(values[i] as number);
    return this.message(field, packed);
  }

  /** Repeated float, packed. */
  floats(field: number, values: ArrayLike<number>): this {
    return this.bytes(field, floatBytes(values));
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#written().slice();
  }

  #written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  /** Seven bits a byte, low ones first. A negative number is its two's complement in 64 bits. */
  #varint(value: number): void {
    assert(Number.isSafeInteger(value), 'a varint is a whole number');
    this.#reserve(10);
    let rest = value < 0 ? BigInt.asUintN(64, BigInt(value)) : 0n;
    for (; rest >= 128n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 127n) | 128;
    let small = value < 0 ? Number(rest) : value;
    for (; small >= 128; small = Math.floor(small / 128)) this.#bytes[this.#length++] = (small % 128) | 128;
    this.#bytes[this.#length++] = small;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#written());
    this.#bytes = grown;
  }
}

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

const encoder = new TextEncoder();
const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Little-endian float32, rounded to nearest. */
export function floatBytes(values: ArrayLike<number>): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
