// Long work: verify, back up, compact, repair, make indexes.

import {get, post} from '../api.js';
import {bytes, failed, h, notice, plural, replace} from '../dom.js';
import {table} from '../lists.js';

const EVERY = 500;

function job_block(job) {
  if (job.id === 0) return h('p', {class: 'empty'}, 'Nothing has been done since the page was started.');
  const known = job.bytes_total > 0;
  const bar = h('progress', known ? {max: job.bytes_total, value: Math.min(job.bytes_done, job.bytes_total), 'aria-label': job.kind} : {'aria-label': job.kind});
  const done = [bytes(job.bytes_done), known ? ` of ${bytes(job.bytes_total)}` : '', job.part ? `, ${job.part}` : ''].join('');
  return h('div', {class: 'pad'},
    h('div', {class: 'bar'}, h('b', {}, job.kind), h('span', {class: 'soft small grow'}, `${job.seconds.toFixed(1)} s${job.running && job.bytes_done ? `: ${done}` : ''}`),
      job.running ? h('button', {type: 'button', onclick: () => post('cancel').catch(() => {})}, 'End it') : null),
    job.running ? bar : null,
    job.error ? h('p', {class: 'error'}, job.error) : null,
    job.outcome ? h('p', {id: 'outcome'}, job.outcome) : null,
    job.first.length ? table([['Collection', 'mono wrap'], ['Key', 'mono wrap'], ['Finding', 'wrap']],
      job.first.map((row) => [row.collection, row.key, [row.note ? h('span', {class: 'tag'}, 'note') : null, ' ', row.message]])) : null,
    job.findings > job.first.length ? h('p', {class: 'faint small'}, `and ${plural(job.findings - job.first.length, 'further one', 'further ones')}`) : null);
}

const row = (title, what, button) => h('tr', {}, h('td', {}, h('b', {}, title), h('div', {class: 'soft small'}, what)), h('td', {class: 'number'}, button));

function actions(page, start) {
  const {all} = page;
  const button = (label, name, body, sure, usable = true) => h('button', {type: 'button', disabled: !usable,
    onclick: () => { if (!sure || confirm(sure)) start(name, body); }}, label);
  const writes = all.writable;
  return h('div', {class: 'panel scroll'}, h('table', {}, h('tbody', {},
    row('Verify', 'Reads everything and reports what does not fit together. Changes nothing.', button('Verify', 'verify')),
    row('Back up', all.backups ? `Adds a backup to ${all.backups}.` : 'Start the page with --backups DIR to make backups.', button('Back up', 'backup', {}, null, Boolean(all.backups))),
    row('Compact', 'Rewrites the data so that what was deleted takes no room.', button('Compact', 'compact', {}, null, writes)),
    row('Repair', 'Mends what verify finds; what cannot be mended is set aside in a file.', button('Repair', 'repair', {}, 'Repair the database? Until that has ended nothing else can be done here.', writes)),
    all.document_stores.map((store) => row(`Text index of ${store.key}`, 'Makes it, or goes on where making it was interrupted.',
      button('Index', 'index_text', {document_store: store.key}, null, writes && store.nodes > 0 && !store.text_index?.whole))),
    all.vector_stores.map((store) => row(`Partitions of ${store.key}`, 'Keeps near vectors together: queries become fast and approximate, recall 0.95.',
      button('Make', 'ann', {vector_store: store.key}, null, writes && store.count > 0 && store.ann === null))))));
}

export function maintenance(page) {
  const place = h('div', {class: 'panel', id: 'job', 'aria-live': 'polite'});
  let running = false;
  async function update() {
    const job = await get('job');
    replace(place, job_block(job));
    if (running && !job.running) {
      notice(`${job.kind}: ${job.error ? 'failed' : 'done'}`);
      running = false;
      page.again();
    }
    running = job.running;
  }
  async function start(name, body) {
    try {
      await post(name, body);
      running = true;
      await update();
    } catch (error) {
      replace(place, failed(error));
    }
  }
  update().catch((error) => replace(place, failed(error)));
  const timer = setInterval(() => { if (running) update().catch(() => {}); }, EVERY);
  page.on_leave(() => clearInterval(timer));
  return [h('h1', {}, 'Maintenance'),
    page.all.writable ? null : h('p', {class: 'soft'}, 'The page only reads. Start it with ', h('code', {}, 'quipu ui --write'), ' to compact, repair and make indexes.'),
    actions(page, start), h('h2', {}, 'Job'), place];
}
