/** The ids nearest to a fingerprint: by distance, then by id. Reused by the next query. */
export type Neighbours = {
  count: number;
  readonly ids: Uint32Array;
  /** In bits. */
  readonly distances: Uint8Array;
};

/** The best `top` of what is offered, kept in order by insertion. */
export class Nearest {
  readonly neighbours: Neighbours;
  #top = 0;
  #maxDistance = 0;

  constructor(most: number) {
    this.neighbours = { count: 0, ids: new Uint32Array(most), distances: new Uint8Array(most) };
  }

  start(top: number, maxDistance: number): void {
    this.#top = top;
    this.#maxDistance = maxDistance;
    this.neighbours.count = 0;
  }

  /** Nothing beyond it is of interest any more. */
  get reach(): number {
    const { count, distances } = this.neighbours;
    return count < this.#top ? this.#maxDistance : (distances[count - 1] as number);
  }

  /** Takes the id in, unless `top` better ones are there. */
  offer(id: number, distance: number): void {
    const { ids, distances } = this.neighbours;
    const after = (i: number) =>
      (distances[i] as number) > distance || (distances[i] === distance && (ids[i] as number) > id);
    let at = this.neighbours.count;
    if (at === this.#top) {
      if (!after(at - 1)) return;
      at -= 1;
    } else this.neighbours.count += 1;
    for (; at > 0 && after(at - 1); at -= 1) {
      ids[at] = ids[at - 1] as number;
      distances[at] = distances[at - 1] as number;
    }
    ids[at] = id;
    distances[at] = distance;
  }
}
