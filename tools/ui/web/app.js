// The page: which view is shown, the parts at its side, the keyboard.

import {get, query_of, take_token} from './api.js';
import {add, count, failed, h, notice, replace} from './dom.js';
import {overview} from './views/overview.js';
import {search} from './views/search.js';
import {documents, nodes} from './views/documents.js';
import {indexes} from './views/indexes.js';
import {chats} from './views/chats.js';
import {graphs} from './views/graphs.js';
import {collections} from './views/collections.js';
import {maintenance} from './views/maintenance.js';

const sum = (rows, member) => rows.reduce((all, row) => all + row[member], 0);

// Name, view, the key behind "g", and what the side shows beside the name.
const VIEWS = {
  overview: ['Overview', overview, 'o', () => null],
  search: ['Search', search, 's', () => null],
  documents: ['Documents', documents, 'd', (all) => sum(all.document_stores, 'documents')],
  nodes: ['Nodes', nodes, 'n', (all) => sum(all.document_stores, 'nodes')],
  indexes: ['Indexes', indexes, 'i', (all) => all.index_structs],
  chats: ['Chats', chats, 'c', (all) => all.chats],
  graphs: ['Graphs', graphs, 'g', (all) => all.graph_subjects + all.property_graph_nodes],
  collections: ['Entries', collections, 'e', (all) => sum(all.collections, 'count')],
  maintenance: ['Maintenance', maintenance, 'm', () => null],
};

export const link = (view, params = {}) => `#/${view}${query_of(params) ? `?${query_of(params)}` : ''}`;

function route() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  return {view: path in VIEWS ? path : 'overview', params: Object.fromEntries(new URLSearchParams(query ?? ''))};
}

const state = {all: null, leave: null, shown: 0};

// The links stay the same elements, so that neither the focus nor a click on one is lost when a view is shown anew.
const side = Object.entries(VIEWS).map(([name, [title, , , counted]]) => {
  const number = h('span', {class: 'count'});
  return {name, counted, number, anchor: h('a', {href: link(name)}, title, number)};
});

function show_side(view) {
  const nav = document.getElementById('nav');
  if (!nav.hasChildNodes()) add(nav, side.map(({anchor}) => h('li', {}, anchor)));
  for (const {name, counted, number, anchor} of side) {
    if (name === view) anchor.setAttribute('aria-current', 'page');
    else anchor.removeAttribute('aria-current');
    const known = state.all ? counted(state.all) : null;
    number.hidden = known === null;
    number.textContent = known === null ? '' : count(known);
  }
}

function show_top() {
  const {all} = state;
  document.getElementById('database').textContent = all.database;
  const mode = document.getElementById('mode');
  mode.hidden = false;
  mode.textContent = all.writable ? 'can write' : 'reads only';
  mode.classList.toggle('write', all.writable);
  document.title = `${all.database.split('/').filter(Boolean).at(-1)} – Quipu`;
}

// What views are given: the database as a whole, the parameters of the address, and how to go elsewhere.
async function show() {
  const mine = ++state.shown;
  const {view, params} = route();
  const main = document.getElementById('main');
  state.leave?.();
  state.leave = null;
  let leave = null;  // this view's, which may be overtaken by the next while it is made
  try {
    state.all = await get('overview');
    if (mine !== state.shown) return;
    show_top();
    show_side(view);
    const page = {
      all: state.all, params, link,
      go: (name, to) => { location.hash = link(name, to); },
      again: show,
      on_leave: (its) => { leave = its; },
    };
    const content = await VIEWS[view][1](page);
    if (mine !== state.shown) return void leave?.();
    state.leave = leave;
    replace(main, content);
  } catch (error) {
    leave?.();
    if (mine !== state.shown) return;
    show_side(view);
    replace(main, failed(error));
  }
}

// ---- the keyboard ----

let waiting_for_view = false;

function move(step) {
  const rows = [...document.querySelectorAll('#main .row, #main .result a.id')].filter((row) => row.offsetParent);
  const at = rows.indexOf(document.activeElement);
  const chosen = rows.findIndex((row) => row.getAttribute('aria-current') === 'true');
  const next = at >= 0 ? at + step : chosen >= 0 ? chosen + step : 0;
  rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
}

function on_key(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '');
  if (typing) {
    if (event.key === 'Escape') document.activeElement.blur();
    return;
  }
  const help = document.getElementById('help');
  if (help.open) return;
  if (waiting_for_view) {
    waiting_for_view = false;
    const view = Object.keys(VIEWS).find((name) => VIEWS[name][2] === event.key);
    if (view) location.hash = link(view);
    return;
  }
  const keys = {
    '/': () => { location.hash = link('search'); document.querySelector('#query')?.focus(); },
    g: () => { waiting_for_view = true; setTimeout(() => { waiting_for_view = false; }, 1500); },
    r: () => { show(); notice('Read again'); },
    '?': () => help.showModal(),
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    Escape: () => document.querySelector('.split.chosen .back')?.click(),
  };
  const on_graph = event.key.startsWith('Arrow') && document.activeElement?.closest('svg');
  if (!(event.key in keys) || on_graph) return;
  event.preventDefault();
  keys[event.key]();
}

// ---- the beginning ----

if (take_token()) {
  document.addEventListener('keydown', on_key);
  document.getElementById('help-button').addEventListener('click', () => document.getElementById('help').showModal());
  addEventListener('hashchange', () => (take_token(), show()));
  show();
} else {
  replace(document.getElementById('main'), h('h1', {}, 'One step is missing'),
    h('p', {}, 'Open the whole address that ', h('code', {}, 'quipu ui'), ' has printed, with what stands behind the #.'));
}
