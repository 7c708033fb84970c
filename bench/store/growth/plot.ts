// A small writer of SVG line plots: logarithmic axes, a label at the end of each line.

/** One line of a panel. */
export interface Line {
  readonly label: string;
  /** x and y, both above zero, x ascending. */
  readonly points: readonly (readonly [number, number])[];
}

/** One plot beside others. */
export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly lines: readonly Line[];
}

const width = 460;
const height = 340;
const margin = { top: 46, right: 130, bottom: 48, left: 58 };
const labelGap = 15;
// Told apart by the colour-blind too (Okabe and Ito).
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];
const ink = '#24292f';
const faint = '#d8dee4';

/** Maps values to positions, evenly by factors of ten. */
interface Axis {
  readonly low: number;
  readonly high: number;
  readonly at: (value: number) => number;
}

function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const at = (value: number): number => from + ((to - from) * (Math.log10(value) - low)) / (high - low);
  return { low, high, at };
}

const decades = ({ low, high }: Axis): number[] =>
  Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));

const escapeText = (text: string): string => text.replace(/[<>&]/g, (c) => `&#${c.charCodeAt(0)};`);

const round = (value: number): number => Math.round(value * 10) / 10;

interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly colour?: string;
  readonly size?: number;
}

function text(words: string, { x, y, anchor = 'start', colour = ink, size = 12 }: TextPlace): string {
  const place = `x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"`;
  return `<text ${place} font-size="${size}" fill="${colour}">${escapeText(words)}</text>`;
}

/** A power of ten as people write it. */
export function powerText(value: number): string {
  if (value >= 0.001 && value <= 1000) return String(Number(value.toPrecision(1)));
  const exponent = Math.round(Math.log10(value));
  return `10${[...String(exponent)].map((digit) => superscripts[digit] ?? digit).join('')}`;
}
const superscripts: Readonly<Record<string, string>> = Object.fromEntries(
  [...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((sign, digit) => [String(digit), sign]).concat([['-', '⁻']]),
);

function grid(x: Axis, y: Axis): string[] {
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const rule = (x1: number, y1: number, x2: number, y2: number): string =>
    `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="${faint}"/>`;
  return [
    ...decades(y).flatMap((value) => [
      rule(margin.left, y.at(value), right, y.at(value)),
      text(powerText(value), { x: margin.left - 8, y: y.at(value) + 4, anchor: 'end' }),
    ]),
    ...decades(x).flatMap((value) => [
      rule(x.at(value), margin.top, x.at(value), bottom),
      text(powerText(value), { x: x.at(value), y: bottom + 18, anchor: 'middle' }),
    ]),
  ];
}

function drawLine({ points }: Line, colour: string, { x, y }: { x: Axis; y: Axis }): string[] {
  const places = points.map(([px, py]) => [round(x.at(px)), round(y.at(py))] as const);
  const path = places.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${px} ${py}`).join('');
  const dots = places.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="${colour}"/>`);
  return [`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`, ...dots];
}

/** Heights for labels that would like to stand at `wanted`, at least a line apart, in the same order. */
export function spreadOut(wanted: readonly number[], gap: number): number[] {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  let last = Number.NEGATIVE_INFINITY;
  const placed: number[] = [];
  for (const { y, i } of order) {
    last = Math.max(y, last + gap);
    placed[i] = last;
  }
  // What was pushed down is centred again, as far as nobody was in the way.
  const shift = placed.reduce((sum, y, i) => sum + y - (wanted[i] ?? 0), 0) / Math.max(placed.length, 1);
  return placed.map((y) => y - shift);
}

function endLabels(lines: readonly Line[], y: Axis): string[] {
  const ends = lines.map(({ points }) => y.at(points.at(-1)?.[1] ?? 1));
  return spreadOut(ends, labelGap).map((at, i) =>
    text(lines[i]?.label ?? '', {
      x: width - margin.right + 8,
      y: at + 4,
      colour: colours[i % colours.length] ?? ink,
    }),
  );
}

function drawPanel({ title, xLabel, lines }: Panel, offset: number): string {
  const points = lines.flatMap((line) => line.points);
  const x = axis(
    points.map(([px]) => px),
    margin.left,
    width - margin.right,
  );
  const y = axis(
    points.map(([, py]) => py),
    height - margin.bottom,
    margin.top,
  );
  const parts = [
    text(title, { x: margin.left, y: 24, size: 14 }),
    ...grid(x, y),
    ...lines.flatMap((line, i) => drawLine(line, colours[i % colours.length] ?? ink, { x, y })),
    ...endLabels(lines, y),
    text(xLabel, { x: (margin.left + width - margin.right) / 2, y: height - 8, anchor: 'middle' }),
  ];
  return `<g transform="translate(${offset} 0)">\n${parts.join('\n')}\n</g>`;
}

/** Panels side by side as one picture. */
export function svgPlot(panels: readonly Panel[], description: string): string {
  const total = width * panels.length;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${height}" width="${total}" height="${height}" font-family="system-ui, sans-serif" role="img">`;
  const back = `<rect width="${total}" height="${height}" fill="#ffffff"/>`;
  const drawn = panels.map((panel, i) => drawPanel(panel, i * width));
  return [head, `<title>${escapeText(description)}</title>`, back, ...drawn, '</svg>', ''].join('\n');
}
