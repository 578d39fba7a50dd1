/** The plots of an evaluation, as SVG text that stands by itself. */
import { init } from 'echarts';
import type { Evaluation } from './result.js';
import { ROUTER_VM } from './router-vm.js';
import { cutName } from './sections.js';

export interface Plot {
  /** A file name without its ending. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

const SIZE = { width: 760, height: 340 } as const;

interface Bars {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly categories: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** A value that is drawn as a line across. */
  readonly line?: number;
}

function bars({ name, title, unit, categories, series, line }: Bars): Plot {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: 'sans-serif' },
    title: { text: title, top: 2, textStyle: { fontSize: 15 } },
    legend: series.length > 1 ? { top: 34 } : { show: false },
    grid: { left: categories.length > 6 ? 95 : 70, right: 20, top: series.length > 1 ? 75 : 50, bottom: 55 },
    xAxis: { type: 'category', data: categories, axisLabel: { interval: 0, rotate: categories.length > 6 ? 18 : 0 } },
    yAxis: { type: 'value', name: unit },
    series: series.map(({ name: label, values }, i) => ({
      name: label,
      type: 'bar',
      data: values.map((value) => Number(value.toPrecision(3))),
      label: { show: series.length * categories.length <= 16, position: 'top', fontSize: 10 },
      ...(line !== undefined && i === 0
        ? { markLine: { symbol: 'none', data: [{ yAxis: line }], lineStyle: { color: '#888' } } }
        : {}),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return { name, title, svg };
}

export function plots(evaluation: Evaluation): readonly Plot[] {
  const { schemes } = evaluation;
  const names = schemes.map(({ scheme }) => scheme);
  const { routerVm } = evaluation;
  const speeds = [...schemes.map(({ speed }) => speed), ...(routerVm === undefined ? [] : [routerVm])];
  const routed = schemes.filter(({ outages: own }) => own.length > 0);
  const outages = routed[0]?.outages ?? [];
  const drawn = [
    bars({
      name: 'speed',
      title: 'Throughput beside no encapsulation',
      unit: 'ratio',
      categories: routerVm === undefined ? names : [...names, ROUTER_VM],
      series: [
        { name: 'TCP', values: speeds.map(({ tcpVsBare }) => tcpVsBare.median) },
        { name: 'small packets', values: speeds.map(({ packetsVsBare }) => packetsVsBare.median) },
      ],
      line: 1,
    }),
    bars({
      name: 'faults',
      title: 'Longest time without a reply when an element of the routed fabric fails',
      unit: 'ms',
      categories: outages.map(cutName),
      series: routed.map(({ scheme, outages: own }) => ({
        name: scheme,
        values: own.map(({ gapMs }) => gapMs.median),
      })),
    }),
    bars({
      name: 'cpu',
      title: 'CPU of both switches for one gigabit of TCP',
      unit: 's',
      categories: [...names, 'none'],
      series: [
        {
          name: 'CPU',
          values: [...schemes.map(({ speed }) => speed.cpuPerGigabit.median), evaluation.bare.cpuPerGigabit.median],
        },
      ],
    }),
  ];
  return drawn.filter(({ name }) => name !== 'faults' || routed.length > 0);
}
