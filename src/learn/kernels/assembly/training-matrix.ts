// Matrix products, transposes and sums over rows. All strides are in bytes. Every output is one chain of multiply
// and add over the depth, in order, whatever tile it falls into: so tiles change no bit of the result.

// @ts-ignore: decorator
@inline
function first(start: usize, at: usize): v128 {
  return start == 0 ? f32x4.splat(0) : v128.load(at);
}

// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, a: usize, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(v128.load_splat<f32>(a), b));
}

/** Rows i … i + 3, columns j … j + 7. */
function tile48(
  a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize,
  start: usize, startRow: usize, depth: i32,
): void {
  const s1 = start + startRow;
  const s2 = s1 + startRow;
  const s3 = s2 + startRow;
  let c00 = first(start, start);
  let c01 = first(start, start + 16);
  let c10 = first(start, s1);
  let c11 = first(start, s1 + 16);
  let c20 = first(start, s2);
  let c21 = first(start, s2 + 16);
  let c30 = first(start, s3);
  let c31 = first(start, s3 + 16);
  let a0 = a;
  let a1 = a0 + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let splat = v128.load_splat<f32>(a0);
    c00 = f32x4.add(c00, f32x4.mul(splat, b0));
    c01 = f32x4.add(c01, f32x4.mul(splat, b1));
    splat = v128.load_splat<f32>(a1);
    c10 = f32x4.add(c10, f32x4.mul(splat, b0));
    c11 = f32x4.add(c11, f32x4.mul(splat, b1));
    splat = v128.load_splat<f32>(a2);
    c20 = f32x4.add(c20, f32x4.mul(splat, b0));
    c21 = f32x4.add(c21, f32x4.mul(splat, b1));
    splat = v128.load_splat<f32>(a3);
    c30 = f32x4.add(c30, f32x4.mul(splat, b0));
    c31 = f32x4.add(c31, f32x4.mul(splat, b1));
    a0 += aColumn;
    a1 += aColumn;
    a2 += aColumn;
    a3 += aColumn;
    b += bRow;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += cRow;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += cRow;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += cRow;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** Rows i … i + 3, columns j … j + 3. */
function tile44(
  a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize,
  start: usize, startRow: usize, depth: i32,
): void {
  let c0 = first(start, start);
  let c1 = first(start, start + startRow);
  let c2 = first(start, start + startRow * 2);
  let c3 = first(start, start + startRow * 3);
  const a1 = aRow;
  const a2 = aRow * 2;
  const a3 = aRow * 3;
  for (let k = 0; k < depth; k++) {
    const row = v128.load(b);
    c0 = multiplyAdd(c0, a, row);
    c1 = multiplyAdd(c1, a + a1, row);
    c2 = multiplyAdd(c2, a + a2, row);
    c3 = multiplyAdd(c3, a + a3, row);
    a += aColumn;
    b += bRow;
  }
  v128.store(c, c0);
  v128.store(c + cRow, c1);
  v128.store(c + cRow * 2, c2);
  v128.store(c + cRow * 3, c3);
}

/** One row, columns j … j + 7. */
function tile18(
  a: usize, aColumn: usize, b: usize, bRow: usize, c: usize, start: usize, depth: i32,
): void {
  let c0 = first(start, start);
  let c1 = first(start, start + 16);
  for (let k = 0; k < depth; k++) {
    const splat = v128.load_splat<f32>(a);
    c0 = f32x4.add(c0, f32x4.mul(splat, v128.load(b)));
    c1 = f32x4.add(c1, f32x4.mul(splat, v128.load(b, 16)));
    a += aColumn;
    b += bRow;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** One value. */
function tile11(
  a: usize, aColumn: usize, b: usize, bRow: usize, c: usize, start: usize, depth: i32,
): void {
  let sum: f32 = start == 0 ? 0 : load<f32>(start);
  for (let k = 0; k < depth; k++) {
    sum += load<f32>(a) * load<f32>(b);
    a += aColumn;
    b += bRow;
  }
  store<f32>(c, sum);
}

/** C = start + A B for a block of rows and of the depth; `start` as for `product`. */
function block(
  a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize,
  start: usize, startRow: usize, rows: i32, columns: i32, depth: i32,
): void {
  const rows4 = rows & ~3;
  for (let j = 0; j < columns;) {
    const width = columns - j >= 8 ? 8 : columns - j >= 4 ? 4 : 1;
    let ai = a;
    let ci = c;
    let si = start;
    let i = 0;
    for (; i < rows4; i += 4) {
      if (width == 8) tile48(ai, aRow, aColumn, b, bRow, ci, cRow, si, startRow, depth);
      else if (width == 4) tile44(ai, aRow, aColumn, b, bRow, ci, cRow, si, startRow, depth);
      else {
        for (let r: usize = 0; r < 4; r++) {
          tile11(ai + aRow * r, aColumn, b, bRow, ci + cRow * r, start == 0 ? 0 : si + startRow * r, depth);
        }
      }
      ai += aRow << 2;
      ci += cRow << 2;
      if (start != 0) si += startRow << 2;
    }
    for (; i < rows; i++) {
      if (width == 8) tile18(ai, aColumn, b, bRow, ci, si, depth);
      else {
        for (let w: usize = 0; w < (<usize>width << 2); w += 4) {
          tile11(ai, aColumn, b + w, bRow, ci + w, start == 0 ? 0 : si + w, depth);
        }
      }
      ai += aRow;
      ci += cRow;
      if (start != 0) si += startRow;
    }
    const bytes = width << 2;
    b += bytes;
    c += bytes;
    if (start != 0) start += bytes;
    j += width;
  }
}

// Blocks that stay in the caches while all columns go over them.
const BLOCK_DEPTH = 256;
const BLOCK_ROWS = 64;

/**
 * C = start + A B. A is rows x depth with any strides (so also a transposed matrix), B depth x columns and C
 * rows x columns with adjacent columns. `start` is a matrix like C (C itself to add to it), a row for all rows
 * (stride 0: a bias), or 0 for none.
 */
export function product(
  a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, c: usize, cRow: usize,
  start: usize, startRow: usize, rows: i32, columns: i32, depth: i32,
): void {
  for (let k = 0; k < depth; k += BLOCK_DEPTH) {
    const ak = a + aColumn * <usize>k;
    const bk = b + bRow * <usize>k;
    const depthNow = min(BLOCK_DEPTH, depth - k);
    for (let i = 0; i < rows; i += BLOCK_ROWS) {
      const ci = c + cRow * <usize>i;
      const rowsNow = min(BLOCK_ROWS, rows - i);
      if (k == 0) {
        const si: usize = start == 0 ? 0 : start + startRow * <usize>i;
        block(ak + aRow * <usize>i, aRow, aColumn, bk, bRow, ci, cRow, si, startRow, rowsNow, columns, depthNow);
      } else block(ak + aRow * <usize>i, aRow, aColumn, bk, bRow, ci, cRow, ci, cRow, rowsNow, columns, depthNow);
    }
  }
}

/** 4 x 4 values: columns of `from` become rows of `to`. */
// @ts-ignore: decorator
@inline
function transpose4(from: usize, fromRow: i32, to: usize, toRow: i32): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromRow);
  const r2 = v128.load(from + fromRow * 2);
  const r3 = v128.load(from + fromRow * 3);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(to + toRow, v128.shuffle<f64>(low01, low23, 1, 3));
  v128.store(to + toRow * 2, v128.shuffle<f64>(high01, high23, 0, 2));
  v128.store(to + toRow * 3, v128.shuffle<f64>(high01, high23, 1, 3));
}

/** `to` [columns][rows] becomes the transpose of `from` [rows][columns]; both dense. */
export function transpose(from: usize, to: usize, rows: i32, columns: i32): void {
  const fromRow = columns << 2;
  const toRow = rows << 2;
  const rows4 = rows & ~3;
  const columns4 = columns & ~3;
  for (let i = 0; i < rows4; i += 4) {
    for (let j = 0; j < columns4; j += 4) {
      transpose4(from + i * fromRow + (j << 2), fromRow, to + j * toRow + (i << 2), toRow);
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < rows4 ? columns4 : 0; j < columns; j++) {
      store<f32>(to + j * toRow + (i << 2), load<f32>(from + i * fromRow + (j << 2)));
    }
  }
}

/** to[j] += sum of column j of `from` [rows][columns], row after row. */
export function addColumns(from: usize, rows: i32, columns: i32, to: usize): void {
  const row = columns << 2;
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    let sum = v128.load(to + (j << 2));
    let at = from + (j << 2);
    for (let i = 0; i < rows; i++) {
      sum = f32x4.add(sum, v128.load(at));
      at += row;
    }
    v128.store(to + (j << 2), sum);
  }
  for (; j < columns; j++) {
    let sum = load<f32>(to + (j << 2));
    for (let i = 0; i < rows; i++) sum += load<f32>(from + i * row + (j << 2));
    store<f32>(to + (j << 2), sum);
  }
}

/** Copies row `ids[i]` of `from` to row i of `to`; rows of `columns` values. */
export function gatherRows(from: usize, ids: usize, to: usize, count: i32, columns: i32): void {
  const bytes = columns << 2;
  for (let i = 0; i < count; i++) {
    memory.copy(to + i * bytes, from + load<i32>(ids + (i << 2)) * bytes, bytes);
  }
}

/** Adds row i of `from` to row `ids[i]` of `to`, in the order of i. */
export function scatterRows(from: usize, ids: usize, to: usize, count: i32, columns: i32): void {
  const bytes = columns << 2;
  for (let i = 0; i < count; i++) {
    const target = to + load<i32>(ids + (i << 2)) * bytes;
    const source = from + i * bytes;
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      const at: usize = j << 2;
      v128.store(target + at, f32x4.add(v128.load(target + at), v128.load(source + at)));
    }
    for (; j < columns; j++) {
      const at: usize = j << 2;
      store<f32>(target + at, load<f32>(target + at) + load<f32>(source + at));
    }
  }
}
