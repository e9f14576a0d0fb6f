// What there is in the database, and how that changes while one looks.

import {get} from '../api.js';
import {chart} from '../charts.js';
import {bytes, count, duration, h, replace} from '../dom.js';
import {table} from '../lists.js';

const EVERY = 2000;

const card = (title, value) => h('div', {class: 'panel card'}, h('dt', {}, title), h('dd', {}, value));
const sum = (rows, member) => rows.reduce((all, row) => all + row[member], 0);

function cards(all) {
  return h('dl', {class: 'cards'},
    card('Documents', count(sum(all.document_stores, 'documents'))),
    card('Nodes', count(sum(all.document_stores, 'nodes'))),
    card('Vectors', count(sum(all.vector_stores, 'count'))),
    card('Entries', count(sum(all.collections, 'count'))),
    all.disk_bytes === undefined ? null : card('On disk', bytes(all.disk_bytes)),
    all.format === undefined ? null : card('Format', all.format));
}

function charts(samples) {
  const of = (member) => samples.map((sample) => [sample.time, sample[member]]);
  const rates = samples.slice(1).map((sample, i) => [sample.time,
    Math.max(0, (sample.entries - samples[i].entries) * 1000 / (sample.time - samples[i].time))]);
  return [
    chart('Entries', of('entries'), count),
    chart('New entries a second', rates, (value) => count(Math.round(value))),
    chart('On disk', of('disk_bytes'), bytes),
    chart('Search indexes, in this page’s process', of('index_bytes'), bytes),
    chart('Memory of this page’s process', of('process_bytes'), bytes),
  ];
}

// Of counters of the writer, what they grew by a second from one sample to the next. A writer that has opened the database
// anew counts from nothing.
function rates_of(samples, value) {
  const rates = [];
  for (let i = 1; i < samples.length; ++i) {
    const [before, now] = [samples[i - 1].writer, samples[i].writer];
    if (!before || !now) continue;
    const seconds = now.time - before.time;
    const grown = now.process === before.process ? value(now) - value(before) : 0;
    rates.push([samples[i].time, seconds > 0 ? Math.max(0, grown / seconds) : 0]);
  }
  return rates;
}

// What part of the blocks that were looked for was in the cache, where any were.
function hits_of(samples) {
  const looks = (writer) => writer.cache_hits + writer.cache_misses;
  return samples.slice(1).map((sample, i) => [sample, samples[i]])
    .filter(([now, before]) => now.writer && before.writer && looks(now.writer) > looks(before.writer))
    .map(([now, before]) => [now.time, 100 * (now.writer.cache_hits - before.writer.cache_hits)
      / (looks(now.writer) - looks(before.writer))]);
}

// Tables by level, each line with those below it; the level that writes come to first is the uppermost.
function levels_chart(samples) {
  const known = samples.filter((sample) => sample.writer);
  const levels = known.length === 0 ? [] : known.at(-1).writer.level_bytes.map((own, level) => ({own, level}))
    .filter(({level}) => known.some((sample) => sample.writer.level_bytes[level] > 0));
  const upto = (level) => known.map((sample) => [sample.time,
    sample.writer.level_bytes.slice(level).reduce((all, each) => all + each, 0)]);
  return chart('Tables, by level', upto(0), bytes,
    levels.map(({own, level}) => ({name: `level ${level}:`, own, points: upto(level)})));
}

function writer_charts(samples) {
  const known = samples.filter((sample) => sample.writer);
  if (known.length === 0) return null;
  const whole = (value) => count(Math.round(value));
  const a_second = (value) => `${bytes(Math.round(value))}/s`;
  return [h('h2', {}, 'The process that writes'), h('div', {class: 'charts'},
    chart('Writes a second', rates_of(samples, (writer) => writer.writes), whole),
    chart('Reads a second', rates_of(samples, (writer) => writer.reads), whole),
    chart('Searches a second', rates_of(samples, (writer) => writer.searches), whole),
    chart('Written', rates_of(samples, (writer) => writer.written_bytes), a_second),
    chart('Flushed and compacted', rates_of(samples, (writer) => writer.compacted_bytes), a_second),
    chart('Block cache', known.map((sample) => [sample.time, sample.writer.cache_bytes]), bytes),
    chart('Blocks found in it', hits_of(samples), (value) => `${Math.round(value)} %`),
    levels_chart(samples))];
}

function calls_of(writer) {
  if (writer === null) return null;
  return [h('h2', {}, `Calls of process ${writer.process}`), table(
    [['Call', 'mono'], ['Calls', 'number'], ['Mean', 'number'], ['Half within', 'number'], ['99 of 100 within', 'number']],
    Object.entries(writer.calls).map(([name, call]) => [
      name, count(call.count), duration(call.seconds / call.count), duration(call.p50), duration(call.p99)]))];
}

function document_stores(page) {
  if (page.all.document_stores.length === 0) return null;
  return [h('h2', {}, 'Document stores'), table(
    [['Name', 'mono'], ['Documents', 'number'], ['Nodes', 'number'], ['Text index']],
    page.all.document_stores.map((store) => [
      h('a', {href: page.link('nodes', {store: store.key})}, store.key || '(no name)'),
      count(store.documents), count(store.nodes),
      store.text_index === null ? h('span', {class: 'faint'}, 'none')
        : `${store.text_index.analyser}, ${count(store.text_index.documents)} texts${store.text_index.whole ? '' : ', not whole'}`,
    ]))];
}

function vector_stores(page) {
  if (page.all.vector_stores.length === 0) return null;
  const memory = new Map(page.all.search_indexes.map((index) => [index.name, index.memory_bytes]));
  return [h('h2', {}, 'Vector stores'), table(
    [['Name', 'mono'], ['Vectors', 'number'], ['Queries'], ['Index in memory', 'number']],
    page.all.vector_stores.map((store) => [
      store.key, count(store.count),
      store.ann !== null ? `approximate, recall ${store.ann}` : store.hnsw ? 'approximate (HNSW)' : 'exact',
      memory.has(`vector_store/${store.key}`) ? bytes(memory.get(`vector_store/${store.key}`)) : '–',
    ]))];
}

const collections = (page) => [h('h2', {}, 'Collections'), table(
  [['Name', 'mono wrap'], ['Entries', 'number'], ['File of a persist directory', 'mono']],
  page.all.collections.map((each) => [
    h('a', {href: page.link('collections', each.key_hex ? {name_hex: each.key_hex} : {name: each.key})}, each.key),
    count(each.count), each.file,
  ]))];

export function overview(page) {
  const place = h('div', {});
  const lines = h('div', {class: 'charts'});
  const of_writer = h('div', {});
  let samples = [];

  function show(all) {
    const now = {...page, all};
    replace(place, all.warning ? h('p', {class: 'error', role: 'alert'}, all.warning) : null, cards(all),
      h('h2', {}, 'While this page is open'), lines, of_writer, calls_of(all.writer), document_stores(now), vector_stores(now), collections(now));
  }
  async function update() {
    const since = samples.at(-1)?.time ?? 0;
    const [all, news] = await Promise.all([get('overview'), get('history', {since})]);
    samples = [...samples, ...news.samples].slice(-900);
    replace(lines, charts(samples));
    replace(of_writer, writer_charts(samples));
    if (!place.contains(document.activeElement)) show(all);
  }
  show(page.all);
  const tick = () => { if (document.visibilityState === 'visible') update().catch(() => {}); };
  const timer = setInterval(tick, EVERY);
  tick();
  page.on_leave(() => clearInterval(timer));
  return [h('h1', {}, 'Overview'), place];
}
