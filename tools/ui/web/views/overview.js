// What there is in the database, and how that changes while one looks.

import {get} from '../api.js';
import {chart} from '../charts.js';
import {bytes, count, h, replace} from '../dom.js';
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
  let samples = [];

  function show(all) {
    const now = {...page, all};
    replace(place, all.warning ? h('p', {class: 'error', role: 'alert'}, all.warning) : null, cards(all),
      h('h2', {}, 'While this page is open'), lines, document_stores(now), vector_stores(now), collections(now));
  }
  async function update() {
    const since = samples.at(-1)?.time ?? 0;
    const [all, news] = await Promise.all([get('overview'), get('history', {since})]);
    samples = [...samples, ...news.samples].slice(-900);
    replace(lines, charts(samples));
    if (!place.contains(document.activeElement)) show(all);
  }
  show(page.all);
  const tick = () => { if (document.visibilityState === 'visible') update().catch(() => {}); };
  const timer = setInterval(tick, EVERY);
  tick();
  page.on_leave(() => clearInterval(timer));
  return [h('h1', {}, 'Overview'), place];
}
