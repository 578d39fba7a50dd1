/** An evaluation for the terminal, as Markdown with plots beside it, and as an HTML page that needs nothing else. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Table from 'cli-table3';
import { type Plot, plots } from './plots.js';
import type { Evaluation } from './result.js';
import { provenance, type Section, sections } from './sections.js';

const TITLE = 'The network schemes side by side';

/** Characters of a table's cell in the terminal before it is wrapped. */
const WIDEST = 34;

function tableText({ title, head, rows }: Section): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const table = new Table({
    head: [...head],
    colWidths: widths.map((width) => Math.min(width, WIDEST) + 2),
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  return `${title}\n${table.toString()}`;
}

export const terminalText = (evaluation: Evaluation): string =>
  [...sections(evaluation).map(tableText), provenance(evaluation)].join('\n\n');

const markdownRow = (cells: readonly string[]): string =>
  `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;

const markdownTable = ({ title, text, head, rows }: Section): string =>
  [`## ${title}`, '', text, '', markdownRow(head), markdownRow(head.map(() => '---')), ...rows.map(markdownRow)].join(
    '\n',
  );

/** `image` gives the path by which the text refers to a plot. */
export function markdown(evaluation: Evaluation, image: (plot: Plot) => string): string {
  return [
    `# ${TITLE}`,
    `${provenance(evaluation)} Written by \`kakuri evaluate\`.`,
    ...plots(evaluation).map((plot) => `![${plot.title}](${image(plot)})`),
    ...sections(evaluation).map(markdownTable),
    '',
  ].join('\n\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function htmlTable({ title, text, head, rows }: Section): string {
  const cells = (tag: string, row: readonly string[]) => row.map((c) => `<${tag}>${escaped(c)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<h2>${escaped(title)}</h2>\n<p>${escaped(text)}</p>\n<table>\n<tr>${cells('th', head)}</tr>\n${body}\n</table>`;
}

const STYLE = `body { font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; font-size: 13px } th, td { border: 1px solid #ccc; padding: .3em .6em; text-align: left }
th { background: #f3f3f3 } figure { margin: 1.5em 0 } svg { max-width: 100%; height: auto }`;

/** One file: style and plots are in it. */
export function html(evaluation: Evaluation): string {
  const figures = plots(evaluation).map(
    ({ svg, title }) => `<figure role="img" aria-label="${escaped(title)}">${svg}</figure>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>${TITLE}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>`,
    `<body><h1>${TITLE}</h1>`,
    `<p>${escaped(provenance(evaluation))}</p>`,
    ...figures,
    ...sections(evaluation).map(htmlTable),
    '</body></html>',
    '',
  ].join('\n');
}

/** Writes NAME.md with its plots, NAME.html and NAME.json; the files, first the Markdown. */
export async function writeReports(evaluation: Evaluation, base: string): Promise<readonly string[]> {
  const name = base.slice(dirname(base) === '.' ? 0 : dirname(base).length + 1);
  const files = new Map([
    [`${base}.md`, markdown(evaluation, (plot) => `${name}-${plot.name}.svg`)],
    [`${base}.html`, html(evaluation)],
    [`${base}.json`, `${JSON.stringify(evaluation, null, 2)}\n`],
    ...plots(evaluation).map((plot) => [join(dirname(base), `${name}-${plot.name}.svg`), `${plot.svg}\n`] as const),
  ]);
  await mkdir(dirname(base), { recursive: true });
  for (const [file, text] of files) await writeFile(file, text);
  return [...files.keys()];
}
