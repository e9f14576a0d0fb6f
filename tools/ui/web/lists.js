// Lists of any length, a page at a time, with a pane for what has been chosen.

import {add, failed, h, replace} from './dom.js';
import {get} from './api.js';

// Which page of each list was shown last: one who has chosen a row finds the list as it was.
const kept = new Map();

// Pages by key: `endpoint` of the API with these parameters; `row` makes the element of one. The beginning of keys
// can be typed.
export function key_list({endpoint, params, row, empty = 'Nothing here.', what = 'Keys that begin with'}) {
  const name = JSON.stringify([endpoint, params]);
  if (!kept.has(name)) kept.set(name, {before: [], after: {}, prefix: '', page: null});
  const state = kept.get(name);
  const input = h('input', {type: 'search', placeholder: `${what} …`, 'aria-label': what, class: 'grow', value: state.prefix});
  const body = h('div', {});
  const list = h('div', {class: 'panel'}, h('div', {class: 'pager'}, input), body);
  let asked = 0;

  async function load() {
    const mine = ++asked;
    try {
      const page = await get(endpoint, {...params, ...state.after, prefix: state.prefix});
      if (mine !== asked) return;
      const same = JSON.stringify(page) === JSON.stringify(state.page);
      state.page = page;
      if (!same || !body.hasChildNodes()) show();
    } catch (error) {
      if (mine === asked) replace(body, failed(error));
    }
  }
  function show() {
    const {rows, next_hex: next} = state.page;
    if (rows.length === 0 && state.before.length === 0) return void replace(body, h('p', {class: 'empty'}, empty));
    replace(body, h('ul', {class: 'list'}, rows.map((each) => h('li', {}, row(each)))), pager(next));
  }
  function pager(next) {
    if (next === undefined && state.before.length === 0) return null;
    return h('div', {class: 'pager'},
      h('button', {type: 'button', disabled: state.before.length === 0, onclick: () => { state.after = state.before.pop(); load(); }},
        '← Previous'),
      h('span', {class: 'faint small'}, `page ${state.before.length + 1}`),
      h('button', {type: 'button', disabled: next === undefined,
        onclick: () => { state.before.push(state.after); state.after = {after_hex: next}; load(); }}, 'Next →'));
  }
  let typing = 0;
  input.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => { Object.assign(state, {before: [], after: {}, prefix: input.value}); load(); }, 150);
  });
  if (state.page) show();
  load();
  return list;
}

// Buttons for pages by number.
export function offset_pager(offset, size, total, go) {
  if (total <= size) return null;
  return h('div', {class: 'pager'},
    h('button', {type: 'button', disabled: offset === 0, onclick: () => go(Math.max(0, offset - size))}, '← Previous'),
    h('span', {class: 'faint small'}, `${offset + 1}–${Math.min(total, offset + size)} of ${total.toLocaleString('en')}`),
    h('button', {type: 'button', disabled: offset + size >= total, onclick: () => go(offset + size)}, 'Next →'));
}

// A list beside what has been chosen of it; in a narrow window one of the two.
export function split(master, detail, back) {
  return h('div', {class: `split${detail ? ' chosen' : ''}`},
    h('div', {class: 'master'}, master),
    h('section', {class: 'panel detail', 'aria-label': 'Chosen'},
      detail ? [h('a', {class: 'back button', href: back}, '← Back'), detail]
        : h('p', {class: 'empty'}, 'Choose one to see it here.')));
}

// An element that is there at once and is filled when its data have come.
export function later(load) {
  const place = h('div', {'aria-busy': 'true'});
  load().then((content) => replace(place, content), (error) => replace(place, failed(error)))
    .finally(() => place.removeAttribute('aria-busy'));
  return place;
}

export const table = (columns, rows) => h('div', {class: 'panel scroll'}, h('table', {},
  h('thead', {}, h('tr', {}, columns.map(([name, kind]) => h('th', {class: kind === 'number' ? kind : null, scope: 'col'}, name)))),
  add(h('tbody', {}), rows.map((row) => h('tr', {}, row.map((cell, i) => h('td', {class: columns[i][1]}, cell)))))));
