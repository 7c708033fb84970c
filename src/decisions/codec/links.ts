/** The rates a codec is judged at, bits per second, by the names of the scoreboard. */
export const LINKS = { '10M': 1e7, '100M': 1e8, '1G': 1e9, '10G': 1e10 } as const;
export type LinkName = keyof typeof LINKS;
