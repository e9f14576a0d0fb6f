// Index structs.

import {get, has_key, key_of, key_params, same_key} from '../api.js';
import {count, h} from '../dom.js';
import {json_view} from '../json_view.js';
import {key_list, later, offset_pager, split} from '../lists.js';

const PAGE = 50;

const member_row = (member) => h('li', {class: 'row'},
  h('div', {class: 'head'}, h('span', {class: 'id'}, member.key)), h('div', {class: 'text mono'}, member.value));

function field_block(page, key, field) {
  if (field.size === undefined) return [h('h3', {}, field.name), json_view(field.value)];
  const to = (offset) => page.link('indexes', {...key, field: field.name, offset});
  return [h('h3', {}, `${field.name}  `, field.members ? count(field.size)
    : field.size === 0 ? 'empty' : h('a', {href: to(0)}, `${count(field.size)} – look into it`)),
  field.members ? h('div', {class: 'panel'}, h('ul', {class: 'list'}, field.members.map(member_row)),
    offset_pager(field.offset, PAGE, field.size, (offset) => { location.hash = to(offset); })) : null];
}

async function detail_of(page, key) {
  const index = await get('index', {...key, field: page.params.field, offset: page.params.offset ?? 0});
  return [h('h1', {class: 'mono'}, index.key), h('p', {class: 'soft'}, index.type),
    index.summary ? h('p', {class: 'text-block'}, index.summary) : null,
    index.fields.map((field) => field_block(page, key_of(index), field)),
    h('p', {}, h('a', {href: page.link('collections', {name: 'index_store/data', key: page.params.id, key_hex: page.params.id_hex})}, 'As it is stored'))];
}

export function indexes(page) {
  const list = key_list({endpoint: 'indexes', params: {}, what: 'Ids that begin with', empty: 'There are no index structs.',
    row: (index) => h('a', {class: 'row', href: page.link('indexes', key_of(index)), 'aria-current': same_key(index, page.params)},
      h('div', {class: 'head'}, h('span', {class: 'id'}, index.key), h('span', {class: 'faint small'}, index.type)))});
  const detail = has_key(page.params) ? later(() => detail_of(page, key_params(page.params))) : null;
  return [h('h1', {}, 'Indexes'), split(list, detail, page.link('indexes'))];
}
