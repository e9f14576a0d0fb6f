// Lines over time, as SVG.

import {h, s} from './dom.js';

const WIDTH = 300;
const HEIGHT = 80;

// points: [[milliseconds, value], ...]; `said` makes text of a value. `layers`: the same of lines that are below it, such
// as the levels of which it is the sum, each with its name; the last is the lowest.
export function chart(title, points, said, layers = []) {
  const last = points.at(-1);
  const caption = h('figcaption', {}, title, h('b', {}, last === undefined ? '–' : said(last[1])));
  const svg = s('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': last === undefined ? title : `${title}: ${said(last[1])} now`});
  if (points.length > 1) {
    const values = [points, ...layers.map((layer) => layer.points)].flat().map(([, value]) => value);
    const low = Math.min(...values);
    const high = Math.max(...values);
    const margin = high === low ? Math.max(1, high * .1) : (high - low) * .1;
    const [bottom, top] = [Math.max(0, low - margin), high + margin];
    const [begin, end] = [points[0][0], last[0]];
    const x = (time) => (time - begin) / (end - begin) * WIDTH;
    const y = (value) => HEIGHT - (value - bottom) / (top - bottom) * HEIGHT;
    svg.append(s('line', {class: 'grid', x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT}));
    for (const line of [points, ...layers.map((layer) => layer.points)]) {
      const path = line.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
      svg.append(s('polygon', {class: 'area', points: `0,${HEIGHT} ${path} ${WIDTH},${HEIGHT}`}),
        s('polyline', {class: 'line', points: path}));
    }
  }
  const names = layers.length === 0 ? null
    : h('p', {class: 'faint'}, layers.map((layer) => `${layer.name} ${said(layer.own)}`).join(' · '));
  return h('figure', {class: 'panel chart'}, caption, svg, names);
}
