// Collections as the database keeps them: entries by key.

import {get, has_key, key_of, key_params, same_key} from '../api.js';
import {bytes, count, h} from '../dom.js';
import {json_view} from '../json_view.js';
import {key_list, later, split} from '../lists.js';

const PART = 64 * 1024;

async function entry_detail(page, name, key) {
  const offset = Number(page.params.offset ?? 0);
  const entry = await get('entry', {...renamed(name), ...key, offset});
  const to = (next) => page.link('collections', {...name, ...key_of(entry, 'key'), offset: next});
  const parts = entry.bytes <= PART ? null : h('p', {class: 'bar'},
    offset > 0 ? h('a', {class: 'button', href: to(Math.max(0, offset - PART))}, '← Before') : null,
    h('span', {class: 'faint small'}, `bytes ${count(offset)} to ${count(Math.min(entry.bytes, offset + PART))} of ${count(entry.bytes)}`),
    offset + PART < entry.bytes ? h('a', {class: 'button', href: to(offset + PART)}, 'Further →') : null);
  return [h('h1', {class: 'mono'}, entry.key === '' ? '(the empty key)' : entry.key),
    entry.key_hex ? h('p', {class: 'faint small mono wrap'}, `no text; in hexadecimal ${entry.key_hex}`) : null,
    h('p', {class: 'soft small'}, bytes(entry.bytes)), parts, json_view(entry.value), parts?.cloneNode(true)];
}
const renamed = (name) => name.name_hex === undefined ? {collection: name.name} : {collection_hex: name.name_hex};

export function collections(page) {
  const name = has_key(page.params, 'name') ? key_params(page.params, 'name') : null;
  if (name === null) {
    const rows = page.all.collections.map((each) => h('li', {}, h('a', {class: 'row', href: page.link('collections', key_of(each, 'name'))},
      h('div', {class: 'head'}, h('span', {class: 'id'}, each.key), h('span', {class: 'faint small'}, `${count(each.count)} entries`)))));
    return [h('h1', {}, 'Entries'), h('div', {class: 'panel'}, rows.length ? h('ul', {class: 'list'}, rows)
      : h('p', {class: 'empty'}, 'There are no collections.'))];
  }
  const shown = page.all.collections.find((each) => same_key(each, page.params, 'name'))?.key ?? page.params.name ?? '';
  const list = key_list({endpoint: 'entries', params: renamed(name), empty: 'There are no entries.',
    row: (entry) => h('a', {class: 'row', href: page.link('collections', {...name, ...key_of(entry, 'key')}),
      'aria-current': same_key(entry, page.params, 'key')},
    h('div', {class: 'head'}, h('span', {class: 'id'}, entry.key === '' ? '(the empty key)' : entry.key), h('span', {class: 'faint small'}, bytes(entry.bytes))),
    h('div', {class: 'text mono'}, entry.value))});
  const detail = has_key(page.params, 'key') ? later(() => entry_detail(page, name, key_params(page.params, 'key'))) : null;
  return [h('h1', {}, h('a', {href: page.link('collections')}, 'Entries'), ' of ', h('span', {class: 'mono'}, shown)),
    split(list, detail, page.link('collections', name))];
}
